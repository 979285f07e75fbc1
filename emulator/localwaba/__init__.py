"""The WhatsApp Business Platform on localhost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localwaba.version import __version__

if TYPE_CHECKING:
    from localwaba.client import AsyncUser, AsyncWaba, ControlError, User, Waba
    from localwaba.runtime.emulator import Emulator

__all__ = ["AsyncUser", "AsyncWaba", "ControlError", "Emulator", "User", "Waba", "__version__"]

_PLACES = {
    "AsyncUser": "localwaba.client",
    "AsyncWaba": "localwaba.client",
    "ControlError": "localwaba.client",
    "Emulator": "localwaba.runtime.emulator",
    "User": "localwaba.client",
    "Waba": "localwaba.client",
}


def __getattr__(name: str) -> Any:
    """Public names are resolved on first use, so that importing the package costs nothing."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'localwaba' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(place), name)
