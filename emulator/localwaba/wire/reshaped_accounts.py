"""Webhooks of the account, and of an app's history, in other shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain.ids import Ids
from localwaba.domain.inbound import MEDIA_TYPES
from localwaba.domain.tiers import LIMITS
from localwaba.wire.encoding import encode
from localwaba.wire.reshaped import Json, Part, Scene, copied

_CHATS = ("messages", "history", "calls")
_LIMIT_NAMES = (
    "max_daily_conversation_per_phone", "max_daily_conversations_per_business", "current_limit", "old_limit",
    "max_phone_numbers_per_business", "max_phone_numbers_per_waba",
)  # fmt: skip
_HUGE = 2_950_000
"""Bytes; the platform's limit is 3 MB."""


def _of_portfolio(scene: Scene) -> list[Part] | None:
    waba = scene.world.wabas.get(scene.delivery.waba_id)
    if waba is None or scene.delivery.field in _CHATS:
        return None
    for entry in scene.body["entry"]:
        entry["id"] = waba.business_id
    for value in scene.values:
        for name in ("metadata", "phone_number_id", "display_phone_number"):
            value.pop(name, None)
    return []


def _limit_retyped(scene: Scene) -> list[Part] | None:
    there = [(value, name) for value in scene.values for name in _LIMIT_NAMES if name in value]
    for value, name in there:
        value[name] = _retyped(value[name])
    return [] if there else None


def _retyped(value: Any) -> Any:
    if isinstance(value, str):
        return LIMITS.get(value, value)
    known = {count: tier for tier, count in LIMITS.items()}
    return known.get(value, str(value))


def _null_reason(scene: Scene) -> list[Part] | None:
    there = [(value, name) for value in scene.values for name in ("reason", "rejection_reason") if name in value]
    for value, name in there:
        value[name] = None
    return [] if there else None


# history


def _chunks(scene: Scene) -> list[Json]:
    """The parts of a history that have threads."""
    return [one for one in scene.inside("history") if isinstance(one.get("threads"), list)]


def _history_chunks(scene: Scene) -> list[Part] | None:
    if scene.delivery.field != "history" or not _chunks(scene):
        return None
    parts: list[Part] = []
    for place in (2, 1, 3):
        part = scene.copy()
        for chunk in _chunks(part):
            phase = (chunk.get("metadata") or {}).get("phase", 0)
            chunk["metadata"] = {"phase": phase, "chunk_order": place, "progress": (33, 66, 100)[place - 1]}
            for thread in chunk["threads"]:
                messages = [one for one in thread.get("messages", []) if isinstance(one, dict)]
                thread["messages"] = [_emptied(one) for one in messages[place - 1 :: 3] or messages[-1:]]
        parts.append(Part(part.body))
    return parts


def _emptied(message: Json) -> Json:
    """A message of a history: its file is a placeholder, which another webhook fills later."""
    kind = str(message.get("type"))
    if kind not in MEDIA_TYPES:
        return message
    return {name: member for name, member in message.items() if name != kind} | {"type": "media_placeholder"}


def _history_huge(scene: Scene) -> list[Part] | None:
    chunks = _chunks(scene) if scene.delivery.field == "history" else []
    threads = [one for chunk in chunks for one in chunk["threads"] if isinstance(one, dict) and one.get("messages")]
    if not threads:
        return None
    messages: list[Any] = threads[0]["messages"]
    sample, ids = messages[-1], Ids(scene.world.seed, int(scene.delivery.id[:8], 16))
    stamp, left = int(str(sample.get("timestamp", "0"))), _HUGE - len(encode(scene.body))
    while left > 0:
        older = copied(sample) | {"timestamp": str(stamp - len(messages))}
        older["id"] = ids.wamid(str(sample.get("from", "")), outbound=False)
        messages.append(older)
        left -= len(encode(older)) + 1
    return []


SHAPES: dict[str, Callable[[Scene], list[Part] | None]] = {
    "of_portfolio": _of_portfolio,
    "limit_retyped": _limit_retyped,
    "null_reason": _null_reason,
    "history_chunks": _history_chunks,
    "history_huge": _history_huge,
}
"""By its name, what makes the shape: parts, none for the scene as it is now, None where nothing is to be done."""
