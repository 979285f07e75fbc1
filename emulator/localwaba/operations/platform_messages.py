"""What a value of the field `messages` says of the world, made true, where Meta is said to have sent it."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import windows
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, MessageReceived, PairChanged, Put, StatusReached
from localwaba.domain.inbound import new_user
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.numbers import country_of
from localwaba.domain.statuses import RANK
from localwaba.domain.traffic import Message
from localwaba.domain.world import World
from localwaba.operations.inbound_contents import TYPES


def believe_messages(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """Messages of users are there and open the window; messages of the business have got to the status."""
    events: list[Event] = []
    met: set[str] = set()
    for message in _objects(value, "messages"):
        user = _sender(world, value, message)
        if user is not None:
            if user.wa_id not in world.users and user.wa_id not in met:
                met.add(user.wa_id)
                events.append(Put(at=now, thing=user))
            events += _written(world, now, message, user, number)
    for status in _objects(value, "statuses"):
        events += _reached(world, now, status)
    return events


def _objects(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _sender(world: World, value: dict[str, Any], message: dict[str, Any]) -> User | None:
    """Who wrote a message: a user of this world, or one who is met now."""
    wa_id = world.user_ids.get(str(message.get("from_user_id"))) or message.get("from")
    if not isinstance(wa_id, str) or not (wa_id.isascii() and wa_id.isdigit() and 5 < len(wa_id) < 16):
        return None
    if wa_id in world.users:
        return world.users[wa_id]
    if any(one.digits == wa_id for one in world.numbers.values()):
        return None
    user = new_user(world.seed, wa_id, country_of(wa_id), _name(value, wa_id))
    user_id = message.get("from_user_id")
    return msgspec.structs.replace(user, user_id=user_id) if isinstance(user_id, str) and user_id else user


def _name(value: dict[str, Any], wa_id: str) -> str:
    """The name that the value has for a number."""
    for one in _objects(value, "contacts"):
        profile = one.get("profile")
        if one.get("wa_id") == wa_id and isinstance(profile, dict) and isinstance(profile.get("name"), str):
            return str(profile["name"])
    return ""


def _written(world: World, now: int, message: dict[str, Any], user: User, number: PhoneNumber) -> list[Event]:
    kind, message_id = message.get("type"), message.get("id")
    if kind not in TYPES or not isinstance(message_id, str):
        return []
    left_out = ("id", "from", "from_user_id", "from_parent_user_id", "timestamp")
    body = {name: member for name, member in message.items() if name not in left_out}
    received = Message(
        id=message_id,
        phone_number_id=number.id,
        wa_id=user.wa_id,
        outbound=False,
        type=kind,
        at=now,
        body=msgspec.json.encode(body),
        status="received",
        group_id=str(message.get("group_id", "")),
    )
    pair = world.pair(number.id, user.wa_id)
    if windows.opens(kind, world.policy):
        pair = windows.opened(pair, now, message_id, by_referral="referral" in message)
    told = MessageReceived(at=now, message=received, silent=True)
    return [told, PairChanged(at=now, key=f"{number.id}:{user.wa_id}", pair=pair)]


def _reached(world: World, now: int, status: dict[str, Any]) -> list[Event]:
    message, reached = world.messages.get(str(status.get("id"))), status.get("status")
    if message is None or not message.outbound or not isinstance(reached, str) or reached not in RANK:
        return []
    if RANK[reached] <= RANK.get(message.status, 0):
        return []
    code = next((one.get("code") for one in _objects(status, "errors")), None)
    refusal = None
    if reached == "failed":
        why = "a platform event said so"
        refusal = Refusal(code=code if isinstance(code, int) else 131000, rule="platform event", why=why)
    return [StatusReached(at=now, message_id=message.id, status=reached, refusal=refusal, silent=True)]
