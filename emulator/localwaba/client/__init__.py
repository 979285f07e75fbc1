"""A world from the outside: the control API in Python, for tests and scripts."""

from __future__ import annotations

from localwaba.client.awaited import AsyncUser, AsyncWaba
from localwaba.client.calls import Call, GraphError
from localwaba.client.chat import Bubble
from localwaba.client.link import ControlError, Link, Unreachable
from localwaba.client.refusals import Refusals
from localwaba.client.user import User
from localwaba.client.waba import Waba

__all__ = [
    "AsyncUser",
    "AsyncWaba",
    "Bubble",
    "Call",
    "ControlError",
    "GraphError",
    "Link",
    "Refusals",
    "Unreachable",
    "User",
    "Waba",
]
