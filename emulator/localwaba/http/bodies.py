"""Bodies of requests, taken piece by piece as they come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Disconnected(Exception):
    """The client left before its request was complete."""


class TooLarge(Exception):
    """A body is larger than what is read; answered with 413."""


def too_large(limit: int) -> TooLarge:
    """The exception to raise for a body of more than `limit` bytes."""
    return TooLarge(f"the body is larger than {limit} bytes")


async def drain(receive: Receive, take: Callable[[bytes], object], limit: int) -> None:
    """Hands every piece of a body to `take`; `TooLarge` beyond the limit (bytes), `Disconnected` if it never ends."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        if piece:
            take(piece)
        if not message.get("more_body", False):
            return
