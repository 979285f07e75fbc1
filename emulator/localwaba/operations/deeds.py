"""Who does something, where and when, and what came of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain.events import Event, PairChanged
from localwaba.domain.ids import Ids
from localwaba.domain.model import Pair, PhoneNumber, User
from localwaba.domain.world import World


class Deed(NamedTuple):
    """What came of an action: its answer, and the events."""

    result: dict[str, Any]
    events: list[Event]


class Scene(NamedTuple):
    """Who does something to which number, where and when."""

    world: World
    ids: Ids
    now: int
    user: User
    number: PhoneNumber
    options: dict[str, Any]

    @property
    def pair(self) -> Pair:
        """What the user and the number have in common."""
        return self.world.pair(self.number.id, self.user.wa_id)

    def change(self, pair: Pair) -> list[Event]:
        """The event of a changed pair; none if it is the same."""
        if pair == self.pair:
            return []
        return [PairChanged(at=self.now, key=f"{self.number.id}:{self.user.wa_id}", pair=pair)]
