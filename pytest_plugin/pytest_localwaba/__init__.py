"""pytest plugin of localwaba: fixtures `waba` and `waba_server`, marker `waba`; Hypothesis strategies.

`strategies`, `IntegrationMachine`, `check_integration` and `invariants` are imported, with Hypothesis, when they are
first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_localwaba import strategies
    from pytest_localwaba.machine import IntegrationMachine, check_integration, invariants

__all__ = ["IntegrationMachine", "check_integration", "invariants", "strategies"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "strategies":
        return import_module("pytest_localwaba.strategies")
    return getattr(import_module("pytest_localwaba.machine"), name)
