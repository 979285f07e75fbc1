"""A user pays what the business has billed, and taps links of its marketing: told by webhook, sent by nobody."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import DAY
from localwaba.domain.events import Event
from localwaba.domain.ids import derive
from localwaba.domain.traffic import Message
from localwaba.operations.announcements import announced
from localwaba.operations.deeds import Deed, Scene, last, received
from localwaba.operations.mistakes import Mistake, choice_of, text_of
from localwaba.wire import payments
from localwaba.wire.choices import content

_METHODS = ("card", "netbanking", "upi", "wallet")
_MARKETING = frozenset({"marketing", "marketing_lite"})
CLICKS_FOR = 7 * DAY


def pay(scene: Scene) -> Deed:
    """The user pays the last bill (order_details), or tries to; the business is told (Meta: payments in India)."""
    given = text_of(scene.options, "message_id")
    message = received(scene, given) if given else last(scene, lambda one: bool(_bill(one)))
    bill = _bill(message) if message else {}
    if message is None or not bill:
        raise Mistake("there is nothing to pay: no interactive message of type order_details was sent to this user")
    if bill.get("currency") != "INR":
        raise Mistake(f"payments are told of in INR alone, not in {bill.get('currency')}")
    status = choice_of(scene.options, "status", payments.STATUSES) or "captured"
    number = scene.world.numbers[message.phone_number_id]
    method = choice_of(scene.options, "method", _METHODS) or "upi"
    key = derive(scene.world.seed, f"payment {message.id} {scene.now}", 12).hex()
    value = payments.payment(number, message, bill, status, method, key, scene.now)
    told = announced(scene.world, scene.now, "messages", value, number)
    reference = str(bill.get("reference_id", ""))
    return Deed({"message_id": message.id, "reference_id": reference, "status": status}, [told])


def _bill(message: Message | None) -> dict[str, Any]:
    """What a message wants to be paid; empty if it is no bill."""
    interactive = content(message.body).get("interactive") if message and message.type == "interactive" else None
    if not isinstance(interactive, dict) or interactive.get("type") != "order_details":
        return {}
    parameters = interactive.get("action", {}).get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def clicked(scene: Scene, message: Message) -> list[Event]:
    """A tap on a link of a marketing message of the last seven days, where such taps are told (click_webhooks)."""
    world, now = scene.world, scene.now
    is_told = world.policy.click_webhooks and message.template_id and message.category in _MARKETING
    if not is_told or now - message.at > CLICKS_FOR:
        return []
    key = derive(world.seed, f"click {message.id} {now}", 24).hex()
    number = world.numbers[message.phone_number_id]
    return [announced(world, now, "messages", payments.click(number, key, now), number)]
