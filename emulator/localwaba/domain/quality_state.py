"""What the rules of quality, pacing and marketing caps remember, and the events that change nothing else.

Times are milliseconds of the world's clock. Only `applying` calls what changes a state here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.traffic import Message

Kind = Literal["block", "report", "mute", "archive", "stop_marketing"]
"""What users do that tells against a business."""

Score = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]

UNDELIVERED = frozenset({"accepted", "sent"})
_ENDS = frozenset({"delivered", "read", "played", "failed"})
_KEPT_HOURS = 31 * 24
_CAP_SPAN = DAY


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something that happened at `at` (milliseconds of the world's clock)."""

    at: int


class FeedbackGiven(_Event, frozen=True):
    """A user shows displeasure with a number, and with the template that it sent them last, if it did."""

    phone_number_id: str
    wa_id: str
    kind: Kind
    template_id: str = ""
    reason: str = ""


class TemplateRated(_Event, frozen=True):
    """A template has another score; `settled`: what follows from it is decided already."""

    template_id: str
    score: str
    previous: str
    settled: bool = False


class NumberRated(_Event, frozen=True):
    """A number has another quality rating; nobody is told (Meta documents no webhook)."""

    phone_number_id: str
    rating: str
    previous: str


class NumberFlagged(_Event, frozen=True):
    """A number is flagged for its low quality, or no longer, as before October 2025; `silent`: nobody is told."""

    phone_number_id: str
    flagged: bool
    silent: bool = False


class NumberDowngradeDue(_Event, frozen=True):
    """A number was flagged for seven days: its messaging limit goes one step down (before October 2025)."""

    phone_number_id: str


class TemplateCategorised(_Event, frozen=True):
    """A template's category changes: at once from `previous`, or at `effective_at` to `correct`."""

    template_id: str
    category: str
    previous: str = ""
    correct: str = ""
    effective_at: int = 0


class MessagePaced(_Event, frozen=True):
    """A message of a campaign that is looked at goes out with the first batch, or is held."""

    key: str
    stamp: int
    message_id: str
    held: bool


class PacingDecided(_Event, frozen=True):
    """What was held is released or dropped; `left` of it stay held until the next look."""

    key: str
    stage: Literal["held", "released", "dropped"]
    left: tuple[str, ...] = ()


class PortfolioBarred(_Event, frozen=True):
    """A portfolio may neither send nor create templates for a time."""

    business_id: str
    until: int


class Feedback(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One user's displeasure; `reason` is what the user gave, one of Meta's block reasons."""

    at: int
    kind: Kind
    wa_id: str
    reason: str = ""


class Pacing(msgspec.Struct, omit_defaults=True):
    """A campaign that is looked at: the first `passed` messages go out, the others are held.

    `stamp` is the template's `updated_at` when it began: an edited or unpaused template begins anew. `stage`: the
    first batch goes out; what comes now is held; all is released; all was dropped.
    """

    stamp: int
    stage: Literal["batch", "held", "released", "dropped"] = "batch"
    passed: int = 0
    held: list[str] = []


class QualityState(msgspec.Struct, omit_defaults=True):
    """Tables keyed by subject, which is the id of a number or of a template.

    `delivered` counts messages by the hour of their delivery (hours since the epoch). `marketing` has, by wa_id, when
    marketing messages left outside a window, over the last 24 hours. `used`: when a template was last sent. `going`:
    how many messages of a template that is PENDING_DELETION are not delivered yet. `pacing` is keyed by template or
    portfolio, `barred` by portfolio: until when it may neither send nor create templates. `flagged`: since when a
    number is flagged.
    """

    feedback: dict[str, list[Feedback]] = {}
    delivered: dict[str, dict[int, int]] = {}
    marketing: dict[str, list[int]] = {}
    used: dict[str, int] = {}
    going: dict[str, int] = {}
    pacing: dict[str, Pacing] = {}
    barred: dict[str, int] = {}
    flagged: dict[str, int] = {}


def count_delivery(state: QualityState, subject: str, at: int) -> None:
    """One more message of a number or template has reached its user."""
    hour = at // HOUR
    hours = state.delivered.get(subject)
    if hours is None:
        hours = state.delivered[subject] = {}
    if hour in hours:
        hours[hour] += 1
        return
    hours[hour] = 1
    for old in [one for one in hours if one <= hour - _KEPT_HOURS]:
        del hours[old]


def note_marketing(state: QualityState, wa_id: str, at: int) -> None:
    """A marketing message left for a user; what is older than caps look back is forgotten."""
    kept = [moment for moment in state.marketing.get(wa_id, ()) if at - moment < _CAP_SPAN]
    state.marketing[wa_id] = [*kept, at]


def note_status(state: QualityState, message: Message, status: str, at: int) -> None:
    """What a message's next status means for quality, caps and templates that were deleted."""
    if status == "sent":
        if message.category == "marketing" and not message.in_window:
            note_marketing(state, message.wa_id, at)
        return
    if message.status not in UNDELIVERED or status not in _ENDS:
        return
    if status != "failed":
        count_delivery(state, message.phone_number_id, at)
        if message.template_id:
            count_delivery(state, message.template_id, at)
    if state.going and message.template_id in state.going:
        state.going[message.template_id] -= 1


def give_feedback(state: QualityState, event: FeedbackGiven) -> None:
    """A piece of feedback counts for the number and for the template."""
    given = Feedback(at=event.at, kind=event.kind, wa_id=event.wa_id, reason=event.reason)
    horizon = event.at - _KEPT_HOURS * HOUR
    for subject in (event.phone_number_id, event.template_id):
        if not subject:
            continue
        kept = state.feedback.setdefault(subject, [])
        kept.append(given)
        if kept[0].at <= horizon:
            state.feedback[subject] = [one for one in kept if one.at > horizon]


def begin_anew(state: QualityState, subject: str) -> None:
    """A template that is approved again is judged by what comes from now on."""
    state.feedback.pop(subject, None)
    state.delivered.pop(subject, None)


def pace(state: QualityState, event: MessagePaced) -> None:
    """A message goes out with the first batch, or waits for the decision."""
    pacing = state.pacing.get(event.key)
    if pacing is None or pacing.stamp != event.stamp:
        pacing = state.pacing[event.key] = Pacing(stamp=event.stamp)
    if event.held:
        pacing.stage = "held"
        pacing.held.append(event.message_id)
    else:
        pacing.passed += 1


def decide_pacing(state: QualityState, event: PacingDecided) -> None:
    """A campaign's look is over, or goes on with what is left."""
    pacing = state.pacing.get(event.key)
    if pacing is not None:
        pacing.stage = event.stage
        pacing.held = list(event.left)


def flag_number(state: QualityState, event: NumberFlagged) -> None:
    """A number is flagged from now on, or no longer."""
    if event.flagged:
        state.flagged[event.phone_number_id] = event.at
    else:
        state.flagged.pop(event.phone_number_id, None)


def bar_portfolio(state: QualityState, event: PortfolioBarred) -> None:
    """A portfolio is under review."""
    state.barred[event.business_id] = event.until
