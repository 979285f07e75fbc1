"""What happened in a world, in both directions: bounded, counted, never silently shortened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from threading import Lock
from typing import Any

import msgspec

from localwaba.domain.events import DeliveryAttempted, Event, GroupStatusReached, StatusReached
from localwaba.domain.fault_state import FaultArmed, FaultFired, FaultsCleared

_encode_packed = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_SHOWN = 4_000
_ONE_AT_A_TIME = Lock()  # msgspec does not survive two threads that look through the same types for the first time


class Journal:
    """A ring of entries: events of the world, and calls of the app with our answers.

    Entries are kept as bytes, so that the garbage collector never walks through them; they are decoded when read.
    """

    def __init__(self, limit: int) -> None:
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=limit)
        self._followers: set[asyncio.Event] = set()
        self.on_refusal: Callable[[dict[str, Any]], None] | None = None
        self.count = 0
        self.refusals = 0
        """Calls that were refused and messages that failed, ever: nobody has to look for them where there are none."""
        self._closed = False
        self._cleared = 0

    @property
    def mark(self) -> tuple[int, int]:
        """Differs from an earlier one if anything has come since."""
        return self._cleared, self.count

    @property
    def dropped(self) -> int:
        """How many of the oldest entries are gone."""
        return self.count - len(self._entries)

    def add_event(self, event: Event, drawn: int) -> None:
        """Keeps an event, with the number of ids drawn so far."""
        self.count = number = self.count + 1
        try:
            raw = _encode_packed(event)
        except OverflowError:  # a value that somebody made up holds an integer beyond 64 bits
            raw = _encode_json(event)
        entry = (number, event.at, "event", raw, drawn)
        self._entries.append(entry)
        if (type(event) is StatusReached or type(event) is GroupStatusReached) and event.status == "failed":
            self.refusals += 1
        if self.on_refusal is not None and _is_refusal(event):
            self.on_refusal(_shown(entry))
        if self._followers:
            self._tell()

    def add_call(
        self,
        at: int,
        method: str,
        path: str,
        status: int,
        request: bytes,
        answer: bytes,
        why: str,
        operation: str,
    ) -> None:
        """Keeps a call of the app and what it was answered."""
        self.count += 1
        entry = (self.count, at, "call", method, path, status, request, answer, why, operation)
        self._entries.append(entry)
        if status >= 400:
            self.refusals += 1
        if self.on_refusal is not None and why:
            self.on_refusal(_shown(entry))
        if self._followers:
            self._tell()

    def events(self) -> Iterator[tuple[Event, int]]:
        """The events that are still there, with the number of ids drawn after each."""
        for entry in self._entries:
            if entry[2] == "event":
                yield _decode_event(entry[3]), entry[4]

    def read(self, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Entries as JSON-like values, oldest first."""
        first = self.dropped + 1
        start = max(0, after + 1 - first)
        return [_shown(self._entries[index]) for index in range(start, min(len(self._entries), start + limit))]

    def last_before(self, time: int) -> int:
        """The number of the last entry before a time; 0 if there is none. It costs what came since then."""
        if time <= 0:
            return 0
        return next((entry[0] for entry in reversed(self._entries) if entry[1] < time), 0)

    async def follow(self, after: int) -> AsyncIterator[dict[str, Any]]:
        """Entries as they come, until the journal is closed."""
        signal = asyncio.Event()
        self._followers.add(signal)
        try:
            cleared = self._cleared
            while not self._closed:
                signal.clear()
                if self._cleared != cleared:  # the world was reset, numbers begin anew
                    after, cleared = 0, self._cleared
                while entries := self.read(after):
                    for entry in entries:
                        after = entry["n"]
                        yield entry
                await signal.wait()
        finally:
            self._followers.discard(signal)

    def clear(self) -> None:
        """Forgets everything; numbering starts anew."""
        self._entries.clear()
        self.count = self.refusals = 0
        self._cleared += 1
        self._tell()

    def close(self) -> None:
        """Ends whoever follows."""
        self._closed = True
        self._tell()

    def _tell(self) -> None:
        for follower in self._followers:
            follower.set()


def _decode_event(raw: bytes) -> Event:
    with _ONE_AT_A_TIME:
        decode_packed, decode_json = _decoders()
    return decode_json(raw) if raw.startswith(b"{") else decode_packed(raw)  # 0x7b begins no packed map


@cache
def _decoders() -> tuple[Callable[[bytes], Event], Callable[[bytes], Event]]:
    """Made for whoever reads first: to look through every kind of event takes longer than most of the start."""
    return msgspec.msgpack.Decoder[Event](Event).decode, msgspec.json.Decoder[Event](Event).decode


def _is_refusal(event: Event) -> bool:
    """Whether something failed that somebody at a terminal wants to hear of."""
    if type(event) is StatusReached:
        return event.refusal is not None
    if type(event) is FaultFired:
        return event.left == 0
    if type(event) is FaultArmed or type(event) is FaultsCleared:
        return True
    return type(event) is DeliveryAttempted and event.state != "delivered"


def _shown(entry: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"n": entry[0], "at": entry[1], "kind": entry[2]}
    if entry[2] == "event":
        raw = entry[3]
        event = msgspec.json.decode(raw) if raw.startswith(b"{") else msgspec.msgpack.decode(raw)
        found["event"] = event.pop("event", "")
        found["data"] = _readable(event)
        return found
    _, _, _, method, path, status, request, answer, why, operation = entry
    found |= {"method": method, "path": path, "operation": operation, "status": status}
    found["request"] = _json_or_text(request)
    found["answer"] = _json_or_text(answer)
    if why:
        found["why"] = why
    return found


def _readable(value: Any) -> Any:
    if isinstance(value, bytes):
        return _json_or_text(value)
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_readable(item) for item in value]
    return value


def _json_or_text(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return raw[:_SHOWN].decode("utf-8", "replace")
