"""A scenario file as a person would write it: one sentence a line, quotes only where they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = re.compile(r"[^\W\d_](?:[\w .!'()+-]*[\w.!'()+-])?")
_RISKY = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_SPANS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


def literal(value: Any) -> str:
    """A value on one line; `${` in a text stands for itself."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(name))}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def _text(value: str) -> str:
    return _quoted(value.replace("${", "$${"))


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _RISKY:
        return value
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def expected(text: str) -> str:
    """A text that is expected to the letter; one that looks like a pattern is written as one that finds it."""
    if re.fullmatch(r"/.+/[a-z]*", text, re.S):
        return f"/^{re.escape(text)}$/"
    return text


def sentence(words: str, value: Any = None) -> str:
    """One step; None: nothing follows the sentence."""
    return f"  - {words}" if value is None else f"  - {words}: {literal(value)}"


def comment(text: str, indent: str = "") -> list[str]:
    """Lines that only people read."""
    return [f"{indent}# {_UNSAFE.sub(' ', line)}".rstrip() for line in text.splitlines()]


def span(milliseconds: int) -> str:
    """A time such as `1 day 1 hour`."""
    parts: list[str] = []
    for name, size in _SPANS:
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    if milliseconds:
        parts.append(f"{milliseconds} ms")
    return " ".join(parts)


def key_of(name: str, taken: Iterable[str]) -> str:
    """The word for a person in a scenario: their first name, with a number if somebody else has it."""
    there = set(taken)
    first = re.sub(r"\W+", "_", name.strip().lower().partition(" ")[0]).strip("_")
    if not first.isidentifier():
        first = f"user_{first}".rstrip("_")
    number, found = 1, first
    while found in there:
        number += 1
        found = f"{first}{number}"
    return found
