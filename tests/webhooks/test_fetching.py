"""Media links are fetched within a limit, and only from where the policy allows."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from localwaba.webhooks.fetching import MEMORY_BYTES, Fetched, fetch
from localwaba.webhooks.transport import Transport

pytestmark = pytest.mark.anyio

PICTURE = bytes(range(256)) * 40


def say(data: bytes, content_type: str = "image/PNG; charset=binary") -> Any:
    """Answer with this file."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n\r\n".encode()

    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(head + data)

    return answer


def read(fetched: Fetched) -> bytes:
    """The file's content; closes it."""
    assert fetched.file is not None
    with fetched.file as file:
        return file.read()


async def test_a_file_is_fetched_with_size_hash_and_type(transport: Transport, serve: Any) -> None:
    """The file must arrive whole, at its beginning, with what a media object needs to know."""
    server = await serve(say(PICTURE))
    fetched = await fetch(transport, server.url, 20_000, 5)
    assert (fetched.status, fetched.error, fetched.size, fetched.mime_type) == (200, None, len(PICTURE), "image/png")
    assert fetched.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert read(fetched) == PICTURE


async def test_a_file_beyond_memory_is_fetched_too(transport: Transport, serve: Any) -> None:
    """A file that does not fit into the spool's memory must come through the disk unchanged."""
    big = PICTURE * (MEMORY_BYTES // len(PICTURE) + 2)
    server = await serve(say(big))
    assert read(await fetch(transport, server.url, 2 * len(big), 5)) == big


async def test_an_empty_file_is_a_file(transport: Transport, serve: Any) -> None:
    """Emptiness is for the rules to judge, not for the fetching."""
    server = await serve(say(b"", ""))
    fetched = await fetch(transport, server.url, 10, 5)
    assert (fetched.error, fetched.size, fetched.mime_type, read(fetched)) == (None, 0, "", b"")


async def test_a_file_of_exactly_the_limit_fits(transport: Transport, serve: Any) -> None:
    """The limit itself is allowed, one byte more is not."""
    server = await serve(say(PICTURE))
    assert read(await fetch(transport, server.url, len(PICTURE), 5)) == PICTURE
    too_large = await fetch(transport, server.url, len(PICTURE) - 1, 5)
    assert (too_large.file, too_large.fault, too_large.size) == (None, "oversized", len(PICTURE))


async def test_an_unannounced_flood_is_cut(transport: Transport, serve: Any) -> None:
    """A body without announced length must be cut at the limit, not taken for ever."""

    async def pour(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"2000\r\n" + b"z" * 8192 + b"\r\n")
            await writer.drain()

    server = await serve(pour)
    fetched = await fetch(transport, server.url, 50_000, 5)
    assert (fetched.file, fetched.fault, fetched.error) == (None, "oversized", "the answer is larger than 50000 bytes")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", 404, "the link answered 404"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, "the link answered 204"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 302, "the link answered 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc", 200, "the answer ended early"),
    ],
)
async def test_everything_but_a_whole_200_is_an_error(
    transport: Transport, serve: Any, answer: bytes, status: int, error: str
) -> None:
    """Errors must be told in one line, without a file."""

    async def break_off(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await serve(break_off)
    fetched = await fetch(transport, server.url, 1000, 5)
    assert (fetched.status, fetched.error, fetched.file) == (status, error, None)


async def test_redirects_are_followed_a_little(transport: Transport, serve: Any) -> None:
    """A CDN's redirect must lead to the file, a loop must end."""

    async def lead_on(request: Any, writer: asyncio.StreamWriter) -> None:
        if request.target == "/picture":
            await say(PICTURE)(request, writer)
        else:
            onward = b"/picture" if request.target == "/start" else b"/loop"
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + onward + b"\r\nContent-Length: 0\r\n\r\n")

    server = await serve(lead_on)
    base = server.url.removesuffix("/webhook")
    fetched = await fetch(transport, base + "/start", 20_000, 5)
    assert (fetched.url, read(fetched)) == (base + "/picture", PICTURE)
    lost = await fetch(transport, base + "/loop", 20_000, 5)
    assert (lost.error, lost.file) == ("more than 3 redirects", None)
    assert len(server.requests) == 6


async def test_a_redirect_cannot_lead_out(transport: Transport, serve: Any) -> None:
    """The policy must judge every step: a link here that points there is refused."""

    async def lure(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/x\r\nContent-Length: 0\r\n\r\n")

    server = await serve(lure)
    fetched = await fetch(transport, server.url, 1000, 5)
    assert (fetched.fault, fetched.file) == ("target", None)


async def test_a_link_that_hangs_costs_its_timeout(transport: Transport, serve: Any) -> None:
    """A slow server must not hold a send for longer than asked."""

    async def hang(_: Any, __: Any) -> None:
        await asyncio.Event().wait()

    server = await serve(hang)
    fetched = await fetch(transport, server.url, 1000, 0.05)
    assert (fetched.fault, fetched.status) == ("timeout", None)
