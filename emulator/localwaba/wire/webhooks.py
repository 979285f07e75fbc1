"""Which events are told by webhook, and what wraps the value that tells of one."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import Refusal
from localwaba.domain.events import (
    Announced,
    ContentDropped,
    Event,
    GroupStatusReached,
    MessageReceived,
    StatusReached,
)
from localwaba.domain.routing import DASHBOARD
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import (
    account_webhooks,
    flow_webhooks,
    group_statuses,
    inbound,
    phone_webhooks,
    statuses,
    template_webhooks,
)
from localwaba.wire.errors import webhook_error
from localwaba.wire.notices import Notice, Telling, number_value
from localwaba.wire.shapes import shaped


def notice(world: World, event: Event) -> Notice | None:
    """Where an event is announced; None: nowhere."""
    telling = _TELLINGS.get(type(event))
    return telling.notice(world, event) if telling else None


def value(world: World, event: Event, traits: Traits) -> dict[str, Any]:
    """The `value` that announces an event to an app of a Graph version."""
    telling = _TELLINGS[type(event)]
    found = telling.value(world, event, traits)
    if not isinstance(event, Announced):
        return shaped(world.policy, telling.field, found)
    return found if event.exact else shaped(world.policy, event.field, found)


def envelope(waba_id: str, field: str, value: dict[str, Any], time: int | None = None) -> dict[str, Any]:
    """One change of one entry; `time` is in seconds and goes with account, template and phone fields only.

    In a test of the dashboard `field` stands before `value` (captured).
    """
    entry: dict[str, Any] = {"id": waba_id}
    if time is not None:
        entry["time"] = time
    is_test = waba_id == DASHBOARD
    entry["changes"] = [{"field": field, "value": value} if is_test else {"value": value, "field": field}]
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _announced_notice(world: World, event: Announced) -> Notice:
    lane = event.phone_number_id or str(event.value.get("message_template_id") or event.field)
    return Notice(event.field, event.waba_id, event.phone_number_id, lane, event.entry_id, event.timed)


def _announced_value(world: World, event: Announced, traits: Traits) -> dict[str, Any]:
    return event.value


def _dropped_notice(world: World, event: ContentDropped) -> Notice | None:
    number = world.numbers.get(event.phone_number_id)
    if number is None:
        return None
    return Notice("messages", number.waba_id, number.id, event.lane, app_id=event.app_id)


def _dropped_value(world: World, event: ContentDropped, traits: Traits) -> dict[str, Any]:
    error = webhook_error(Refusal(code=131035), "none")
    return number_value(world.numbers[event.phone_number_id]) | {"errors": [error]}


_TELLINGS: dict[type, Telling] = {
    StatusReached: Telling("messages", statuses.notice, statuses.value),
    GroupStatusReached: Telling("messages", group_statuses.notice, group_statuses.value),
    MessageReceived: Telling("messages", inbound.notice, inbound.value),
    ContentDropped: Telling("messages", _dropped_notice, _dropped_value),
    Announced: Telling("", _announced_notice, _announced_value),
    **account_webhooks.TELLINGS,
    **flow_webhooks.TELLINGS,
    **phone_webhooks.TELLINGS,
    **template_webhooks.TELLINGS,
}
ANNOUNCED = frozenset(_TELLINGS)
"""The classes of events that webhooks may tell of."""
