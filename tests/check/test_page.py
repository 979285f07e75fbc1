"""docs/check.md says what is true of the command."""

from __future__ import annotations

import re
from pathlib import Path

from localwaba.cli.commands import options
from localwaba.operations.checks import catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


def test_every_option_of_the_page_exists() -> None:
    """What the page and the README tell people to type can be typed, and nothing is kept from them."""
    known = {*options("check")}
    told = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", PAGE)) - {"--data-binary"}
    assert told <= known
    assert known - told == {"-h", "--help", "--wait", "--keep", "--config", "--allow-targets"}


def test_the_page_names_every_check() -> None:
    """All checks stand there, but for the shapes and fields that another page lists."""
    told = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.M))
    assert told == {one.name for one in catalogue.CHECKS if not one.name.startswith(("shape-", "field-"))}


def test_the_numbers_of_the_page() -> None:
    """So many rules and webhooks as are told are tried, roughly."""
    rules = int(re.search(r"Some (\d+) rules", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[1])  # type: ignore[index]
    assert abs(len(catalogue.CHECKS) - rules) < 15
