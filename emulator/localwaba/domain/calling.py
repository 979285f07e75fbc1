"""Calls between a business and users (Meta: calling, 2025-2026): who may call whom, and how a call goes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import windows
from localwaba.domain.account_state import CALLING, Standing
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.enforcement import is_active
from localwaba.domain.errors import Refusal, refuse
from localwaba.domain.events import Event, PairChanged, Put, Removed
from localwaba.domain.model import CallPermission, PhoneCall, PhoneNumber, User
from localwaba.domain.world import World

USER, BUSINESS = "USER_INITIATED", "BUSINESS_INITIATED"
LIVE = frozenset({"ringing", "pre_accepted", "connected"})
_WEEK = 7 * DAY
_RETAINED = 1_000
"""Ended calls that a world keeps."""


def settings_of(number: PhoneNumber) -> dict[str, Any]:
    """The calling settings of a number, as far as they were ever set."""
    found = number.settings.get("calling")
    return found if isinstance(found, dict) else {}


def is_on(number: PhoneNumber) -> bool:
    """Whether calling is enabled for a number."""
    return settings_of(number).get("status") == "ENABLED"


def uses_sip(number: PhoneNumber) -> bool:
    """Whether the calls of a number go by SIP, past Graph and webhooks."""
    sip = settings_of(number).get("sip")
    return isinstance(sip, dict) and sip.get("status") == "ENABLED"


def check_enabled(number: PhoneNumber) -> None:
    """Refuses where calling is off (138000), or goes by SIP (131055)."""
    if not is_on(number):
        fix = f'POST /{number.id}/settings {{"calling":{{"status":"ENABLED"}}}}'
        raise refuse(138000, rule="calling.off", why=f"calling is not enabled for {number.display}", fix=fix)
    if uses_sip(number):
        raise refuse(
            131055,
            "SIP is enabled for this phone number: the calls API cannot be used",
            rule="calling.sip",
            why=f"the calls of {number.display} go by SIP",
            fix='POST /{phone}/settings {"calling":{"sip":{"status":"DISABLED"}}}',
        )


def check_unrestricted(world: World, number: PhoneNumber, now: int) -> None:
    """Refuses calls of the business while Meta has taken them away for low quality (138014)."""
    standing = world.standings.get(number.waba_id)
    if standing is not None and is_restricted(standing, BUSINESS, now):
        raise refuse(138014, rule="calling.restricted", why="Meta has restricted the calls of this account")


def is_restricted(standing: Standing, direction: str, now: int) -> bool:
    """Whether Meta has taken the calls of one direction from an account."""
    return any(is_active(standing, kind, now) for kind in CALLING[direction])


def permission(world: World, number_id: str, wa_id: str) -> CallPermission:
    """What a user has allowed a number, and how often that was asked and used."""
    key = f"{number_id}:{wa_id}"
    return world.call_permissions.get(key) or CallPermission(id=key)


def status_of(found: CallPermission, now: int) -> str:
    """`permanent`, `temporary` while it lasts, `no_permission`."""
    if found.status == "temporary" and now >= found.expires_at:
        return "no_permission"
    return found.status


def within(times: tuple[int, ...], span: int, now: int) -> list[int]:
    """The moments of a span (milliseconds) that ends now."""
    return [at for at in times if now - at < span]


def check_request(world: World, number: PhoneNumber, wa_id: str, now: int) -> None:
    """Refuses a request to be allowed to call: 138000, 138017 if it is for good, 138009 if it was asked too often."""
    check_enabled(number)
    check_unrestricted(world, number, now)
    found = permission(world, number.id, wa_id)
    if status_of(found, now) == "permanent":
        raise refuse(138017, rule="calling.permission", why=f"{wa_id} has allowed calls for good")
    policy = world.policy
    for limit, span, name in (
        (policy.call_requests_per_day, DAY, "24 hours"),
        (policy.call_requests_per_week, _WEEK, "7 days"),
    ):
        if limit is not None and len(recent := within(found.requests, span, now)) >= limit:
            wait = windows.duration(recent[-limit] + span - now) if limit else "ever"
            raise refuse(
                138009,
                rule="calling.requests",
                why=f"{wa_id} was asked {len(recent)} times within {name}, {limit} are allowed",
                fix=f"wait for {wait}; a call that is taken resets the count",
            )


def asked(world: World, number_id: str, wa_id: str, now: int) -> Event:
    """A user is asked for permission."""
    found = permission(world, number_id, wa_id)
    return Put(at=now, thing=replace(found, requests=(*within(found.requests, _WEEK, now), now)))


def replied(world: World, number_id: str, wa_id: str, reply: dict[str, Any], now: int) -> Event:
    """A user allows calls or does not; without an end, the permission lasts for the knob `call_permission_seconds`."""
    found = permission(world, number_id, wa_id)
    if reply.get("response") != "accept":
        return Put(at=now, thing=replace(found, status="no_permission", expires_at=0))
    if reply.get("is_permanent") is True:
        return Put(at=now, thing=replace(found, status="permanent", expires_at=0, unanswered=0))
    given = reply.get("expiration_timestamp")
    until = int(given) * SECOND if given else now + int(world.policy.call_permission_seconds * SECOND)
    return Put(at=now, thing=replace(found, status="temporary", expires_at=until, unanswered=0))


def check_start(world: World, number: PhoneNumber, user: User, now: int) -> None:
    """Refuses a call to a user: 138014, 138001, 138006, 138003, 138012, 138002 (the order is our reading)."""
    check_unrestricted(world, number, now)
    pair = world.pair(number.id, user.wa_id)
    if not user.behaviour.on_whatsapp or pair.blocked_by_user or pair.blocked_by_business:
        reason = "is not on WhatsApp" if not user.behaviour.on_whatsapp else "and this business are blocked"
        raise refuse(138001, rule="calling.receiver", why=f"{user.wa_id} {reason}")
    found = permission(world, number.id, user.wa_id)
    if status_of(found, now) == "no_permission":
        raise refuse(
            138006,
            rule="calling.permission",
            why=f"{user.wa_id} has not allowed {number.display} to call, or no longer",
            fix="send an interactive message of type call_permission_request",
        )
    live = [one for one in world.calls.values() if one.state in LIVE and one.phone_number_id == number.id]
    if any(one.wa_id == user.wa_id for one in live):
        raise refuse(138003, rule="calling.duplicate", why=f"a call with {user.wa_id} is going on already")
    policy = world.policy
    recent = within(found.connected, DAY, now)
    if policy.calls_per_day is not None and len(recent) >= policy.calls_per_day:
        free = recent[-policy.calls_per_day] + DAY if policy.calls_per_day else now + DAY
        raise refuse(
            138012,
            f"The business initiated calls limit is reached. It can call again at {free // SECOND}.",
            rule="calling.limit",
            why=f"{len(recent)} calls to {user.wa_id} were taken within 24 hours (knob calls_per_day)",
            fix=f"wait for {windows.duration(free - now)}",
        )
    if policy.concurrent_calls is not None and len(live) >= policy.concurrent_calls:
        raise refuse(138002, rule="calling.concurrent", why=f"{len(live)} calls are going on (knob concurrent_calls)")


def unpaid(world: World, number: PhoneNumber) -> Refusal | None:
    """Why a call that was taken fails: the account cannot pay (131044)."""
    standing = world.standings.get(number.waba_id)
    if standing is None or not standing.unpaid_since:
        return None
    fix = f'PATCH /_localwaba/accounts/{number.waba_id} {{"payment":"ok"}}'
    return Refusal(code=131044, rule="payment", why="the account has not paid", fix=fix)


def opened(world: World, call: PhoneCall, now: int) -> list[Event]:
    """A call of the user's, or one that the user takes, opens the window (Meta: calling)."""
    if not world.policy.call_opens_window:
        return []
    pair = world.pair(call.phone_number_id, call.wa_id)
    changed = windows.opened(pair, now, pair.inbound_id, by_referral=False)
    return [PairChanged(at=now, key=f"{call.phone_number_id}:{call.wa_id}", pair=changed)]


