"""A pre-verified number: as an item of its business's list, and as a node that says whether its id is right."""

from __future__ import annotations

from localwaba.domain import numbers as telephone
from localwaba.domain.model import PreverifiedNumber
from localwaba.wire.fields import Field
from localwaba.wire.nodes import ABSENT, Kind, Reader, View


def _plain(name: str) -> Reader:
    return lambda view, number, field: getattr(number, name) or ABSENT


def _prefix(view: View, number: PreverifiedNumber, field: Field) -> object:
    row = telephone.calling_code(number.digits)
    return int(row.digits) if row is not None else ABSENT


ITEM = Kind(
    node_type="WhatsAppBusinessPreVerifiedPhoneNumber",
    default=("id", "display_phone_number", "verification_status"),
    fields={
        "id": _plain("id"),
        "display_phone_number": _plain("display"),
        "country_prefix": _prefix,
        "country_code": _plain("country"),
        "verification_status": _plain("status"),
        "availability_status": lambda view, number, field: (
            "AVAILABLE" if number.status == "VERIFIED" else "UNAVAILABLE"
        ),
        "created_time": lambda view, number, field: view.date(number.created_at),
        "last_updated": lambda view, number, field: view.date(number.changed_at or number.created_at),
    },
    known=frozenset({"supported_features", "region"}),
)

NODE = Kind(
    node_type="WhatsAppBusinessPreVerifiedPhoneNumber",
    default=("id", "is_input_id_valid"),
    fields={
        "id": _plain("id"),
        "country_prefix": _prefix,
        "display_phone_number": _plain("display"),
        "is_input_id_valid": lambda view, number, field: True,
    },
    known=frozenset({"error_msg"}),
)

PARTNER = Kind(
    node_type="Business",
    default=("id", "name"),
    fields={
        "id": lambda view, one, field: one["id"],
        "name": lambda view, one, field: f"Business {one['id'][-4:]}",
    },
    known=frozenset(
        {"created_time", "updated_time", "verification_status", "primary_page", "timezone_id", "two_factor_type"}
    ),
)
