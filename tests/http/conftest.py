"""A server's worlds behind the control API, with an app that answers every webhook and no network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from localwaba.domain.errors import Refusal
from localwaba.domain.inbound import new_user
from localwaba.domain.model import Attempt, Delivery, Message
from localwaba.domain.numbers import country_of
from localwaba.domain.policy import Policy
from localwaba.domain.sending import accept
from localwaba.http.control import control_app
from localwaba.http.guards import Guard
from localwaba.operations.call import Handshake
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.host import WorldHost
from localwaba.runtime.hosts import WorldHosts, default_world

NOON = 1_767_268_800
"""1 January 2026, 12:00 UTC, in seconds."""
CALLBACK = "http://127.0.0.1:9/webhook"


class StillNetwork:
    """Takes webhooks and handshakes, and answers them as told, without a connection."""

    def __init__(self) -> None:
        self.status: int | None = 200
        self.refusal: Refusal | None = None
        self.posted: list[tuple[Delivery, str]] = []
        self.handshakes: list[Handshake] = []
        self._open = 0

    def post(self, host: WorldHost, delivery: Delivery, url: str) -> None:
        self.posted.append((delivery, url))
        self._open += 1
        asyncio.get_running_loop().call_soon(self._answer, host, delivery.id, url)

    def _answer(self, host: WorldHost, delivery_id: str, url: str) -> None:
        self._open -= 1
        host.answered(delivery_id, Attempt(at=host.now(), url=url, status=self.status, answer="answer"))

    async def shake_hands(self, policy: Policy, handshake: Handshake, challenge: str) -> Refusal | None:
        self.handshakes.append(handshake)
        return self.refusal

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
