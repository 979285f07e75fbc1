"""`localwaba contracts coverage`: what of the contracts runs of tests, recorded traffic or an emulator exercised."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shutil import get_terminal_size

from localwaba.cli.contract_book import graph_version, read_document, read_journal
from localwaba.cli.mistake import Mistake
from localwaba.runtime.coverage import as_json, html, shortfall, table
from localwaba.runtime.settings import nearest
from localwaba.version import __version__
from localwaba_contracts.coverage import count, is_meant, measure, units, words
from localwaba_contracts.coverage_files import Disagreement, Settings, Source, read_source, settled, union
from localwaba_contracts.journals import Unreadable

_SHOWN = 3


def coverage(found: argparse.Namespace) -> int:
    """Prints it, and writes it as JSON and HTML; 1 if it is less than it has to be."""
    if not found.words and not found.url:
        raise Mistake("contracts: coverage takes files (reports, journals, HAR), or --url of an emulator")
    required = _required(found.fail_under)
    said = _said(found)
    sources = _sources(found)
    asked = _settings(said, sources)
    measured = measure(union(sources), asked.of, asked.ignore, asked.graph_version)
    lines = table(measured, with_missing=found.missing, width=get_terminal_size().columns)
    print(as_json(measured) if found.json else "\n".join([*lines, ""]), end="")
    for kind, path, text in (
        ("JSON", found.output, as_json(measured)),
        ("HTML", found.html, html(measured, required)),
    ):
        if path is not None:
            _write(path, text)
            if not found.json:
                print(f"contract coverage as {kind} in {path}")
    for line in _notes(sources):
        print(f"localwaba: {line}", file=sys.stderr)
    problem = shortfall(measured, required)
    if problem:
        print(f"localwaba: {problem}", file=sys.stderr)
    return 1 if problem else 0


def _sources(found: argparse.Namespace) -> list[Source]:
    sources: list[Source] = []
    for file in found.words:
        try:
            sources.append(read_source(file, read_document(file)))
        except Unreadable as problem:
            raise Mistake(f"contracts: {problem}") from None
    if found.url:
        sources.append(Source(where=found.url, counts=count(read_journal(found))))
    return sources


def _said(found: argparse.Namespace) -> tuple[tuple[str, ...] | None, list[str] | None, str | None]:
    """What the options say, None where they say nothing: the parts, the patterns, the version."""
    names = _names(found.of)
    ignore = [pattern for pattern in found.ignore if pattern]
    for pattern in ignore:
        if not any(is_meant(pattern, unit) for unit in units()):
            raise Mistake(f"contracts: --ignore {pattern} stands for nothing")
    return names or None, ignore if found.ignore else None, graph_version(found.graph_version) or None


def _settings(said: tuple[tuple[str, ...] | None, list[str] | None, str | None], sources: list[Source]) -> Settings:
    """What the options say, else what the reports were measured by."""
    try:
        asked = settled(sources, *said)
    except Disagreement as problem:
        raise Mistake(f"contracts: coverage: {problem}") from None
    if not measure({}, asked.of, asked.ignore, asked.graph_version).total:
        raise Mistake("contracts: --ignore leaves nothing that counts")
    return asked


def _notes(sources: list[Source]) -> list[str]:
    """What the reader of the numbers has to know."""
    found: list[str] = []
    for source in sources:
        if source.made_by not in ("", __version__):
            found.append(f"{source.where} is of localwaba {source.made_by}, and held against what {__version__} knows")
        if source.doubtful:
            names = list(dict.fromkeys(source.doubtful))
            more = ", …" if len(names) > _SHOWN else ""
            calls = f"{len(source.doubtful)} call{'s' * (len(source.doubtful) != 1)}"
            what = "may be one operation or another, and count as none"
            found.append(f"{source.where}: {calls} {what}: {', '.join(names[:_SHOWN])}{more}")
    return found


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Mistake(f"contracts: cannot write {path}: {error.strerror or error}") from None


def _required(text: str) -> float:
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise Mistake(f"contracts: --fail-under is a percentage from 0 to 100, not {text}")
    return found


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in words():
            raise Mistake(f"contracts: --of: there is no part {name}{nearest(name, words())}")
    return names
