"""Bytes on the wire: broken HTTP, strange paths, bad clients; and always another client that is answered meanwhile."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from typing import Any

import pytest

TEXT = {"messaging_product": "whatsapp", "to": "16505551234", "type": "text", "text": {"body": "hi"}}
BODY = json.dumps(TEXT).encode()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def envelope_of(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def test_plain(wire: Any) -> None:
    """A right request, byte by byte, is answered."""
    assert status_of(wire.exchange(wire.request(body=BODY))) == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v26.0/%0d%0aX-Injected:%20yes",
        "/v26.0/{number}/%0d%0aX-Injected:%20yes",
        "/v26.0/{number}/%00/x",
        "/v26.0/%00",
        "/v26%0aX-Injected:yes/me",
        "/v26.0/{number}/%22%3E%3Cscript%3E",
        "/v26.0/{number}/%7f%1b%5b31m",
        "/v26.0/../../etc/passwd",
        "/v26.0/%2e%2e/%2e%2e/etc/passwd",
        "/v26.0/%ff%fe/messages",
        "/v26.0/%ed%a0%80/messages",
        "//////",
        "/whatsapp_business/attachments/../../etc/passwd",
        "/whatsapp_business/attachments/?mid=%ff%00&ext=zz&hash=%0d%0aX",
        "/_localwaba/users/%ff%00%0d%0a/inbox",
        "/_localwaba/../v26.0/me",
        "/_localwabax",
        "/_localwaba/worlds/%2e%2e%2f%2e%2e",
        "/v26.0/" + "a" * 10_000,
        "/v26.0/{number}?" + "a" * 10_000,
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_strange_path(wire: Any, method: str, path: str) -> None:
    """A path is never a file, never a header, and never an accident: it is answered with 4xx, or as what it is."""
    answer = wire.exchange(wire.request(path.format(number=wire.world["phone_number_id"]), method, b"{}"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert 200 <= status_of(answer) < 500
    assert b"\r\nx-injected" not in head.lower()
    assert b"root:" not in body
    assert wire.is_alive()


BROKEN = {
    "length too short": b"Content-Length: 5\r\n",
    "negative length": b"Content-Length: -1\r\n",
    "no number": b"Content-Length: x\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 4\r\n",
    "length and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "bad chunk": b"Transfer-Encoding: chunked\r\n",
    "control in a header": b"X: a\0b\r\n",
}


@pytest.mark.parametrize("head", BROKEN.values(), ids=BROKEN)
def test_broken_request(wire: Any, head: bytes) -> None:
    """A request that is no HTTP is answered with 400 and the connection ends; what was whole before counts."""
    with wire.connect() as connection:
        connection.sendall(wire.request(body=BODY, head=head))
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(65_536):
                found += more
    assert b"HTTP/1.1 400" in found
    assert b"HTTP/1.1 5" not in found
    assert wire.is_alive()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00" + b"a" * 50,
        b"\0\1\2\r\n\r\n",
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["TLS", "garbage", "no path", "HTTP/2"],
)
def test_no_http(wire: Any, data: bytes) -> None:
    """What speaks another protocol gets 400."""
    assert status_of(wire.exchange(data)) == 400
    assert wire.is_alive()


@pytest.mark.parametrize(
    "head",
    [b"X: \xff\xfe\r\n", b"Host: \xff\r\n", b"If-None-Match: \xff\r\n", b"Cookie: " + b"a" * 60_000 + b"\r\n"],
    ids=["any", "host", "tag", "long"],
)
def test_strange_header(wire: Any, head: bytes) -> None:
    """Header values are bytes; what they are is nobody's accident."""
    path = f"/v26.0/{wire.world['phone_number_id']}"
    assert status_of(wire.exchange(wire.request(path, "GET", head=head))) == 200


def test_strange_content_type(wire: Any) -> None:
    """A Content-Type of bytes beyond ASCII is one that nobody knows."""
    data = wire.request(body=BODY).replace(b"Content-Type: application/json", b"Content-Type: \xff/\xfe; boundary=\xfd")
    assert status_of(wire.exchange(data)) == 200


def test_chunks(wire: Any) -> None:
    """A body in chunks is a body."""
    data = wire.request(head=b"Transfer-Encoding: chunked\r\n")
    for piece in (BODY[:10], BODY[10:11], BODY[11:], b""):
        data += b"%x\r\n%b\r\n" % (len(piece), piece)
    assert status_of(wire.exchange(data)) == 200


def test_half_closed(wire: Any) -> None:
    """A client that stops to write after its requests gets all the answers, however long they take."""
    waiting = wire.request("/_localwaba/clock/advance", body=b'{"seconds":0}')
    with wire.connect() as connection:
        connection.sendall(wire.request("/v26.0/me", "GET") + waiting)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while more := connection.recv(65_536):
            found += more
    assert found.count(b"HTTP/1.1 200") == 2


