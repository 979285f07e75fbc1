"""The parity page is what the catalogues make it."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_parity"


def test_parity_page_is_current():
    """The committed page equals the one that the script writes."""
    loader = SourceFileLoader("build_parity", str(SCRIPT))
    script = module_from_spec(spec_from_loader("build_parity", loader))
    loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.render()
