"""`awaba`: async tests and apps in one event loop, with the names of `waba`, awaited."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localwaba import AsyncUser, AsyncWaba, User, Waba
from localwaba.client.faults import Faults
from localwaba.client.templates import Templates
from localwaba.client.waba import Waba as Whole

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def make_app(awaba: AsyncWaba, told: list[Any]) -> Starlette:
    """An app that answers through the event loop that it runs in."""
    url = f"{awaba.graph_url}/v26.0/{awaba.phone_number_id}/messages"
    headers = {"Authorization": f"Bearer {awaba.access_token}"}

    async def hook(request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse(request.query_params["hub.challenge"])
        for entry in (await request.json())["entry"]:
            for message in entry["changes"][0]["value"].get("messages", []):
                told.append(asyncio.get_running_loop())
                text = message["text"]["body"]
                if text == "fail":
                    raise KeyError("no such order")
                body = {"messaging_product": "whatsapp", "to": message["from"], "type": "text", "text": {"body": text}}
                async with httpx.AsyncClient() as client:
                    await client.post(url, headers=headers, json=body)
        return PlainTextResponse("")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        told.append("up")
        yield
        told.append("down")

    return Starlette(routes=[Route("/webhook", hook, methods=["GET", "POST"])], lifespan=lifespan)


async def test_one_event_loop(awaba: AsyncWaba) -> None:
    """The app answers in the event loop of the test, while the test waits for it."""
    told: list[Any] = []
    await awaba.webhook(make_app(awaba, told))
    ana = await awaba.user("Ana")
    await ana.sends("hi")
    assert (await ana.receives(type="text", text="hi")).ticks == "read"
    assert told == ["up", asyncio.get_running_loop()]


async def test_exceptions(awaba: AsyncWaba) -> None:
    """What the app raises is raised by what was awaited."""
    await awaba.webhook(make_app(awaba, []))
    ana = await awaba.user("Ana")
    with pytest.raises(KeyError, match="no such order"):
        await ana.sends("fail")


async def test_values(awaba: AsyncWaba, waba: Waba) -> None:
    """What is a value in `waba` is one here, of the same world; what is not there says so."""
    ana = await awaba.user("Ana", country="BR")
    assert (awaba.env, awaba.access_token, awaba.now) == (waba.env, waba.access_token, waba.now)
    assert (ana.wa_id, ana.name, ana.country, ana.chat) == (waba.users[0].wa_id, "Ana", "BR", [])
    with pytest.raises(AttributeError, match="'AsyncWaba' object has no attribute 'acces_token'"):
        awaba.acces_token  # noqa: B018


async def test_refusals_templates_faults(awaba: AsyncWaba) -> None:
    """Refusals are expected in an `async with` block; templates, faults and knobs are awaited."""
    ana = await awaba.user("Ana")
    async with awaba.refuses(131047) as refused:
        await awaba.post(
            f"{awaba.phone_number_id}/messages",
            {"messaging_product": "whatsapp", "to": ana.wa_id, "type": "text", "text": {"body": "hi"}},
        )
    assert [one.text for one in refused.messages] == ["hi"]
    created = await awaba.templates.create("order_sent", "Your order {{1}} has been sent today.")
    assert (created["status"], len(await awaba.templates())) == ("APPROVED", 2)
    assert (await awaba.faults.add("http_error", status=503))["kind"] == "http_error"
    assert await awaba.faults.clear() == ["fault-1"]
    assert (await awaba.policy(read_after=None))["read_after"] is None
    await awaba.advance(hours=1)


@pytest.mark.parametrize(
    ("sync", "asynchronous"),
    [(Whole, AsyncWaba), (User, AsyncUser), (Templates, "templates"), (Faults, "faults")],
    ids=["waba", "user", "templates", "faults"],
)
async def test_the_same_names(awaba: AsyncWaba, sync: type, asynchronous: Any) -> None:
    """Everything that one of the two fixtures has, the other has under the same name."""
    kind = type(getattr(awaba, asynchronous)) if isinstance(asynchronous, str) else asynchronous
    kept = {"default", "create", "has_residents", "resident", "calls_and_since"} if sync is Whole else set()
    there = {name for name, _ in inspect.getmembers(sync) if not name.startswith("_")} - kept
    missing = {name for name in there if not hasattr(kind, name) and not hasattr(awaba, name)}
    assert missing == set()


CODE = """
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Route

