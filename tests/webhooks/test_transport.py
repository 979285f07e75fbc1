"""The transport sends exactly what it is given and turns whatever happens into a reply."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import subprocess
import sys
import zlib
from typing import Any

import pytest

from localwaba.webhooks.targets import TargetPolicy
from localwaba.webhooks.transport import EXCERPT_BYTES, READ_BYTES, Transport, excerpt, open_transport
from localwaba.wire.deliveries import delivery_headers

pytestmark = pytest.mark.anyio  # coroutine tests run on both event loops, see conftest.py

HEADERS = delivery_headers(b"secret", b"{}")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


def say(data: bytes, *, then_close: bool = False) -> Any:
    """Answer every request with these bytes."""

    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if then_close:
            writer.close()

    return answer


async def hang(_: Any, __: Any) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def test_a_post_carries_metas_headers_and_no_other(transport: Transport, serve: Any) -> None:
    """The request must be Meta's, byte for byte, beside Host and Content-Length."""
    peer = await serve(say(OK))
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.status, reply.error, reply.reason, reply.body) == (200, None, "OK", "OK")
    assert peer.requests[0].method == "POST"
    assert peer.requests[0].body == b"{}"
    assert sorted(peer.requests[0].headers) == sorted(
        [*HEADERS, ("Host", f"127.0.0.1:{peer.port}"), ("Content-Length", "2")]
    )
    assert [name for name, _ in HEADERS] == [
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "X-Hub-Signature",
        "X-Hub-Signature-256",
    ]


async def test_a_large_body_goes_out_whole(transport: Transport, serve: Any) -> None:
    """A webhook of three megabytes arrives as it is, with its length and without a warning."""
    peer = await serve(say(OK))
    body = bytes(range(256)) * 12_000
    reply = await transport.post(peer.url, HEADERS, body, 20)
    assert (reply.status, reply.error) == (200, None)
    assert peer.requests[0].body == body
    assert sorted(peer.requests[0].headers) == sorted(
        [*HEADERS, ("Host", f"127.0.0.1:{peer.port}"), ("Content-Length", str(len(body)))]
    )


async def test_headers_that_were_not_given_are_not_made_up(transport: Transport, serve: Any) -> None:
    """A client's own User-Agent or Accept must never leak."""
    peer = await serve(say(OK))
    await transport.get(peer.url, (), 5)
    await transport.post(peer.url, (), b"x", 5)
    assert [name for name, _ in peer.requests[0].headers] == ["Host"]
    assert sorted(name for name, _ in peer.requests[1].headers) == ["Content-Length", "Host"]


async def test_the_url_goes_out_as_it_was_given(transport: Transport, serve: Any) -> None:
    """Query, escapes and odd but legal characters must not be rewritten; only non-ASCII is escaped."""
    peer = await serve(say(OK))
    await transport.post(peer.url + "/a+b/../%41?x='1'&y=%2f&z=é", HEADERS, b"{}", 5)
    assert peer.requests[0].target == "/webhook/a+b/../%41?x='1'&y=%2f&z=%C3%A9"


async def test_a_connection_is_kept_for_the_next_post(transport: Transport, serve: Any) -> None:
    """Deliveries to one app must share a connection."""
    peer = await serve(say(OK))
    for _ in range(3):
        await transport.post(peer.url, HEADERS, b"{}", 5)
    assert [request.connection for request in peer.requests] == [1, 1, 1]


async def test_an_error_status_is_a_reply_without_error(transport: Transport, serve: Any) -> None:
    """A 500 is an answer: its status, reason, kept headers and body must be told."""
    head = b"HTTP/1.1 500 Oh Dear\r\nServer: app\r\nX-Other: 1\r\n"
    peer = await serve(say(head + b"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\noops"))
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.status, reply.reason, reply.error, reply.fault, reply.body) == (500, "Oh Dear", None, None, "oops")
    assert reply.headers == (("Content-Type", "text/plain"), ("Content-Length", "4"), ("Server", "app"))
    assert reply.header("content-type") == "text/plain"
    assert reply.latency_ms > 0


