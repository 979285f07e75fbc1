"""Codes to log in with: sent as an authentication template, good once and not for long."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from localwaba.samples.graph import Graph
from localwaba.samples.library import CODE_MINUTES, LOGIN_CODE

TRIES = 3


class Issued(NamedTuple):
    """A code, until when it is good, and how often it may still be guessed."""

    code: str
    until: float
    tries: int = TRIES


class Codes:
    """One code for each user at a time."""

    def __init__(self, graph: Graph, now: Callable[[], float]) -> None:
        self.graph = graph
        self.now = now
        self.issued: dict[str, Issued] = {}

    async def send(self, user: str) -> None:
        """Sends a new code; the one before it is worth nothing any more."""
        code = f"{secrets.randbelow(10**6):06}"
        self.issued[user] = Issued(code, self.now() + 60 * CODE_MINUTES)
        await self.graph.send_template(user, LOGIN_CODE, [code], code=code)

    def check(self, user: str, code: str) -> bool:
        """Whether this is the code that the user was sent; a code is good once."""
        issued = self.issued.pop(user, None)
        if issued is None or issued.until <= self.now():
            return False
        if hmac.compare_digest(issued.code.encode(), code.encode()):
            return True
        if issued.tries > 1:
            self.issued[user] = issued._replace(tries=issued.tries - 1)
        return False
