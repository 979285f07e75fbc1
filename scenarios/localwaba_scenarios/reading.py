"""Values out of nodes: texts with variables, times, patterns, JSON. What is wrong is said with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from localwaba_scenarios import nodes
from localwaba_scenarios.model import Later, Name, Pattern, Text, Wanted
from localwaba_scenarios.nodes import Node, Scalar, Wrong

UNITS = {
    "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001,
    "s": 1, "second": 1, "seconds": 1,
    "min": 60, "minute": 60, "minutes": 60,
    "h": 3_600, "hour": 3_600, "hours": 3_600,
    "d": 86_400, "day": 86_400, "days": 86_400,
    "week": 604_800, "weeks": 604_800,
}  # fmt: skip
_PART = rf"\d+(?:\.\d+)? ?(?:{'|'.join(sorted(UNITS, key=len, reverse=True))})\b"
SPAN = rf"{_PART}(?: (?:and )?{_PART})*"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
PATTERN = re.compile(r"/(.+)/([a-z]*)", re.S)
_NAME = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_LONGEST = 3_155_760_000.0  # a century


def raw_schema() -> str:
    """The JSON Schema of scenario files, as text."""
    return files("localwaba_scenarios").joinpath("scenario.schema.json").read_text(encoding="utf-8")


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of scenario files, which also holds the words that files may use."""
    found: Mapping[str, Any] = json.loads(raw_schema())
    return found


