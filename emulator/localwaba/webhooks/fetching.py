"""Fetches the media that a message names by `link`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from time import perf_counter
from typing import IO
from urllib.parse import urljoin

from localwaba.webhooks.transport import Fault, Transport

MEMORY_BYTES = 1024 * 1024
MAX_REDIRECTS = 3
_HEADERS = (("User-Agent", "facebookexternalua"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a link led to: a file at its beginning with its size and SHA-256 (hex), or an `error` in one line.

    `file` is kept in memory up to 1 MB and belongs to the caller, who closes it. `mime_type` is the answer's
    `Content-Type` without parameters, "" if there was none.
    """

    url: str
    status: int | None
    error: str | None
    fault: Fault | None = None
    file: IO[bytes] | None = None
    size: int = 0
    sha256: str = ""
    mime_type: str = ""


async def fetch(transport: Transport, url: str, max_bytes: int, timeout: float) -> Fetched:
    """GET a link within the transport's target policy, at most `max_bytes` long, within `timeout` seconds in all.

    Up to three redirects are followed, each of them judged by the same policy. Everything but a 200 is an error. `size`
    is also told for a file that is too large, if its server announced it.
    """
    until = perf_counter() + timeout
    for _ in range(MAX_REDIRECTS + 1):
        fetched, onward = await _fetch_once(transport, url, max_bytes, until - perf_counter())
        if onward is None:
            return fetched
        url = onward
    return Fetched(url, None, f"more than {MAX_REDIRECTS} redirects", "garbled")


async def _fetch_once(transport: Transport, url: str, max_bytes: int, timeout: float) -> tuple[Fetched, str | None]:
    """One request, and where it redirects to."""
    file = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - the caller gets it
    digest = hashlib.sha256()

    def take(piece: bytes) -> None:
        file.write(piece)
        digest.update(piece)

    try:
        reply = await transport.download(url, _HEADERS, take, max_bytes, max(timeout, 0.001))
    except BaseException:
        file.close()
        raise
    if reply.error is None and reply.status == 200:
        size = file.tell()
        file.seek(0)
        mime_type = (reply.header("Content-Type") or "").partition(";")[0].strip().lower()
        return Fetched(url, 200, None, None, file, size, digest.hexdigest(), mime_type), None
    file.close()
    location = reply.header("Location")
    if reply.error is None and reply.status in _REDIRECTS and location:
        return Fetched(url, reply.status, "a redirect"), urljoin(url, location)
    error = reply.error or f"the link answered {reply.status}"
    announced = reply.header("Content-Length") or ""
    size = int(announced) if reply.fault == "oversized" and announced.isdecimal() else 0
    return Fetched(url, reply.status, error, reply.fault, size=size), None
