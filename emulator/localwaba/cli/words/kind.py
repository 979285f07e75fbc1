"""What a command is made of."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from localwaba.cli.mistake import Mistake

Asked = TypeVar("Asked")


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Raises `Mistake` instead of ending the process."""
        raise Mistake(f"{message} (see {self.prog} --help)")


class Kind(NamedTuple, Generic[Asked]):
    """A command that can be typed: its line in the help, its options, what is made of them, and what then runs.

    `read` gets the options and the words after `--`, and raises `Mistake`; `run` gives the exit status.
    """

    help: str
    add: Callable[[Parser], None]
    read: Callable[[argparse.Namespace, list[str]], Asked]
    run: Callable[[Asked], int]
    options: Mapping[str, Any] = {}


def as_typed(found: argparse.Namespace, _: list[str]) -> argparse.Namespace:
    """What most commands are run with: their options."""
    return found
