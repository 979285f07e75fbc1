"""YAML as a tree of texts, each with its place. Nothing is guessed: `no` is a text, and so is `1.10`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from localwaba_scenarios.model import Place


class Wrong(Exception):
    """Something in a file that the person who wrote it can put right; the text is one line."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place
        self.text = text


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `plain` if it stands there without quotes, `remarked` if it is empty and a remark stands in its place."""

    place: Place
    text: str
    plain: bool
    remarked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return self.plain and not self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Members in the order of the file; no name stands there twice."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]


Node = Scalar | Sequence | Mapping

_HINTS = {
    "mapping values are not allowed here": "a text with `: ` in it needs quotes, or the line above lacks something",
    "found character '\\t' that cannot start any token": "indent with spaces, not with tabs",
    "expected ',' or": "quote a text or a pattern that has one of , { } [ ] in it",
    "found unexpected end of stream": "a quote or a bracket is never closed",
    "expected alphabetic or numeric character": "a text that begins with * or & needs quotes",
    "expected <block end>, but found '<block": "this line is indented otherwise than those that it belongs to",
    "expected <block end>": "something is left over here: quote the text, or look for a bracket too many",
    "could not find expected ':'": "a colon is missing here, or in the line above",
    "found unknown escape character": "between \" and \" a \\ is written twice (\\\\d); between ' and ' it is not",
}
_SIGN = re.compile(r"found character '(.)' that cannot start any token")
LARGEST = 1_000_000
"""Characters in a file; what is longer was never written as a scenario, and takes long to be read."""


def parse(text: str, file: str) -> Iterator[Node]:
    """The documents of a file; raises `Wrong` where it is no YAML, and for anchors, tags and repeated names."""
    if len(text) > LARGEST:
        raise Wrong(Place(file, 1, 1), f"{len(text):,} characters are too many for a scenario file; {LARGEST:,} may be")
    lines = text.split("\n")
    question = _stand_in(text)
    try:
        loader = _Loader(text.replace("?", question))
        loader.file, loader.question = file, question
        while loader.check_node() and (root := loader.get_node()) is not None:
            yield _node(root, file, lines)
    except yaml.MarkedYAMLError as error:
        raise _told(error, file, lines) from None
    except yaml.reader.ReaderError as error:
        raise Wrong(place_at(text, error.position, file), "there is a character here that no text has") from None
    except RecursionError:
        raise Wrong(Place(file, 1, 1), "it is nested too deeply") from None


def _stand_in(text: str) -> str:
    """What stands for `?` while YAML is read: people write questions in {…}, where PyYAML takes the sign for syntax.

    It is a character for private use that is not in the text, nor there as an escape.
    """
    there = text.lower()
    free = (chr(code) for code in range(0xE03F, 0xF8FF) if chr(code) not in text and f"{code:x}" not in there)
    return next(free, "\ue03f")


def place_at(text: str, position: int, file: str) -> Place:
    """The line and the column of a position in a text."""
    return Place(file, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _told(error: yaml.MarkedYAMLError, file: str, lines: list[str]) -> Wrong:
    """What is wrong, in words for people who do not know YAML, and where it began."""
    problem, mark = error.problem or error.context or "this is no YAML", error.problem_mark or error.context_mark
    hint = next((text for start, text in _HINTS.items() if problem.startswith(start)), problem)
    if sign := _SIGN.match(hint):
        hint = f"a text that begins with {sign[1]} needs quotes"
    if problem.endswith("but got '<stream end>'"):
        hint = _HINTS["found unexpected end of stream"]
    if hint in (_HINTS["found unexpected end of stream"], _HINTS["could not find expected ':'"]):
        mark = error.context_mark or mark
    if mark is None:
        return Wrong(Place(file, 1, 1), hint)
    above = lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""
    if hint == _HINTS["could not find expected ':'"] and above.rstrip().endswith(("|", ">")):
        hint = "a colon is missing here; or this is the text of the line above, and is indented further than that line"
    elif problem.startswith("mapping values") and _is_too_far(lines[mark.line], mark.column, above):
        hint = "this line is indented too far, or the line above lacks something"
    return Wrong(_place(mark, file), hint)


def _is_too_far(line: str, column: int, above: str) -> bool:
    """Whether a line with a member of its own is indented further than the line above, which has its value already."""
    there, before = len(line) - len(line.lstrip()), len(above) - len(above.lstrip())
    return bool(above.strip()) and there > before and ":" not in line[:column]


class _Loader(yaml.BaseLoader):
    """Composes documents and refuses surprises on the way."""

    file = ""
    question = ""

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """A scalar, with its question marks in it again."""
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        node.value = node.value.replace(self.question, "?")
        return node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        """A node, unless what it begins with is a surprise."""
        _refuse_surprises(self.peek_event(), self.file)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


def _refuse_surprises(event: yaml.Event, file: str) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise Wrong(_place(event.start_mark, file), "anchors (& and *) are not read; use variables, or quote the text")
    tag = getattr(event, "tag", None)
    if tag not in (None, "!"):
        raise Wrong(_place(event.start_mark, file), "tags (!) are not read; quote the text")


def _node(found: yaml.Node, file: str, lines: list[str]) -> Node:
    place = _place(found.start_mark, file)
    if isinstance(found, yaml.ScalarNode):
        text, plain = found.value, found.style is None
        behind = lines[place.line - 1][place.column - 1 :] if plain and not text and place.line <= len(lines) else ""
        return Scalar(place, text, plain, behind.lstrip().startswith("#"))
    if isinstance(found, yaml.SequenceNode):
        return Sequence(place, tuple(_node(item, file, lines) for item in found.value))
    entries: list[tuple[Scalar, Node]] = []
    for key, value in found.value:
        name = _node(key, file, lines)
        if not isinstance(name, Scalar):
            raise Wrong(name.place, "the name of a member is a text; quote texts that begin with { or [")
        if any(name.text == other.text for other, _ in entries):
            raise Wrong(name.place, f"{name.text} stands here twice{_twice(name)}")
        if name.text == "<<":
            raise Wrong(name.place, "merges (<<) are not read; write the members down")
        entries.append((name, _node(value, file, lines)))
    return Mapping(place, tuple(entries))


def _twice(name: Scalar) -> str:
    return "; each step begins with a dash" if " " in name.text else ""


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)
