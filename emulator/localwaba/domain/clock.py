"""The world's time: milliseconds since the epoch, from a clock that is handed in."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Mode = Literal["real", "scaled", "frozen"]


class Clock(Protocol):
    """Tells the world's time and how long, in real seconds, until a moment of it."""

    def now(self) -> int: ...
    def real_seconds_until(self, due: int) -> float | None: ...


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a world's time follows the machine's: `world` was the time when the machine's clock read `machine`.

    `rate` is world seconds per machine second: 1 is real, 0 is frozen.
    """

    world: int
    machine: int
    rate: float = 1.0

    def at(self, machine: int) -> int:
        """The world's time when the machine's clock reads `machine` (both in milliseconds)."""
        if self.rate == 1.0:
            return self.world + machine - self.machine
        return self.world + int((machine - self.machine) * self.rate)

    def jump(self, machine: int, milliseconds: int) -> Reading:
        """The reading after a leap forward; time never goes back."""
        if milliseconds < 0:
            raise ValueError("time never goes back: advance by zero or more")
        return Reading(world=self.at(machine) + milliseconds, machine=machine, rate=self.rate)

    @property
    def mode(self) -> Mode:
        if self.rate == 0:
            return "frozen"
        return "real" if self.rate == 1 else "scaled"


class ManualClock:
    """A clock that only moves when told to; for tests of pure rules."""

    def __init__(self, now: int = 1_767_268_800_000) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def real_seconds_until(self, due: int) -> float | None:
        return 0.0 if due <= self._now else None

    def jump(self, milliseconds: int) -> int:
        if milliseconds < 0:
            raise ValueError("time never goes back: advance by zero or more")
        self._now += milliseconds
        return self._now
