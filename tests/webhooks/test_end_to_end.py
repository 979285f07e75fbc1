"""A whole server and apps that answer as badly as they can: what each gets, when, and who is disturbed by it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from localwaba.runtime.server import ServerThread
from localwaba.runtime.settings import Settings
from neighbours import load

NOON = 1_767_268_800
PATIENCE = 10.0  # seconds that nothing here should take


Peer: Any = load("webhooks/conftest").Peer
Platform: Any = load("http/conftest").Platform


def reply(status: str = "200 OK", body: bytes = b"ok", head: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status.encode(), len(body), head, body)


async def answer(way: str, writer: Any) -> None:
    """One way to answer a webhook."""
    if way == "hangs":
        await asyncio.sleep(3_600)
    elif way == "slow":
        await asyncio.sleep(0.05)
        writer.write(reply())
    elif way == "redirects":
        writer.write(reply("302 Found", b"", b"Location: /elsewhere\r\n"))
    elif way == "talks nonsense":
        writer.write(b"\x00\x01 nonsense\r\n\r\n" * 50)
    elif way == "never ends":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
    elif way == "never ends its head":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: %b\r\n" % (b"x" * 1_000))
            await writer.drain()
    elif way == "hangs up":
        writer.close()
    else:
        writer.write(reply(way, b"" if way.startswith("204") else b"ok"))


class App:
    """An app under test in a thread of its own. It passes every handshake and answers POSTs in the `way` it is told."""

    def __init__(self, loop: asyncio.AbstractEventLoop, way: str = "200 OK") -> None:
        self.way = way
        self._loop = loop
        self._heard = threading.Condition()
        self.worlds: list[World] = []
        self.peer = Peer(self._answer)
        self._run(self.peer.start())

    async def _answer(self, request: Any, writer: Any) -> None:
        if request.method == "GET":
            challenge = parse_qs(urlsplit(request.target).query)["hub.challenge"][0]
            writer.write(reply(body=challenge.encode()))
            return
        with self._heard:
            self._heard.notify_all()
        await answer(self.way, writer)

    @property
    def url(self) -> str:
        return str(self.peer.url)

    @property
    def posts(self) -> list[Any]:
        return [request for request in self.peer.requests if request.method == "POST"]

    def wait(self, count: int) -> None:
        """Until so many webhooks have come."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.posts) >= count, PATIENCE), f"{len(self.posts)} of {count}"

    def end(self) -> None:
        """Stops for good, once nothing comes any more."""
        for world in self.worlds:
            world.end()
        self.stop()

    def stop(self) -> None:
        self._run(self.peer.stop())

    def start(self) -> None:
        self._run(self.peer.start())

    def _run(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)


class World:
    """An isolated world of the server: its clock stands still unless told otherwise."""

    def __init__(self, server: Any, **options: Any) -> None:
        self._server = server
        given = {"clock": {"mode": "frozen", "now": NOON}, "policy": {"pair_seconds": None}} | options
        self.about = server.client.post("/_localwaba/worlds", json=given).json()
        self._headers = {"authorization": f"Bearer {self.about['access_token']}"}

    def control(self, method: str, path: str, body: Any = None) -> Any:
        found = self._server.client.request(method, f"/_localwaba/{path}", json=body, headers=self._headers)
        assert found.status_code == 200, found.text
        return found.json()

    def subscribe(self, app: App) -> None:
        app.worlds.append(self)
        self.control("PUT", "webhook", {"url": app.url})

    def end(self) -> None:
        """Nothing of it comes any more."""
        self._server.client.delete(f"/_localwaba/worlds/{self.about['world']}")

    def write(self, body: str = "hi", user: str = "16505551234") -> str:
        content = {"type": "text", "text": {"body": body}}
        return str(self.control("POST", f"users/{user}/messages", content)["message_id"])

    def send(self, user: str = "16505551234") -> str:
        message = {"messaging_product": "whatsapp", "to": user, "type": "text", "text": {"body": "hello"}}
        path = f"/{self.about['phone_number_id']}/messages"
        found = self._server.client.post(path, json=message, headers=self._headers)
        assert found.status_code == 200, found.text
        return str(found.json()["messages"][0]["id"])

    def settle(self, timeout: float = PATIENCE) -> Any:
        return self.control("POST", "settle", {"timeout": timeout})

    def advance(self, seconds: float) -> Any:
        return self.control("POST", "clock/advance", {"seconds": seconds})

    def delivery(self) -> Any:
        """The only webhook, with its attempts."""
        (found,) = self.control("GET", "webhooks")["webhooks"]
        return found


