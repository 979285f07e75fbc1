"""A server's worlds behind the control API and behind Graph, with an app that answers every webhook and no network."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from localwaba.domain.errors import Refusal
from localwaba.domain.fault_state import Fault
from localwaba.domain.inbound import new_user
from localwaba.domain.numbers import country_of
from localwaba.domain.policy import Policy
from localwaba.domain.sending import accept
from localwaba.domain.traffic import Attempt, Delivery, Message
from localwaba.http.app import App
from localwaba.http.control import control_app
from localwaba.http.guards import Guard
from localwaba.operations.call import Handshake
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.host import WorldHost
from localwaba.runtime.hosts import WorldHosts, default_world
from localwaba.runtime.server import Running, ServerThread
from localwaba.runtime.settings import Settings

NOON = 1_767_268_800
"""1 January 2026, 12:00 UTC, in seconds."""
CALLBACK = "http://127.0.0.1:9/webhook"


class StillNetwork:
    """Takes webhooks and handshakes, and answers them as told, without a connection."""

    def __init__(self) -> None:
        self.status: int | None = 200
        self.statuses: dict[str, int] = {}
        self.refusal: Refusal | None = None
        self.posted: list[tuple[Delivery, str]] = []
        self.forgeries: list[tuple[str, str]] = []
        self.handshakes: list[Handshake] = []
        self._open = 0

    def post(self, host: WorldHost, delivery: Delivery, url: str, faults: Sequence[Fault] = ()) -> None:
        self.posted.append((delivery, url))
        self.forgeries += [(delivery.id, fault.kind) for fault in faults]
        self._open += 1
        asyncio.get_running_loop().call_soon(self._answer, host, delivery.id, url)

    def _answer(self, host: WorldHost, delivery_id: str, url: str) -> None:
        self._open -= 1
        status = self.statuses.get(url, self.status)
        host.answered(delivery_id, Attempt(at=host.now(), url=url, status=status, answer="answer"))

    async def shake_hands(self, policy: Policy, handshake: Handshake, challenge: str) -> Refusal | None:
        self.handshakes.append(handshake)
        return self.refusal

    async def check_link(self, policy: Policy, url: str, kind: str) -> Refusal | None:
        return None

    def busy(self, world: str) -> int:
        return self._open

    async def idle(self, world: str, timeout: float) -> bool:
        await asyncio.sleep(0)
        return not self._open

    def drop(self, world: str) -> None:
        self._open = 0


class Control:
    """Calls of the control API. `call` gives status and JSON, `ok` the JSON of a call that has to succeed."""

    def __init__(self, control_token: str = "") -> None:
        self.network = StillNetwork()
        blobs = BlobStore()
        clock = {"mode": "frozen", "now": NOON}
        self.host = default_world(blobs, self.network, clock=clock)  # type: ignore[arg-type]
        self.hosts = WorldHosts(self.host, blobs, self.network)  # type: ignore[arg-type]
        self.app = control_app(self.hosts, Guard(loopback=True, control_token=control_token), "1.2.3")
        self._runner = asyncio.Runner()

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)

    def answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4080") as client:
                return await client.request(method, f"/_localwaba/{path}", **options)

        found: httpx.Response = self.run(ask())
        return found

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        if body is not None:
            options["json"] = body
        found = self.answer(method, path, **options)
        return found.status_code, found.json()

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        status, found = self.call(method, path, body, **options)
        assert status == 200, found
        return found

    def error(self, method: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> str:
        found = self.call(method, path, body, **options)
        assert (status, ["error"]) == (found[0], list(found[1]))
        assert "\n" not in found[1]["error"]
        return str(found[1]["error"])

    def subscribe(self, *fields: str) -> None:
        self.ok("PUT", "webhook", {"url": CALLBACK} | ({"fields": list(fields)} if fields else {}))

    def told(self, field: str = "") -> list[Any]:
        """The values that the app has been told, of one field or of all."""
        self.ok("POST", "settle")
        found = [webhook["body"]["entry"][0]["changes"][0] for webhook in self.ok("GET", "webhooks")["webhooks"]]
        return [change["value"] for change in found if not field or change["field"] == field]

    def send(self, wa_id: str, body: dict[str, Any], shown: Any = None) -> str:
        """The business sends a message that Graph has accepted; its id."""

        async def send() -> str:
            host, world = self.host, self.host.world
            ids, now = world.ids(), host.now()
            known = world.users.get(wa_id)
            user = known or new_user(world.seed, wa_id, country_of(wa_id))
            kind = body["type"]
            message = Message(
                id=ids.wamid(wa_id, outbound=True),
                phone_number_id=world.phone_number_id,
                wa_id=wa_id,
                outbound=True,
                type=kind,
                at=now,
                body=msgspec.json.encode(body),
                template_id="1" if kind == "template" else "",
                category="utility" if kind == "template" else "",
                shown=msgspec.json.encode(shown) if shown else b"",
                context_id=body.get("reaction", body.get("context", {})).get("message_id", ""),
            )
            events = accept(world, message, user, now, is_new=known is None, free_form=kind != "template")
            host.commit(events, ids)
            host.wake()
            await host.settle()
            return message.id

        found: str = self.run(send())
        return found

    def close(self) -> None:
        self.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        self.hosts.close()


@pytest.fixture
def control() -> Iterator[Control]:
    """The control API over a default world whose clock stands at noon."""
    made = Control()
    yield made
    made.close()


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        """Graph's error without what is different each time; fails where there is none."""
        found = dict(self.body["error"])
        assert found.pop("fbtrace_id")[0] == "A"
        return found

    @property
    def why(self) -> str:
        return self.headers.get("x-localwaba-why", "")


