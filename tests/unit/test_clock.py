"""A world's time follows the machine's, or stands still, and never goes back."""

from __future__ import annotations

import pytest

from localwaba.domain.clock import ManualClock, Reading
from localwaba.domain.windows import duration


def test_a_real_clock_follows_the_machine() -> None:
    """At rate 1 the world's seconds are the machine's."""
    assert Reading(world=1_000, machine=50).at(75) == 1_025


def test_a_frozen_clock_stands_still() -> None:
    """At rate 0 nothing but a jump moves time."""
    frozen = Reading(world=1_000, machine=50, rate=0)
    assert frozen.at(99_999) == 1_000
    assert frozen.jump(60, 500).at(10**9) == 1_500
    assert frozen.mode == "frozen"


def test_a_scaled_clock_runs_faster() -> None:
    """At rate 60 a machine second is a minute of the world."""
    assert Reading(world=0, machine=0, rate=60).at(1_000) == 60_000


def test_time_never_goes_back() -> None:
    """A negative jump is refused."""
    with pytest.raises(ValueError, match="never goes back"):
        Reading(world=0, machine=0).jump(0, -1)
    with pytest.raises(ValueError, match="never goes back"):
        ManualClock().jump(-1)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "0 s"), (61_000, "1 min 1 s"), (7_980_000, "2 h 13 min"), (90_061_000, "1 d 1 h")],
)
def test_spans_are_told_in_two_units(milliseconds: int, words: str) -> None:
    """A reason says `2 h 13 min`, not a number of seconds."""
    assert duration(milliseconds) == words
