"""Modules beside each other, which pytest's importlib mode does not put on the path."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


@cache
def load(name: str) -> Any:
    """A module of the tests by its place under them, as `unit/stage`; the same one for all who ask."""
    path = Path(__file__).parents[1] / f"{name}.py"
    spec = spec_from_file_location(f"neighbours.{name.replace('/', '.')}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
