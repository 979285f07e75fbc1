"""What an app does at the emulator while it is checked: read from the journal, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from localwaba.operations.checks.arrivals import sent
from localwaba.operations.checks.model import Exchange, Json, Sent
from localwaba.runtime.host import WorldHost
from localwaba.runtime.system import elapsed

_POLL = 0.004
_SHORTEST, _LONGEST = 0.3, 4.0
_LONGEST_REST = 20.0
_READ_AT_ONCE = 2_000


class Onlooker:
    """Watches one app. `usual` is how many messages it sends for one text, `window` the seconds that it may take."""

    def __init__(self, host: WorldHost, url: str) -> None:
        self._host = host
        self._url = url
        self.sent: list[Sent] = []
        self.usual = 0
        self.window = _SHORTEST
        self._calls = 0
        self._refusal = ""
        self._read = 0
        self._last_call = elapsed()

    async def learn(self, first: Exchange, patience: float) -> None:
        """What the app sends for one text, and how long it takes: its first message may take `patience` seconds."""
        who = first.request.user
        since = elapsed()
        await self._until(lambda: self._count(who) > 0, patience)
        if self._count(who):
            took = elapsed() - since + first.answer.latency_ms / 1000
            self.window = min(max(_SHORTEST, 2 * took + 0.25), _LONGEST)
            await self.rest(self.window)
            self.usual = self._count(who)

    async def answer(self, wa_id: str) -> None:
        """Waits until a user was written to as for one text, or the time for it is over."""
        await self._until(lambda: self._count(wa_id) >= self.usual, self.window)

    async def rest(self, window: float) -> None:
        """Waits until the app has been quiet for a while."""
        until = elapsed() + _LONGEST_REST
        self._last_call = elapsed()
        while elapsed() < until:
            self._look()
            if elapsed() - self._last_call >= window:
                return
            await asyncio.sleep(_POLL)

    def why_unseen(self, text: str) -> str:
        """Why nothing can be said of what the app does with `text`; empty: something can."""
        if self.usual:
            return ""
        if not self._calls:
            return f"the app made no call to {self._url}"
        if self._refusal:
            return f"the app's calls to {self._url} were refused: {self._refusal}"
        return f"the app called {self._url}, but did not answer the text {text!r}"

    async def _until(self, happened: Callable[[], bool], within: float) -> None:
        until = elapsed() + within
        while True:
            self._look()
            if happened() or elapsed() >= until:
                return
            await asyncio.sleep(_POLL)

    def _count(self, wa_id: str) -> int:
        return sum(one.to == wa_id for one in self.sent)

    def _look(self) -> None:
        """Reads what the app has called since the last time."""
        while entries := self._host.journal(self._read, _READ_AT_ONCE):
            self._read = entries[-1]["n"]
            for entry in entries:
                if entry["kind"] != "call":
                    continue
                self._calls += 1
                self._last_call = elapsed()
                if entry["status"] >= 400 and not self._refusal:
                    self._refusal = _refusal(entry)
                found = sent(entry)
                if found is not None:
                    self.sent.append(found)


def _refusal(entry: Json) -> str:
    answer = entry.get("answer")
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    return f"{error.get('code', entry['status'])} {error.get('message', '')}".strip()
