"""Calls as webhooks tell of them (field `calls`), and what may be done towards a user as JSON."""

from __future__ import annotations

from typing import Any

from localwaba.domain import calling
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.ids import derive
from localwaba.domain.model import PhoneCall, User
from localwaba.domain.world import World
from localwaba.wire.errors import webhook_error
from localwaba.wire.notices import number_value
from localwaba.wire.people import contact, ids, parent_id, shows_number


def connect(world: World, call: PhoneCall, user: User, now: int) -> dict[str, Any]:
    """The other side's session: the offer of a user who calls, the answer of one who takes a call."""
    item = _call(world, call, user, now, "connect")
    kind = "offer" if call.direction == calling.USER else "answer"
    item["session"] = {"sdp_type": kind, "sdp": sdp(call)}
    for name in ("deeplink_payload", "cta_payload"):
        if getattr(call, name):
            item[name] = getattr(call, name)
    return _value(world, call, contact(world, user)) | {"calls": [item | _tracked(call)]}


def terminate(world: World, call: PhoneCall, user: User, now: int, refusal: Refusal | None = None) -> dict[str, Any]:
    """The end of a call; times and duration only of one that was taken, `errors` of one that failed."""
    item = _call(world, call, user, now, "terminate")
    item["status"] = "COMPLETED" if call.connected_at else "FAILED"
    if call.connected_at:
        start, end = call.connected_at // SECOND, now // SECOND
        item |= {"start_time": str(start), "end_time": str(end), "duration": end - start}
    found = _value(world, call, contact(world, user)) | {"calls": [item | _tracked(call)]}
    return found | {"errors": [webhook_error(refusal, world.policy.error_href)]} if refusal else found


def status(world: World, call: PhoneCall, user: User, now: int, name: str) -> dict[str, Any]:
    """What became of a call to a user: RINGING, ACCEPTED, REJECTED; as in other statuses the contact has no profile."""
    item: dict[str, Any] = {"id": call.id, "timestamp": str(now // SECOND), "type": "call", "status": name}
    if shows_number(world, user):
        item["recipient_id"] = user.wa_id
    if world.policy.business_scoped_ids:
        item["recipient_user_id"] = user.user_id
    parent = parent_id(world, user)
    if parent:
        item["recipient_parent_user_id"] = parent
    return _value(world, call, ids(world, user)) | {"statuses": [item | _tracked(call)]}


def _value(world: World, call: PhoneCall, who: dict[str, Any]) -> dict[str, Any]:
    return number_value(world.numbers[call.phone_number_id]) | {"contacts": [who]}


def _call(world: World, call: PhoneCall, user: User, now: int, event: str) -> dict[str, Any]:
    own, theirs = ("to", "from") if call.direction == calling.USER else ("from", "to")
    item: dict[str, Any] = {"id": call.id}
    sides = {own: world.numbers[call.phone_number_id].digits}
    if shows_number(world, user):
        sides[theirs] = user.wa_id
    item |= {name: sides[name] for name in ("to", "from") if name in sides}
    if world.policy.business_scoped_ids:
        item[f"{theirs}_user_id"] = user.user_id
    parent = parent_id(world, user)
    if parent:
        item[f"{theirs}_parent_user_id"] = parent
    return item | {"event": event, "timestamp": str(now // SECOND), "direction": call.direction}


def _tracked(call: PhoneCall) -> dict[str, str]:
    return {} if call.callback_data is None else {"biz_opaque_callback_data": call.callback_data}


def sdp(call: PhoneCall) -> str:
    """A session as a phone describes it; no media are behind it."""
    number = int.from_bytes(derive(call.id, "sdp", 7), "big")
    ufrag, pwd = derive(call.id, "ufrag", 2).hex(), derive(call.id, "pwd", 12).hex()
    print_of = derive(call.id, "fingerprint", 32).hex(":").upper()
    setup = "actpass" if call.direction == calling.USER else "active"
    lines = (
        "v=0",
        f"o=- {number} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=ice-lite",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 126",
        "c=IN IP4 0.0.0.0",
        "a=rtcp-mux",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        f"a=fingerprint:sha-256 {print_of}",
        f"a=setup:{setup}",
        "a=mid:0",
        "a=sendrecv",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=20;useinbandfec=1",
        "a=rtpmap:126 telephone-event/8000",
    )
    return "\r\n".join(lines) + "\r\n"


def permissions(world: World, number_id: str, wa_id: str, now: int) -> dict[str, Any]:
    """What a user has allowed, and what may be done now, with the limits that apply."""
    found, policy = calling.permission(world, number_id, wa_id), world.policy
    state = calling.status_of(found, now)
    shown: dict[str, Any] = {"status": state}
    if state == "temporary":
        shown["expiration_time"] = found.expires_at // SECOND
    asking = [
        _limit("PT24H", DAY, policy.call_requests_per_day, found.requests, now),
        _limit("P7D", 7 * DAY, policy.call_requests_per_week, found.requests, now),
    ]
    starting = [_limit("PT24H", DAY, policy.calls_per_day, found.connected, now)]
    actions = (
        ("send_call_permission_request", state != "permanent", asking),
        ("start_call", state != "no_permission", starting),
    )
    return {
        "messaging_product": "whatsapp",
        "permission": shown,
        "actions": [
            {
                "action_name": name,
                "can_perform_action": may and all(one["current_usage"] < one["max_allowed"] for one in limits if one),
                "limits": [one for one in limits if one],
            }
            for name, may, limits in actions
        ],
    }


def _limit(period: str, span: int, most: int | None, times: tuple[int, ...], now: int) -> dict[str, Any]:
    if most is None:
        return {}
    recent = calling.within(times, span, now)
    found: dict[str, Any] = {"time_period": period, "max_allowed": most, "current_usage": len(recent)}
    if most and len(recent) >= most:
        found["limit_expiration_time"] = (recent[-most] + span) // SECOND
    return found


def shown(call: PhoneCall) -> dict[str, Any]:
    """A call as the control API shows it."""
    return {
        "id": call.id,
        "phone_number_id": call.phone_number_id,
        "user": call.wa_id,
        "direction": call.direction,
        "state": call.state,
        "at": call.at / SECOND,
        "connected_at": call.connected_at / SECOND if call.connected_at else None,
        "ended_at": call.ended_at / SECOND if call.ended_at else None,
        "ended_by": call.ended_by or None,
    }
