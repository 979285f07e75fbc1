"""What changes for an app between two Graph versions, in words: contracts member by member, and error codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from localwaba_contracts import registry

_SILENT = frozenset({"$schema", "$id", "title", "description", "x-source", "x-confidence", "$comment"})
_LONGEST = 160


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One change: of which contract or error code, where in it, and what."""

    subject: str
    place: str
    what: str


def differences(older: str, newer: str) -> list[Difference]:
    """Everything in the contracts and the error catalogue that is not the same in both versions."""
    found: list[Difference] = []
    for name in registry.names():
        if registry.located(name, older) != registry.located(name, newer):
            before, after = registry.schema(name, older), registry.schema(name, newer)
            found += [_told(name, place, what) for place, what in compare(before, after)]
    for row in registry.errors():
        what = _born_or_gone(row, older, newer)
        if what:
            found.append(Difference(subject="errors", place=f"{row.key} ({row.title})", what=what))
    return found


def compare(before: Any, after: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """What differs between two schemas, each with its place; a member that must not be there is one that is gone."""
    if before is False:
        yield place, f"new, {_shown(after)}"
    elif after is False:
        yield place, f"gone, it was {_shown(before)}"
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            if key in _SILENT and not place.endswith("properties"):
                continue
            inner = f"{place}.{key}" if place else key
            if key not in before:
                yield inner, f"new, {_shown(after[key])}"
            elif key not in after:
                yield inner, f"gone, it was {_shown(before[key])}"
            elif before[key] != after[key]:
                yield from compare(before[key], after[key], inner)
    elif isinstance(before, list) and isinstance(after, list):
        gone = [one for one in before if one not in after]
        new = [one for one in after if one not in before]
        if len(gone) == len(new) and all(isinstance(one, dict) for one in gone + new):
            for number, (left, right) in enumerate(zip(gone, new, strict=True)):
                yield from compare(left, right, f"{place}[{number}]")
            return
        if gone:
            yield place, f"no longer: {', '.join(map(_shown, gone))}"
        if new:
            yield place, f"now also: {', '.join(map(_shown, new))}"
    elif before != after:
        yield place, f"{_shown(before)} becomes {_shown(after)}"


def _born_or_gone(row: registry.ErrorRow, older: str, newer: str) -> str:
    low, high = registry.number(older), registry.number(newer)
    if row.since and row.since.startswith("v") and low < registry.number(row.since) <= high:
        return "new"
    if row.until and row.until.startswith("v") and low <= registry.number(row.until) < high:
        return "gone"
    return ""


_TYPES = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "array": "a list", "object": "an object"}  # fmt: skip


def _shown(value: Any) -> str:
    """A schema or a value in words, as far as there are words for it."""
    if isinstance(value, dict) and value.keys() - _SILENT == {"enum"}:
        return f"one of {', '.join(map(str, value['enum']))}"
    if isinstance(value, dict) and value.keys() - _SILENT == {"type"} and value["type"] in _TYPES:
        return _TYPES[value["type"]]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _told(subject: str, path: str, what: str) -> Difference:
    rule, is_refusal, _ = path.partition(".x-refusal.")
    if is_refusal and path.endswith(".code"):
        before, _, after = what.partition(" becomes ")
        return Difference(subject=subject, place=_place(rule), what=f"refused with {after}, before with {before}")
    return Difference(subject=subject, place=_place(path), what=what)


def _place(path: str) -> str:
    """A place in a schema as the place in what it describes; limits and refusals keep their names."""
    return ".".join(part for part in path.split(".") if part not in ("properties", "$defs", "x-refusal", "oneOf"))
