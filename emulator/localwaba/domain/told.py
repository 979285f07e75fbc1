"""What Meta tells of, or what comes true without a change of its own: events that change nothing else.

Each is told by a webhook that `wire` words. Times are milliseconds of the world's clock.
"""

from __future__ import annotations

import msgspec


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something that happened at `at` (milliseconds of the world's clock)."""

    at: int


class AccountReviewed(_Event, frozen=True):
    """Meta decided on an account, or put that off."""

    waba_id: str
    decision: str


class AccountViolated(_Event, frozen=True):
    """An account broke a rule of Meta's."""

    waba_id: str
    violation: str
    remediation: str = ""


class AccountRestricted(_Event, frozen=True):
    """What an account may not do and until when (0: without an end), and for which violation."""

    waba_id: str
    restrictions: tuple[tuple[str, int], ...] = ()
    violation: str = ""
    remediation: str = ""


class AccountBanned(_Event, frozen=True):
    """An account's end, at `moment`: `state` is DISABLE, REINSTATE or SCHEDULE_FOR_DISABLE."""

    waba_id: str
    state: str
    moment: int


class TierReached(_Event, frozen=True):
    """A delivered message was the first one of a volume tier, of a category in a market; `month` is as 2026-09."""

    waba_id: str
    category: str
    tier: str
    month: str
    region: str


class CapabilityChanged(_Event, frozen=True):
    """The portfolio of an account has another messaging limit."""

    waba_id: str
    limit: str


class NumberLimited(_Event, frozen=True):
    """A number's limit or throughput is another one: `change` is UPGRADE, DOWNGRADE or THROUGHPUT_UPGRADE."""

    phone_number_id: str
    change: str
    limit: str
    before: str = ""


class NameDecided(_Event, frozen=True):
    """Meta decided on a number's display name; `reason` is why it was rejected."""

    phone_number_id: str
    name: str
    decision: str
    reason: str = ""


class PinChanged(_Event, frozen=True):
    """A number has another PIN."""

    phone_number_id: str


class FlowChanged(_Event, frozen=True):
    """A flow has another status, or is there (`before` is empty)."""

    flow_id: str
    waba_id: str
    name: str
    status: str
    before: str = ""


class TemplateEdited(_Event, frozen=True):
    """A template has other components."""

    template_id: str


Told = (
    AccountReviewed
    | AccountViolated
    | AccountRestricted
    | AccountBanned
    | TierReached
    | CapabilityChanged
    | NumberLimited
    | NameDecided
    | PinChanged
    | FlowChanged
    | TemplateEdited
)
