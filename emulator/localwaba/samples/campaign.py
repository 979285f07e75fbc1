"""News for many users, held as soon as Meta or the users have enough, and taken up again where it was held."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Any

import httpx

from localwaba.samples.graph import NO_TEMPLATE, TOKEN_DEAD, TOO_FAST, Graph, GraphError
from localwaba.samples.library import NEWS
from localwaba.samples.memory import Memory

log = logging.getLogger("bot.campaign")
LIMIT_REACHED = 131048
UNWANTED = 131050
HOLDING = TOO_FAST | NO_TEMPLATE | {TOKEN_DEAD, LIMIT_REACHED, 131031, 131042, 368}
"""Codes that the next user would be told too: then the rest waits."""
STOPPED = "stopped"


class Campaign:
    """Who still has to get the news, who does not want any, and why they are held."""

    def __init__(self, graph: Graph, names: dict[str, str], memory: Memory) -> None:
        self.graph = graph
        self.names = names
        self.waiting: deque[str] = deque()
        self.memory = memory
        self.held = ""
        self.turn = asyncio.Lock()

    async def start(self, users: Iterable[str]) -> None:
        """Sends the news to these users too, unless they are held at the moment."""
        self.waiting.extend(user for user in users if user not in self.waiting)
        if not self.held:
            await self.resume()

    async def resume(self) -> None:
        """Sends until nobody waits, or there is a reason to hold."""
        async with self.turn:
            self.held = "the number is rated RED" if await self.graph.rating() == "RED" else ""
            while self.waiting and not self.held:
                user = self.waiting.popleft()
                if self.memory.has(STOPPED, user):
                    continue
                try:
                    await self.graph.send_template(user, NEWS, [self.names.get(user, "there")], purpose=NEWS)
                except (GraphError, httpx.HTTPError) as error:
                    self.undelivered(user, getattr(error, "code", None), str(error))

    def undelivered(self, user: str, code: int | None, why: str) -> None:
        """What an error means, be it an answer or a status: this user is skipped, or everybody waits."""
        if code in HOLDING:
            self.waiting.appendleft(user)
            self.hold(why)
        elif code == UNWANTED:
            self.memory.add(STOPPED, user)
        else:
            log.warning("no news for %s: %s", user, why)

    def hold(self, why: str) -> None:
        """Nobody else gets the news for now."""
        self.held = why
        log.warning("held with %s waiting: %s", len(self.waiting), why)

    async def judge(self, field: str, value: dict[str, Any]) -> None:
        """What Meta says of the template: one that users dislike is not sent any more, one that is back goes on."""
        if value.get("message_template_name") != NEWS:
            return
        if field == "message_template_quality_update" and value.get("new_quality_score") == "RED":
            self.hold("users dislike the template")
        elif field == "message_template_status_update" and value.get("event") == "APPROVED" and self.held:
            try:
                await self.resume()
            except (GraphError, httpx.HTTPError) as error:
                self.hold(str(error))

    def prefer(self, ids: Iterable[str], *, news: bool) -> None:
        """Who wants no news gets none, until they say otherwise; `ids` are all that they are known by."""
        for user in ids:
            if news:
                self.memory.drop(STOPPED, user)
            else:
                self.memory.add(STOPPED, user)

    def move(self, old: str, new: str) -> None:
        """A user has another number: what they wanted with the old one holds for it."""
        if self.memory.has(STOPPED, old):
            self.memory.add(STOPPED, new)
