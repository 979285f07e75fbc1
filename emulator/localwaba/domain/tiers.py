"""The messaging limit: how many different users may be written to outside a window within 24 hours.

Since October 2025 the portfolio has it, for all its numbers together; before, every number had its own (knob
`messaging_limit_model`). It grows by use and never shrinks by itself (Meta: messaging limits).
"""

from __future__ import annotations

from localwaba.domain import limits, limits_state
from localwaba.domain.agenda import GrowLimit
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, Scheduled, StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.limits_state import MONTH, WEEK, GrowthPlanned
from localwaba.domain.model import Business, PhoneNumber
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

UNLIMITED = "TIER_UNLIMITED"
LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1_000,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    UNLIMITED: -1,
}
"""Messaging limits, and the number that webhooks say; TIER_1K is of numbers, until October 2025."""
PROVEN_USERS = 2_000
"""Users reached in 30 days with which a business gets above 250 unverified (Meta: messaging limits)."""
STARTING = frozenset({"TIER_50", "TIER_250"})
_GOOD = frozenset({"GREEN", "YELLOW"})


def business_of(world: World, number: PhoneNumber) -> Business:
    """The portfolio of a number."""
    return world.businesses[world.wabas[number.waba_id].business_id]


def limit_of(world: World, number: PhoneNumber) -> str:
    """The messaging limit that holds for a number."""
    if world.policy.messaging_limit_model == "number":
        return number.messaging_limit
    return business_of(world, number).messaging_limit


def holders(world: World, number: PhoneNumber) -> tuple[tuple[str, str], ...]:
    """Whose users are counted, each with its limit: the number's and the portfolio's."""
    business, policy = business_of(world, number), world.policy
    own = number.messaging_limit if policy.messaging_limit_model == "number" else UNLIMITED
    return (number.id, own), (business.id, business.messaging_limit)


def holder_of(world: World, number: PhoneNumber) -> str:
    """The id of what the messaging limit belongs to."""
    if world.policy.messaging_limit_model == "number":
        return number.id
    return world.wabas[number.waba_id].business_id


def counts(message: Message, status: str, policy: Policy) -> bool:
    """Whether a message's arrival at a status means that its user was reached."""
    if message.in_window or not message.outbound or not policy.messaging_limits:
        return False
    if policy.messaging_limit_counts == "sent":
        return status == "sent"
    before = {one for one, _ in message.history[:-1]}
    return status == "delivered" or (status in ("read", "played") and before.isdisjoint(("delivered", "read")))


def count(world: World, message: Message, status: str, at: int) -> None:
    """Counts the user of a message that has come to a status; only for `applying`."""
    number = world.numbers.get(message.phone_number_id)
    if number is not None and counts(message, status, world.policy):
        limits_state.count_reached(world.limits, message, holders(world, number), at)


def check(world: World, number: PhoneNumber, wa_id: str, now: int) -> Refusal | None:
    """Why one more user cannot be written to outside a window (131048); None if they can."""
    if not world.policy.messaging_limits:
        return None
    limit = limit_of(world, number)
    most = LIMITS.get(limit, -1)
    if most < 0:
        return None
    reached = world.limits.reached.get(holder_of(world, number))
    if reached is None or (count := reached.within_a_day(now)) < most or reached.has(wa_id, now):
        return None
    wait = limits.in_words(reached.frees_at(most, now) - now)
    more = next_step(limit, world.policy) or UNLIMITED
    return Refusal(
        code=131048,
        rule="messaging limit",
        why=f"{count} of {most} different users ({limit}) were reached outside a window in 24 h; "
        f"the next is free in {wait}",
        fix=f'wait, or PATCH /_localwaba/phone_numbers/{number.id} {{"messaging_limit":"{more}"}}',
    )


def next_step(limit: str, policy: Policy) -> str | None:
    """The limit that follows one, as long as there is any."""
    skipped = "TIER_2K" if policy.messaging_limit_model == "number" else "TIER_1K"
    steps = [one for one in LIMITS if one != skipped]
    following = [one for one in steps if one == UNLIMITED or LIMITS[one] > LIMITS.get(limit, -1)]
    return following[0] if limit in LIMITS and limit != UNLIMITED else None


def earned(world: World, number: PhoneNumber, now: int) -> str | None:
    """The next limit, if enough of the present one was used and no number is rated RED; else None."""
    policy, limit = world.policy, limit_of(world, number)
    following = next_step(limit, policy)
    reached = world.limits.reached.get(holder_of(world, number))
    if following is None or reached is None or _is_poor(world, number):
        return None
    is_open = limit not in STARTING or business_of(world, number).verification_status == "verified"
    if is_open and reached.at_least(-(-LIMITS[limit] // 2), WEEK, now):
        return following
    return following if limit in STARTING and reached.at_least(PROVEN_USERS, MONTH, now) else None


def _is_poor(world: World, number: PhoneNumber) -> bool:
    if world.policy.messaging_limit_model == "number":
        return number.quality_rating == "RED" or number.status != "CONNECTED"
    business_id = business_of(world, number).id
    wabas = world.wabas
    return any(
        one.quality_rating == "RED" and wabas[one.waba_id].business_id == business_id for one in world.numbers.values()
    )


def watch(world: World, event: StatusReached, ids: Ids) -> list[Event]:
    """What follows when a user was reached: a higher limit is planned, or HIGH throughput begins."""
    policy = world.policy
    if event.status == "failed" or not policy.messaging_limits:
        return []
    message = world.messages.get(event.message_id)
    number = world.numbers.get(message.phone_number_id) if message is not None else None
    if message is None or number is None or not counts(message, event.status, policy):
        return []
    if limit_of(world, number) == UNLIMITED:
        return _speed_up(world, number, event.at)
    holder, limit = holder_of(world, number), limit_of(world, number)
    reached = world.limits.reached.get(holder)
    after = policy.messaging_limit_growth
    if reached is None or after is None or (reached.planned == limit and reached.due > event.at):
        return []
    if earned(world, number, event.at) is None:
        return []
    due = event.at + int(after * SECOND)
    return [
        GrowthPlanned(at=event.at, holder=holder, limit=limit, due=due),
        Scheduled(at=event.at, due=due, item=GrowLimit(number.id, limit)),
    ]


def _speed_up(world: World, number: PhoneNumber, now: int) -> list[Event]:
    """HIGH throughput by itself (Meta: unlimited, 100,000 users in 24 hours, quality of YELLOW or better)."""
    wanted = world.policy.high_throughput_users
    reached = world.limits.reached.get(number.id)
    if not wanted or reached is None or number.throughput_level != "STANDARD" or number.upgrading_until:
        return []
    if number.quality_rating not in _GOOD or number.coexistence or not reached.at_least(wanted, DAY, now):
        return []
    return limits.upgrade(number, now, world.policy)


def grown(world: World, number: PhoneNumber, limit: str, now: int) -> str | None:
    """The limit that a planned growth leads to; None if the limit has changed since, or is not earned any more."""
    return earned(world, number, now) if limit_of(world, number) == limit else None
