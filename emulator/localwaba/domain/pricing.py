"""What a message costs. All numbers and dates of every pricing model stand here, and nowhere else.

Since July 2025 messages are charged one by one (PMP); before, what was charged were conversations of 24 hours (CBP).
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from localwaba.domain.clock import DAY
from localwaba.domain.traffic import Message, Pricing

ModelName = Literal[
    "per_message", "per_message_2026_10", "conversations_2024_11", "conversations_2023", "conversations_2022"
]


class PricingModel(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which Meta has charged. `since` is a date.

    `conversations`: none are charged, one for each category, or one for who began. `free` is how many of
    `free_categories` cost nothing in a month, by account (PMP: by number); None: any number.
    `utility_in_window`: whether utility templates inside the customer service window are charged.
    """

    since: str
    conversations: Literal["none", "by_category", "by_initiator"] = "none"
    free: int | None = None
    free_categories: tuple[str, ...] = ()
    utility_in_window: bool = False


FREE_A_MONTH = 1_000
MODELS: dict[str, PricingModel] = {
    "per_message": PricingModel(since="2025-07-01", free_categories=("service",)),
    "per_message_2026_10": PricingModel(
        since="2026-10-01", free=FREE_A_MONTH, free_categories=("service",), utility_in_window=True
    ),
    "conversations_2024_11": PricingModel(
        since="2024-11-01", conversations="by_category", free_categories=("service",), utility_in_window=True
    ),
    "conversations_2023": PricingModel(
        since="2023-06-01",
        conversations="by_category",
        free=FREE_A_MONTH,
        free_categories=("service",),
        utility_in_window=True,
    ),
    "conversations_2022": PricingModel(
        since="2022-02-01",
        conversations="by_initiator",
        free=FREE_A_MONTH,
        free_categories=("user_initiated", "business_initiated"),
        utility_in_window=True,
    ),
}
"""By the value of the knob `pricing_model`."""
assert tuple(MODELS) == get_args(ModelName)

CONVERSATION = DAY
"""How long a conversation lasts, but for those of a free entry point."""
VOLUME_TIERS = (25_000_000, 50_000_000, 100_000_000)
"""Where tiers end, as one webhook of Meta shows; real ones differ by market, see the knob `volume_tiers`."""
TIERED = frozenset({"utility", "authentication"})
"""Categories whose price falls with the volume of a month."""
INTERNATIONAL = "authentication-international"
REFERRAL = "referral_conversion"
LITE = "marketing_lite"
"""The category of what goes by the Marketing Messages API (Meta: webhooks, pricing object)."""
_CACHE: dict[tuple[bool, str, str, str], Pricing] = {}


def price(
    category: str,
    *,
    is_template: bool,
    in_window: bool,
    in_entry_window: bool,
    in_group: bool = False,
    utility_in_window: bool = False,
    within_free_tier: bool = True,
) -> Pricing:
    """The pricing of a message that was sent (Meta: pricing, per-message model).

    `category` is the template's, in lower case, or `service`. Only templates outside the windows cost, and marketing
    and authentication templates inside the customer service window too; since October 2026 utility ones as well, and
    free-form messages that are not `within_free_tier`. In groups, categories begin with `group_`.
    """
    shown = f"group_{category}" if in_group else category
    if in_entry_window:
        return per_message(False, shown, "free_entry_point")
    free = "free_group_customer_service" if in_group else "free_customer_service"
    if not is_template:
        return per_message(False, shown, free) if within_free_tier else per_message(True, shown, "regular")
    if in_window and category == "utility" and not utility_in_window:
        return per_message(False, shown, free)
    return per_message(True, shown, "regular")


def category_of(message: Message) -> str:
    """The category under which a message is charged."""
    return LITE if message.lite else message.category or "service"


def per_message(billable: bool, category: str, kind: str) -> Pricing:
    """A message's own pricing."""
    return _pricing(billable, "PMP", category, kind)


def by_conversation(category: str) -> Pricing:
    """The pricing of a message in a conversation: all but those of free entry points are billable, free tier or not."""
    return _pricing(category != REFERRAL, "CBP", category, "")


def _pricing(billable: bool, model: str, category: str, kind: str) -> Pricing:
    key = (billable, model, category, kind)
    found = _CACHE.get(key)
    if found is None:
        found = _CACHE[key] = Pricing(billable, model, category, kind)
    return found


def tier_at(count: int, bounds: tuple[int, ...]) -> str:
    """The tier in which the `count`th message of a month lies, both ends included: `25000001:50000000`, `0:MAX`."""
    lower = 0
    for bound in bounds:
        if count <= bound:
            return f"{lower}:{bound}"
        lower = bound + 1
    return f"{lower}:MAX"