async def test_a_redirect_is_not_followed(transport: Transport, serve: Any) -> None:
    """A 302 must come back as it is, with its Location."""
    peer = await serve(say(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"))
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.status, reply.header("Location"), len(peer.requests)) == (302, "/elsewhere", 1)


async def test_cookies_are_not_kept(transport: Transport, serve: Any) -> None:
    """An answer's cookie must not come back with the next request."""
    peer = await serve(say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"))
    for _ in range(2):
        await transport.post(peer.url.replace("127.0.0.1", "localhost"), HEADERS, b"{}", 5)
    assert not [name for name, _ in peer.requests[1].headers if name.lower() == "cookie"]


async def test_no_proxy_is_taken_from_the_environment(
    transport: Transport, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxy variables of the developer's shell must not divert deliveries."""
    peer = await serve(say(OK))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await transport.post(peer.url, HEADERS, b"{}", 5)).status == 200


@pytest.mark.parametrize(
    ("answer", "fault", "status"),
    [
        (b"\x00\xff\xfe nonsense\r\n\r\n", "garbled", None),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000, "garbled", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", "garbled", None),
        (b"", "closed", None),
        (b"HTTP/1.1 200", "closed", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "partial", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "garbled", None),
    ],
)
async def test_a_broken_answer_is_an_error_in_one_line(
    transport: Transport, serve: Any, answer: bytes, fault: str, status: int | None
) -> None:
    """Garbage and early ends must be told as such, never raised."""
    peer = await serve(say(answer, then_close=True))
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.fault, reply.status) == (fault, status)
    assert reply.error
    assert "\n" not in reply.error
    assert len(peer.requests) == 1


async def test_a_connection_reset_is_an_error(transport: Transport, serve: Any) -> None:
    """A peer that resets must be told apart from one that closes."""

    async def reset(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    peer = await serve(reset)
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.status, reply.fault) == (None, "closed")


async def test_nobody_listening_is_connection_refused(transport: Transport, serve: Any) -> None:
    """A port without a server must be told in the usual words, whatever addresses the name has."""
    peer = await serve(say(OK))
    await peer.stop()
    for url in (peer.url, peer.url.replace("127.0.0.1", "localhost")):
        reply = await transport.post(url, HEADERS, b"{}", 5)
        assert (reply.status, reply.error, reply.fault) == (None, "connection refused", "refused")
    await peer.start()


async def test_no_answer_in_time_is_a_timeout(transport: Transport, serve: Any) -> None:
    """An app that accepts and says nothing must cost the timeout and no more."""
    peer = await serve(hang)
    reply = await transport.post(peer.url, HEADERS, b"{}", 0.05)
    assert (reply.status, reply.error, reply.fault) == (None, "timed out after 0.05 s", "timeout")
    assert 40 <= reply.latency_ms < 2000


@pytest.mark.parametrize("opening", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
async def test_a_dripping_answer_runs_into_the_timeout(transport: Transport, serve: Any, opening: bytes) -> None:
    """Bytes that keep coming must not extend the time limit, in the head or in the body."""

    async def drip(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(opening)
        while True:
            writer.write(b"X")
            await writer.drain()
            await asyncio.sleep(0.002)

    peer = await serve(drip)
    reply = await transport.post(peer.url, HEADERS, b"{}", 0.08)
    assert (reply.error, reply.fault) == ("timed out after 0.08 s", "timeout")
    assert reply.status == (200 if opening.endswith(b"\r\n\r\n") else None)


async def test_an_endless_answer_is_not_read_to_its_end(transport: Transport, serve: Any) -> None:
    """Of a body without end only the beginning must be read, and the status still counts."""
    sent = 0

    async def pour(_: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"2000\r\n" + b"z" * 8192 + b"\r\n")
            sent += 8192
            await writer.drain()

    peer = await serve(pour)
    reply = await transport.post(peer.url, HEADERS, b"{}", 5)
    assert (reply.status, reply.error, reply.truncated) == (200, None, True)
    assert reply.body == "z" * EXCERPT_BYTES
    assert sent < 100 * READ_BYTES
    assert (await transport.post(peer.url, HEADERS, b"{}", 5)).status == 200
    assert peer.connections == 2


async def test_a_stale_connection_is_replaced_once(transport: Transport, serve: Any) -> None:
    """A POST that met a kept connection's end must arrive over a new one, without an error."""

    async def close_on_second(request: Any, writer: asyncio.StreamWriter) -> None:
        if sum(other.connection == request.connection for other in peer.requests) == 1:
            writer.write(OK)
        else:
            writer.close()

    peer = await serve(close_on_second)
    replies = [await transport.post(peer.url, HEADERS, body, 5) for body in (b"1", b"2")]
    assert [(reply.status, reply.error) for reply in replies] == [(200, None), (200, None)]
    assert [(request.connection, request.body) for request in peer.requests] == [(1, b"1"), (1, b"2"), (2, b"2")]


async def test_a_peer_that_always_closes_gets_no_third_try(transport: Transport, serve: Any) -> None:
    """The second attempt is on a new connection, and its failure must be final."""

    async def ok_once(_: Any, writer: asyncio.StreamWriter) -> None:
        if len(peer.requests) == 1:
            writer.write(OK)
        else:
            writer.close()

    peer = await serve(ok_once)
    await transport.post(peer.url, HEADERS, b"1", 5)
    reply = await transport.post(peer.url, HEADERS, b"2", 5)
    assert (reply.status, reply.fault) == (None, "closed")
    assert [request.body for request in peer.requests] == [b"1", b"2", b"2"]


@pytest.mark.parametrize(
    ("begun", "reset"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", True),
    ],
)
async def test_a_post_whose_answer_began_is_never_repeated(
    transport: Transport, serve: Any, begun: bytes, reset: bool
) -> None:
    """Once the app has begun to answer it has the webhook: sending it again would be a duplicate."""

    async def break_off(_: Any, writer: asyncio.StreamWriter) -> None:
        if len(peer.requests) == 1:
            writer.write(OK)
            return
        writer.write(begun)
        await writer.drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    peer = await serve(break_off)
    await transport.post(peer.url, HEADERS, b"1", 5)
    reply = await transport.post(peer.url, HEADERS, b"2", 5)
    assert reply.error
    assert [request.body for request in peer.requests] == [b"1", b"2"]


async def test_a_restarted_app_is_reached_again(transport: Transport, serve: Any) -> None:
    """A delivery after the app's restart must arrive once."""
    peer = await serve(say(OK))
    await transport.post(peer.url, HEADERS, b"1", 5)
    await peer.stop()
    await peer.start()
    assert (await transport.post(peer.url, HEADERS, b"2", 5)).status == 200
    assert [request.body for request in peer.requests] == [b"1", b"2"]


async def test_a_cancelled_request_does_not_poison_its_connection(transport: Transport, serve: Any) -> None:
    """Whoever gives up must not leave an answer for somebody else."""

    asked = asyncio.Event()

    async def answer(request: Any, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await (hang(request, writer) if request.body == b"1" else say(OK)(request, writer))

    peer = await serve(answer)
    waiting = asyncio.create_task(transport.post(peer.url, HEADERS, b"1", 5))
    await asked.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await transport.post(peer.url, HEADERS, b"2", 5)).body == "OK"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://user:pw@127.0.0.1:{port}/", "url"),
        ("http://127.0.0.1:{port}/#here", "url"),
        ("http://127.0.0.1:99999/", "url"),
        ("http://127.0.0.1:x/", "url"),
        ("http://127.0.0.1:{port}/a b", "url"),
        ("http://[::1/", "url"),
        ("http:///x", "url"),
        ("ftp://127.0.0.1/", "url"),
        ("", "url"),
        ("\ud800", "url"),
        ("http://10.0.0.1/", "target"),
        ("http://169.254.169.254/latest/meta-data", "target"),
        ("http://0.0.0.0:{port}/", "target"),
    ],
)
async def test_a_url_that_may_not_be_requested_is_refused_in_a_reply(
    transport: Transport, serve: Any, url: str, fault: str
) -> None:
    """Bad and forbidden URLs must give an error and must not reach the network."""
    peer = await serve(say(OK))
    reply = await transport.post(url.replace("{port}", str(peer.port)), HEADERS, b"{}", 1)
    assert (reply.status, reply.fault) == (None, fault)
    assert reply.error
    assert peer.requests == []


async def test_a_name_is_judged_by_the_addresses_it_resolves_to(
    serve: Any, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere must be refused at the connection; one that leads here is this machine."""
    peer = await serve(say(OK))
    answers = {"evil.test": ["127.0.0.1", "10.0.0.7"], "mine.test": ["127.0.0.1"]}
    resolve_by(monkeypatch, answers)
    evil = await transport.post(f"http://evil.test:{peer.port}/", HEADERS, b"{}", 1)
    assert (evil.fault, evil.status) == ("target", None)
    assert "10.0.0.7" in (evil.error or "")
    assert (await transport.post(f"http://mine.test:{peer.port}/", HEADERS, b"{}", 1)).status == 200
    lost = await transport.post(f"http://lost.test:{peer.port}/", HEADERS, b"{}", 1)
    assert (lost.fault, lost.error) == ("unresolved", "the host lost.test cannot be resolved")


def resolve_by(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[str]]) -> None:
    """Let names have these addresses."""
    from aiohttp.resolver import ThreadedResolver

    async def resolve(_: Any, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[dict[str, Any]]:
        if host not in answers:
            raise OSError(None, "no such name")
        return [
            {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for address in answers[host]
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)


async def test_localhost_names_need_no_resolver(
    serve: Any, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`localhost` and everything below it must mean this machine without asking anybody."""
    resolve_by(monkeypatch, {})
    peer = await serve(say(OK))
    for host in ("localhost", "app.localhost", "LOCALHOST", "localhost."):
        assert (await transport.post(f"http://{host}:{peer.port}/", HEADERS, b"{}", 1)).status == 200


async def test_an_allowed_name_may_lead_anywhere(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the policy lists must be connected to wherever it resolves."""
    resolve_by(monkeypatch, {"app.test": ["127.0.0.1"]})
    peer = await serve(say(OK))
    opened = open_transport(TargetPolicy(("app.test",)))
    assert (await opened.post(f"http://app.test:{peer.port}/", HEADERS, b"{}", 1)).status == 200
    await opened.close()


async def test_a_packed_answer_is_shown_unpacked(transport: Transport, serve: Any) -> None:
    """Since `gzip` is accepted, an answer in gzip must be readable in the journal."""
    packed = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    peer = await serve(say(head + packed))
    assert (await transport.post(peer.url, HEADERS, b"{}", 5)).body == "hello"


@pytest.mark.parametrize(
    ("raw", "coding", "expected"),
    [
        (b"", "", ""),
        ("é".encode(), "", "é"),
        (b"\xff\x00ok", "", "\ufffd\x00ok"),
        (b"a" * 2047 + "é".encode(), "", "a" * 2047),
        (gzip.compress(b"x" * 10_000_000), "gzip", "x" * EXCERPT_BYTES),
        (zlib.compress(b"zlib"), "deflate", "zlib"),
        (zlib.compress(b"raw", wbits=-15), " Deflate ", "raw"),
        (b"not packed", "gzip", "not packed"),
        (b"as it is", "br", "as it is"),
    ],
)
def test_an_excerpt_is_short_and_readable(raw: bytes, coding: str, expected: str) -> None:
    """Whatever the body holds, the excerpt must be text of at most 2 KB, and a bomb must not go off."""
    assert excerpt(raw, coding) == expected


def test_the_client_is_not_imported_before_it_is_used() -> None:
    """A start must not pay for an HTTP client that no webhook needs yet."""
    script = (
        "import sys; from localwaba.webhooks import transport, dispatcher, verification, fetching, targets;"
        "transport.open_transport(); print('aiohttp' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "False"
