"""What faults make of the webhooks that tell of something: lost, repeated, late, in another shape, somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from localwaba.domain import routing
from localwaba.domain.agenda import RetryDelivery
from localwaba.domain.clock import SECOND
from localwaba.domain.events import DeliveryQueued, Event, MessageReceived, Scheduled, StatusReached
from localwaba.domain.fault_occasions import Occasion, of_delivery, of_message
from localwaba.domain.fault_state import Fault
from localwaba.domain.fault_windows import WINDOWS, hold
from localwaba.domain.faults import abandon, rule
from localwaba.domain.ids import derive
from localwaba.domain.traffic import Delivery
from localwaba.domain.world import World

Reshape = Callable[[World, Delivery, str], list[tuple[bytes, int]]]
"""Bodies of a shape in place of a delivery's own, and after how many milliseconds; none: it cannot have it."""


def reroute(world: World, event: Event, queue: Iterable[DeliveryQueued], reshape: Reshape) -> Iterator[Event]:
    """The webhooks that tell of an event as faults will have them. Taken one by one, each applied before the next."""
    told: tuple[Fault, ...] = ()
    about = _about(world, event)
    if about is not None:
        ruling = rule(world, "telling", about, event.at, message_id=about.subject)
        told = ruling.fired
        yield from ruling.events
    for queued in queue:
        delivery = queued.delivery

        def fits(fault: Fault, delivery: Delivery = delivery) -> bool:
            if fault.kind == "reshape":
                return bool(reshape(world, delivery, fault.parameters["how"]))
            return fault.kind != "copy_to" or bool(_other_url(world, delivery, fault))

        occasion = of_delivery(world, delivery)
        ruling = rule(world, "delivery", occasion, event.at, fits, delivery_id=delivery.id)
        yield from ruling.events
        yield from _route(world, delivery, (*told, *ruling.fired), event.at, reshape)


def _about(world: World, event: Event) -> Occasion | None:
    if type(event) is StatusReached:
        message = world.messages.get(event.message_id)
        return of_message(world, message, event.status) if message else None
    return of_message(world, event.message) if type(event) is MessageReceived else None


def _route(world: World, delivery: Delivery, faults: Sequence[Fault], at: int, reshape: Reshape) -> Iterator[Event]:
    lost = next((fault for fault in faults if fault.kind == "lose"), None)
    if lost is not None:
        yield DeliveryQueued(at=at, delivery=delivery)
        yield abandon(delivery, lost, at)
        return
    pause = sum(fault.parameters["seconds"] for fault in faults if fault.kind in ("delay", "delay_delivery"))
    window = next((fault for fault in faults if fault.kind in WINDOWS), None)
    due = at + int(pause * SECOND)
    for part, later in _parts(world, delivery, faults, reshape):
        yield from _send_at(world, part, window, at, due + later)
        for copy, after in _copies(world, part, faults):
            yield from _send_at(world, copy, window, at, due + later + after)


def _parts(
    world: World, delivery: Delivery, faults: Sequence[Fault], reshape: Reshape
) -> Iterator[tuple[Delivery, int]]:
    """What comes in place of a webhook, and how many milliseconds later; the last one keeps its id."""
    bodies = [(delivery.body, 0)]
    name = ""
    for fault in faults:
        if fault.kind == "reshape":
            name = fault.id
            how = fault.parameters["how"]
            bodies = [
                (new, after + later)
                for body, after in bodies
                for new, later in reshape(world, replace(delivery, body=body), how) or [(body, 0)]
            ]
    for place, (body, later) in enumerate(bodies, 1):
        part_id = delivery.id
        if place < len(bodies):
            part_id = derive(world.seed, f"part {name} {delivery.id} {place}", 8).hex()
        yield replace(delivery, id=part_id, body=body), later


def _copies(world: World, delivery: Delivery, faults: Sequence[Fault]) -> Iterator[tuple[Delivery, int]]:
    """The same webhook again, and how many milliseconds later. No id is drawn: other ids stay as without faults."""
    for fault in faults:
        if fault.kind in ("duplicate", "duplicate_delivery"):
            spacing = int(fault.parameters["spacing"] * SECOND)
            for n in range(1, fault.parameters["times"]):
                # in a lane of its own: a pair at the same moment must be able to arrive side by side
                lane = delivery.lane if spacing else f"{delivery.lane} copy {n}"
                yield replace(delivery, id=_copy_id(world, fault, delivery, n), lane=lane), n * spacing
        elif fault.kind == "copy_to":
            url = _other_url(world, delivery, fault)
            yield replace(delivery, id=_copy_id(world, fault, delivery, 1), lane=f"{delivery.lane} copy", url=url), 0


def _copy_id(world: World, fault: Fault, delivery: Delivery, n: int) -> str:
    return derive(world.seed, f"fault {fault.id} {delivery.id} {n}", 8).hex()


def _other_url(world: World, delivery: Delivery, fault: Fault) -> str:
    """Where else a webhook goes; empty if that is where it goes anyway."""
    app = world.apps.get(delivery.app_id)
    given: str = fault.parameters.get("url") or (app.webhook.url if app and app.webhook else "")
    return given if given != target(world, delivery) else ""


def target(world: World, delivery: Delivery) -> str | None:
    """Where a webhook goes now; None: nobody wants it any more."""
    found = routing.target(world, delivery.app_id, delivery.waba_id, delivery.phone_number_id, delivery.field)
    return delivery.url or found if found else None


def _send_at(world: World, delivery: Delivery, window: Fault | None, at: int, due: int) -> Iterator[Event]:
    if window is not None:
        yield from hold(world, delivery, window, target(world, delivery) or "", at, due)
    elif due > at:
        yield DeliveryQueued(at=at, delivery=replace(delivery, next_at=due))
        yield Scheduled(at=at, due=due, item=RetryDelivery(delivery.id))
    else:
        yield DeliveryQueued(at=at, delivery=delivery)
