"""Webhooks whose value is given as it is: which fields carry a time, and whose id their entry has."""

from __future__ import annotations

from typing import Any

from localwaba.domain.events import Announced
from localwaba.domain.model import PhoneNumber
from localwaba.domain.world import World

TIMED = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "business_status_update",
        "business_username_updates",
        "flows",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
        "template_correct_category_detection",
    }
)
"""Fields whose entry has a `time` (Meta: webhook reference)."""

_PORTFOLIO_EVENTS = frozenset(
    {
        "AD_ACCOUNT_LINKED",
        "MM_LITE_TERMS_SIGNED",
        "PARTNER_ADDED",
        "PARTNER_APP_INSTALLED",
        "PARTNER_APP_UNINSTALLED",
        "PARTNER_REMOVED",
    }
)


def announced(
    world: World,
    now: int,
    field: str,
    value: dict[str, Any],
    number: PhoneNumber | None = None,
    waba_id: str = "",
    *,
    exact: bool = False,
) -> Announced:
    """The event that fires a webhook; without a number it is about the whole account."""
    account = waba_id or (number.waba_id if number else world.waba_id)
    of_portfolio = field == "partner_solutions" or (
        field == "account_update" and str(value.get("event")) in _PORTFOLIO_EVENTS
    )
    return Announced(
        at=now,
        field=field,
        value=value,
        waba_id=account,
        phone_number_id=number.id if number else "",
        entry_id=world.wabas[account].business_id if of_portfolio and account in world.wabas else "",
        timed=field in TIMED,
        exact=exact,
    )
