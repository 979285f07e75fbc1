"""Numbers that are used in the Business app too: what was written there, and long ago, becomes known to the world.

All of this reads values that keep their field's contract. None of it opens a window, costs anything or counts.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, MessageKnown, Put
from localwaba.domain.inbound import new_user
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.numbers import country_of
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

_APART = frozenset({"from", "from_user_id", "from_parent_user_id", "to", "to_user_id", "to_parent_user_id"})
_HEAD = _APART | {"id", "timestamp", "history_context"}


def learn_history(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """Chats of the last 180 days, in chunks, and the media that come after them; placeholders are filled by these."""
    known = _Known(world, now, number, _names(value))
    for chunk in value.get("history", ()):
        for thread in chunk.get("threads", ()):
            who = thread.get("context", {})
            with_whom = thread.get("id") or who.get("wa_id") or world.user_ids.get(who.get("user_id", ""), "")
            for one in thread["messages"]:
                known.learn(one, with_whom, one["history_context"]["status"].lower())
    for one in value.get("messages", ()):
        known.learn(one, "")
    for one in value.get("message_echoes", ()):
        known.learn(one, "")
    return known.events


def learn_echoes(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """What the business wrote, edited or took back in its Business app."""
    known = _Known(world, now, number, _names(value))
    for one in value["message_echoes"]:
        kind = one["type"]
        if kind in ("edit", "revoke"):
            known.change(kind, one[kind])
        else:
            known.learn(one, "", "sent")
    return known.events


def _names(value: dict[str, Any]) -> dict[str, str]:
    """Names of contacts, by number."""
    found = {one.get("wa_id", ""): one.get("profile", {}).get("name", "") for one in value.get("contacts", ())}
    return {wa_id: name for wa_id, name in found.items() if wa_id and name}


class _Known:
    """Collects what one webhook makes known."""

    def __init__(self, world: World, now: int, number: PhoneNumber, names: dict[str, str]) -> None:
        self.world, self.now, self.number, self.names = world, now, number, names
        self.events: list[Event] = []
        self._met: set[str] = set()

    def learn(self, one: dict[str, Any], wa_id: str, status: str = "") -> None:
        """A message in one of the two shapes; one that is there already keeps its status unless another is given."""
        outbound = "to" in one or "to_user_id" in one or one.get("from") == self.number.digits
        other = one.get("to" if outbound else "from", "") or self._by_id(one, outbound) or wa_id
        if not other or any(number.digits == other for number in self.world.numbers.values()):
            return
        self._meet(other)
        at = int(one["timestamp"]) * SECOND
        before = self.world.messages.get(one["id"])
        body = {name: part for name, part in one.items() if name not in _HEAD}
        head = {"messaging_product": "whatsapp", "to": other} if outbound else {}
        status = status or (before.status if before else "sent" if outbound else "received")
        if not outbound and status != "read":
            status = "received"
        message = Message(
            id=one["id"],
            phone_number_id=self.number.id,
            wa_id=other,
            outbound=outbound,
            type=one["type"],
            at=at,
            body=msgspec.json.encode(head | body),
            status="failed" if status == "error" else status,
            status_at=at,
        )
        self.events.append(MessageKnown(at=self.now, message=message))

    def change(self, kind: str, told: dict[str, Any]) -> None:
        """A known message is edited, or taken back: then its status is `deleted`, and phones show it no more."""
        before = self.world.messages.get(told["original_message_id"])
        if before is None:
            return
        after = replace(before, status="deleted", status_at=self.now)
        if kind == "edit":
            head = {"messaging_product": "whatsapp", "to": before.wa_id} if before.outbound else {}
            body = msgspec.json.encode(head | told["message"])
            after = replace(before, type=told["message"]["type"], body=body)
        self.events.append(MessageKnown(at=self.now, message=after))

    def _by_id(self, one: dict[str, Any], outbound: bool) -> str:
        return self.world.user_ids.get(one.get("to_user_id" if outbound else "from_user_id", ""), "")

    def _meet(self, wa_id: str) -> None:
        if wa_id in self.world.users or wa_id in self._met:
            return
        self._met.add(wa_id)
        user: User = new_user(self.world.seed, wa_id, country_of(wa_id), self.names.get(wa_id, ""))
        self.events.append(Put(at=self.now, thing=user))
