"""The second hop of media: bytes by a signed URL."""

from __future__ import annotations

import re
from typing import NamedTuple

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.media import find_media
from localwaba.domain.model import Media
from localwaba.domain.urls import MEDIA_PATH, is_genuine
from localwaba.http import faulting
from localwaba.http.authentication import authenticate, check_life, permit
from localwaba.http.bodies import Scope, Send
from localwaba.http.headers import Header
from localwaba.http.ports import Host, Hosts
from localwaba.http.requests import Receive, parse_query
from localwaba.http.routes import route_table
from localwaba.wire.errors import reason

CHUNK = 64 * 1024
OPERATION = "download_media"

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*\Z", re.IGNORECASE)
_EXPIRY = re.compile(r"[0-9]{1,12}\Z")


class _Gone(Exception):
    """There is nothing to download, as far as this caller may know."""


class _Unsatisfiable(Exception):
    """A range that begins behind the end."""


class _Piece(NamedTuple):
    """Which bytes to send, and how to say so; `stop` is excluded."""

    start: int
    stop: int
    status: int


async def download(hosts: Hosts, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a media URL with the file's bytes, or with 404 to whoever may not have it (Meta: media page)."""
    if scope["method"] not in ("GET", "HEAD"):
        await _end(send, 405, [(b"allow", b"GET, HEAD")])
        return
    headers: dict[bytes, bytes] = dict(scope["headers"])
    query = _query(scope["query_string"])
    host, why, status = hosts.default, "", 404
    try:
        host = _owner(hosts, headers)
        media = _medium(host, scope["path"], query)
        if host.world.faults:
            status = await faulting.download(
                host, media, lambda send: _serve(host, media, headers, scope["method"], send), receive, send
            )
        else:
            status = await _serve(host, media, headers, scope["method"], send)
    except _Gone as gone:
        why = str(gone)
        await _end(send, 404, [(b"x-localwaba-why", _header_text(why)), *faulting.headers(host.world, None)])
    finally:
        path = f"{scope['path']}?mid={query.get('mid', '')}"
        host.note_call(scope["method"], path, status, b"", b"", why, OPERATION)
        host.wake()


def _query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string; none of one that cannot be read."""
    try:
        return parse_query(raw)
    except Refused:
        return {}


def _owner(hosts: Hosts, headers: dict[bytes, bytes]) -> Host:
    """The world of the caller's token."""
    kind, _, token = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    if kind.lower() not in ("bearer", "oauth") or not token.strip():
        raise _Gone("a media URL needs the access token, too: send Authorization: Bearer <access_token>")
    try:
        host, found = authenticate(hosts, token.strip())
        check_life(found, host)
        permit(route_table()["GET", "media_url", ""], found)
    except Refused as refused:
        raise _Gone(reason(refused.refusal)) from None
    return host


def _medium(host: Host, path: str, query: dict[str, str]) -> Media:
    """The medium that a URL stands for, if the URL was made for it and is still good."""
    media_id, expiry = query.get("mid", ""), query.get("ext", "")
    if path.rstrip("/") != MEDIA_PATH.rstrip("/"):
        raise _Gone(f"there is nothing at {path}")
    if not _EXPIRY.match(expiry) or not is_genuine(host.world, media_id, expiry, query.get("hash", "")):
        raise _Gone("the URL was not made by this world, or was changed: use it as GET /{media_id} gave it")
    if host.now() >= int(expiry) * SECOND:
        raise _Gone("the URL has expired: ask GET /{media_id} for a new one")
    media = find_media(host.world, media_id, host.now())
    if media is None:
        raise _Gone(f"the medium {media_id} was deleted or has expired")
    if host.blobs.size(media.blob) is None:
        raise _Gone(f"the bytes of {media_id} are not here any more")
    return media


async def _serve(host: Host, media: Media, headers: dict[bytes, bytes], method: str, send: Send) -> int:
    """Sends a file or a part of it, a chunk at a time; the status."""
    size = host.blobs.size(media.blob) or 0
    try:
        piece = _piece(headers, method, size)
    except _Unsatisfiable:
        await _end(send, 416, [(b"content-range", b"bytes */%d" % size)])
        return 416
    described: list[Header] = [
        (b"content-type", _header_text(media.mime_type)),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private, no-store"),
    ]
    if piece.status == 206:
        described.append((b"content-range", b"bytes %d-%d/%d" % (piece.start, piece.stop - 1, size)))
    if method == "HEAD":
        await _end(send, piece.status, described, size)
        return piece.status
    described.append((b"content-length", b"%d" % (piece.stop - piece.start)))
    await send({"type": "http.response.start", "status": piece.status, "headers": described})
    at = piece.start
    while at < piece.stop:
        chunk = host.blobs.read(media.blob, at, min(CHUNK, piece.stop - at))
        if not chunk:  # the file is gone: the server closes the connection, so that nobody takes a part for the whole
            return piece.status
        at += len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": at < piece.stop})
    if piece.start == piece.stop:
        await send({"type": "http.response.body", "body": b""})
    return piece.status


def _piece(headers: dict[bytes, bytes], method: str, size: int) -> _Piece:
    """The range that was asked for; the whole file if there is none that can be read (RFC 9110, 14.2).

    There are no validators, so a condition on the range (If-Range) never holds.
    """
    found = _RANGE.match(headers.get(b"range", b"").decode("latin-1").strip())
    whole = _Piece(0, size, 200)
    if found is None or method != "GET" or b"if-range" in headers:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return whole
    if start >= size:
        raise _Unsatisfiable
    return _Piece(start, stop, 206)


def _header_text(text: str) -> bytes:
    """A header's value out of text that came from a client, which may not bring lines of its own."""
    return "".join(c for c in text if c.isprintable()).encode("latin-1", "replace")


async def _end(send: Send, status: int, headers: list[Header], length: int = 0) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % length)],
        }
    )
    await send({"type": "http.response.body", "body": b""})
