"""The port through which everything leaves the emulator: one request, one `Reply`, never an exception.

Behind it stands aiohttp. Measured on one core against a bare uvicorn, POSTs a second at 1 / 16 / 64 in flight: httpx
1.1k / 0.6k / 0.5k, aiohttp 3.6k / 11k / 14k, pyreqwest 4.6k / 22k / 23k (`benchmarks/deliveries.py`). pyreqwest is
faster and imports in 10 ms instead of 100, but it has no hook that judges the address being connected to, does not tell
a reused connection from a new one or a slow connection from a slow answer, and registers a pytest plugin in every
project that installs it.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from localwaba.webhooks.targets import LOOPBACK_ONLY, TargetPolicy

Headers = Sequence[tuple[str, str]]
Fault = Literal[
    "url",  # the URL cannot be requested
    "target",  # the target policy says no
    "unresolved",  # the name has no address
    "refused",  # nobody listens there, or no way leads there
    "unconnected",  # no connection within the time limit
    "certificate",  # the server's certificate is not trusted
    "tls",  # no TLS at the other end
    "timeout",  # connected, but no whole answer within the time limit
    "closed",  # the connection ended before an answer began
    "partial",  # the answer ended early
    "garbled",  # what came is not HTTP
    "oversized",  # a download beyond its limit
]

EXCERPT_BYTES = 2048
READ_BYTES = 64 * 1024
KEPT_HEADERS = ("Content-Type", "Content-Length", "Location", "Retry-After", "Server", "Content-Disposition")


class Reply(msgspec.Struct, frozen=True):
    """What came of a request.

    An `error` (one line) outranks the `status`: both are there if an answer began and did not end. `fault` is the
    error's kind, `reason` the text of the status line, `body` the beginning of the answer as text (at most 2 KB), and
    `truncated` says that it was longer than 64 KB and not read on. `latency_ms` runs until the answer was read.
    """

    status: int | None
    error: str | None = None
    latency_ms: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    reason: str = ""
    fault: Fault | None = None
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """The first kept header of that name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Transport(Protocol):
    """Sends one request and waits for its answer, within `timeout` seconds for all of it.

    No redirect is followed, no proxy taken from the environment, no cookie kept and no header added beyond `Host` and
    `Content-Length`. Everything that can go wrong comes back as a `Reply` with an `error`.
    """

    async def post(self, url: str, headers: Headers, body: bytes, timeout: float) -> Reply: ...

    async def get(self, url: str, headers: Headers, timeout: float) -> Reply: ...

    async def download(
        self, url: str, headers: Headers, sink: Callable[[bytes], object], max_bytes: int, timeout: float
    ) -> Reply:
        """GET a URL and hand a 200's body to `sink` piece by piece; beyond `max_bytes` an error."""
        ...

    async def close(self) -> None: ...


class TlsOptions(msgspec.Struct, frozen=True):
    """PEM files for HTTPS targets: an authority to trust besides the machine's, a certificate to show (mTLS)."""

    authority: str | None = None
    certificate: str | None = None
    key: str | None = None


class BadCertificate(ValueError):
    """A PEM file that cannot be used; `part` is ca, cert or key, the text one line that says what is wrong."""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(text)
        self.part = part


def check_tls(options: TlsOptions) -> None:
    """Loads the files once, so that a slip is told at the start and not at the first webhook; `BadCertificate`."""
    from localwaba.webhooks.certificates import load  # ssl costs a start 10 ms which few need to pay

    load(options)


def open_transport(allow: TargetPolicy = LOOPBACK_ONLY, tls: TlsOptions | None = None) -> Transport:
    """The transport that the emulator uses; its HTTP client is imported with the first request."""
    return _LazyTransport(allow, tls)


class _LazyTransport:
    """Imports and opens the real transport when it is first needed: that costs 100 ms which a start need not pay."""

    def __init__(self, allow: TargetPolicy, tls: TlsOptions | None) -> None:
        self._allow = allow
        self._tls = tls
        self._opened: Transport | None = None

    def _open(self) -> Transport:
        if self._opened is None:
            from localwaba.webhooks.connections import AiohttpTransport

            self._opened = AiohttpTransport(self._allow, self._tls)
        return self._opened

    async def post(self, url: str, headers: Headers, body: bytes, timeout: float) -> Reply:
        return await (self._opened or self._open()).post(url, headers, body, timeout)

    async def get(self, url: str, headers: Headers, timeout: float) -> Reply:
        return await self._open().get(url, headers, timeout)

    async def download(
        self, url: str, headers: Headers, sink: Callable[[bytes], object], max_bytes: int, timeout: float
    ) -> Reply:
        return await self._open().download(url, headers, sink, max_bytes, timeout)

    async def close(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()


def excerpt(raw: bytes, coding: str = "") -> str:
    """The beginning of a body as text: unpacked if it is `gzip` or `deflate`, cut to 2 KB, garbage replaced."""
    if not raw:
        return ""
    if coding:
        raw = _unpack(raw, coding.strip().lower())
    if len(raw) <= EXCERPT_BYTES:
        return raw.decode("utf-8", "replace")
    # A character cut in two at the end is dropped, not replaced.
    return codecs.getincrementaldecoder("utf-8")("replace").decode(raw[:EXCERPT_BYTES], final=False)


def _unpack(raw: bytes, coding: str) -> bytes:
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
    for window in windows.get(coding, ()):
        try:
            return zlib.decompressobj(window).decompress(raw, EXCERPT_BYTES + 1)
        except zlib.error:
            continue
    return raw
