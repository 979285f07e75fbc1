"""Pacing: of a large campaign the first batch goes out, the rest is held until its quality is known.

Of one template (Meta: template pacing), or of all that a portfolio sends (Meta: portfolio pacing, since December
2025). Both are knobs, off by default; batch size and time of holding are not published.
"""

from __future__ import annotations

from typing import NamedTuple

from localwaba.domain.agenda import DecidePacing, DispatchMessage
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refusal, refuse
from localwaba.domain.events import Event, Scheduled, StatusReached
from localwaba.domain.model import Template
from localwaba.domain.policy import Policy
from localwaba.domain.quality import weigh
from localwaba.domain.quality_state import MessagePaced, Pacing, PacingDecided, PortfolioBarred, TemplateRated
from localwaba.domain.template_pausing import pause_for_pacing
from localwaba.domain.world import World

_UTILITY_WATCHED = 7 * DAY


class Paced(NamedTuple):
    """Whether a message is held, and the events that say so."""

    held: bool
    events: list[Event]


_UNPACED = Paced(False, [])


def is_on(policy: Policy) -> bool:
    """Whether sends have to ask at all."""
    return policy.template_pacing or policy.portfolio_pacing


def check_portfolio(world: World, waba_id: str, now: int) -> None:
    """Refuses what a portfolio under review may not do (368)."""
    until = world.quality.barred.get(world.wabas[waba_id].business_id, 0)
    if now < until:
        raise refuse(
            368,
            rule="portfolio pacing",
            why="the portfolio's first messages were not liked: until its review ends it may neither send nor create "
            "templates",
            fix="wait for the end of the review, the knob portfolio_review says how long it takes",
        )


def pace(world: World, template: Template, message_id: str, now: int) -> Paced:
    """What becomes of a message of a template: it goes out with the first batch, is held, or is not looked at."""
    key, stamp = _campaign(world, template, now)
    if not key:
        return _UNPACED
    policy, pacing = world.policy, world.quality.pacing.get(key)
    if pacing is not None and pacing.stamp != stamp:
        pacing = None
    if pacing is not None and pacing.stage == "released":
        return _UNPACED
    passed = pacing.passed if pacing else 0
    is_held = (pacing is not None and pacing.stage == "held") or passed >= policy.pacing_batch
    events: list[Event] = [MessagePaced(at=now, key=key, stamp=stamp, message_id=message_id, held=is_held)]
    if is_held and (pacing is None or pacing.stage != "held"):
        events.append(_look_again(policy, key, stamp, now))
    return Paced(is_held, events)


def _campaign(world: World, template: Template, now: int) -> tuple[str, int]:
    """What a message of a template is counted with; an empty key for what is not paced."""
    policy = world.policy
    if policy.template_pacing and template.quality_score != "GREEN":
        is_watched = template.category == "UTILITY" and _utility_paused(world, template, now)
        if template.category == "MARKETING" or is_watched:
            return template.id, template.updated_at
    if policy.portfolio_pacing:
        key = world.wabas[template.waba_id].business_id
        pacing = world.quality.pacing.get(key)
        stamp = pacing.stamp if pacing else 0
        return key, stamp + 1 if pacing is not None and pacing.stage == "dropped" else stamp
    return "", 0


def _utility_paused(world: World, template: Template, now: int) -> bool:
    """Whether a utility template of the account was paused within a week."""
    return any(
        one.paused_at and now - one.paused_at < _UTILITY_WATCHED
        for one in world.templates.values()
        if one.category == "UTILITY" and one.waba_id == template.waba_id
    )


def _look_again(policy: Policy, key: str, stamp: int, now: int) -> Scheduled:
    return Scheduled(at=now, due=now + int(policy.pacing_hold * SECOND), item=DecidePacing(key, stamp))


def decide(world: World, key: str, stamp: int, now: int) -> list[Event]:
    """What users made of the first batch is known: what is held goes out, or is dropped with 132015."""
    pacing = world.quality.pacing.get(key)
    if pacing is None or pacing.stamp != stamp or pacing.stage != "held":
        return []
    template = world.templates.get(key)
    if _is_good(world, key, template, now):
        return _release(world, key, pacing, now)
    events: list[Event] = []
    if template is not None and template.status == "APPROVED":
        if template.quality_score != "RED":
            before = template.quality_score
            events.append(TemplateRated(at=now, template_id=key, score="RED", previous=before, settled=True))
        events.append(pause_for_pacing(template, now))
    if template is None:
        until = now + int(world.policy.portfolio_review * SECOND)
        events.append(PortfolioBarred(at=now, business_id=key, until=until))
    events.append(PacingDecided(at=now, key=key, stage="dropped"))
    return events + [_dropped(message_id, template, now) for message_id in pacing.held]


def _is_good(world: World, key: str, template: Template | None, now: int) -> bool:
    policy = world.policy
    if template is not None and template.status != "APPROVED":
        return False
    if policy.pacing_outcome != "by_quality":
        return policy.pacing_outcome == "good"
    if template is not None:
        subjects = [(key, template.quality_score)]
    else:
        wabas = {waba.id for waba in world.wabas.values() if waba.business_id == key}
        subjects = [(one.id, one.quality_rating) for one in world.numbers.values() if one.waba_id in wabas]
    return not any(
        score == "RED" or weigh(world.quality, policy, subject, now).share >= policy.quality_red
        for subject, score in subjects
    )


def _release(world: World, key: str, pacing: Pacing, now: int) -> list[Event]:
    """A template's messages all go out, a portfolio's batch by batch."""
    batch = len(pacing.held) if key in world.templates else max(1, world.policy.pacing_batch)
    free, left = pacing.held[:batch], tuple(pacing.held[batch:])
    events: list[Event] = [PacingDecided(at=now, key=key, stage="held" if left else "released", left=left)]
    if left:
        events.append(_look_again(world.policy, key, pacing.stamp, now))
    return events + [Scheduled(at=now, due=now, item=DispatchMessage(message_id)) for message_id in free]


def _dropped(message_id: str, template: Template | None, now: int) -> StatusReached:
    whose = f"of {template.name}" if template else "of the portfolio"
    fix = f"POST /{template.id}/unpause, at least 5 minutes later" if template else "wait until the review ends"
    refusal = Refusal(
        code=132015, rule="pacing", why=f"the first messages {whose} were not liked: what was held is dropped", fix=fix
    )
    return StatusReached(at=now, message_id=message_id, status="failed", refusal=refusal, final=True)
