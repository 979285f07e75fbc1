"""`POST /{phone_number}/messages`: every kind of message, read receipts, typing indicators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from localwaba.domain import calling, template_pacing
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import invalid_parameter, refuse
from localwaba.domain.events import Event, MessageRead, PairChanged
from localwaba.domain.expiry import LONGEST, lifetime
from localwaba.domain.limits import check_sending
from localwaba.domain.model import PhoneNumber, Template, User
from localwaba.domain.senders import check_sender
from localwaba.domain.sending import accept, find_by_user_id, find_recipient
from localwaba.domain.traffic import Message
from localwaba.operations.attachments import bad_media, is_own_media
from localwaba.operations.call import SUCCESS, Answer, Call, missing
from localwaba.operations.flow_sends import check_flow_message
from localwaba.operations.template_sends import Fitted, check_cloud_api, fit_template

_encode = msgspec.json.Encoder().encode
MEDIA = frozenset({"image", "audio", "video", "document", "sticker"})
"""Types whose object is a medium."""
_UNDOCUMENTED = frozenset({"gif", "link_preview"})
TYPING = 25 * SECOND
"""How long a typing indicator is shown unless the business answers before (Meta: typing indicators)."""

Admit = Callable[[Call, PhoneNumber, Template], bool]
"""Judges a template, and says if it goes by the Marketing Messages API."""


def send_message(call: Call) -> Answer:
    """Takes a message (HTTP 200 means accepted, nothing more), or marks one as read."""
    params = call.params
    if params.get("status") == "read":
        return _mark_as_read(call)
    return take(call, check_cloud_api)


def take(call: Call, admit: Admit) -> Answer:
    """Takes a message for a user, with a template that is admitted."""
    params, world = call.params, call.world
    number = world.numbers[call.node]
    kind = str(params.get("type") or "text").lower()
    user, is_new, to_bsuid = _recipient(call, number)
    content = _read(call, number, kind, admit, to_bsuid=to_bsuid)
    fitted = content.fitted
    check_sender(world, number, call.now, user, fitted.template if fitted is not None else None)
    refusal = check_sending(world, number, user.wa_id, call.now)
    asks = asks_to_call(params, kind, fitted)
    if asks:
        calling.check_request(world, number, user.wa_id, call.now)
    message = Message(
        id=call.ids.wamid(user.user_id if to_bsuid and not user.behaviour.phone_visible else user.wa_id, outbound=True),
        phone_number_id=number.id,
        wa_id=user.wa_id,
        outbound=True,
        type=kind,
        at=call.now,
        body=call.raw or _encode(params),
        to_bsuid=to_bsuid,
        context_id=content.context_id,
        callback_data=params.get("biz_opaque_callback_data"),
        identity_key_hash=params.get("recipient_identity_key_hash"),
        media_id=content.media_id,
        link=content.link,
        refusal=refusal,
        lite=content.lite,
    )
    status, paced = "", None
    if fitted is not None:
        fill(message, fitted)
        status, paced = _pace(call, number, message, fitted)
    held = paced is not None and paced.held
    events = accept(world, message, user, call.now, is_new=is_new, free_form=fitted is None, held=held)
    if paced is not None:
        events += paced.events
    if asks:
        events.append(calling.asked(world, number.id, user.wa_id, call.now))
    return Answer(body=_accepted(params, user, message, status), events=events)


class _Content(NamedTuple):
    """What was read out of a message: a template that fits, a medium, the message that it answers."""

    context_id: str
    fitted: Fitted | None = None
    media_id: str = ""
    link: str = ""
    lite: bool = False


def _read(call: Call, number: PhoneNumber, kind: str, admit: Admit, *, to_bsuid: bool) -> _Content:
    params = call.params
    context_id = context_of(params)
    if kind == "template":
        fitted = fit_template(call, number, params["template"], to_bsuid=to_bsuid)
        lite = admit(call, number, fitted.template)
        return _Content(context_id, fitted, fitted.media_id, fitted.link, lite)
    if kind in MEDIA:
        media_id, link = media_of(call, number, params[kind], kind)
        return _Content(context_id, None, media_id, link)
    if kind == "interactive":
        check_flow_message(call, number, params["interactive"])
        media_id, link = _interactive_media(call, number, params["interactive"])
        return _Content(context_id, None, media_id, link)
    if kind == "reaction":
        return _Content(str(params["reaction"]["message_id"]))
    if kind in _UNDOCUMENTED:
        raise refuse(131051, rule="type", why=f"messages of type {kind} are not documented by Meta")
    return _Content(context_id)


def _pace(
    call: Call, number: PhoneNumber, message: Message, fitted: Fitted
) -> tuple[str, template_pacing.Paced | None]:
    """The status of a template's message in the answer, and what pacing says of it, if it is on."""
    world = call.world
    if not template_pacing.is_on(world.policy):
        return "accepted", None
    template_pacing.check_portfolio(world, number.waba_id, call.now)
    paced = template_pacing.pace(world, fitted.template, message.id, call.now)
    return world.policy.held_status if paced.held else "accepted", paced


