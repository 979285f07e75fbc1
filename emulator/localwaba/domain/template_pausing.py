"""The ladder of pauses: RED for long enough is a pause of 3 hours, then one of 6, then the end (Meta: pausing)."""

from __future__ import annotations

from localwaba.domain import windows
from localwaba.domain.agenda import PauseTemplate, UnpauseTemplate
from localwaba.domain.clock import HOUR, MINUTE, SECOND
from localwaba.domain.events import Event, Scheduled, TemplateJudged
from localwaba.domain.ids import Ids
from localwaba.domain.model import Template
from localwaba.domain.policy import Policy
from localwaba.domain.quality_state import TemplateRated
from localwaba.domain.world import World

UNPAUSABLE_AFTER = 5 * MINUTE
_TITLES = ("FIRST_PAUSE", "SECOND_PAUSE")
_DISABLED = {"title": "DISABLED", "description": "This template was disabled for its quality."}
_UNPAUSED = {"title": "UNPAUSE", "description": "This template is no longer paused."}
_PACED = {"title": "RATE_LIMITING_PAUSE", "description": "This template is paused: its first messages were not liked."}


def after_rating(world: World, event: TemplateRated, ids: Ids) -> list[Event]:
    """A template that becomes RED is paused, at once or once it was RED for long enough."""
    template = world.templates.get(event.template_id)
    if template is None or event.settled or event.score != "RED" or template.status != "APPROVED":
        return []
    wait = int(world.policy.red_before_pause * SECOND)
    if wait:
        return [Scheduled(at=event.at, due=event.at + wait, item=PauseTemplate(template.id, event.at))]
    return worsen(world, template, event.at)


def pause_red(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """A template that has been RED since `stamp` is paused."""
    template = world.templates.get(template_id)
    if template is None or template.status != "APPROVED":
        return []
    if template.quality_score != "RED" or template.quality_at != stamp:
        return []
    return worsen(world, template, now)


def worsen(world: World, template: Template, now: int) -> list[Event]:
    """The next step down the ladder: a longer pause, or the end."""
    lengths = world.policy.template_pauses
    if template.pauses >= len(lengths):
        return [disabled(template, now)]
    length = int(lengths[template.pauses] * SECOND)
    info = {
        "title": _TITLES[min(template.pauses, len(_TITLES) - 1)],
        "description": f"This template is paused for {length / HOUR:g} hours because of its quality.",
    }
    paused = TemplateJudged(at=now, template_id=template.id, status="PAUSED", paused_for="quality", other_info=info)
    return [paused, Scheduled(at=now, due=now + length, item=UnpauseTemplate(template.id, now))]


def disabled(template: Template, now: int) -> TemplateJudged:
    """The end of the ladder."""
    return TemplateJudged(
        at=now,
        template_id=template.id,
        status="DISABLED",
        paused_for="quality",
        other_info=_DISABLED,
        disable_date=now // SECOND,
    )


def pause_for_pacing(template: Template, now: int) -> TemplateJudged:
    """A pause that lasts until somebody ends it."""
    return TemplateJudged(at=now, template_id=template.id, status="PAUSED", paused_for="pacing", other_info=_PACED)


def unpause(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """A template's pause ends, unless something else has become of it since (`stamp` is when it began)."""
    template = world.templates.get(template_id)
    if template is None or template.status != "PAUSED" or template.updated_at != stamp:
        return []
    return approve_again(template, now)


def approve_again(template: Template, now: int) -> list[Event]:
    """A paused template may be sent again, and is judged by what comes from now on."""
    events: list[Event] = [
        TemplateJudged(at=now, template_id=template.id, status="APPROVED", other_info=_UNPAUSED),
    ]
    if template.quality_score == "RED":
        rated = TemplateRated(at=now, template_id=template.id, score="UNKNOWN", previous="RED", settled=True)
        events.append(rated)
    return events


def cannot_unpause(template: Template, now: int) -> str:
    """Why `unpause` does nothing; empty if it ends a pause that pacing made, at least five minutes ago."""
    if template.status != "PAUSED":
        return "Template is not paused"
    if template.paused_for != "pacing":
        return "Template was paused because of its quality and will be unpaused automatically"
    if now - template.paused_at < UNPAUSABLE_AFTER:
        return "Template was paused less than 5 minutes ago"
    return ""


def explain(template: Template, policy: Policy, now: int) -> tuple[str, str]:
    """Why a paused or disabled template cannot be sent, and what helps."""
    name, steps = f"{template.name} in {template.language}", len(policy.template_pauses) + 1
    if template.status == "DISABLED":
        why = f"{name} is disabled"
        if template.pauses >= steps:
            why += f" for low quality ({template.pauses} of {steps} pauses)"
        return why, f"make another template, or PATCH /_localwaba/templates/{template.id} with status REINSTATED"
    if template.paused_for == "pacing":
        return f"{name} is paused by pacing until somebody ends the pause", f"POST /{template.id}/unpause"
    why = f"{name} is paused for low quality ({template.pauses} of {steps} pauses, the last one disables it)"
    if 0 < template.pauses < steps:
        left = template.paused_at + int(policy.template_pauses[template.pauses - 1] * SECOND) - now
        why += f" for another {windows.duration(left)}"
    return why, "wait until the pause ends, edit the template, or send another one"
