"""What users write, as `messages` of a webhook, in the key order of real payloads."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import urls
from localwaba.domain.clock import SECOND
from localwaba.domain.events import MessageReceived
from localwaba.domain.model import Message, User
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.notices import Notice, number_value

_TYPE_LAST = frozenset({"text", "location", "system"})
_HEAD = ("context", "referral")
_WITH_URL = ("caption", "filename", "mime_type", "sha256", "id")
_decode = msgspec.json.Decoder().decode


def notice(world: World, event: MessageReceived) -> Notice:
    number_id = event.message.phone_number_id
    lane = f"{number_id}:{event.message.group_id or event.message.wa_id}"
    return Notice("messages", world.numbers[number_id].waba_id, number_id, lane)


def value(world: World, event: MessageReceived, traits: Traits) -> dict[str, Any]:
    message = event.message
    user = world.users[message.wa_id]
    found = number_value(world.numbers[message.phone_number_id])
    body: dict[str, Any] = _decode(message.body)
    if message.type != "system":
        found["contacts"] = [_contact(world, user)]
    found["messages"] = [inbound_message(world, message, user, body)]
    return found


def _contact(world: World, user: User) -> dict[str, Any]:
    profile: dict[str, Any] = {"name": user.name}
    if user.username:
        profile["username"] = user.username
    contact: dict[str, Any] = {"profile": profile}
    if user.behaviour.phone_visible:
        contact["wa_id"] = user.wa_id
    if world.policy.business_scoped_ids:
        contact["user_id"] = user.user_id
    if user.behaviour.identity_key_hash:
        contact["identity_key_hash"] = user.behaviour.identity_key_hash
    return contact


def inbound_message(world: World, message: Message, user: User, body: dict[str, Any]) -> dict[str, Any]:
    """A user's message as in `messages[]`: members in the order of captured payloads."""
    kind = message.type
    item: dict[str, Any] = {key: body[key] for key in _HEAD if key in body}
    if user.behaviour.phone_visible:
        item["from"] = user.wa_id
    if world.policy.business_scoped_ids:
        item["from_user_id"] = user.user_id
    if message.group_id:
        item["group_id"] = message.group_id
    item["id"] = message.id
    item["timestamp"] = str(message.at // SECOND)
    if "errors" in body:
        item["errors"] = body["errors"]
    content = {kind: _with_url(world, message, body[kind])} if kind in body else {}
    item |= content | {"type": kind} if kind in _TYPE_LAST else {"type": kind} | content
    known = {*item, *_HEAD, "type", kind}
    item |= {key: other for key, other in body.items() if key not in known}
    return item


def _with_url(world: World, message: Message, content: Any) -> Any:
    """The object of a media message with its short-lived URL, which follows `id`."""
    if not message.media_id or not world.policy.inbound_media_url or not isinstance(content, dict):
        return content
    url = urls.media_url(world, message.media_id, message.at, source="webhook")
    head = {key: content[key] for key in _WITH_URL if key in content}
    return head | {"url": url} | {key: other for key, other in content.items() if key not in _WITH_URL}
