"""What became of the checks of an app: as JSON and JUnit XML for machines, as one HTML page for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import msgspec

from localwaba.operations.checks.catalogue import GROUPS
from localwaba.operations.checks.model import Exchange
from localwaba.operations.checks.sources import link_of
from localwaba.runtime.check_results import Report, Result
from localwaba.runtime.findings import FOLDER, Cause, body_file, causes, culprits, curl, is_inline, told
from localwaba.runtime.report import legal
from localwaba.version import __version__

SIGNS = {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"}
_BODY_SHOWN = 4_000
_COPY = (
    "document.addEventListener('click',e=>{const b=e.target.closest('.copy');if(!b)return;e.preventDefault();"
    "navigator.clipboard.writeText(document.getElementById(b.dataset.of).textContent)"
    ".then(()=>{b.textContent='copied'})})"
)


def counts(report: Report) -> str:
    """How the checks ended, in one line."""
    names = (("passed", "passed"), ("failed", "failed"), ("warned", "doubtful"), ("skipped", "not judged"))
    return ", ".join(f"{report.count(key)} {name}" for key, name in names if report.count(key) or key == "passed")


# for machines


def as_json(report: Report) -> str:
    """Everything as JSON; requests stand only with what was found."""
    found = {
        "localwaba": __version__,
        "url": report.url,
        "emulator_url": report.emulator_url,
        "passed": report.has_passed,
        "counts": {key: report.count(key) for key in SIGNS},
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "messages_for_a_text": report.usual,
        "why_unseen": report.why_unseen,
        "checks": [_check(one) for one in report.results],
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _check(one: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.check.name,
        "group": one.check.group,
        "severity": one.check.severity,
        "outcome": one.verdict.outcome,
        "rule": one.check.rule,
        "sources": [{"text": source, "link": link_of(source)} for source in one.check.sources],
        "happened": one.verdict.happened,
        "seconds": round(one.seconds, 3),
    }
    if one.verdict.outcome in ("failed", "warned"):
        found["expected"] = one.verdict.expected
        found["requests"] = [_exchange(exchange) for exchange in culprits(one)]
    return found


def _exchange(one: Exchange) -> dict[str, Any]:
    request, answer = one.request, one.answer
    return {
        "about": request.about,
        "method": request.method,
        "target": request.target,
        "headers": [list(header) for header in request.headers],
        "body": request.body[: 64 * 1024].decode("utf-8", "replace"),
        "body_bytes": len(request.body),
        "answer": {
            "status": answer.status,
            "error": answer.error,
            "body": answer.body[:2_000].decode("utf-8", "replace"),
            "latency_ms": round(answer.latency_ms, 2),
        },
    }


def junit(report: Report) -> str:
    """All checks as JUnit XML: a suite for each group; what is only doubtful passes, and says so."""
    root = Xml.Element("testsuites", {"name": "localwaba check"} | _tally(report.results))
    for group in GROUPS:
        theirs = [one for one in report.results if one.check.group == group]
        if not theirs:
            continue
        suite = Xml.SubElement(root, "testsuite", {"name": group} | _tally(theirs))
        for one in theirs:
            _case(suite, one)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _tally(results: Iterable[Result]) -> dict[str, str]:
    there = list(results)
    outcomes = [one.verdict.outcome for one in there]
    seconds = sum(one.seconds for one in there)
    numbers = {"tests": len(there), "failures": outcomes.count("failed"), "errors": 0}
    shown = {key: str(number) for key, number in numbers.items()} | {"skipped": str(outcomes.count("skipped"))}
    return shown | {"time": f"{seconds:.3f}"}


def _case(suite: Xml.Element, one: Result) -> None:
    name = one.check.name
    case = Xml.SubElement(
        suite, "testcase", classname=f"localwaba.check.{one.check.group}", name=name, time=f"{one.seconds:.3f}"
    )
    verdict = one.verdict
    if verdict.outcome == "failed":
        failure = Xml.SubElement(case, "failure", message=legal(verdict.happened), type=one.check.severity)
        failure.text = legal("\n".join(_explained(one)))
    elif verdict.outcome == "skipped":
        Xml.SubElement(case, "skipped", message=legal(verdict.happened))
    elif verdict.outcome == "warned":
        Xml.SubElement(case, "system-out").text = legal("\n".join(["doubtful", *_explained(one)]))


def _explained(one: Result) -> Iterator[str]:
    yield one.check.rule
    yield f"expected: {one.verdict.expected}"
    yield f"happened: {one.verdict.happened}"
    yield f"source: {', '.join(one.check.sources)}"
    yield f"again: localwaba check --replay {one.check.name}"


# for people


def html(report: Report, folder: Path = FOLDER) -> str:
    """All checks as one page that needs nothing beside it: findings with their bytes first, then everything."""
    failed = report.count("failed")
    found = causes(report.results)
    title = "The app receives as Meta requires" if report.has_passed else _plural(failed, "broken rule")
    room = files("localwaba.runtime")
    style = "".join(room.joinpath(name).read_text("utf-8") for name in ("report.css", "check_report.css"))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)} – localwaba check</title>\n<style>\n{style}</style>",
        f'<header class="{"passed" if report.has_passed else "failed"}"><h1>{escape(title)}</h1>',
        f"<p>{escape(report.url)}, {report.requests} requests, {report.seconds:.1f} s, localwaba {escape(__version__)}"
        f"</p>{_counts(report)}</header>\n<main>",
    ]
    if report.why_unseen:
        parts.append(f'<p class="note">What the app does could not be seen: {escape(report.why_unseen)}.</p>')
    if found:
        parts.append("<h2>What was found</h2>")
        parts += [_cause(one, report, folder, at) for at, one in enumerate(found)]
    parts.append("<h2>All checks</h2>")
    parts += [_group(group, report) for group in GROUPS]
    return "\n".join([*(part for part in parts if part), f"</main>\n<script>{_COPY}</script>\n</html>\n"])


def _counts(report: Report) -> str:
    names = (("passed", "passed"), ("failed", "failed"), ("warned", "doubtful"), ("skipped", "not judged"))
    shown = [f'<li class="{key}-count"><b>{report.count(key)}</b>{name}</li>' for key, name in names]
    return f'<ul class="counts">{"".join(shown)}</ul>'


def _cause(cause: Cause, report: Report, folder: Path, at: int) -> str:
    one = cause.first
    verdict, check = one.verdict, one.check
    sources = ", ".join(_source(source) for source in check.sources)
    lines = [
        f'<details class="scenario {verdict.outcome}" id="{check.name}"{" open" if at < 8 else ""}>',
        f'<summary><b class="sign">{SIGNS[verdict.outcome]}</b> <span class="title">{check.name}</span>'
        f'<span class="place">{escape(check.group)}</span></summary><div class="finding">',
        f'<p class="rule">{_marked(check.rule)}</p><dl>',
        f"<dt>expected</dt><dd>{escape(verdict.expected)}</dd>",
        f'<dt>happened</dt><dd class="happened">{escape(verdict.happened)}</dd>',
        f"<dt>source</dt><dd>{sources}</dd>",
        f"<dt>again</dt><dd><code>localwaba check --replay {check.name}</code></dd></dl>",
    ]
    shown = culprits(one)
    lines += [
        _request(exchange, report, folder, f"{check.name}-{place}", place) for place, exchange in enumerate(shown)
    ]
    if len(one.exchanges) > len(shown):
        lines.append(f'<p class="same">{len(one.exchanges)} requests were sent; these show it.</p>')
    if cause.others:
        names = ", ".join(other.check.name for other in cause.others)
        lines.append(f'<p class="same">{len(cause.others)} more were answered in the same words: {names}</p>')
    return "\n".join([*lines, "</div></details>"])


def _marked(text: str) -> str:
    """A text in which `names` stand as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _source(source: str) -> str:
    link = link_of(source)
    return f'<a href="{escape(link)}">{escape(source)}</a>' if link else escape(source)


