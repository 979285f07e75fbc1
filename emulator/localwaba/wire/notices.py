"""Where something is announced, and what every value about a business number begins with."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain.model import PhoneNumber


class Notice(NamedTuple):
    """Which field an event is announced in, for which account and number; deliveries of one lane keep their order.

    `app_id` is the only app that is told, if not all are.
    """

    field: str
    waba_id: str
    phone_number_id: str
    lane: str
    entry_id: str = ""
    timed: bool = False
    app_id: str = ""


def number_value(number: PhoneNumber) -> dict[str, Any]:
    """The head of a value: which product, which business number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }
