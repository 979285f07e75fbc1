"""What is checked, who looks on, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from localwaba.operations.checks import catalogue
from localwaba.operations.checks.model import Check, Exchange, Json, Verdict
from localwaba.runtime.settings import Settings

PATIENCE = 3.0
"""Seconds that the app has for its first message to a user."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is checked and how. `port` is the emulator's; None: 4080 if it is free, else any. Times are in seconds.

    `start` starts the app once the emulator is ready: it gets what `GET /_localwaba/world` tells, and may block.
    """

    url: str
    settings: Settings
    checks: tuple[Check, ...] = catalogue.CHECKS
    port: int | None = None
    text: str = "Hello"
    status_url: str = ""
    patience: float = PATIENCE
    within: float = 20.0
    start: Callable[[Json], None] | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check."""

    check: Check
    verdict: Verdict
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all checks. `usual` is how many messages the app sends for one text, `why_unseen` why none."""

    url: str
    emulator_url: str
    results: tuple[Result, ...]
    requests: int
    seconds: float
    usual: int
    why_unseen: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether no rule was broken that Meta makes."""
        return not self.count("failed")

    def count(self, outcome: str) -> int:
        """How many checks ended so."""
        return sum(one.verdict.outcome == outcome for one in self.results)


class Audience(Protocol):
    """Who looks on."""

    def open(self, url: str, world: Json, count: int) -> None:
        """The emulator is ready and the app listens."""

    def begin(self, check: Check, at: int) -> None:
        """A check is tried."""

    def wait(self) -> None:
        """All was sent; the app may still be at work."""


class Nobody:
    """An audience that looks away."""

    def open(self, url: str, world: Json, count: int) -> None:
        """Looks away."""

    def begin(self, check: Check, at: int) -> None:
        """Looks away."""

    def wait(self) -> None:
        """Looks away."""
