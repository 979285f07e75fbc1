"""Findings as something to work with: what belongs together, the bytes as files, a curl command, and sending again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from localwaba.operations.checks.model import Answer, Exchange, Request
from localwaba.runtime.check_results import Report, Result
from localwaba.runtime.settings import nearest

FOLDER = Path(".localwaba") / "check"
INDEX = "findings.json"
_SHOWN = 5
_INLINE = 6_000


class Cause(NamedTuple):
    """A finding, and those that most probably have the same reason: the app answered them in the same words."""

    first: Result
    others: tuple[Result, ...]


class Kept(msgspec.Struct, kw_only=True):
    """What a file of findings says of one; `files` are beside it."""

    name: str
    url: str
    rule: str
    expected: str
    happened: str
    sources: tuple[str, ...] = ()
    file: str = ""
    about: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class NoFinding(LookupError):
    """There is nothing to send again; the text is one line."""


def causes(results: Sequence[Result]) -> list[Cause]:
    """Findings by their probable reason, in the order of the checks; broken rules before doubts."""
    ordered = [one for one in results if one.verdict.outcome == "failed"]
    ordered += [one for one in results if one.verdict.outcome == "warned"]
    by_key: dict[str, list[Result]] = {}
    for one in ordered:
        by_key.setdefault(_key(one), []).append(one)
    return [Cause(found[0], tuple(found[1:])) for found in by_key.values()]


def _key(result: Result) -> str:
    """What the app answered, if it did not take what it had to take; anything else stands for itself."""
    shown = culprits(result)
    answer = shown[0].answer if shown else None
    lenient = result.check.group in ("handshake", "signatures", "answers") or result.check.name == "big-bodies"
    if answer is None or answer.is_taken or answer.error or lenient:
        return result.check.name
    return f"{answer.status} {answer.body[:200]!r}"


def culprits(result: Result) -> tuple[Exchange, ...]:
    """The exchanges that show a finding, not too many."""
    return (result.verdict.culprits or result.exchanges)[:_SHOWN]


# files


def save(report: Report, folder: Path = FOLDER) -> list[Kept]:
    """Writes the bytes of each finding as `NAME.http`, one request after the other, and an index; OSError."""
    found = [one for one in report.results if one.verdict.outcome in ("failed", "warned")]
    if folder.is_dir():
        for old in (*folder.glob("*.http"), *folder.glob("*.body"), folder / INDEX):
            old.unlink(missing_ok=True)
    if not found:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    if folder == FOLDER:
        (folder.parent / ".gitignore").write_text("*\n", encoding="ascii")
    kept = []
    for one in found:
        shown = culprits(one)
        file = folder / f"{one.check.name}.http"
        file.write_bytes(b"".join(exchange.request.raw for exchange in shown))
        for at, exchange in enumerate(shown):
            if not is_inline(exchange.request):
                body_file(one.check.name, at, folder).write_bytes(exchange.request.body)
        kept.append(
            Kept(
                name=one.check.name,
                url=report.url,
                rule=one.check.rule,
                expected=one.verdict.expected,
                happened=one.verdict.happened,
                sources=one.check.sources,
                file=file.name,
                about=tuple(exchange.request.about for exchange in shown),
                answers=tuple(exchange.answer.text for exchange in shown),
            )
        )
    (folder / INDEX).write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2))
    return kept


def body_file(name: str, at: int, folder: Path = FOLDER) -> Path:
    """Where the body of a request is kept that is too long for a command line."""
    return folder / f"{name}-{at + 1}.body"


def find(name: str, folder: Path = FOLDER) -> tuple[Kept, bytes]:
    """A finding of the last run by the name of its check, or a file of its own; raises `NoFinding`."""
    path = Path(name)
    if path.suffix == ".http" and path.is_file():
        beside = _index(path.parent)
        known = next((one for one in beside if one.file == path.name), None)
        return known or Kept(name=path.stem, url="", rule="", expected="", happened=""), path.read_bytes()
    there = _index(folder)
    found = next((one for one in there if one.name == name), None)
    if found is None:
        if not there:
            raise NoFinding(f"there are no findings in {folder}: run localwaba check URL first")
        raise NoFinding(f"no finding {name!r} in {folder}{nearest(name, [one.name for one in there])}")
    try:
        return found, (folder / found.file).read_bytes()
    except OSError as error:
        raise NoFinding(f"{folder / found.file}: {error.strerror or error}") from None


def _index(folder: Path) -> list[Kept]:
    try:
        return msgspec.json.decode((folder / INDEX).read_bytes(), type=list[Kept])
    except (OSError, msgspec.DecodeError):
        return []


def split(raw: bytes) -> Iterator[bytes]:
    """The requests of a file, as they stand there one after the other; ValueError if it holds something else."""
    while raw:
        head, gap, rest = raw.partition(b"\r\n\r\n")
        if not gap:
            raise ValueError("a request has no end of its head")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if len(rest) < length:
            raise ValueError("a request is shorter than its Content-Length")
        yield head + gap + rest[:length]
        raw = rest[length:]


# a command to copy


def is_inline(request: Request) -> bool:
    """Whether the body fits into a command line, as it is."""
    return len(request.body) <= _INLINE and request.body.isascii() and b"\0" not in request.body


def curl(request: Request, url: str, body: str = "") -> str:
    """A curl command that sends the same; `body` is the file that holds a long body."""
    origin = url.partition("://")[0] + "://" + request.host
    words = ["curl", "-i"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET":
        words += ["-X", request.method]
    words.append(origin + request.target)
    lines = [" ".join(map(shlex.quote, words))]
    lines += [f"-H {shlex.quote(_header(name, value))}" for name, value in request.headers]
    if request.body:
        data = request.body.decode("ascii") if is_inline(request) else f"@{body}"
        lines.append(f"--data-binary {shlex.quote(data)}")
    return " \\\n  ".join(lines)


def _header(name: str, value: str) -> str:
    return f"{name}: {value}" if value else f"{name};"  # how curl is told of a header without a value


def told(answer: Answer) -> str:
    """An answer in one line, with its time."""
    return f"{answer.text} in {answer.latency_ms:.0f} ms"
