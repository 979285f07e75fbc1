"""What happened. A journal of these is a complete record of a world."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.account_state import CodeIssued, StandingChanged, VerificationChanged
from localwaba.domain.agenda import Item
from localwaba.domain.errors import Refusal
from localwaba.domain.fault_state import (
    DeliveriesMerged,
    DeliveriesReleased,
    DeliveryHeld,
    FaultArmed,
    FaultAsked,
    FaultFired,
    FaultsCleared,
)
from localwaba.domain.limits_state import CallCounted, GrowthPlanned, RegistrationCounted
from localwaba.domain.model import Stored
from localwaba.domain.policy import Policy
from localwaba.domain.quality_state import (
    FeedbackGiven,
    MessagePaced,
    NumberDowngradeDue,
    NumberFlagged,
    NumberRated,
    PacingDecided,
    PortfolioBarred,
    TemplateCategorised,
    TemplateRated,
)
from localwaba.domain.told import Told
from localwaba.domain.traffic import Attempt, Delivery, Message, Pair, Pricing


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something that happened at `at` (milliseconds of the world's clock)."""

    at: int


class Put(_Event, frozen=True):
    """A thing is there, or has changed; it replaces the one with its id."""

    thing: Stored


class Removed(_Event, frozen=True):
    """A thing is gone; `kind` is the name of its class."""

    kind: str
    id: str


class Scheduled(_Event, frozen=True):
    """Something will be decided at `due`."""

    due: int
    item: Item


class CameDue(_Event, frozen=True):
    """The first item of the agenda came due and was taken off it; what was decided then follows."""


class MessageAccepted(_Event, frozen=True):
    """The platform took a message of the business: HTTP 200 and a wamid."""

    message: Message


class StatusReached(_Event, frozen=True):
    """A message got to a status; `final`: nothing more will be told of it. `silent`: no webhook.

    `fault` is the id of the fault that had a hand in it; `apart`: its webhook waits for no other of the chat.
    `conversation` is its id where conversations are charged, `conversation_until` its end.
    """

    message_id: str
    status: str
    refusal: Refusal | None = None
    pricing: Pricing | None = None
    in_entry_window: bool = False
    conversation: str = ""
    conversation_until: int = 0
    final: bool = False
    silent: bool = False
    fault: str = ""
    apart: bool = False


class GroupStatusReached(_Event, frozen=True):
    """A message to a group left, failed, or got to some of its participants; `final`: nothing more will be told."""

    message_id: str
    status: str
    participants: tuple[str, ...] = ()
    refusal: Refusal | None = None
    pricing: Pricing | None = None
    final: bool = False


class MessageReceived(_Event, frozen=True):
    """A user wrote to a business; `silent`: no webhook tells of it."""

    message: Message
    silent: bool = False


class MessageRead(_Event, frozen=True):
    """The business marked a message as read, with `typing` it also shows that it is typing."""

    message_id: str
    typing: bool = False


class PairChanged(_Event, frozen=True):
    """A number and a user have something new in common."""

    key: str
    pair: Pair


class LinkWanted(_Event, frozen=True):
    """A message's media has to be fetched from a link before the message can leave."""

    message_id: str
    url: str


class TemplateJudged(_Event, frozen=True):
    """A template's status changed by Meta's hand; announced as `message_template_status_update`.

    `told` is the event's name where it is no status; `category` what a review made of the template; `paused_for` is
    quality or pacing; `disable_date` is in seconds.
    """

    template_id: str
    status: str
    reason: str = "NONE"
    rejection_info: dict[str, str] = {}
    told: str = ""
    category: str = ""
    paused_for: str = ""
    other_info: dict[str, str] = {}
    disable_date: int = 0


class MessageKnown(_Event, frozen=True):
    """A message that went past the platform's API, in the Business app, or that changed there; told of otherwise."""

    message: Message


class Announced(_Event, frozen=True):
    """Something of which the webhook's value is given, as of a platform event; `exact`: no knob changes its shape."""

    field: str
    value: dict[str, Any]
    waba_id: str
    phone_number_id: str = ""
    entry_id: str = ""
    timed: bool = False
    exact: bool = False


class DeliveryQueued(_Event, frozen=True):
    """A webhook is to be delivered to one app."""

    delivery: Delivery


class DeliveryAttempted(_Event, frozen=True):
    """A webhook was tried; `next_at` is when it is tried again, 0: never."""

    delivery_id: str
    attempt: Attempt
    state: str
    next_at: int = 0


class ContentDropped(_Event, frozen=True):
    """A webhook of a number without storage was given up, and what it carried is gone; the app is told so."""

    delivery_id: str
    app_id: str
    phone_number_id: str
    lane: str


class PolicyChanged(_Event, frozen=True):
    """The knobs were turned; `before` is how they were."""

    policy: Policy
    before: Policy | None = None


Event = (
    Put
    | Removed
    | Scheduled
    | CameDue
    | MessageAccepted
    | StatusReached
    | GroupStatusReached
    | MessageReceived
    | MessageRead
    | PairChanged
    | LinkWanted
    | TemplateJudged
    | MessageKnown
    | Announced
    | DeliveryQueued
    | DeliveryAttempted
    | ContentDropped
    | Told
    | PolicyChanged
    | FaultArmed
    | FaultsCleared
    | FaultAsked
    | FaultFired
    | DeliveryHeld
    | DeliveriesReleased
    | DeliveriesMerged
    | StandingChanged
    | VerificationChanged
    | CodeIssued
    | CallCounted
    | RegistrationCounted
    | GrowthPlanned
    | FeedbackGiven
    | TemplateRated
    | NumberRated
    | NumberFlagged
    | NumberDowngradeDue
    | TemplateCategorised
    | MessagePaced
    | PacingDecided
    | PortfolioBarred
)
