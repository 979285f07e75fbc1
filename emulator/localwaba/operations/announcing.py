"""From what happened to the webhooks that tell of it."""

from __future__ import annotations

from collections.abc import Callable

from localwaba.domain import routing
from localwaba.domain.clock import SECOND
from localwaba.domain.events import DeliveryQueued, Event
from localwaba.domain.ids import Ids
from localwaba.domain.model import Delivery
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import webhooks
from localwaba.wire.encoding import encode, encode_plain

TraitsOf = Callable[[str], Traits]


def announce(world: World, ids: Ids, event: Event, traits_of: TraitsOf) -> list[DeliveryQueued]:
    """The deliveries that tell of an event, one for each subscribed app."""
    where = webhooks.notice(world, event)
    if where is None:
        return []
    apps = routing.subscribers(world, where.waba_id, where.field)
    if not apps:
        return []
    render = encode if world.policy.webhook_encoding == "escaped" else encode_plain
    time = event.at // SECOND if where.timed else None
    bodies: dict[str, bytes] = {}
    found: list[DeliveryQueued] = []
    for app in apps:
        version = app.webhook.version if app.webhook else ""
        body = bodies.get(version)
        if body is None:
            value = webhooks.value(world, event, traits_of(version))
            entry_id = where.entry_id or where.waba_id
            body = bodies[version] = render(webhooks.envelope(entry_id, where.field, value, time))
        delivery = Delivery(
            id=ids.hexadecimal(16),
            app_id=app.id,
            waba_id=where.waba_id,
            phone_number_id=where.phone_number_id,
            field=where.field,
            lane=where.lane,
            body=body,
            created_at=event.at,
        )
        found.append(DeliveryQueued(at=event.at, delivery=delivery))
    return found
