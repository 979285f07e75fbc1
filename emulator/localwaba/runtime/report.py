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
from localwaba.client.chat import Bubble
from localwaba.runtime.player import Chat, Played, Result
from localwaba.version import __version__

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHAT = re.compile(r"\n\nChat of [^\n]*(?:\n  [^\n]*)*")
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "·"}
_TICKS = {"accepted": "✓", "sent": "✓", "delivered": "✓✓", "read": "✓✓", "played": "✓✓", "failed": "✗"}


def junit(results: Sequence[Result]) -> str:
    """All results as JUnit XML: a suite for each file, a case for each scenario, with its chats."""
    root = Xml.Element("testsuites", {"name": "localwaba"} | _counts(results))
    for file in dict.fromkeys(one.scenario.place.file for one in results):
        theirs = [one for one in results if one.scenario.place.file == file]
        suite = Xml.SubElement(root, "testsuite", {"name": file} | _counts(theirs))
        for one in theirs:
            _case(suite, one)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(not one.has_passed for one in results)
    seconds = sum(one.seconds for one in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}


def _case(suite: Xml.Element, one: Result) -> None:
    place = one.scenario.place
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=place.file,
        name=legal(one.scenario.title),
        time=f"{one.seconds:.3f}",
        file=place.file,
        line=str(one.failed.step.place.line if one.failed else place.line),
    )
    if not one.has_passed:
        failure = Xml.SubElement(case, "failure", message=legal(one.headline), type="scenario")
        failure.text = legal(one.failed.text if one.failed else one.problem)
    chats = [line for chat in one.chats for line in ("", f"Chat of {chat.name} ({chat.number})", *chat.lines())]
    steps = [f"{_SIGNS[played.outcome]} {told(played)}" for played in one.played]
    Xml.SubElement(case, "system-out").text = legal("\n".join([*steps, *chats]))
    if one.output and not one.has_passed:
        Xml.SubElement(case, "system-err").text = legal(one.output)


def legal(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)


def told(played: Played) -> str:
    """A step in one line, as it stands in the file."""
    step = played.step
    return f"{step.sentence}: {step.argument}" if step.argument else step.sentence


def html(results: Sequence[Result]) -> str:
    """All results as one page that needs nothing beside it: steps, chats as bubbles, reasons."""
    failed = sum(not one.has_passed for one in results)
    seconds = sum(one.seconds for one in results)
    head = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
    style = files("localwaba.runtime").joinpath("report.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{head} – localwaba</title>\n<style>\n{style}</style>",
            f'<header class="{"failed" if failed else "passed"}"><h1>{head}</h1>',
            f"<p>{_plural(len(results), 'scenario')}, {seconds:.1f} s, localwaba {escape(__version__)}</p></header>",
            "<main>",
            *(_scenario(one) for one in sorted(results, key=lambda one: one.has_passed)),
            "</main>\n</html>\n",
        ]
    )


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _scenario(one: Result) -> str:
    outcome = "passed" if one.has_passed else "failed"
    place = escape(f"{one.scenario.place.file}:{one.scenario.place.line}")
    parts = [
        f'<details class="scenario {outcome}"{"" if one.has_passed else " open"}>',
        f'<summary><b class="sign">{_SIGNS[outcome]}</b> <span class="title">{escape(one.scenario.title)}</span>'
        f'<span class="place">{place}</span><span class="place">{one.seconds:.1f} s</span></summary>',
        '<div class="body"><div class="steps"><ol>',
        *(_step(played) for played in one.played),
        "</ol>",
        f'<pre class="reason">{escape(one.problem)}</pre>' if one.problem else "",
        f'<h3>What the app printed</h3><pre class="reason">{escape(one.output)}</pre>'
        if one.output and not one.has_passed
        else "",
        '</div><div class="phones">',
        *(_phone(chat) for chat in one.chats),
        "</div></div></details>",
    ]
    return "\n".join(part for part in parts if part)


def _step(played: Played) -> str:
    step = played.step
    argument = f'<code class="argument">{escape(step.argument)}</code>' if step.argument else ""
    reason = _CHAT.sub("", played.text)  # it stands beside it, as bubbles
    text = f'<pre class="reason">{escape(reason)}</pre>' if reason else ""
    sign = _SIGNS[played.outcome]
    return (
        f'<li class="{played.outcome}"><b class="sign">{sign}</b><div><span class="line">{step.place.line}</span>'
        f"{escape(step.sentence)} {argument}{text}</div></li>"
    )


def _phone(chat: Chat) -> str:
    lines = [f'<section class="phone"><h3>{escape(chat.name)} <span class="place">+{escape(chat.number)}</span></h3>']
    lines += _bubbles(chat)
    return "\n".join([*lines, "</section>"])


def _bubbles(chat: Chat) -> Iterator[str]:
    if not chat.bubbles:
        yield '<p class="day">nothing was written</p>'
    day = ""
    said = {one.id: one.text or f"[{one.type}]" for one in chat.bubbles}
    for one in chat.bubbles:
        if one.type == "reaction" and one.reply_to in said:
            continue  # shown at the message that it is to
        moment = datetime.fromtimestamp(one.at, UTC)
        if (today := moment.strftime("%a %d %b %Y")) != day:
            day = today
            yield f'<p class="day">{today}</p>'
        yield _bubble(one, chat, said.get(one.reply_to or ""), moment.strftime("%H:%M"))


def _bubble(one: Bubble, chat: Chat, quoted: str | None, time: str) -> str:
    side = "user" if one.sender == "user" else "app"
    parts = [f'<div class="bubble {side}{" failed" if one.has_failed else ""}">']
    if quoted is not None:
        parts.append(f'<div class="quoted">{escape(quoted)}</div>')
    if one.type not in ("text", "interactive"):
        name = f"template {one.template}" if one.template else one.type
        parts.append(f'<div class="kind">{escape(name)}</div>')
    content = one.content if isinstance(one.content, dict) else {}
    picture = chat.pictures.get(str(content.get("id", "")))
    if picture is not None:
        parts.append(f'<img class="{one.type}" alt="" src="data:{picture[0]};base64,{b64encode(picture[1]).decode()}">')
    for name, text in (("header", one.header), ("text", one.text), ("footer", one.footer)):
        if text:
            parts.append(f'<div class="{name}">{escape(text)}</div>')
    ticks = f' <span class="ticks {one.ticks}" title="{one.ticks}">{_TICKS.get(one.ticks, "")}</span>'
    parts.append(f'<div class="time">{time}{ticks if side == "app" else ""}</div>')
    if one.has_failed:
        reason = [f"failed with {one.error.get('code')} {one.error.get('title', '')}", *because(one.why)]
        parts.append(f'<div class="why">{escape(" ".join(part.strip() for part in reason))}</div>')
    parts += [f'<div class="button">{escape(title)}</div>' for title in one.buttons]
    if one.reactions:
        parts.append(f'<div class="reactions">{escape("".join(one.reactions))}</div>')
    return "".join([*parts, "</div>"])


def summary(results: Iterable[Result]) -> str:
    """How many passed and failed, and how long they took, in one line."""
    there = list(results)
    failed = sum(not one.has_passed for one in there)
    seconds = sum(one.seconds for one in there)
    counts = f"{len(there) - failed} passed" + (f", {failed} failed" if failed else "")
    return f"{counts} in {seconds:.1f} s"
