"""The control API for this process itself: the server's own app, called in the server's loop without a socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextvars import Context
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote

from localwaba.client.link import Mark, Reply, Unreachable, Wire
from localwaba.http.requests import Message, Scope
from localwaba.runtime.system import elapsed

_LOOK = 1.0
"""How often who waits looks whether the loop still turns, in seconds."""


class Inside:
    """Carries calls to a server of this process, from any thread but that of its loop.

    What a socket costs, with HTTP on both of its ends, is several times what most of these calls do. A process that was
    forked off has no such loop any more; from there it is HTTP.
    """

    def __init__(
        self,
        app: Any,
        loop: asyncio.AbstractEventLoop,
        url: str,
        timeout: float,
        mark: Callable[[str], Mark] = lambda world: None,
    ) -> None:
        self.url = url
        self._mark = mark
        self._app = app
        self._loop = loop
        self._timeout = timeout
        self._process = os.getpid()
        self._outside: Wire | None = None
        self._exchanges: set[asyncio.Task[None]] = set()

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One exchange; Unreachable once the server has ended, TimeoutError if it takes too long."""
        if os.getpid() != self._process:
            return self._from_outside().send(method, path, body, headers)
        exchange = _Exchange(method, path, body or b"", headers, self.url)
        try:
            self._loop.call_soon_threadsafe(self._begin, exchange, context=Context())  # the caller's is no concern
        except RuntimeError as error:  # the loop is closed
            raise Unreachable(self.url, error) from None
        until = elapsed() + self._timeout
        while (left := until - elapsed()) > 0:
            try:
                found = exchange.answers.get(timeout=min(left, _LOOK))
            except Empty:
                if self._loop.is_closed():
                    break
                continue
            if found is None:
                break
            return found
        else:
            self._loop.call_soon_threadsafe(exchange.give_up)
            raise TimeoutError("timed out")
        raise Unreachable(self.url, ConnectionError("it has ended"))

    def mark(self, world: str) -> Mark:
        """What differs from an earlier one if anything has happened in a world or without any; None if nobody knows."""
        return self._mark(world) if os.getpid() == self._process else None

    def close(self) -> None:
        """Ends the connections of a forked process; else nothing is kept open."""
        if self._outside is not None:
            self._outside.close()

    def _from_outside(self) -> Wire:
        if self._outside is None:
            self._outside = Wire(self.url, self._timeout)
        return self._outside

    def _begin(self, exchange: _Exchange) -> None:
        task = self._loop.create_task(exchange.run(self._app))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)


class _Exchange:
    """One request, and its answer for the thread that waits; None if there will be none."""

    def __init__(self, method: str, path: str, body: bytes, headers: Mapping[str, str], url: str) -> None:
        self.answers: SimpleQueue[Reply | None] = SimpleQueue()
        self._request: tuple[str, str, Mapping[str, str], str] = (method, path, headers, url)
        self._body: bytes | None = body
        self._gone: asyncio.Event | None = None
        self._status = 0
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []

    async def run(self, app: Any) -> None:
        """Calls the app; what it raises is a 500, as on a connection."""
        self._gone = asyncio.Event()
        reply: Reply | None = None
        try:
            await app(self._scope(), self._receive, self._send)
            reply = Reply(self._status, self._headers, b"".join(self._pieces))
        except Exception:
            reply = Reply(500, self._headers, b"".join(self._pieces) or b"Internal Server Error")
        finally:
            self.answers.put(reply)

    def give_up(self) -> None:
        """The app is told that nobody waits any more."""
        if self._gone is not None:
            self._gone.set()

    def _scope(self) -> Scope:
        method, target, headers, url = self._request
        path, _, query = target.partition("?")
        named = [(b"host", url.partition("://")[2].encode())]
        named += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [*named, (b"content-length", str(len(self._body or b"")).encode())],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }

    async def _receive(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            assert self._gone is not None
            await self._gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            self._pieces.append(message.get("body", b""))
