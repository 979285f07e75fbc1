"""Payments and link clicks of users, as the `value` of a webhook (Meta: payments in India; marketing messages)."""

from __future__ import annotations

from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.model import PhoneNumber
from localwaba.domain.traffic import Message
from localwaba.wire.notices import Value, number_value

STATUSES = {"captured": "success", "pending": "pending", "failed": "failed"}
"""What a payment may be, and what its transaction is then."""
_GATEWAYS = ("billdesk", "payu", "razorpay", "zaakpay")


def payment(
    number: PhoneNumber, message: Message, bill: dict[str, Any], status: str, method: str, key: str, now: int
) -> Value:
    """A payment of the bill in a message; one that failed is told as pending: the user may try again."""
    seconds = now // SECOND
    transaction: Value = {
        "id": f"order_{key[:14]}",
        "pg_transaction_id": f"pay_{key[10:]}",
        "type": _gateway(bill),
        "status": STATUSES[status],
        "created_timestamp": seconds,
        "updated_timestamp": seconds,
        "method": {"type": method},
    }
    if status == "failed":
        transaction["error"] = {"code": "BAD_REQUEST_ERROR", "reason": "payment_failed"}
    total = bill.get("total_amount", {})
    item = {
        "id": message.id,
        "recipient_id": message.wa_id,
        "type": "payment",
        "status": "pending" if status == "failed" else status,
        "payment": {
            "reference_id": bill.get("reference_id", ""),
            "amount": {"value": total.get("value", 0), "offset": total.get("offset", 100)},
            "transaction": transaction,
            "currency": "INR",
        },
        "timestamp": str(seconds),
    }
    return number_value(number) | {"statuses": [item]}


def _gateway(bill: dict[str, Any]) -> str:
    """Who handles the payment, as the bill's settings say."""
    for setting in bill.get("payment_settings") or ():
        gateway = setting.get("payment_gateway") if isinstance(setting, dict) else None
        if isinstance(gateway, dict) and gateway.get("type") in _GATEWAYS:
            return str(gateway["type"])
    return "razorpay"


def click(number: PhoneNumber, key: str, now: int) -> Value:
    """A tap on a link of a marketing message."""
    action = {
        "action_type": "marketing_messages_link_click",
        "timestamp": str(now // SECOND),
        "marketing_messages_link_click_data": {
            "click_component": "cta",
            "click_id": f"AR{key[:24]}",
            "tracking_token": f"Ab{key[24:]}",
        },
    }
    return number_value(number) | {"user_actions": [action]}
