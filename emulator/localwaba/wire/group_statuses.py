"""What became of a message to a group: one webhook for all participants to whom it happened at the same time."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.events import GroupStatusReached
from localwaba.domain.ids import derive
from localwaba.domain.model import User
from localwaba.domain.traffic import Message, Pricing
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import people
from localwaba.wire.notices import Notice, number_value
from localwaba.wire.statuses import shown_error, shown_pricing


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
    users = [world.users[wa_id] for wa_id in event.participants]
    if users and world.policy.business_scoped_ids and world.policy.status_contacts != "none":
        found["contacts"] = [_contact(world, user) for user in users]
    found["statuses"] = [_status(world, message, event, user, traits) for user in users or (None,)]
    return found


def _contact(world: World, user: User) -> dict[str, Any]:
    contact: dict[str, Any] = {}
    if world.policy.status_contacts == "documented":
        contact["profile"] = {"name": user.name} | ({"username": user.username} if user.username else {})
    return contact | people.ids(world, user)


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
        item |= _charges(world, message, message.pricing, traits)
    if event.refusal is not None:
        item["errors"] = [shown_error(event.refusal, world.policy)]
    return item


def _charges(world: World, message: Message, pricing: Pricing, traits: Traits) -> dict[str, Any]:
    """`conversation` and `pricing`, one beside the other or one inside the other (Meta's group pages have both)."""
    number = derive(world.seed, f"conversation {message.id}").hex()
    conversation = {"id": number, "origin": {"type": pricing.category}}
    if world.policy.group_pricing == "inside":
        return {"conversation": conversation | {"pricing": shown_pricing(pricing)}}
    head = {"conversation": conversation} if traits.status_conversation else {}
    return head | {"pricing": shown_pricing(pricing)}


def _participant(world: World, user: User) -> dict[str, Any]:
    names = (world.policy.group_participant, "recipient_participant_user_id", "recipient_participant_parent_user_id")
    ids = people.ids(world, user)
    of = zip(names, ("wa_id", "user_id", "parent_user_id"), strict=True)
    return {name: ids[id_name] for name, id_name in of if id_name in ids}
