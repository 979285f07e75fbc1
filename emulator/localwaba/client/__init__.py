"""A world from the outside: the control API in Python, for tests and scripts."""

from __future__ import annotations

from localwaba.client.link import ControlError, Link
from localwaba.client.user import User
from localwaba.client.waba import Waba

__all__ = ["ControlError", "Link", "User", "Waba"]
