"""Conversations, which were charged before July 2025."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.clock import DAY, HOUR, MINUTE
from localwaba.domain.conversations import ends_at
from localwaba.domain.policy import PROFILES

CBP = {"pricing_model": "conversations_2023"}


def test_a_category_has_one_conversation_a_day(make_bill: Any) -> None:
    """The second template of a category shares the conversation of the first, and is free; the next day's is new."""
    talk = make_bill(CBP)
    first, second = talk.says("marketing"), talk.says("marketing", wait=DAY)
    third = talk.says("marketing")
    assert first["conversation"] == second["conversation"]
    assert first["conversation"]["id"] != third["conversation"]["id"]
    assert talk.opened == {"marketing|REGULAR|UNKNOWN": 2}


def test_categories_overlap(make_bill: Any) -> None:
    """Templates of two categories open two conversations, inside the window too."""
    talk = make_bill(CBP)
    talk.hears()
    talk.says("marketing")
    talk.says("utility")
    assert talk.opened == {"marketing|REGULAR|UNKNOWN": 1, "utility|REGULAR|UNKNOWN": 1}


def test_free_form_messages_join_what_is_open(make_bill: Any) -> None:
    """No service conversation opens while there is any other."""
    talk = make_bill(CBP)
    template = talk.says("utility")
    talk.hears()
    answer = talk.says()
    assert template["conversation"] == answer["conversation"]
    assert answer["pricing"]["category"] == "utility"
    assert talk.opened == {"utility|REGULAR|UNKNOWN": 1}


def test_the_webhook_of_the_time(make_bill: Any) -> None:
    """CBP without a type; the end, rounded up to a minute, with `sent` only."""
    talk = make_bill(CBP)
    sent = talk.says("marketing")
    until = int(sent["conversation"]["expiration_timestamp"])
    assert sent["pricing"] == {"billable": True, "pricing_model": "CBP", "category": "marketing"}
    assert sent["conversation"]["origin"] == {"type": "marketing"}
    assert (until % 60, 0 <= until - int(sent["timestamp"]) - 86_400 < 60) == (0, True)
    delivered = talk.items[1]
    assert {"id": sent["conversation"]["id"], "origin": {"type": "marketing"}} == delivered["conversation"]


def test_the_end_of_a_captured_conversation() -> None:
    """As Meta counted it on 25 June 2025."""
    assert ends_at(1_750_857_384_000) == 1_750_943_820_000


def test_a_whole_minute_is_not_rounded() -> None:
    """24 hours after a full minute is a full minute."""
    assert ends_at(MINUTE) == DAY + MINUTE


def test_nothing_opens_before_delivery(make_bill: Any) -> None:
    """A message that never arrives opens no conversation, one that follows it opens it with the same id."""
    talk = make_bill(CBP, delivered_after=3 * 3600.0)
    first = talk.says("marketing", wait=HOUR)
    second = talk.says("marketing", wait=0)
    assert talk.opened == {}
    talk.passes(3 * HOUR)
    assert first["conversation"]["id"] == second["conversation"]["id"]
    assert talk.opened == {"marketing|REGULAR|UNKNOWN": 1}


def test_after_an_ad_there_is_one_free_conversation(make_bill: Any) -> None:
    """It ends all others and none begins in it; 72 hours later categories count again."""
    talk = make_bill(CBP)
    talk.says("marketing")
    talk.hears({"type": "text", "text": {"body": "hi"}, "referral": {"source_type": "ad"}})
    found = [talk.says(), talk.says("marketing"), talk.says("utility", wait=3 * DAY)]
    talk.says("marketing")
    assert len({one["conversation"]["id"] for one in found}) == 1
    assert [one["pricing"] for one in found] == [
        {"billable": False, "pricing_model": "CBP", "category": "referral_conversion"}
    ] * 3
    assert talk.opened == {"marketing|REGULAR|UNKNOWN": 2, "referral_conversion|FREE_ENTRY_POINT|UNKNOWN": 1}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("conversations_2023", {"service|FREE_TIER|UNKNOWN": 1, "service|REGULAR|UNKNOWN": 1}),
        ("conversations_2024_11", {"service|FREE_TIER|UNKNOWN": 2}),
        ("conversations_2022", {"user_initiated|FREE_TIER|USER_INITIATED": 1,
                                "user_initiated|REGULAR|USER_INITIATED": 1}),
    ],
)  # fmt: skip
def test_a_thousand_a_month_are_free(model: str, expected: dict[str, int], make_bill: Any) -> None:
    """Of service in 2023, of all in 2022; since November 2024 service is free without limit."""
    talk = make_bill({"pricing_model": model})
    talk.world.billing.months["2026-01"] = {f"free|{talk.world.waba_id}": 999}
    for _ in range(2):
        talk.hears()
        talk.says(wait=DAY + MINUTE)
    assert expected == talk.opened


def test_templates_are_in_no_free_tier_since_2023(make_bill: Any) -> None:
    """A template's conversation is charged from the first on."""
    talk = make_bill(CBP)
    talk.says("utility")
    assert talk.opened == {"utility|REGULAR|UNKNOWN": 1}


def test_in_2022_it_mattered_who_began(make_bill: Any) -> None:
    """One conversation at a time, whatever is sent in it."""
    talk = make_bill({"pricing_model": "conversations_2022"})
    first = talk.says("marketing")
    talk.hears()
    second = talk.says()
    assert first["conversation"] == second["conversation"]
    assert second["conversation"]["origin"] == {"type": "business_initiated"}
    assert talk.opened == {"business_initiated|FREE_TIER|BUSINESS_INITIATED": 1}


def test_the_profile_of_october_2025_charges_messages() -> None:
    """Per-message pricing was in force three months before."""
    assert "pricing_model" not in PROFILES["before-2025-10"]


def test_the_conversation_after_an_ad_ends_the_others(make_bill: Any) -> None:
    """With a free entry point of an hour, the category that was open before opens anew."""
    talk = make_bill(CBP | {"entry_window_seconds": 3_600.0})
    before = talk.says("marketing")
    talk.hears({"type": "text", "text": {"body": "hi"}, "referral": {"source_type": "ad"}})
    talk.says(wait=2 * HOUR)
    after = talk.says("marketing")
    assert before["conversation"]["id"] != after["conversation"]["id"]
