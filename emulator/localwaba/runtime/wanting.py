"""What a scenario wants of a value, held against the value: texts, patterns, members that have to be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localwaba_scenarios.model import Later, Pattern, Wanted

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
Scope = Mapping[str, str]


class Unknown(LookupError):
    """A name that has no value yet, since the step that captures it did not find it."""


def resolve(value: Any, scope: Scope) -> Any:
    """A value of a scenario with its names filled in and its patterns compiled."""
    if isinstance(value, Later):
        return "".join(part if isinstance(part, str) else _of(scope, part.name) for part in value.parts)
    if isinstance(value, Pattern):
        return _compiled(value, scope)
    if isinstance(value, Mapping):
        return {name: resolve(item, scope) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item, scope) for item in value)
    return value


def _of(scope: Scope, name: str) -> str:
    try:
        return scope[name]
    except KeyError:
        raise Unknown(f"${{{name}}} has no value: nothing has captured it yet") from None


def _compiled(pattern: Pattern, scope: Scope) -> re.Pattern[str]:
    source = pattern.source
    if isinstance(source, Later):
        source = "".join(part if isinstance(part, str) else re.escape(_of(scope, part.name)) for part in source.parts)
    flags = re.RegexFlag(0)
    for letter in pattern.flags:
        flags |= _FLAGS[letter]
    return re.compile(source, flags)


def fits(wanted: Wanted, given: Any) -> bool:
    """Whether a value is as wanted."""
    return next(misses(wanted, given), None) is None


def misses(wanted: Wanted, given: Any, name: str = "") -> Iterator[str]:
    """What is not as wanted, a line for each place in the value."""
    if isinstance(wanted, Mapping):
        if not isinstance(given, Mapping):
            yield f"{name or 'it'} is {shown(given)}, expected {shown(wanted)}"
            return
        for key, value in wanted.items():
            yield from misses(value, given.get(key), f"{name}.{key}" if name else key)
    elif isinstance(wanted, (list, tuple)):
        if not isinstance(given, (list, tuple)) or len(given) != len(wanted):
            yield f"{name or 'it'} is {shown(given)}, expected {shown(wanted)}"
            return
        for n, (value, item) in enumerate(zip(wanted, given, strict=True)):
            yield from misses(value, item, f"{name}[{n}]")
    elif not _is(wanted, given):
        yield f"{name or 'it'} is {shown(given)}, expected {shown(wanted)}"


def _is(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, re.Pattern):
        return given is not None and wanted.search(str(given)) is not None
    if isinstance(wanted, bool) or isinstance(given, bool) or wanted is None:
        return type(wanted) is type(given) and wanted == given
    if given is not None and isinstance(wanted, str) is not isinstance(given, str):
        return str(wanted) == str(given)  # whether an id is a number on the wire is nothing that a reader needs to know
    return bool(wanted == given)


def shown(value: Any) -> str:
    """A wanted or a given value in one line, as one would write it."""
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{name}: {shown(item)}" for name, item in value.items()) + "}"
    elif isinstance(value, (list, tuple)):
        text = f"[{', '.join(map(shown, value))}]"
    elif value is None:
        text = "missing"
    else:
        text = str(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 200 else text[:199] + "…"


def captured(wanted: Any, given: Any) -> dict[str, str]:
    """What the named groups of a pattern caught."""
    found = wanted.search(str(given)) if isinstance(wanted, re.Pattern) and given is not None else None
    return {name: value for name, value in found.groupdict().items() if value is not None} if found else {}


class Fitting:
    """Something wanted, as a function that decides; `words` is how it is told."""

    def __init__(self, wanted: Wanted, decide: Callable[[Any], bool] | None = None, words: str = "") -> None:
        self.words = words or shown(wanted)
        self._decide = decide or (lambda given: fits(wanted, given))

    def __call__(self, given: Any) -> bool:
        return self._decide(given)
