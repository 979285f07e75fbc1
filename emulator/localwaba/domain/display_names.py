"""Display names of numbers: wanted by the business, judged by Meta, shown after the next registration."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from localwaba.domain.events import Announced, Event, Put
from localwaba.domain.model import PhoneNumber

Decision = Literal["APPROVED", "DEFERRED", "PENDING", "REJECTED"]
_STATUS: dict[Decision, str] = {
    "APPROVED": "APPROVED",
    "REJECTED": "DECLINED",
    "DEFERRED": "PENDING_REVIEW",
    "PENDING": "PENDING_REVIEW",
}


def want_name(number: PhoneNumber, name: str) -> PhoneNumber:
    """The number while Meta looks at another name; the name it has is no other one."""
    if name == number.verified_name:
        return replace(number, new_name="", new_name_status="NONE")
    return replace(number, new_name=name, new_name_status="PENDING_REVIEW")


def judge_name(number: PhoneNumber, decision: Decision, now: int, reason: str | None = None) -> list[Event]:
    """Meta has judged the name that is wanted, else the one that is shown; told by `phone_number_name_update`."""
    status = _STATUS[decision]
    if number.new_name:
        judged = replace(number, new_name_status=status)
    else:
        judged = replace(number, name_status=status)
    value = {
        "display_phone_number": number.digits,
        "decision": decision,
        "requested_verified_name": number.new_name or number.verified_name,
        "rejection_reason": reason,
    }
    return [
        Put(at=now, thing=judged),
        Announced(
            at=now,
            field="phone_number_name_update",
            value=value,
            waba_id=number.waba_id,
            phone_number_id=number.id,
            timed=True,
        ),
    ]
