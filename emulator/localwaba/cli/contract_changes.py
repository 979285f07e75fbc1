"""`localwaba contracts diff OLDER NEWER`: what would change for an app that moves to another Graph version."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import groupby, pairwise
from shutil import get_terminal_size
from textwrap import wrap
from typing import NamedTuple

import msgspec

from localwaba.cli.contract_book import graph_version
from localwaba.cli.mistake import Mistake
from localwaba.domain.traits import MEANINGS
from localwaba.versions.table import NEWEST, RELEASED, ROWS, traits_of
from localwaba_contracts import registry
from localwaba_contracts.differences import differences

_ORDER = ("webhooks", "templates", "errors")


class Change(NamedTuple):
    """One thing that `version` does not do as the version before it."""

    version: str
    subject: str
    place: str
    what: str


def diff(found: argparse.Namespace) -> int:
    """Prints it version by version."""
    if len(found.words) != 2:
        raise Mistake("contracts: diff takes two Graph versions: localwaba contracts diff v23.0 v26.0")
    older, newer = (graph_version(word) for word in found.words)
    if registry.number(older) > registry.number(newer):
        raise Mistake(f"contracts: diff goes from the older version to the newer one: {newer} {older}")
    first, last = traits_of(older).version, traits_of(newer).version
    passed = list(ROWS)[list(ROWS).index(first) : list(ROWS).index(last) + 1]
    changes = [change for before, after in pairwise(passed) for change in _step(before, after)]
    for line in dict.fromkeys([*_note(older), *_note(newer)]):
        print(f"localwaba: {line}", file=sys.stderr)
    if found.json:
        print(json.dumps([change._asdict() for change in changes], indent=2, ensure_ascii=False))
        return 0
    for line in _told(passed[1:], changes, get_terminal_size().columns):
        print(line)
    number = f"{len(changes) or 'no'} change{'s' * (len(changes) != 1)}"
    print(f"{number} between {older} and {newer} that localwaba knows of")
    return 0


def _note(version: str) -> list[str]:
    """What Meta makes of a version that is not among the known ones."""
    if registry.number(version) < registry.number(next(iter(ROWS))):
        return [f"{version} has expired: Meta serves its calls as {next(iter(ROWS))}"]
    if version not in ROWS:
        return [f"{version} is unknown here, and taken for {NEWEST.version}"]
    return []


def _step(before: str, after: str) -> Iterator[Change]:
    """What one version changes: first contracts, then what else webhooks and answers do."""
    traits = list(_traits(before, after))
    codes = " ".join(change.what for change in traits)
    found = [Change(after, one.subject, one.place, one.what) for one in differences(before, after)]
    told = [change for change in found if change.subject != "errors" or change.place.split()[0] not in codes]
    yield from sorted([*told, *traits], key=_rank)


def _rank(change: Change) -> int:
    return _ORDER.index(change.subject) if change.subject in _ORDER else -1


def _traits(before: str, after: str) -> Iterator[Change]:
    left, right = msgspec.structs.asdict(ROWS[before]), msgspec.structs.asdict(ROWS[after])
    for name, meaning in MEANINGS.items():
        was, now = left[name], right[name]
        if was != now:
            text = meaning.off if now is False else meaning.text
            title = registry.find_error(now) if not isinstance(now, bool) else None
            named = f"{now} ({title.title})" if title else str(now)
            yield Change(after, meaning.subject, "", text.format(was=was, now=named))


def _told(versions: list[str], changes: list[Change], width: int) -> Iterator[str]:
    """Each version with what it changes; those that change nothing stand together."""
    changed = {change.version for change in changes}
    for is_silent, group in groupby(versions, lambda version: version not in changed):
        names = list(group)
        if is_silent:
            yield from _lines("; ".join(map(_titled, names)), "", width)
            yield "  nothing that localwaba knows of"
            continue
        for version in names:
            yield _titled(version)
            own = [change for change in changes if change.version == version]
            for subject, some in groupby(own, lambda change: change.subject):
                yield from _lines(_explained(subject), "  ", width)
                for change in some:
                    yield from _lines(f"{change.place}: {change.what}" if change.place else change.what, "    ", width)


def _lines(text: str, indent: str, width: int) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _titled(version: str) -> str:
    return f"{version}, {RELEASED[version]}"


def _explained(subject: str) -> str:
    """The name of a contract with the calls that it is of, or with its title if it is a part of others."""
    if subject not in registry.names():
        return subject
    side = "answer" if subject.startswith("answers/") else "request"
    calls = [f"{row.method} {row.path}" for row in registry.routes() if getattr(row, side) == subject]
    return f"{subject}: {', '.join(calls) or registry.schema(subject).get('title', '')}"
