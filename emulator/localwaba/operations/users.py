"""What users are and what they write."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from localwaba.domain import calling, inbound
from localwaba.domain.errors import Refused
from localwaba.domain.events import Event, Put
from localwaba.domain.ids import Ids
from localwaba.domain.inbound import Beside
from localwaba.domain.media import expiry, new_media
from localwaba.domain.model import Behaviour, Media, PhoneNumber, User
from localwaba.domain.numbers import country_of, normalise
from localwaba.domain.world import World
from localwaba.operations.call import Blob
from localwaba.operations.inbound_contents import check, complete, in_group
from localwaba.operations.mistakes import Mistake, number_of, object_of, only, text_of

NameFor = Callable[[str], str]

_OWN = ("phone_number_id", "unavailable_for")
_LONGEST = 315_360_000.0  # ten years, in seconds
APP = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+( [a-zA-Z0-9+/=]{11})?")
"""An app of a phone: its package name, and the hash of its signature if that matters."""


LARGEST_FILE = 100 * 1024 * 1024
"""Bytes that the platform fetches of what a user sends (Meta: media); of more, the app is told 131052."""


class Written(NamedTuple):
    """A message that a user sent; `why` says why it will never arrive, if it will not."""

    message_id: str
    events: list[Event]
    why: str = ""


def wa_id_in(world: World, given: str) -> str:
    """The canonical wa_id of a number in any dialled form, or of a business-scoped user id of this world."""
    if given in world.user_ids:
        return world.user_ids[given]
    try:
        return normalise(given).wa_id
    except Refused as refused:
        raise Mistake(f"{given!r} is no phone number: {_reason(refused)}") from None


def _reason(refused: Refused) -> str:
    return refused.refusal.why.partition(": ")[2] or refused.refusal.why or "digits with a country code"


def number_in(world: World, given: str) -> PhoneNumber:
    """The business number of an id; the world's own for none."""
    number = world.numbers.get(given or world.phone_number_id)
    if number is None:
        known = ", ".join(world.numbers) or "none"
        raise Mistake(f"this world has no phone_number_id {given!r}; it has {known}")
    return number


def meet(world: World, now: int, wa_id: str, name_for: NameFor) -> tuple[User, list[Event]]:
    """The user of a number; one who is new, or has been nameless so far, gets a name."""
    if any(number.digits == wa_id for number in world.numbers.values()):
        raise Mistake(f"{wa_id} is a business number of this world, not a user's")
    user = world.users.get(wa_id)
    if user is None:
        user = inbound.new_user(world.seed, wa_id, country_of(wa_id), name_for(wa_id))
    elif user.name:
        return user, []
    else:
        user = replace(user, name=name_for(wa_id))
    return user, [Put(at=now, thing=user)]


def describe(
    world: World, now: int, wa_id: str, changes: dict[str, Any], name_for: NameFor
) -> tuple[User, list[Event]]:
    """The user as told: name, username (empty: none) and behaviour, each left as it is where nothing is said."""
    only(changes, ("name", "username", "behaviour"), "a user")
    name = text_of(changes, "name", limit=512)
    user, events = meet(world, now, wa_id, (lambda _: name) if name else name_for)
    username = text_of(changes, "username", user.username, limit=64)
    behaviour = object_of(changes, "behaviour")
    changed = replace(
        user,
        name=name or user.name,
        username=username.removeprefix("@"),
        behaviour=user.behaviour if behaviour is None else read_behaviour(behaviour),
    )
    if changed == user:
        return user, events
    return changed, [Put(at=now, thing=changed)]


def read_behaviour(given: dict[str, Any]) -> Behaviour:
    """A behaviour as told; times are seconds, null as a time means never."""
    only(given, Behaviour.__struct_fields__, "a behaviour")
    try:
        behaviour = msgspec.convert(given, Behaviour)
    except msgspec.ValidationError as error:
        raise Mistake(f"behaviour: {_plain(error)}") from None
    for name in ("delivered_after", "read_after", "answers_after", "takes_calls_after"):
        seconds = getattr(behaviour, name)
        if isinstance(seconds, (int, float)) and not 0 <= seconds <= _LONGEST:
            raise Mistake(f"behaviour: {name} is a number of seconds from 0 to {_LONGEST:.0f}, not {seconds}")
    for app in behaviour.apps:
        if not APP.fullmatch(app):
            raise Mistake(
                f"behaviour: apps are names such as 'com.example.shop', or with the signature hash: not {app!r}"
            )
    return behaviour


def _plain(error: msgspec.ValidationError) -> str:
    return str(error).replace("`", "").replace(" - at $.", " at ")


def write(
    world: World,
    ids: Ids,
    now: int,
    user: User,
    content: dict[str, Any],
    media: Media | None = None,
    beside: Beside | None = None,
) -> Written:
    """The user sends a message to the number that `phone_number_id` names, or to the world's own.

    `content` is a message as in Meta's webhook without `id`, `from` and `timestamp`; what it leaves out and Meta
    would add is added. `media` is the file that came with it. With `unavailable_for`, a number of seconds, the app is
    first told that the message is not available (131060).
    """
    number = number_in(world, text_of(content, "phone_number_id"))
    said = {key: value for key, value in content.items() if key not in _OWN}
    if "group_id" in said:
        said = in_group(world, number, user, said)
    body = complete(world, now, user, said)
    check(body, user)
    beside = beside or _beside(world, now, user, content)
    if media is not None and media.size > LARGEST_FILE:
        body, media = complete(world, now, user, {"type": "unsupported", "errors": [{"code": 131052}]}), None
    if not number.registered:
        raise Mistake(f"{number.display} is not registered on WhatsApp: POST /{number.id}/register")
    pair = world.pair(number.id, user.wa_id)
    if pair.blocked_by_user and body["type"] != "system":
        raise Mistake(f"{user.wa_id} has blocked {number.display}: send the action unblock first")
    if pair.blocked_by_business:
        why = f"{number.display} has blocked {user.wa_id}: nothing that they send arrives"
        return Written(ids.wamid(user.wa_id, outbound=False), [], why)
    message_id, events = inbound.receive(world, ids, now, user, number.id, body, media, beside)
    if media is not None:
        events.append(expiry(media, now))
    reply = (object_of(body, "interactive") or {}).get("call_permission_reply")
    if isinstance(reply, dict):
        events.append(calling.replied(world, number.id, user.wa_id, reply, now))
    return Written(message_id, events)


def _beside(world: World, now: int, user: User, content: dict[str, Any]) -> Beside:
    seconds = number_of(content, "unavailable_for", 0, _LONGEST)
    if seconds is None:
        return Beside()
    instead = complete(world, now, user, {"type": "unsupported", "errors": [{"code": 131060}]})
    return Beside(instead=instead, seconds=seconds)


def attach(world: World, ids: Ids, now: int, content: dict[str, Any], blob: Blob) -> Media:
    """The file of a message of a user, as the platform keeps it: for seven days."""
    return new_media(
        world,
        ids,
        now,
        number_in(world, text_of(content, "phone_number_id")).id,
        mime_type=blob.mime_type,
        sha256=blob.sha256,
        size=blob.size,
        blob=blob.name,
        head=blob.head,
        filename=blob.filename,
        source="webhook",
    )
