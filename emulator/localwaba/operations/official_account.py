"""A number as an official business account: the application, which Meta decides on."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import invalid_parameter
from localwaba.domain.events import Put
from localwaba.domain.model import PhoneNumber
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import show
from localwaba.wire.official_account import OFFICIAL_ACCOUNT, official_account

STATUSES = ("PENDING", "UNDER_REVIEW", "APPROVED", "REJECTED", "EXPIRED", "CANCELLED")
_ACTIVE = frozenset({"PENDING", "UNDER_REVIEW", "APPROVED"})
_ACTIONS: dict[str, tuple[str, str]] = {
    "SUBMIT_APPLICATION": ("PENDING", "submitted"),
    "RESUBMIT_APPLICATION": ("PENDING", "resubmitted"),
    "WITHDRAW_APPLICATION": ("CANCELLED", "withdrawn"),
}


def get_official_business_account(call: Call) -> Answer:
    """`GET /{phone}/official_business_account`: NOT_STARTED until somebody applies."""
    return show(call, OFFICIAL_ACCOUNT, call.world.numbers[call.node])


def request_official_business_account(call: Call) -> Answer:
    """`POST /{phone}/official_business_account`: apply, apply again after a rejection, or withdraw."""
    number, action = call.world.numbers[call.node], call.text("action")
    before = official_account(number)["oba_status"]
    _check(action, before, number)
    status, done = _ACTIONS[action]
    changed = decided(number, status)
    if "application_data" in call.params:
        kept = changed.settings["official_business_account"] | {"application": call.params["application_data"]}
        changed = replace(changed, settings=changed.settings | {"official_business_account": kept})
    body: dict[str, Any] = {
        "success": True,
        "message": f"Official Business Account application {done} successfully",
        "updated_status": {"id": number.id, **official_account(changed)},
        "tracking_id": f"oba_req_{call.ids.hexadecimal()[:16].lower()}",
    }
    return Answer(body=body, events=[Put(at=call.now, thing=changed)])


def _check(action: str, status: str, number: PhoneNumber) -> None:
    allowed = {
        "SUBMIT_APPLICATION": status not in _ACTIVE,
        "RESUBMIT_APPLICATION": status == "REJECTED",
        "WITHDRAW_APPLICATION": status in ("PENDING", "UNDER_REVIEW"),
    }
    if not allowed[action]:
        raise invalid_parameter(
            rule="official_account.action",
            why=f"{action} while the application is {status}",
            fix=f'be Meta: PATCH /_localwaba/phone_numbers/{number.id} {{"oba_status":"REJECTED"}}',
        )


def decided(number: PhoneNumber, status: str) -> PhoneNumber:
    """The number after its application got to a status; approval makes it an official account."""
    kept = number.settings.get("official_business_account", {}) | {"oba_status": status}
    official = {"official_business_account": kept, "is_official_business_account": status == "APPROVED"}
    return replace(number, settings=number.settings | official)
