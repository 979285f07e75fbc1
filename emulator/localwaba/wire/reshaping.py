"""Webhooks in other shapes, made of their JSON: what people met in production, and what may come one day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from localwaba.domain.ids import derive
from localwaba.domain.traffic import Delivery
from localwaba.domain.world import World
from localwaba.wire.encoding import encode, encode_plain
from localwaba.wire.reshaped import Part, Scene
from localwaba.wire.reshaped_accounts import SHAPES as OF_ACCOUNTS
from localwaba.wire.reshaped_messages import SHAPES as OF_MESSAGES
from localwaba.wire.reshaped_statuses import SHAPES as OF_STATUSES

_decode = msgspec.json.Decoder().decode


def reshape(world: World, delivery: Delivery, how: str) -> list[tuple[bytes, int]]:
    """The bodies that come in place of a delivery's own, and after how many milliseconds; none if it stays as it is."""
    scene = Scene(world, delivery, _decode(delivery.body))
    parts = _SHAPES[how](scene)
    if parts is None:
        return []
    render = encode if world.policy.webhook_encoding == "escaped" else encode_plain
    found = [(render(part.body), part.after) for part in parts or [Part(scene.body)]]
    return [] if [body for body, _ in found] == [delivery.body] else found


def _field_first(scene: Scene) -> list[Part] | None:
    for change in scene.changes:
        for name in ("value", *(key for key in change if key not in ("field", "value"))):
            change[name] = change.pop(name)
    return []


def _keys_shuffled(scene: Scene) -> list[Part]:
    return [Part(_shuffled(scene.body, f"{scene.world.seed} {scene.delivery.id}"))]


def _shuffled(value: Any, salt: str) -> Any:
    if isinstance(value, list):
        return [_shuffled(one, salt) for one in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: derive(salt, f"{name} {len(value)}"))
    if names == list(value):
        names.reverse()
    return {name: _shuffled(value[name], salt) for name in names}


def _extra_keys(scene: Scene) -> list[Part]:
    scene.body["api_revision"] = 7
    for entry in scene.body["entry"]:
        entry["shard"] = "a1"
    for change in scene.changes:
        change["revision"] = {"major": 99}
    for thing in (*scene.values, *scene.contacts, *scene.messages, *scene.statuses):
        thing["novelty"] = {"since": "2030-01-01", "flags": [True, None]}
    return []


def _new_field(scene: Scene) -> list[Part]:
    for change in scene.changes:
        change["field"] = "message_novelties"
    return []


_SHAPES: dict[str, Callable[[Scene], list[Part] | None]] = {
    "field_first": _field_first,
    "keys_shuffled": _keys_shuffled,
    "extra_keys": _extra_keys,
    "new_field": _new_field,
    **OF_MESSAGES,
    **OF_STATUSES,
    **OF_ACCOUNTS,
}
NAMES = frozenset(_SHAPES)
"""All shapes that can be made."""
