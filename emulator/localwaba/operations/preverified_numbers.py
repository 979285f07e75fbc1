"""Numbers that a business keeps ready for its clients: add, list, read, delete."""

from __future__ import annotations

from localwaba.domain import numbers as telephone
from localwaba.domain.errors import refuse
from localwaba.domain.events import Put, Removed
from localwaba.domain.model import PreverifiedNumber
from localwaba.operations.call import SUCCESS, Answer, Call
from localwaba.operations.viewing import show, show_page
from localwaba.wire.preverified_numbers import ITEM, NODE


def add_preverified_number(call: Call) -> Answer:
    """`POST /{business}/add_phone_numbers`: a number with its calling code, which is in no account."""
    world, given = call.world, call.text("phone_number")
    digits = "".join(filter(str.isdigit, given))
    if not telephone.normalise(digits).valid:
        raise refuse(
            100,
            "Parameter Invalid",
            message="Invalid parameter",
            rule="preverified_numbers.number",
            why=f"no country has a number {digits}",
            fix="send the whole number, as +16315551000",
        )
    taken = {number.digits for number in world.numbers.values()}
    if digits in taken | {one.digits for one in world.preverified.values()}:
        why = f"{telephone.display(digits)} is on the platform already"
        raise refuse(100, subcode=2388012, rule="preverified_numbers.unique", why=why, fix="add another number")
    number = PreverifiedNumber(
        id=call.ids.number(15),
        business_id=call.node,
        digits=digits,
        display=telephone.display(digits),
        country=telephone.country_of(digits),
        created_at=call.now,
    )
    return Answer(body={"id": number.id}, events=[Put(at=call.now, thing=number)])


def list_preverified_numbers(call: Call) -> Answer:
    """`GET /{business}/preverified_numbers`."""
    return show_page(call, ITEM, [one for one in call.world.preverified.values() if one.business_id == call.node])


def get_preverified_number(call: Call) -> Answer:
    """`GET /{preverified}`: whether the id is right, and whose number it is."""
    return show(call, NODE, call.world.preverified[call.node])


def delete_preverified_number(call: Call) -> Answer:
    """`DELETE /{preverified}`."""
    return Answer(body=SUCCESS, events=[Removed(at=call.now, kind="PreverifiedNumber", id=call.node)])
