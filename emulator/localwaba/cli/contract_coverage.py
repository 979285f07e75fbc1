"""`localwaba contracts coverage`: what of the contracts a running emulator, or recorded journals, exercised."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from localwaba.cli.contract_book import read_document, read_journal
from localwaba.cli.mistake import Mistake
from localwaba.runtime.coverage import as_json, html, shortfall, table
from localwaba.runtime.settings import nearest
from localwaba_contracts.coverage import DEFAULT, count, is_meant, measure, units, words


def coverage(found: argparse.Namespace) -> int:
    """Prints it, and writes it as HTML; 1 if it is less than it has to be."""
    if not found.words and not found.url:
        raise Mistake("contracts: coverage takes files with journals, or --url of an emulator")
    required = _required(found.fail_under)
    names = _names(found.of)
    for pattern in found.ignore:
        if not any(is_meant(pattern, unit) for unit in units()):
            raise Mistake(f"contracts: --ignore {pattern} stands for nothing")
    if not measure({}, names, found.ignore).total:
        raise Mistake("contracts: --ignore leaves nothing that counts")
    counts: Counter[str] = Counter()
    for file in found.words:
        counts += count(_entries(file, read_document(file)))
    if found.url:
        counts += count(read_journal(found))
    measured = measure(counts, names, found.ignore)
    told = as_json(measured) if found.json else "\n".join([*table(measured, with_missing=found.missing), ""])
    print(told, end="")
    if found.html is not None:
        found.html.write_text(html(measured, required), "utf-8")
    problem = shortfall(measured, required)
    if problem:
        print(f"localwaba: {problem}", file=sys.stderr)
    return 1 if problem else 0


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
    return names or DEFAULT


def _entries(file: str, document: Any) -> list[dict[str, Any]]:
    entries = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(
        isinstance(one, dict) and "n" in one and one.get("kind") in ("call", "event") for one in entries
    ):
        raise Mistake(f"contracts: {file} is no journal: GET /_localwaba/journal and localwaba tail --json give one")
    return entries
