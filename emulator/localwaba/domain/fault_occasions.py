"""What faults are asked about: calls, messages about to get somewhere, webhooks about to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from localwaba.domain.traffic import Delivery, Message
from localwaba.domain.world import World

_decode = msgspec.json.Decoder().decode


class Occasion(NamedTuple):
    """Something that a fault may hit: what it is in a word, what counts as the same, and what can be matched of it."""

    hit: str
    subject: str
    operation: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    phone_number_id: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    field: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()


def of_message(world: World, message: Message, status: str = "") -> Occasion:
    """A message of either direction, about to reach a status or to be announced."""
    user = world.users.get(message.wa_id)
    template = world.templates.get(message.template_id) if message.template_id else None
    return Occasion(
        hit=f"{status or 'message'} of {message.id}" if status else f"message {message.id}",
        subject=message.id,
        recipient=(message.wa_id, user.user_id) if user else (message.wa_id,),
        template=(template.name,) if template else (),
        type=(message.type,),
        phone_number_id=(message.phone_number_id,),
        status=(status,) if status else (),
        field=("messages",),
        direction=("outbound",) if message.outbound else ("inbound",),
    )


def of_delivery(world: World, delivery: Delivery) -> Occasion:
    """A webhook, about to be queued or sent; what it tells of is read out of its body."""
    found: list[Occasion] = []
    for item, kind in _items(delivery) if delivery.field == "messages" else ():
        message = world.messages.get(str(item.get("id")))
        if message is not None:
            found.append(of_message(world, message, str(item.get("status", "")) if kind == "statuses" else ""))
    hit = ": ".join(filter(None, (f"webhook {delivery.id}", ", ".join(one.hit for one in found))))
    number = (delivery.phone_number_id,) if delivery.phone_number_id else ()
    merged = {
        name: tuple({value: None for one in found for value in getattr(one, name)})
        for name in ("recipient", "template", "type", "status", "direction")
    }
    return Occasion(hit, delivery.id, field=(delivery.field,), phone_number_id=number, **merged)


def _items(delivery: Delivery) -> Iterator[tuple[dict[str, Any], str]]:
    """Messages and statuses of a body; a value that somebody made up may hold anything."""
    for entry in _decode(delivery.body)["entry"]:
        for change in entry["changes"]:
            value = change["value"]
            for kind in ("statuses", "messages"):
                items = value.get(kind) if isinstance(value, dict) else None
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, dict):
                        yield item, kind
