"""The environment of an app under test: every variable that it needs to talk to a world."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from localwaba.wire.environment import VARIABLES


def environment(world: Mapping[str, Any]) -> dict[str, str]:
    """The variables, out of what `GET /_localwaba/world` says."""
    return {name: str(world[member]) for name, member in VARIABLES.items()}


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """Lines to paste into a POSIX shell."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
