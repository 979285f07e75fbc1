"""What follows from what happened: rules that answer an event with further events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain import billing, enforcement, quality, template_life, template_pausing, tiers, utility_misuse
from localwaba.domain.events import Event, StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.quality_state import FeedbackGiven, NumberRated, TemplateCategorised, TemplateRated
from localwaba.domain.world import World

Rule = Callable[[World, Any, Ids], list[Event]]

RULES: dict[type, tuple[Rule, ...]] = {
    StatusReached: (tiers.watch, billing.watch_tier, quality.after_delivery, template_life.end_after_delivery),
    FeedbackGiven: (quality.after_feedback,),
    NumberRated: (quality.flag, enforcement.after_rating),
    TemplateCategorised: (utility_misuse.after_category,),
    TemplateRated: (template_pausing.after_rating,),
}
"""By the class of an event, the rules that look at it once it has been applied."""


def follow(world: World, event: Event, ids: Ids) -> list[Event]:
    """The events that follow from one that has just been applied; most events have no consequences."""
    rules = RULES.get(type(event))
    if not rules:
        return []
    found: list[Event] = []
    for rule in rules:
        found += rule(world, event, ids)
    return found
