"""What a user's message may hold: what the platform adds to it by itself, and what is refused."""

from __future__ import annotations

import re
from typing import Any

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.ids import derive, derive_number
from localwaba.domain.inbound import MEDIA_TYPES
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.world import World
from localwaba.operations.mistakes import Mistake, nearest, object_of, only, text_of
from localwaba.wire.errors import webhook_error

TYPES = (
    "audio",
    "button",
    "contacts",
    "document",
    "edit",
    "ephemeral",
    "image",
    "interactive",
    "location",
    "order",
    "reaction",
    "request_welcome",
    "revoke",
    "sticker",
    "system",
    "text",
    "unknown",
    "unsupported",
    "video",
)
"""What a user can send (Meta: webhook reference of messages)."""

_IN_GROUPS = frozenset({*MEDIA_TYPES, "reaction", "text", "unsupported"})
"""What a business hears of in a group; reactions are our reading, Meta's page names text and media."""

_BESIDE = ("type", "context", "referral", "errors", "identity", "group_id")
_GIVEN_BY_PLATFORM = ("id", "from", "from_user_id", "from_parent_user_id", "timestamp")
_SHOWN = {"mime_type": "-", "sha256": "-", "id": "1", "filename": "-", "voice": False, "animated": False}
_SHOWN_BY = {"audio": ("voice",), "document": ("filename",), "sticker": ("animated",)}
_PLACE = ("address", "latitude", "longitude", "name", "url")
_OLD_ERROR = {
    "code": 131051,
    "details": "Message type is not currently supported",
    "title": "Unsupported message type",
}
_GROUP_ERROR = {
    "code": 130501,
    "title": "Unsupported message type",
    "message": "Message type is not currently supported",
    "error_data": {"details": "Message type is not currently supported"},
}


def kind_in(content: dict[str, Any]) -> str:
    """The type of a message of a user."""
    kind = content.get("type")
    if not isinstance(kind, str) or not kind:
        raise Mistake('a message needs a type, as in {"type":"text","text":{"body":"hi"}}')
    if kind not in TYPES:
        raise Mistake(f"users send no messages of type {kind!r}{nearest(kind, TYPES)}")
    return kind


def complete(world: World, now: int, user: User, content: dict[str, Any]) -> dict[str, Any]:
    """A message with what the platform adds by itself, without what only the platform gives; null is left out."""
    kind = kind_in(content)
    body = {key: value for key, value in content.items() if key not in _GIVEN_BY_PLATFORM}
    if kind in ("unsupported", "unknown", "ephemeral"):
        _add_errors(body, kind)
    if isinstance(body.get("errors"), list):
        body["errors"] = [_error(one) for one in body["errors"]]
    if kind in MEDIA_TYPES:
        body.setdefault(kind, {})
    if kind == "location" and isinstance(body.get("location"), dict):
        place = body["location"]
        body["location"] = {name: place[name] for name in _PLACE if name in place} | place
    if kind == "order" and isinstance(body.get("order"), dict):
        body["order"] = _order(body["order"])
    if kind == "interactive" and isinstance(body.get("interactive"), dict):
        body["interactive"] = _reply(body["interactive"], now)
    if isinstance(body.get("referral"), dict):
        body["referral"] = _referral(world, now, user, body["referral"])
    if isinstance(body.get("context"), dict):
        body["context"] = _context(world, user, body["context"])
    return {key: value for key, value in body.items() if value is not None}


def in_group(world: World, number: PhoneNumber, user: User, content: dict[str, Any]) -> dict[str, Any]:
    """A message for a group that the user is in; what groups do not support arrives as 130501 (Meta: groups)."""
    group_id = text_of(content, "group_id")
    group = world.groups.get(group_id)
    if group is None or group.phone_number_id != number.id:
        raise Mistake(f"{number.display} has no group {group_id!r}{nearest(group_id, world.groups)}")
    if user.wa_id not in group.participants:
        raise Mistake(f'{user.wa_id} is not in that group: {{"action":"join_group","group_id":"{group.id}"}}')
    if group.suspended:
        raise Mistake(f"the group {group.subject!r} is suspended: nobody can write there")
    if kind_in(content) in _IN_GROUPS:
        return content
    return {name: content[name] for name in ("context", "group_id") if name in content} | {"type": "unsupported"}


