"""Messaging limits and throughput that change, told as Meta tells it."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain import limits, tiers, verification
from localwaba.domain.agenda import FinishUpgrade, GrowLimit, VerifyBusiness
from localwaba.domain.events import Event, Put
from localwaba.domain.model import Business, PhoneNumber
from localwaba.domain.tiers import LIMITS, UNLIMITED, business_of
from localwaba.domain.told import CapabilityChanged, NumberLimited
from localwaba.domain.world import World


def set_limit(world: World, now: int, number: PhoneNumber, limit: str) -> list[Event]:
    """A number gets a messaging limit, or its portfolio does, as the model is."""
    if world.policy.messaging_limit_model == "number":
        return _limit_number(world, now, number, limit)
    return limit_portfolio(world, now, number, limit)


def limit_portfolio(
    world: World, now: int, number: PhoneNumber, limit: str, business: Business | None = None
) -> list[Event]:
    """The portfolio of a number gets a messaging limit (Meta: held by the portfolio since October 2025).

    `phone_number_quality_update` with UPGRADE or DOWNGRADE is the older notice, which many apps still read.
    """
    business = business or business_of(world, number)
    if business.messaging_limit == limit:
        return []
    events: list[Event] = [Put(at=now, thing=replace(business, messaging_limit=limit))]
    wabas = [waba.id for waba in world.wabas.values() if waba.business_id == business.id]
    events += [CapabilityChanged(at=now, waba_id=waba_id, limit=limit) for waba_id in wabas]
    events.append(_direction(now, number, limit, business.messaging_limit))
    return events


def _limit_number(world: World, now: int, number: PhoneNumber, limit: str) -> list[Event]:
    """A number gets a messaging limit of its own, as until October 2025."""
    if number.messaging_limit == limit:
        return []
    changed = replace(number, messaging_limit=limit)
    return [Put(at=now, thing=changed), _direction(now, changed, limit, number.messaging_limit)]


def _direction(now: int, number: PhoneNumber, limit: str, before: str) -> NumberLimited:
    former = LIMITS.get(before, 0)
    is_more = limit == UNLIMITED or -1 < former < LIMITS[limit]
    change = "UPGRADE" if is_more else "DOWNGRADE"
    return NumberLimited(at=now, phone_number_id=number.id, change=change, limit=limit, before=before)


def grow(world: World, item: GrowLimit, now: int) -> list[Event]:
    """A planned growth of a messaging limit is decided."""
    number = world.numbers.get(item.phone_number_id)
    limit = tiers.grown(world, number, item.limit, now) if number is not None else None
    return set_limit(world, now, number, limit) if number is not None and limit is not None else []


def upgrade(world: World, now: int, number: PhoneNumber) -> list[Event]:
    """A number gets HIGH throughput, at once where upgrades take no time."""
    if world.policy.throughput_upgrade_seconds:
        return limits.upgrade(number, now, world.policy)
    return _upgraded(now, replace(number, throughput_level="HIGH", upgrading_until=0))


def finish_upgrade(world: World, item: FinishUpgrade, now: int) -> list[Event]:
    """An upgrade of throughput ends."""
    number = limits.upgraded(world, item.phone_number_id, item.stamp)
    return _upgraded(now, number) if number is not None else []


def _upgraded(now: int, number: PhoneNumber) -> list[Event]:
    told = NumberLimited(at=now, phone_number_id=number.id, change="THROUGHPUT_UPGRADE", limit=UNLIMITED)
    return [Put(at=now, thing=number), told]


def verify_business(world: World, now: int, number: PhoneNumber, status: str) -> list[Event]:
    """The portfolio's verification changes; verified, 250 users become 2,000 at once (Meta: scaling path)."""
    business = business_of(world, number)
    if business.verification_status == status:
        return []
    changed = replace(business, verification_status=status)
    events = verification.change(world, business, status, now)
    grows = status == "verified" and business.messaging_limit in tiers.STARTING and number.quality_rating != "RED"
    if grows and world.policy.messaging_limit_model == "portfolio":
        events += limit_portfolio(world, now, number, "TIER_2K", changed)
    return events


def finish_verification(world: World, item: VerifyBusiness, now: int) -> list[Event]:
    """A verification that was pending passes."""
    business = world.businesses[item.business_id]
    own = [one for one in world.numbers.values() if world.wabas[one.waba_id].business_id == business.id]
    if business.verification_status != "pending":
        return []
    if not own:
        return verification.change(world, business, "verified", now)
    return verify_business(world, now, own[0], "verified")