def _request(one: Exchange, report: Report, folder: Path, name: str, place: int) -> str:
    request = one.request
    file = body_file(name.rpartition("-")[0], place, folder)
    head = request.raw[: len(request.raw) - len(request.body)].decode("latin-1").replace("\r\n", "\n")
    body = request.body[:_BODY_SHOWN].decode("utf-8", "replace")
    if len(request.body) > _BODY_SHOWN:
        body += f"\n… {len(request.body):,} bytes"
    command = curl(request, report.url, "" if is_inline(request) else str(file))
    about = _marked(request.about or request.method)
    return (
        f'<details class="request"{"" if place else " open"}>'
        f"<summary>{about}: <b>{escape(told(one.answer))}</b></summary>"
        f'<pre>{escape(head + body)}</pre><details class="curl"><summary>as curl '
        f'<button class="copy" data-of="curl-{name}">copy</button></summary>'
        f'<pre id="curl-{name}">{escape(command)}</pre></details></details>'
    )


def _group(group: str, report: Report) -> str:
    theirs = [one for one in report.results if one.check.group == group]
    if not theirs:
        return ""
    tally = " ".join(
        f'<span class="{key}-count">{sum(one.verdict.outcome == key for one in theirs)} {sign}</span>'
        for key, sign in SIGNS.items()
        if any(one.verdict.outcome == key for one in theirs)
    )
    items = "\n".join(_line(one) for one in theirs)
    return (
        f'<details class="group"><summary><span class="title">{escape(group)}</span>'
        f'<span class="tally">{tally}</span></summary><ul>\n{items}\n</ul></details>'
    )


def _line(one: Result) -> str:
    told_text = one.verdict.happened if one.verdict.outcome != "passed" else one.check.rule
    outcome = one.verdict.outcome
    return (
        f'<li class="{outcome}"><b class="sign">{SIGNS[outcome]}</b><div>{one.check.name} '
        f'<span class="place">{_marked(told_text)}</span></div></li>'
    )


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
