"""What a message costs: the per-message model in force since July 2025."""

from __future__ import annotations

from localwaba.domain.model import Pricing

_MODEL = "PMP"
_CACHE: dict[tuple[bool, str, str], Pricing] = {}


def price(category: str, *, is_template: bool, in_window: bool, in_entry_window: bool) -> Pricing:
    """The pricing of a message that was sent (Meta: pricing, per-message model).

    `category` is the template's, in lower case, or `service`. Only templates outside the windows cost, and marketing
    and authentication templates inside the customer service window too.
    """
    if in_entry_window:
        return _pricing(False, category, "free_entry_point")
    if not is_template:
        return _pricing(False, category, "free_customer_service")
    if in_window and category == "utility":
        return _pricing(False, category, "free_customer_service")
    return _pricing(True, category, "regular")


def _pricing(billable: bool, category: str, kind: str) -> Pricing:
    key = (billable, category, kind)
    found = _CACHE.get(key)
    if found is None:
        found = _CACHE[key] = Pricing(billable, _MODEL, category, kind)
    return found
