"""Older and newer shapes of webhook values: what a knob leaves out, adds or spells otherwise, a row for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from localwaba.domain.policy import Policy

Value = dict[str, Any]
Change = Callable[[Value], Value]


class Shape(NamedTuple):
    """With `knob` at `setting`, values of `fields` are changed."""

    knob: str
    setting: Any
    fields: tuple[str, ...]
    change: Change


def shaped(policy: Policy, field: str, value: Value) -> Value:
    """A value as apps of the time that the knobs stand for get it; the value itself stays as it is."""
    for shape in _BY_FIELD.get(field, ()):
        if getattr(policy, shape.knob) == shape.setting:
            value = shape.change(value)
    return value


def _without(*names: str) -> Change:
    """Leaves members out, however deep they lie."""

    def change(value: Value) -> Value:
        return {name: _deep(part, change) for name, part in value.items() if name not in names}

    return change


def _deep(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return change(value)
    return [_deep(part, change) for part in value] if isinstance(value, list) else value


def _per_phone(value: Value) -> Value:
    return value | {"max_daily_conversation_per_phone": value["max_daily_conversations_per_business"]}


def _null_reason(value: Value) -> Value:
    return {name: None if (name, part) == ("reason", "NONE") else part for name, part in value.items()}


def _hyphen(value: Value) -> Value:
    name = "message_template_language"
    return {key: part.replace("_", "-") if key == name else part for key, part in value.items()}


def _of_calls(change: Change) -> Change:
    def changed(value: Value) -> Value:
        calls = {"calls": [change(one) for one in value["calls"]]} if "calls" in value else {}
        return {name: calls.get(name, part) for name, part in value.items()}

    return changed


def _connection(call: Value) -> Value:
    return {
        "connection" if name == "session" else name: {"webrtc": {"sdp": part["sdp"]}} if name == "session" else part
        for name, part in call.items()
    }


def _capitalised(call: Value) -> Value:
    return {name: part.capitalize() if name == "status" else part for name, part in call.items()}


_TEMPLATES = (
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "template_category_update",
    "template_correct_category_detection",
)
_OF_USERS = (
    "calls",
    "group_participants_update",
    "history",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "user_preferences",
)
_USER_IDS = (
    "user_id",
    "parent_user_id",
    "from_user_id",
    "from_parent_user_id",
    "to_user_id",
    "to_parent_user_id",
    "recipient_user_id",
    "recipient_parent_user_id",
)

SHAPES = (
    Shape("business_scoped_ids", False, _OF_USERS, _without(*_USER_IDS)),
    Shape("limit_members", "until-2026", ("business_capability_update",), _per_phone),
    Shape("limit_members", "removed", ("phone_number_quality_update",), _without("old_limit", "current_limit")),
    Shape("template_category_told", False, ("message_template_status_update",), _without("message_template_category")),
    Shape("template_no_reason", "null", ("message_template_status_update",), _null_reason),
    Shape("template_language_form", "hyphen", _TEMPLATES, _hyphen),
    Shape("call_session", "connection", ("calls",), _of_calls(_connection)),
    Shape("call_end_status", "capitalised", ("calls",), _of_calls(_capitalised)),
)
"""Every difference; rows of one field are applied in this order."""

OF_MESSAGES: tuple[tuple[str, Any], ...] = (
    ("status_contacts", "documented"),
    ("status_contacts", "none"),
    ("status_pricing", "sent-and-one"),
    ("error_href", "path"),
    ("error_href", "none"),
    ("business_scoped_ids", False),
    ("parent_user_ids", True),
    ("parent_recipient_member", "parent_recipient_user_id"),
    ("inbound_media_url", False),
    ("number_change", "2022"),
    ("user_id_change", "april"),
    ("user_id_change", "none"),
    ("identity_change", "system"),
    ("removed_reaction", "omitted"),
    ("unsupported_object", False),
    ("permission_time", "text"),
    ("failed_status", "2022"),
    ("failed_status", "on_premises"),
    ("group_participant", "participant_recipient_id"),
    ("group_pricing", "inside"),
    ("click_webhooks", True),
)
"""Knobs of the field `messages` and their other settings; `wire.inbound` and `wire.statuses` do what they say."""

_BY_FIELD: dict[str, tuple[Shape, ...]] = {
    field: tuple(shape for shape in SHAPES if field in shape.fields) for shape in SHAPES for field in shape.fields
}
