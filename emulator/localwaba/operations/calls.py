"""`POST /{phone}/calls` and `GET /{phone}/call_permissions`."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import calling
from localwaba.domain.errors import Refused, invalid_parameter, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import PhoneCall, PhoneNumber, User
from localwaba.domain.numbers import normalise
from localwaba.domain.senders import check_sender
from localwaba.domain.sending import find_by_user_id, find_recipient
from localwaba.operations.call import Answer, Call, missing
from localwaba.operations.ringing import began, finish
from localwaba.wire import calls as wire

_DONE = {"messaging_product": "whatsapp", "success": True}


def manage_call(call: Call) -> Answer:
    """Starts a call, takes one with or without delay, refuses or ends it."""
    number = call.world.numbers[call.node]
    check_sender(call.world, number, call.now)
    calling.check_enabled(number)
    action = str(call.params["action"]).lower()
    if action == "connect":
        return _start(call, number)
    found = _find(call, number)
    return Answer(body=_DONE, events=_ACTIONS[action](call, found))


def _start(call: Call, number: PhoneNumber) -> Answer:
    _check_session(call, "offer")
    user, is_new = _callee(call, number)
    calling.check_start(call.world, number, user, call.now)
    phone_call = PhoneCall(
        id=call.ids.wacid(user.wa_id, number.digits, outbound=True),
        phone_number_id=number.id,
        wa_id=user.wa_id,
        direction=calling.BUSINESS,
        at=call.now,
        callback_data=call.params.get("biz_opaque_callback_data"),
    )
    events: list[Event] = [Put(at=call.now, thing=user)] if is_new else []
    events += began(call.world, phone_call, user, call.now)
    # Meta's page has no `success` here; client library pywa 4.5 reads one.
    return Answer(
        body={"messaging_product": "whatsapp", "calls": [{"id": phone_call.id}], "success": True}, events=events
    )


def _callee(call: Call, number: PhoneNumber) -> tuple[User, bool]:
    if call.params.get("to"):
        return find_recipient(call.world, number, call.text("to"))
    return find_by_user_id(call.world, call.text("recipient")), False


def _find(call: Call, number: PhoneNumber) -> PhoneCall:
    """The call of an id, which has to be going on."""
    call_id = call.text("call_id")
    found = call.world.calls.get(call_id)
    if found is None or found.phone_number_id != number.id:
        raise _impossible(f"{number.display} has no call {call_id!r}", "use the id of a webhook of the field calls")
    if found.state not in calling.LIVE:
        raise _impossible(f"the call is over: {found.ended_by} ended it", "wait for the next one")
    return found


def _impossible(why: str, fix: str) -> Refused:
    return invalid_parameter(rule="calling.call", why=why, fix=fix)


def _incoming(found: PhoneCall, *states: str) -> None:
    if found.direction != calling.USER:
        raise _impossible("the business made this call itself: the user takes it", "terminate it")
    if found.state not in states:
        raise _impossible(f"the call is {found.state} already", "terminate it")


def _pre_accept(call: Call, found: PhoneCall) -> list[Event]:
    _check_session(call, "answer")
    _incoming(found, "ringing")
    return [Put(at=call.now, thing=replace(found, state="pre_accepted"))]


def _accept(call: Call, found: PhoneCall) -> list[Event]:
    _check_session(call, "answer")
    _incoming(found, "ringing", "pre_accepted")
    data = call.params.get("biz_opaque_callback_data")
    return calling.connected(call.world, replace(found, callback_data=data), call.now)


def _reject(call: Call, found: PhoneCall) -> list[Event]:
    _incoming(found, "ringing", "pre_accepted")
    return finish(call.world, found, call.now, "business")


def _terminate(call: Call, found: PhoneCall) -> list[Event]:
    return finish(call.world, found, call.now, "business")


_ACTIONS = {"pre_accept": _pre_accept, "accept": _accept, "reject": _reject, "terminate": _terminate}


def _check_session(call: Call, kind: str) -> None:
    """A session is opaque, but it has a type and begins as sessions do (RFC 8866)."""
    session: dict[str, Any] = call.params["session"]
    given = str(session["sdp_type"]).lower()
    if given != kind or not str(session["sdp"]).startswith("v=0"):
        why = f"sdp_type is {given!r}" if given != kind else "the sdp does not begin with v=0"
        fix = f"send the SDP {kind} of RFC 8866 as it is"
        raise refuse(131009, "Parameter Invalid", rule="calling.session", why=why, fix=fix)


def get_call_permissions(call: Call) -> Answer:
    """What the user of `user_wa_id`, or of `recipient`, has allowed."""
    number, params = call.world.numbers[call.node], call.params
    if params.get("recipient"):
        wa_id = find_by_user_id(call.world, call.text("recipient")).wa_id
    elif params.get("user_wa_id"):
        wa_id = normalise(call.text("user_wa_id"), number.country).wa_id
    else:
        raise missing("user_wa_id")
    return Answer(body=wire.permissions(call.world, number.id, wa_id, call.now))
