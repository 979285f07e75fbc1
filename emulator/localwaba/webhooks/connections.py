"""The transport on aiohttp."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from time import perf_counter
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.resolver import ThreadedResolver
from multidict import istr
from yarl import URL

from localwaba.webhooks.certificates import load
from localwaba.webhooks.targets import (
    LOOPBACK_ADDRESSES,
    BadTarget,
    TargetPolicy,
    check_addresses,
    check_target,
    is_local_name,
    read_target,
)
from localwaba.webhooks.transport import KEPT_HEADERS, READ_BYTES, Fault, Headers, Reply, TlsOptions, excerpt

# uvicorn and node close an idle connection after 5 s: letting go first keeps a POST from racing with that.
IDLE_SECONDS = 4.0
_LARGE = 2**20  # bytes beyond this are read piece by piece: aiohttp warns of them, and where warnings are errors, fails
_AUTOMATIC = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})
_KEPT = tuple((name, istr(name)) for name in KEPT_HEADERS)  # names that are folded once, not for each answer
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))


class TargetRefused(OSError):
    """A name whose addresses the policy does not allow; an OSError because that is what resolvers may raise."""


class Passage:
    """How far one request got."""

    __slots__ = ("connected", "reused", "status")

    def __init__(self) -> None:
        self.connected = False
        self.reused = False
        self.status: int | None = None


class AiohttpTransport:
    """Keep-alive connections to allowed targets; belongs to the event loop of its first request."""

    def __init__(self, allow: TargetPolicy, tls: TlsOptions | None = None) -> None:
        self._allow = allow
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, headers: Headers, body: bytes, timeout: float) -> Reply:
        return await self._exchange("POST", url, headers, body, timeout, None, READ_BYTES)

    async def get(self, url: str, headers: Headers, timeout: float) -> Reply:
        return await self._exchange("GET", url, headers, None, timeout, None, READ_BYTES)

    async def download(
        self, url: str, headers: Headers, sink: Callable[[bytes], object], max_bytes: int, timeout: float
    ) -> Reply:
        return await self._exchange("GET", url, headers, None, timeout, sink, max_bytes)

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                resolver=_GuardedResolver(self._allow),
                ssl=_open_tls(self._tls),
                limit=0,  # the dispatcher bounds what is in flight
                keepalive_timeout=IDLE_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        timeout: float,
        sink: Callable[[bytes], object] | None,
        limit: int,
    ) -> Reply:
        why = check_target(url, self._allow)
        if why is not None:
            return Reply(None, why, fault=_kind_of_refusal(url))
        started = perf_counter()
        passage = Passage()
        for attempt in (1, 2):
            passage = Passage()
            _passage.set(passage)
            left = timeout if attempt == 1 else max(timeout - (perf_counter() - started), 0.001)
            try:
                return await self._request(method, url, headers, body, left, sink, limit, passage, started)
            except Exception as problem:
                if attempt == 1 and method == "POST" and _is_stale(problem, passage):
                    continue
                fault, text = _explain(problem, passage, url, timeout)
                return Reply(passage.status, text, _elapsed(started), fault=fault)
        raise AssertionError("the second attempt always returns")

    async def _request(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        timeout: float,
        sink: Callable[[bytes], object] | None,
        limit: int,
        passage: Passage,
        started: float,
    ) -> Reply:
        session = self._session or self._open_session()
        async with session.request(
            method,
            _write_url(url),
            data=BytesIO(body) if body is not None and len(body) > _LARGE else body,
            headers=headers,
            allow_redirects=False,
            timeout=_limit_time(timeout),
            # What the caller did not give must not be made up; naming nothing to skip spares 7 µs.
            skip_auto_headers=None if _AUTOMATIC.issubset([name for name, _ in headers]) else _AUTOMATIC,
        ) as answer:
            passage.status, given = answer.status, answer.headers
            if sink is not None and answer.status == 200:
                fits = await _pour(answer, sink, limit)
                raw, truncated = b"", False
            else:
                raw, truncated = await _read(answer, READ_BYTES)
                fits = True
            return Reply(
                answer.status,
                None if fits else f"the answer is larger than {limit} bytes",
                _elapsed(started),
                tuple([(name, value[:200]) for name, key in _KEPT if (value := given.get(key))]),
                excerpt(raw, given.get("Content-Encoding", "")),
                answer.reason or "",
                None if fits else "oversized",
                truncated,
            )


async def _read(answer: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """The body up to the limit, and whether there was more; the connection lives on only after a whole answer."""
    content = answer.content
    raw = await content.read(limit + 1)
    if not content.at_eof():
        pieces, size = [raw], len(raw)
        while size <= limit and (piece := await content.read(limit + 1 - size)):
            pieces.append(piece)
            size += len(piece)
        raw = b"".join(pieces)
    if len(raw) > limit:
        answer.close()
        return raw[:limit], True
    return raw, False


async def _pour(answer: aiohttp.ClientResponse, sink: Callable[[bytes], object], limit: int) -> bool:
    """Hand the body to the sink and say whether it kept within the limit."""
    if answer.content_length is not None and answer.content_length > limit:
        answer.close()
        return False
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > limit:
            answer.close()
            return False
        sink(piece)
    return True


# --- aiohttp's hooks --------------------------------------------------------------------------------------------


_passage: ContextVar[Passage] = ContextVar("passage")


class _Connector(aiohttp.TCPConnector):
    """Notes whether a request got a new connection or a kept one; aiohttp's traces would cost 25 µs a request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._known: WeakSet[Any] = WeakSet()

    async def connect(self, *args: Any, **options: Any) -> Connection:
        connection = await super().connect(*args, **options)
        passage = _passage.get()
        passage.connected = True
        if connection.protocol in self._known:
            passage.reused = True
        else:
            self._known.add(connection.protocol)
        return connection


