"""From what happened to the webhooks that tell of it."""

from __future__ import annotations

from collections.abc import Callable

from localwaba.domain import media, routing
from localwaba.domain.clock import SECOND
from localwaba.domain.events import DeliveryQueued, Event, MessageReceived, StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.traffic import Delivery
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import webhooks
from localwaba.wire.encoding import encode, encode_plain

TraitsOf = Callable[[str], Traits]


def announce(world: World, ids: Ids, event: Event, traits_of: TraitsOf) -> list[DeliveryQueued]:
    """The deliveries that tell of an event, one for each subscribed app in the order of their subscription."""
    where = webhooks.notice(world, event)
    if where is None:
        return []
    apps = routing.subscribers(world, where.waba_id, where.field)
    if where.app_id:
        apps = [app for app in apps if app.id == where.app_id]
    if not apps:
        return []
    message_id, status = _subject(event)
    retention = _retention(world, event, where.phone_number_id)
    drawn = [ids.hexadecimal(16) for _ in apps]
    dispatch = tuple(drawn) if len(drawn) > 1 else ()
    render = encode if world.policy.webhook_encoding == "escaped" else encode_plain
    time = event.at // SECOND if where.timed else None
    bodies: dict[str, bytes] = {}
    found: list[DeliveryQueued] = []
    for app, delivery_id in zip(apps, drawn, strict=True):
        version = app.webhook.version if app.webhook else ""
        body = bodies.get(version)
        if body is None:
            value = webhooks.value(world, event, traits_of(version))
            entry_id = where.entry_id or where.waba_id
            body = bodies[version] = render(webhooks.envelope(entry_id, where.field, value, time))
        delivery = Delivery(
            id=delivery_id,
            app_id=app.id,
            waba_id=where.waba_id,
            phone_number_id=where.phone_number_id,
            field=where.field,
            lane=where.lane,
            body=body,
            created_at=event.at,
            message_id=message_id,
            status=status,
            dispatch=dispatch,
            retention=retention,
        )
        found.append(DeliveryQueued(at=event.at, delivery=delivery))
    return found


def _subject(event: Event) -> tuple[str, str]:
    """The message that an event is about, and the status that it reached."""
    if type(event) is StatusReached:
        return event.message_id, event.status
    return (event.message.id, "") if type(event) is MessageReceived else ("", "")


def _retention(world: World, event: Event, phone_number_id: str) -> int:
    """For how long a webhook is tried that carries what users of a number without storage wrote; 0: as all others."""
    if type(event) is not MessageReceived:
        return 0
    number = world.numbers[phone_number_id]
    return media.retention(number) if number.settings and media.is_unstored(number) else 0
