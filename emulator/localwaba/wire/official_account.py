"""The state of a number's application to be an official business account."""

from __future__ import annotations

from localwaba.domain.model import PhoneNumber
from localwaba.wire.nodes import Kind

_MESSAGES = {
    "NOT_STARTED": "No Official Business Account application has been submitted",
    "PENDING": "Your Official Business Account application is under review",
    "UNDER_REVIEW": "Your Official Business Account application is under review",
    "APPROVED": "Your Official Business Account has been approved",
    "REJECTED": "Your Official Business Account application was rejected. Please review the requirements and reapply.",
    "EXPIRED": "Your Official Business Account application has expired",
    "CANCELLED": "Official Business Account application has been cancelled",
}


def official_account(number: PhoneNumber) -> dict[str, str]:
    """`oba_status` and `status_message`."""
    official = "APPROVED" if number.settings.get("is_official_business_account") else "NOT_STARTED"
    status = str(number.settings.get("official_business_account", {}).get("oba_status", official))
    return {"oba_status": status, "status_message": _MESSAGES[status]}


OFFICIAL_ACCOUNT = Kind(
    node_type="WhatsAppBusinessPhoneNumberOfficialBusinessAccount",
    default=("id", "oba_status", "status_message"),
    fields={
        "id": lambda view, number, field: number.id,
        "oba_status": lambda view, number, field: official_account(number)["oba_status"],
        "status_message": lambda view, number, field: official_account(number)["status_message"],
    },
)
