"""What users do: they write, tap, read, block."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from localwaba.domain import magic, windows
from localwaba.domain.agenda import ArriveMessage
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, MessageReceived, PairChanged, Put, Scheduled
from localwaba.domain.ids import Ids, derive_number
from localwaba.domain.model import Media, User
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

MEDIA_TYPES = frozenset({"image", "audio", "video", "document", "sticker"})
_json = msgspec.json.Encoder()


class Beside(NamedTuple):
    """What is not usual about a message.

    `media_id` is a file that the number has already; `about` the message that this one changes, and `shown` what the
    phone shows of it then, as JSON. `silent`: no webhook tells of it. `instead` is what the app is told first, for
    `seconds`, under the same id.
    """

    media_id: str = ""
    about: str = ""
    shown: bytes = b""
    silent: bool = False
    instead: dict[str, Any] | None = None
    seconds: float = 0.0


_NOTHING = Beside()


def new_user(seed: int, wa_id: str, country: str, name: str = "") -> User:
    """A user as they are when first met; the BSUID depends on the world's seed and the number alone."""
    user_id = f"{country or 'US'}.{derive_number(seed, f'user {wa_id}', 16)}"
    behaviour = magic.behaviour_of(wa_id)
    username = f"user.{wa_id[-4:]}" if not behaviour.phone_visible else ""
    return User(wa_id=wa_id, user_id=user_id, country=country, name=name, username=username, behaviour=behaviour)


def receive(
    world: World,
    ids: Ids,
    now: int,
    user: User,
    phone_number_id: str,
    content: dict[str, Any],
    media: Media | None = None,
    beside: Beside = _NOTHING,
) -> tuple[str, list[Event]]:
    """The user writes to a number: the new message's id, and the events.

    `content` is a message as in Meta's webhook without `id`, `from`, `timestamp`. `media` is the file that came with
    it; its members go into the message's object.
    """
    kind = str(content["type"])
    message_id = ids.wamid(user.wa_id, outbound=False)
    body = _complete(world, phone_number_id, content)
    events: list[Event] = []
    if media is not None:
        events.append(Put(at=now, thing=media))
        body[kind] = _media_object(kind, body.get(kind) or {}, media)
    context = body.get("context")
    group = world.groups.get(str(content.get("group_id", "")))
    others = [one for one in group.participants if one != user.wa_id] if group else ()
    message = Message(
        id=message_id,
        phone_number_id=phone_number_id,
        wa_id=user.wa_id,
        outbound=False,
        type=kind,
        at=now,
        body=_json.encode(body),
        status="received",
        group_id=group.id if group else "",
        receipts=tuple((one, "delivered") for one in others),
        context_id=str(context.get("id", "")) if isinstance(context, dict) else beside.about,
        media_id=media.id if media else beside.media_id,
        shown=beside.shown,
    )
    events += _told(message, now, beside)
    partner = group.id if group else user.wa_id  # what is said in a group opens the group's window, for everybody
    opens = windows.opens(kind, world.policy) and not beside.silent
    events.append(_noted(world, message, partner, opens=opens, by_referral="referral" in content))
    return message_id, events


def _told(message: Message, now: int, beside: Beside) -> list[Event]:
    """How the app is told of a message: at once, or of something else first."""
    if beside.instead is None:
        return [MessageReceived(at=now, message=message, silent=beside.silent)]
    first = replace(message, type=str(beside.instead["type"]), body=_json.encode(beside.instead), media_id="")
    due = now + int(beside.seconds * SECOND)
    return [MessageReceived(at=now, message=first), Scheduled(at=now, due=due, item=ArriveMessage(message))]


def _noted(world: World, message: Message, partner: str, *, opens: bool, by_referral: bool) -> PairChanged:
    """What a number and whoever wrote to it have in common now: the last message, perhaps an open window."""
    pair = world.pair(message.phone_number_id, partner)
    changed = replace(pair, inbound_id=message.id)
    if opens:
        changed = windows.opened(pair, message.at, message.id, by_referral=by_referral)
    return PairChanged(at=message.at, key=f"{message.phone_number_id}:{partner}", pair=changed)


def arrive(message: Message, now: int) -> list[Event]:
    """What was announced as unavailable is there; id and time are those of the announcement."""
    return [MessageReceived(at=now, message=message)]


def _complete(world: World, phone_number_id: str, content: dict[str, Any]) -> dict[str, Any]:
    """The message with what a short form leaves out."""
    body = {key: value for key, value in content.items() if key not in ("id", "from", "timestamp", "group_id")}
    context = body.get("context")
    if isinstance(context, dict) and "id" in context and "from" not in context:
        quoted = world.messages.get(str(context["id"]))
        author = world.numbers[phone_number_id].digits
        if quoted is not None and not quoted.outbound:
            author = quoted.wa_id
        body["context"] = {"from": author, **context}
    return body


def _media_object(kind: str, given: dict[str, Any], media: Media) -> dict[str, Any]:
    """The object of a media message in the platform's key order."""
    found: dict[str, Any] = {}
    if "caption" in given:
        found["caption"] = given["caption"]
    if kind == "document":
        found["filename"] = given.get("filename") or media.filename
    found["mime_type"] = media.mime_type
    found["sha256"] = given.get("sha256") or _base64_sha256(media.sha256)
    found["id"] = media.id
    if kind == "audio":
        found["voice"] = bool(given.get("voice", "opus" in media.mime_type))
    if kind == "sticker":
        found["animated"] = bool(given.get("animated", False))
    return found


def _base64_sha256(hexadecimal: str) -> str:
    from base64 import b64encode

    return b64encode(bytes.fromhex(hexadecimal)).decode()
