"""The customer service window and the free entry point window, against counting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localwaba.domain import windows
from localwaba.domain.clock import DAY
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Pair

POLICY = Policy()


MOMENTS = st.integers(min_value=1, max_value=10 * DAY)


@given(events=st.lists(MOMENTS, max_size=8), now=MOMENTS)
def test_open_means_an_event_less_than_a_day_back(events: list[int], now: int) -> None:
    """A window is open iff some opening event lies less than 24 h back."""
    past = sorted(event for event in events if event <= now)
    pair = Pair()
    for event in past:
        pair = windows.opened(pair, event, "wamid.x", by_referral=False)
    assert windows.is_open(pair, now, POLICY) == any(now - event < DAY for event in past)


@given(ad=MOMENTS, pause=st.integers(min_value=0, max_value=3 * DAY), later=st.integers(min_value=0, max_value=5 * DAY))
def test_entry_window_needs_an_answer_within_a_day(ad: int, pause: int, later: int) -> None:
    """Free entry lasts 72 h from the first answer, if that came within 24 h of the click; else never."""
    pair = windows.opened(Pair(), ad, "wamid.x", by_referral=True)
    answer = ad + pause
    pair = windows.answered(pair, answer, POLICY) or pair
    assert windows.in_entry_window(pair, answer + later) == (pause < DAY and later < 3 * DAY)
