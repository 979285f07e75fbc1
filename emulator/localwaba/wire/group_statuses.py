"""What became of a message to a group: one webhook for all participants to whom it happened at the same time."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.events import GroupStatusReached
from localwaba.domain.ids import derive
from localwaba.domain.model import Message, User
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.errors import webhook_error
from localwaba.wire.notices import Notice, number_value


def notice(world: World, event: GroupStatusReached) -> Notice | None:
    """Statuses of a group keep their order among themselves."""
    message = world.messages.get(event.message_id)
    if message is None:
        return None
    number_id = message.phone_number_id
    return Notice("messages", world.numbers[number_id].waba_id, number_id, f"{number_id}:{message.group_id}")


def value(world: World, event: GroupStatusReached, traits: Traits) -> dict[str, Any]:
    """`sent` and `failed` are told once and of the group; the others of each participant (Meta: groups messaging)."""
    message = world.messages[event.message_id]
    found = number_value(world.numbers[message.phone_number_id])
    people = [world.users[wa_id] for wa_id in event.participants]
    if people and world.policy.business_scoped_ids and world.policy.status_contacts != "none":
        found["contacts"] = [_contact(world, user) for user in people]
    found["statuses"] = [_status(world, message, event, user, traits) for user in people or (None,)]
    return found


def _contact(world: World, user: User) -> dict[str, Any]:
    contact: dict[str, Any] = {}
    if world.policy.status_contacts == "documented":
        contact["profile"] = {"name": user.name} | ({"username": user.username} if user.username else {})
    if user.behaviour.phone_visible:
        contact["wa_id"] = user.wa_id
    contact["user_id"] = user.user_id
    if user.parent_user_id:
        contact["parent_user_id"] = user.parent_user_id
    return contact


def _status(
    world: World, message: Message, event: GroupStatusReached, user: User | None, traits: Traits
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": message.id,
        "status": event.status,
        "timestamp": str(event.at // SECOND),
        "recipient_id": message.group_id,
        "recipient_type": "group",
    }
    if user is not None:
        item |= _participant(world, user)
    if message.callback_data is not None:
        item["biz_opaque_callback_data"] = message.callback_data
    if user is not None and message.pricing is not None:
        pricing = message.pricing
        if traits.status_conversation:
            conversation = derive(world.seed, f"conversation {message.id}").hex()
            item["conversation"] = {"id": conversation, "origin": {"type": pricing.category}}
        item["pricing"] = {
            "billable": pricing.billable,
            "pricing_model": pricing.pricing_model,
            "category": pricing.category,
        } | ({"type": pricing.type} if pricing.type else {})
    if event.refusal is not None:
        item["errors"] = [webhook_error(event.refusal, world.policy.error_href)]
    return item


def _participant(world: World, user: User) -> dict[str, Any]:
    found: dict[str, Any] = {"recipient_participant_id": user.wa_id} if user.behaviour.phone_visible else {}
    if world.policy.business_scoped_ids:
        found["recipient_participant_user_id"] = user.user_id
        if user.parent_user_id:
            found["recipient_participant_parent_user_id"] = user.parent_user_id
    return found
