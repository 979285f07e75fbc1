"""The limits against slow, obvious references: lists of everything that ever happened, counted anew each time."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from localwaba.domain import tiers
from localwaba.domain.applying import apply
from localwaba.domain.clock import DAY, HOUR, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.events import MessageAccepted, MessageReceived, Put, StatusReached
from localwaba.domain.inbound import new_user
from localwaba.domain.limits import check_registration, check_sending
from localwaba.domain.limits_state import MONTH, WEEK, Reached, RegistrationCounted, Window
from localwaba.domain.policy import patch
from localwaba.domain.seeding import new_world
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

NOW = 1_790_000_000_000
GAPS = st.one_of(st.integers(0, 5), st.integers(0, 400), st.integers(0, 20_000), st.sampled_from([999, 1_000, 6_000]))
USERS = st.sampled_from(["16505550001", "16505550002", "16505550003"])


def make(**knobs: Any) -> World:
    world = new_world("test", 7, NOW)
    world.policy = patch(world.policy, knobs)
    return world


def message(world: World, index: int, wa_id: str, at: int, *, outbound: bool = True) -> Message:
    return Message(
        id=str(index),
        phone_number_id=world.phone_number_id,
        wa_id=wa_id,
        outbound=outbound,
        type="text",
        at=at,
        body=b"",
    )


def accept(world: World, index: int, wa_id: str, at: int) -> str:
    """Sends as Graph would; the rule that refused, or nothing."""
    try:
        check_sending(world, world.numbers[world.phone_number_id], wa_id, at)
    except Refused as refused:
        return refused.refusal.rule
    apply(world, MessageAccepted(at=at, message=message(world, index, wa_id, at)))
    return ""


@settings(max_examples=120)
@given(st.lists(st.tuples(GAPS, USERS), max_size=60), st.integers(1, 6), st.sampled_from([1, 6, 2.5]))
def test_pairs_never_exceed_their_definition(schedule: list[tuple[int, str]], burst: int, pace: float) -> None:
    """In every span, a user gets at most the burst and one more for each pace in it; and no less is allowed."""
    world = make(pair_burst=burst, pair_seconds=pace, throughput_standard=None)
    taken: dict[str, list[int]] = {}
    step, now = int(pace * SECOND), NOW
    for index, (gap, wa_id) in enumerate(schedule):
        now += gap
        mine = taken.setdefault(wa_id, [])
        would = [*mine, now]
        fits = all(len(would) - first <= burst + (now - would[first]) // step for first in range(len(would)))
        assert (accept(world, index, wa_id, now) == "") is fits
        if fits:
            mine.append(now)


@settings(max_examples=120)
@given(st.lists(st.tuples(GAPS, st.booleans()), max_size=80), st.integers(1, 8))
def test_throughput_never_exceeds_its_definition(schedule: list[tuple[int, bool]], most: int) -> None:
    """A send is refused exactly when the last second has as many messages, in and out, as the number may have."""
    world = make(throughput_standard=most, pair_seconds=None)
    happened: list[int] = []
    now = NOW
    for index, (gap, inbound) in enumerate(schedule):
        now += gap
        if inbound:
            apply(world, MessageReceived(at=now, message=message(world, index, "16505550001", now, outbound=False)))
            happened.append(now)
            continue
        fits = sum(now - SECOND < at <= now for at in happened) < most
        assert (accept(world, index, "16505550001", now) == "") is fits
        if fits:
            happened.append(now)


@settings(max_examples=120)
@given(st.lists(st.integers(0, 700), max_size=150), st.integers(1, 9), st.integers(0, 1_500))
def test_a_window_is_a_recount(gaps: list[int], limit: int, later: int) -> None:
    """A window counts what a list would, at any later moment, and knows when there is room."""
    window, happened, now = Window(), list[int](), NOW
    for gap in gaps:
        now += gap
        window.add(SECOND, now)
        happened.append(now)
    now += later
    assert window.within(SECOND, now) == sum(now - SECOND < at for at in happened)
    free = window.frees_at(SECOND, now, limit)
    assert window.within(SECOND, free) < limit
    assert free == now or window.within(SECOND, free - 1) >= limit


REACHES = st.lists(
    st.tuples(st.one_of(st.integers(0, HOUR), st.integers(0, 3 * DAY), st.just(DAY)), st.integers(0, 8)), max_size=40
)


@settings(max_examples=150)
@given(
    REACHES, st.sampled_from([MONTH, WEEK, DAY]), st.one_of(st.integers(0, 2 * DAY), st.just(DAY)), st.integers(1, 9)
)
def test_unique_users_are_a_recount(reaches: list[tuple[int, int]], keep: int, later: int, limit: int) -> None:
    """Users of a day, of a week and of a month are those that a naive recount finds."""
    reached, happened, now = Reached(), list[tuple[int, str]](), NOW
    for gap, user in reaches:
        now += gap
        reached.add(str(user), now, keep)
        happened.append((now, str(user)))
        assert reached.within_a_day(now) == len({who for at, who in happened if at > now - DAY})
    now += later

    def count(span: int) -> int:
        return len({who for at, who in happened if at > now - span})

    assert reached.within_a_day(now) == count(DAY)
    assert {str(user) for user in range(9) if reached.has(str(user), now)} == {
        who for at, who in happened if at > now - DAY
    }
    for span in (DAY, WEEK, MONTH):
        if span <= keep:
            assert [reached.at_least(users, span, now) for users in range(1, 10)] == [
                count(span) >= users for users in range(1, 10)
            ]
    free = reached.frees_at(limit, now)
    assert reached.within_a_day(free) < limit
    assert free == now or reached.within_a_day(free - 1) >= limit


SENDS = st.lists(
    st.tuples(st.one_of(st.integers(0, HOUR), st.integers(0, DAY)), st.integers(0, 60), st.booleans()), max_size=60
)


@settings(max_examples=60)
@given(SENDS)
def test_no_schedule_reaches_more_users_than_the_tier(sends: list[tuple[int, int, bool]]) -> None:
    """Whatever is sent, no rolling day has more different users outside a window than the tier says."""
    world = make(pair_seconds=None, throughput_standard=None, messaging_limit_growth=None)
    business = world.businesses[world.business_id]
    tiers.LIMITS["TIER_TEST"] = 5
    try:
        apply(world, Put(at=NOW, thing=replace(business, messaging_limit="TIER_TEST")))
        happened: list[tuple[int, str]] = []
        now = NOW
        number = world.numbers[world.phone_number_id]
        for index, (gap, user, in_window) in enumerate(sends):
            now += gap
            wa_id = f"1650555{user:04}"
            refusal = None if in_window else tiers.check(world, number, wa_id, now)
            today = {who for at, who in happened if at > now - DAY}
            assert (refusal is None) is (in_window or wa_id in today or len(today) < 5)
            if refusal is None:
                apply(world, Put(at=now, thing=new_user(world.seed, wa_id, "US")))
                sent = message(world, index, wa_id, now)
                sent.in_window = in_window
                apply(world, MessageAccepted(at=now, message=sent))
                apply(world, StatusReached(at=now, message_id=sent.id, status="sent"))
                if not in_window:
                    happened.append((now, wa_id))
    finally:
        del tiers.LIMITS["TIER_TEST"]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 24 * HOUR), max_size=40))
def test_registrations_are_a_recount(gaps: list[int]) -> None:
    """A registration is refused exactly when the last 72 hours have ten."""
    world, happened, now = make(), list[int](), NOW
    number = world.numbers[world.phone_number_id]
    for gap in gaps:
        now += gap
        fits = sum(at > now - 72 * HOUR for at in happened) < 10
        try:
            counted: RegistrationCounted | None = check_registration(world, number, now)
        except Refused:
            counted = None
        assert (counted is not None) is fits
        if counted is not None:
            apply(world, counted)
            happened.append(now)
