"""Apps of this process: ASGI and WSGI objects that are called without sockets, started, watched and stopped."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localwaba import ControlError, Emulator, User, Waba
from localwaba.client import Link
from localwaba.client.gateways import kind_of
from pytest_localwaba.server import Server

Handle = Callable[[dict[str, Any]], Any]


def messages_of(payload: Any) -> list[dict[str, Any]]:
    return [
        message
        for entry in payload["entry"]
        for change in entry["changes"]
        for message in change["value"].get("messages", [])
    ]


def starlette(handle: Handle, background: bool = False, **options: Any) -> Starlette:
    """An app that has each message of a webhook handled, before its answer or after it."""

    async def work(payload: Any) -> None:
        for message in messages_of(payload):
            found = handle(message)
            if isinstance(found, Awaitable):
                await found

    async def webhook(request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse(request.query_params["hub.challenge"])
        payload = await request.json()
        if background:
            return PlainTextResponse("", background=BackgroundTask(work, payload))
        await work(payload)
        return PlainTextResponse("")

    return Starlette(routes=[Route("/webhook", webhook, methods=["GET", "POST"])], **options)


def wsgi(handle: Handle) -> Any:
    """The same without Starlette, as a WSGI app."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            query = dict(part.split("=") for part in environ["QUERY_STRING"].split("&"))
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [query["hub.challenge"].encode()]
        for message in messages_of(json.loads(environ["wsgi.input"].read())):
            handle(message)
        start_response("200 OK", [])
        return []

    return app


KINDS = pytest.mark.parametrize("make", [starlette, wsgi])


@pytest.fixture(scope="module")
def waba_server() -> Iterator[Server]:
    """An emulator of this very process, under pytest-xdist too."""
    emulator = Emulator().start()
    server = Server(emulator.url, own=emulator)
    yield server
    server.stop()


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada")


@pytest.fixture
def reply(waba: Waba) -> Iterator[Callable[[str, str], int]]:
    """A call of the app, which does not raise."""
    link = Link(waba.url, waba.access_token)

    def reply(to: str, body: str) -> int:
        message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
        return link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", message).status

    yield reply
    link.close()


@KINDS
def test_a_conversation(waba: Waba, ada: User, reply: Any, make: Any) -> None:
    """The handshake and every webhook reach the app, which answers in time."""
    waba.webhook(make(lambda message: reply(message["from"], f"You wrote {message['text']['body']}")))
    ada.sends("hi")
    assert ada.receives().text == "You wrote hi"


