"""What happened, as JSON for people: messages, what a phone shows, deliveries. Times are seconds since the epoch."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from itertools import islice
from shlex import quote
from typing import Any

import msgspec

from localwaba.domain import routing, windows
from localwaba.domain.clock import SECOND
from localwaba.domain.model import Behaviour, PhoneNumber, Template, User
from localwaba.domain.tiers import limit_of
from localwaba.domain.traffic import Attempt, Delivery, Message
from localwaba.domain.world import World
from localwaba.wire.choices import Choice, choices, content, offered_code
from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.errors import reason, webhook_error
from localwaba.wire.moments import iso

_ARRIVED = frozenset({"sent", "delivered", "read", "played"})
_CAPTIONED = frozenset({"image", "video", "document"})

_ORDINARY: dict[str, Any] = {name: getattr(Behaviour(), name) for name in Behaviour.__struct_fields__}


def user(world: World, one: User, now: int) -> dict[str, Any]:
    """A user, and how things stand with each business number."""
    found: dict[str, Any] = {"wa_id": one.wa_id, "user_id": one.user_id, "name": one.name, "country": one.country}
    if one.username:
        found["username"] = one.username
    found["behaviour"] = _said(one.behaviour)
    chatting = [number_id for number_id in world.numbers if f"{number_id}:{one.wa_id}" in world.pairs]
    return found | {"chats": [chat(world, number_id, one.wa_id, now) for number_id in chatting]}


def _said(behaviour: Behaviour) -> dict[str, Any]:
    """What was said of a user's behaviour; the rest is as everybody behaves."""
    members = {name: getattr(behaviour, name) for name in behaviour.__struct_fields__}
    return {name: value for name, value in members.items() if value is not msgspec.UNSET and value != _ORDINARY[name]}


def chat(world: World, number_id: str, wa_id: str, now: int) -> dict[str, Any]:
    """How things stand between a number and a user: windows, blocks, opt-outs."""
    pair = world.pair(number_id, wa_id)
    is_open = windows.is_open(pair, now, world.policy)
    until = pair.inbound_at + int(world.policy.window_seconds * SECOND)
    return {
        "phone_number_id": number_id,
        "window_open": is_open,
        "window_until": until / SECOND if is_open else None,
        "entry_until": pair.entry_until / SECOND if windows.in_entry_window(pair, now) else None,
        "blocked_by_user": pair.blocked_by_user,
        "blocked_by_business": pair.blocked_by_business,
        "marketing_stopped": pair.marketing_stopped,
        "typing": now < pair.typing_until,
    }


def message(one: Message) -> dict[str, Any]:
    """A message of either direction with its whole history, and why it was refused if it was."""
    found: dict[str, Any] = {
        "id": one.id,
        "direction": "outbound" if one.outbound else "inbound",
        "user": one.wa_id,
        "phone_number_id": one.phone_number_id,
        "type": one.type,
        "text": text(one),
        "status": one.status,
        "at": one.at / SECOND,
        "time": iso(one.at),
        "history": [{"status": status, "at": at / SECOND} for status, at in one.history],
        "body": content(one.body),
    }
    if one.receipts and one.outbound:
        found["receipts"] = {wa_id: status or "sent" for wa_id, status in one.receipts}
    for name in ("context_id", "group_id", "template_id", "category", "media_id", "link"):
        if getattr(one, name):
            found[name] = getattr(one, name)
    if one.shown:
        found["shown"] = content(one.shown)
    if one.callback_data is not None:
        found["biz_opaque_callback_data"] = one.callback_data
    if one.pricing is not None:
        found["pricing"] = msgspec.structs.asdict(one.pricing)
    if one.refusal is not None:
        found["error"] = webhook_error(one.refusal)
        found["why"] = reason(one.refusal)
    return found


