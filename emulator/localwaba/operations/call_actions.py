"""What users do with calls: they call, take, decline and hang up."""

from __future__ import annotations

from collections.abc import Callable

from localwaba.domain import calling
from localwaba.domain.model import PhoneCall
from localwaba.operations import ringing
from localwaba.operations.deeds import Deed, Scene
from localwaba.operations.mistakes import Mistake, text_of

_PAYLOADS = ("deeplink_payload", "cta_payload")


def call(scene: Scene) -> Deed:
    """Calls the business."""
    world, number, user = scene.world, scene.number, scene.user
    if not number.registered:
        raise Mistake(f"{number.display} is not registered on WhatsApp: POST /{number.id}/register")
    if not calling.is_on(number):
        raise Mistake(
            f'{number.display} takes no calls: POST /{number.id}/settings {{"calling":{{"status":"ENABLED"}}}}'
        )
    if calling.uses_sip(number):
        raise Mistake(f"the calls of {number.display} go by SIP: no webhook tells of them")
    standing = world.standings.get(number.waba_id)
    if standing is not None and calling.is_restricted(standing, calling.USER, scene.now):
        raise Mistake(f"Meta has restricted calls to {number.display}")
    pair = scene.pair
    if pair.blocked_by_user or pair.blocked_by_business:
        raise Mistake(f"{user.wa_id} and {number.display}: one of them has blocked the other")
    if calling.live_with(world, number.id, user.wa_id) is not None:
        raise Mistake(f"{user.wa_id} is on the phone with {number.display} already: hang_up first")
    payloads = (text_of(scene.options, _PAYLOADS[0], limit=512), text_of(scene.options, _PAYLOADS[1], limit=512))
    made, events = ringing.user_calls(world, scene.ids, scene.now, user, number.id, payloads)
    return Deed({"call_id": made.id, "state": "ringing"}, events)


def answer(scene: Scene) -> Deed:
    """Takes the call of the business that rings."""
    found = _ringing(scene)
    return Deed({"call_id": found.id, "state": "connected"}, ringing.take(scene.world, found, scene.now))


def decline(scene: Scene) -> Deed:
    """Does not take the call of the business that rings."""
    found = _ringing(scene)
    return Deed({"call_id": found.id, "state": "ended"}, ringing.decline(scene.world, found, scene.now))


def hang_up(scene: Scene) -> Deed:
    """Ends the call, or stops ringing."""
    found = _live(scene)
    if found.direction == calling.BUSINESS and found.state == "ringing":
        return decline(scene)
    return Deed({"call_id": found.id, "state": "ended"}, ringing.finish(scene.world, found, scene.now, "user"))


def _live(scene: Scene) -> PhoneCall:
    """The call that goes on between this user and the number, or the one that is named."""
    call_id = text_of(scene.options, "call_id")
    found = scene.world.calls.get(call_id) if call_id else None
    if not call_id:
        found = calling.live_with(scene.world, scene.number.id, scene.user.wa_id)
    if found is None or found.wa_id != scene.user.wa_id:
        raise Mistake(f"{scene.user.wa_id} has no call {call_id or f'with {scene.number.display}'}")
    if found.state not in calling.LIVE:
        raise Mistake(f"the call {found.id} is over: {found.ended_by} ended it")
    return found


def _ringing(scene: Scene) -> PhoneCall:
    found = _live(scene)
    if found.direction != calling.BUSINESS:
        raise Mistake("this is the user's own call: the business takes it, by POST /{phone}/calls")
    if found.state != "ringing":
        raise Mistake(f"the call is {found.state} already")
    return found


ACTIONS: dict[str, tuple[Callable[[Scene], Deed], tuple[str, ...]]] = {
    "call": (call, _PAYLOADS),
    "answer_call": (answer, ("call_id",)),
    "decline_call": (decline, ("call_id",)),
    "hang_up": (hang_up, ("call_id",)),
}
