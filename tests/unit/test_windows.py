"""The customer service window and the free entry point window."""

from __future__ import annotations

from localwaba.domain import windows
from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.policy import Policy
from localwaba.domain.pricing import price
from localwaba.domain.traffic import Pair

POLICY = Policy()


def test_the_window_closes_to_the_millisecond() -> None:
    """After 24 h less a millisecond it is open, after 24 h it is not."""
    pair = windows.opened(Pair(), 1_000, "wamid.x", by_referral=False)
    assert windows.is_open(pair, 1_000 + DAY - 1, POLICY)
    assert not windows.is_open(pair, 1_000 + DAY, POLICY)


def test_reactions_and_system_messages_do_not_open_it() -> None:
    """By default a reaction opens nothing, a knob makes it; system messages never do."""
    assert not windows.opens("reaction", POLICY)
    assert windows.opens("reaction", Policy(reaction_opens_window=True))
    assert not windows.opens("system", POLICY)
    assert all(windows.opens(kind, POLICY) for kind in ("text", "image", "interactive", "button", "order"))


def test_why_a_window_is_closed_is_told_in_words() -> None:
    """The reason names how long ago the window closed, or that it never was open."""
    pair = windows.opened(Pair(), HOUR, "wamid.x", by_referral=False)
    assert windows.closed_since(pair, HOUR + DAY + 2 * HOUR, POLICY) == "the 24-hour window closed 2 h ago"
    assert "never written" in windows.closed_since(Pair(), HOUR, POLICY)


def test_prices_of_the_per_message_model() -> None:
    """Only templates cost; utility ones not inside the window, and nothing in the entry window."""

    def kind(category: str, is_template: bool, in_window: bool, in_entry: bool) -> tuple[bool, str]:
        found = price(category, is_template=is_template, in_window=in_window, in_entry_window=in_entry)
        return found.billable, found.type

    assert kind("marketing", True, False, False) == (True, "regular")
    assert kind("marketing", True, True, False) == (True, "regular")
    assert kind("authentication", True, True, False) == (True, "regular")
    assert kind("utility", True, False, False) == (True, "regular")
    assert kind("utility", True, True, False) == (False, "free_customer_service")
    assert kind("service", False, True, False) == (False, "free_customer_service")
    assert kind("marketing", True, False, True) == (False, "free_entry_point")
