"""What a person who drives the emulator got wrong, said in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Mistake(Exception):
    """A call of the control API that cannot be done; `status` is its HTTP status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence: `; did you mean …?`, or all that is known if it is little."""
    from difflib import get_close_matches

    words = sorted({one for one in known if one})
    lower = {one.lower(): one for one in words}
    found = get_close_matches(word.lower(), list(lower), n=3, cutoff=0.5)
    if found:
        return f"; did you mean {' or '.join(lower[one] for one in found)}?"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 40 else ""


def only(given: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuses members that nobody would read."""
    words = tuple(known)
    for name in given:
        if name not in words:
            raise Mistake(f"{what} has no member {name!r}{nearest(name, words)}")


def text_of(given: Mapping[str, Any], name: str, default: str = "", *, limit: int = 4_096) -> str:
    """A member that is a text."""
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Mistake(f"{name} is a text, not {_kind(value)}")
    if len(value) > limit:
        raise Mistake(f"{name} has {len(value)} characters; {limit} are enough")
    return value


def number_of(given: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """A member that is a number within bounds; None if it is not there."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Mistake(f"{name} is a number, not {_kind(value)}")
    if not low <= value <= high:
        raise Mistake(f"{name} lies between {low:g} and {high:g}, not {value}")
    return value


def object_of(given: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """A member that is an object; None if it is not there."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Mistake(f"{name} is an object, not {_kind(value)}")
    return value


def choice_of(given: Mapping[str, Any], name: str, known: Iterable[str]) -> str | None:
    """A member that is one of some words; None if it is not there."""
    value = given.get(name)
    if value is None:
        return None
    words = tuple(known)
    if value not in words:
        raise Mistake(f"{name} cannot be {value!r}{nearest(str(value), words)}")
    return str(value)


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {bool: "true or false", str: "a text", dict: "an object", list: "a list"}
    return kinds.get(type(value), "a number")
