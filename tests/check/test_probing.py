"""The socket that asks apps: bytes as they are, whatever comes back, and never an exception."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from localwaba.operations.checks.model import Answer, Request
from localwaba.webhooks.probing import Prober, Unreachable, parts_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[StreamRequestHandler], None]


def read_request(peer: StreamRequestHandler) -> bytes:
    """A request as it came, empty at the end of a connection."""
    head, length = b"", 0
    while not head.endswith(b"\r\n\r\n"):
        line = peer.rfile.readline()
        if not line:
            return b""
        if line.lower().startswith(b"content-length"):
            length = int(line.split(b":")[1])
        head += line
    return head + peer.rfile.read(length)


def answering(answer: bytes, seen: list[bytes] | None = None, times: int = 100) -> Talk:
    """Gives the same answer to each request."""

    def talk(peer: StreamRequestHandler) -> None:
        for _ in range(times):
            raw = read_request(peer)
            if not raw:
                return
            if seen is not None:
                seen.append(raw)
            peer.wfile.write(answer)

    return talk


def ask(talk: Talk, *requests: Request, within: float = 20.0) -> tuple[list[Answer], int]:
    """The answers to requests that are sent one after the other, and the number of connections."""
    connections = 0

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            nonlocal connections
            connections += 1
            with suppress(OSError):
                talk(self)

    class Server(ThreadingTCPServer):
        daemon_threads = False

        def handle_error(self, *_: Any) -> None:
            """A connection that is cut is what some tests are about."""

    async def run(port: int) -> list[Answer]:
        prober = Prober(f"http://127.0.0.1:{port}/webhook")
        try:
            await prober.find()
            return [await prober.send(one.raw, within, alone=one.alone) for one in requests]
        finally:
            await prober.close()

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            found = asyncio.run(run(server.server_address[1]))
        finally:
            server.shutdown()
            thread.join()
    return found, connections


def post(body: bytes = b"{}", alone: bool = False) -> Request:
    headers = (("X-B", "1"), ("a", "2"))
    return Request(method="POST", target="/webhook", host="a", headers=headers, body=body, alone=alone)


def test_bytes_are_sent_as_they_are() -> None:
    """Order, spelling and number of headers are those of the request; nothing is added."""
    seen: list[bytes] = []
    ask(answering(OK, seen), post())
    assert seen == [b"POST /webhook HTTP/1.1\r\nHost: a\r\nX-B: 1\r\na: 2\r\nContent-Length: 2\r\n\r\n{}"]


def test_a_connection_is_kept_and_used_again() -> None:
    """Requests that ask for nothing else share a connection."""
    answers, connections = ask(answering(OK), post(), post(), post())
    assert [one.status for one in answers] == [200, 200, 200]
    assert connections == 1


def test_a_request_can_have_a_connection_of_its_own() -> None:
    """`alone` means a new connection each time."""
    _, connections = ask(answering(OK), post(alone=True), post(alone=True))
    assert connections == 3  # and the one that was tried first


def test_a_kept_connection_that_has_died_is_replaced() -> None:
    """A server may close an idle connection at any time: the request goes out on another."""
    answers, connections = ask(answering(OK, times=1), post(), post())
    assert [one.status for one in answers] == [200, 200]
    assert connections == 2


def test_an_early_answer_is_read() -> None:
    """A server that answers 413 before it has read three megabytes is heard."""

    def talk(peer: StreamRequestHandler) -> None:
        while peer.rfile.readline() != b"\r\n":
            pass
        peer.wfile.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        while peer.rfile.read(65536):
            pass

    (answer,), _ = ask(talk, post(b"x" * 3_000_000))
    assert (answer.status, answer.reason, answer.error) == (413, "Too Large", "")


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
    ],
)
def test_answers_of_all_kinds_are_understood(answer: bytes, status: int, body: bytes) -> None:
    """Chunks, an end by closing, no body, and an interim answer before the real one."""
    (found,), _ = ask(answering(answer, times=1), post())
    assert (found.status, found.body, found.error) == (status, body, "")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "closed"),
        (b"SSH-2.0-OpenSSH\r\n", "garbled"),
    ],
)
def test_what_is_no_answer_is_told_in_one_line(answer: bytes, fault: str) -> None:
    """A closed connection, half an answer, something else than HTTP."""
    (found,), _ = ask(answering(answer, times=1), post())
    assert found.fault == fault
    assert found.error
    assert "\n" not in found.error
    assert not found.is_taken


def test_no_answer_is_a_timeout() -> None:
    """Who says nothing is given up after the time that the request has."""

    def talk(peer: StreamRequestHandler) -> None:
        peer.rfile.read()

    (found,), _ = ask(talk, post(), within=0.05)
    assert (found.fault, found.error) == ("timeout", "no answer within 0.05 s")


def test_a_head_has_no_body_to_wait_for() -> None:
    """The length in the answer to a HEAD is that of a GET."""
    head = Request(method="HEAD", target="/", host="a")
    (found,), _ = ask(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), head)
    assert (found.status, found.error) == (200, "")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1/", "nobody listens on 127.0.0.1:1 "),
        ("http://10.1.2.3/", "neither this machine nor an allowed host"),
        ("ftp://127.0.0.1/", "neither http nor https"),
        ("http://127.0.0.1:x/", "cannot be read"),
    ],
)
def test_who_cannot_be_reached_is_told(url: str, told: str) -> None:
    """Nobody there, a target that is not allowed, no URL: one line each, and no request is made."""

    async def find() -> None:
        await Prober(url).find()

    with pytest.raises(Unreachable, match=told):
        asyncio.run(find())


def test_the_path_is_written_as_it_was_given() -> None:
    """Query and escapes stay; what a request line cannot carry is escaped."""
    assert parts_of("http://127.0.0.1:8000/a%20b/ü?x=1&y=%20") == ("127.0.0.1:8000", "/a%20b/%C3%BC?x=1&y=%20")
    assert parts_of("http://127.0.0.1") == ("127.0.0.1", "/")
