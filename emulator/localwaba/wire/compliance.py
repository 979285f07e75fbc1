"""What a business has told about itself, as the item of `business_compliance_info`."""

from __future__ import annotations

from localwaba.domain.model import PhoneNumber
from localwaba.wire.fields import Field
from localwaba.wire.nodes import Kind, Reader, View

_TOLD = ("entity_name", "entity_type", "entity_type_custom")
_DETAILS = ("grievance_officer_details", "customer_care_details")


def _told(name: str) -> Reader:
    return lambda view, number, field: number.settings.get("compliance", {}).get(name)


def _registered(view: View, number: PhoneNumber, field: Field) -> bool:
    """Only a partnership and a custom entity say so; all others are registered as what they are."""
    told = number.settings.get("compliance", {})
    return bool(told.get("is_registered", bool(told) and told["entity_type"] not in ("OTHER", "PARTNERSHIP")))


COMPLIANCE = Kind(
    node_type="WhatsAppBusinessComplianceInfo",
    default=("whatsapp_business_account_id", "messaging_product", *_TOLD, "is_registered", *_DETAILS),
    fields={
        "whatsapp_business_account_id": lambda view, number, field: number.waba_id,
        "messaging_product": lambda view, number, field: "whatsapp",
        **{name: _told(name) for name in (*_TOLD, *_DETAILS)},
        "is_registered": _registered,
    },
    always_id=False,
)
