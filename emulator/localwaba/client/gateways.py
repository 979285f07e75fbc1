"""How an app of this process is called: an ASGI or a WSGI object, with one request, without sockets."""

from __future__ import annotations

import asyncio
import inspect
import io
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, unquote_to_bytes, urlsplit

__tracebackhide__ = True  # failures of tests are shown where the test is

Kind = Literal["asgi", "wsgi"]
_CLIENT = ("127.0.0.1", 50_000)
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class Request(NamedTuple):
    """A request as it would come over the network; `url` is absolute."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Response(NamedTuple):
    """What an app answered."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


BROKEN = Response(500, (("Content-Type", "text/plain; charset=utf-8"),), b"Internal Server Error")
"""What servers answer for an app that raises."""


def kind_of(app: Any) -> Kind:
    """Whether an object is an ASGI or a WSGI app; TypeError for anything else."""
    call = app if inspect.isroutine(app) or isinstance(app, type) else getattr(app, "__call__", None)  # noqa: B004
    if call is None:
        raise TypeError(f"an app is a URL, an ASGI or a WSGI object, not {app!r}")
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call):
        return "asgi"
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return "wsgi"
    for count, kind in ((3, "asgi"), (2, "wsgi")):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return "asgi" if kind == "asgi" else "wsgi"
    raise TypeError(
        f"{app!r} is neither an ASGI app (scope, receive, send) nor a WSGI app (environ, start_response); "
        "a factory has to be called first"
    )


class Lifespan:
    """The startup and the shutdown of an ASGI app, in the loop in which it serves."""

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._incoming: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._failure = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Runs the startup; raises what it raised. An app that knows no lifespan has none."""
        self._incoming.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._started

    async def stop(self) -> None:
        """Runs the shutdown; raises what it raised."""
        if self._task is None or self._task.done():
            return
        self._incoming.put_nowait({"type": "lifespan.shutdown"})
        await self._stopped
        await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": _ASGI, "state": self.state}
        try:
            await self._app(scope, self._incoming.get, self._send)
        except Exception as error:
            failed = error if self._failure or self._started.done() else None
            self._end(failed)
        else:
            self._end(RuntimeError(f"the app did not start: {self._failure}") if self._failure else None)

    def _end(self, error: Exception | None) -> None:
        for future in (self._started, self._stopped):
            if not future.done():
                if error is not None:
                    future.set_exception(error)
                    future.exception()  # looked at, whoever waits for it
                else:
                    future.set_result(None)

    async def _send(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind.endswith(".failed"):
            self._failure = str(message.get("message") or kind)
        elif kind == "lifespan.startup.complete" and not self._started.done():
            self._started.set_result(None)
        elif kind == "lifespan.shutdown.complete" and not self._stopped.done():
            self._stopped.set_result(None)


async def call_asgi(app: Any, request: Request, state: Mapping[str, Any], answer: Callable[[Response], None]) -> None:
    """Calls an app; `answer` is called once the response is whole, the call may go on after that."""
    incoming = [{"type": "http.request", "body": request.body, "more_body": False}]
    answered = asyncio.Event()
    status, pieces = 500, bytearray()
    given: tuple[tuple[str, str], ...] = ()

    async def receive() -> Mapping[str, Any]:
        if incoming:
            return incoming.pop()
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status, given
        if message["type"] == "http.response.start":
            status = message["status"]
            given = tuple(
                (bytes(name).decode("latin-1"), bytes(value).decode("latin-1"))
                for name, value in message.get("headers", ())
            )
        elif message["type"] == "http.response.body" and not answered.is_set():
            pieces.extend(message.get("body", b""))
            if not message.get("more_body", False):
                answered.set()
                answer(Response(status, given, bytes(pieces)))

    try:
        await app(_scope(request, state), receive, send)
    finally:
        if not answered.is_set():
            answered.set()
            answer(BROKEN)


def _scope(request: Request, state: Mapping[str, Any]) -> dict[str, Any]:
    parts = urlsplit(request.url)
    headers = [(b"host", parts.netloc.encode("latin-1"))]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    if request.body:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path or "/"),
        "raw_path": (parts.path or "/").encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": headers,
        "client": _CLIENT,
        "server": (parts.hostname or "", parts.port or 80),
        "state": dict(state),
    }


def call_wsgi(app: Any, request: Request) -> Response:
    """Calls an app and reads its whole answer; raises what it raises."""
    started: list[tuple[str, Iterable[tuple[str, str]]]] = []
    written = bytearray()

    def start_response(
        status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return written.extend

    answer = app(_environ(request), start_response)
    if not started and not isinstance(answer, Iterable):
        raise TypeError(
            f"the app is called as a WSGI app, with environ and start_response, and returned {answer!r}; "
            "a factory has to be called first"
        )
    try:
        for piece in answer:
            written.extend(piece)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    if not started:
        raise RuntimeError("the app returned without calling start_response")
    status, headers = started[-1]
    return Response(int(status.split(" ", 1)[0]), tuple(headers), bytes(written))


def _environ(request: Request) -> dict[str, Any]:
    parts = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT[0],
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ
