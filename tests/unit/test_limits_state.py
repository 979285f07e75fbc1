"""What the limits count with: moments within a span, users by the time they were last reached."""

from __future__ import annotations

import pytest

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.limits_state import MONTH, WEEK, Reached, Window, looks_back


def test_a_window_counts_what_is_younger_than_its_span() -> None:
    """What happened exactly a span ago is out; one millisecond later it was in."""
    window = Window()
    for at in (1_000, 1_000, 1_500):
        window.add(SECOND, at)
    assert [window.within(SECOND, now) for now in (1_500, 1_999, 2_000, 2_499, 2_500)] == [3, 3, 1, 1, 0]


def test_a_window_says_when_it_has_room() -> None:
    """With a limit of two, room is made by the second of three; without enough of them there is room now."""
    window = Window()
    for at in (1_000, 1_100, 1_200):
        window.add(SECOND, at)
    assert [window.frees_at(SECOND, 1_200, limit) for limit in (1, 2, 3, 4)] == [2_200, 2_100, 2_000, 1_200]


def test_an_empty_window() -> None:
    """Nothing has happened, and there is room at once."""
    assert (Window().within(SECOND, 5), Window().frees_at(SECOND, 5, 1)) == (0, 5)


def test_a_window_takes_the_past_for_the_last_moment() -> None:
    """Something told late counts as of the last moment: the order of moments stays."""
    window = Window()
    window.add(SECOND, 2_000)
    window.add(SECOND, 1_000)
    assert (window.moments, window.within(SECOND, 2_999)) == ([2_000], 2)


def test_a_window_stays_small() -> None:
    """A million messages leave no more than the moments of a span or two."""
    window = Window()
    for at in range(0, 100_000, 10):
        for _ in range(3):
            window.add(SECOND, at)
    assert len(window.moments) <= 250
    assert window.within(SECOND, 99_990) == 300
    assert window.frees_at(SECOND, 99_990, 300) == 98_990 + 10 + SECOND


def test_users_count_once_for_a_day() -> None:
    """A user counts from the last time on, for 24 hours, however often they are written to."""
    reached = Reached()
    for at in (0, 10, DAY - 1):
        reached.add("1", at, MONTH)
    reached.add("2", DAY, MONTH)
    assert reached.within_a_day(DAY) == 2
    assert (reached.has("1", 2 * DAY - 2), reached.has("1", 2 * DAY - 1)) == (True, False)
    assert [reached.within_a_day(now) for now in (2 * DAY - 2, 2 * DAY - 1, 2 * DAY)] == [2, 1, 0]


def test_who_counts_no_more_makes_room() -> None:
    """The next place is free when the user who was reached longest ago is a day old."""
    reached = Reached()
    reached.add("1", 100, MONTH)
    reached.add("2", 200, MONTH)
    reached.add("1", 300, MONTH)
    assert [reached.frees_at(limit, 300) for limit in (1, 2, 3)] == [300 + DAY, 200 + DAY, 300]


def test_growth_looks_further_back() -> None:
    """Users of earlier days count for growth, each once, until they are too long ago."""
    reached = Reached()
    for day in range(10):
        reached.add("same", day * DAY, WEEK)
        reached.add(str(day), day * DAY + 1, WEEK)
    now = 9 * DAY + 1
    assert (reached.at_least(8, WEEK, now), reached.at_least(9, WEEK, now)) == (True, False)
    assert not {"0", "1"} & {*reached.day, *reached.older}


@pytest.mark.parametrize(("limit", "span"), [("TIER_250", MONTH), ("TIER_10K", WEEK), ("TIER_UNLIMITED", DAY)])
def test_users_are_forgotten_when_they_cannot_matter(limit: str, span: int) -> None:
    """As long as growth from a limit looks back, users are kept, and no longer."""
    reached = Reached()
    reached.add("1", 0, looks_back(limit))
    reached.add("2", span - 1, looks_back(limit))
    known = {*reached.day, *reached.older}
    reached.add("3", span + 1, looks_back(limit))
    assert "1" in known
    assert "1" not in {*reached.day, *reached.older}