told = []

async def hook(request):
    if request.method == "POST":
        told.append(await request.json())
    return PlainTextResponse(request.query_params.get("hub.challenge", ""))

async def lifespan(app):
    yield
    told.append("down")

def make_app():
    from contextlib import asynccontextmanager
    return Starlette(
        routes=[Route("/webhook", hook, methods=["GET", "POST"])], lifespan=asynccontextmanager(lifespan)
    )

async def test_it(awaba):
    await awaba.webhook(make_app())
    ana = await awaba.user("Ana")
    await ana.sends("hi")
    assert len(told) == 1

def test_ended():
    assert told[1:] == ["down"]
"""


@pytest.mark.parametrize("library", ["anyio", "pytest_asyncio"])
async def test_libraries(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """With anyio's plugin and with pytest-asyncio the app ends in the loop in which it ran, before that ends."""
    pytest.importorskip(library)
    marker = "anyio" if library == "anyio" else "asyncio"
    pytester.makepyfile(test_it=CODE.replace("async def test_it", f"@pytest.mark.{marker}\nasync def test_it"))
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function" if marker == "asyncio" else "[pytest]")
    backend = "@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n" if marker == "anyio" else ""
    pytester.makeconftest(f"import pytest\n{backend}")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugin = "anyio.pytest_plugin" if marker == "anyio" else "pytest_asyncio.plugin"
    result = pytester.runpytest_subprocess("-p", plugin, "-p", "pytest_localwaba.plugin", "-W", "error")
    result.assert_outcomes(passed=2)


async def test_wrong_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, waba_server: Any) -> None:
    """A test that is not `async def` is told to take `waba`."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_it(awaba):\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", f"--waba-url={waba_server.url}")
    result.assert_outcomes(errors=1)
    assert "awaba is for tests that are `async def`; this one is not: take waba" in result.outlines


async def test_a_failed_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, waba_server: Any) -> None:
    """A failed test shows its own failure, with the chat; the app is ended all the same."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    code = CODE.replace("assert len(told) == 1", "await ana.receives(text='Hello', timeout=0.05)")
    pytester.makepyfile(test_it=code.replace("async def test_it", "@pytest.mark.anyio\nasync def test_it"))
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n")
    result = pytester.runpytest_subprocess(
        "-p", "anyio.pytest_plugin", "-p", "pytest_localwaba.plugin", f"--waba-url={waba_server.url}"
    )
    result.assert_outcomes(passed=1, failed=1)
    text = re.sub(r"in (less than 1|\d+) ms", "in N ms", result.stdout.str())
    assert "Ana received nothing: the app answered the webhook with 200 in N ms and made no call" in text


def test_docstring_of_every_method() -> None:
    """Awaited methods keep the words of those that they stand for."""
    assert AsyncUser.sends.__doc__ == User.sends.__doc__


async def test_an_app_that_sleeps(awaba: AsyncWaba) -> None:
    """An app that pauses for long after its answer is not waited for, in the loop of the test either."""
    woken = asyncio.Event()

    async def work() -> None:
        await asyncio.gather(asyncio.sleep(3600), woken.wait())

    async def hook(request: Request) -> Response:
        task = BackgroundTask(work) if request.method == "POST" else None
        return PlainTextResponse(request.query_params.get("hub.challenge", ""), background=task)

    loop = asyncio.get_running_loop()
    plain = loop.call_later
    await awaba.webhook(Starlette(routes=[Route("/webhook", hook, methods=["GET", "POST"])]))
    awaba.sync.patience = 60.0
    ada = await awaba.user("Ada")
    await ada.sends("hi")
    resident = awaba.sync.resident((awaba.callback or "").removesuffix("/webhook"))
    assert resident is not None
    assert not resident.is_busy
    await awaba.leave()
    assert loop.call_later == plain
