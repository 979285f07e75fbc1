"""Which webhooks go out in one POST, as the policy has it (knob `webhook_batch`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from localwaba.domain.events import DeliveryQueued, Event
from localwaba.domain.fault_routing import target
from localwaba.domain.fault_state import DeliveriesMerged, Fault
from localwaba.domain.fault_windows import hold, merge
from localwaba.domain.policy import Policy
from localwaba.domain.world import World

LANE = "batch"
_NAME = "webhook_batch"


class Gathered(NamedTuple):
    """Webhooks that carry others from now on, and the ids of what is to be sent, in order."""

    events: list[Event]
    outgoing: list[str]


def collect(world: World, told: Iterable[Event]) -> Iterator[Event]:
    """Has webhooks wait for others to the same callback of their app. Taken one by one, each applied before the next.

    When the window ends, what it holds goes out in one POST.
    """
    window = _window(world.policy)
    for event in told:
        if type(event) is DeliveryQueued and not event.delivery.next_at and event.delivery.state == "pending":
            url = target(world, event.delivery) or ""
            one = replace(event.delivery, lane=LANE)  # also what goes alone must not be overtaken by a batch
            yield from hold(world, one, window, url, event.at, event.at)
        else:
            yield event


def gather(world: World, outgoing: Sequence[str], now: int) -> Gathered:
    """Puts webhooks that are tried again at the same moment together, if they go to the same callback of an app."""
    policy = world.policy
    groups: dict[tuple[str, str], list[str]] = {}
    for delivery_id in dict.fromkeys(outgoing):
        delivery = world.deliveries.get(delivery_id)
        if delivery is not None and delivery.attempts and delivery.state == "pending":
            groups.setdefault((delivery.app_id, target(world, delivery) or ""), []).append(delivery_id)
    events: list[Event] = []
    for waiting in groups.values():
        if len(waiting) > 1:
            form, most = policy.webhook_batch_shape, policy.webhook_batch_updates
            events += merge(world, waiting, form, most, False, now)
    carried = {one for event in events if isinstance(event, DeliveriesMerged) for one in event.members}
    return Gathered(events, [one for one in outgoing if one not in carried])


def _window(policy: Policy) -> Fault:
    """The policy's window in the form that faults have."""
    given = {
        "seconds": policy.webhook_batch_seconds,
        "of": policy.webhook_batch_shape,
        "most": policy.webhook_batch_updates,
        "order": "kept",
    }
    return Fault(id=_NAME, kind="batch", parameters=given)
