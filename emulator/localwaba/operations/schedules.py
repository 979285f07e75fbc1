"""Schedules of an account: kept and listed, and nothing more, for no page of Meta says what they do."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import show_page
from localwaba.wire.schedules import SCHEDULE

_MEMBERS = (
    "name",
    "schedule_type",
    "description",
    "start_time",
    "end_time",
    "timezone",
    "days_of_week",
    "is_active",
    "recurrence_pattern",
)


def create_schedule(call: Call) -> Answer:
    """`POST /{waba}/schedules`: active, and in UTC, unless it says otherwise."""
    waba, params = call.world.wabas[call.node], call.params
    given = {name: params[name] for name in _MEMBERS if name in params}
    made: dict[str, Any] = {"id": call.ids.number(16), "timezone": "UTC", "is_active": True}
    made |= given | {"created_at": call.now}
    changed = replace(waba, settings=waba.settings | {"schedules": [*waba.settings.get("schedules", ()), made]})
    return Answer(body={"id": made["id"]}, events=[Put(at=call.now, thing=changed)])


def list_schedules(call: Call) -> Answer:
    """`GET /{waba}/schedules`: in the order in which they were made, or the other way round."""
    found: list[dict[str, Any]] = list(call.world.wabas[call.node].settings.get("schedules", ()))
    if call.text("sort", "").endswith(".desc"):
        found.reverse()
    return show_page(call, SCHEDULE, found)
