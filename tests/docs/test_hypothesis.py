"""What docs/hypothesis.md says is so: its tests pass, its tables are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pytest_localwaba.strategies as wa
from pytest_localwaba import check_integration, invariants
from pytest_localwaba.machine import HAPPENINGS

PAGE = (Path(__file__).parents[2] / "docs" / "hypothesis.md").read_text(encoding="utf-8")
TESTS = re.findall(r"^<!-- docs: pytest -->\n```python\n(.*?)^```", PAGE, re.M | re.S)

STEADY = """
from hypothesis import HealthCheck, settings

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
"""
"""How long an example takes says more of what else the machine does."""


@pytest.mark.parametrize("number", range(len(TESTS)))
def test_blocks(number: int, tmp_path: Path) -> None:
    """Every test of the page passes as it stands there."""
    (tmp_path / "test_it.py").write_text(TESTS[number], encoding="utf-8")
    (tmp_path / "conftest.py").write_text(STEADY, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout


def test_the_story_of_the_page() -> None:
    """The app of the page, without its memory, is found out with the story of the page, up to Ana's number."""
    source = next(one for one in TESTS if "def make_app" in one)
    place: dict[str, Any] = {}
    exec(source.replace('seen.add(message["id"])', "pass"), place)
    with pytest.raises(AssertionError) as caught:
        check_integration(place["make_app"], answers=True, only=["twice", "write"], seeded=True)
    expected = re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S)[0].rstrip()
    assert re.sub(r"\(\d+\)", "(…)", str(caught.value)) == re.sub(r"\(\d+\)", "(…)", expected)


def test_strategies_of_the_table() -> None:
    """Every strategy that the page names exists, and every one that exists is named."""
    (line,) = re.findall(r"^```python\n(.*?)^```", PAGE.partition("<!--")[0], re.M | re.S)
    place: dict[str, Any] = {}
    exec(line, place)
    assert place["wa"] is wa
    named = set(re.findall(r"`wa\.(\w+)", PAGE))
    assert named <= set(wa.__all__)
    helpers = {"links", "message_ids", "texts", "message_values", "read_receipts", "webhook"}
    strategies = {name for name in wa.__all__ if name.islower()}
    assert strategies - named <= helpers


def test_happenings_and_invariants_of_the_tables() -> None:
    """Everything that can happen, and every invariant, is in its table."""
    row = next(line for line in PAGE.splitlines() if line.startswith("| `only`"))
    assert set(HAPPENINGS) <= set(re.findall(r"`([^`]+)`", row))
    table = PAGE.partition("| invariant | |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)", table, re.M))
    known = {rule.__name__ for rule in invariants.ALL} | {"keeps_status", "acknowledges_soon"}
    assert named == known
