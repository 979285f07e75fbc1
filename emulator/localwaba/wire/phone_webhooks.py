"""What Meta tells of business numbers, as the `value` of a webhook."""

from __future__ import annotations

from typing import Any

from localwaba.domain import tiers
from localwaba.domain.clock import SECOND
from localwaba.domain.model import PhoneNumber
from localwaba.domain.quality_state import NumberFlagged
from localwaba.domain.told import NameDecided, NumberLimited, PinChanged
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.notices import Notice, Telling, Value, of_number


def _limit(world: World, event: NumberLimited, traits: Traits) -> Value:
    return _quality(world, event.phone_number_id, event.change, event.limit, event.before)


def _flag(world: World, event: NumberFlagged, traits: Traits) -> Value:
    limit = tiers.limit_of(world, world.numbers[event.phone_number_id])
    return _quality(world, event.phone_number_id, "FLAGGED" if event.flagged else "UNFLAGGED", limit)


def _flag_notice(world: World, event: NumberFlagged) -> Notice | None:
    return None if event.silent else _FLAGGED.notice(world, event)


def _quality(world: World, number_id: str, event: str, limit: str, before: str = "") -> Value:
    found: Value = {"display_phone_number": world.numbers[number_id].digits, "event": event}
    if before:
        found["old_limit"] = before
    return found | {"current_limit": limit, "max_daily_conversations_per_business": limit}


def _name(world: World, event: NameDecided, traits: Traits) -> Value:
    return {
        "display_phone_number": world.numbers[event.phone_number_id].digits,
        "decision": event.decision,
        "requested_verified_name": event.name,
        "rejection_reason": event.reason or None,
    }


def _pin(world: World, event: PinChanged, traits: Traits) -> Value:
    return {"display_phone_number": world.numbers[event.phone_number_id].digits, "event": "PIN_CHANGED"}


def calling_settings(number: PhoneNumber, settings: dict[str, Any], now: int) -> Value:
    """The value of `account_settings_update`: what a number's settings of calling are now."""
    return {
        "messaging_product": "whatsapp",
        "timestamp": str(now // SECOND),
        "type": "phone_number_settings",
        "phone_number_settings": {"phone_number_id": number.id, "calling": settings},
    }


_FLAGGED = of_number("phone_number_quality_update", _flag)
TELLINGS: dict[type, Telling] = {
    NumberLimited: of_number("phone_number_quality_update", _limit),
    NumberFlagged: _FLAGGED._replace(notice=_flag_notice),
    NameDecided: of_number("phone_number_name_update", _name),
    PinChanged: of_number("security", _pin),
}
