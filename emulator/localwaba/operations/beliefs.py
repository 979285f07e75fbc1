"""What a webhook of Meta says is so: the changes of the world that follow from its value, field by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import enforcement, tiers
from localwaba.domain.events import Event, PairChanged, Put
from localwaba.domain.flows import STATUSES as FLOW_STATUSES
from localwaba.domain.ids import derive_number
from localwaba.domain.model import PhoneNumber, Template
from localwaba.domain.world import World
from localwaba.operations import coexistence, enforcing
from localwaba.operations.meta import CATEGORIES, LIMITS, QUALITIES, STATUSES
from localwaba.operations.platform_messages import believe_messages
from localwaba_contracts.validate import violation
from localwaba_contracts.webhooks import contract_of

_ONLY_EVENTS = frozenset({"FLAGGED", "LOCKED"})
_APPROVING = frozenset({"REINSTATED", "UNARCHIVED"})


def believe(world: World, now: int, field: str, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """The events that make true what a value says; what makes no sense changes nothing."""
    change = _CHANGES.get(field)
    if change is None or (field in _STRICT and violation(contract_of(field) or "", value) is not None):
        return []
    return change(world, now, value, number)


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
    """The PIN is another one, which only the number's owner knows; or it was turned off by the link in Meta's mail."""
    number, event = _displayed(world, value, number), _text(value, "event")
    if event == "PIN_CHANGED" and number.pin:
        pin = derive_number(world.seed, f"pin after {number.pin}", 6)
        return [Put(at=now, thing=replace(number, pin=pin, pin_failures=0, pin_locked_until=0, pin_failed_at=0))]
    if event != "PIN_REQUEST_SUCCESS":
        return []
    return [Put(at=now, thing=replace(number, pin="", pin_failures=0, pin_locked_until=0, pin_failed_at=0))]


def _number_quality(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    number, event = _displayed(world, value, number), _text(value, "event")
    limit = _text(value, "max_daily_conversations_per_business") or _text(value, "current_limit")
    if event in ("ONBOARDING", "UPGRADE", "DOWNGRADE") and limit in LIMITS:
        if world.policy.messaging_limit_model == "number":
            return [Put(at=now, thing=replace(number, messaging_limit=limit))]
        return [Put(at=now, thing=replace(tiers.business_of(world, number), messaging_limit=limit))]
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
        if wa_id in world.users and wish in ("stop", "resume", "signup"):
            pair = replace(world.pair(number.id, wa_id), marketing_stopped=wish == "stop")
            events.append(PairChanged(at=now, key=f"{number.id}:{wa_id}", pair=pair))
    return events


def _components(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """The texts of a template's body, header and footer, as they were edited elsewhere."""
    template = _template(world, value)
    if template is None:
        return []
    texts = {part: _text(value, f"message_template_{name}") for part, name in _PARTS.items()}
    parts: list[dict[str, Any]] = msgspec.json.decode(template.components)
    edited = [
        part | ({"text": texts[part["type"]]} if texts.get(part["type"]) and "text" in part else {}) for part in parts
    ]
    return [Put(at=now, thing=replace(template, components=msgspec.json.encode(edited), updated_at=now))]


_PARTS = {"BODY": "element", "HEADER": "title", "FOOTER": "footer"}


def _settings(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """A number's settings of calling."""
    told = value["phone_number_settings"]
    of = world.numbers.get(told["phone_number_id"])
    if of is None or "calling" not in told:
        return []
    calling = {**of.settings.get("calling", {}), **told["calling"]}
    return [Put(at=now, thing=replace(of, settings={**of.settings, "calling": calling}))]


def _user_id(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """Users whose business-scoped id is another one from now on."""
    events: list[Event] = []
    for one in value["user_id_update"]:
        user = world.users.get(world.user_ids.get(one["user_id"]["previous"]) or one.get("wa_id", ""))
        current = one["user_id"]["current"]
        if user is None or world.user_ids.get(current, user.wa_id) != user.wa_id:
            continue
        parent = one.get("parent_user_id", {}).get("current", user.parent_user_id)
        events.append(Put(at=now, thing=replace(user, user_id=current, parent_user_id=parent)))
    return events


_Change = Callable[[World, int, dict[str, Any], PhoneNumber], list[Event]]
_CHANGES: dict[str, _Change] = {
    "account_settings_update": _settings,
    "account_review_update": _account_review,
    "account_update": enforcing.believe,
    "business_capability_update": _capability,
    "flows": _flow,
    "group_status_update": _group_status,
    "history": coexistence.learn_history,
    "messages": believe_messages,
    "message_template_components_update": _components,
    "message_template_quality_update": _template_quality,
    "message_template_status_update": _template_status,
    "phone_number_name_update": _name,
    "phone_number_quality_update": _number_quality,
    "security": _security,
    "smb_message_echoes": coexistence.learn_echoes,
    "template_category_update": _template_category,
    "user_id_update": _user_id,
    "user_preferences": _preferences,
}
_STRICT = frozenset(
    {"account_settings_update", "history", "message_template_components_update", "smb_message_echoes", "user_id_update"}
)
"""Fields of which only values that keep the contract are believed; of the others, whatever can be understood."""