class _GuardedResolver(AbstractResolver):
    """Resolves names and refuses addresses outside the policy, so that what was judged is what is connected to."""

    def __init__(self, allow: TargetPolicy) -> None:
        self._allow = allow
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        name = host.lower().removesuffix(".")
        if is_local_name(name):
            return [_address(host, address, port) for address in LOOPBACK_ADDRESSES]
        found = await self._inner.resolve(host, port, family)
        why = check_addresses(name, [entry["host"] for entry in found], self._allow)
        if why is not None:
            raise TargetRefused(why)
        return found

    async def close(self) -> None:
        await self._inner.close()


def _address(name: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=name, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def _open_tls(options: TlsOptions | None) -> ssl.SSLContext | bool:
    return True if options is None else load(options)


@lru_cache(maxsize=256)
def _write_url(url: str) -> URL:
    # The URL goes out as it was given; only what a request line cannot carry is percent-encoded.
    return URL(quote(url, safe=_AS_IT_IS), encoded=True)


@lru_cache(maxsize=64)
def _limit_time(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


# --- what went wrong --------------------------------------------------------------------------------------------


def _is_stale(problem: Exception, passage: Passage) -> bool:
    """Whether a kept connection had died unnoticed: it was used before, and no answer came.

    A server closes idle connections when it likes, so such a POST was most likely never read (RFC 9112, 9.3.1). A reset
    in the middle of an answer's head looks the same, since it also throws away what was received.
    """
    if not passage.reused or passage.status is not None:
        return False
    if isinstance(problem, aiohttp.ServerDisconnectedError):
        return isinstance(problem.message, str)  # else it holds the head of an answer
    return isinstance(problem, aiohttp.ClientOSError) and not isinstance(problem, aiohttp.ClientConnectorError)


def _explain(problem: Exception, passage: Passage, url: str, timeout: float) -> tuple[Fault, str]:
    """The kind of a failure and one line about it."""
    match problem:
        case TimeoutError() if passage.connected:
            return "timeout", f"timed out after {timeout:g} s"
        case TimeoutError():
            return "unconnected", f"connection timed out after {timeout:g} s"
        case aiohttp.ClientConnectorDNSError():
            if isinstance(problem.os_error, TargetRefused):
                return "target", str(problem.os_error)
            return "unresolved", f"the host {problem.host} cannot be resolved"
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(problem.certificate_error, "verify_message", "") or problem.certificate_error
            return "certificate", _one_line(f"the certificate is not trusted: {reason}")
        case aiohttp.ClientSSLError():
            return "tls", _one_line(f"TLS failed: {getattr(problem.os_error, 'reason', None) or problem.os_error}")
        case aiohttp.ClientConnectorError():
            return "refused", _explain_refusal(problem.os_error)
        case aiohttp.ClientPayloadError():
            return "partial", "the answer ended early"
        case aiohttp.ServerDisconnectedError():
            return "closed", "connection closed before an answer"
        case aiohttp.ClientOSError():
            return "closed", "connection reset before an answer"
        case aiohttp.InvalidURL():
            return "url", _one_line(f"the URL cannot be requested: {problem}")
        case aiohttp.ClientResponseError():
            return "garbled", _one_line(f"the answer is not HTTP: {problem.message}")
        case _:
            return "garbled", _one_line(f"{type(problem).__name__}: {problem}")


def _explain_refusal(problem: OSError) -> str:
    # Several addresses that all fail come as one error whose number is lost.
    if problem.errno == errno.ECONNREFUSED or f"[Errno {errno.ECONNREFUSED}]" in str(problem):
        return "connection refused"
    return _one_line(f"cannot connect: {problem.strerror or problem}")


def _kind_of_refusal(url: str) -> Fault:
    try:
        read_target(url)
    except BadTarget:
        return "url"
    return "target"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _elapsed(started: float) -> float:
    return round((perf_counter() - started) * 1000, 2)
