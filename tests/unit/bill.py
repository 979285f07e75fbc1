"""A business that sends, a user who gets it, and the books that are kept of it."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import inbound
from localwaba.domain.applying import apply
from localwaba.domain.clock import SECOND
from localwaba.domain.consequences import follow
from localwaba.domain.events import Event, Put, StatusReached
from localwaba.domain.model import Behaviour
from localwaba.domain.policy import patch
from localwaba.domain.seeding import new_world
from localwaba.domain.sending import accept
from localwaba.domain.told import TierReached
from localwaba.domain.traffic import Message
from localwaba.operations.happening import happen
from localwaba.versions.table import traits_of
from localwaba.wire import webhooks

START = 1_767_268_800_000
"""1 January 2026, 12:00 UTC."""
WA_ID = "16505551234"


class Bill:
    """A world and its clock; `items` are the statuses of webhooks, `told` what was announced."""

    def __init__(self, knobs: dict[str, Any] | None = None, **behaviour: Any) -> None:
        self.world = new_world("test", 1, START)
        self.world.policy = patch(self.world.policy, {"messaging_limits": False} | (knobs or {}))
        self.now = START
        self.items: list[dict[str, Any]] = []
        self.told: list[TierReached] = []
        self.events: list[Event] = []
        self.user = self.meets(WA_ID, "US", **behaviour)

    def meets(self, wa_id: str, country: str, **behaviour: Any) -> Any:
        """A user whom the business may write to."""
        user = inbound.new_user(1, wa_id, country, "Ana")
        user = msgspec.structs.replace(user, behaviour=Behaviour(**behaviour))
        self.happen([Put(at=self.now, thing=user)])
        return user

    def happen(self, events: list[Event]) -> None:
        """Lets events happen, and what follows from them."""
        for event in events:
            apply(self.world, event)
            self.events.append(event)
            if isinstance(event, StatusReached):
                self.items.append(webhooks.value(self.world, event, traits_of("v26.0"))["statuses"][0])
            elif isinstance(event, TierReached):
                self.told.append(event)
            self.happen(follow(self.world, event, self.world.ids()))

    def hears(self, content: dict[str, Any] | None = None, user: Any = None) -> None:
        """A user writes."""
        ids = self.world.ids()
        content = content or {"type": "text", "text": {"body": "hi"}}
        number = self.world.phone_number_id
        self.happen(inbound.receive(self.world, ids, self.now, user or self.user, number, content)[1])
        self.world.drawn = ids.drawn

    def sends(self, category: str = "", user: Any = None, template_id: str = "1") -> Message:
        """The business sends a template of a category, or a text."""
        ids, user = self.world.ids(), user or self.user
        message = Message(
            id=ids.wamid(user.wa_id, outbound=True),
            phone_number_id=self.world.phone_number_id,
            wa_id=user.wa_id,
            outbound=True,
            type="template" if category else "text",
            at=self.now,
            body=b'{"text":{"body":"hello"}}',
            template_id=template_id if category else "",
            category=category,
        )
        self.world.drawn = ids.drawn
        self.happen(accept(self.world, message, user, self.now, is_new=False, free_form=not category))
        return message

    def says(self, category: str = "", wait: int = 10 * SECOND) -> dict[str, Any]:
        """Sends, lets time pass, and gives the webhook of `sent`."""
        before = len(self.items)
        self.sends(category)
        self.passes(wait)
        return self.items[before]

    def passes(self, milliseconds: int = 10 * SECOND) -> None:
        """Time passes; what is due happens."""
        until = self.now + milliseconds
        while (found := self.world.pop_due(until)) is not None:
            ids = self.world.ids()
            self.now = found[0]
            self.happen(happen(self.world, found[2], found[0], ids))
            self.world.drawn = max(self.world.drawn, ids.drawn)
        self.now = until

    @property
    def volumes(self) -> dict[str, int]:
        """Delivered messages by category, type and tier."""
        return _summed(self.world.billing.volumes)

    @property
    def opened(self) -> dict[str, int]:
        """Conversations by category, type and direction."""
        return _summed(self.world.billing.conversations)


def _summed(table: dict[int, dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in table.values():
        for key, count in row.items():
            kind = key.split("|", 2)[2]
            found[kind] = found.get(kind, 0) + count
    return found
