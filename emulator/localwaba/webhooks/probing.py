"""Requests to an app under check, byte for byte as they are written, and what came back; never an exception.

A socket and a parser, no HTTP client: clients add, mend and reorder what is to be sent here as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import urllib.parse
from collections.abc import Sequence
from time import perf_counter

import httptools

from localwaba.operations.checks.model import Answer
from localwaba.webhooks.targets import (
    LOOPBACK_ADDRESSES,
    LOOPBACK_ONLY,
    BadTarget,
    TargetPolicy,
    check_addresses,
    check_target,
    is_local_name,
    read_target,
)

_KEPT = 64 * 1024
_PIECE = 256 * 1024
_IDLE = 3.0
_Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter, float]


class Unreachable(OSError):
    """Nobody can be talked to at this URL; the text is one line."""


class Prober:
    """Connections to one URL's host; kept open between requests unless one asks for its own."""

    def __init__(self, url: str, allow: TargetPolicy = LOOPBACK_ONLY, tls: ssl.SSLContext | None = None) -> None:
        try:
            self._target = read_target(url)
        except BadTarget as bad:
            raise Unreachable(str(bad)) from None
        self._url = url
        self._allow = allow
        self._tls = tls
        self._addresses: Sequence[str] = ()
        self._idle: list[_Pipe] = []

    async def find(self) -> None:
        """Resolves the host and tries whether somebody listens; raises `Unreachable`."""
        why = check_target(self._url, self._allow)
        if why is not None:
            raise Unreachable(why)
        host, port = self._target.host, self._target.port
        if is_local_name(host):
            self._addresses = LOOPBACK_ADDRESSES
        else:
            try:
                found = await asyncio.get_running_loop().getaddrinfo(host, port)
            except OSError:
                raise Unreachable(f"the host {host} cannot be resolved") from None
            self._addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        why = check_addresses(host, self._addresses, self._allow)
        if why is not None:
            raise Unreachable(why)
        try:
            self._idle.append((*await self._connect(), perf_counter()))
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unreachable(f"nobody listens on {host}:{port} ({reason}); is the app running?") from None

    async def send(self, raw: bytes, within: float, *, alone: bool = False) -> Answer:
        """Sends one request as it is and reads its answer, within some seconds for all of it."""
        started = perf_counter()
        is_headless = raw.startswith(b"HEAD ")
        progress = _Reading()
        try:
            async with asyncio.timeout(within):
                while True:
                    pipe, is_used = await self._take(alone=alone)
                    try:
                        return await self._exchange(pipe, raw, started, progress, is_headless=is_headless, alone=alone)
                    except (ConnectionError, EOFError):
                        if not is_used or progress.began:
                            raise
        except TimeoutError:
            text = f"no answer within {within:g} s" if not progress.began else f"no whole answer within {within:g} s"
            return self._failed(text, "timeout", started)
        except httptools.HttpParserError as error:
            return self._failed(f"what came is not HTTP: {error}", "garbled", started)
        except ssl.SSLError as error:
            return self._failed(f"TLS: {error.reason or error}", "tls", started)
        except EOFError:
            text = "the connection was closed before an answer" + (" was whole" if progress.began else "")
            return self._failed(text, "closed", started)
        except OSError as error:
            return self._failed(f"the connection broke: {error.strerror or error}", "closed", started)

    async def close(self) -> None:
        """Closes what is open."""
        while self._idle:
            await _end(self._idle.pop()[1])

    async def _take(self, *, alone: bool) -> tuple[_Pipe, bool]:
        while self._idle and not alone:
            reader, writer, since = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing() and perf_counter() - since < _IDLE:
                return (reader, writer, since), True
            await _end(writer)
        return (*await self._connect(), perf_counter()), False

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = None
        if self._target.scheme == "https":
            context = self._tls or ssl.create_default_context()
        refusal: OSError | None = None
        for address in self._addresses:
            name = self._target.host if context is not None else None
            try:
                return await asyncio.open_connection(
                    address, self._target.port, ssl=context, server_hostname=name, limit=_PIECE
                )
            except OSError as error:
                refusal = refusal or error
        raise refusal or ConnectionRefusedError("no address")

    async def _exchange(
        self, pipe: _Pipe, raw: bytes, started: float, progress: _Reading, *, is_headless: bool, alone: bool
    ) -> Answer:
        reader, writer, _ = pipe
        parser = httptools.HttpResponseParser(progress)
        done = False
        try:
            writer.write(raw)  # an early answer, such as 413, is read while the rest is still on its way
            while not progress.is_complete(is_headless=is_headless):
                piece = await reader.read(_PIECE)
                if not piece:
                    if not progress.ends_with_connection():
                        raise EOFError
                    break
                parser.feed_data(piece)
            latency = (perf_counter() - started) * 1000
            done = not alone and progress.stays_open(parser.get_http_version())
            return Answer(
                status=parser.get_status_code(),
                reason=progress.reason,
                headers=tuple(progress.headers),
                body=bytes(progress.body[:_KEPT]),
                latency_ms=latency,
            )
        finally:
            if done and not writer.transport.get_write_buffer_size() and not writer.is_closing():
                self._idle.append((reader, writer, perf_counter()))
            else:
                await _end(writer)

    def _failed(self, text: str, fault: str, started: float) -> Answer:
        return Answer(error=text, fault=fault, latency_ms=(perf_counter() - started) * 1000)


async def _end(writer: asyncio.StreamWriter) -> None:
    """Closes a connection, without waiting for its other end."""
    if writer.transport.get_write_buffer_size() or writer.get_extra_info("ssl_object") is not None:
        writer.transport.abort()
    else:
        writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class _Reading:
    """What a parser has seen of an answer."""

    def __init__(self) -> None:
        self.began = False
        self.reason = ""
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self._heads_done = False
        self._done = False

    def on_status(self, text: bytes) -> None:
        self.began = True
        self.reason += text.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.began = True
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._heads_done = True

    def on_body(self, piece: bytes) -> None:
        if len(self.body) < _KEPT:
            self.body += piece

    def on_message_complete(self) -> None:
        self._done = True

    def is_complete(self, *, is_headless: bool) -> bool:
        return self._done or (is_headless and self._heads_done)

    def stays_open(self, version: str) -> bool:
        """Whether the connection may be used again (RFC 9112, 9.3)."""
        told = next((value.lower() for name, value in self.headers if name.lower() == "connection"), "")
        return self._done and "close" not in told and (version == "1.1" or "keep-alive" in told)

    def ends_with_connection(self) -> bool:
        """Whether an answer without a length was ended by its connection (RFC 9112, 6.3)."""
        names = {name.lower() for name, _ in self.headers}
        return self._heads_done and not names & {"content-length", "transfer-encoding"}


def parts_of(url: str) -> tuple[str, str]:
    """The value of `Host`, and what a request line asks for."""
    parts = urllib.parse.urlsplit(url)
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return parts.netloc, path + (f"?{parts.query}" if parts.query else "")
