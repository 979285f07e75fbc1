"""Calls of a process to its own emulator, which go without a socket."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from localwaba import ControlError, Emulator, Waba
from localwaba.client import Link, Unreachable
from localwaba.runtime.inside import Inside
from pytest_localwaba.reports import end
from pytest_localwaba.worlds import Held, Marks

USER = "users/12025550147"
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "health", None),
    ("GET", "world", None),
    ("PUT", USER, {"name": "Zoë 🌿"}),
    ("POST", f"{USER}/messages", {"type": "text", "text": {"body": "Grüße"}}),
    ("GET", f"{USER}/inbox", None),
    ("GET", "users/+1 202 555-0147/inbox", None),
    ("GET", "messages?status=failed&user=%2B12025550147", None),
    ("GET", "webhooks?field=message", None),
    ("POST", "settle", {"timeout": 1}),
    ("POST", "settle", {"timeout": "soon"}),
    ("DELETE", "settle", None),
    ("GET", "nothing/here", None),
    ("POST", "clock/advance", {"by": "PT1H"}),
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(seed=3, clock_mode="frozen", control_token="key") as found:
        yield found


def outcome(link: Link, method: str, path: str, body: Any) -> Any:
    """What a call gives in a world that was just reset."""
    try:
        return link.call(method, path, body)
    except ControlError as error:
        return error.status, str(error)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_as_by_http(emulator: Emulator, call: tuple[str, str, Any]) -> None:
    """A call gives what it gives by HTTP, refusals included."""
    found = []
    for link in (emulator.link, Link(emulator.url, control_token="key")):
        link.call("POST", "reset")
        found.append(outcome(link, *call))
        link.close()
    assert found[0] == found[1]


def test_queries_files_and_snapshots_as_by_http(emulator: Emulator) -> None:
    """Questions with filters, uploads and bytes give what they give by HTTP."""
    found = []
    for link in (emulator.link, Link(emulator.url, control_token="key")):
        link.call("POST", "reset")
        sent = link.upload(
            f"{USER}/messages", {"type": "image", "image": {}}, b"\xff\xd8\xff\xe0", "a b.jpg", "image/jpeg"
        )
        asked = link.call("GET", "messages", query={"user": "12025550147", "type": "image", "status": None})
        found.append((sent, asked, link.raw("GET", "snapshot")))
        link.close()
    assert found[0] == found[1]


def test_the_control_token_is_wanted(emulator: Emulator) -> None:
    """The guard of the control API is not passed by."""
    with pytest.raises(ControlError, match="wants its control token"):
        Link(emulator.url, inside=emulator.link.inside).call("GET", "world")


def test_threads(emulator: Emulator) -> None:
    """Each of many threads gets the answer to its own call."""
    worlds = [emulator.new_world(name=f"world-{n}") for n in range(8)]

    def name_of(waba: Waba) -> set[str]:
        return {waba.link.call("GET", "world")["world"] for _ in range(50)}

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(name_of, worlds)) == [{f"world-{n}"} for n in range(8)]
    for waba in worlds:
        waba.close()


def _ask(emulator: Emulator, answers: Any) -> None:
    try:
        answers.put(emulator.new_world(name="forked").name)
    except BaseException as error:
        answers.put(repr(error))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process(emulator: Emulator) -> None:
    """A child that was forked off, without the server's thread, talks to the emulator of its parent."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_ask, args=(emulator, answers))
    child.start()
    assert answers.get(timeout=60) == "forked"
    child.join(60)
    emulator.link.call("DELETE", "worlds/forked")


def test_an_emulator_that_has_ended() -> None:
    """Once it has ended, nothing answers, and nobody waits."""
    with Emulator() as emulator:
        link = emulator.link
    with pytest.raises(Unreachable, match="no emulator answers at"):
        link.call("GET", "health")


def test_whether_a_world_is_still(emulator: Emulator) -> None:
    """A world that was settled is still until anything is sent, refused, reset, or asked for without a token."""
    waba = emulator.new_world()
    stirs = [
        lambda: waba.link.call("POST", f"{USER}/messages", {"type": "text", "text": {"body": "Hi"}}),
        lambda: waba.link.graph("GET", "/v26.0/1", None),
        lambda: waba.link.of("").graph("GET", "/v26.0/1", None),
        waba.reset,
    ]
    assert not waba.is_still  # it may have had something to do from the beginning
    for stir in stirs:
        waba.settle()
        assert waba.is_still
        stir()
        assert not waba.is_still
    waba.settle()
    waba.close()
    assert not waba.is_still


def test_by_http_nobody_knows_whether_a_world_is_still(emulator: Emulator) -> None:
    """Where a call would be needed to know, a world is not called still."""
    waba = Waba.create(emulator.url, control_token="key")
    waba.settle()
    assert not waba.is_still
    waba.close()


def test_a_quiet_end_costs_no_call(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test after which nothing happens ends its world with one call: the app is not asked for again."""
    held = Held(emulator.new_world(), Marks(seed=0, clock={}), is_passed=True)
    held.waba.settle()
    asked: list[str] = []
    send = Inside.send

    def counted(self: Inside, method: str, path: str, *rest: Any) -> Any:
        asked.append(method)
        return send(self, method, path, *rest)

    monkeypatch.setattr(Inside, "send", counted)
    end(held, "test_x.py::test_x", None)
    assert asked == ["DELETE"]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever)
    thread.start()
    yield found
    if not found.is_closed():
        found.call_soon_threadsafe(found.stop)
        thread.join(30)
        found.close()


def test_an_app_that_raises(loop: asyncio.AbstractEventLoop) -> None:
    """What the app raises is a 500, as it is by HTTP."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError(scope["path"])

    reply = Inside(app, loop, "http://127.0.0.1:1", 30).send("GET", "/x", None, {})
    assert (reply.status, reply.raw) == (500, b"Internal Server Error")


def test_an_app_that_does_not_answer(loop: asyncio.AbstractEventLoop) -> None:
    """Who has waited long enough hears of it, and the app hears that nobody waits any more."""
    left = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"[]"
        assert (await receive())["type"] == "http.disconnect"
        left.set()

    with pytest.raises(TimeoutError):
        Inside(app, loop, "http://127.0.0.1:1", 0.05).send("POST", "/x", b"[]", {})
    assert left.wait(30)


def test_an_emulator_that_ends_meanwhile(loop: asyncio.AbstractEventLoop) -> None:
    """A call that is under way when the emulator ends is told so, soon."""
    begun = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    def end() -> None:
        begun.wait(30)
        for task in asyncio.all_tasks(loop):
            loop.call_soon_threadsafe(task.cancel)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(Unreachable, match="it has ended"):
        Inside(app, loop, "http://127.0.0.1:1", 60).send("GET", "/x", None, {})
    ending.join(30)


def test_the_context_of_the_caller_stays_with_it(loop: asyncio.AbstractEventLoop) -> None:
    """What the thread of a test has set for itself is not set for the server, nor for what it begins meanwhile."""
    mine = ContextVar("mine", default="")
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(mine.get())
        await send({"type": "http.response.start", "status": 200, "headers": []})

    mine.set("the test")
    assert Inside(app, loop, "http://127.0.0.1:1", 30).send("GET", "/x", None, {}).status == 200
    assert seen == [""]
