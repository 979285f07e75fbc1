"""A valid value for each webhook that only Meta can cause (shapes: Meta's webhook reference)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.ids import derive, derive_number
from localwaba.domain.model import PhoneNumber, Template, User
from localwaba.domain.world import World
from localwaba.operations.announcements import about

Value = dict[str, Any]
_USER = "16505551234"


def sample(world: World, now: int, field: str, number: PhoneNumber) -> Value | None:
    """A value for a field, about things of this world; None where the shape is not known, or nothing is there."""
    make = _SAMPLES.get(field)
    return make(world, now, number) if make else None


def _head(number: PhoneNumber) -> Value:
    metadata = {"display_phone_number": number.digits, "phone_number_id": number.id}
    return {"messaging_product": "whatsapp", "metadata": metadata}


def _user(world: World) -> dict[str, str]:
    """Some user of the world, the first one met."""
    user: User | None = next(iter(world.users.values()), None)
    if user is not None:
        return {"wa_id": user.wa_id, "user_id": user.user_id}
    return {"wa_id": _USER, "user_id": "US." + derive_number(world.seed, f"user {_USER}", 16)}


def _template(world: World) -> Template | None:
    return next((one for one in world.templates.values() if one.status != "DELETED"), None)


def _wamid(world: World) -> str:
    found = next(reversed(world.messages), None)
    return found or world.ids().wamid(_USER, outbound=True)


def _account_alerts(world: World, now: int, number: PhoneNumber) -> Value:
    alert = {
        "alert_severity": "INFORMATIONAL",
        "alert_status": "NONE",
        "alert_type": "OBA_APPROVED",
        "alert_description": "Your official business account was approved.",
    }
    return {"entity_type": "PHONE_NUMBER", "entity_id": number.id, "alert_info": alert}


def _account_review(world: World, now: int, number: PhoneNumber) -> Value:
    return {"decision": "APPROVED"}


def _account_update(world: World, now: int, number: PhoneNumber) -> Value:
    restriction = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": now // SECOND + 259_200}
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}


def _account_settings(world: World, now: int, number: PhoneNumber) -> Value:
    calling = {
        "status": "ENABLED",
        "call_icon_visibility": "DEFAULT",
        "callback_permission_status": "ENABLED",
        "sip": {"status": "DISABLED", "servers": []},
    }
    return {
        "messaging_product": "whatsapp",
        "timestamp": str(now // SECOND),
        "type": "phone_number_settings",
        "phone_number_settings": {"phone_number_id": number.id, "calling": calling},
    }


def _automatic_events(world: World, now: int, number: PhoneNumber) -> Value:
    event = {
        "id": _wamid(world),
        "event_name": "LeadSubmitted",
        "timestamp": now // SECOND,
        "ctwa_clid": "A" + derive(world.seed, "click", 60).hex(),
    }
    return _head(number) | {"automatic_events": [event]}


def _capability(world: World, now: int, number: PhoneNumber) -> Value:
    return {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": 25}


def _business_status(world: World, now: int, number: PhoneNumber) -> Value:
    return {"event": "BUSINESS_VERIFIED"}


def _username(world: World, now: int, number: PhoneNumber) -> Value:
    return {"display_phone_number": number.digits, "username": "localhost.business", "status": "approved"}


def _calls(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    session = {"sdp_type": "offer", "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}
    call = {
        "id": "wacid." + _wamid(world).removeprefix("wamid."),
        "to": number.digits,
        "from": user["wa_id"],
        "from_user_id": user["user_id"],
        "event": "connect",
        "timestamp": str(now // SECOND),
        "direction": "USER_INITIATED",
        "session": session,
    }
    return _head(number) | {"contacts": [{"profile": {"name": "Sample"}, **user}], "calls": [call]}


def _flows(world: World, now: int, number: PhoneNumber) -> Value:
    return {
        "event": "FLOW_STATUS_CHANGE",
        "message": "Flow Sample changed status from DRAFT to PUBLISHED",
        "flow_id": derive_number(world.seed, "flow"),
        "old_status": "DRAFT",
        "new_status": "PUBLISHED",
    }


def _group(world: World, now: int, number: PhoneNumber, item: Value) -> Value:
    head = {"timestamp": str(now // SECOND), "group_id": "Y2FwaV9ncm91cDo" + derive(world.seed, "group", 20).hex()}
    return _head(number) | {"groups": [head | item]}


def _group_lifecycle(world: World, now: int, number: PhoneNumber) -> Value:
    link = "https://chat.whatsapp.com/" + derive(world.seed, "invitation", 11).hex()
    item = {"type": "group_create", "subject": "Sample", "invite_link": link, "join_approval_mode": "auto_approve"}
    return _group(world, now, number, item)


def _group_participants(world: World, now: int, number: PhoneNumber) -> Value:
    item = {"type": "group_participants_add", "reason": "invite_link", "added_participants": [_user(world)]}
    return _group(world, now, number, item)


def _group_settings(world: World, now: int, number: PhoneNumber) -> Value:
    subject = {"text": "Sample", "update_successful": True}
    return _group(world, now, number, {"type": "group_settings_update", "group_subject": subject})


def _group_status(world: World, now: int, number: PhoneNumber) -> Value:
    return _group(world, now, number, {"type": "group_suspend"})


def _history(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    message = {
        "from": user["wa_id"],
        "id": _wamid(world),
        "timestamp": str(now // SECOND - 3_600),
        "type": "text",
        "text": {"body": "Sample"},
        "history_context": {"status": "READ"},
    }
    chunk = {
        "metadata": {"phase": 0, "chunk_order": 1, "progress": 100},
        "threads": [{"id": user["wa_id"], "context": user, "messages": [message]}],
    }
    return _head(number) | {"history": [chunk]}


def _echoes(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    echo = {
        "from": number.digits,
        "to": user["wa_id"],
        "to_user_id": user["user_id"],
        "id": _wamid(world),
        "timestamp": str(now // SECOND),
        "type": "text",
        "text": {"body": "Sample"},
    }
    return _head(number) | {"contacts": [user], "message_echoes": [echo]}


def _app_state(world: World, now: int, number: PhoneNumber) -> Value:
    contact = {"full_name": "Sample Person", "first_name": "Sample", "phone_number": _user(world)["wa_id"]}
    stamp = {"timestamp": str(now // SECOND)}
    return _head(number) | {"state_sync": [{"type": "contact", "contact": contact, "action": "add", "metadata": stamp}]}


def _template_components(world: World, now: int, number: PhoneNumber) -> Value | None:
    template = _template(world)
    return about(template) | {"message_template_element": "Sample text"} if template else None


def _template_quality(world: World, now: int, number: PhoneNumber) -> Value | None:
    template = _template(world)
    if template is None:
        return None
    return {"previous_quality_score": template.quality_score, "new_quality_score": "YELLOW"} | about(template)


def _template_status(world: World, now: int, number: PhoneNumber) -> Value | None:
    template = _template(world)
    if template is None:
        return None
    told = {"event": "FLAGGED"} | about(template)
    return told | {"reason": "NONE", "message_template_category": template.category}


def _template_category(world: World, now: int, number: PhoneNumber) -> Value | None:
    template = _template(world)
    if template is None:
        return None
    new = "UTILITY" if template.category == "MARKETING" else "MARKETING"
    return about(template) | {"previous_category": template.category, "new_category": new}


def _template_detection(world: World, now: int, number: PhoneNumber) -> Value | None:
    template = _template(world)
    return about(template) | {"category": template.category, "correct_category": "MARKETING"} if template else None


def _handovers(world: World, now: int, number: PhoneNumber) -> Value:
    passed = {"previous_owner_app_id": world.app_id, "new_owner_role": "customer_service"}
    return {
        "messaging_product": "whatsapp",
        "sender": {"phone_number": _user(world)["wa_id"]},
        "recipient": {"phone_number_id": number.id, "display_phone_number": number.digits},
        "type": "control_passed",
        "timestamp": str(now // SECOND),
        "control_passed": passed,
    }


def _standby(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    message = {
        "from": user["wa_id"],
        "from_user_id": user["user_id"],
        "id": _wamid(world),
        "timestamp": str(now // SECOND),
        "text": {"body": "Sample"},
        "type": "text",
    }
    contact = {"profile": {"name": "Sample"}, **user}
    return _head(number) | {"standby": {"contacts": [contact], "messages": [message]}}


def _solutions(world: World, now: int, number: PhoneNumber) -> Value:
    solution = derive_number(world.seed, "solution")
    return {"event": "SOLUTION_CREATED", "solution_id": solution, "solution_status": "ACTIVE"}


def _payment(world: World, now: int, number: PhoneNumber) -> Value:
    return {
        "configuration_name": "sample",
        "provider_name": "razorpay",
        "provider_mid": "acc_sample",
        "status": "Needs Testing",
        "created_timestamp": now // SECOND - 60,
        "updated_timestamp": now // SECOND,
    }


def _name(world: World, now: int, number: PhoneNumber) -> Value:
    return {
        "display_phone_number": number.digits,
        "decision": "APPROVED",
        "requested_verified_name": number.new_name or number.verified_name,
        "rejection_reason": None,
    }


def _quality(world: World, now: int, number: PhoneNumber) -> Value:
    limit = "TIER_UNLIMITED"
    return {
        "display_phone_number": number.digits,
        "event": "THROUGHPUT_UPGRADE",
        "current_limit": limit,
        "max_daily_conversations_per_business": limit,
    }


def _security(world: World, now: int, number: PhoneNumber) -> Value:
    return {"display_phone_number": number.digits, "event": "PIN_CHANGED"}


def _preferences(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    preference = user | {
        "detail": "User requested to stop marketing messages",
        "category": "marketing_messages",
        "value": "stop",
        "timestamp": now // SECOND,
    }
    return _head(number) | {
        "contacts": [{"profile": {"name": "Sample"}, **user}],
        "user_preferences": [preference],
    }


def _user_id(world: World, now: int, number: PhoneNumber) -> Value:
    user = _user(world)
    change = {
        "wa_id": user["wa_id"],
        "detail": "User id for Sample has been updated.",
        "user_id": {"previous": user["user_id"], "current": user["user_id"] + "0"},
        "timestamp": str(now // SECOND),
    }
    contact = {"profile": {"name": "Sample"}, "wa_id": user["wa_id"]}
    return _head(number) | {"contacts": [contact], "user_id_update": [change]}


def _tracking(world: World, now: int, number: PhoneNumber) -> Value:
    event = {"event_name": "sent", "timestamp": now // SECOND, "tracking_data": {"click_id": "sample"}}
    return _head(number) | {"events": [event]}


_SAMPLES: dict[str, Callable[[World, int, PhoneNumber], Value | None]] = {
    "account_alerts": _account_alerts,
    "account_review_update": _account_review,
    "account_settings_update": _account_settings,
    "account_update": _account_update,
    "automatic_events": _automatic_events,
    "business_capability_update": _capability,
    "business_status_update": _business_status,
    "business_username_updates": _username,
    "calls": _calls,
    "flows": _flows,
    "group_lifecycle_update": _group_lifecycle,
    "group_participants_update": _group_participants,
    "group_settings_update": _group_settings,
    "group_status_update": _group_status,
    "history": _history,
    "message_echoes": _echoes,
    "message_template_components_update": _template_components,
    "message_template_quality_update": _template_quality,
    "message_template_status_update": _template_status,
    "messaging_handovers": _handovers,
    "partner_solutions": _solutions,
    "payment_configuration_update": _payment,
    "phone_number_name_update": _name,
    "phone_number_quality_update": _quality,
    "security": _security,
    "smb_app_state_sync": _app_state,
    "smb_message_echoes": _echoes,
    "standby": _standby,
    "template_category_update": _template_category,
    "template_correct_category_detection": _template_detection,
    "tracking_events": _tracking,
    "user_id_update": _user_id,
    "user_preferences": _preferences,
}
FIELDS = tuple(_SAMPLES)
"""Fields for which there is a sample."""
