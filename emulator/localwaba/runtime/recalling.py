"""The messages of a journal so far, and how a scenario names one of them that somebody quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from localwaba.runtime.writing import expected


class _Said(NamedTuple):
    """A message, by whom and with whom, what kind it is, and what it says."""

    id: str
    wa_id: str
    by: str
    type: str
    text: str


class Recall:
    """What was written, oldest first; only messages that a phone shows are kept."""

    def __init__(self) -> None:
        self._there: list[_Said] = []
        self._way: dict[str, _Said] = {}

    def user_wrote(self, message: Mapping[str, Any], text: str) -> None:
        """A user's message; reactions and what WhatsApp itself tells are none that could be quoted."""
        if message["type"] not in ("reaction", "system"):
            self._there.append(_said(message, "user", text))

    def app_sent(self, message: Mapping[str, Any], text: str) -> None:
        """A message of the app, which is not on the phone yet."""
        if message["type"] != "reaction":
            self._way[str(message["id"])] = _said(message, "app", text)

    def arrived(self, message_id: str) -> None:
        """It is on the phone; nothing happens if it was there before."""
        one = self._way.pop(message_id, None)
        if one is not None:
            self._there.append(one)

    def name(self, message_id: str) -> Any:
        """What a scenario quotes a message by: its text, if nothing else says that; None if nobody knows it."""
        place = next((n for n, one in enumerate(self._there) if one.id == message_id), None)
        if place is None:
            return None
        one, later = self._there[place], [x for x in self._there[place + 1 :] if x.wa_id == self._there[place].wa_id]
        if one.text:
            earlier = sum(other.text == one.text for other in later)
            said: dict[str, Any] = {"text": expected(one.text)}
        else:
            earlier = sum((other.type, other.by) == (one.type, one.by) for other in later)
            said = {"type": one.type, "by": one.by}
        if earlier:
            return said | {"earlier": earlier}
        return said["text"] if one.text else said


def _said(message: Mapping[str, Any], by: str, text: str) -> _Said:
    return _Said(str(message["id"]), str(message["wa_id"]), by, str(message["type"]), text)
