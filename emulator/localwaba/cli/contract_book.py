"""`localwaba contracts`: list them, show one, hold recorded traffic against them, export, compare, count them."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from localwaba.cli.mistake import Mistake
from localwaba.client.following import entries_after
from localwaba.client.link import ControlError, Link
from localwaba.runtime.settings import nearest
from localwaba.versions.table import NEWEST, serve
from localwaba_contracts import registry

_NARROW = 16
_SHOWN = 3
_VERSION = re.compile(r"v\d+\.\d+\Z")


def contracts(found: argparse.Namespace) -> int:
    """Does what the first word says; the exit status."""
    acts: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "show": _show,
        "validate": _validate,
        "openapi": _openapi,
        "diff": _diff,
        "coverage": _coverage,
    }
    act = acts.get(found.act)
    if act is None:
        raise Mistake(f"contracts: there is no {found.act}{nearest(found.act, acts)}")
    try:
        return act(found)
    except BrokenPipeError:  # whoever reads what is printed has gone
        raise
    except (OSError, ControlError) as error:
        raise Mistake(f"contracts: {getattr(error, 'strerror', None) or error}") from None


def _list(found: argparse.Namespace) -> int:
    wanted = [word.lower() for word in found.words]
    rows = [(name, registry.schema(name)) for name in registry.names()]
    shown = [
        (name, schema.get("title", ""), schema.get("x-confidence", ""))
        for name, schema in rows
        if all(word in f"{name} {schema.get('title', '')}".lower() for word in wanted)
    ]
    if found.json:
        print(json.dumps([{"name": name, "title": title, "confidence": sure} for name, title, sure in shown], indent=2))
        return 0
    if not shown:
        raise Mistake(f"contracts: none has {' and '.join(wanted)} in its name or title")
    width = max(len(name) for name, _, _ in shown)
    for name, title, sure in shown:
        print(_row(f"{name:{width}}  {sure or ' '}  ", title))
    print(f"\n{len(shown)} contracts; M: Meta says so, C: captured, U: uncertain. One of them: contracts show NAME")
    return 0


def _row(head: str, text: str) -> str:
    """One line; in a terminal that is narrower, the rest of the text stands below its beginning."""
    room = get_terminal_size().columns - len(head)
    if not sys.stdout.isatty() or room < _NARROW:
        return f"{head}{text}".rstrip()
    return head + f"\n{' ' * len(head)}".join(wrap(text, room, break_long_words=False) or [""])


def _show(found: argparse.Namespace) -> int:
    if len(found.words) != 1:
        raise Mistake("contracts: show takes one name; localwaba contracts list has them")
    name = _name(found.words[0])
    print(json.dumps(registry.schema(name, graph_version(found.graph_version)), indent=2, ensure_ascii=False))
    return 0


def _name(text: str) -> str:
    """The contract that a name or the end of one means."""
    names = registry.names()
    ends = [name for name in names if name == text or name.endswith(f"/{text}")]
    if text in ends:
        return text
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise Mistake(f"contracts: {text} may be {', '.join(ends)}")
    raise Mistake(f"contracts: there is no contract {text}{nearest(text, names)}")


def graph_version(text: str) -> str:
    """The text, if it is a Graph version or nothing; Mistake for anything else."""
    if text and (not _VERSION.match(text) or serve(text) is None):
        raise Mistake(f"contracts: {text} is no Graph version: write it as {NEWEST.version}")
    return text


def _validate(found: argparse.Namespace) -> int:
    from localwaba_contracts.journals import Unreadable
    from localwaba_contracts.traffic import Verdict, judge_document, judge_value

    version = graph_version(found.graph_version)
    if not found.words and not found.url:
        raise Mistake("contracts: validate takes files (HAR, journal, webhook, send), or --url of an emulator")
    verdicts: list[Verdict] = []
    for file in found.words:
        document = read_document(file)
        try:
            if found.contract:
                verdicts.append(judge_value(file, _name(found.contract), document, version))
            else:
                verdicts += judge_document(file, document, version)
        except Unreadable as problem:
            raise Mistake(f"contracts: {problem}") from None
    if found.url:
        verdicts += judge_document(found.url, {"entries": read_journal(found)}, version)
    return _report(verdicts, as_json=found.json)


def read_document(file: str) -> Any:
    """The JSON of a file, or its lines of JSON as a list; Mistake for anything else."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(f"contracts: cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Mistake(f"contracts: {file} is no text in UTF-8") from None
    if not text.strip():
        raise Mistake(f"contracts: {file} is empty")
    try:
        return _json(text)
    except RecursionError:
        raise Mistake(f"contracts: {file} is nested too deeply") from None
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:  # what `localwaba tail --json` prints: a value a line
            return [_json(line) for line in lines] if len(lines) > 1 else _no_json(file, error)
        except ValueError:
            return _no_json(file, error)


