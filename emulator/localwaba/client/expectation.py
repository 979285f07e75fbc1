"""What a test expects of a message, and how near something else came to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches, ndiff
from typing import Any

from localwaba.client.chat import NAMES, Bubble

__tracebackhide__ = True  # failures of tests are shown where the test is

Wanted = str | re.Pattern[str] | Callable[[Any], Any] | Any


TYPES = frozenset({
    "audio", "contacts", "document", "image", "interactive", "location", "pin", "reaction", "sticker", "template",
    "text", "video",
})  # fmt: skip
"""What a message of a business can be."""

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_UNSAYABLE = frozenset({"id", "phone_number_id", "reply_to"})  # they differ from run to run


@dataclass(frozen=True, slots=True)
class Expectation:
    """Members of a bubble and what each has to be: a value, a pattern that is searched, or a function that decides."""

    wanted: dict[str, Wanted]

    @classmethod
    def of(cls, wanted: dict[str, Wanted]) -> Expectation:
        """An expectation; TypeError for a member that messages do not have, ValueError for a type that there is not.

        None means: anything.
        """
        for name in wanted:
            if name not in NAMES:
                near = get_close_matches(name, NAMES, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
                raise TypeError(f"a message has no {name!r}; {hint}")
        kind = wanted.get("type")
        if isinstance(kind, str) and kind not in TYPES:
            meant = get_close_matches(kind, TYPES, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"for what can be read: receives(text={kind!r})"
            raise ValueError(f"there is no type of message {kind!r}; {hint}")
        return cls({name: wanted[name] for name in NAMES if wanted.get(name) is not None})

    def fits(self, one: Bubble) -> bool:
        """Whether a message is what was expected."""
        return not self.misses(one)

    def misses(self, one: Bubble) -> list[str]:
        """The members that are not as expected."""
        return [name for name, wanted in self.wanted.items() if not _fits(wanted, getattr(one, name))]

    def nearest(self, candidates: Iterable[Bubble]) -> Bubble | None:
        """The message that comes nearest; of equals the last."""
        best: tuple[float, Bubble | None] = (-1.0, None)
        for one in candidates:
            score = sum(_nearness(wanted, getattr(one, name)) for name, wanted in self.wanted.items())
            if score >= best[0]:
                best = (score, one)
        return best[1]

    def step(self, within: float) -> dict[str, Any]:
        """The expectation as a scenario says it; what only Python can decide is left out."""
        said: dict[str, Any] = {}
        for name, wanted in self.wanted.items():
            if isinstance(wanted, re.Pattern):
                flags = "".join(letter for letter, flag in _FLAGS.items() if wanted.flags & flag)
                said[name] = f"/{wanted.pattern}/{flags}"
            elif isinstance(wanted, (str, int, float, bool)):
                said[name] = wanted
            elif isinstance(wanted, (list, tuple)) and all(isinstance(item, str) for item in wanted):
                said[name] = list(wanted)
        kept = {name: value for name, value in said.items() if name not in _UNSAYABLE}
        return kept | {"within": f"{max(1, round(within * 1000))} ms"}

    def lines(self) -> list[str]:
        """The expectation in words."""
        if not self.wanted:
            return ["any message"]
        return [f"{name} {_words(wanted)}" for name, wanted in self.wanted.items()]

    def difference(self, one: Bubble) -> list[str]:
        """Each expected member: as it should be, or how it differs."""
        lines: list[str] = []
        for name, wanted in self.wanted.items():
            given = getattr(one, name)
            if _fits(wanted, given):
                lines.append(f"  {name} = {_shown(given)}")
            elif isinstance(wanted, str) and isinstance(given, str) and given:
                lines.append(f"! {name} differs (- expected, + received)")
                lines += [f"    {line.rstrip()}" for line in ndiff(wanted.splitlines(), given.splitlines())]
            else:
                lines.append(f"! {name} = {_shown(given)}, expected: {_words(wanted)}")
        return lines


def _fits(wanted: Wanted, given: Any) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search("" if given is None else str(given)) is not None
    if callable(wanted):
        return bool(wanted(given))
    if isinstance(given, tuple):
        return isinstance(wanted, (list, tuple)) and tuple(wanted) == given
    return bool(wanted == given)


def _nearness(wanted: Wanted, given: Any) -> float:
    if _fits(wanted, given):
        return 1.0
    if isinstance(wanted, str) and isinstance(given, str):
        return 0.9 * SequenceMatcher(None, wanted, given).ratio()
    return 0.0


def _words(wanted: Wanted) -> str:
    if isinstance(wanted, re.Pattern):
        return f"matching /{wanted.pattern}/"
    if callable(wanted):
        words = getattr(wanted, "words", "")
        if words:
            return str(words)
        name = getattr(wanted, "__name__", repr(wanted))
        return "for which a function says yes" if name == "<lambda>" else f"for which {name} says yes"
    return _shown(tuple(wanted) if isinstance(wanted, list) else wanted)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(repr(item) for item in value) + "]"
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:297]}..."
