"""The quality of numbers and templates: what users' feedback makes of it (Meta: quality rating, seven days).

Newer feedback weighs more, and so do newer messages: something `h` full hours old counts `window - h` times. The score
is the share of displeasure in what was delivered; below a minimum of deliveries there is no score.
"""

from __future__ import annotations

from typing import NamedTuple

from localwaba.domain.agenda import JudgeFlaggedNumber, ReviewQuality
from localwaba.domain.clock import HOUR, SECOND
from localwaba.domain.events import Event, Scheduled, StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.policy import Policy
from localwaba.domain.quality_state import (
    FeedbackGiven,
    Kind,
    NumberDowngradeDue,
    NumberFlagged,
    NumberRated,
    QualityState,
    Score,
    TemplateRated,
)
from localwaba.domain.world import World

_MILLI = 1_000  # weights are rounded to thousandths, so that sums do not depend on their order
_ARRIVED = frozenset({"delivered", "read", "played"})


class Weighed(NamedTuple):
    """What speaks for and against a number or template; `sample` is the plain number of deliveries."""

    sample: int
    delivered: int
    displeased: int

    @property
    def share(self) -> float:
        """The weighted share of displeasure; 0 where nothing was delivered."""
        return self.displeased / (_MILLI * self.delivered) if self.delivered else 0.0


def weights(policy: Policy) -> dict[Kind, int]:
    """How much each kind of feedback weighs, in thousandths."""
    return {
        "block": round(policy.feedback_block * _MILLI),
        "report": round(policy.feedback_report * _MILLI),
        "mute": round(policy.feedback_mute * _MILLI),
        "archive": round(policy.feedback_archive * _MILLI),
        "stop_marketing": round(policy.feedback_stop_marketing * _MILLI),
    }


def weigh(state: QualityState, policy: Policy, subject: str, now: int) -> Weighed:
    """Deliveries and feedback of the last days; one user counts once for each kind of feedback, with the newest."""
    hour, hours = now // HOUR, int(policy.quality_window * SECOND) // HOUR
    sample = delivered = displeased = 0
    for at, count in state.delivered.get(subject, {}).items():
        recency = hours - (hour - at)
        if recency > 0:
            sample += count
            delivered += count * recency
    seen: set[tuple[str, str]] = set()
    by_kind = weights(policy)
    for one in reversed(state.feedback.get(subject, ())):
        recency = hours - (hour - one.at // HOUR)
        if recency <= 0:
            break
        if (one.wa_id, one.kind) not in seen:
            seen.add((one.wa_id, one.kind))
            displeased += by_kind[one.kind] * recency
    return Weighed(sample, delivered, displeased)


def score_of(weighed: Weighed, policy: Policy) -> Score:
    """The score of what was weighed; UNKNOWN where too little was delivered."""
    if weighed.sample < policy.quality_minimum:
        return "UNKNOWN"
    if weighed.share >= policy.quality_red:
        return "RED"
    return "YELLOW" if weighed.share >= policy.quality_yellow else "GREEN"


def rate(world: World, subject: str, now: int) -> list[Event]:
    """The event of another score; too little data leaves a score as it is, and only approved templates are rated."""
    policy = world.policy
    if not policy.quality_from_feedback:
        return []
    number, template = world.numbers.get(subject), world.templates.get(subject)
    score = score_of(weigh(world.quality, policy, subject, now), policy)
    if score == "UNKNOWN":
        return []
    if number is not None and number.quality_rating != score:
        return [NumberRated(at=now, phone_number_id=subject, rating=score, previous=number.quality_rating)]
    if template is not None and template.status == "APPROVED" and template.quality_score != score:
        return [TemplateRated(at=now, template_id=subject, score=score, previous=template.quality_score)]
    return []


def feedback(world: World, number_id: str, wa_id: str, kind: Kind, now: int, reason: str = "") -> FeedbackGiven:
    """A user's displeasure with a number, and with the template that they got from it last."""
    template_id = ""
    horizon = now - int(world.policy.quality_window * SECOND)
    for message in reversed(world.messages.values()):
        is_theirs = message.template_id and message.wa_id == wa_id and message.phone_number_id == number_id
        if is_theirs and message.status in _ARRIVED:
            template_id = message.template_id if message.at > horizon else ""
            break
    return FeedbackGiven(
        at=now, phone_number_id=number_id, wa_id=wa_id, kind=kind, template_id=template_id, reason=reason
    )


def after_feedback(world: World, event: FeedbackGiven, ids: Ids) -> list[Event]:
    """Feedback changes scores at once, and weighs less from time to time until it counts no more."""
    events: list[Event] = []
    for subject in (event.phone_number_id, event.template_id):
        if not subject:
            continue
        events += rate(world, subject, event.at)
        if _recent(world, subject, event.at) == 1:  # later feedback is looked at along with the first
            events.append(_later(world, subject, event.at))
    return events


def review(world: World, subject: str, now: int) -> list[Event]:
    """Looks again at a number or template of which there is feedback."""
    events = rate(world, subject, now)
    if _recent(world, subject, now):
        events.append(_later(world, subject, now))
    return events


def _recent(world: World, subject: str, now: int) -> int:
    """How much feedback still counts."""
    given = world.quality.feedback.get(subject, ())
    oldest = now // HOUR - int(world.policy.quality_window * SECOND) // HOUR
    found = 0
    for one in reversed(given):
        if one.at // HOUR <= oldest:
            break
        found += 1
        if found > 1:
            break
    return found


def _later(world: World, subject: str, now: int) -> Scheduled:
    due = now + max(HOUR, int(world.policy.quality_review_every * SECOND))
    return Scheduled(at=now, due=due, item=ReviewQuality(subject))


def after_delivery(world: World, event: StatusReached, ids: Ids) -> list[Event]:
    """What has no score yet gets one as soon as enough was delivered."""
    if event.status not in _ARRIVED:
        return []
    message = world.messages.get(event.message_id)
    if message is None:
        return []
    number, template = world.numbers[message.phone_number_id], world.templates.get(message.template_id)
    events: list[Event] = []
    if number.quality_rating == "UNKNOWN":
        events += rate(world, number.id, event.at)
    if template is not None and template.quality_score == "UNKNOWN":
        events += rate(world, template.id, event.at)
    return events


def flag(world: World, event: NumberRated, ids: Ids) -> list[Event]:
    """Before October 2025: a RED number is flagged, and no longer once it is better."""
    if not world.policy.flag_red_numbers:
        return []
    number = world.numbers[event.phone_number_id]
    if event.rating == "RED" and number.status == "CONNECTED":
        due = event.at + int(world.policy.flagged_for * SECOND)
        return [
            NumberFlagged(at=event.at, phone_number_id=number.id, flagged=True),
            Scheduled(at=event.at, due=due, item=JudgeFlaggedNumber(number.id, event.at)),
        ]
    if event.rating != "RED" and number.status == "FLAGGED":
        return [NumberFlagged(at=event.at, phone_number_id=number.id, flagged=False)]
    return []


def judge_flagged(world: World, number_id: str, stamp: int, now: int) -> list[Event]:
    """A number that was flagged all the time is connected again, with a lower messaging limit."""
    if world.quality.flagged.get(number_id) != stamp or world.numbers[number_id].status != "FLAGGED":
        return []
    return [
        NumberFlagged(at=now, phone_number_id=number_id, flagged=False, silent=True),
        NumberDowngradeDue(at=now, phone_number_id=number_id),
    ]
