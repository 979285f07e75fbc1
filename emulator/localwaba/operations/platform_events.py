"""What only Meta can cause: a webhook of any field, and what it says of the world made true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from localwaba.domain import enforcement, routing
from localwaba.domain.events import Event, PairChanged, Put
from localwaba.domain.flows import STATUSES as FLOW_STATUSES
from localwaba.domain.model import PhoneNumber, Template
from localwaba.domain.world import World
from localwaba.operations import enforcing
from localwaba.operations.announcements import announced
from localwaba.operations.meta import CATEGORIES, LIMITS, QUALITIES, STATUSES
from localwaba.operations.mistakes import Mistake, nearest, object_of, only, text_of
from localwaba.operations.platform_samples import FIELDS, sample
from localwaba.operations.users import number_in

_ONLY_EVENTS = frozenset({"FLAGGED", "LOCKED"})
_APPROVING = frozenset({"REINSTATED", "UNARCHIVED"})


class Fired(NamedTuple):
    """A webhook of Meta's own: its value, how many apps are told, and the events."""

    value: dict[str, Any]
    apps: int
    events: list[Event]


def fire(world: World, now: int, options: dict[str, Any]) -> Fired:
    """Fires the webhook of `field` with `value`, or with a sample, and changes the world where the value says so."""
    only(options, ("field", "value", "phone_number_id", "waba_id"), "a platform event")
    field = text_of(options, "field")
    if field not in routing.FIELDS:
        raise Mistake(f"there is no webhook field {field!r}{nearest(field, routing.FIELDS)}")
    value = object_of(options, "value")
    number = number_in(world, text_of(options, "phone_number_id") or _number_id(value))
    if value is None:
        if field == "messages":
            raise Mistake("messages come from users: POST /_localwaba/users/{wa_id}/messages; or give a value")
        value = sample(world, now, field, number)
    if value is None:
        raise Mistake(f"there is no sample of {field}: give a value; there are samples of {', '.join(FIELDS)}")
    waba_id = text_of(options, "waba_id") or number.waba_id
    if waba_id not in world.wabas:
        raise Mistake(f"this world has no waba_id {waba_id!r}; it has {', '.join(world.wabas)}")
    change = _CHANGES.get(field)
    events = change(world, now, value, number) if change else []
    of_number = field in routing.OVERRIDABLE or field == "messages"
    told = announced(world, now, field, value, number if of_number else None, waba_id)
    return Fired(value, len(routing.subscribers(world, waba_id, field)), [*events, told])


def _number_id(value: dict[str, Any] | None) -> str:
    """The number that a value is about, if it says so and this world has it."""
    metadata = (value or {}).get("metadata")
    return _text(metadata, "phone_number_id") if isinstance(metadata, dict) else ""


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _template(world: World, value: dict[str, Any]) -> Template | None:
    return world.templates.get(str(value.get("message_template_id", "")))


def _template_status(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    template, event = _template(world, value), _text(value, "event")
    if template is None or event not in STATUSES or event in _ONLY_EVENTS:
        return []
    status = "APPROVED" if event in _APPROVING else event
    reason = _text(value, "reason") or "NONE"
    return [Put(at=now, thing=replace(template, status=status, rejected_reason=reason, updated_at=now))]


def _template_quality(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    template, score = _template(world, value), _text(value, "new_quality_score")
    if template is None or score not in QUALITIES:
        return []
    return [Put(at=now, thing=replace(template, quality_score=score, quality_at=now))]


def _flow(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    flow, status = world.flows.get(_text(value, "flow_id")), _text(value, "new_status")
    if flow is None or value.get("event") != "FLOW_STATUS_CHANGE" or status not in FLOW_STATUSES:
        return []
    return [Put(at=now, thing=replace(flow, status=status, updated_at=now))]


def _template_category(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """Done, or with `correct_category` announced for tomorrow."""
    template = _template(world, value)
    if template is None:
        return []
    impending, done = _text(value, "correct_category"), _text(value, "new_category")
    if impending in CATEGORIES:
        return [Put(at=now, thing=replace(template, correct_category=impending))]
    if done not in CATEGORIES or done == template.category:
        return []
    changed = replace(template, category=done, previous_category=template.category, correct_category="")
    return [Put(at=now, thing=changed)]


def _account_review(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    waba, decision = world.wabas[number.waba_id], _text(value, "decision")
    if not decision:
        return []
    reviewed, standing = enforcing.reviewed(waba, enforcement.standing_of(world, waba.id), decision, now)
    return enforcement.settle(world, reviewed, standing, now)


def _capability(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    given = value.get("max_daily_conversations_per_business")
    limit = next((tier for tier, count in LIMITS.items() if given in (tier, count)), "")
    business = world.businesses[world.wabas[number.waba_id].business_id]
    return [Put(at=now, thing=replace(business, messaging_limit=limit))] if limit else []


def _name(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    number, name = _displayed(world, value, number), _text(value, "requested_verified_name")
    return enforcing.believe_name(world, now, number, _text(value, "decision"), name)


def _group_status(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    events: list[Event] = []
    given = value.get("groups")
    for item in given if isinstance(given, list) else []:
        group, kind = world.groups.get(_text(item, "group_id")), _text(item, "type")
        if group is not None and kind in ("group_suspend", "group_suspend_cleared"):
            events.append(Put(at=now, thing=replace(group, suspended=kind == "group_suspend")))
    return events


def _security(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """Two-step verification was turned off by the link in Meta's mail: the next registration sets another PIN."""
    number = _displayed(world, value, number)
    if _text(value, "event") != "PIN_REQUEST_SUCCESS":
        return []
    return [Put(at=now, thing=replace(number, pin="", pin_failures=0, pin_locked_until=0, pin_failed_at=0))]


def _number_quality(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    number, event = _displayed(world, value, number), _text(value, "event")
    changed = {
        "THROUGHPUT_UPGRADE": {"throughput_level": "HIGH"},
        "FLAGGED": {"status": "FLAGGED"},
        "UNFLAGGED": {"status": "CONNECTED"},
    }.get(event)
    return [Put(at=now, thing=replace(number, **changed))] if changed else []


def _displayed(world: World, value: dict[str, Any], number: PhoneNumber) -> PhoneNumber:
    digits = _text(value, "display_phone_number")
    return next((one for one in world.numbers.values() if one.digits == digits), number)


def _preferences(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    events: list[Event] = []
    given = value.get("user_preferences")
    for preference in given if isinstance(given, list) else []:
        wa_id = world.user_ids.get(_text(preference, "user_id")) or _text(preference, "wa_id")
        wish = _text(preference, "value")
        if wa_id in world.users and wish in ("stop", "resume"):
            pair = replace(world.pair(number.id, wa_id), marketing_stopped=wish == "stop")
            events.append(PairChanged(at=now, key=f"{number.id}:{wa_id}", pair=pair))
    return events


_Change = Callable[[World, int, dict[str, Any], PhoneNumber], list[Event]]
_CHANGES: dict[str, _Change] = {
    "account_review_update": _account_review,
    "account_update": enforcing.believe,
    "business_capability_update": _capability,
    "flows": _flow,
    "group_status_update": _group_status,
    "message_template_quality_update": _template_quality,
    "message_template_status_update": _template_status,
    "phone_number_name_update": _name,
    "phone_number_quality_update": _number_quality,
    "security": _security,
    "template_category_update": _template_category,
    "user_preferences": _preferences,
}
