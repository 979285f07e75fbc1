"""Which events are told by webhook, and what wraps the value that tells of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain.errors import Refusal
from localwaba.domain.events import (
    Announced,
    ContentDropped,
    Event,
    GroupStatusReached,
    MessageReceived,
    StatusReached,
    TemplateJudged,
)
from localwaba.domain.quality_state import NumberFlagged, TemplateCategorised, TemplateRated
from localwaba.domain.routing import DASHBOARD
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import account_webhooks, group_statuses, inbound, statuses
from localwaba.wire.errors import webhook_error
from localwaba.wire.notices import Notice, number_value
from localwaba.wire.shapes import shaped


def notice(world: World, event: Event) -> Notice | None:
    """Where an event is announced; None: nowhere."""
    find = _NOTICES.get(type(event))
    return find(world, event) if find else None


def value(world: World, event: Event, traits: Traits) -> dict[str, Any]:
    """The `value` that announces an event to an app of a Graph version."""
    found = _VALUES[type(event)](world, event, traits)
    field = event.field if isinstance(event, Announced) else _FIELDS.get(type(event), "")
    return shaped(world.policy, field, found) if field and not getattr(event, "exact", False) else found


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


_NOTICES: dict[type, Callable[[World, Any], Notice | None]] = {
    StatusReached: statuses.notice,
    GroupStatusReached: group_statuses.notice,
    MessageReceived: inbound.notice,
    TemplateJudged: account_webhooks.template_notice,
    TemplateRated: account_webhooks.score_notice,
    TemplateCategorised: account_webhooks.category_notice,
    NumberFlagged: account_webhooks.flag_notice,
    Announced: _announced_notice,
    ContentDropped: _dropped_notice,
}
ANNOUNCED = frozenset(_NOTICES)
"""The classes of events that webhooks may tell of."""
_FIELDS: dict[type, str] = {
    TemplateJudged: "message_template_status_update",
    TemplateRated: "message_template_quality_update",
    TemplateCategorised: "template_category_update",
    NumberFlagged: "phone_number_quality_update",
}
_VALUES: dict[type, Callable[[World, Any, Traits], dict[str, Any]]] = {
    StatusReached: statuses.value,
    GroupStatusReached: group_statuses.value,
    MessageReceived: inbound.value,
    TemplateJudged: account_webhooks.template_value,
    TemplateRated: account_webhooks.score_value,
    TemplateCategorised: account_webhooks.category_value,
    NumberFlagged: account_webhooks.flag_value,
    Announced: _announced_value,
    ContentDropped: _dropped_value,
}
