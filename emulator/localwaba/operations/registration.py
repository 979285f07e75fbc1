"""Verification, registration and deregistration of a number."""

from __future__ import annotations

from collections.abc import Callable

from localwaba.domain import registration
from localwaba.domain.clock import SECOND
from localwaba.domain.enforcement import check_management
from localwaba.domain.errors import Refused
from localwaba.domain.events import Event
from localwaba.domain.limits import check_registration
from localwaba.operations.call import SUCCESS, Answer, Call


def request_code(call: Call) -> Answer:
    """`POST /{phone}/request_code`: nobody gets a real message; the code is the world's `verification_code`."""
    number = call.world.numbers[call.node]
    return Answer(body=SUCCESS, events=registration.request_code(number, call.now))


def verify_code(call: Call) -> Answer:
    """`POST /{phone}/verify_code`."""
    number = call.world.numbers[call.node]
    events = registration.verify_code(number, call.text("code"), call.now)
    return Answer(body=SUCCESS, events=events)


def register_phone_number(call: Call) -> Answer:
    """`POST /{phone}/register`."""
    number = call.world.numbers[call.node]
    region = call.text("data_localization_region", "").upper()
    pin = call.text("pin")
    interval = int(call.world.policy.pin_guess_interval * SECOND)
    check_management(call.world, number.waba_id, call.now)
    registration.check_deletion(call.world, number, call.now)
    return _counted(call, lambda: registration.register(number, pin, call.now, region, interval))


def deregister_phone_number(call: Call) -> Answer:
    """`POST /{phone}/deregister`."""
    number = call.world.numbers[call.node]
    return _counted(call, lambda: registration.deregister(number, call.now))


def _counted(call: Call, decide: Callable[[], list[Event]]) -> Answer:
    """Decides within the limit of ten in 72 hours; what is refused otherwise counts too."""
    counted = check_registration(call.world, call.world.numbers[call.node], call.now)
    try:
        return Answer(body=SUCCESS, events=[counted, *decide()])
    except Refused as refused:
        refused.events = [counted, *refused.events]
        raise
