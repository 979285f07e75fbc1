"""`localwaba tail`: what happens in a running emulator, line by line, readable as a chat."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

from rich.console import Console
from rich.text import Text

from localwaba.cli.chronicle import Entry, Sent, sent_of, words
from localwaba.cli.connection import connect
from localwaba.cli.render import WIDEST, can_encode, clock, day
from localwaba.client.following import entries_after, follow
from localwaba.client.link import ControlError, Link

_JUMP = 60_000  # milliseconds between two entries that are worth a line of their own
_LONGEST = 400
_QUIET_CALLS = frozenset({"send_message", "send_marketing_message"})  # their messages are shown
_UNICODE = {"sent": "✓", "delivered": "✓✓", "read": "✓✓ read", "played": "✓✓ played", "failed": "✗", "dash": "──"}
_ASCII = {"sent": "v", "delivered": "vv", "read": "vv read", "played": "vv played", "failed": "x", "dash": "--"}


class Line(NamedTuple):
    """One line of the tail; `side` is where it stands, the world's time goes before it unless `at` is 0."""

    at: int
    text: str
    style: str = ""
    side: str = "left"


class Tale:
    """Turns entries of a journal into lines. `name_of` knows users; `user` and `kinds` narrow down what is told."""

    def __init__(
        self, name_of: Callable[[str], str], *, user: str = "", kinds: Iterable[str] = (), signs: dict[str, str]
    ) -> None:
        self._name_of = name_of
        self._user = user
        self._kinds = frozenset(kinds)
        self._signs = signs
        self._sent: dict[str, tuple[Sent, str]] = {}
        self._messages: dict[str, tuple[str, str]] = {}
        self._last = 0

    def lines(self, entry: Entry) -> Iterator[Line]:
        """What an entry says, if it is wanted."""
        found = [line for kind, about, line in self._told(entry) if self._wants(kind) and self._user in ("", about)]
        at = entry["at"]
        if found and self._last and abs(at - self._last) >= _JUMP:
            yield Line(0, f"{self._signs['dash']} {day(at)} {self._signs['dash']}", "bold magenta")
        if found:
            self._last = at
        yield from found

    def _wants(self, kind: str) -> bool:
        return not self._kinds or kind in self._kinds

    def _told(self, entry: Entry) -> Iterator[tuple[str, str, Line]]:
        """Kind, user and line."""
        if entry["kind"] == "call":
            yield from self._call(entry)
            return
        tell = getattr(self, f"_{entry['event']}", None)
        if tell is not None:
            yield from tell(entry["at"], entry["data"])

    def _call(self, entry: Entry) -> Iterator[tuple[str, str, Line]]:
        status, at = entry["status"], entry["at"]
        head = f"{entry['method']} {_short_path(entry['path'])}"
        if status < 400 and status:
            if entry["operation"] not in _QUIET_CALLS:
                yield "calls", "", Line(at, f"{head}  {status}", "dim")
            return
        answer = entry["answer"] if isinstance(entry["answer"], dict) else {}
        error = answer.get("error", {})
        to = (entry["request"] or {}).get("to", "") if isinstance(entry["request"], dict) else ""
        said = (error.get("error_data") or {}).get("details") or error.get("message", "")
        code = f"  code {error['code']}" if "code" in error else ""
        text = f"{self._signs['failed']} {status or 'cut off'} {head}{code}  {said}"
        yield "calls", str(to), Line(at, text, "bold red")
        if entry.get("why"):
            yield "calls", str(to), Line(at, f"  {entry['why']}", "yellow")

    def _MessageReceived(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        message = data["message"]
        text = _said(message)
        self._messages[message["id"]] = (message["wa_id"], text)
        yield "chat", message["wa_id"], Line(at, f"{self._name_of(message['wa_id'])}: {text}", "bold")

    def _MessageAccepted(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        message = data["message"]
        text = _said(message)
        self._messages[message["id"]] = (message["wa_id"], text)
        shown = f"to {self._name_of(message['wa_id'])}: {text}"
        yield "chat", message["wa_id"], Line(at, shown, "bold green", "right")

    def _StatusReached(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        wa_id, text = self._messages.get(data["message_id"], ("", data["message_id"][-8:]))
        status, refusal = data["status"], data.get("refusal")
        sign = self._signs.get(status, status)
        if refusal:
            head = f"{sign} failed with {refusal['code']}: {_cut(text, 30)}"
            yield "chat", wa_id, Line(at, head, "bold red", "right")
            why = " ".join(filter(None, (refusal.get("why", ""), _fix(refusal))))
            if why:
                yield "chat", wa_id, Line(at, why, "yellow", "right")
            return
        shown = sign if status in sign or status not in self._signs else f"{sign} {status}"
        yield "chat", wa_id, Line(at, f"{shown}  {_cut(text, 30)}", "dim", "right")

    def _MessageRead(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        wa_id, text = self._messages.get(data["message_id"], ("", data["message_id"][-8:]))
        typing = ", is typing" if data.get("typing") else ""
        yield "chat", wa_id, Line(at, f"read {_cut(text, 30)}{typing}", "dim", "right")

    def _DeliveryQueued(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        delivery = data["delivery"]
        told = sent_of(delivery)
        self._sent[delivery["id"]] = (told, self._messages.get(told.about, ("", ""))[0])
        if delivery.get("state") == "unroutable":
            yield "webhooks", "", Line(at, f"  webhook {told.field} {told.what}: no app is subscribed", "red")

    def _DeliveryAttempted(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        told, wa_id = self._sent.get(data["delivery_id"], (Sent("webhook", data["delivery_id"], ""), ""))
        attempt, state = data["attempt"], data["state"]
        answer = str(attempt.get("status") or attempt.get("error"))
        took = attempt.get("latency_ms") or 0.0
        after = ""
        if state != "delivered":
            wait = (data.get("next_at", 0) - at) / 1000
            after = f"; again in {wait:g} s" if data.get("next_at") else "; given up"
        text = f"  webhook {told.field} {told.what}".rstrip() + f"  {answer}  {took:.0f} ms{after}"
        yield "webhooks", wa_id, Line(at, text, "dim" if state == "delivered" else "red")
        if state != "pending":
            self._sent.pop(data["delivery_id"], None)

    def _TemplateJudged(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        reason = f" ({data['reason']})" if data.get("reason", "NONE") != "NONE" else ""
        yield from _of_meta(at, f"template {data['template_id']} is {data['status']}{reason}")

    def _Announced(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        event = data["value"].get("event") or data["value"].get("decision") or ""
        yield from _of_meta(at, f"{data['field']} {event}".rstrip())

    def _AccountReviewed(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"the account's review is {data['decision']}")

    def _AccountViolated(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"the account violated {data['violation']}")

    def _AccountRestricted(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        kinds = ", ".join(kind for kind, _ in data.get("restrictions", ()))
        yield from _of_meta(at, f"the account's restrictions: {kinds or data.get('violation', '')}")

    def _AccountBanned(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"the account: {data['state']}")

    def _NumberLimited(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"{data['change']} of {data['phone_number_id']}: {data['limit']}")

    def _NameDecided(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"the name {data['name']} is {data['decision']}")

    def _FlowChanged(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield from _of_meta(at, f"flow {data['name']} is {data['status']}")

    def _FaultArmed(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        fault = data["fault"]
        name = f" ({fault['preset']})" if fault.get("preset") else ""
        yield "platform", "", Line(at, f"fault {fault['id']} armed: {fault['kind']}{name}", "bold magenta")

    def _FaultFired(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        hit = f" on {data['hit']}" if data.get("hit") else ""
        yield "platform", "", Line(at, f"fault {data['fault_id']} fired: {data['kind']}{hit}", "bold magenta")

    def _FaultsCleared(self, at: int, data: dict[str, Any]) -> Iterator[tuple[str, str, Line]]:
        yield "platform", "", Line(at, f"faults cleared: {', '.join(data['ids'])}", "magenta")


def _of_meta(at: int, text: str) -> Iterator[tuple[str, str, Line]]:
    yield "platform", "", Line(at, f"Meta: {text}", "magenta")


class Screen:
    """Prints lines: users on the left, the business on the right."""

    def __init__(self, out: TextIO, width: int | None = None) -> None:
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace", line_buffering=True)
        self.console = Console(file=out, highlight=False, emoji=False, width=width, soft_wrap=True)
        self.signs = _UNICODE if can_encode(out) else _ASCII

    def show(self, line: Line) -> None:
        """Prints one line."""
        stamp = f"{clock(line.at)}  " if line.at else ""
        text = _cut("".join(sign if sign.isprintable() else "?" for sign in line.text), _LONGEST)
        shown = Text(stamp, "dim")
        gap = min(self.console.width, WIDEST) - len(stamp) - Text(text).cell_len
        shown.append(" " * gap if line.side == "right" and gap > 0 else "")
        shown.append(text, line.style)
        self.console.print(shown)


def tail(found: argparse.Namespace) -> int:
    """Prints what happens until the emulator ends or somebody presses Ctrl-C; the exit status."""
    with suppress(KeyboardInterrupt), connect("tail", found) as link:
        after = _begin(link, found.last, all_of_it=found.all)
        entries = _entries(link, found, after)
        if found.json:
            for entry in entries:
                print(json.dumps(entry, ensure_ascii=False), flush=True)
            return 0
        screen = Screen(sys.stdout)
        names: dict[str, str] = {}

        def name_of(wa_id: str) -> str:
            if wa_id not in names:
                names[wa_id] = _ask_name(link, wa_id)
            return names[wa_id]

        tale = Tale(name_of, user=found.user.lstrip("+"), kinds=found.only, signs=screen.signs)
        for entry in entries:
            for line in tale.lines(entry):
                screen.show(line)
    return 0


def _begin(link: Link, last: int, *, all_of_it: bool) -> int:
    """The number of the entry behind which the tail begins."""
    if all_of_it:
        return 0
    count = link.call("GET", "world")["counts"]["journal"]
    return max(0, int(count) - last)


def _entries(link: Link, found: argparse.Namespace, after: int) -> Iterator[Entry]:
    if found.follow:
        yield from follow(found.url, found.token, found.control_token, after)
        return
    yield from entries_after(link, after)


def _ask_name(link: Link, wa_id: str) -> str:
    try:
        return str(link.call("GET", f"users/{wa_id}")["name"]) or wa_id
    except (ControlError, KeyError):
        return wa_id


def _said(message: dict[str, Any]) -> str:
    lines, choices = words(message["body"], message.get("shown") or {})
    return _cut(" / ".join(filter(None, lines)) + "".join(f" [{choice}]" for choice in choices), _LONGEST)


def _fix(refusal: dict[str, Any]) -> str:
    return f"Fix: {refusal['fix']}" if refusal.get("fix") else ""


def _cut(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _short_path(path: str) -> str:
    """A path whose ids do not fill the line."""
    return "/".join(f"{part[:4]}…" if len(part) > 20 else part for part in path.split("/"))
