"""The WhatsApp Business Platform on localhost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localwaba.version import __version__

if TYPE_CHECKING:
    from localwaba.client import AsyncUser, AsyncWaba, Bubble, Call, ControlError, GraphError, Refusals, User, Waba
    from localwaba.runtime.emulator import Emulator

__all__ = [
    "AsyncUser",
    "AsyncWaba",
    "Bubble",
    "Call",
    "ControlError",
    "Emulator",
    "GraphError",
    "Refusals",
    "User",
    "Waba",
    "__version__",
]

_PLACES = {
    "AsyncUser": "localwaba.client",
    "AsyncWaba": "localwaba.client",
    "Bubble": "localwaba.client",
    "Call": "localwaba.client",
    "ControlError": "localwaba.client",
    "Emulator": "localwaba.runtime.emulator",
    "GraphError": "localwaba.client",
    "Refusals": "localwaba.client",
    "User": "localwaba.client",
    "Waba": "localwaba.client",
}


if not TYPE_CHECKING:  # type checkers are to find names that do not exist

    def __getattr__(name: str) -> Any:
        """Public names are resolved on first use, so that importing the package costs nothing."""
        place = _PLACES.get(name)
        if place is None:
            raise AttributeError(f"module 'localwaba' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(place), name)