def connected(world: World, call: PhoneCall, now: int) -> list[Event]:
    """Both sides talk; a call of the business counts, and resets how often it may ask."""
    events: list[Event] = [Put(at=now, thing=replace(call, state="connected", connected_at=now))]
    found = permission(world, call.phone_number_id, call.wa_id)
    times = (*within(found.connected, DAY, now), now) if call.direction == BUSINESS else found.connected
    changed = replace(found, requests=(), connected=tuple(times), unanswered=0)
    if changed != found:
        events.append(Put(at=now, thing=changed))
    return events


def ended(world: World, call: PhoneCall, now: int, by: str) -> list[Event]:
    """A call is over; one of the business that nobody took brings the end of the permission nearer."""
    over = replace(call, state="ended", ended_at=now, ended_by=by)
    events: list[Event] = [Put(at=now, thing=over), *_forget(world, now)]
    if call.direction == BUSINESS and not call.connected_at and by == "nobody":
        found = permission(world, call.phone_number_id, call.wa_id)
        missed, limit = found.unanswered + 1, world.policy.unanswered_calls
        changed = replace(found, unanswered=missed)
        if limit is not None and missed >= limit:
            changed = replace(changed, status="no_permission", expires_at=0, unanswered=0)
        events.append(Put(at=now, thing=changed))
    return events


def _forget(world: World, now: int) -> list[Event]:
    """The oldest calls go when there are too many."""
    over = [call.id for call in world.calls.values() if call.state == "ended"]
    return [Removed(at=now, kind="PhoneCall", id=one) for one in over[: max(0, len(over) - _RETAINED)]]


def live_with(world: World, number_id: str, wa_id: str) -> PhoneCall | None:
    """The call of a user and a number that is going on."""
    for call in reversed(world.calls.values()):
        if call.state in LIVE and call.phone_number_id == number_id and call.wa_id == wa_id:
            return call
    return None