class Server:
    """The server under test."""

    def __init__(self) -> None:
        self._thread = ServerThread(Settings(port=0))
        self.running = self._thread.start()
        self.client = httpx.Client(base_url=self.running.url, timeout=60)

    def close(self) -> None:
        self.client.close()
        self._thread.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests here; each makes worlds of its own."""
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop of the apps, in a thread."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(PATIENCE)
    made.close()


@pytest.fixture
def app(loop: asyncio.AbstractEventLoop) -> Iterator[App]:
    """An app that answers with 200 until it is told otherwise."""
    made = App(loop)
    yield made
    made.end()


@pytest.fixture
def other(loop: asyncio.AbstractEventLoop) -> Iterator[App]:
    """Another app, in good health."""
    made = App(loop)
    yield made
    made.end()


def values(app: App) -> list[Any]:
    """What an app was told, in order."""
    return [json.loads(post.body)["entry"][0]["changes"][0]["value"] for post in app.posts]


def test_told(server: Server, app: App) -> None:
    """A message of a user arrives at the app: signed, with the exact bytes that the control API shows."""
    world = World(server)
    world.subscribe(app)
    message_id = world.write("h\u00e9llo / 😀")
    world.settle()
    (post,) = app.posts
    digest = hmac.new(world.about["app_secret"].encode(), post.body, hashlib.sha256).hexdigest()
    assert dict(post.headers)["X-Hub-Signature-256"] == f"sha256={digest}"
    (message,) = values(app)[0]["messages"]
    assert (message["id"], message["text"]["body"]) == (message_id, "h\u00e9llo / 😀")
    assert world.delivery()["state"] == "delivered"


WAYS = ["down", "slow", "hangs", "redirects", "talks nonsense", "never ends", "never ends its head", "hangs up"]


@pytest.mark.parametrize("way", WAYS)
def test_nobody_else_is_disturbed(server: Server, app: App, other: App, way: str) -> None:
    """While an app is out of order, its world's calls are answered and other worlds' apps are told, without delay."""
    sick, sound = World(server, clock={"mode": "real"}), World(server, clock={"mode": "real"})
    sick.subscribe(app)
    sound.subscribe(other)
    if way == "down":
        app.stop()
    app.way = way
    for number in range(40):  # more than there are slots for one target
        sick.write(user=f"165055510{number:02d}")
    sound.write()
    started = time.monotonic()
    for _ in range(10):
        sick.send("16505551000")
        sound.send()
    other.wait(1 + 10)  # the message, and at least what was sent
    assert time.monotonic() - started < 3
    sick.end()
    if way == "down":
        app.start()


def test_an_app_that_hangs_costs_the_other_one_nothing(server: Server, app: App, other: App) -> None:
    """Of two apps on one account, one may hang on every webhook: the other is told at once, in order."""
    world = World(server, clock={"mode": "real"})
    world.subscribe(app)
    world.control("POST", "apps", {"webhook": {"url": other.url}})
    app.way = "hangs"
    ids = [world.write(str(number)) for number in range(40)]  # more than there are slots for one target
    other.wait(40)
    assert [value["messages"][0]["id"] for value in values(other)] == ids
    assert len(app.posts) == 1  # the chat waits for its first answer
    world.end()


def expected_tries() -> list[int]:
    """Seconds from the first try to each: the documented schedule, its last interval repeated for seven days."""
    pauses = itertools.chain([0, 0, 10, 60, 300, 900, 3_600, 10_800, 21_600], itertools.repeat(43_200))
    tries = itertools.accumulate(pauses)
    return list(itertools.takewhile(lambda at: at <= 7 * 86_400, tries))


@pytest.mark.parametrize("way", ["down", "500 Internal Server Error", "302 Found", "404 Not Found"])
def test_retries(server: Server, app: App, way: str) -> None:
    """A webhook that is not taken is tried again on the world's clock, then given up after seven days."""
    world = World(server)
    world.subscribe(app)
    app.way = way
    if way == "down":
        app.stop()
    world.write()
    world.advance(7 * 86_400)
    found = world.delivery()
    assert [round(one["at"] - NOON) for one in found["attempts"]] == expected_tries()
    assert found["state"] == "abandoned"
    assert world.advance(30 * 86_400)["count"] == 0
    assert len(world.delivery()["attempts"]) == len(expected_tries())
    if way == "down":
        assert found["attempts"][0]["error"] == "connection refused"
        app.start()
    else:
        assert {one["status"] for one in found["attempts"]} == {int(way[:3])}
        assert len(app.posts) == len(expected_tries())
        assert len({post.body for post in app.posts}) == 1


def test_up_again(server: Server, app: App) -> None:
    """An app that comes back gets what it missed, once, in the order in which it arose."""
    world = World(server)
    world.subscribe(app)
    app.stop()
    ids = [world.write(str(number)) for number in range(5)]
    world.advance(3_000)
    app.start()
    world.advance(3_600)
    told = [value["messages"][0]["id"] for value in values(app)]
    assert told == ids
    world.advance(86_400)
    assert len(app.posts) == 5


