"""What became of scenarios, as JUnit XML for machines and as one HTML page for people."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from xml.etree import ElementTree as Xml

from localwaba.client.calls import because
from localwaba.client.chat import Bubble, media_of
from localwaba.runtime.player import Chat, Played, Result
from localwaba.version import __version__

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHAT = re.compile(r"\n\nChat of [^\n]*(?:\n  [^\n]*)*")
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "·"}
_LONG = 3_600.0
"""Seconds between two messages from which on the chat says how long it was."""
_TICKS = {"accepted": "✓", "sent": "✓", "delivered": "✓✓", "read": "✓✓", "played": "✓✓", "failed": "✗"}


def junit(results: Sequence[Result]) -> str:
    """All results as JUnit XML: a suite for each file, a case for each scenario, with its chats.

    Only members that the strict schemas of CI systems know: a place in a file is told in the text of the failure.
    """
    root = Xml.Element("testsuites", {"name": "localwaba"} | _without(_counts(results), "skipped", "timestamp"))
    for file in dict.fromkeys(one.scenario.place.file for one in results):
        theirs = [one for one in results if one.scenario.place.file == file]
        suite = Xml.SubElement(root, "testsuite", {"name": file, "file": file} | _counts(theirs))
        for one in theirs:
            _case(suite, one)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    seconds = sum(one.seconds for one in results)
    return {
        "tests": str(len(results)),
        "failures": str(_count(results, "failed")),
        "errors": "0",
        "skipped": str(_count(results, "skipped")),
        "time": f"{seconds:.3f}",
        "timestamp": _moment(results).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _count(results: Iterable[Result], outcome: str) -> int:
    return sum(one.outcome == outcome for one in results)


def _moment(results: Iterable[Result]) -> datetime:
    """When the first of them began, by the machine's clock in UTC."""
    return datetime.fromtimestamp(min((one.began for one in results if one.began), default=0) / 1000, UTC)


def _case(suite: Xml.Element, one: Result) -> None:
    place = one.scenario.place
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=place.file,
        name=legal(one.scenario.title),
        time=f"{one.seconds:.3f}",
    )
    if one.outcome == "skipped":
        Xml.SubElement(case, "skipped", message=legal(one.skipped))
        return
    if not one.has_passed:
        failure = Xml.SubElement(case, "failure", message=legal(one.headline), type="scenario")
        text = f"{one.failed.step.place}: {told(one.failed)}\n{one.failed.text}" if one.failed else ""
        failure.text = legal(text or f"{place}: {one.problem}")
    chats = [line for chat in one.chats for line in ("", f"Chat of {chat.name} ({chat.number})", *chat.lines())]
    steps = [f"{_SIGNS[played.outcome]} {told(played)}" for played in one.played]
    refused = ["", "Refused calls of the app", *map(str, one.refused)] if one.refused else []
    Xml.SubElement(case, "system-out").text = legal("\n".join([*steps, *refused, *chats]))
    if one.output and not one.has_passed:
        Xml.SubElement(case, "system-err").text = legal(one.output)


def _without(found: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in found.items() if name not in names}


def legal(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)


def told(played: Played) -> str:
    """A step in one line, as it stands in the file."""
    step = played.step
    return f"{step.sentence}: {step.argument}" if step.argument else step.sentence


def without_chat(text: str) -> str:
    """A reason without the chat in it, where the chat stands beside it anyway."""
    return _CHAT.sub("", text)


def html(results: Sequence[Result]) -> str:
    """All results as one page that needs nothing beside it: steps, chats as bubbles, reasons.

    What failed stands at the top, with a link to the step. No script runs in it, and nothing is fetched.
    """
    failed = _count(results, "failed")
    seconds = sum(one.seconds for one in results)
    head = _outcomes(results)
    when = _moment(results).strftime("%d %b %Y %H:%M UTC, ") if any(one.began for one in results) else ""
    ordered = sorted(results, key=lambda one: ("failed", "skipped", "passed").index(one.outcome))
    style = files("localwaba.runtime").joinpath("report.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; """
            """img-src data:">""",
            f"<title>{head} – localwaba</title>\n<style>\n{style}</style>",
            f'<header class="{"failed" if failed else "passed"}"><h1>{head}</h1>',
            f"<p>{when}{_plural(len(results), 'scenario')}, {seconds:.1f} s, localwaba {escape(__version__)}</p>",
            *_index(ordered),
            "</header>\n<main>",
            *(_scenario(one, n) for n, one in enumerate(ordered)),
            "</main>\n</html>\n",
        ]
    )


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _index(ordered: Sequence[Result]) -> Iterator[str]:
    """What failed: where, and why in a line."""
    if _count(ordered, "failed"):
        yield '<ol class="index">'
        for n, one in enumerate(ordered):
            if one.outcome == "failed":
                reason = (one.failed.text if one.failed else one.problem).partition("\n")[0]
                step = f": {one.failed.step.sentence}" if one.failed else ""
                link = f'<a href="#s{n}-failed" dir="auto">{escape(one.scenario.title + step)}</a>'
                why = f'<span class="place">{escape(reason)}</span>'
                yield f'<li class="failed"><b class="sign">✗</b><div>{link}<br>{why}</div></li>'
        yield "</ol>"


