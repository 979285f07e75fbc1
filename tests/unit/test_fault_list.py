"""`localwaba faults`: everything by name without an emulator, one name in full, and what starts with faults says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from localwaba.cli import main
from localwaba.cli.serving import banner
from localwaba.domain.fault_kinds import KINDS
from localwaba.domain.seeding import new_world
from localwaba.operations.fault_catalogue import anomalies, example, names, ways
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.faults import arm_faults
from localwaba.runtime.settings import Settings


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints on one line, whatever the width."""
    assert main(["faults", *words]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [(), ("list",)])
def test_list(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """The list has every name with its sentence and its reports, and needs no emulator."""
    text = said(capsys, *words)
    assert [
        name for name, one in PRESETS.items() if f"{name} {one.text} seen in {', '.join(one.reports)}" not in text
    ] == []


@pytest.mark.parametrize("name", names())
def test_show(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One name says what it is, whether it is asked for by list, by show or alone."""
    text = said(capsys, "show", name)
    assert said(capsys, "list", name) == text
    known = PRESETS[name].text if name in PRESETS else KINDS[name].text
    assert text.startswith(f"{name} {known}")
    assert [way.text for way in ways(name) if way.text not in text] == []


@pytest.mark.parametrize("name", names())
def test_ways(name: str) -> None:
    """What is shown to arm a fault arms it: the body for curl, the name for Python, scenario and start."""
    texts = {way.by: way.text for way in ways(name)}
    found = re.search(r"-d '(\{.*\})'$", texts["curl"])
    assert found is not None
    assert json.loads(found[1]) == example(name)
    world = new_world("w", 0, 0)
    assert arm_faults(world, 0, example(name))
    assert f'"{name}"' in texts["Python"]
    assert name in texts["scenario"]
    assert ("start" in texts) is (len(example(name)) == 1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "late-delivry"), "did you mean late-delivery"),
        (("list", "statuses_reversed"), "did you mean statuses-reversed"),
        (("stuck_att",), "did you mean stuck_at"),
        (("arned",), "did you mean armed"),
        (("show",), "say which one"),
        (("armed", "drop"), "takes no name"),
    ],
)
def test_mistakes(words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that there is not is one line with what was meant, and status 2."""
    assert main(["faults", *words]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert expected in shown.err


def test_anomalies() -> None:
    """The table of anomalies has all forty, in order, each with at least one name."""
    assert sorted({number for number, _, _ in anomalies()}) == list(range(1, 41))
    assert [number for number, _, _ in anomalies()] == sorted(number for number, _, _ in anomalies())


def test_banner() -> None:
    """Whoever starts with faults sees them at the start; whoever does not sees nothing."""
    settings = Settings(faults=("late-delivery", "drop"))
    assert banner(settings, 2) == ["", "  *** FAULTS: 2 armed from the start, on purpose: late-delivery, drop ***"]
    assert banner(Settings(), 0) == []


@pytest.mark.parametrize("body", [{"kind": "late-delivery"}, {"preset": "late-delivery"}])
def test_a_preset_by_kind(body: dict[str, Any]) -> None:
    """A preset may be named as a kind, as `faults.add` does; a kind of the same name goes first."""
    world = new_world("w", 0, 0)
    assert [event.fault.preset for event in arm_faults(world, 0, body)] == ["late-delivery"]  # type: ignore[union-attr]
    (event,) = arm_faults(world, 0, {"kind": "duplicate", "times": 3})
    assert event.fault.parameters["times"] == 3  # type: ignore[union-attr]