def test_redelivered(server: Server, app: App) -> None:
    """A webhook that was given up is sent once more by hand, the same to the byte, and so is one that was taken."""
    world = World(server)
    world.subscribe(app)
    app.way = "500 Internal Server Error"
    world.write()
    world.advance(8 * 86_400)
    given_up = world.delivery()
    assert given_up["state"] == "abandoned"
    app.way = "200 OK"
    for _ in range(2):
        world.control("POST", f"webhooks/{given_up['id']}/redeliver")
        world.settle()
        assert world.delivery()["state"] == "delivered"
    assert len({post.body for post in app.posts}) == 1
    assert [one["status"] for one in world.delivery()["attempts"]][-3:] == [500, 200, 200]


def test_one_retry_at_a_time(server: Server, app: App) -> None:
    """A webhook that is sent again by hand while it waits for its next try does not get a second row of tries."""
    world = World(server, policy={"webhook_retries": [100]})
    world.subscribe(app)
    app.way = "500 Internal Server Error"
    world.write()
    world.settle()
    world.advance(50)
    world.control("POST", f"webhooks/{world.delivery()['id']}/redeliver")
    world.settle()
    world.advance(1_000)
    tries = [round(one["at"] - NOON) for one in world.delivery()["attempts"]]
    assert tries == [0, 50, *range(150, 1_051, 100)]


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "204 No Content"])
def test_only_200_counts(server: Server, app: App, status: str) -> None:
    """Meta documents 200 and nothing else; that all of 2xx counts is a knob."""
    world = World(server, policy={"webhook_retries": [100]})
    world.subscribe(app)
    app.way = status
    world.write()
    world.settle()
    assert world.delivery()["state"] == "pending"
    world.control("PATCH", "policy", {"webhook_success": "2xx"})
    world.advance(100)
    assert (world.delivery()["state"], len(app.posts)) == ("delivered", 2)


def test_timeout(server: Server, app: App) -> None:
    """An app that does not answer in time has failed; how long that is, is a knob; 20 seconds without it."""
    world = World(server, policy={"webhook_timeout": 0.1, "webhook_retries": [100]})
    assert World(server).about["policy"]["webhook_timeout"] == 20
    world.subscribe(app)
    app.way = "hangs"
    world.write()
    world.settle()
    (attempt,) = world.delivery()["attempts"]
    assert (attempt["error"], attempt.get("status")) == ("timed out after 0.1 s", None)
    assert 90 <= attempt["latency_ms"] < 3_000
    app.way = "200 OK"
    world.advance(100)
    assert world.delivery()["state"] == "delivered"


def test_redirect_is_not_followed(server: Server, app: App) -> None:
    """A redirect is no success, and nobody goes where it points."""
    world = World(server, policy={"webhook_retries": [1_000]})
    world.subscribe(app)
    app.way = "redirects"
    world.write()
    world.settle()
    assert [post.target for post in app.posts] == ["/webhook"]
    assert world.delivery()["attempts"][0]["status"] == 302


@pytest.mark.parametrize("way", ["talks nonsense", "hangs up", "never ends its head"])
def test_nonsense(server: Server, app: App, way: str) -> None:
    """An answer that is none is a failed try with one line about it, and the server goes on."""
    world = World(server, policy={"webhook_retries": [1_000], "webhook_timeout": 5})
    world.subscribe(app)
    app.way = way
    world.write()
    world.settle()
    (attempt,) = world.delivery()["attempts"]
    assert attempt["error"]
    assert "\n" not in attempt["error"]
    assert world.delivery()["state"] == "pending"
    assert world.send()


def test_endless_answer(server: Server, app: App) -> None:
    """Of an answer that never ends its status counts, and no more than an excerpt is kept."""
    world = World(server)
    world.subscribe(app)
    app.way = "never ends"
    world.write()
    world.settle()
    found = world.delivery()
    assert found["state"] == "delivered"
    assert len(json.dumps(found)) < 20_000


def test_order_of_a_chat(server: Server, app: App) -> None:
    """What a slow app is told of one chat comes one after the other, in the order in which it happened."""
    world = World(server)
    world.subscribe(app)
    app.way = "slow"
    ids = [world.write(str(number)) for number in range(10)]
    assert world.settle()["settled"]
    assert [value["messages"][0]["id"] for value in values(app)] == ids


def test_statuses_in_order(server: Server, app: App) -> None:
    """The statuses of a message come in their order, after everything else has been told."""
    world = World(server)
    world.subscribe(app)
    world.write()
    message_id = world.send()
    world.advance(10)
    told = [one for value in values(app) for one in value.get("statuses", [])]
    assert [(one["id"], one["status"]) for one in told] == [
        (message_id, "sent"),
        (message_id, "delivered"),
        (message_id, "read"),
    ]