def text(one: Message) -> str:
    """What a message says, in one text; empty where it has none."""
    body = content(one.shown or one.body) if one.type == "template" else content(one.body)
    if one.type == "template":
        return _text(body.get("body"))
    value = body.get(one.type)
    if not isinstance(value, dict):
        return ""
    if one.type == "text" or one.type == "system":
        return _text(value.get("body"))
    if one.type in _CAPTIONED:
        return _text(value.get("caption"))
    if one.type == "edit":
        return _text(content(one.shown).get("edited"))
    if one.type == "interactive":
        return _text(_member(value, "body", "text")) if one.outbound else _reply_title(value)
    return _text(value.get({"button": "text", "reaction": "emoji", "location": "name", "order": "text"}.get(one.type)))


def _reply_title(value: dict[str, Any]) -> str:
    reply = value.get(_text(value.get("type")))
    if not isinstance(reply, dict):
        return ""
    return _text(reply.get("title") or reply.get("body") or reply.get("response"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _member(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def concerns(one: Message, wa_id: str) -> bool:
    """Whether a message is one of a user: of their own chat, or of a group that they were in."""
    return one.wa_id == wa_id or (bool(one.group_id) and any(wa_id == other for other, _ in one.receipts))


def inbox(world: World, wa_id: str, phone_number_id: str = "") -> list[dict[str, Any]]:
    """What a user's phone shows, oldest first: own messages, and those of businesses that have left Meta's servers.

    A reaction, an edit and a deletion are part of the message that they are to. `ticks` are what the sender sees of a
    message.
    """
    shown: dict[str, dict[str, Any]] = {}
    later: list[Message] = []
    user = world.users.get(wa_id)
    behaviour = user.behaviour if user is not None else Behaviour()
    for one in world.messages.values():
        if not concerns(one, wa_id) or (phone_number_id and one.phone_number_id != phone_number_id):
            continue
        if one.outbound and one.status not in _ARRIVED:
            continue
        if one.type == "reaction" or _changes(one):
            later.append(one)
        else:
            shown[one.id] = _bubble(one, behaviour) | (_in_group(world, one, wa_id) if one.group_id else {})
    for one in later:
        change = _changes(one)
        if not change:
            _react(shown, one)
        elif change.get("deleted"):
            shown.pop(one.context_id, None)
        elif one.context_id in shown:
            shown[one.context_id] |= {"text": change.get("edited", ""), "edited": True}
    return list(shown.values())


def _changes(one: Message) -> dict[str, Any]:
    """What a user's message changes of another one, where it is an edit or a deletion."""
    return content(one.shown) if one.shown and not one.outbound else {}


def _in_group(world: World, one: Message, wa_id: str) -> dict[str, Any]:
    """What a bubble of a group has besides: which group, who of the others wrote, how far it got with this user."""
    group = world.groups.get(one.group_id)
    found: dict[str, Any] = {"group_id": one.group_id, "group": group.subject if group else ""}
    if one.outbound:
        return found | {"ticks": dict(one.receipts).get(wa_id) or one.status}
    return found | ({"from": "participant", "author": one.wa_id} if one.wa_id != wa_id else {})


def _bubble(one: Message, behaviour: Behaviour) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.id,
        "from": "business" if one.outbound else "user",
        "phone_number_id": one.phone_number_id,
        "type": one.type,
        "at": one.at / SECOND,
        "time": iso(one.at),
        "text": text(one),
        "ticks": one.status,
    }
    body = content(one.shown) if one.type == "template" else content(one.body)
    source = body if one.type == "template" else body.get("interactive") if one.type == "interactive" else None
    if isinstance(source, dict) and one.outbound:
        header = source.get("header")
        found |= {"header": header} if header else {}
        footer = source.get("footer")
        footer = footer.get("text") if isinstance(footer, dict) else footer
        found |= {"footer": footer} if footer else {}
        cards = source.get("cards") or _member(source, "action", "cards")
        found |= {"cards": cards} if cards else {}
    elif isinstance(body.get(one.type), (dict, list)) and one.type not in ("text", "interactive"):
        found["content"] = body[one.type]
    buttons = [_button(choice) for choice in choices(one, behaviour)]
    code = offered_code(one, behaviour)
    if code is not None:
        found |= {"code": code.code, "code_until": code.until / SECOND, "code_app": code.app}
    if buttons:
        found["buttons"] = buttons
    if one.context_id:
        found["quotes"] = one.context_id
    return found


def _button(choice: Choice) -> dict[str, Any]:
    return {
        name: value
        for name, value in msgspec.structs.asdict(choice).items()
        if value and name not in ("token", "until")
    }


def _react(shown: dict[str, dict[str, Any]], one: Message) -> None:
    reaction = content(one.body).get("reaction")
    target = shown.get(_text(_member(reaction, "message_id")))
    if target is None:
        return
    who, emoji = "business" if one.outbound else "user", _text(_member(reaction, "emoji"))
    others = [old for old in target.get("reactions", []) if old["from"] != who]
    target["reactions"] = [*others, {"from": who, "emoji": emoji}] if emoji else others


def page(things: Iterable[Any], after: str, limit: int) -> list[Any]:
    """The first `limit` of the things behind the one with the id `after`, or without it the last ones."""
    if after:
        rest = iter(things)
        for one in rest:
            if one.id == after:
                break
        return list(islice(rest, limit))
    found = list(things)
    return found[-limit:] if limit else []


def delivery(one: Delivery) -> dict[str, Any]:
    """A webhook for one app, with every attempt."""
    found = {
        "id": one.id,
        "field": one.field,
        "state": one.state,
        "app_id": one.app_id,
        "waba_id": one.waba_id,
        "phone_number_id": one.phone_number_id or None,
        "lane": one.lane,
        "at": one.created_at / SECOND,
        "time": iso(one.created_at),
        "next_at": one.next_at / SECOND if one.next_at else None,
        "attempts": [_attempt(attempt) for attempt in one.attempts],
        "body": content(one.body),
    }
    return found | ({"carrier": one.carrier} if one.carrier else {})


def _attempt(one: Attempt) -> dict[str, Any]:
    found = {"at": one.at / SECOND, "url": one.url, "status": one.status, "latency_ms": one.latency_ms}
    return found | {name: value for name, value in (("error", one.error), ("answer", one.answer)) if value}


def delivery_in_full(world: World, one: Delivery) -> dict[str, Any]:
    """A webhook with its headers, its exact body and a command that sends the same again."""
    where = (one.app_id, one.waba_id, one.phone_number_id, one.field)
    url = one.attempts[-1].url if one.attempts else routing.target(world, *where) or ""
    secret = world.apps[one.app_id].secret.encode() if one.app_id in world.apps else b""
    headers = dict(delivery_headers(secret, one.body, legacy=world.policy.legacy_signature))
    flags = "".join(f" \\\n  -H {quote(f'{name}: {value}')}" for name, value in headers.items())
    raw = one.body.decode("utf-8", "replace")
    curl = f"curl -X POST {quote(url)}{flags} \\\n  --data-binary {quote(raw)}"
    return delivery(one) | {
        "url": url,
        "headers": headers,
        "raw": raw,
        "raw_base64": b64encode(one.body).decode(),
        "as_curl": curl,
    }


def template(one: Template) -> dict[str, Any]:
    """A template as the control API shows it."""
    return {
        "id": one.id,
        "name": one.name,
        "language": one.language,
        "status": one.status,
        "category": one.category,
        "previous_category": one.previous_category or None,
        "rejected_reason": one.rejected_reason,
        "correct_category": one.correct_category or None,
        "quality_score": one.quality_score,
        "pauses": one.pauses,
        "paused_for": one.paused_for or None,
        "components": msgspec.json.decode(one.components),
    }


def phone_number(world: World, one: PhoneNumber) -> dict[str, Any]:
    """A business number as the control API shows it."""
    return {
        "id": one.id,
        "display_phone_number": one.digits,
        "verified_name": one.verified_name,
        "quality_rating": one.quality_rating,
        "messaging_limit": limit_of(world, one),
        "throughput": one.throughput_level,
        "status": one.status,
        "name_status": one.name_status,
        "new_name_status": one.new_name_status,
        "code_verification_status": one.code_verification_status,
        "account_mode": one.account_mode,
        "registered": one.registered,
    }
