"""The pages of errors and rules are what the catalogues, the knobs and the rules make them."""

from __future__ import annotations

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from localwaba.domain.policy import PROFILES, knobs
from localwaba_contracts import provocations
from localwaba_contracts.webhooks import fields

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("build_docs", str(ROOT / "scripts" / "build_docs"))
    spec = spec_from_loader("build_docs", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_pages_are_current(script: ModuleType) -> None:
    """The committed pages equal those that the script writes."""
    assert script.ERRORS.read_text(encoding="utf-8") == script.render_errors()
    assert script.RULES.read_text(encoding="utf-8") == script.render_rules()
    assert script.FAULTS.read_text(encoding="utf-8") == script.render_faults()
    assert script.WEBHOOKS.read_text(encoding="utf-8") == script.render_webhooks()
    assert script.CHECKS_PAGE.read_text(encoding="utf-8") == script.render_checks()


def test_nothing_is_left_out(script: ModuleType) -> None:
    """Every error has a row, every knob one row in one group, every profile a heading."""
    page, rules = script.render_errors(), script.render_rules()
    assert [one.key for one in provocations() if f"`{one.key}`" not in page] == []
    assert [one.name for one in knobs()] == [name for _, names in script._groups() for name in names]
    assert [name for name in PROFILES if f"\n### {name}\n" not in rules] == []


def test_a_stale_page_is_noticed(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--check` fails for a page that is not what it should be, and writes nothing."""
    for name in ("ERRORS", "RULES", "FAULTS", "WEBHOOKS"):
        text = getattr(script, name).read_text(encoding="utf-8")
        monkeypatch.setattr(script, name, tmp_path / name)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert script.main([]) == script.main(["--check"]) == 0
    script.RULES.write_text("old", encoding="utf-8")
    assert (script.main(["--check"]), script.RULES.read_text(encoding="utf-8")) == (1, "old")


def test_every_variant_is_on_the_page(script: ModuleType) -> None:
    """Each field has a heading, each of its variants a row below it."""
    page = script.render_webhooks()
    for row in fields():
        part = page.partition(f"\n### {row.field}\n")[2].partition("\n### ")[0]
        assert part, row.field
        assert [one.variant for one in row.variants if f"| `{one.variant}` |" not in part] == []


@pytest.mark.parametrize("page", ["errors.md", "rules.md", "webhooks.md"])
def test_links(page: str) -> None:
    """Every link leads to a file that is there, or to a place on the page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    places = set(re.findall(r'<a id="([^"]+)">', text))
    places |= {
        re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-") for line in re.findall(r"^#+(.*)$", text, re.M)
    }
    for link in set(_LINK.findall(text)):
        path, _, anchor = link.partition("#")
        assert not path or (ROOT / "docs" / path).exists(), link
        assert path or anchor in places, link
