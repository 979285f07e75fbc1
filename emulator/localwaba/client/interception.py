"""Calls of this process to `graph.facebook.com` are turned to an emulator, whichever library makes them.

Only libraries that are imported already are touched, and those that are imported while the interception lasts: nothing
is imported for it. Method, headers but `Host`, and body stay as they are; so does every other host.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from inspect import iscoroutinefunction
from types import ModuleType, TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

__tracebackhide__ = True  # failures of tests are shown where the test is

HOSTS = frozenset({"graph.facebook.com", "lookaside.fbsbx.com"})
"""Where the platform lives: Graph, and the files of messages."""

Function = TypeVar("Function", bound=Callable[..., Any])
Undo = Callable[[], None]


class Interception:
    """Lasts as long as its `with` block, or as each call of the function that it decorates."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._undo: list[Undo] = []
        self._finder: _Finder | None = None

    def __enter__(self) -> Interception:
        if self._finder is not None:
            raise RuntimeError("this interception lasts already: call waba.intercept() for another one")
        self._finder = _Finder(self._turn)
        sys.meta_path.insert(0, self._finder)
        for name in _LIBRARIES:
            module = sys.modules.get(name)
            if module is not None and not getattr(module.__spec__, "_initializing", False):
                self._turn(name, module)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._finder is not None:
            sys.meta_path.remove(self._finder)
            self._finder = None
        while self._undo:
            self._undo.pop()()

    def __call__(self, function: Function) -> Function:
        """The function, intercepted while it runs; `async def` too."""
        fresh = f"http://{self._host}:{self._port}"
        if iscoroutinefunction(function):

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with Interception(fresh):
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with Interception(fresh):
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]

    def _turn(self, name: str, module: ModuleType) -> None:
        for owner, method, turned in _LIBRARIES[name](module, self._host, self._port):
            self._undo.append(_replace(owner, method, turned))


Turned = tuple[type, str, Callable[[Any], Any]]
"""A class, the name of its method, and what makes the turned method of the one that is there."""


def _replace(owner: type, name: str, turned: Callable[[Any], Any]) -> Undo:
    before = owner.__dict__[name]
    setattr(owner, name, turned(before))

    def undo() -> None:
        setattr(owner, name, before)

    return undo


# httpx


def _turn_httpx(httpx: Any, host: str, port: int) -> Sequence[Turned]:
    def moved(request: Any) -> Any | None:
        if request.url.host not in HOSTS:
            return None
        url = request.url.copy_with(scheme="http", host=host, port=port)
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        headers.insert(0, (b"Host", f"{host}:{port}".encode()))
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)

    def sync(before: Any) -> Any:
        @wraps(before)
        def handle_request(self: Any, request: Any) -> Any:
            other = moved(request)
            if other is None:
                return before(self, request)
            if not _is_proxied(self):
                return before(self, other)
            with httpx.HTTPTransport() as direct:  # this machine is not behind the proxy
                answer = before(direct, other)
                answer.read()
                return answer

        return handle_request

    def asynchronous(before: Any) -> Any:
        @wraps(before)
        async def handle_async_request(self: Any, request: Any) -> Any:
            other = moved(request)
            if other is None:
                return await before(self, request)
            if not _is_proxied(self):
                return await before(self, other)
            async with httpx.AsyncHTTPTransport() as direct:
                answer = await before(direct, other)
                await answer.aread()
                return answer

        return handle_async_request

    return [
        (httpx.HTTPTransport, "handle_request", sync),
        (httpx.AsyncHTTPTransport, "handle_async_request", asynchronous),
    ]


def _is_proxied(transport: Any) -> bool:
    return "Proxy" in type(getattr(transport, "_pool", None)).__name__


# urllib3, and requests, which stands on it


def _turn_urllib3(urllib3: Any, host: str, port: int) -> Sequence[Turned]:
    pools: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def turned(before: Any) -> Any:
        @wraps(before)
        def urlopen(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            if self.host not in HOSTS:
                return before(self, method, url, *args, **kwargs)
            pool = pools.get(self)
            if pool is None:
                pool = urllib3.HTTPConnectionPool(host, port, timeout=self.timeout, retries=self.retries)
                pool.headers = self.headers
                pools[self] = pool
            return before(pool, method, url, *args, **kwargs)

        return urlopen

    return [(urllib3.HTTPConnectionPool, "urlopen", turned)]


# aiohttp


def _turn_aiohttp(aiohttp: Any, host: str, port: int) -> Sequence[Turned]:
    def turned(before: Any) -> Any:
        @wraps(before)
        async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
            if req.url.host in HOSTS:
                req.url = req.url.with_scheme("http").with_host(host).with_port(port)
                req.headers["Host"] = f"{host}:{port}"
                req.proxy = None  # this machine is not behind it
            return await before(self, req, *args, **kwargs)

        return connect

    return [(aiohttp.BaseConnector, "connect", turned)]


_LIBRARIES: dict[str, Callable[[Any, str, int], Sequence[Turned]]] = {
    "httpx": _turn_httpx,
    "urllib3": _turn_urllib3,
    "aiohttp": _turn_aiohttp,
}


# libraries that come later


class _Finder(MetaPathFinder):
    """Waits for the libraries to be imported, and turns them as soon as they are."""

    def __init__(self, turn: Callable[[str, ModuleType], None]) -> None:
        self._turn = turn
        self._looking = False

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if fullname not in _LIBRARIES or self._looking:
            return None
        self._looking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader, self._turn)
        return spec


class _Loader(Loader):
    """Loads a module as its own loader would, then hands it over."""

    def __init__(self, inner: Any, turn: Callable[[str, ModuleType], None]) -> None:
        self._inner = inner
        self._turn = turn

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        found: ModuleType | None = self._inner.create_module(spec)
        return found

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._inner
        self._inner.exec_module(module)
        self._turn(module.__name__, module)