UNLIMITED = {
    "throughput_standard": None,
    "pair_seconds": None,
    "account_calls": None,
    "idle_account_calls": None,
    "template_creations": None,
    "registrations": None,
    "messaging_limits": False,
}
"""A policy under which a test may call as often as it likes."""


class Platform:
    """All of a server but the sockets: `graph` calls with the default world's token, `control` drives the emulator."""

    def __init__(self, network: StillNetwork | None = None, **options: Any) -> None:
        self.network = network or StillNetwork()
        blobs = BlobStore()
        self.host = default_world(
            blobs, self.network, **{"clock": {"mode": "frozen", "now": NOON}, "policy": UNLIMITED} | options
        )  # type: ignore[arg-type]
        self.hosts = WorldHosts(self.host, blobs, self.network)  # type: ignore[arg-type]
        self.app = App(self.hosts, Guard(loopback=True), "1.2.3")
        self._runner = asyncio.Runner()

    @property
    def world(self) -> Any:
        return self.host.world

    @property
    def number(self) -> str:
        return str(self.host.world.phone_number_id)

    def graph(self, method: str, path: str, body: Any = None, *, token: str | None = "", **options: Any) -> Reply:
        """One Graph call; `token`: empty for the default world's, None for none."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers.setdefault("authorization", f"Bearer {token or self.world.access_token}")
        return self.ask(method, path, body, headers=headers, **options)

    def control(self, method: str, path: str, body: Any = None, *, token: str = "", **options: Any) -> Any:
        """The JSON of a call of the control API that has to succeed."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        found = self.ask(method, f"/_localwaba/{path}", body, headers=headers, **options)
        assert found.status == 200, found
        return found.body

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, query: str = ""
    ) -> Reply:
        """One call of either; a body that is not bytes is sent as JSON."""
        path, _, asked = path.partition("?")
        found = {b"host": b"localhost", **{k.lower().encode(): v.encode("latin-1") for k, v in (headers or {}).items()}}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            found.setdefault(b"content-type", b"application/json")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": (query or asked).encode(),
            "headers": list(found.items()),
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        reply: Reply = self._runner.run(self._exchange(scope, body or b""))
        return reply

    async def _exchange(self, scope: Any, body: bytes) -> Reply:
        told: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in told[0]["headers"]}
        return Reply(told[0]["status"], headers, b"".join(one.get("body", b"") for one in told[1:]))

    def text(self, to: str = "16505551234", body: str = "hi", **beside: Any) -> dict[str, Any]:
        """A text message as a business sends it."""
        return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}} | beside

    def send(self, message: dict[str, Any] | None = None) -> Reply:
        """The business sends a message, a text if none is given."""
        return self.graph("POST", f"/{self.number}/messages", message or self.text())

    def settle(self) -> None:
        self.control("POST", "settle")

    def close(self) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        self.hosts.close()


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A server's worlds without sockets; the default one's clock stands at noon."""
    made = Platform()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_platform() -> Iterator[Platform]:
    """One platform for a module's tests that leave no traces which matter to others."""
    made = Platform()
    yield made
    made.close()


class Wire:
    """A real server, and bytes sent to it as they are."""

    def __init__(self) -> None:
        self._thread = ServerThread(Settings(port=0))
        self.running: Running = self._thread.start()
        self.client = httpx.Client(base_url=self.running.url, timeout=20)
        self.world = self.client.get("/_localwaba/world").json()
        self.token = self.world["access_token"]
        self.path = f"/v26.0/{self.world['phone_number_id']}/messages"

    def request(self, path: str | bytes = "", method: str = "POST", body: bytes = b"", head: bytes = b"") -> bytes:
        """The bytes of a request with the world's token; `head` holds further header lines."""
        line = path.encode() if isinstance(path, str) else path
        lines = b"%b %b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n%b" % (
            method.encode(),
            line or self.path.encode(),
            self.token.encode(),
            head,
        )
        if b"content-length" not in head.lower() and b"transfer-encoding" not in head.lower():
            lines += b"Content-Length: %d\r\n" % len(body)
        return lines + b"Content-Type: application/json\r\n\r\n" + body

    def connect(self) -> socket.socket:
        """A connection that gives up after five seconds."""
        return socket.create_connection(("127.0.0.1", self.running.port), timeout=5)

    def exchange(self, data: bytes, *, end: bool = False) -> bytes:
        """What comes back until the server closes, or one whole answer has come."""
        with self.connect() as connection:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return read_answer(connection)

    def is_alive(self) -> bool:
        """Whether another client is still answered."""
        return (
            self.client.post(self.path, headers={"authorization": f"Bearer {self.token}"}, json={}).status_code == 400
        )

    def close(self) -> None:
        self.client.close()
        self._thread.stop()


def read_answer(connection: socket.socket) -> bytes:
    """One answer off a connection; what there is if the server closes it."""
    found = b""
    while True:
        head, gap, body = found.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if gap and lengths and len(body) >= int(lengths[0].partition(b":")[2]):
            return found
        more = connection.recv(65_536)
        if not more:
            return found
        found += more


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """A server on a port of its own, for a module's tests."""
    made = Wire()
    yield made
    made.close()