@KINDS
def test_no_sockets(waba: Waba, ada: User, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is opened to the app, and nobody listens for it."""
    heard: list[Any] = []
    monkeypatch.setattr(socket.socket, "listen", lambda *_: pytest.fail("somebody listens"))
    waba.webhook(make(heard.append))
    ada.sends("hi")
    assert [message["text"]["body"] for message in heard] == ["hi"]
    assert waba.callback is not None
    assert waba.callback.endswith(".localhost/webhook")


def test_a_task_that_crashes(waba: Waba, ada: User) -> None:
    """What a task of the app raises is raised by the test, unless the app itself has seen it."""
    made: list[asyncio.Task[None]] = []

    async def crash() -> None:
        raise KeyError("no such order")

    async def work(message: dict[str, Any]) -> None:
        made.append(asyncio.create_task(crash()))
        if message["text"]["body"] == "careful":
            await asyncio.gather(*made, return_exceptions=True)
            made.clear()

    waba.webhook(starlette(work))
    ada.sends("careful")
    with pytest.raises(KeyError, match="no such order") as raised:
        ada.sends("careless")
    assert raised.value.__notes__ == ["raised in a task of the app under test, which nobody has awaited"]


@pytest.fixture
def test_client() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which library clients are made of is Starlette's concern
        from starlette.testclient import TestClient
    return TestClient


def test_an_app_in_a_test_client(waba: Waba, ada: User, reply: Any, test_client: Any) -> None:
    """A client's app gets the webhooks in the client's loop, with the state of its only startup."""
    seen: list[tuple[asyncio.AbstractEventLoop, str]] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        seen.append((asyncio.get_running_loop(), "up"))
        yield {"shop": "tea"}
        seen.append((asyncio.get_running_loop(), "down"))

    async def webhook(request: Request) -> Response:
        seen.append((asyncio.get_running_loop(), request.state.shop))
        return PlainTextResponse(request.query_params.get("hub.challenge", ""))

    with test_client(
        Starlette(routes=[Route("/webhook", webhook, methods=["GET", "POST"])], lifespan=lifespan)
    ) as client:
        waba.webhook(client)
        ada.sends("hi")
        assert client.post("/webhook").status_code == 200
        waba.leave()
    assert [what for _, what in seen] == ["up", "tea", "tea", "tea", "down"]
    assert len({loop for loop, _ in seen}) == 1


def test_a_test_client_that_has_ended(waba: Waba, ada: User, test_client: Any) -> None:
    """A client that was left before its world takes no more webhooks; one that was never entered takes none at all."""
    app = starlette(lambda message: None)
    client = test_client(app)
    with pytest.raises(TypeError, match="this TestClient is not open; with TestClient"):
        waba.webhook(client)
    with client:
        waba.webhook(client)
    ada.sends("hi")
    assert waba.deliveries()[-1]["attempts"][-1]["status"] is None


class Signal:
    """A signal as those of Flask, Quart and Django are, as far as they matter here."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def connect(self, hear: Any, sender: Any = None, weak: bool = True) -> None:
        self.heard.append(hear)

    def disconnect(self, hear: Any, sender: Any = None) -> None:
        self.heard.remove(hear)


@KINDS
@pytest.mark.parametrize("framework", ["flask", "quart", "django.core.signals"])
def test_what_a_framework_swallows(
    waba: Waba, ada: User, framework: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of which a framework makes a 500 is raised by the test all the same, and nobody listens for ever."""
    signal = Signal()

    def crash(message: dict[str, Any]) -> None:
        try:
            message["nothing"]
        except KeyError as error:
            for hear in signal.heard:
                hear(None, **({} if "django" in framework else {"exception": error}))

    async def acrash(message: dict[str, Any]) -> None:
        await asyncio.to_thread(crash, message)  # as Django has its views in threads

    monkeypatch.setitem(sys.modules, framework, SimpleNamespace(got_request_exception=signal))
    waba.webhook(make(crash if make is wsgi else acrash))
    with pytest.raises(KeyError, match="nothing") as raised:
        ada.sends("hi")
    assert raised.value.__notes__ == ["raised by the app under test, while it was called with a webhook"]
    crash({})  # as where the test itself asks the app: no concern of the platform's
    waba.leave()
    assert signal.heard == []


def test_a_crash_in_the_handshake(waba: Waba) -> None:
    """What the app raised is the cause of a handshake that fails."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            raise LookupError("no token")

    with pytest.raises(ControlError, match="Callback verification failed") as raised:
        waba.webhook(app)
    assert str(raised.value.__cause__) == "no token"


def test_a_factory_of_two(waba: Waba) -> None:
    """A factory that takes as much as a WSGI app does is told as what it is."""

    def create_app(settings: Any, debug: Any) -> object:
        return object()

    with pytest.raises(ControlError) as raised:
        waba.webhook(create_app)
    assert str(raised.value.__cause__).endswith("; a factory has to be called first")


def test_an_app_that_sleeps(waba: Waba, ada: User) -> None:
    """An app that pauses for long before it goes on is not waited for, nor is what waits for it."""
    woken = asyncio.Event()

    async def work(message: dict[str, Any]) -> None:
        await asyncio.gather(asyncio.sleep(3600), woken.wait())

    waba.webhook(starlette(work, background=True))
    waba.patience = 60.0
    ada.sends("hi")
    resident = waba.resident(waba.callback.removesuffix("/webhook") if waba.callback else "")
    assert resident is not None
    assert resident.wait(60.0)
    assert not resident.is_busy


@KINDS
def test_what_the_app_gets(waba: Waba, ada: User, make: Any) -> None:
    """Headers and bytes are those that Meta sends: the signature is over the body."""
    import hashlib
    import hmac

    seen: list[tuple[dict[str, str], bytes]] = []
    inner = make(lambda message: None)

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            message = await receive()
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            seen.append((headers, message["body"]))
            asked = iter([message])

            async def again() -> Any:
                return next(asked, None) or await receive()

            await inner(scope, again, send)
        else:
            await inner(scope, receive, send)

    def plain(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            import io

            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = io.BytesIO(body)
            found = {
                name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"
            }
            seen.append((found | {"content-type": environ["CONTENT_TYPE"]}, body))
        return inner(environ, start_response)

    waba.webhook(plain if make is wsgi else asgi)
    ada.sends("hi")
    headers, body = seen[0]
    digest = hmac.new(waba.app_secret.encode(), body, hashlib.sha256).hexdigest()
    assert (headers["x-hub-signature-256"], headers["content-type"]) == (f"sha256={digest}", "application/json")


def test_path_and_token(waba: Waba, ada: User) -> None:
    """The app is called at the path that is named; a wrong token fails the handshake as it does at Meta."""

    async def hook(request: Request) -> Response:
        if request.method == "GET" and request.query_params["hub.verify_token"] != "right":
            return PlainTextResponse("wrong", 403)
        return PlainTextResponse(request.query_params.get("hub.challenge", ""))

    app = Starlette(routes=[Route("/hooks/wa", hook, methods=["GET", "POST"])])
    with pytest.raises(ControlError, match="HTTP Status Code = 404"):
        waba.webhook(app)
    with pytest.raises(ControlError, match="HTTP Status Code = 403"):
        waba.webhook(app, "left", path="/hooks/wa")
    waba.webhook(app, "right", path="/hooks/wa")
    ada.sends("hi")
    assert [one["state"] for one in waba.deliveries()] == ["delivered"]
    with pytest.raises(ValueError, match="a path begins with a slash: path='/hooks'"):
        waba.webhook(app, path="hooks")


@KINDS
def test_order(waba: Waba, make: Any) -> None:
    """Webhooks come one after the other, in the order in which things happened, whoever they are about."""
    inside: list[str] = []
    heard: list[str] = []

    def handle(message: dict[str, Any]) -> Any:
        assert not inside
        inside.append("somebody")
        heard.append(message["text"]["body"])
        if make is wsgi:
            inside.clear()
            return None

        async def leave() -> None:
            await asyncio.sleep(0)
            inside.clear()

        return leave()

    waba.webhook(make(handle))
    users = [waba.user(str(n)) for n in range(8)]
    for user in users:
        waba.link.call("POST", f"users/{user.wa_id}/messages", {"type": "text", "text": {"body": user.name}})
    waba.settle()
    assert heard == [str(n) for n in range(8)]


@KINDS
def test_an_exception(waba: Waba, ada: User, make: Any) -> None:
    """What the app raises is raised by what the test did, with the app's own lines; Meta got a 500."""

    def handle(message: dict[str, Any]) -> None:
        raise KeyError("no such order")

    waba.webhook(make(handle))
    with pytest.raises(KeyError, match="no such order") as raised:
        ada.sends("hi")
    assert "handle" in [entry.name for entry in raised.traceback]
    assert raised.value.__notes__ == ["raised by the app under test, while it was called with a webhook"]
    assert {attempt["status"] for one in waba.deliveries() for attempt in one["attempts"]} == {500}


@KINDS
def test_an_exception_that_is_wanted(waba: Waba, ada: User, make: Any) -> None:
    """With `raises=False` an app that raises is one that answers 500, nothing more."""
    waba.webhook(make(lambda message: 1 / 0), raises=False)
    ada.sends("hi")
    assert waba.deliveries()[0]["attempts"][0]["status"] == 500


def test_background(waba: Waba, ada: User, reply: Any) -> None:
    """What an app does after it has answered is awaited, and its exceptions are seen."""
    released = threading.Event()

    async def later(message: dict[str, Any]) -> None:
        await asyncio.to_thread(released.wait, 10)
        if message["text"]["body"] == "fail":
            raise ValueError("in the background")
        await asyncio.to_thread(reply, message["from"], "late")

    waba.webhook(starlette(later, background=True))
    threading.Timer(0.01, released.set).start()
    ada.sends("hi")
    assert [(one.text, one.ticks) for one in ada.inbox] == [("hi", "received"), ("late", "read")]
    with pytest.raises(ValueError, match="in the background"):
        ada.sends("fail")


def test_lifespan(waba_server: Any) -> None:
    """Startup comes before the handshake, shutdown with the end of the world; state is handed on."""
    told: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        told.append("up")
        yield {"name": "state"}
        told.append("down")

    async def hook(request: Request) -> Response:
        told.append(f"{request.method} {request.state.name}")
        return PlainTextResponse(request.query_params.get("hub.challenge", ""))

    world = waba_server.new_world()
    app = Starlette(routes=[Route("/webhook", hook, methods=["GET", "POST"])], lifespan=lifespan)
    world.webhook(app)
    world.webhook(app, fields=["messages"])
    assert told == ["up", "GET state", "GET state"]
    world.close()
    assert told[-1] == "down"


def test_lifespan_that_fails(waba: Waba, waba_server: Any) -> None:
    """What startup or shutdown raises is raised here."""

    @asynccontextmanager
    async def no_start(_: Starlette) -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    @asynccontextmanager
    async def no_end(_: Starlette) -> AsyncIterator[None]:
        yield
        raise OSError("still open")

    with pytest.raises(OSError, match="no database"):
        waba.webhook(starlette(lambda message: None, lifespan=no_start))
    world = waba_server.new_world()
    world.webhook(starlette(lambda message: None, lifespan=no_end))
    with pytest.raises(OSError, match="still open"):
        world.close()
    with pytest.raises(ControlError, match="no world of this server has this access token"):
        world.messages()


def test_leftovers_are_ended(waba_server: Any) -> None:
    """Tasks that an app has left running end with the world."""
    ended: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    async def handle(message: dict[str, Any]) -> None:
        tasks.append(asyncio.create_task(forever()))
        await asyncio.sleep(0)

    world = waba_server.new_world()
    world.patience = 0.2
    world.webhook(starlette(handle))
    world.user("Ada").sends("hi")
    world.close()
    assert ended == ["ended"]


def test_slow_apps_are_given_up(waba: Waba, ada: User) -> None:
    """An app that does not answer in time has not taken the webhook, and the next one is delivered."""
    seen: list[str] = []

    async def handle(message: dict[str, Any]) -> None:
        seen.append(message["text"]["body"])
        if message["text"]["body"] == "slow":
            await asyncio.Event().wait()

    waba.policy(webhook_timeout=0.05)
    waba.patience = 0.2
    waba.webhook(starlette(handle))
    ada.sends("slow")
    assert waba.deliveries()[0]["attempts"][0]["error"] == "timed out after 0.05 s"
    ada.sends("quick")
    assert seen[-1] == "quick"


def test_after_the_end(waba: Waba, ada: User) -> None:
    """Once the apps have left, webhooks for them are refused."""
    waba.webhook(starlette(lambda message: None))
    waba.leave()
    ada.sends("hi")
    assert waba.deliveries()[0]["attempts"][0]["error"] == "the app of this process has been stopped"


@KINDS
def test_a_server_elsewhere(waba: Waba, waba_server: Any, make: Any) -> None:
    """An emulator of another process reaches the app through a door on loopback; all else is the same."""
    far = Waba.create(waba_server.url, seed=3)
    try:
        heard: list[str] = []
        far.webhook(make(lambda message: heard.append(message["text"]["body"])))
        assert str(far.callback).startswith("http://127.0.0.1:")
        far.user("Ada").sends("hi")
        assert heard == ["hi"]
        far.webhook(make(lambda message: 1 / 0))
        with pytest.raises(ZeroDivisionError):
            far.user("Bob").sends("hi")
    finally:
        far.close()


async def _asgi(scope: Any, receive: Any, send: Any) -> None: ...


class _Callable:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def test_kinds() -> None:
    """ASGI and WSGI objects are told apart by what they take; anything else is refused with one line."""
    assert kind_of(_asgi) == kind_of(_Callable()) == kind_of(lambda scope, receive, send: None) == "asgi"
    assert kind_of(wsgi(print)) == kind_of(lambda environ, start_response: []) == "wsgi"
    with pytest.raises(TypeError, match="an app is a URL, an ASGI or a WSGI object, not 5"):
        kind_of(5)
    with pytest.raises(
        TypeError, match=r"is neither an ASGI app .* nor a WSGI app .*; a factory has to be called first"
    ):
        kind_of(lambda: None)
