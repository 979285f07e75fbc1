"""What docs/faults.md says is so: its faults can be armed, its tables are complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from localwaba.domain.fault_kinds import KINDS, MATCHES
from localwaba.domain.fault_shapes import SHAPES
from localwaba.domain.seeding import new_world
from localwaba.operations.fault_bugs import BUGS
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.faults import arm_faults
from localwaba.wire import reshaping

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S)
FAULTS = [line for block in BLOCKS for line in block.splitlines()]


@pytest.mark.parametrize("fault", FAULTS)
def test_examples(fault: str) -> None:
    """Every fault of the page can be armed as it stands there."""
    assert arm_faults(new_world("w", 0, 0), 0, json.loads(fault))


def test_kinds() -> None:
    """The table of kinds has every kind, in the row of what it can match."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    for kind in KINDS.values():
        row = next(line for line in rows if f"`{kind.name}`" in line.split("|")[1])
        named = set(re.findall(r"`(\w+)`", row.split("|")[3]))
        expected = ("nothing",) if not MATCHES[kind.side] else ("those, and `field`",)
        assert (MATCHES[kind.side] and named == set(MATCHES[kind.side])) or row.split("|")[3].strip() in expected


def test_presets() -> None:
    """The tables of names have every preset, with its text and reports."""
    part = PAGE[PAGE.index("## By name") : PAGE.index("## Bugs")]
    found = re.findall(r"^\| \d* ?\| `([a-z0-9-]+)` \| (.*?) \| .* \| (.*) \|$", part, re.M)
    expected = [(name, one.text, ", ".join(one.reports)) for name, one in PRESETS.items()]
    assert sorted(set(found)) == sorted(expected)


def test_anomalies() -> None:
    """Each of the forty anomalies has a preset at least, and every bug that others had something that provokes it."""
    assert {one.anomaly for one in PRESETS.values()} == set(range(41))
    assert len(BUGS) == 22
    assert [bug.text for bug in BUGS if not bug.presets and not bug.beside] == []
    assert [name for bug in BUGS for name in bug.presets if name not in PRESETS] == []


def test_modes() -> None:
    """Every mode of disorder is there by its name."""
    modes = {name for name, one in PRESETS.items() if one.is_mode}
    asked = {"duplicate", "reorder", "drop", "delay", "batch", "backlog", "status-before-answer", "wrong-signature"}
    assert asked | {"unescaped-bytes", "old-signature-only"} <= modes


def test_shapes() -> None:
    """What `reshape` can be asked for is what can be made, and the page has a row for each."""
    assert set(SHAPES) == reshaping.NAMES
    assert [name for name in SHAPES if f"\n| `{name}` |" not in PAGE] == []
