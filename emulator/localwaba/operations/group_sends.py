"""`POST /{phone_number}/messages` with `recipient_type` group (Meta: groups messaging)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import groups
from localwaba.domain.errors import Refused, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.limits import check_sending
from localwaba.domain.model import Group, PhoneNumber, User
from localwaba.domain.senders import check_sender
from localwaba.domain.sending import accept
from localwaba.domain.traffic import Message
from localwaba.operations import messages
from localwaba.operations.call import Answer, Call, missing
from localwaba.operations.template_sends import Fitted, check_cloud_api, fit_template

TYPES = frozenset({"audio", "document", "image", "pin", "sticker", "template", "text", "video"})
"""What can be sent to a group."""
PINS = 3
"""Messages that are pinned in a group at once; one more takes the place of the oldest."""
_BUTTONS = frozenset({"CATALOG", "FLOW", "MPM", "ORDER_DETAILS", "OTP", "SPM", "VOICE_CALL"})


def send_message(call: Call) -> Answer:
    """Takes a message for a user or for a group, or marks one as read."""
    if str(call.params.get("recipient_type", "")).lower() == "group" and "status" not in call.params:
        return _send_to_group(call)
    return messages.send_message(call)


def _send_to_group(call: Call) -> Answer:
    params, world = call.params, call.world
    number = world.numbers[call.node]
    group = find_group(call, number)
    kind = str(params.get("type") or "text").lower()
    if kind not in TYPES:
        raise _unsupported(f"messages of type {kind} cannot be sent to groups")
    fitted, media_id, link = _read(call, number, group, kind)
    everybody = User(wa_id=group.id, user_id="", country=number.country)
    check_sender(world, number, call.now, everybody, fitted.template if fitted else None)
    _check_group(group)
    message = Message(
        id=call.ids.wamid(group.id, outbound=True),
        phone_number_id=number.id,
        wa_id=group.id,
        outbound=True,
        type=kind,
        at=call.now,
        body=call.raw or msgspec.json.encode(params),
        group_id=group.id,
        context_id=messages.context_of(params),
        callback_data=params.get("biz_opaque_callback_data"),
        media_id=media_id,
        link=link,
        refusal=check_sending(world, number, group.id, call.now),
        receipts=tuple((wa_id, "") for wa_id in group.participants),
    )
    if fitted is not None:
        messages.fill(message, fitted)
    events: list[Event] = accept(world, message, everybody, call.now, is_new=False, free_form=fitted is None)
    if kind == "pin":
        events.append(Put(at=call.now, thing=_pinned(group, params["pin"])))
    item = {"id": message.id, "group_id": group.id} | ({"message_status": "accepted"} if fitted else {})
    contact = {"input": params["to"], "wa_id": group.id}
    return Answer(body={"messaging_product": "whatsapp", "contacts": [contact], "messages": [item]}, events=events)


def _read(call: Call, number: PhoneNumber, group: Group, kind: str) -> tuple[Fitted | None, str, str]:
    """A template that fits, and a medium by its id or its link."""
    params = call.params
    if kind == "template":
        fitted = fit_template(call, number, params["template"], to_bsuid=False)
        _check_template(fitted)
        check_cloud_api(call, number, fitted.template)
        return fitted, fitted.media_id, fitted.link
    if kind in messages.MEDIA:
        return None, *messages.media_of(call, number, params[kind], kind)
    if kind == "pin":
        _check_pin(call, group)
    return None, "", ""


def find_group(call: Call, number: PhoneNumber) -> Group:
    """The group that `to` names, which has to be this number's (131041)."""
    to = call.params.get("to")
    if not to:
        raise missing("to")
    group = call.world.groups.get(str(to))
    if group is None or group.phone_number_id != number.id:
        raise refuse(
            131041,
            rule="groups",
            why=f"{number.display} has no group {to!r}",
            fix="take the id from the webhook group_lifecycle_update, or GET /{phone}/groups",
        )
    return group


def _check_group(group: Group) -> None:
    groups.check_alive(group)
    if not group.participants:
        raise refuse(
            131020,
            rule="groups.empty",
            why=f"nobody has joined the group {group.subject!r}",
            fix='let somebody join: {"action":"join_group","group_id":…}',
        )


def _check_template(fitted: Fitted) -> None:
    if fitted.template.category == "AUTHENTICATION":
        raise _unsupported("authentication templates cannot be sent to groups")
    for component in msgspec.json.decode(fitted.template.components):
        kinds = {str(button.get("type")).upper() for button in component.get("buttons", ())}
        if str(component.get("type")).upper() == "CAROUSEL" or kinds & _BUTTONS:
            raise _unsupported("only templates of text and media can be sent to groups")


def _unsupported(why: str) -> Refused:
    return refuse(131051, rule="groups.type", why=why, fix="send text, media, or a template of text and media")


def _check_pin(call: Call, group: Group) -> None:
    message = call.world.messages.get(str(call.params["pin"]["message_id"]))
    if message is None or message.group_id != group.id:
        raise refuse(
            131009, "Parameter Invalid", rule="groups.pin", why="the message to pin is none of this group's messages"
        )


def _pinned(group: Group, pin: dict[str, Any]) -> Group:
    message_id = str(pin["message_id"])
    others = tuple(one for one in group.pins if one != message_id)
    is_off = str(pin["type"]).lower() == "unpin"
    return replace(group, pins=others if is_off else (*others, message_id)[-PINS:])
