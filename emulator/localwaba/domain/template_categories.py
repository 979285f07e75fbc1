"""Categories that Meta changes later: a notice, and the change when it comes into force."""

from __future__ import annotations

from datetime import UTC, datetime

from localwaba.domain import utility_misuse
from localwaba.domain.agenda import FlipCategory
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, Scheduled, TemplateJudged
from localwaba.domain.model import Template
from localwaba.domain.quality_state import TemplateCategorised
from localwaba.domain.world import World


def give_notice(world: World, template: Template, correct: str, now: int) -> list[Event]:
    """A template's category is wrong: it changes after the notice, 24 hours; without one, and after misuse, at once.

    What is judged to be AUTHENTICATION does not change: it is rejected on the first day of the next month.
    """
    wait = int(world.policy.category_notice * SECOND)
    if correct != "AUTHENTICATION" and (not wait or utility_misuse.is_warned(world, template.waba_id)):
        return [_changed(template, correct, now)]
    effective = next_month(now) if correct == "AUTHENTICATION" else now + wait
    notice = TemplateCategorised(
        at=now, template_id=template.id, category=template.category, correct=correct, effective_at=effective
    )
    return [notice, Scheduled(at=now, due=effective, item=FlipCategory(template.id, correct))]


def flip(world: World, template_id: str, correct: str, now: int) -> list[Event]:
    """A change that was announced comes into force, unless it was called off or the template is gone."""
    template = world.templates.get(template_id)
    if template is None or template.correct_category != correct or template.deleted_at:
        return []
    if correct == "AUTHENTICATION":
        reason = "INCORRECT_CATEGORY"
        return [TemplateJudged(at=now, template_id=template_id, status="REJECTED", reason=reason)]
    return [_changed(template, correct, now)]


def _changed(template: Template, category: str, now: int) -> TemplateCategorised:
    return TemplateCategorised(at=now, template_id=template.id, category=category, previous=template.category)


def next_month(now: int) -> int:
    """The first moment of the next month, UTC."""
    day = datetime.fromtimestamp(now // SECOND, UTC)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * SECOND
