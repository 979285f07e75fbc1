"""Who does something in a world, to what, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from localwaba.domain.events import Event, PairChanged
from localwaba.domain.ids import Ids
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.traffic import Message, Pair
from localwaba.domain.world import World
from localwaba.operations.mistakes import Mistake, text_of


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
        return self.world.pair(self.number.id, self.user.wa_id)

    def change(self, pair: Pair) -> list[Event]:
        """The event of a pair that is not as it was; none if it is."""
        if pair == self.pair:
            return []
        return [PairChanged(at=self.now, key=f"{self.number.id}:{self.user.wa_id}", pair=pair)]


def last(scene: Scene, fits: Callable[[Message], bool], *, outbound: bool = True) -> Message | None:
    """The last message between this user and the named number, or any, that did not fail and fits."""
    only_from = text_of(scene.options, "phone_number_id")
    for message in reversed(scene.world.messages.values()):
        is_theirs = message.outbound is outbound and message.wa_id == scene.user.wa_id and message.status != "failed"
        if is_theirs and (not only_from or message.phone_number_id == only_from) and fits(message):
            return message
    return None


def received(scene: Scene, message_id: str) -> Message:
    """A message that this user has got."""
    message = scene.world.messages.get(message_id)
    if message is None or not message.outbound or message.wa_id != scene.user.wa_id:
        raise Mistake(f"no message {message_id!r} was sent to {scene.user.wa_id}")
    if message.status == "failed":
        raise Mistake(f"{message_id} failed: it never got to {scene.user.wa_id}")
    return message


def own(scene: Scene, message_id: str) -> Message:
    """A message that this user has sent."""
    message = scene.world.messages.get(message_id)
    if message is None or message.outbound or message.wa_id != scene.user.wa_id:
        raise Mistake(f"{scene.user.wa_id} has sent no message {message_id!r}")
    return message
