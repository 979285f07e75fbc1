"""What docs/scenarios.md says is so: its scenarios pass, its commands run, its mistakes are told as it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from localwaba_scenarios import expectations, loader, model
from localwaba_scenarios.nodes import parse
from localwaba_scenarios.reading import schema
from localwaba_scenarios.sentences import FORMS
from neighbours import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
SCENARIOS = [text for language, text in BLOCKS if language == "yaml"]
as_editors_see_it: Any = load("contract/editors").as_editors_see_it
README = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
_BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LOCALWABA_")}
    return kept | {"PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"}


def test_every_block_is_run() -> None:
    """There is no block of a kind that nothing here runs."""
    assert {language for language, _ in BLOCKS} == {"yaml", "sh", "text", "ini"}


def test_commands_and_scenarios(tmp_path: Path) -> None:
    """The commands run, and every scenario of the page and of the README passes with the sample bot."""
    for n, text in enumerate([*SCENARIOS, *README]):
        (tmp_path / ("reminder.yaml" if n == 0 else f"{n}.yaml")).write_text(text, encoding="utf-8")
    (ini,) = [text for language, text in BLOCKS if language == "ini"]
    (tmp_path / "pytest.ini").write_text(ini, encoding="utf-8")
    script = "".join(text for language, text in BLOCKS if language == "sh")
    done = subprocess.run(
        ["sh", "-c", f"set -eu\n{script}"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SCENARIOS) + len(README) + 1} passed in" in done.stdout
    assert "\n1 passed in" in done.stdout
    assert json.loads((tmp_path / "scenario.schema.json").read_bytes()) == schema()
    assert (tmp_path / "results.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert "An order and its number" in (tmp_path / "results.html").read_text(encoding="utf-8")


def test_mistakes() -> None:
    """The mistakes of the page are told to the letter."""
    bad = "name: Bad\nusers: [ana]\nsteps:\n  - ana say: Hi\n  - anna says: Hi\n"
    bad += "  - app replies to ana: {txt: Hi}\n  - rule: {reed_after: 1}\n"
    (expected,) = [text for language, text in BLOCKS if language == "text"]
    with pytest.raises(loader.BadScenario) as caught:
        loader.read(bad, "bad.yaml")
    assert expected.splitlines() == list(caught.value.mistakes)


@pytest.mark.parametrize("text", SCENARIOS, ids=lambda text: re.findall(r"^name: (.*)$", text, re.M)[0])
def test_schema_of_scenarios(text: str) -> None:
    """An editor finds nothing wrong with the scenarios of the page."""
    validator = jsonschema_rs.validator_for(json.dumps(schema()))
    (found,) = map(as_editors_see_it, parse(text, "block"))
    assert [error.message for error in validator.iter_errors(found)] == []


def test_members_are_named() -> None:
    """Every member of a scenario and of what is expected stands on the page."""
    names = {*loader.MEMBERS, *expectations.REPLY, *expectations.LAST, *expectations.CALL, *expectations.WEBHOOK,
             *expectations.TEMPLATE}  # fmt: skip
    assert sorted(name for name in names if f"`{name}" not in PAGE and f"{name}:" not in PAGE) == []


def test_sentences_are_current() -> None:
    """The schema and the table are what the grammar and the emulator's words say."""
    command = [sys.executable, str(ROOT / "scripts" / "build_scenario_schema"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_table_of_sentences(tmp_path: Path) -> None:
    """Every sentence of the table can be read; there is one for each of the grammar."""
    rows = re.findall(r"^\| `(.*?)` \| ", PAGE.partition("| step |")[2].partition("<!-- end")[0], re.M)
    (tmp_path / "cup.png").write_bytes(b"")
    steps = "".join(f"  - {row}\n" for row in rows)
    (found,) = loader.read(f"name: All\nusers: [ana]\nsteps:\n{steps}", folder=tmp_path)
    assert len(FORMS) == len(found.steps)
    assert {type(step).__name__ for step in found.steps} == {kind.__name__ for kind in model.Step.__subclasses__()}


def test_links() -> None:
    """Every link leads to a file, those to the README to one of its headings."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in re.findall(r"^#.*$", readme, re.M)}
    for path, anchor in re.findall(r"\]\(([^)#]+)(?:#([^)]*))?\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
        assert not anchor or anchor in headings, anchor
