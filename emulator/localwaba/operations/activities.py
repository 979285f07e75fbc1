"""What happened in an account, as far as the account itself still shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import refuse
from localwaba.domain.ids import derive_number
from localwaba.domain.world import World
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import show_page
from localwaba.wire.activities import ACTIVITY, Activity


def list_activities(call: Call) -> Answer:
    """`GET /{waba}/activities`: the newest first; `activity_type`, `since` and `until` leave others out."""
    kind = call.text("activity_type", "").upper()
    since, until = _moment(call, "since", 0), _moment(call, "until", call.now)
    found = [
        one
        for one in _activities(call.world, call.node)
        if kind in ("", one.activity_type) and since <= one.at <= until
    ]
    return show_page(call, ACTIVITY, sorted(found, key=lambda one: one.at, reverse=True))


def _activities(world: World, waba_id: str) -> Iterator[Activity]:
    def happened(kind: str, thing_id: str, at: int, **details: Any) -> Activity:
        return Activity(derive_number(world.seed, f"activity {kind} {thing_id} {at}", 16), kind, at, details)

    yield happened("ACCOUNT_CREATED", waba_id, world.created_at)
    for number in world.numbers.values():
        if number.waba_id == waba_id and number.onboarded_at:
            yield happened("PHONE_NUMBER_ADDED", number.id, number.onboarded_at, phone_number=number.display)
    for one in world.templates.values():
        if one.waba_id != waba_id:
            continue
        details = {
            "template_name": one.name,
            "template_language": one.language,
            "template_category": one.category,
        }
        yield happened("TEMPLATE_CREATED", one.id, one.created_at, **details)
        for at in one.edits:
            yield happened("TEMPLATE_UPDATED", one.id, at, **details)
        if one.deleted_at:
            yield happened("TEMPLATE_DELETED", one.id, one.deleted_at, **details)


def _moment(call: Call, name: str, default: int) -> int:
    """A time in seconds since the epoch, or in ISO 8601."""
    given = call.text(name, "")
    if not given:
        return default
    try:
        if given.isdigit():
            return int(given) * SECOND
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise refuse(
            100,
            message=f"Param {name} must be a valid time",
            rule=f"activities.{name}",
            why=f"{given[:40]!r} is no time",
            fix="send seconds since the epoch, or 2026-01-31T12:00:00+00:00",
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * SECOND
