"""What messages cost, model by model."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from localwaba.domain import billing
from localwaba.domain.billing_state import Billing
from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.events import StatusReached
from localwaba.domain.markets import market_of
from localwaba.domain.policy import patch
from localwaba.domain.pricing import MODELS, price, tier_at
from localwaba.domain.traits import Traits
from localwaba.domain.world import restore, snapshot
from localwaba.wire import webhooks

ROWS = [
    # category, template, in window, in entry window, in group: billable, type, category
    ("marketing", True, False, False, False, (True, "regular", "marketing")),
    ("utility", True, False, False, False, (True, "regular", "utility")),
    ("authentication", True, False, False, False, (True, "regular", "authentication")),
    ("authentication-international", True, False, False, False, (True, "regular", "authentication-international")),
    ("marketing_lite", True, False, False, False, (True, "regular", "marketing_lite")),
    ("marketing", True, True, False, False, (True, "regular", "marketing")),
    ("authentication", True, True, False, False, (True, "regular", "authentication")),
    ("utility", True, True, False, False, (False, "free_customer_service", "utility")),
    ("service", False, True, False, False, (False, "free_customer_service", "service")),
    ("marketing", True, False, True, False, (False, "free_entry_point", "marketing")),
    ("utility", True, True, True, False, (False, "free_entry_point", "utility")),
    ("service", False, True, True, False, (False, "free_entry_point", "service")),
    ("service", False, True, False, True, (False, "free_group_customer_service", "group_service")),
    ("utility", True, True, False, True, (False, "free_group_customer_service", "group_utility")),
    ("marketing", True, True, False, True, (True, "regular", "group_marketing")),
]


@pytest.mark.parametrize(("category", "is_template", "in_window", "in_entry", "in_group", "expected"), ROWS)
def test_the_per_message_model(
    category: str, is_template: bool, in_window: bool, in_entry: bool, in_group: bool, expected: Any
) -> None:
    """Only templates cost; utility ones not inside the window, and nothing does after an ad."""
    found = price(category, is_template=is_template, in_window=in_window, in_entry_window=in_entry, in_group=in_group)
    assert (*expected, "PMP") == (found.billable, found.type, found.category, found.pricing_model)


def test_only_what_is_delivered_is_charged(make_bill: Any) -> None:
    """A message that is sent, and never delivered, costs nothing."""
    bill = make_bill(delivered_after=None)
    bill.sends("marketing")
    bill.passes(DAY)
    assert (bill.volumes, [one["status"] for one in bill.items]) == ({}, ["sent"])


def test_a_failed_message_is_not_charged(make_bill: Any) -> None:
    """What fails at once is not counted, neither as sent nor as delivered."""
    bill = make_bill(on_whatsapp=False)
    bill.sends("marketing")
    bill.passes()
    assert (bill.volumes, bill.world.billing.traffic) == ({}, {})


@pytest.mark.parametrize("behaviour", [{}, {"skips_delivered": True}])
def test_each_message_is_charged_once(behaviour: dict[str, Any], make_bill: Any) -> None:
    """Whether `delivered` or only `read` arrives."""
    bill = make_bill(**behaviour)
    bill.sends("marketing")
    bill.passes()
    assert bill.volumes == {"marketing|regular|0:MAX": 1}


def test_the_category_at_send_counts(make_bill: Any) -> None:
    """A message keeps the category that its template had, as it keeps its price."""
    bill = make_bill()
    bill.sends("utility")
    bill.hears()
    bill.passes()
    assert bill.volumes == {"utility|regular|0:25000000": 1}


def test_after_an_ad_everything_is_free(make_bill: Any) -> None:
    """The first answer opens 72 hours in which a marketing template is free; after them it costs."""
    bill = make_bill()
    bill.hears({"type": "text", "text": {"body": "hi"}, "referral": {"source_type": "ad"}})
    bill.sends()
    bill.passes(HOUR)
    bill.sends("marketing")
    bill.passes(3 * DAY)
    bill.sends("marketing")
    bill.passes()
    expected = {
        "service|free_entry_point|": 1,
        "marketing|free_entry_point|": 1,
        "marketing|regular|0:MAX": 1,
    }
    assert expected == bill.volumes


def test_volume_tiers_are_told_when_they_are_crossed(make_bill: Any) -> None:
    """The first message beyond a bound is the first of the next tier, and the account hears of it once."""
    bill = make_bill({"volume_tiers": [2, 3]})
    for _ in range(4):
        bill.sends("utility")
        bill.passes()
    assert bill.volumes == {"utility|regular|0:2": 2, "utility|regular|3:3": 1, "utility|regular|4:MAX": 1}
    assert len(bill.told) == 2
    assert webhooks.notice(bill.world, bill.told[0]).field == "account_update"
    assert webhooks.value(bill.world, bill.told[0], Traits(version="v26.0")) == {
        "event": "VOLUME_BASED_PRICING_TIER_UPDATE",
        "volume_tier_info": {
            "tier_update_time": bill.told[0].at // 1000,
            "pricing_category": "UTILITY",
            "tier": "3:3",
            "effective_month": "2026-01",
            "region": "North America",
        },
    }


def test_volume_tiers_begin_anew_each_month(make_bill: Any) -> None:
    """What was sent in January does not count in February."""
    bill = make_bill({"volume_tiers": [1]})
    bill.sends("authentication")
    bill.passes(31 * DAY)
    bill.sends("authentication")
    bill.passes()
    assert (bill.volumes, bill.told) == ({"authentication|regular|0:1": 2}, [])


def test_marketing_has_no_tiers(make_bill: Any) -> None:
    """However much is sent."""
    bill = make_bill({"volume_tiers": [1]})
    for _ in range(3):
        bill.sends("marketing")
        bill.passes()
    assert (bill.volumes, bill.told) == ({"marketing|regular|0:MAX": 3}, [])


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "0:100"), (100, "0:100"), (101, "101:200"), (200, "101:200"), (201, "201:MAX")]
)
def test_bounds_belong_to_the_lower_tier(count: int, expected: str) -> None:
    """Both ends of a tier are included."""
    assert expected == tier_at(count, (100, 200))


def test_authentication_from_abroad(make_bill: Any) -> None:
    """In a listed country other than the account's own, authentication has the international rate."""
    bill = make_bill({"authentication_international": ["US"]})
    waba = bill.world.wabas[bill.world.waba_id]
    bill.sends("authentication")
    bill.passes()
    bill.world.wabas[waba.id] = msgspec.structs.replace(waba, country="IN")
    bill.sends("authentication")
    bill.passes()
    assert bill.volumes == {"authentication|regular|0:25000000": 1, "authentication-international|regular|0:MAX": 1}


