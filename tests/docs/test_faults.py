"""What docs/faults.md says is so: its faults can be armed, its tables are complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from localwaba.domain.fault_kinds import KINDS, MATCHES
from localwaba.domain.seeding import new_world
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.faults import arm_faults

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
        assert named == set(MATCHES[kind.side]) or row.split("|")[3].strip() == "those, and `field`"


def test_presets() -> None:
    """The table of presets is the presets, with their texts and reports."""
    found = re.findall(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", PAGE[PAGE.index("## Presets") :], re.M)
    assert found == [(name, one.text, ", ".join(one.reports)) for name, one in PRESETS.items()]
