"""Webhooks that faults hold back for a while: released in another order, all at once, or in one POST."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from localwaba.domain.agenda import ReleaseWindow, RetryDelivery
from localwaba.domain.batches import join, updates
from localwaba.domain.clock import SECOND
from localwaba.domain.events import DeliveryQueued, Event, Scheduled
from localwaba.domain.fault_state import DeliveriesMerged, DeliveriesReleased, DeliveryHeld, Fault
from localwaba.domain.ids import derive
from localwaba.domain.traffic import Delivery
from localwaba.domain.world import World

WINDOWS = frozenset({"reorder", "reorder_delivery", "burst", "batch"})
"""Kinds of faults that hold webhooks back."""


def hold(world: World, delivery: Delivery, window: Fault, url: str, at: int, due: int) -> Iterator[Event]:
    """The webhook waits in its window, which opens if it is the first one of it."""
    key = f"{window.id} {delivery.app_id} {_scope(window.kind, delivery, url)}"
    held = world.fault_record.held.get(key)
    until = held.until if held else due + max(1, int(window.parameters["seconds"] * SECOND))
    yield DeliveryQueued(at=at, delivery=replace(delivery, next_at=until))
    if held is None:
        yield Scheduled(at=at, due=until, item=ReleaseWindow(key))
    given = window.parameters
    yield DeliveryHeld(
        at=at,
        window=key,
        delivery_id=delivery.id,
        until=until,
        order=given.get("order", "kept"),
        form=given.get("of", "burst" if window.kind == "burst" else ""),
        most=given.get("most", 0),
    )


def _scope(kind: str, delivery: Delivery, url: str) -> str:
    """What shares a window: a chat; a field of a number; all that goes to one URL."""
    if kind == "reorder":
        return delivery.lane.partition(" ")[0]
    if kind == "reorder_delivery":
        return f"{delivery.phone_number_id or delivery.waba_id} {delivery.field} {url}"
    return url


def release(world: World, item: ReleaseWindow, now: int) -> list[Event]:
    """A window ends: what it held goes out."""
    held = world.fault_record.held.get(item.window)
    if held is None:
        return []
    order = _permuted(held.deliveries, held.order, f"{world.seed} {item.window} {held.until}")
    merged: list[Event] = []
    if held.form and held.form != "burst":
        merged = merge(world, order, held.form, held.most, held.order == "shuffled", now)
        inside = {one for event in merged if isinstance(event, DeliveriesMerged) for one in event.members}
        order = [one for one in order if one not in inside]
    sending = [Scheduled(at=now, due=now, item=RetryDelivery(delivery_id)) for delivery_id in order]
    apart = held.form == "burst"
    return [*merged, DeliveriesReleased(at=now, window=item.window, order=tuple(order), apart=apart), *sending]


def _permuted(things: list[str], order: str, salt: str) -> list[str]:
    """The things in another order: never the one that they had, if there are two, unless it is to be kept."""
    if order == "kept":
        return list(things)
    if order == "reversed":
        return things[::-1]
    places = sorted(range(len(things)), key=lambda place: derive(salt, f"place {place}"))
    found = [things[place] for place in places]
    return found if found != things else [*things[1:], *things[:1]]


def merge(world: World, order: Sequence[str], form: str, most: int, mingled: bool, now: int) -> list[Event]:
    """The webhooks in as few POSTs as may be; the first one of each carries the others."""
    found: list[Event] = []
    for group in _groups(world, order, most):
        if len(group) > 1:
            carrier, *members = (delivery.id for delivery in group)
            body = join([delivery.body for delivery in group], form, mingled=mingled)
            found.append(DeliveriesMerged(at=now, carrier=carrier, members=tuple(members), body=body))
    return found


def _groups(world: World, order: Sequence[str], most: int) -> Iterator[list[Delivery]]:
    group: list[Delivery] = []
    count = size = 0
    for delivery_id in order:
        delivery = world.deliveries.get(delivery_id)
        if delivery is None or delivery.state != "pending" or delivery.retention:
            continue  # what must not be kept for long has a life of its own
        number = updates(delivery.body)
        if group and (count + number > most or size + len(delivery.body) > world.policy.webhook_batch_bytes):
            yield group
            group, count, size = [], 0, 0
        group.append(delivery)
        count, size = count + number, size + len(delivery.body)
    yield group
