"""Numbers that a business keeps ready for its clients: add, list, read, verify, share, delete."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain import numbers as telephone
from localwaba.domain import registration
from localwaba.domain.errors import Refused, invalid_parameter, refuse
from localwaba.domain.events import Put, Removed
from localwaba.domain.model import PreverifiedNumber
from localwaba.domain.seeding import VERIFICATION_CODE
from localwaba.operations.call import SUCCESS, Answer, Call
from localwaba.operations.viewing import show, show_page
from localwaba.wire.preverified_numbers import ITEM, NODE, PARTNER


def add_preverified_number(call: Call) -> Answer:
    """`POST /{business}/add_phone_numbers`: a number with its calling code, which is in no account."""
    world, given = call.world, call.text("phone_number")
    digits = "".join(filter(str.isdigit, given))
    if not telephone.normalise(digits).valid:
        raise invalid_parameter(
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


def request_preverified_number_code(call: Call) -> Answer:
    """`POST /{preverified}/request_code`: as for a number of an account, nobody gets a real message."""
    number = call.world.preverified[call.node]
    if number.status == "VERIFIED":
        raise registration.verified_already("share it: POST /{business}/share_preverified_numbers")
    changed = replace(number, code_sent_at=call.now, changed_at=call.now)
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=changed)])


def verify_preverified_number_code(call: Call) -> Answer:
    """`POST /{preverified}/verify_code`: refused with 136025 if the code is wrong or none was asked for."""
    number = call.world.preverified[call.node]
    body = SUCCESS | {"id": number.id}
    if call.text("code").replace("-", "") != VERIFICATION_CODE:
        raise registration.unverifiable(f"the code is {VERIFICATION_CODE}")
    if number.status == "VERIFIED":
        return Answer(body=body)
    if not number.code_sent_at:
        raise registration.unverifiable("")
    changed = replace(number, status="VERIFIED", code_sent_at=0, changed_at=call.now)
    return Answer(body=body, events=[Put(at=call.now, thing=changed)])


def share_preverified_number(call: Call) -> Answer:
    """`POST /{business}/share_preverified_numbers`: any id but one's own is that of a business somewhere else."""
    number = call.world.preverified.get(call.text("preverified_id"))
    if number is None or number.business_id != call.node:
        why = f"this business has no pre-verified number {call.text('preverified_id')}"
        raise _unshareable("preverified_id", why, "take the id from GET /{business}/preverified_numbers")
    partner = call.text("partner_business_id")
    if partner == call.node:
        raise _unshareable("partner_business_id", "a business cannot be its own partner", "name another business")
    if partner in number.partners:
        return Answer(body=SUCCESS)
    changed = replace(number, partners=(*number.partners, partner), changed_at=call.now)
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=changed)])


def _unshareable(member: str, why: str, fix: str) -> Refused:
    return refuse(100, message="Invalid parameter", rule=f"preverified_numbers.{member}", why=why, fix=fix)


def list_preverified_number_partners(call: Call) -> Answer:
    """`GET /{preverified}/partners`: the businesses that it was shared with."""
    return show_page(call, PARTNER, [{"id": one} for one in call.world.preverified[call.node].partners])
