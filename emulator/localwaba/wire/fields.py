"""The `fields` parameter of Graph: names, edges with fields of their own, modifiers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from localwaba.domain.errors import Refused, refuse

DEEPEST = 16


class Field(msgspec.Struct, frozen=True):
    """One field that is asked for: `name`, the fields asked of what it leads to, modifiers such as `limit(5)`."""

    name: str
    selection: tuple[Field, ...] = ()
    modifiers: tuple[tuple[str, str], ...] = ()

    def modifier(self, name: str) -> str | None:
        """What stands in the brackets of a modifier; None if the field does not have it."""
        return next((given for known, given in self.modifiers if known == name), None)


Selection = tuple[Field, ...]

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"\s*")


def read_fields(value: Any) -> Selection:
    """The fields that a parameter asks for, a list of them being as good as a text; empty: the default ones.

    Refused with 2500 where Graph's parser would stop (capture: facebook-node-sdk issue 123).
    """
    if not value:
        return ()
    if isinstance(value, (list, tuple)):
        return parse_fields(",".join(str(item) for item in value))
    return parse_fields(str(value))


@lru_cache(maxsize=1024)
def parse_fields(text: str) -> Selection:
    """The fields that a text such as `id,phone_numbers.limit(5){id,status}` asks for."""
    if text[:1] == "[" and text[-1:] == "]":  # a list that came as JSON in a query
        text = re.sub(r"[\[\]\"'\s]", "", text)
    parser = _Parser(text)
    found = parser.fields(0)
    parser.skip()
    if parser.at < len(text):
        raise parser.error(f'Expected end of string instead of "{text[parser.at]}".')
    return found


class _Parser:
    """Reads a text from left to right; `at` is the next character."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fields(self, depth: int) -> Selection:
        if depth > DEEPEST:
            raise self.error("Fields are nested too deeply.")
        found = [self.field(depth)]
        while self.take(","):
            found.append(self.field(depth))
        return tuple(found)

    def field(self, depth: int) -> Field:
        name = self.name()
        selection: Selection = ()
        modifiers: list[tuple[str, str]] = []
        while True:
            if self.take("."):
                modifiers.append((self.name(), self.arguments()))
            elif not selection and self.take("{"):
                selection = self.fields(depth + 1)
                self.expect("}")
            else:
                return Field(name, selection, tuple(modifiers))

    def name(self) -> str:
        self.skip()
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.error("Expected name.")
        self.at = match.end()
        return match[0]

    def arguments(self) -> str:
        self.expect("(")
        start, open_brackets = self.at, 1
        while open_brackets:
            if self.at >= len(self.text):
                raise self.error('Expected ")".')
            open_brackets += {"(": 1, ")": -1}.get(self.text[self.at], 0)
            self.at += 1
        return self.text[start : self.at - 1].strip()

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise self.error(f'Expected "{character}".')

    def take(self, character: str) -> bool:
        self.skip()
        if self.text[self.at : self.at + 1] != character:
            return False
        self.at += 1
        return True

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def error(self, expected: str) -> Refused:
        return refuse(
            2500,
            message=f'Syntax error "{expected}" at character {self.at}: {self.text}',
            rule="fields",
            why=f"`fields` cannot be read from character {self.at} on",
            fix="separate names by commas; close every bracket, as in phone_numbers.limit(5){id,status}",
        )