def test_pipeline(wire: Any) -> None:
    """Requests that come before their answers are answered one after the other, in their order."""
    paths = [f"/v26.0/{wire.world['phone_number_id']}", "/v26.0/me", "/v26.0/1"] * 20
    with wire.connect() as connection:
        connection.sendall(b"".join(wire.request(path, "GET") for path in paths))
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while more := connection.recv(65_536):
            found += more
    statuses = [int(one[:3]) for one in found.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 400] * 20


def test_client_that_leaves(wire: Any) -> None:
    """A client that leaves in the middle of its request is forgotten: nothing is sent in its name."""
    before = wire.client.get("/_localwaba/world").json()["counts"]["messages"]
    for cut in (20, 200, len(wire.request(body=BODY)) - 1):
        with wire.connect() as connection:
            connection.sendall(wire.request(body=BODY)[:cut])
    with wire.connect() as connection:  # and one that only stops to write
        connection.sendall(wire.request(body=BODY)[:-1])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1_000) == b""
    assert wire.is_alive()
    assert before == wire.client.get("/_localwaba/world").json()["counts"]["messages"]


def test_client_that_resets(wire: Any) -> None:
    """A connection that is reset while its answer is on the way disturbs nobody."""
    for _ in range(20):
        connection = wire.connect()
        connection.sendall(wire.request(body=BODY) * 3)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert wire.is_alive()


def test_client_that_writes_slowly(wire: Any) -> None:
    """A header that comes byte by byte keeps nobody else waiting, and is answered when it is there."""
    data = wire.request(body=BODY)
    with wire.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(0, 60):
            connection.sendall(data[place : place + 1])
            assert place % 20 or wire.is_alive()
        connection.sendall(data[60:])
        assert status_of(connection.recv(65_536)) == 200


def test_client_that_never_reads(wire: Any) -> None:
    """A client that asks and asks and never reads is asked to wait; others are answered."""
    asked = wire.request("/_localwaba/journal?limit=20000", "GET")
    with wire.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.sendall(asked * 50_000)
        assert wire.is_alive()
    assert wire.is_alive()


def test_idle_connections(wire: Any) -> None:
    """Two thousand clients that connect and say nothing, or half of something, keep nobody from being answered."""
    with contextlib.ExitStack() as stack:
        for place in range(2_000):
            connection = stack.enter_context(wire.connect())
            if place % 2:
                connection.sendall(b"POST /v26.0/me HT")
        assert wire.is_alive()
        assert status_of(wire.exchange(wire.request(body=BODY))) == 200
    assert wire.is_alive()


def test_too_large(wire: Any) -> None:
    """A body beyond 8 MB is answered with 413 and Graph's envelope, on a connection that goes on."""
    with wire.connect() as connection:
        connection.sendall(wire.request(body=b"[" * 10_000_000))
        connection.sendall(wire.request("/v26.0/me", "GET"))
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while more := connection.recv(65_536):
            found += more
    first, second = (b"HTTP/1.1 " + one for one in found.split(b"HTTP/1.1 ")[1:])
    assert (status_of(first), envelope_of(first)["code"], status_of(second)) == (413, 100, 200)


def test_refused_before_its_body(wire: Any) -> None:
    """A call that may not be made is refused without its body being kept, however large it is."""
    data = wire.request("/v26.0/1/media", body=b"x" * 9_000_000)
    assert envelope_of(wire.exchange(data))["error_subcode"] == 33


def test_expect_continue(wire: Any) -> None:
    """Who asks before sending a body is told to go on."""
    with wire.connect() as connection:
        head, gap, body = wire.request(body=BODY, head=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        connection.sendall(head + gap)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert status_of(connection.recv(65_536)) == 200


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
def test_upgrade(wire: Any, upgrade: bytes) -> None:
    """Who offers to upgrade is answered in HTTP/1.1."""
    data = wire.request("/v26.0/me", "GET", head=b"Connection: upgrade\r\nUpgrade: %b\r\n" % upgrade)
    assert status_of(wire.exchange(data)) == 200


def test_old_http(wire: Any) -> None:
    """HTTP/1.0 is served."""
    assert status_of(wire.exchange(wire.request("/v26.0/me", "GET").replace(b"HTTP/1.1", b"HTTP/1.0"))) == 200


def test_all_of_it_was_quiet(wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    """After all that, the server has no open call, no task of its own left, and nothing to complain of."""
    import asyncio

    async def count() -> int:
        await asyncio.sleep(0)
        return len([task for task in asyncio.all_tasks() if "RequestResponseCycle" in repr(task)])

    assert wire.running.call(count()) == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
