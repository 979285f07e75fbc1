"""What users write, as `messages` of a webhook, in the key order of real payloads."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import urls
from localwaba.domain.clock import SECOND
from localwaba.domain.events import MessageReceived
from localwaba.domain.inbound import MEDIA_TYPES
from localwaba.domain.model import User
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Message
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import people
from localwaba.wire.notices import Notice, number_value

_TYPE_LAST = frozenset({"text", "location", "system"})
_HEAD = ("context", "referral")
_BEFORE_TYPE = ("identity", "errors")
_WITH_URL = ("caption", "filename", "mime_type", "sha256", "id")
_NOT_RENDERED = {
    "code": 131000,
    "title": "Something went wrong",
    "message": "Something went wrong",
    "error_data": {"details": "Unsupported webhook payload"},
}
_decode = msgspec.json.Decoder().decode


def notice(world: World, event: MessageReceived) -> Notice | None:
    """Where a user's message is announced."""
    if event.silent:
        return None
    number_id = event.message.phone_number_id
    lane = f"{number_id}:{event.message.group_id or event.message.wa_id}"
    return Notice("messages", world.numbers[number_id].waba_id, number_id, lane)


def value(world: World, event: MessageReceived, traits: Traits) -> dict[str, Any]:
    """The value that tells of a user's message."""
    message = event.message
    user = world.users[message.wa_id]
    found = number_value(world.numbers[message.phone_number_id])
    body: dict[str, Any] = _decode(message.body)
    if message.type != "system" or _names_contact(body, world.policy):
        found["contacts"] = [people.contact(world, user)]
    found["messages"] = [inbound_message(world, message, user, body)]
    if message.type == "interactive" and "interactive" not in body:
        found["errors"] = [_NOT_RENDERED]
    return found


def _names_contact(body: dict[str, Any], policy: Policy) -> bool:
    """Whether a system message has `contacts`: older ones had."""
    return "identity" in body or (_system_type(body) == "user_changed_number" and policy.number_change == "2022")


def _system_type(body: dict[str, Any]) -> str:
    system = body.get("system")
    return str(system.get("type", "")) if isinstance(system, dict) else ""


def inbound_message(world: World, message: Message, user: User, body: dict[str, Any]) -> dict[str, Any]:
    """A user's message as in `messages[]`: members in the order of captured payloads."""
    kind = message.type
    item: dict[str, Any] = {key: body[key] for key in _HEAD if key in body}
    system = body.get("system")
    item |= people.sender(world, user, numbered=not (isinstance(system, dict) and "previous_user_id" in system))
    if message.group_id:
        item["group_id"] = message.group_id
    item["id"] = message.id
    item["timestamp"] = str(message.at // SECOND)
    item |= {key: body[key] for key in _BEFORE_TYPE if key in body}
    content = {kind: _shaped(world, message, body[kind])} if kind in body else {}
    if kind == "unsupported" and not world.policy.unsupported_object:
        content = {}
    return item | (content | {"type": kind} if kind in _TYPE_LAST else {"type": kind} | content)


def _shaped(world: World, message: Message, content: Any) -> Any:
    """The object of a message in the form that the world's policy says."""
    kind, policy = message.type, world.policy
    if kind in MEDIA_TYPES:
        return _with_url(world, message, content)
    if not isinstance(content, dict):
        return content
    if kind == "edit" and message.media_id:
        edited = content["message"]
        return content | {"message": edited | {edited["type"]: _with_url(world, message, edited[edited["type"]])}}
    if kind == "reaction" and policy.removed_reaction == "omitted" and content.get("emoji") == "":
        return {key: value for key, value in content.items() if key != "emoji"}
    if kind == "interactive" and policy.permission_time == "text":
        return _with_text_time(content)
    if kind == "system" and policy.number_change == "2022" and content.get("type") == "user_changed_number":
        return {"new_wa_id" if key == "wa_id" else key: value for key, value in content.items()}
    return content


def _with_text_time(content: dict[str, Any]) -> dict[str, Any]:
    """An answer about calls whose time is a text, as Meta's page prints it."""
    reply = content.get("call_permission_reply")
    if not isinstance(reply, dict) or "expiration_timestamp" not in reply:
        return content
    return content | {"call_permission_reply": reply | {"expiration_timestamp": str(reply["expiration_timestamp"])}}


def _with_url(world: World, message: Message, content: Any) -> Any:
    """The object of a media message with its short-lived URL, which follows `id`."""
    if not message.media_id or not world.policy.inbound_media_url or not isinstance(content, dict):
        return content
    url = urls.media_url(world, message.media_id, message.at, source="webhook")
    head = {key: content[key] for key in _WITH_URL if key in content}
    return head | {"url": url} | {key: other for key, other in content.items() if key not in _WITH_URL}
