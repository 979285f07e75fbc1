"""An app of this process: started, called by the platform one webhook after the other, watched, stopped."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
from typing import Any

from localwaba.client.gateways import BROKEN, Lifespan, Request, Response, call_asgi, call_wsgi, kind_of
from localwaba.client.loop_thread import LoopThread
from localwaba.client.opened import opened
from localwaba.client.swallowed import overhear
from localwaba.client.tracebacks import shorten
from localwaba.runtime.system import elapsed
from localwaba.webhooks.transport import EXCERPT_BYTES, KEPT_HEADERS, READ_BYTES, Headers, Reply, excerpt

__tracebackhide__ = True  # failures of tests are shown where the test is

_STARTING = 30.0
_STOPPING = 10.0
_NOTE = "raised by the app under test, while it was called with a webhook"
_LONG_SLEEP = 1.0
_DOZE = 0.05
_serving: ContextVar[Resident | None] = ContextVar("serving", default=None)
"""Whose handling of a request this is, or comes from."""


class Resident:
    """Answers for an app; the next call begins when the last one is answered, in the order in which they came.

    `errors` are what the app raised and nobody has seen yet. What an app does after it has answered keeps it busy,
    unless it sleeps: one that pauses for seconds before it tries again is not waited for.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.errors: list[BaseException] = []
        self._doubtful: list[asyncio.Task[Any]] = []
        self._busy = 0
        self._asleep = 0
        self._changes = 0
        self._rested = -1
        self._changed = threading.Condition()
        self._end_overhearing: Callable[[], object] = lambda: None

    # what the platform asks (in the server's loop)

    async def post(self, url: str, headers: Headers, body: bytes, timeout: float) -> Reply:
        """Delivers a webhook."""
        reply, _ = await self._ask(Request("POST", url, tuple(headers), body), timeout)
        return reply

    async def get(self, url: str, headers: Headers, timeout: float) -> Reply:
        """Asks for the handshake."""
        reply, _ = await self._ask(Request("GET", url, tuple(headers)), timeout)
        return reply

    async def download(
        self, url: str, headers: Headers, sink: Callable[[bytes], object], max_bytes: int, timeout: float
    ) -> Reply:
        """Fetches a file that the app serves."""
        reply, body = await self._ask(Request("GET", url, tuple(headers)), timeout)
        if reply.status == 200:
            if len(body) > max_bytes:
                return Reply(200, f"the answer is larger than {max_bytes} bytes", reply.latency_ms, fault="oversized")
            sink(body)
        return reply

    async def close(self) -> None:
        """Nothing is open here; `stop` ends the app."""

    async def _ask(self, request: Request, timeout: float) -> tuple[Reply, bytes]:
        began = elapsed()
        try:
            async with asyncio.timeout(timeout):
                response = await asyncio.wrap_future(self.handle(request))
        except TimeoutError:
            return Reply(None, f"timed out after {timeout:g} s", _since(began), fault="timeout"), b""
        except (RuntimeError, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return Reply(None, f"the app has been stopped: {error}", _since(began), fault="refused"), b""
        kept = {name.lower(): value for name, value in reversed(response.headers)}
        body = response.body
        reply = Reply(
            response.status,
            latency_ms=_since(began),
            headers=tuple((name, kept[name.lower()][:200]) for name in KEPT_HEADERS if name.lower() in kept),
            body=excerpt(body[:READ_BYTES], kept.get("content-encoding", "")) if body else "",
            reason=_phrase(response.status),
            truncated=len(body) > max(READ_BYTES, EXCERPT_BYTES),
        )
        return reply, body

    def handle(self, request: Request) -> Future[Response]:
        """Hands a request to the app; may be called in any thread."""
        raise NotImplementedError

    # what the test asks

    def start(self) -> None:
        """Runs the startup of the app; raises what it raised."""
        self._end_overhearing = overhear(self._overhear)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> tuple[int, bytes]:
        """A call of the test's own; the status, and the beginning of the body. TimeoutError after so many seconds."""
        future = self.handle(Request(method, url, tuple(headers.items()), body or b""))
        try:
            response = future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise TimeoutError(f"no answer within {timeout:g} s") from None
        return response.status, response.body[:READ_BYTES]

    def stop(self) -> None:
        """Runs the shutdown of the app and ends what it still does; raises what the shutdown raised."""
        self._end_overhearing()

    @property
    def is_busy(self) -> bool:
        """Whether the app is still at work, after an answer too."""
        return self._busy > 0 and self._rested != self._changes

    def wait(self, timeout: float) -> bool:
        """Waits until the app has nothing to do but sleep; False if that took longer than so many real seconds."""
        until = elapsed() + timeout
        with self._changed:
            while self.is_busy:
                left = until - elapsed()
                if left <= 0:
                    return False
                seen = self._changes
                self._changed.wait(min(left, _DOZE) if self._asleep else left)
                if self._asleep and self._changes == seen:
                    self._rested = seen  # who is still at work waits for who sleeps
        return True

    def raise_error(self) -> None:
        """Raises what the app raised first, with the traceback's lines that are the app's own."""
        errors = self.take_errors()
        if errors:
            shorten(errors[0])
            raise errors[0]

    def take_errors(self) -> list[BaseException]:
        """What the app has raised since somebody last asked, in tasks too where nobody else has seen it."""
        tasks, self._doubtful = self._doubtful, []
        for task in tasks:
            if getattr(task, "_log_traceback", False):  # asyncio's own mark for what nobody has asked for
                self._hear(task.exception(), "raised in a task of the app under test, which nobody has awaited")
        errors, self.errors = self.errors, []
        return errors

    def _hear(self, error: BaseException | None, note: str = _NOTE) -> None:
        if error is not None and not any(error is known for known in self.errors):
            error.add_note(note)
            self.errors.append(error)

    def _overhear(self, error: BaseException) -> None:
        if _serving.get() is self:  # not what a test asks the app by itself, nor what is asked of another app
            self._hear(error)

    def _begin(self) -> None:
        with self._changed:
            self._busy += 1
            self._changes += 1

    def _end(self, error: BaseException | None) -> None:
        with self._changed:
            self._hear(error)
            self._busy -= 1
            self._changes += 1
            self._changed.notify_all()

    def _turn_over(self, sleepers: int) -> None:
        with self._changed:
            self._asleep += sleepers
            self._changes += 1
            self._changed.notify_all()


class WsgiResident(Resident):
    """A WSGI app, called in a thread of its own."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._work: queue.SimpleQueue[tuple[Request, Future[Response]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        super().start()
        self._thread = threading.Thread(target=self._run, name="localwaba app", daemon=True)
        self._thread.start()

    def handle(self, request: Request) -> Future[Response]:
        future: Future[Response] = Future()
        self._begin()
        self._work.put((request, future))
        return future

    def _run(self) -> None:
        _serving.set(self)
        while (work := self._work.get()) is not None:
            request, future = work
            problem: BaseException | None = None
            response = BROKEN
            try:
                response = call_wsgi(self.app, request)
            except BaseException as error:  # whatever it is, the test has to see it
                problem = error
            self._end(problem)
            if future.set_running_or_notify_cancel():
                future.set_result(response)

    def stop(self) -> None:
        super().stop()
        self._work.put(None)
        if self._thread is not None:
            self._thread.join(_STOPPING)
            self._thread = None


class AsgiResident(Resident):
    """An ASGI app, called in an event loop: that of the test, or one of its own in a thread.

    Not `in_turn` it is called as servers do it: what comes at the same moment is handled at the same time. With the
    `state` of its lifespan it runs already, and goes on.
    """

    def __init__(
        self,
        app: Any,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        in_turn: bool = True,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(app)
        self._in_turn = in_turn
        self._state = state
        self._own = LoopThread() if loop is None else None
        self._given = loop
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lifespan: Lifespan | None = None
        self._end_watching: Callable[[], object] = lambda: None

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self._given if self._given is not None else self._own.loop  # type: ignore[union-attr]

    def start(self) -> None:
        if self._own is not None:
            self._own.start()
        super().start()
        try:
            self._run(self._start(), _STARTING, "started")
        except BaseException:
            super().stop()
            self._end_watching()
            if self._own is not None:
                self._own.stop()
            raise

    async def _start(self) -> None:
        if self._own is not None:
            self._loop.set_task_factory(self._make_task)
        self._watch_sleep()
        if self._state is None:
            lifespan = Lifespan(self.app)
            await lifespan.start()
            self._lifespan, self._state = lifespan, lifespan.state

    def _run(self, work: Coroutine[Any, Any, None], patience: float, what: str) -> None:
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            running.result(patience)
        except TimeoutError:
            if running.done():  # the app itself has raised it
                raise
            running.cancel()
            raise TimeoutError(f"the app under test has not {what} within {patience:g} s") from None

    def _make_task(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        """A task; one that a request has begun keeps the app busy until it is done, unlike workers of the startup."""
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        if _serving.get():
            self._begin()
            task.add_done_callback(lambda _: self._end(None))
        task.add_done_callback(self._doubt)
        return task

    def _doubt(self, task: asyncio.Task[Any]) -> None:
        if getattr(task, "_log_traceback", False):
            self._doubtful.append(task)

    def _watch_sleep(self) -> None:
        """Has the loop tell who sleeps: `asyncio.sleep` asks it to end a future later, nothing else does."""
        plain = self._loop.call_later

        def call_later(delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
            sleeps = delay >= _LONG_SLEEP and args and isinstance(args[0], asyncio.Future)
            if sleeps and _serving.get() is self and not args[0].done():
                self._turn_over(1)
                args[0].add_done_callback(lambda _: self._turn_over(-1))
            return plain(delay, callback, *args, context=context)

        with suppress(AttributeError):  # a loop that is not Python's own, such as uvloop's, cannot be watched
            setattr(self._loop, "call_later", call_later)  # noqa: B010 - a method of this one loop
            self._end_watching = partial(setattr, self._loop, "call_later", plain)

    def handle(self, request: Request) -> Future[Response]:
        future: Future[Response] = Future()
        self._begin()
        try:
            self._loop.call_soon_threadsafe(self._accept, request, future)
        except RuntimeError:  # the loop is closed
            self._end(None)
            raise
        return future

    def _accept(self, request: Request, future: Future[Response]) -> None:
        task = self._loop.create_task(self._serve(request, future))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, request: Request, future: Future[Response]) -> None:
        problem: BaseException | None = None
        turns = [self._turn] if self._in_turn else []
        _serving.set(self)

        def let_next() -> None:
            for turn in turns:
                turns.remove(turn)
                turn.release()

        def answer(response: Response) -> None:
            let_next()
            if not future.done():
                future.set_result(response)

        def give_up(_: Future[Response]) -> None:  # nobody waits for the answer any more
            if future.cancelled() and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(let_next)

        try:
            for turn in turns:
                await turn.acquire()
            future.add_done_callback(give_up)
            await call_asgi(self.app, request, self._state or {}, answer)
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as error:  # whatever it is, the test has to see it
            problem = error
        finally:
            self._end(problem)

    def stop(self) -> None:
        super().stop()
        self._end_watching()
        if self._loop.is_closed() or not self._loop.is_running():
            return
        try:
            self._run(self._stop(), _STOPPING, "stopped")
        finally:
            if self._own is not None:
                self._own.stop()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lifespan is not None:
            await self._lifespan.stop()


def house(app: Any, loop: asyncio.AbstractEventLoop | None = None, *, in_turn: bool = True) -> Resident:
    """A resident for an app, not started yet; an ASGI app is called in `loop`. TypeError for what is no app."""
    running = opened(app)
    if running is not None:
        return AsgiResident(running.app, running.loop, in_turn=in_turn, state=running.state)
    return WsgiResident(app) if kind_of(app) == "wsgi" else AsgiResident(app, loop, in_turn=in_turn)


def _since(began: float) -> float:
    return round((elapsed() - began) * 1000, 2)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
