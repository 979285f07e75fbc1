"""The server's connection writes byte for byte what uvicorn's own would, only in one piece where it can."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from localwaba.http.headers import PREPARED, Trace
from localwaba.runtime.connections import Connection

Pair = tuple[bytes, bytes]
LENGTH = (b"content-length", b"5")
DATE = (b"date", b"Sun, 22 Nov 2026 00:00:00 GMT")


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def resume_reading(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass


def starts(status: int, *headers: Pair, **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _talk(kind: type[HttpToolsProtocol], request: bytes, messages: list[dict[str, Any]]) -> Wire:
    """What a connection of that kind writes when the app answers a request with these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    config = uvicorn.Config(app, access_log=False, log_level="critical", ws="none", lifespan="off")
    config.load()
    state = ServerState()
    state.default_headers = [DATE]
    wire = Wire()
    connection = kind(config, state, {}, asyncio.get_running_loop())
    connection.connection_made(wire)
    connection.data_received(request)
    await asyncio.gather(*state.tasks)
    connection.connection_lost(None)
    return wire


def talk(kind: type[HttpToolsProtocol], request: bytes, messages: list[dict[str, Any]]) -> Wire:
    return asyncio.run(_talk(kind, request, messages))


GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nhost: here\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\nhost: here\r\n\r\n"
TRACE = Trace(b"graph", 1).headers(b"v26.0")
CASES: dict[str, tuple[bytes, list[dict[str, Any]]]] = {
    "a plain answer": (GET, [starts(200, LENGTH), body(b"hello")]),
    "an answer with the prepared headers": (GET, [starts(400, *TRACE, LENGTH, prepared=PREPARED), body(b"hello")]),
    "an empty answer": (GET, [starts(200, (b"content-length", b"0")), body(b"")]),
    "no length": (GET, [starts(200), body(b"hello")]),
    "a length that is wrong": (GET, [starts(200, LENGTH), body(b"hello, you")]),
    "a length that is too large": (GET, [starts(200, LENGTH), body(b"hi")]),
    "two pieces": (GET, [starts(200, LENGTH), body(b"he", more=True), body(b"llo")]),
    "HEAD": (HEAD, [starts(200, LENGTH), body(b"")]),
    "no content": (GET, [starts(204), body(b"")]),
    "not modified": (GET, [starts(304, (b"etag", b'"x"'), (b"content-length", b"0")), body(b"")]),
    "an app that ends the connection": (GET, [starts(200, LENGTH, (b"connection", b"close")), body(b"hello")]),
    "a client that keeps none alive": (OLD, [starts(200, LENGTH), body(b"hello")]),
    "a header with a line break": (GET, [starts(200, (b"x", b"a\r\nset-cookie: b"), LENGTH), body(b"hello")]),
    "a header with a lone line feed": (GET, [starts(200, (b"x", b"a\nb"), LENGTH), body(b"hello")]),
    "a header with a lone return": (GET, [starts(200, (b"x", b"a\rb"), LENGTH), body(b"hello")]),
    "an app that starts and says no more": (GET, [starts(200, LENGTH)]),
    "an app that says nothing": (GET, []),
}


@pytest.mark.parametrize("case", CASES)
def test_same_bytes(case: str) -> None:
    """Whatever an app answers, the bytes on the wire and the connection's end are those of uvicorn."""
    request, messages = CASES[case]
    plain, ours = talk(HttpToolsProtocol, request, messages), talk(Connection, request, messages)
    if case == "an app that starts and says no more":  # nothing has left yet: the client can still be told
        assert ours.written[0].startswith(b"HTTP/1.1 500 ")
    elif case == "a header with a line break":
        assert b"set-cookie" not in b"".join(ours.written)
        assert b"".join(ours.written) == b"".join(plain.written)
    else:
        assert b"".join(ours.written) == b"".join(plain.written)
    assert ours.closed == plain.closed


def test_one_piece() -> None:
    """A whole answer is one write, so that it is one packet."""
    request, messages = CASES["an answer with the prepared headers"]
    assert len(talk(Connection, request, messages).written) == 1
    assert len(talk(HttpToolsProtocol, request, messages).written) == 2
