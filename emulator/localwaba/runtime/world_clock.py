"""The time of one world: how it follows the machine's, and how it is set."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import Reading
from localwaba.runtime.system import milliseconds
from localwaba.wire.moments import iso, read_moment

RATES = {"real": 1.0, "scaled": 1.0, "frozen": 0.0, "manual": 0.0}
"""World seconds per second of the machine, unless another rate is given with the mode."""


class WorldClock:
    """The time of one world; it never goes back but to where the world was seeded."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._seed = reading

    def now(self) -> int:
        """The world's time in milliseconds."""
        return self._reading.at(milliseconds())

    @property
    def rate(self) -> float:
        """World seconds per second of the machine; 0: time stands still."""
        return self._reading.rate

    def show(self) -> dict[str, Any]:
        """The clock as the control API shows it."""
        now = self.now()
        return {"now": now / 1000, "iso": iso(now), "mode": self._reading.mode, "rate": self.rate}

    def set(self, *, now: int | None, mode: str | None, rate: float | None) -> None:
        """Sets mode, rate or time; ValueError for a time that is over."""
        current = self.now()
        if now is not None and now < current:
            raise ValueError("time never goes back: reset the world, or make another one")
        if rate is None:
            rate = self.rate if mode is None or mode == "scaled" else RATES[mode]
        self._reading = Reading(world=now if now is not None else current, machine=milliseconds(), rate=rate)

    def jump_to(self, moment: int, rate: float | None = None) -> None:
        """Goes on from a moment, at the same rate or another one."""
        self._reading = Reading(world=moment, machine=milliseconds(), rate=self.rate if rate is None else rate)

    def real_seconds_until(self, due: int) -> float | None:
        """Real seconds until a moment of the world; None: time stands still."""
        missing = due - self.now()
        if missing <= 0:
            return 0.0
        return missing / 1000 / self.rate if self.rate else None

    def mark(self) -> None:
        """Declares the clock as it is now to be the one that `rewind` goes back to."""
        self._seed = self._reading

    def rewind(self) -> None:
        """The clock as it was marked: one that stands still at that time, any other at the machine's."""
        if self._seed.rate == 0:
            self._reading = self._seed
        else:
            self.jump_to(milliseconds(), self._seed.rate)


def read_clock(options: dict[str, Any]) -> Reading:
    """A clock out of `{"now"?, "mode"?, "rate"?}`; ValueError for anything else."""
    unknown = set(options) - {"now", "mode", "rate"}
    if unknown:
        raise ValueError(f"a clock has now, mode and rate, not {', '.join(sorted(unknown))}")
    mode = str(options.get("mode", "real"))
    if mode not in RATES:
        raise ValueError(f"a clock's mode is real, scaled, frozen or manual, not {mode!r}")
    rate = options.get("rate", RATES[mode])
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not 0 <= rate <= 1_000_000:
        raise ValueError("a clock's rate is a number from 0 to 1000000")
    machine = milliseconds()
    given = options.get("now")
    return Reading(world=machine if given is None else read_moment(given), machine=machine, rate=float(rate))
