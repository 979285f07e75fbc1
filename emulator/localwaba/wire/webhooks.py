"""What happened, as the `value` of a webhook, in the key order of real payloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from localwaba.domain import tiers, urls
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Announced, Event, MessageReceived, StatusReached, TemplateJudged
from localwaba.domain.ids import derive
from localwaba.domain.model import Message, PhoneNumber, Template, User
from localwaba.domain.quality_state import NumberFlagged, TemplateCategorised, TemplateRated
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.errors import webhook_error

_TYPE_LAST = frozenset({"text", "location", "system"})
_HEAD = ("context", "referral")
_WITH_URL = ("caption", "filename", "mime_type", "sha256", "id")
_decode = msgspec.json.Decoder().decode


class Notice(NamedTuple):
    """Which field an event is announced in, for which account and number; deliveries of one lane keep their order."""

    field: str
    waba_id: str
    phone_number_id: str
    lane: str
    entry_id: str = ""
    timed: bool = False


def notice(world: World, event: Event) -> Notice | None:
    """Where an event is announced; None: nowhere."""
    find = _NOTICES.get(type(event))
    return find(world, event) if find else None


def value(world: World, event: Event, traits: Traits) -> dict[str, Any]:
    """The `value` that announces an event to an app of a Graph version."""
    return _VALUES[type(event)](world, event, traits)


def envelope(waba_id: str, field: str, value: dict[str, Any], time: int | None = None) -> dict[str, Any]:
    """One change of one entry; `time` is in seconds and goes with account, template and phone fields only."""
    entry: dict[str, Any] = {"id": waba_id}
    if time is not None:
        entry["time"] = time
    entry["changes"] = [{"value": value, "field": field}]
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _number_value(number: PhoneNumber) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }


def _status_notice(world: World, event: StatusReached) -> Notice | None:
    message = world.messages.get(event.message_id)
    if message is None or event.silent:
        return None
    number_id = message.phone_number_id
    lane = f"{number_id}:{message.wa_id}" if not event.apart else message.id
    return Notice("messages", world.numbers[number_id].waba_id, number_id, lane)


def _status_value(world: World, event: StatusReached, traits: Traits) -> dict[str, Any]:
    message = world.messages[event.message_id]
    user = world.users[message.wa_id]
    found = _number_value(world.numbers[message.phone_number_id])
    contacts = _status_contacts(world, message, user, event.status)
    if contacts:
        found["contacts"] = contacts
    found["statuses"] = [_status(world, message, user, event, traits)]
    return found


def _phone_known(message: Message, user: User) -> bool:
    """The phone number is omitted for messages that were sent to a BSUID whose phone is hidden."""
    return not message.to_bsuid or user.behaviour.phone_visible


def _status_contacts(world: World, message: Message, user: User, status: str) -> list[dict[str, Any]]:
    mode, with_ids = world.policy.status_contacts, world.policy.business_scoped_ids
    if mode == "none" or not with_ids:
        return []
    contact: dict[str, Any] = {}
    if mode == "documented":
        if status == "failed":
            return []
        contact["profile"] = {"name": user.name}
        if user.username and status != "sent":
            contact["profile"]["username"] = user.username
    if _phone_known(message, user):
        contact["wa_id"] = user.wa_id
    if status != "failed" or message.to_bsuid:
        contact["user_id"] = user.user_id
    return [contact]


def _status(world: World, message: Message, user: User, event: StatusReached, traits: Traits) -> dict[str, Any]:
    status = event.status
    stamp = str(event.at // SECOND)
    item: dict[str, Any] = {"id": message.id, "status": status, "timestamp": stamp}
    if message.group_id:
        item["recipient_id"], item["recipient_type"] = message.group_id, "group"
    elif _phone_known(message, user):
        item["recipient_id"] = user.wa_id
    if world.policy.business_scoped_ids and (status != "failed" or message.to_bsuid):
        item["recipient_user_id"] = user.user_id
    if message.callback_data is not None:
        item["biz_opaque_callback_data"] = message.callback_data
    pricing = message.pricing
    if pricing is not None and status != "failed":
        if message.conversation:
            item["conversation"] = _charged_conversation(message, event, pricing.category)
        elif traits.status_conversation or message.in_entry_window:
            item["conversation"] = _conversation(world, message, pricing.category, status, stamp)
        if world.policy.status_pricing == "all" or status in ("sent", "delivered"):
            item["pricing"] = {
                "billable": pricing.billable,
                "pricing_model": pricing.pricing_model,
                "category": pricing.category,
            }
            if pricing.type:
                item["pricing"]["type"] = pricing.type
    if event.refusal is not None:
        item["errors"] = [webhook_error(event.refusal, world.policy.error_href)]
    return item


def _conversation(world: World, message: Message, category: str, status: str, stamp: str) -> dict[str, Any]:
    pair = world.pair(message.phone_number_id, message.wa_id)
    scope = message.id
    origin = category
    if message.in_entry_window:
        scope, origin = f"{message.phone_number_id}:{message.wa_id}:{pair.entry_until}", "referral_conversion"
    found: dict[str, Any] = {"id": derive(world.seed, f"conversation {scope}").hex()}
    if status == "sent":
        found["expiration_timestamp"] = str(pair.entry_until // SECOND) if message.in_entry_window else stamp
    found["origin"] = {"type": origin.replace("-", "_")}
    return found


def _charged_conversation(message: Message, event: StatusReached, category: str) -> dict[str, Any]:
    """The conversation that a message belongs to where conversations are charged, whatever the version."""
    found: dict[str, Any] = {"id": message.conversation}
    if event.conversation_until:
        found["expiration_timestamp"] = str(event.conversation_until // SECOND)
    found["origin"] = {"type": category.replace("-", "_")}
    return found


def _received_notice(world: World, event: MessageReceived) -> Notice:
    number_id = event.message.phone_number_id
    lane = f"{number_id}:{event.message.wa_id}"
    return Notice("messages", world.numbers[number_id].waba_id, number_id, lane)


def _received_value(world: World, event: MessageReceived, traits: Traits) -> dict[str, Any]:
    message = event.message
    user = world.users[message.wa_id]
    found = _number_value(world.numbers[message.phone_number_id])
    body: dict[str, Any] = _decode(message.body)
    if message.type != "system":
        found["contacts"] = [_contact(world, user)]
    found["messages"] = [inbound_message(world, message, user, body)]
    return found


def _contact(world: World, user: User) -> dict[str, Any]:
    profile: dict[str, Any] = {"name": user.name}
    if user.username:
        profile["username"] = user.username
    contact: dict[str, Any] = {"profile": profile}
    if user.behaviour.phone_visible:
        contact["wa_id"] = user.wa_id
    if world.policy.business_scoped_ids:
        contact["user_id"] = user.user_id
    if user.behaviour.identity_key_hash:
        contact["identity_key_hash"] = user.behaviour.identity_key_hash
    return contact


def inbound_message(world: World, message: Message, user: User, body: dict[str, Any]) -> dict[str, Any]:
    """A user's message as in `messages[]`: members in the order of captured payloads."""
    kind = message.type
    item: dict[str, Any] = {key: body[key] for key in _HEAD if key in body}
    if user.behaviour.phone_visible:
        item["from"] = user.wa_id
    if world.policy.business_scoped_ids:
        item["from_user_id"] = user.user_id
    if message.group_id:
        item["group_id"] = message.group_id
    item["id"] = message.id
    item["timestamp"] = str(message.at // SECOND)
    if "errors" in body:
        item["errors"] = body["errors"]
    content = {kind: _with_url(world, message, body[kind])} if kind in body else {}
    item |= content | {"type": kind} if kind in _TYPE_LAST else {"type": kind} | content
    known = {*item, *_HEAD, "type", kind}
    item |= {key: other for key, other in body.items() if key not in known}
    return item


def _with_url(world: World, message: Message, content: Any) -> Any:
    """The object of a media message with its short-lived URL, which follows `id`."""
    if not message.media_id or not world.policy.inbound_media_url or not isinstance(content, dict):
        return content
    url = urls.media_url(world, message.media_id, message.at, source="webhook")
    head = {key: content[key] for key in _WITH_URL if key in content}
    return head | {"url": url} | {key: other for key, other in content.items() if key not in _WITH_URL}


def _template_notice(world: World, event: TemplateJudged) -> Notice | None:
    return _about_template(world, event.template_id, "message_template_status_update")


def _template_value(world: World, event: TemplateJudged, traits: Traits) -> dict[str, Any]:
    template = world.templates[event.template_id]
    found: dict[str, Any] = {
        "event": event.told or event.status,
        **_named(template),
        "reason": event.reason or None,
        "message_template_category": template.category,
    }
    if event.disable_date:
        found["disable_info"] = {"disable_date": event.disable_date}
    if event.other_info:
        found["other_info"] = event.other_info
    if event.rejection_info:
        found["rejection_info"] = event.rejection_info
    return found


def _about_template(world: World, template_id: str, field: str) -> Notice | None:
    """All that is told of one template goes in one lane, so that a pause comes after the score that caused it."""
    template = world.templates.get(template_id)
    return Notice(field, template.waba_id, "", template.id, timed=True) if template else None


def _named(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def _score_notice(world: World, event: TemplateRated) -> Notice | None:
    return _about_template(world, event.template_id, "message_template_quality_update")


def _score_value(world: World, event: TemplateRated, traits: Traits) -> dict[str, Any]:
    scores = {"previous_quality_score": event.previous, "new_quality_score": event.score}
    return scores | _named(world.templates[event.template_id])


def _category_notice(world: World, event: TemplateCategorised) -> Notice | None:
    return _about_template(world, event.template_id, "template_category_update")


def _category_value(world: World, event: TemplateCategorised, traits: Traits) -> dict[str, Any]:
    found = _named(world.templates[event.template_id])
    if not event.correct:
        return found | {"previous_category": event.previous, "new_category": event.category}
    return found | {
        "correct_category": event.correct,
        "new_category": event.category,
        "category_update_timestamp": event.effective_at // SECOND,
    }


def _flag_notice(world: World, event: NumberFlagged) -> Notice | None:
    if event.silent:
        return None
    number = world.numbers[event.phone_number_id]
    return Notice("phone_number_quality_update", number.waba_id, number.id, number.id, timed=True)


def _flag_value(world: World, event: NumberFlagged, traits: Traits) -> dict[str, Any]:
    number = world.numbers[event.phone_number_id]
    limit = tiers.limit_of(world, number)
    return {
        "display_phone_number": number.digits,
        "event": "FLAGGED" if event.flagged else "UNFLAGGED",
        "current_limit": limit,
        "max_daily_conversations_per_business": limit,
    }


def _announced_notice(world: World, event: Announced) -> Notice:
    lane = event.phone_number_id or str(event.value.get("message_template_id") or event.field)
    return Notice(event.field, event.waba_id, event.phone_number_id, lane, event.entry_id, event.timed)


def _announced_value(world: World, event: Announced, traits: Traits) -> dict[str, Any]:
    return event.value


_NOTICES: dict[type, Callable[[World, Any], Notice | None]] = {
    StatusReached: _status_notice,
    MessageReceived: _received_notice,
    TemplateJudged: _template_notice,
    TemplateRated: _score_notice,
    TemplateCategorised: _category_notice,
    NumberFlagged: _flag_notice,
    Announced: _announced_notice,
}
_VALUES: dict[type, Callable[[World, Any, Traits], dict[str, Any]]] = {
    StatusReached: _status_value,
    MessageReceived: _received_value,
    TemplateJudged: _template_value,
    TemplateRated: _score_value,
    TemplateCategorised: _category_value,
    NumberFlagged: _flag_value,
    Announced: _announced_value,
}
