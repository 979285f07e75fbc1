"""Journals of an emulator as files: `GET /_localwaba/journal`, or its entries one a line."""

from __future__ import annotations

from typing import Any

import msgspec


class Unreadable(ValueError):
    """Something is none of the kinds of traffic that are known; the text is one line."""


class _Call(msgspec.Struct, tag_field="kind", tag="call"):
    """What a call of the app has to have."""

    n: int
    method: str
    path: str
    status: int


class _Event(msgspec.Struct, tag_field="kind", tag="event"):
    """What an event has to have."""

    n: int
    event: str
    data: dict[str, Any]


class _Delivery(msgspec.Struct):
    """What is known of a webhook that is to be sent."""

    id: str
    body: Any


class _Queued(msgspec.Struct):
    delivery: _Delivery


class _Attempted(msgspec.Struct):
    delivery_id: str
    state: str


_DATA = {"DeliveryQueued": _Queued, "DeliveryAttempted": _Attempted}


def journal(where: str, document: Any) -> list[dict[str, Any]] | None:
    """The entries of a journal, oldest first; None if it is none. Unreadable for an entry that lacks something."""
    entries = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(_is_entry(one) for one in entries):
        return None
    for number, one in enumerate(entries):
        try:
            entry = msgspec.convert(one, _Call | _Event)
            if isinstance(entry, _Event) and entry.event in _DATA:
                msgspec.convert(entry.data, _DATA[entry.event])
        except msgspec.ValidationError as error:
            raise Unreadable(f"{where}: entry {number} of the journal is none: {error}") from None
    return entries


def _is_entry(one: Any) -> bool:
    return isinstance(one, dict) and "n" in one and one.get("kind") in ("call", "event")
