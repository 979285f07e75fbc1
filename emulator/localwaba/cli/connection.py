"""The running emulator that a command was pointed at."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import closing, contextmanager

from localwaba.cli.mistake import Mistake
from localwaba.client.link import ControlError, Link


@contextmanager
def connect(command: str, found: argparse.Namespace) -> Generator[Link, None, None]:
    """A link to the emulator; that it is not there, refuses or cannot be written to is a `Mistake` of the command."""
    try:
        with closing(Link(found.url, found.token, control_token=found.control_token)) as link:
            yield link
    except (OSError, ValueError, ControlError) as error:
        raise Mistake(f"{command}: {error}") from None
