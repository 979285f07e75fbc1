"""Files that tell what was exercised: journals, HAR files, and JSON reports of coverage; one by one, and their union.

A report keeps every count of its run, also of what did not count there. So the union of the reports of a run's parts
is the report of the whole run, whatever way it was divided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import msgspec

from localwaba_contracts.coverage import DEFAULT, PARTS, count, normal, words
from localwaba_contracts.har import as_journal, exchanges, is_har
from localwaba_contracts.journals import Unreadable, journal


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What one file tells. The settings are those of the run that a report is of; None in all that are no reports.

    `made_by` is the version of localwaba that wrote a report; `doubtful` are calls that may be several operations.
    """

    where: str
    counts: Counter[str]
    of: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    graph_version: str | None = None
    made_by: str = ""
    doubtful: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What coverage is measured by: which parts count, what does not, and of which Graph version ("": any)."""

    of: tuple[str, ...] = DEFAULT
    ignore: tuple[str, ...] = ()
    graph_version: str = ""


class Disagreement(ValueError):
    """Reports were measured in different ways, and nobody said which one is meant; the text is one line."""


class _Report(msgspec.Struct, frozen=True):
    """What a report has to have to be read again."""

    localwaba: str
    graph_version: Annotated[str, msgspec.Meta(pattern=r"^(v\d+\.\d+)?$")]
    of: tuple[str, ...]
    ignore: tuple[str, ...]
    counts: dict[str, Annotated[int, msgspec.Meta(ge=0)]]


def read_source(where: str, document: Any) -> Source:
    """What a JSON document tells; Unreadable if it is neither journal, HAR nor report."""
    if is_har(document):
        calls, doubtful = as_journal(exchanges(document))
        return Source(where=where, counts=count(calls), doubtful=tuple(f"{one.method} {one.path}" for one in doubtful))
    if isinstance(document, dict) and "parts" in document and "counts" in document:
        return _read_report(where, document)
    entries = journal(where, document)
    if entries is None:
        raise Unreadable(
            f"{where} is no report of coverage, no HAR, and no journal, "
            "which GET /_localwaba/journal and localwaba tail --json give"
        )
    return Source(where=where, counts=count(entries))


def _read_report(where: str, document: dict[str, Any]) -> Source:
    try:
        found = msgspec.convert(document, _Report)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{where} is no report of coverage: {error}") from None
    strange = [name for name in found.of if name not in words()]
    strange += [key for key in found.counts if key != "dropped" and key.partition(":")[0] not in PARTS]
    if strange:
        raise Unreadable(f"{where} is of another localwaba, {found.localwaba}: nothing is known of {strange[0]}")
    return Source(
        where=where,
        counts=Counter(found.counts),
        of=found.of,
        ignore=found.ignore,
        graph_version=found.graph_version,
        made_by=found.localwaba,
    )


def union(sources: Sequence[Source]) -> Counter[str]:
    """All that was counted, together."""
    return sum((source.counts for source in sources), Counter[str]())


def settled(
    sources: Sequence[Source],
    of: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    graph_version: str | None = None,
) -> Settings:
    """What the union is measured by: what is given here, else what the reports say.

    Disagreement if they do not all say the same.
    """
    one = partial(_agreed, sources)
    parts = of if of is not None else one("of", lambda found: normal(found.of or ()), "counts", "--of")
    patterns = ignore if ignore is not None else one("ignore", _patterns, "ignores", "--ignore")
    version = graph_version
    if version is None:
        version = one("graph_version", lambda found: found.graph_version, "is pinned to", "--graph-version")
    return Settings(of=normal(parts or DEFAULT), ignore=tuple(patterns or ()), graph_version=version or "")


def _patterns(source: Source) -> tuple[str, ...]:
    return tuple(sorted(set(source.ignore or ())))


def _agreed(sources: Sequence[Source], member: str, read: Callable[[Source], Any], verb: str, option: str) -> Any:
    """What all reports say; None if there is no report."""
    said = {source.where: read(source) for source in sources if getattr(source, member) is not None}
    first = next(iter(said.items()), None)
    if first is None:
        return None
    where, value = first
    for other, different in said.items():
        if different != value:
            raise Disagreement(
                f"{where} {verb} {_shown(value)}, {other} {verb} {_shown(different)}; {option} says what holds for all"
            )
    return value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value or "no version"
    return ", ".join(value) or "nothing"
