"""How Meta has dealt with an account: values that only `applying` puts into a world, and the events that do.

Times are milliseconds of the world's clock.
"""

from __future__ import annotations

from typing import Any

import msgspec

BUSINESS_INITIATED = "RESTRICTED_BIZ_INITIATED_MESSAGING"
USER_INITIATED = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"
ADDING_NUMBERS = "RESTRICTED_ADD_PHONE_NUMBER_ACTION"
UTILITY_TEMPLATES = "RESTRICTED_UTILITY_TEMPLATES"
UTILITY_RATE = "RATE_LIMITED_UTILITY_TEMPLATE_MESSAGING"
RESTRICTION_TYPES = (
    ADDING_NUMBERS,
    BUSINESS_INITIATED,
    USER_INITIATED,
    "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING",
    "RESTRICTED_BUSINESS_INITIATED_CALLING",
    "RESTRICTED_USER_INITIATED_CALLING",
    "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
    "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES",
    UTILITY_TEMPLATES,
    UTILITY_RATE,
)
"""What can be taken from an account (Meta: account_update, template categorization)."""

_BOTH_WAYS = "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING"
CALLING = {
    "BUSINESS_INITIATED": (_BOTH_WAYS, "RESTRICTED_BUSINESS_INITIATED_CALLING"),
    "USER_INITIATED": (
        _BOTH_WAYS,
        "RESTRICTED_USER_INITIATED_CALLING",
        "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
    ),
}
"""Which of it takes the calls of one direction away."""

VIOLATION_TYPES = (
    "ADULT",
    "ALCOHOL",
    "ANIMALS",
    "BODY_PARTS_FLUIDS",
    "DATING",
    "DIGITAL_SERVICES_PRODUCTS",
    "DRUGS",
    "GAMBLING",
    "HEALTHCARE",
    "ILLEGAL_PRODUCTS",
    "MISLEADING",
    "OVERTLY_SEXUALIZED_POSITIONING",
    "REAL_FAKE_CURRENCY",
    "SCAM",
    "SUPPLEMENTS",
    "THIRD_PARTY_INFRINGEMENTS",
    "TOBACCO",
    "UNAUTHORIZED_MEDIA",
    "WEAPONS",
)
"""What an account can have done (Meta: account_update)."""


class Restriction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that an account may not do; `until` 0 means that only Meta can end it."""

    since: int
    until: int = 0
    why: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an account stands with Meta; the default is one that nobody has ever complained of.

    `step` and `misuse` count from 1 how far the account has climbed the ladders of enforcement and of utility misuse.
    `violations` has time and type of each. Restrictions go by type. `disable_at`: when the account is going to be
    disabled, `disabled_at`: since when it is. `countries`: whose users it may not write to.
    """

    step: int = 0
    misuse: int = 0
    violations: tuple[tuple[int, str], ...] = ()
    restrictions: dict[str, Restriction] = {}
    disable_at: int = 0
    disabled_at: int = 0
    rejected_at: int = 0
    unpaid_since: int = 0
    countries: tuple[str, ...] = ()


CLEAN = Standing()


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something that happened at `at` (milliseconds of the world's clock)."""

    at: int


class StandingChanged(_Event, frozen=True):
    """An account stands otherwise with Meta; webhooks tell of it by events of their own."""

    waba_id: str
    standing: Standing


class VerificationChanged(_Event, frozen=True):
    """A business passed its verification, lost it, or is on the way; rules of limits and names look at it."""

    business_id: str
    status: str
    previous: str


class CodeIssued(_Event, frozen=True):
    """Embedded Signup gave a code that can be exchanged for a token once; `grant` is what the code stands for."""

    code: str
    grant: dict[str, Any]
