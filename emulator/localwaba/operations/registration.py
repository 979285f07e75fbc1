"""Verification, registration and deregistration of a number."""

from __future__ import annotations

from localwaba.domain import registration
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
    return Answer(body=SUCCESS, events=registration.register(number, call.text("pin"), call.now, region))


def deregister_phone_number(call: Call) -> Answer:
    """`POST /{phone}/deregister`."""
    return Answer(body=SUCCESS, events=registration.deregister(call.world.numbers[call.node], call.now))
