"""Events, made to happen in a world without a server, and what is announced of them."""

from __future__ import annotations

from typing import Any

from localwaba.domain.applying import apply
from localwaba.domain.events import Event
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import webhooks


def make(world: World, events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Makes events happen; the fields and values that they are announced with."""
    told: list[tuple[str, dict[str, Any]]] = []
    for event in events:
        apply(world, event)
        where = webhooks.notice(world, event)
        if where is not None:
            told.append((where.field, webhooks.value(world, event, Traits(version="v26.0"))))
    return told
