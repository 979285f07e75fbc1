"""What will happen later: items with a due time, in the world's own heap."""

from __future__ import annotations

import msgspec

from localwaba.domain.fault_state import Fault
from localwaba.domain.traffic import Message


class _Item(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="item"):
    """Something that is to be decided when its time has come."""


class DispatchMessage(_Item, frozen=True):
    """A message that was accepted leaves Meta's servers, or fails."""

    message_id: str


class ReachStatus(_Item, frozen=True):
    """A message that was sent gets to its next status."""

    message_id: str
    status: str


class AnswerMessage(_Item, frozen=True):
    """A user answers a message of the business, as their behaviour says."""

    message_id: str


class ReachParticipants(_Item, frozen=True):
    """A message to a group gets to its next status with some of the participants."""

    message_id: str
    status: str
    participants: tuple[str, ...]


class AnswerInGroup(_Item, frozen=True):
    """A participant answers a message of the business in the group, as their behaviour says."""

    message_id: str
    wa_id: str


class ArriveMessage(_Item, frozen=True):
    """A message of a user that was not available arrives after all, under the id that the app knows already."""

    message: Message


class TakeCall(_Item, frozen=True):
    """A user takes a call of the business, as their behaviour says; void if it is over by then."""

    call_id: str


class RingOut(_Item, frozen=True):
    """A call has rung for long enough; void if somebody took it."""

    call_id: str


class ReviewTemplate(_Item, frozen=True):
    """A template's review ends; void if the template was edited (`stamp`) since."""

    template_id: str
    stamp: int


class UnpauseTemplate(_Item, frozen=True):
    """A template's pause ends; void if something else became of it since it began (`stamp`)."""

    template_id: str
    stamp: int


class RetryDelivery(_Item, frozen=True):
    """A webhook that was not acknowledged is tried again."""

    delivery_id: str


class EndRestriction(_Item, frozen=True):
    """A restriction of an account ends; void if it was changed since (`until`)."""

    waba_id: str
    kind: str
    until: int


class DisableAccount(_Item, frozen=True):
    """An account is disabled, as was announced; void if that was called off or moved since (`stamp`)."""

    waba_id: str
    stamp: int


class ReviewName(_Item, frozen=True):
    """The review of a number's display name ends; void if another name was asked for since (`stamp`)."""

    phone_number_id: str
    stamp: int


class ExpireName(_Item, frozen=True):
    """An approved display name was not taken by a registration in time; void if it was decided anew (`stamp`)."""

    phone_number_id: str
    stamp: int


class VerifyBusiness(_Item, frozen=True):
    """The verification of a business ends; void unless it is still pending."""

    business_id: str


class GrowLimit(_Item, frozen=True):
    """A messaging limit grows, if it still is `limit` and the next one is still earned."""

    phone_number_id: str
    limit: str


class FinishUpgrade(_Item, frozen=True):
    """A number's upgrade to HIGH throughput ends; void if it is not the one that ends then (`stamp`)."""

    phone_number_id: str
    stamp: int


class ExpireMedia(_Item, frozen=True):
    """A media id ends its life."""

    media_id: str


class ReviewQuality(_Item, frozen=True):
    """The quality of a number or template is looked at again, because old feedback weighs less."""

    subject: str


class PauseTemplate(_Item, frozen=True):
    """A template has been RED for long enough; void if its score changed since (`stamp`)."""

    template_id: str
    stamp: int


class JudgeFlaggedNumber(_Item, frozen=True):
    """A number has been flagged for seven days; void if it was not all the time (`stamp`)."""

    phone_number_id: str
    stamp: int


class FlipCategory(_Item, frozen=True):
    """A change of category that was announced comes into force."""

    template_id: str
    category: str


class DecidePacing(_Item, frozen=True):
    """What became of the first batch of a campaign is known; void if the campaign is another one (`stamp`)."""

    key: str
    stamp: int


class ArchiveTemplate(_Item, frozen=True):
    """A template may have been idle for so long that it is archived."""

    template_id: str


class PurgeTemplate(_Item, frozen=True):
    """An archived template is deleted; void if it was taken out since (`stamp`)."""

    template_id: str
    stamp: int


class EndTemplate(_Item, frozen=True):
    """The last undelivered message of a template that was deleted has expired."""

    template_id: str


class TellStatus(_Item, frozen=True):
    """A fault has ordered a status, whatever the message's own is by then."""

    message_id: str
    status: str
    fault: Fault


class ReleaseWindow(_Item, frozen=True):
    """A window of a fault ends: the webhooks that it held back go out."""

    window: str


Item = (
    DispatchMessage
    | ReachStatus
    | AnswerMessage
    | ReachParticipants
    | AnswerInGroup
    | ArriveMessage
    | TakeCall
    | RingOut
    | ReviewTemplate
    | UnpauseTemplate
    | RetryDelivery
    | ExpireMedia
    | EndRestriction
    | DisableAccount
    | ReviewName
    | ExpireName
    | VerifyBusiness
    | GrowLimit
    | FinishUpgrade
    | ReviewQuality
    | PauseTemplate
    | JudgeFlaggedNumber
    | FlipCategory
    | DecidePacing
    | ArchiveTemplate
    | PurgeTemplate
    | EndTemplate
    | TellStatus
    | ReleaseWindow
)
Due = tuple[int, int, Item]
"""When, in which order among equals, and what."""
