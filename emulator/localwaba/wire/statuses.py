"""What became of messages of the business, as `statuses` of a webhook, in the key order of real payloads."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import StatusReached
from localwaba.domain.ids import derive
from localwaba.domain.model import User
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Message, Pricing
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import people
from localwaba.wire.errors import webhook_error
from localwaba.wire.notices import Notice, number_value

_NOT_ON_WHATSAPP = 131026
_ON_PREMISES = {"code": 1026, "href": "/docs/whatsapp/api/errors", "title": "Receiver Incapable"}


def notice(world: World, event: StatusReached) -> Notice | None:
    """Where a status is announced."""
    message = world.messages.get(event.message_id)
    if message is None or event.silent:
        return None
    number_id = message.phone_number_id
    lane = f"{number_id}:{message.wa_id}" if not event.apart else message.id
    return Notice("messages", world.numbers[number_id].waba_id, number_id, lane)


def value(world: World, event: StatusReached, traits: Traits) -> dict[str, Any]:
    """The value that tells of a status."""
    message = world.messages[event.message_id]
    number, user = world.numbers[message.phone_number_id], world.users[message.wa_id]
    found = number_value(number)
    if _is_on_premises(event, world.policy):
        return found | {"statuses": [_on_premises(message, user, event)]}
    contacts = _contacts(world, message, user, event.status)
    if contacts:
        found["contacts"] = contacts
    found["statuses"] = [_status(world, message, user, event, traits)]
    return found


def _is_on_premises(event: StatusReached, policy: Policy) -> bool:
    refusal = event.refusal
    return policy.failed_status == "on_premises" and refusal is not None and refusal.code == _NOT_ON_WHATSAPP


def _on_premises(message: Message, user: User, event: StatusReached) -> dict[str, Any]:
    """A message that the user's app cannot show, as the on-premises API said it."""
    return {
        "errors": [_ON_PREMISES],
        "id": message.id,
        "message": {"recipient_id": f"+{user.wa_id}"},
        "recipient_id": user.wa_id,
        "status": event.status,
        "timestamp": str(event.at // SECOND),
        "type": "message",
    }


def _phone_known(world: World, message: Message, user: User) -> bool:
    """The phone number is omitted for messages that were sent to a BSUID whose phone is hidden."""
    return not message.to_bsuid or people.shows_number(world, user)


def _contacts(world: World, message: Message, user: User, status: str) -> list[dict[str, Any]]:
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
    if _phone_known(world, message, user):
        contact["wa_id"] = user.wa_id
    if status != "failed" or message.to_bsuid:
        contact["user_id"] = user.user_id
        parent = people.parent_id(world, user)
        contact |= {"parent_user_id": parent} if parent else {}
    return [contact]


def _status(world: World, message: Message, user: User, event: StatusReached, traits: Traits) -> dict[str, Any]:
    status = event.status
    stamp = str(event.at // SECOND)
    item: dict[str, Any] = {"id": message.id, "status": status, "timestamp": stamp}
    item |= _recipient(world, message, user, status)
    if message.identity_key_hash:
        item["recipient_identity_key_hash"] = message.identity_key_hash
    if message.callback_data is not None:
        item["biz_opaque_callback_data"] = message.callback_data
    pricing = message.pricing
    if pricing is not None and status != "failed":
        if message.conversation:
            item["conversation"] = _charged_conversation(message, event, pricing.category)
        elif traits.status_conversation or message.in_entry_window:
            item["conversation"] = _conversation(world, message, pricing.category, status, stamp)
        if world.policy.status_pricing == "all" or status in ("sent", "delivered"):
            item["pricing"] = shown_pricing(pricing)
    if event.refusal is not None:
        item["errors"] = [shown_error(event.refusal, world.policy)]
    return item


def _recipient(world: World, message: Message, user: User, status: str) -> dict[str, str]:
    """Whom a message was sent to: the number, then the business-scoped ids."""
    found = {"recipient_id": user.wa_id} if _phone_known(world, message, user) else {}
    if world.policy.business_scoped_ids and (status != "failed" or message.to_bsuid):
        found["recipient_user_id"] = user.user_id
        parent = people.parent_id(world, user)
        found |= {world.policy.parent_recipient_member: parent} if parent else {}
    return found


def shown_pricing(pricing: Pricing) -> dict[str, Any]:
    """`pricing` of a status."""
    found: dict[str, Any] = {
        "billable": pricing.billable,
        "pricing_model": pricing.pricing_model,
        "category": pricing.category,
    }
    return found | ({"type": pricing.type} if pricing.type else {})


def shown_error(refusal: Refusal, policy: Policy) -> dict[str, Any]:
    """One of the `errors` of a status."""
    found = webhook_error(refusal, policy.error_href)
    return {name: found[name] for name in ("code", "title")} if policy.failed_status == "2022" else found


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
