"""What follows from what happened: rules that answer an event with further events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain.events import Event
from localwaba.domain.ids import Ids
from localwaba.domain.world import World

Rule = Callable[[World, Any, Ids], list[Event]]

RULES: dict[type, tuple[Rule, ...]] = {}
"""By the class of an event, the rules that look at it once it has been applied."""


def follow(world: World, event: Event, ids: Ids) -> list[Event]:
    """The events that follow from one that has just been applied; most events have no consequences."""
    rules = RULES.get(type(event))
    if not rules:
        return []
    return [following for rule in rules for following in rule(world, event, ids)]
