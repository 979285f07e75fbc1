"""What the world has to know of messages that an app is sent by hand, so that the app may mark and quote them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from localwaba.domain import windows
from localwaba.domain.events import Event, MessageReceived, PairChanged, Put
from localwaba.domain.inbound import new_user
from localwaba.domain.numbers import country_of
from localwaba.domain.traffic import Message
from localwaba.domain.world import World
from localwaba.operations.checks.model import Json, Person, Sent

_LARGEST = 256 * 1024
_encode = msgspec.json.Encoder().encode


def introduce(world: World, now: int, who: Person) -> list[Event]:
    """A user who can be written to."""
    if who.wa_id in world.users:
        return []
    user = new_user(world.seed, who.wa_id, country_of(who.wa_id), who.name)
    return [Put(at=now, thing=user)]


def arrive(world: World, now: int, body: bytes) -> list[Event]:
    """The events of all texts and media of a webhook that the world does not know; none if its body is no webhook."""
    if len(body) > _LARGEST:
        return []
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return []
    events: list[Event] = []
    for value, item in _messages(payload):
        number_id = value.get("metadata", {}).get("phone_number_id")
        wa_id, message_id = item.get("from"), item.get("id")
        if not isinstance(wa_id, str) or not isinstance(message_id, str) or not wa_id:
            continue
        if number_id not in world.numbers or message_id in world.messages:
            continue
        events += introduce(world, now, Person(wa_id, "", _name(value)))
        kind = str(item.get("type", ""))
        kept = {key: one for key, one in item.items() if key in (kind, "type", "context", "referral", "errors")}
        message = Message(
            id=message_id,
            phone_number_id=number_id,
            wa_id=wa_id,
            outbound=False,
            type=kind,
            at=now,
            body=_encode(kept),
            status="received",
        )
        events.append(MessageReceived(at=now, message=message))
        pair = windows.opened(world.pair(number_id, wa_id), now, message_id, by_referral=False)
        events.append(PairChanged(at=now, key=f"{number_id}:{wa_id}", pair=pair))
    return events


def _messages(payload: Any) -> Iterator[tuple[Json, Json]]:
    for entry in _items(payload, "entry"):
        for change in _items(entry, "changes"):
            value = change.get("value")
            if change.get("field") == "messages" and isinstance(value, dict):
                yield from ((value, item) for item in _items(value, "messages"))


def _items(holder: Any, name: str) -> Iterator[Json]:
    found = holder.get(name) if isinstance(holder, dict) else None
    yield from (one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict))


def _name(value: Json) -> str:
    contact = next(_items(value, "contacts"), {})
    profile = contact.get("profile")
    return str(profile.get("name", "")) if isinstance(profile, dict) else ""


def sent(entry: Json) -> Sent | None:
    """The message that the app sent with a call, if it was one, as the journal has it."""
    request = entry.get("request")
    path = str(entry.get("path", "")).rstrip("/")
    if entry.get("kind") != "call" or entry.get("method") != "POST" or not path.endswith("/messages"):
        return None
    if not isinstance(request, dict) or "status" in request:
        return None
    to = str(request.get("to") or request.get("recipient") or "")
    digits = "".join(sign for sign in to if sign.isdigit())
    plain = digits if to and all(sign.isdigit() or sign in "+ -()" for sign in to) else to
    answer = entry.get("answer")
    found = answer.get("messages") if isinstance(answer, dict) else None
    message_id = str(found[0].get("id", "")) if isinstance(found, list) and found and isinstance(found[0], dict) else ""
    sender = path.split("/")[-2] if path.count("/") >= 2 else ""
    return Sent(plain, message_id, int(entry.get("status") or 0), sender)