def _scenario(one: Result, n: int) -> str:
    outcome = one.outcome
    place = escape(f"{one.scenario.place.file}:{one.scenario.place.line}")
    parts = [
        f'<details class="scenario {outcome}"{" open" if outcome == "failed" else ""}>',
        f'<summary><b class="sign">{_SIGNS[outcome]}</b> '
        f'<span class="title" dir="auto">{escape(one.scenario.title)}</span>'
        f'<span class="place">{place}</span><span class="place">{one.seconds:.1f} s</span></summary>',
        '<div class="body"><div class="steps"><ol>',
        *(_step(played, n) for played in one.played),
        "</ol>",
        f'<pre class="reason" id="s{n}-failed">{escape(one.problem)}</pre>' if one.problem else "",
        f'<p class="skipped">not played: {escape(one.skipped)}</p>' if one.skipped else "",
        *(_section("Calls that were refused", "\n".join(map(str, one.refused)))),
        *(_section("What the app printed", one.output if outcome == "failed" else "")),
        '</div><div class="phones">',
        *(_phone(chat) for chat in one.chats),
        "</div></div></details>",
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, text: str) -> Iterator[str]:
    if text:
        yield f'<h3>{title}</h3><pre class="reason aside">{escape(text)}</pre>'


def _step(played: Played, n: int) -> str:
    step = played.step
    argument = f'<code class="argument" dir="auto">{escape(step.argument)}</code>' if step.argument else ""
    reason = without_chat(played.text)
    text = f'<pre class="reason">{escape(reason)}</pre>' if reason else ""
    sign = _SIGNS[played.outcome]
    took = f" {played.seconds:.1f} s" if played.seconds >= 1 else ""
    anchor = f' id="s{n}-failed"' if played.outcome == "failed" else ""
    return (
        f'<li class="{played.outcome}"{anchor}><b class="sign">{sign}</b><div>'
        f'<span class="line">{step.place.line}{took}</span>'
        f"{escape(step.sentence)} {argument}{text}</div></li>"
    )


def _phone(chat: Chat) -> str:
    name = f"<bdi>{escape(chat.name)}</bdi>"
    lines = [f'<section class="phone"><h3>{name} <span class="place">+{escape(chat.number)}</span></h3>']
    lines += _bubbles(chat)
    return "\n".join([*lines, "</section>"])


def _bubbles(chat: Chat) -> Iterator[str]:
    if not chat.bubbles:
        yield '<p class="day">nothing was written</p>'
    day, before = "", None
    said = {one.id: one.text or f"[{one.type}]" for one in chat.bubbles}
    for one in chat.bubbles:
        if one.type == "reaction" and one.reply_to in said:
            continue  # shown at the message that it is to
        moment = datetime.fromtimestamp(one.at, UTC)
        if (today := moment.strftime("%a %d %b %Y")) != day:
            day = today
            yield f'<p class="day">{today}</p>'
        if before is not None and one.at - before >= _LONG:
            yield f'<p class="day">{_later(one.at - before)} later</p>'
        before = one.at
        yield _bubble(one, chat, said.get(one.reply_to or ""), moment.strftime("%H:%M"))


def _bubble(one: Bubble, chat: Chat, quoted: str | None, time: str) -> str:
    side = "user" if one.sender == "user" else "app"
    parts = [f'<div class="bubble {side}{" failed" if one.has_failed else ""}">']
    if quoted is not None:
        parts.append(f'<div class="quoted" dir="auto">{escape(quoted)}</div>')
    if one.type not in ("text", "interactive"):
        name = f"template {one.template}" if one.template else one.type
        parts.append(f'<div class="kind">{escape(name)}</div>')
    picture = next((chat.pictures[found] for found in media_of(one) if found in chat.pictures), None)
    if picture is not None:
        parts.append(f'<img class="{one.type}" alt="" src="data:{picture[0]};base64,{b64encode(picture[1]).decode()}">')
    for name, text in (("header", one.header), ("text", one.text or gist(one)), ("footer", one.footer)):
        if text:
            parts.append(f'<div class="{name}" dir="auto">{escape(text)}</div>')
    ticks = f' <span class="ticks {one.ticks}" title="{one.ticks}">{_TICKS.get(one.ticks, "")}</span>'
    parts.append(f'<div class="time">{time}{ticks if side == "app" else ""}</div>')
    if one.has_failed:
        reason = [f"failed with {one.error.get('code')} {one.error.get('title', '')}", *because(one.why)]
        parts.append(f'<div class="why">{"<br>".join(escape(part.strip()) for part in reason)}</div>')
    parts += [f'<div class="button" dir="auto">{escape(title)}</div>' for title in one.buttons]
    if one.reactions:
        parts.append(f'<div class="reactions">{escape("".join(one.reactions))}</div>')
    return "".join([*parts, "</div>"])


def _later(seconds: float) -> str:
    """A span as people say it: hours up to some days, then days."""
    for unit, size in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 4 * size or unit == "hour":
            return _plural(int(seconds // size), unit)
    raise AssertionError  # an hour is the least


def gist(one: Bubble) -> str:
    """What a message is about that has no text of its own: a file's name, a place, names."""
    found = one.content
    if isinstance(found, list):
        names = [card.get("name", {}).get("formatted_name", "") for card in found if isinstance(card, dict)]
        return ", ".join(str(name) for name in names if name)
    content = found if isinstance(found, dict) else {}
    if one.type == "location":
        return f"{content.get('latitude', '')}, {content.get('longitude', '')}"
    return str(content.get("filename") or content.get("link") or "")


def _outcomes(results: Iterable[Result]) -> str:
    there = list(results)
    counts = [(outcome, _count(there, outcome)) for outcome in ("failed", "skipped")]
    words = {"failed": "failed", "skipped": "not played"}
    rest = [f"{count} {words[outcome]}" for outcome, count in counts if count]
    return ", ".join([f"{_count(there, 'passed')} passed", *rest])


def summary(results: Iterable[Result]) -> str:
    """How many passed and failed, and how long they took, in one line."""
    there = list(results)
    return f"{_outcomes(there)} in {sum(one.seconds for one in there):.1f} s"
