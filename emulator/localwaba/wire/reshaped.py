"""The JSON of a webhook that is about to get another shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from localwaba.domain.model import User
from localwaba.domain.traffic import Delivery
from localwaba.domain.world import World

Json = dict[str, Any]
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


class Part(NamedTuple):
    """A body that comes in place of a webhook's own, so many milliseconds later."""

    body: Json
    after: int = 0


def copied(value: Json) -> Json:
    """Another value that is equal."""
    found: Json = _decode(_encode(value))
    return found


def _objects(values: list[Any]) -> list[Json]:
    return [one for one in values if isinstance(one, dict)]


class Scene:
    """A webhook and what is in it; values that somebody made up may hold anything, and only objects are found."""

    def __init__(self, world: World, delivery: Delivery, body: Json) -> None:
        self.world = world
        self.delivery = delivery
        self.body = body
        self.changes: list[Json] = [change for entry in body["entry"] for change in entry["changes"]]
        self.values = _objects([change.get("value") for change in self.changes])
        is_chat = delivery.field == "messages"
        self.contacts = self.inside("contacts")
        self.messages = self.inside("messages") if is_chat else []
        self.statuses = self.inside("statuses") if is_chat else []

    def inside(self, name: str) -> list[Json]:
        """The objects of a list that the values have."""
        lists = [value[name] for value in self.values if isinstance(value.get(name), list)]
        return [one for found in lists for one in _objects(found)]

    def user(self, item: Json) -> User | None:
        """The user whom a contact, message or status names."""
        for name in ("wa_id", "from", "recipient_id"):
            if item.get(name) in self.world.users:
                return self.world.users[item[name]]
        for name in ("user_id", "from_user_id", "recipient_user_id"):
            wa_id = self.world.user_ids.get(str(item.get(name)))
            if wa_id:
                return self.world.users[wa_id]
        return None

    def copy(self) -> Scene:
        """The same webhook once more, to be changed apart."""
        return Scene(self.world, self.delivery, copied(self.body))


def of_type(scene: Scene, kind: str) -> list[Json]:
    """The messages of a type whose object is there."""
    return [one for one in scene.messages if one.get("type") == kind and kind in one]