def _json(text: str) -> Any:
    """The value of a text; `NaN` and `Infinity`, which Python reads, are no JSON for anybody else."""

    def refuse(word: str) -> None:
        raise ValueError(f"there is no {word} in JSON")

    return json.loads(text, parse_constant=refuse)


def _no_json(file: str, error: ValueError) -> Any:
    raise Mistake(f"contracts: {file} is no JSON: {error}") from None


def read_journal(found: argparse.Namespace) -> list[Any]:
    """The whole journal of the running emulator that was named."""
    try:
        with closing(Link(found.url, found.token, control_token=found.control_token)) as link:
            return list(entries_after(link))
    except ValueError as error:
        raise Mistake(f"contracts: {error}") from None


def _report(verdicts: Sequence[Any], *, as_json: bool) -> int:
    broken = [one for one in verdicts if one.problem is not None]
    if as_json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(list(verdicts))).decode())
        return 1 if broken else 0
    for one in broken:
        problem = one.problem
        text = problem.details or problem.message or registry.error(str(problem.code)).title
        print(f"{one.where}: the {one.part} breaks {one.contract}")
        print(f"  code {problem.code}: {text}")
        for label, value in (("at", problem.path), ("expected", problem.expected), ("fix", problem.fix)):
            if value:
                print(f"  {label}: {value}")
    counts = Counter(one.part for one in verdicts if one.contract)
    others = sum(one.part == "other" for one in verdicts)
    unread = [one.where for one in verdicts if one.part == "unread"]
    for one in verdicts:
        if not one.contract and one.part not in ("other", "unread"):
            print(f"{one.where}: no contract is known for this {one.part}")
    if others:
        print(f"{others} request{'s' * (others != 1)} to others than the platform left out")
    if unread:
        what = "body in JSON is" if len(unread) == 1 else "bodies in JSON are"
        print(f"{len(unread)} {what} left out of the file, or compressed with br or zstd: {_some(unread)}")
    kinds = ", ".join(f"{count} {part}{'s' * (count != 1)}" for part, count in counts.items()) or "nothing"
    print(f"{kinds} held against the contracts: {len(broken) or 'none'} broken")
    return 1 if broken else 0


def _some(places: Sequence[str]) -> str:
    """The first few of many places."""
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _openapi(found: argparse.Namespace) -> int:
    from localwaba_contracts.openapi import document

    if found.words:
        raise Mistake("contracts: openapi takes no words; --graph-version and --output")
    text = (
        json.dumps(document(graph_version(found.graph_version) or NEWEST.version), indent=2, ensure_ascii=False) + "\n"
    )
    if found.output is None:
        print(text, end="")
        return 0
    try:
        found.output.write_text(text, "utf-8")
    except OSError as error:
        raise Mistake(f"contracts: cannot write {found.output}: {error.strerror or error}") from None
    print(f"{found.output}: OpenAPI 3.1", file=sys.stderr)
    return 0


def _diff(found: argparse.Namespace) -> int:
    from localwaba.cli.contract_changes import diff

    return diff(found)


def _coverage(found: argparse.Namespace) -> int:
    from localwaba.cli.contract_coverage import coverage

    return coverage(found)