def asks_to_call(params: dict[str, Any], kind: str, fitted: Fitted | None) -> bool:
    """Whether a message asks the user to allow calls: an interactive one, or a template with that component."""
    if kind == "interactive":
        return bool(params["interactive"].get("type") == "call_permission_request")
    return fitted is not None and b'"type":"call_permission_request"' in fitted.template.components.lower()


def fill(message: Message, fitted: Fitted) -> None:
    """What a template gives to its message."""
    template = fitted.template
    message.template_id = template.id
    message.category = template.category.lower()
    message.shown = fitted.shown
    waits = lifetime(template, lite=message.lite)
    if waits != LONGEST:
        message.expires_at = message.at + waits


def _recipient(call: Call, number: PhoneNumber) -> tuple[User, bool, bool]:
    """The user, whether they are new, and whether they were named by a business-scoped id; `to` wins."""
    params = call.params
    to = params.get("to")
    if to:
        user, is_new = find_recipient(call.world, number, str(to))
        return user, is_new, False
    recipient = params.get("recipient")
    if not recipient:
        raise missing("to")
    return find_by_user_id(call.world, str(recipient)), False, True


def _accepted(params: dict[str, Any], user: User, message: Message, status: str) -> dict[str, Any]:
    """The answer to a send; only templates have a status in it."""
    if message.to_bsuid:
        contact = {"input": params["recipient"], "user_id": params["recipient"]}
    else:
        contact = {"input": params["to"], "wa_id": user.wa_id}
    item = {"id": message.id}
    if status:
        item["message_status"] = status
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [item]}


def context_of(params: dict[str, Any]) -> str:
    """The message that is quoted, if any."""
    context = params.get("context")
    return str(context.get("message_id", "")) if isinstance(context, dict) else ""


def media_of(call: Call, number: PhoneNumber, value: dict[str, Any], path: str) -> tuple[str, str]:
    """The id or the link of a media object; an id has to belong to the account of the sending number."""
    media_id = value.get("id")
    if media_id is None:
        return "", str(value.get("link", ""))
    media_id = str(media_id)
    if not is_own_media(call, number, media_id):
        raise bad_media(f"{path}['id']", media_id)
    return media_id, ""


def _interactive_media(call: Call, number: PhoneNumber, interactive: dict[str, Any]) -> tuple[str, str]:
    """The first media of an interactive message's header or cards; all ids are checked."""
    found = ("", "")
    headers = [(interactive.get("header"), "interactive['header']")]
    cards = interactive.get("action", {}).get("cards") or []
    headers += [
        (card.get("header"), f"interactive['action']['cards'][{index}]['header']")
        for index, card in enumerate(cards)
        if isinstance(card, dict)
    ]
    for header, path in headers:
        kind = str(header.get("type", "")) if isinstance(header, dict) else ""
        value = header.get(kind) if isinstance(header, dict) and kind in MEDIA else None
        if isinstance(value, dict):
            one = media_of(call, number, value, f"{path}['{kind}']")
            found = found if any(found) else one
    return found


def _mark_as_read(call: Call) -> Answer:
    """Marks a user's message as read; with `typing_indicator` also shows that the business is typing."""
    message_id = str(call.params.get("message_id", ""))
    message = call.world.messages.get(message_id)
    check_sender(call.world, call.world.numbers[call.node], call.now)
    if message is None or message.outbound or message.group_id or message.phone_number_id != call.node:
        if call.world.policy.read_unknown_message == "accept":
            return Answer(body=SUCCESS)
        raise invalid_parameter(
            rule="message_id",
            why=f"this number has received no message {message_id!r}",
            fix="use the id of a message from a webhook of this number",
        )
    typing = isinstance(call.params.get("typing_indicator"), dict)
    events: list[Event] = [MessageRead(at=call.now, message_id=message_id, typing=typing)]
    if typing:
        pair = call.world.pair(call.node, message.wa_id)
        shown = replace(pair, typing_until=call.now + TYPING)
        events.append(PairChanged(at=call.now, key=f"{call.node}:{message.wa_id}", pair=shown))
    return Answer(body=SUCCESS, events=events)
