"""What Meta tells of accounts, as the `value` of a webhook (Meta: account_update and its neighbours)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.tiers import LIMITS
from localwaba.domain.told import (
    AccountBanned,
    AccountRestricted,
    AccountReviewed,
    AccountViolated,
    CapabilityChanged,
    TierReached,
    Told,
)
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.moments import day
from localwaba.wire.notices import Telling, Value, of_account


def _review(event: AccountReviewed) -> Value:
    return {"decision": event.decision}


def _violation(event: AccountViolated) -> Value:
    info = {"violation_type": event.violation} | _remedied(event.remediation)
    return {"event": "ACCOUNT_VIOLATION", "violation_info": info}


def _restriction(event: AccountRestricted) -> Value:
    """Without `expiration` where there is no end."""
    found: Value = {"event": "ACCOUNT_RESTRICTION"}
    if event.violation:
        found["violation_info"] = {"violation_type": event.violation}
    rows: list[Value] = [
        {"restriction_type": kind} | ({"expiration": until // SECOND} if until else {}) | _remedied(event.remediation)
        for kind, until in event.restrictions
    ]
    return found | ({"restriction_info": rows} if rows else {})


def _remedied(remediation: str) -> dict[str, str]:
    return {"remediation": remediation} if remediation else {}


def _ban(event: AccountBanned) -> Value:
    info = {"waba_ban_state": event.state, "waba_ban_date": day(event.moment)}
    return {"event": "DISABLED_UPDATE", "ban_info": info}


def _tier(event: TierReached) -> Value:
    info = {
        "tier_update_time": event.at // SECOND,
        "pricing_category": event.category.upper(),
        "tier": event.tier,
        "effective_month": event.month,
        "region": event.region,
    }
    return {"event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": info}


def _capability(world: World, event: CapabilityChanged, traits: Traits) -> Value:
    limit = event.limit if world.policy.capability_values == "tier" else LIMITS[event.limit]
    is_starting = event.limit == "TIER_250"
    numbers = {"max_phone_numbers_per_business": 2} if is_starting else {"max_phone_numbers_per_waba": 25}
    return {"max_daily_conversations_per_business": limit} | numbers


OF_META = (AccountReviewed, AccountViolated, AccountRestricted, AccountBanned)
"""What Meta does to an account, on purpose."""
_BUILDERS: dict[type, tuple[str, Callable[[Any], Value]]] = {
    AccountReviewed: ("account_review_update", _review),
    AccountViolated: ("account_update", _violation),
    AccountRestricted: ("account_update", _restriction),
    AccountBanned: ("account_update", _ban),
    TierReached: ("account_update", _tier),
}


def said(event: Told) -> tuple[str, Value]:
    """The field and the value of what an account is told whatever the knobs are. KeyError for other events."""
    field, build = _BUILDERS[type(event)]
    return field, build(event)


def _telling(field: str, build: Callable[[Any], Value]) -> Telling:
    return of_account(field, lambda world, event, traits: build(event))


TELLINGS: dict[type, Telling] = {
    **{kind: _telling(field, build) for kind, (field, build) in _BUILDERS.items()},
    CapabilityChanged: of_account("business_capability_update", _capability),
}