def words(name: str) -> tuple[str, ...]:
    """The words of one kind: knobs, fields, actions, types, …"""
    found = schema()["$defs"][name]
    return tuple(found["enum"] if "enum" in found else found["properties"])


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence, or all that is known if it is little."""
    there = list(dict.fromkeys(known))
    lower = {one.lower(): one for one in reversed(there)}
    found = get_close_matches(word.lower(), list(lower), n=1, cutoff=0.5)
    if found:
        return f"; did you mean {lower[found[0]]}?"
    return f"; known: {', '.join(there)}" if 0 < len(there) <= 40 else ""


def span_of(text: str) -> float | None:
    """Seconds out of `25 hours` or `1 h 30 min`; None if it is no time."""
    if not re.fullmatch(SPAN, text):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?) ?([a-z]+)", text.replace("and ", ""))
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def nearest_unit(text: str) -> str:
    """What a unit of time that there is not was probably meant to be, as the end of a sentence."""
    strange = next((word for word in re.findall(r"[a-zA-Z]+", text) if word not in UNITS and word != "and"), "")
    found = nearest(strange, UNITS) if strange and re.search(r"\d", text) else ""
    return found if found.startswith("; did you mean") else ""


class Reader:
    """Reads the values of one scenario. `scope` are its variables, `later` the names that get values when it is played.

    Names that a pattern captures are added to `later`.
    """

    def __init__(self, scope: Mapping[str, str], later: Iterable[str] = ()) -> None:
        self.scope = scope
        self.later = set(later)

    # texts

    def fill(self, node: Scalar, text: str | None = None, change: Callable[[str], str] = str) -> Text:
        """A text with its variables filled in."""
        parts: list[str | Name] = []
        given = node.text if text is None else text
        at = 0
        for found in _NAME.finditer(given):
            parts.append(given[at : found.start()])
            at = found.end()
            name = found[1]
            if name is None:
                parts.append("${")
            elif name in self.scope:
                parts.append(change(self.scope[name]))
            elif name in self.later:
                parts.append(Name(name))
            else:
                known = sorted({*self.scope, *self.later})
                raise Wrong(node.place, f"there is no variable {name or '(empty)'}{nearest(name, known)}")
        if "${" in given[at:]:
            raise Wrong(node.place, "`${` needs a name and a `}`; where the signs themselves are meant, write $${")
        parts.append(given[at:])
        if all(isinstance(part, str) for part in parts):
            return "".join(map(str, parts))
        return Later(tuple(part for part in parts if part != ""))

    def text(self, node: Node, what: str) -> Text:
        """A text; it may be empty only if it is quoted."""
        if not isinstance(node, Scalar):
            raise Wrong(node.place, f"{what} is a text; quote it if it begins with {{ or [")
        if node.is_empty:
            raise Wrong(node.place, f"{what} is missing; an empty text is written as ''")
        return self.fill(node)

    def word(self, node: Node, what: str) -> str:
        """A text that is known before the scenario is played."""
        found = self.text(node, what)
        if isinstance(found, Later):
            raise Wrong(node.place, f"{what} has to be known beforehand: {found} is not")
        return found

    def choice(self, node: Node, what: str, known: Iterable[str]) -> str:
        """One of some words."""
        found, there = self.word(node, what), tuple(known)
        if found not in there:
            raise Wrong(node.place, f"there is no {what} {found}{nearest(found, there)}")
        return found

    # numbers and times

    def whole(self, node: Node, what: str, low: int = 0) -> int:
        """A whole number."""
        found = self.word(node, what)
        if not re.fullmatch(r"-?\d{1,18}", found) or int(found) < low:
            raise Wrong(node.place, f"{what} is a whole number from {low} on, not {found}")
        return int(found)

    def span(self, node: Node, what: str) -> float:
        """Seconds out of a time such as `5 s`."""
        found = self.word(node, what)
        seconds = span_of(found)
        if seconds is None or seconds > _LONGEST:
            hint = nearest_unit(found)
            raise Wrong(node.place, f"{what} is a time such as 5 s, 1 hour 30 minutes or 25 hours, not {found}{hint}")
        return seconds

    def boolean(self, node: Node, what: str) -> bool:
        """`true` or `false`."""
        found = self.word(node, what)
        if found not in ("true", "false"):
            raise Wrong(node.place, f"{what} is true or false, not {found}")
        return found == "true"

    # structures

    def members(
        self, node: Node, what: str, known: Iterable[str] | None = None, example: str = "{name: value}"
    ) -> dict[str, Node]:
        """The members of a mapping; with `known`, no others."""
        if not isinstance(node, nodes.Mapping):
            raise Wrong(node.place, f"{what} is a mapping, as in {example}")
        there = None if known is None else tuple(known)
        for name, value in node.entries:
            if there is not None and name.text not in there:
                hint = nearest(name.text, there)
                if isinstance(value, Scalar) and value.is_empty and not hint.startswith("; did you mean"):
                    hint = "; a text with a comma needs quotes here, and only ' and \" are quotes"
                raise Wrong(name.place, f"{what} has no member {name.text}{hint}")
        return {name.text: value for name, value in node.entries}

    def json(self, node: Node) -> Any:
        """JSON: without quotes `null`, `true`, `false` and numbers are what they are in JSON, all else is a text."""
        if isinstance(node, nodes.Mapping):
            return {name.text: self.json(value) for name, value in node.entries}
        if isinstance(node, nodes.Sequence):
            return [self.json(item) for item in node.items]
        found = self.fill(node)
        return _literal(found) if node.plain and isinstance(found, str) else found

    def wanted(self, node: Node, *, textual: bool = False) -> Wanted:
        """What a value has to be; with `textual` a scalar is a text or a pattern and nothing else."""
        if isinstance(node, nodes.Mapping):
            return {name.text: self.wanted(value) for name, value in node.entries}
        if isinstance(node, nodes.Sequence):
            return tuple(self.wanted(item, textual=textual) for item in node.items)
        found = PATTERN.fullmatch(node.text)
        if found:
            return self._pattern(node, found[1], found[2])
        if textual:
            return self.text(node, "what is expected")
        return self.json(node)

    def _pattern(self, node: Scalar, source: str, flags: str) -> Pattern:
        if set(flags) - set("ims"):
            raise Wrong(node.place, f"a pattern ends with /, /i, /m or /s, not /{flags}")
        filled = self.fill(node, source, re.escape)
        trial = filled if isinstance(filled, str) else "".join(x if isinstance(x, str) else "x" for x in filled.parts)
        try:
            self.later |= set(re.compile(trial).groupindex)
        except (re.error, OverflowError) as error:
            raise Wrong(node.place, f"this is no pattern: {error}") from None
        return Pattern(filled, flags)

    # what is shown

    def shown(self, node: Node, limit: int = 160) -> str:
        """A node in one line, as one would write it, with its variables filled in."""
        text = self._flow(node)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def _flow(self, node: Node) -> str:
        if isinstance(node, Scalar):
            return " ".join(str(self.fill(node)).split())
        if isinstance(node, nodes.Sequence):
            return f"[{', '.join(map(self._flow, node.items))}]"
        return "{" + ", ".join(f"{name.text}: {self._flow(value)}" for name, value in node.entries) + "}"


def _literal(text: str) -> Any:
    if text in ("", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    return json.loads(text) if _NUMBER.fullmatch(text) else text
