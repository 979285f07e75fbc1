"""What analytics say, against a naive recount over the journal: every status and price that was ever decided."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localwaba.domain.clock import DAY, HOUR, MINUTE
from localwaba.domain.events import MessageAccepted, MessageReceived, StatusReached
from localwaba.domain.pricing import MODELS, tier_at
from localwaba.domain.world import restore, snapshot
from localwaba.wire import analytics
from localwaba.wire.charges import charges
from neighbours import load

BOUNDS = (2, 5)
SPAN = {"start": "1767225600", "end": "1782864000"}
ARRIVED = ("delivered", "read", "played")
USERS = (
    ("16505551234", "US", {}),
    ("5511987654321", "BR", {"skips_delivered": True}),
    ("491711234567", "DE", {"delivered_after": 7_200.0, "read_after": None}),
    ("919812345678", "IN", {"fails_after_delivery": True}),
    ("16505559999", "US", {"on_whatsapp": False}),
)
DEEDS = st.one_of(
    st.tuples(st.just("sends"), st.integers(0, 4), st.sampled_from(["", "marketing", "utility", "authentication"])),
    st.tuples(st.just("hears"), st.integers(0, 4), st.booleans()),
    st.tuples(st.just("passes"), st.sampled_from([0, MINUTE, HOUR, 5 * HOUR, DAY, 20 * DAY]), st.none()),
)


def make(model: str) -> Any:
    return load("unit/bill").Bill({"pricing_model": model, "volume_tiers": list(BOUNDS), "pair_seconds": None})


def walk(model: str, deeds: list[Any]) -> Any:
    """A world in which all of this was done, and time to settle."""
    bill = make(model)
    users = [bill.user, *(bill.meets(wa_id, country, **behaviour) for wa_id, country, behaviour in USERS[1:])]
    for deed, subject, more in deeds:
        if deed == "sends":
            bill.sends(more, users[subject])
        elif deed == "hears":
            ad = {"referral": {"source_type": "ad"}} if more else {}
            bill.hears({"type": "text", "text": {"body": "hi"}} | ad, users[subject])
        else:
            bill.passes(subject)
    bill.passes(HOUR)
    return bill


def month(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m")


def arrivals(bill: Any) -> list[tuple[int, Any, Any, str]]:
    """Of each message that arrived: when, the message, its `sent`, the country; in the order of arrival."""
    messages = {one.message.id: one.message for one in bill.events if isinstance(one, MessageAccepted)}
    found, sent = [], dict[str, Any]()
    seen: set[str] = set()
    for event in bill.events:
        if isinstance(event, StatusReached) and event.status == "sent":
            sent[event.message_id] = event
        elif isinstance(event, StatusReached) and event.status in ARRIVED and event.message_id not in seen:
            seen.add(event.message_id)
            message = messages[event.message_id]
            country = next(country for wa_id, country, _ in USERS if wa_id == message.wa_id)
            found.append((event.at, message, sent[message.id], country))
    return found


def ask(bill: Any, name: str, **given: Any) -> Any:
    world = bill.world
    read = getattr(analytics, f"{name}_analytics")
    return read(world, world.wabas[world.waba_id], SPAN | {"granularity": "DAILY"} | given, bill.now)


def day(at: int) -> int:
    return at // DAY * 86_400


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=25))
def test_prices_are_those_of_a_recount(deeds: list[Any]) -> None:
    """Volume by day, country, category, type and tier; what arrived counts once, at the price of `sent`."""
    bill = walk("per_message", deeds)
    expected: Counter[tuple[Any, ...]] = Counter()
    tiers: Counter[tuple[str, ...]] = Counter()
    for at, _, sent, country in arrivals(bill):
        pricing = sent.pricing
        tier = "0:MAX" if pricing.billable else None
        if pricing.billable and pricing.category in ("utility", "authentication"):
            key = (month(at), country, pricing.category)
            tiers[key] += 1
            tier = tier_at(tiers[key], BOUNDS)
        expected[day(at), country, pricing.category.upper(), pricing.type.upper(), tier] += 1
    split = "COUNTRY,PRICING_CATEGORY,PRICING_TYPE,TIER"
    points = ask(bill, "pricing", dimensions=split)["data"][0]["data_points"]
    found = {
        (one["start"], one["country"], one["pricing_category"], one["pricing_type"], one.get("tier")): one["volume"]
        for one in points
    }
    assert dict(expected) == found
    told = sum(count > bound for count in tiers.values() for bound in BOUNDS)
    assert told == len(bill.told)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=25))
def test_only_templates_cost_and_free_windows_are_free(deeds: list[Any]) -> None:
    """What is billable follows from the windows at the time of sending, as they can be read off the journal."""
    bill = walk("per_message", deeds)
    order = {one.message.id: at for at, one in enumerate(bill.events) if isinstance(one, MessageAccepted)}
    for _, message, sent, _ in arrivals(bill):
        wrote = [
            one.at
            for one in bill.events[: order[message.id]]
            if isinstance(one, MessageReceived) and one.message.wa_id == message.wa_id
        ]
        in_window = bool(wrote) and message.at - max(wrote) < DAY
        if not sent.in_entry_window:
            free = not message.category or (message.category == "utility" and in_window)
            assert (not free, "free_customer_service" if free else "regular") == (
                sent.pricing.billable,
                sent.pricing.type,
            )
        else:
            assert (sent.pricing.billable, sent.pricing.type) == (False, "free_entry_point")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=25))
def test_messages_are_those_of_a_recount(deeds: list[Any]) -> None:
    """Sent, delivered and incoming messages by day."""
    bill = walk("per_message", deeds)
    sent = Counter(day(one.at) for one in bill.events if isinstance(one, StatusReached) and one.status == "sent")
    received = Counter(day(one.at) for one in bill.events if isinstance(one, MessageReceived))
    arrived = Counter(day(at) for at, *_ in arrivals(bill))
    points = ask(bill, "message", granularity="DAY")["data_points"]
    expected = {
        start: (sent[start] + received[start], arrived[start] + received[start])
        for start in {*sent, *received, *arrived}
    }
    assert expected == {
        one["start"]: (one["sent"], one["delivered"]) for one in points if one["sent"] + one["delivered"]
    }


@pytest.mark.parametrize("model", [name for name, one in MODELS.items() if one.conversations != "none"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds=st.lists(DEEDS, max_size=25))
def test_conversations_are_those_of_a_recount(model: str, deeds: list[Any]) -> None:
    """A conversation counts once, on the day that its first message arrived; and none of a kind overlap."""
    bill = walk(model, deeds)
    first: dict[str, tuple[Any, ...]] = {}
    for at, message, sent, country in arrivals(bill):
        first.setdefault(sent.conversation, (at, message.wa_id, sent.pricing.category, country))
    expected = Counter((day(at), country) for at, _, _, country in first.values())
    points = ask(bill, "conversation", dimensions="COUNTRY")["data"][0]["data_points"]
    assert dict(expected) == {(one["start"], one["country"]): one["conversation"] for one in points}
    spans: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    messages = {one.message.id: one.message for one in bill.events if isinstance(one, MessageAccepted)}
    for one in bill.events:
        if isinstance(one, StatusReached) and one.conversation:
            assert one.pricing is not None
            key = (messages[one.message_id].wa_id, one.pricing.category)
            spans.setdefault(key, []).append((one.at, one.conversation_until, one.conversation))
    for told in spans.values():
        for (_, until, name), (at, _, other) in pairwise(told):
            assert (at < until) == (name == other)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=25), st.sampled_from(list(MODELS)))
def test_books_balance(deeds: list[Any], model: str) -> None:
    """All granularities, dimensions and the estimate's volumes add up to the same; a snapshot changes nothing."""
    bill = walk(model, deeds)
    name, metric = ("pricing", "volume") if MODELS[model].conversations == "none" else ("conversation", "conversation")
    sums = set()
    for granularity in ("HALF_HOUR", "DAILY", "MONTHLY"):
        for dimensions in ("", "COUNTRY,PHONE"):
            points = ask(bill, name, granularity=granularity, dimensions=dimensions)["data"][0]["data_points"]
            sums.add(sum(one[metric] for one in points))
    sums.add(sum(one["charged"] + one["free"] for one in charges(bill.world)))
    assert len(sums) == 1
    assert charges(bill.world) == charges(restore(snapshot(bill.world)))