def test_answer_before_status(server: Server, app: App, loop: asyncio.AbstractEventLoop) -> None:
    """An app that reads the answer of its call and its webhooks in one place never sees a status before the answer."""
    world = World(server, clock={"mode": "real"}, policy={"delivered_after": 0, "read_after": 0, "pair_seconds": None})
    world.subscribe(app)
    world.write()
    app.wait(1)
    known: set[str] = set()
    early: list[str] = []
    plain = app._answer

    async def watch(request: Any, writer: Any) -> None:
        value = json.loads(request.body)["entry"][0]["changes"][0]["value"] if request.method == "POST" else {}
        early.extend(one["id"] for one in value.get("statuses", []) if one["id"] not in known)
        await plain(request, writer)

    app.peer.answer = watch
    message = {"messaging_product": "whatsapp", "to": "16505551234", "type": "text", "text": {"body": "hello"}}
    body = json.dumps(message).encode()
    number, token = world.about["phone_number_id"], world.about["access_token"]
    head = f"POST /{number}/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.running.port)
        for _ in range(60):
            writer.write(head.encode() + body)
            lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
            known.add(json.loads(await reader.readexactly(length))["messages"][0]["id"])
        writer.close()

    asyncio.run_coroutine_threadsafe(send(), loop).result(PATIENCE)
    app.wait(1 + 60 * 3)
    assert (len(known), early) == (60, [])


def test_answer_leaves_first() -> None:
    """Also where many calls come at once, each is answered before the first webhook about it is sent."""
    platform = Platform(clock={"mode": "real"})
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    answered: set[str] = set()
    early: list[str] = []
    post = platform.network.post

    def watch(host: Any, delivery: Any, url: str) -> None:
        value = json.loads(delivery.body)["entry"][0]["changes"][0]["value"]
        early.extend(one["id"] for one in value.get("statuses", []) if one["id"] not in answered)
        post(host, delivery, url)

    platform.network.post = watch

    async def send() -> None:
        async def one() -> None:
            scope = {
                "type": "http",
                "method": "POST",
                "path": f"/{platform.number}/messages",
                "query_string": b"",
                "scheme": "http",
                "headers": [(b"authorization", f"Bearer {platform.world.access_token}".encode())],
            }
            reply = await platform._exchange(scope, json.dumps(platform.text()).encode())
            answered.add(reply.body["messages"][0]["id"])

        await asyncio.gather(*(one() for _ in range(100)))
        await platform.host.settle()

    platform._runner.run(send())
    platform.close()
    assert (len(answered), early) == (100, [])


def test_handshake_that_hangs(server: Server, app: App) -> None:
    """A callback that does not answer its verification is refused in time; meanwhile everybody else is answered."""
    world = World(server, policy={"verify_timeout": 0.5})
    hung: list[Any] = []

    async def hang(request: Any, writer: Any) -> None:
        hung.append(request)
        await asyncio.sleep(3_600)

    app.peer.answer = hang
    refusals: list[Any] = []
    headers = world._headers
    url = server.running.url

    def subscribe() -> None:
        refusals.append(
            httpx.put(f"{url}/_localwaba/webhook", json={"url": app.url}, headers=headers, timeout=PATIENCE)
        )

    waiting = threading.Thread(target=subscribe)
    waiting.start()
    started = time.monotonic()
    calls = 0
    while waiting.is_alive() and time.monotonic() - started < PATIENCE:
        assert server.client.get("/me", headers=headers).status_code == 200
        calls += 1
    waiting.join()
    assert (refusals[0].status_code, len(hung)) == (400, 1)
    assert calls > 5
    assert world.control("GET", "webhook")["url"] is None


def test_deleted_while_it_hangs(server: Server, app: App) -> None:
    """A world that is deleted or reset forgets the webhooks that are on their way."""
    world = World(server, clock={"mode": "real"})
    world.subscribe(app)
    app.way = "hangs"
    world.write()
    app.wait(1)
    world.control("POST", "reset")
    assert world.settle()["in_flight"] == 0
    assert world.control("GET", "webhooks")["webhooks"] == []
    assert server.client.delete(f"/_localwaba/worlds/{world.about['world']}").status_code == 200


def test_stop_while_it_hangs(app: App) -> None:
    """A server stops at once, whatever it still waits for."""
    server = Server()
    world = World(server, clock={"mode": "real"})
    world.subscribe(app)
    app.way = "hangs"
    for number in range(5):
        world.write(user=f"1650555100{number}")
    app.wait(5)
    started = time.monotonic()
    server.close()
    app.worlds.clear()
    assert time.monotonic() - started < 2
