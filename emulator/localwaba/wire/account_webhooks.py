"""What Meta tells of templates and numbers, as the `value` of a webhook."""

from __future__ import annotations

from typing import Any

from localwaba.domain import tiers
from localwaba.domain.clock import SECOND
from localwaba.domain.events import TemplateJudged
from localwaba.domain.model import Template
from localwaba.domain.quality_state import NumberFlagged, TemplateCategorised, TemplateRated
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.notices import Notice


def template_notice(world: World, event: TemplateJudged) -> Notice | None:
    return _about_template(world, event.template_id, "message_template_status_update")


def template_value(world: World, event: TemplateJudged, traits: Traits) -> dict[str, Any]:
    template = world.templates[event.template_id]
    found: dict[str, Any] = {
        "event": event.told or event.status,
        **_named(template),
        "reason": event.reason or None,
        "message_template_category": template.category,
    }
    if event.disable_date:
        found["disable_info"] = {"disable_date": event.disable_date}
    if event.other_info:
        found["other_info"] = event.other_info
    if event.rejection_info:
        found["rejection_info"] = event.rejection_info
    return found


def _about_template(world: World, template_id: str, field: str) -> Notice | None:
    """All that is told of one template goes in one lane, so that a pause comes after the score that caused it."""
    template = world.templates.get(template_id)
    return Notice(field, template.waba_id, "", template.id, timed=True) if template else None


def _named(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def score_notice(world: World, event: TemplateRated) -> Notice | None:
    return _about_template(world, event.template_id, "message_template_quality_update")


def score_value(world: World, event: TemplateRated, traits: Traits) -> dict[str, Any]:
    scores = {"previous_quality_score": event.previous, "new_quality_score": event.score}
    return scores | _named(world.templates[event.template_id])


def category_notice(world: World, event: TemplateCategorised) -> Notice | None:
    return _about_template(world, event.template_id, "template_category_update")


def category_value(world: World, event: TemplateCategorised, traits: Traits) -> dict[str, Any]:
    found = _named(world.templates[event.template_id])
    if not event.correct:
        return found | {"previous_category": event.previous, "new_category": event.category}
    return found | {
        "correct_category": event.correct,
        "new_category": event.category,
        "category_update_timestamp": event.effective_at // SECOND,
    }


def flag_notice(world: World, event: NumberFlagged) -> Notice | None:
    if event.silent:
        return None
    number = world.numbers[event.phone_number_id]
    return Notice("phone_number_quality_update", number.waba_id, number.id, number.id, timed=True)


def flag_value(world: World, event: NumberFlagged, traits: Traits) -> dict[str, Any]:
    number = world.numbers[event.phone_number_id]
    limit = tiers.limit_of(world, number)
    return {
        "display_phone_number": number.digits,
        "event": "FLAGGED" if event.flagged else "UNFLAGGED",
        "current_limit": limit,
        "max_daily_conversations_per_business": limit,
    }
