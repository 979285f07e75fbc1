"""Connections of clients: uvicorn's, but an answer that is whole leaves in one piece."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from localwaba.http.requests import Receive, Scope, Send

_BODILESS = frozenset({204, 304})


class Connection(HttpToolsProtocol):
    """uvicorn's connection, and who has stopped to write (`nc -N`) still gets the answers to what was written."""

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keeps the connection open for the last answer, if its request is whole and the answer has not begun."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # before the first request there is none
        if cycle is None or cycle.more_body or cycle.response_started:
            return None
        cycle.keep_alive = False
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, cast("Any", _Answering(cycle, app)))


@lru_cache(maxsize=4)
def _written(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The server's own headers as they are written; the date among them changes once a second."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


class _Answering:
    """An app whose answers of one piece are written at once; uvicorn writes head and body apart and, of each header,
    searches name and value, which took a fifth of a whole GET."""

    __slots__ = ("_app", "_cycle", "_start")

    def __init__(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._cycle = cycle
        self._app = app
        self._start: dict[str, Any] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """What an armed fault hangs up."""
        return self._cycle.transport

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        return self._app(scope, receive, self._send)

    async def _send(self, message: Any) -> None:
        cycle, start = self._cycle, self._start
        if start is not None:
            self._start = None
            if not message.get("more_body") and self._write(start, message.get("body", b"")):
                return
            await cycle.send(cast("Any", start))
        elif message["type"] == "http.response.start" and not cycle.response_started:
            self._start = message
            return
        await cycle.send(message)

    def _write(self, start: dict[str, Any], body: bytes) -> bool:
        """Writes a whole answer; False, and nothing is written, for whatever is not plain."""
        cycle, status = self._cycle, start["status"]
        if not cycle.keep_alive or cycle.disconnected or cycle.flow.write_paused:
            return False
        if status in _BODILESS or cycle.scope["method"] == "HEAD":
            return False
        headers = start["headers"]
        count, block = start.get("prepared", (0, b""))
        lines = [b"%b: %b\r\n" % pair for pair in headers[count:]]
        if b"content-length: %d\r\n" % len(body) not in lines:
            return False
        rest = b"".join(lines)
        if rest.count(b"\n") != len(lines) or rest.count(b"\r") != len(lines) or b"connection: " in rest:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        first = _written(tuple(cycle.default_headers))
        cycle.transport.write(b"".join((STATUS_LINE[status], first, block, rest, b"\r\n", body)))
        cycle.message_event.set()
        cycle.on_response()
        return True