def _add_errors(body: dict[str, Any], kind: str) -> None:
    if kind != "unsupported":
        body.setdefault("errors", [_OLD_ERROR])
    elif body.get("group_id"):
        body.setdefault("errors", [_GROUP_ERROR])
    elif "errors" not in body:  # what is given is taken as it is: older shapes have no `unsupported`
        body["errors"] = [{"code": 131051}]
        body.setdefault("unsupported", {"type": "unknown"})


def _error(given: Any) -> Any:
    """An error of which only the code is said, with Meta's texts."""
    if not isinstance(given, dict) or set(given) != {"code"} or type(given["code"]) is not int:
        return given
    return webhook_error(Refusal(code=given["code"]), "none")


def _order(given: dict[str, Any]) -> dict[str, Any]:
    head = {"catalog_id": given["catalog_id"]} if "catalog_id" in given else {}
    return head | {"text": ""} | given


def _reply(given: dict[str, Any], now: int) -> dict[str, Any]:
    """An answer about calls says for how long they are allowed, and that it was the user's own."""
    reply = given.get("call_permission_reply")
    if not isinstance(reply, dict):
        return given
    accepted: dict[str, Any] = {}
    if reply.get("is_permanent") is True:
        accepted = {"is_permanent": True}
    elif reply.get("response") == "accept":
        accepted = {"is_permanent": False, "expiration_timestamp": (now + 7 * DAY) // SECOND}
    head = {"response": reply["response"]} if "response" in reply else {}
    return given | {"call_permission_reply": head | accepted | {"response_source": "user_action"} | reply}


def _referral(world: World, now: int, user: User, given: dict[str, Any]) -> dict[str, Any]:
    """The ad or post that a user came from, as one who names none of it would have clicked on."""
    number = derive_number(world.seed, "ad", 18)
    found = {
        "source_url": "https://fb.me/localwaba",
        "source_id": number,
        "source_type": "ad",
        "body": "Talk to us",
        "headline": "Chat with us",
        "media_type": "image",
    } | given
    video = found["media_type"] == "video"
    shown = {"video_url": "https://scontent.invalid/ad.mp4", "thumbnail_url": "https://scontent.invalid/ad.jpg"}
    found = found | {
        key: value
        for key, value in (shown if video else {"image_url": "https://scontent.invalid/ad.jpg"}).items()
        if key not in found and found["media_type"] in ("image", "video")
    }
    click = derive(world.seed, f"click {user.wa_id} {now}", 48).hex()
    found |= {} if "ctwa_clid" in given else {"ctwa_clid": f"A{click}"}
    last = {key: found.pop(key) for key in ("ctwa_clid", "welcome_message", "ref") if key in found}
    return {key: value for key, value in (found | last).items() if value is not None}


def _context(world: World, user: User, given: dict[str, Any]) -> dict[str, Any]:
    """What a message refers to; a question about a product has an id that stands for no message."""
    if "referred_product" not in given or "id" in given:
        return given
    token = derive(world.seed, f"product_inquiry {user.wa_id}", 18).hex().upper()
    return {"id": f"wamid.{token}"} | given


def check(body: dict[str, Any], user: User) -> None:
    """Holds a message of a user against the contract of inbound messages; the first thing that is wrong is said."""
    kind = kind_in(body)
    only(body, (*_BESIDE, kind), f"a message of type {kind}")
    context = body.get("context")
    if isinstance(context, dict) and "message_id" in context and "id" not in context:
        raise Mistake("context.message_id is how a business quotes; in a user's message it is context.id")
    shown = dict(body)
    if kind in MEDIA_TYPES:
        file = {name: _SHOWN[name] for name in ("mime_type", "sha256", "id", *_SHOWN_BY.get(kind, ()))}
        shown[kind] = file | (object_of(body, kind) or {})
    from localwaba_contracts.validate import violation

    message = {**shown, "from": user.wa_id, "from_user_id": user.user_id, "id": "wamid.", "timestamp": "0"}
    found = violation("webhooks/messages/message", message)
    if found is None:
        return
    text = found.message or found.details or f"{found.path} is not {found.expected}"
    if text.endswith("is not valid."):
        text, fix = f"{found.path or 'the message'} is not valid", f"it is to be {found.expected}"
    else:
        fix = found.fix
    if fix.startswith("leave ") and found.expected:
        fix += f"; there is {found.expected.removeprefix('one of ')}"
    raise Mistake(f"{_local(text.rstrip('.'))}: {_local(fix)}")


def _local(text: str) -> str:
    """A sentence about `text['body']`, as one about `text.body`."""
    return re.sub(r"\['(\w+)'\]", r".\1", text)
