"""What became of the messages of a number, and of the webhooks that told of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from localwaba.domain.ids import derive_number
from localwaba.domain.traffic import Delivery, Message
from localwaba.domain.world import World

_DIGITS = 17
_FIRST = "9"
TOLD = {"sent": "SENT", "delivered": "DELIVERED", "read": "READ", "failed": "FAILED"}
"""Statuses that the history knows; `played` is none of them (Meta: OpenAPI file)."""


class Occurrence(NamedTuple):
    """A status that a message got to, and the webhook that told an app of it; without one if no app was told."""

    id: str
    message: Message
    status: str
    at: int
    delivery: Delivery | None


@lru_cache(maxsize=65_536)
def history_id(seed: int, message_id: str) -> str:
    """The id of a message's history; it depends on nothing but the seed and the message."""
    return _FIRST + derive_number(seed, f"message_history {message_id}", _DIGITS - 1)


def find_message(world: World, node: str) -> Message | None:
    """The message whose history has this id."""
    if len(node) != _DIGITS or node[0] != _FIRST or not node.isdigit():
        return None
    outbound = (message for message in world.messages.values() if message.outbound)
    return next((message for message in outbound if history_id(world.seed, message.id) == node), None)


def messages_of(world: World, phone_number_id: str, message_id: str = "") -> list[Message]:
    """What a number has sent, the newest first; with an id only that message."""
    if message_id:
        message = world.messages.get(message_id)
        found = [message] if message is not None else []
    else:
        found = list(world.messages.values())[::-1]
    return [message for message in found if message.outbound and message.phone_number_id == phone_number_id]


def occurrences(world: World, messages: Iterable[Message]) -> dict[str, list[Occurrence]]:
    """By message what became of it, oldest first, once for each app that was told."""
    found: dict[str, list[Occurrence]] = {}
    wanted = {message.id: message for message in messages}
    told: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in world.deliveries.values():
        if delivery.message_id in wanted and delivery.status:
            told.setdefault((delivery.message_id, delivery.status), []).append(_carrier(world, delivery))
    for message in wanted.values():
        found[message.id] = rows = []
        for status, at in message.history:
            if status not in TOLD:
                continue
            webhooks: list[Delivery | None] = list(told.get((message.id, status), ()))
            for webhook in webhooks or [None]:
                salt = f"{message.id} {status} {webhook.app_id if webhook else ''} {webhook.id if webhook else at}"
                rows.append(Occurrence(derive_number(world.seed, salt, 16), message, status, at, webhook))
    return found


def _carrier(world: World, delivery: Delivery) -> Delivery:
    """The webhook whose POST a webhook was part of, which may be its own."""
    while delivery.carrier:
        carrier = world.deliveries.get(delivery.carrier)
        if carrier is None:
            return delivery
        delivery = carrier
    return delivery
