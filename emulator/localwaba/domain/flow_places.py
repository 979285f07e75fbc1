"""Where the parts of a JSON text stand: lines and columns, as the validation errors of flows give them."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any

import msgspec

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class Places:
    """The spans of all names and values of a JSON text, which has to be JSON; line 1 and column 1 are the first."""

    __slots__ = ("_lines", "_names", "_values")

    def __init__(self, text: str) -> None:
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._names: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        self._scan(text)

    def of(self, path: Path, *, name: bool = False) -> dict[str, int]:
        """Lines and columns of a value, or of the name of a member; the end is the last character itself."""
        start, end = (self._names if name else self._values).get(path, (0, 1))
        return span(self._lines, start, end - 1)

    def _scan(self, text: str) -> None:
        open_: list[_Open] = []
        for found in _TOKEN.finditer(text):
            token, top = found[0], open_[-1] if open_ else None
            if token in "}]":
                closed = open_.pop()
                self._values[closed.path] = (closed.start, found.end())
            elif token == ",":
                top.go_on() if top else None
            elif token in "{[":
                open_.append(_Open(top.child() if top else (), found.start(), token == "{"))
            elif token != ":":
                self._take(token, found.span(), top)

    def _take(self, token: str, where: tuple[int, int], top: _Open | None) -> None:
        if top is not None and top.is_object and top.key is None:
            top.key = msgspec.json.decode(token, type=str)
            self._names[top.child()] = where
        else:
            self._values[top.child() if top else ()] = where


class _Open:
    """An object or an array whose end has not come yet."""

    __slots__ = ("index", "is_object", "key", "path", "start")

    def __init__(self, path: Path, start: int, is_object: bool) -> None:
        self.path = path
        self.start = start
        self.is_object = is_object
        self.key: str | None = None
        self.index = 0

    def child(self) -> Path:
        return (*self.path, self.key or "") if self.is_object else (*self.path, self.index)

    def go_on(self) -> None:
        self.key = None
        self.index += 1


def span(lines: list[int], first: int, last: int) -> dict[str, int]:
    """Lines and columns of the characters from `first` to `last`; `lines` are the offsets at which lines begin."""
    line_start, line_end = bisect_right(lines, first), bisect_right(lines, last)
    return {
        "line_start": line_start,
        "line_end": line_end,
        "column_start": first - lines[line_start - 1] + 1,
        "column_end": last - lines[line_end - 1] + 1,
    }


def spell(path: Path) -> str:
    """A path as validation errors write it, such as `screens[0].layout.children[0].type`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def walk(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    """Every value inside a JSON value, itself included, each with its path, in the order of the text."""
    found: list[tuple[Path, Any]] = []
    pending = [(path, value)]
    while pending:
        where, one = pending.pop()
        found.append((where, one))
        if isinstance(one, dict):
            pending += [((*where, key), member) for key, member in reversed(one.items())]
        elif isinstance(one, list):
            pending += [((*where, index), one[index]) for index in reversed(range(len(one)))]
    return found
