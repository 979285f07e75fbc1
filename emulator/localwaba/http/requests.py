"""The parts of a Graph request, however it was sent: JSON, form, multipart or query string."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from localwaba.domain.errors import invalid_parameter
from localwaba.http.bodies import Disconnected, Message, Receive, Scope, Send, TooLarge, too_large
from localwaba.http.ports import Blobs
from localwaba.http.uploads import read_multipart
from localwaba.operations.call import Blob

__all__ = [
    "JSON_LIMIT",
    "Body",
    "Disconnected",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "TooLarge",
    "parse_json",
    "parse_query",
    "read_body",
    "read_params",
    "too_large",
]

JSON_LIMIT = 8 * 1024 * 1024
_decode = msgspec.json.Decoder().decode
_KINDS = frozenset({"application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""})


class Body(NamedTuple):
    """What came in a body: its members, its files, its bytes if they were read whole, and whether they are JSON."""

    params: dict[str, Any]
    raw: bytes
    files: Mapping[str, Blob]
    is_json: bool
    warning: str = ""


NO_BODY = Body({}, b"", {}, False)


async def read_body(receive: Receive, limit: int = JSON_LIMIT) -> bytes:
    """The whole body of a request that is not a file; refused beyond the limit (bytes)."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise too_large(limit)
        return body
    chunks = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def parse_query(raw: bytes) -> dict[str, Any]:
    """The parameters of a query string or an urlencoded form; the last of several wins."""
    text = raw.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1000))
    except ValueError as error:
        raise invalid_parameter(why=str(error)) from None


def parse_json(raw: bytes) -> dict[str, Any]:
    """The members of a JSON body."""
    try:
        found = _decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise _not_json(str(error) or "it is nested too deeply") from None
    if not isinstance(found, dict):
        raise _not_json("it is not an object")
    return found


def _not_json(why: str) -> Exception:
    return invalid_parameter(
        rule="body",
        why=f"the body is not a JSON object: {why}",
        fix="send one JSON object with Content-Type: application/json",
    )


@lru_cache(maxsize=256)
def _kind_of(content_type: str) -> str:
    """A Content-Type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


async def read_params(receive: Receive, content_type: str, blobs: Blobs) -> Body:
    """The body of a request, whatever its type; what is no form is read as JSON."""
    kind = _kind_of(content_type)
    if kind == "multipart/form-data":
        params, files = await read_multipart(receive, content_type, blobs)
        return Body(params, b"", files, False)
    raw = await read_body(receive)
    if not raw:
        return NO_BODY
    if kind == "application/x-www-form-urlencoded":
        return Body(parse_query(raw), raw, {}, False)
    warning = "" if kind in _KINDS else f"a body of {kind} was read as JSON: send Content-Type: application/json"
    return Body(parse_json(raw), raw, {}, True, warning)