def test_providers_of_general_ai_pay_for_free_form_messages(make_bill: Any) -> None:
    """In the listed countries, and only there."""
    bill = make_bill({"ai_provider_countries": ["US"]})
    bill.hears()
    bill.sends()
    bill.passes()
    bill.world.policy = patch(bill.world.policy, {"ai_provider_countries": ["IT"]})
    bill.sends()
    bill.passes()
    assert bill.volumes == {"general_purpose_ai|regular|0:MAX": 1, "service|free_customer_service|": 1}


def test_from_october_2026_utility_costs_inside_the_window_too(make_bill: Any) -> None:
    """And free-form messages do beyond a thousand a month and number."""
    bill = make_bill({"pricing_model": "per_message_2026_10"})
    bill.hears()
    bill.sends("utility")
    bill.passes()
    number = bill.world.phone_number_id
    bill.world.billing.months["2026-01"][f"free|{number}"] = 999
    bill.sends()
    bill.passes()
    bill.sends()
    bill.passes()
    assert bill.volumes == {
        "utility|regular|0:25000000": 1,
        "service|free_customer_service|": 1,
        "service|regular|0:MAX": 1,
    }


def test_what_was_counted_survives_a_snapshot(make_bill: Any) -> None:
    """A world that was stored and restored has the same books."""
    bill = make_bill()
    bill.sends("marketing")
    bill.passes()
    assert Billing() != bill.world.billing
    assert bill.world.billing == restore(snapshot(bill.world)).billing


def test_books_are_kept_for_a_year(make_bill: Any) -> None:
    """Memory stays bounded: what is older than Meta looks back is forgotten."""
    bill = make_bill()
    bill.sends("marketing")
    bill.passes(400 * DAY)
    bill.sends("marketing")
    bill.passes()
    assert (bill.volumes, len(bill.world.billing.traffic)) == ({"marketing|regular|0:MAX": 1}, 1)


def test_models_are_in_the_order_of_their_dates() -> None:
    """The newest first, but for the default, which leads."""
    dates = [model.since for model in MODELS.values()]
    assert dates[0] == "2025-07-01"
    assert sorted(dates[1:], reverse=True) == dates[1:]


@pytest.mark.parametrize(
    ("country", "expected"),
    [("IN", "India"), ("US", "North America"), ("SE", "Rest of Western Europe"), ("", "Other"), ("AQ", "Other")],
)
def test_markets(country: str, expected: str) -> None:
    """Countries without a rate of their own belong to a region."""
    assert expected == market_of(country)


def test_deciding_changes_nothing(make_bill: Any) -> None:
    """A price is decided by reading the world."""
    bill = make_bill()
    message = bill.sends("marketing")
    before = snapshot(bill.world)
    pair = bill.world.pair(message.phone_number_id, message.wa_id)
    billing.decide(bill.world, message, pair, bill.now, in_entry_window=False)
    assert before == snapshot(bill.world)


def test_a_status_that_is_told_twice_counts_once(make_bill: Any) -> None:
    """Faults tell statuses again; books are not kept twice for that."""
    bill = make_bill()
    bill.sends("marketing")
    bill.passes()
    for event in [one for one in bill.events if isinstance(one, StatusReached)]:
        bill.happen([event])
    [row] = bill.world.billing.traffic.values()
    assert (bill.volumes, list(row.values())) == ({"marketing|regular|0:MAX": 1}, [[1, 1]])
