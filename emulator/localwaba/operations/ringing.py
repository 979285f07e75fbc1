"""A call rings, is taken, is over: what happens, and what the app is told of it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import calling, inbound
from localwaba.domain.agenda import RingOut, TakeCall
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, Put, Scheduled
from localwaba.domain.ids import Ids
from localwaba.domain.model import PhoneCall, User
from localwaba.domain.world import World
from localwaba.operations.announcements import announced
from localwaba.wire import calls as wire


def began(world: World, call: PhoneCall, user: User, now: int) -> list[Event]:
    """A call begins to ring, for the knob `call_ring_seconds` at most; one that nobody can pay for fails."""
    number = world.numbers[call.phone_number_id]
    events: list[Event] = [Put(at=now, thing=call)]
    refusal = calling.unpaid(world, number) if call.direction == calling.BUSINESS else None
    if refusal is not None:
        return events + _over(world, call, user, now, "platform", refusal)
    if call.direction == calling.USER:
        events.append(_told(world, call, now, wire.connect(world, call, user, now)))
    else:
        events.append(_told(world, call, now, wire.status(world, call, user, now, "RINGING")))
        after = user.behaviour.takes_calls_after
        if after is not None:
            events.append(Scheduled(at=now, due=now + int(after * SECOND), item=TakeCall(call.id)))
    due = now + int(world.policy.call_ring_seconds * SECOND)
    return [*events, Scheduled(at=now, due=due, item=RingOut(call.id))]


def take(world: World, call: PhoneCall, now: int) -> list[Event]:
    """The user takes a call of the business."""
    user = world.users[call.wa_id]
    return [
        _told(world, call, now, wire.connect(world, call, user, now)),
        _told(world, call, now, wire.status(world, call, user, now, "ACCEPTED")),
        *calling.connected(world, call, now),
        *calling.opened(world, call, now),
    ]


def decline(world: World, call: PhoneCall, now: int) -> list[Event]:
    """The user does not take a call of the business."""
    user = world.users[call.wa_id]
    told = _told(world, call, now, wire.status(world, call, user, now, "REJECTED"))
    return [told, *finish(world, call, now, "user")]


def finish(world: World, call: PhoneCall, now: int, by: str) -> list[Event]:
    """A call is over, by whose will so ever."""
    return _over(world, call, world.users[call.wa_id], now, by, None)


def _over(world: World, call: PhoneCall, user: User, now: int, by: str, refusal: Refusal | None) -> list[Event]:
    told = _told(world, call, now, wire.terminate(world, call, user, now, refusal))
    return [*calling.ended(world, call, now, by), told]


def _told(world: World, call: PhoneCall, now: int, value: dict[str, Any]) -> Event:
    return announced(world, now, "calls", value, world.numbers[call.phone_number_id])


def ring_out(world: World, call_id: str, now: int) -> list[Event]:
    """Nobody took the call in time."""
    call = world.calls.get(call_id)
    if call is None or call.state not in ("ringing", "pre_accepted"):
        return []
    return finish(world, call, now, "nobody")


def take_by_habit(world: World, call_id: str, now: int) -> list[Event]:
    """The user takes the call, as their behaviour says."""
    call = world.calls.get(call_id)
    return take(world, call, now) if call is not None and call.state == "ringing" else []


def user_calls(
    world: World, ids: Ids, now: int, user: User, phone_number_id: str, payloads: tuple[str, str]
) -> tuple[PhoneCall, list[Event]]:
    """A user calls the business; with the setting `callback_permission_status`, that allows the business to call."""
    number = world.numbers[phone_number_id]
    call = PhoneCall(
        id=ids.wacid(user.wa_id, number.digits, outbound=False),
        phone_number_id=number.id,
        wa_id=user.wa_id,
        direction=calling.USER,
        at=now,
        deeplink_payload=payloads[0],
        cta_payload=payloads[1],
    )
    events = began(world, call, user, now)
    events += calling.opened(world, call, now)
    if calling.settings_of(number).get("callback_permission_status") == "ENABLED":
        events += _allow(world, ids, now, user, call)
    return call, events


def _allow(world: World, ids: Ids, now: int, user: User, call: PhoneCall) -> list[Event]:
    if calling.status_of(calling.permission(world, call.phone_number_id, user.wa_id), now) != "no_permission":
        return []
    until = now // SECOND + int(world.policy.call_permission_seconds)
    reply = {
        "response": "accept",
        "is_permanent": False,
        "expiration_timestamp": until,
        "response_source": "automatic",
    }
    content = {
        "type": "interactive",
        "context": {"from": world.numbers[call.phone_number_id].digits, "id": call.id},
        "interactive": {"type": "call_permission_reply", "call_permission_reply": reply},
    }
    received = inbound.receive(world, ids, now, user, call.phone_number_id, content)[1]
    return [*received, calling.replied(world, call.phone_number_id, user.wa_id, reply, now)]


def changed_hands(world: World, now: int, old: str, new: str) -> list[Event]:
    """Whoever changes the number ends the call, and takes what was allowed along."""
    events: list[Event] = []
    for number_id in world.numbers:
        call = calling.live_with(world, number_id, old)
        if call is not None:
            events += finish(world, call, now, "user")
        found = world.call_permissions.get(f"{number_id}:{old}")
        if found is not None:
            events.append(Put(at=now, thing=replace(found, id=f"{number_id}:{new}")))
    return events
