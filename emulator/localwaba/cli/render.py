"""A chat, its webhooks and its refusals on a terminal of any width, with and without colour or Unicode."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TextIO

from rich import box
from rich.align import Align
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

WIDEST = 96
_BUBBLE = 52
_UNICODE = {"one": "✓", "two": "✓✓", "failed": "✗", "to": "→", "button": "▸", "skip": "»", "yes": "✓", "no": "✗"}
_ASCII = {"one": "v", "two": "vv", "failed": "x", "to": "->", "button": ">", "skip": ">>", "yes": "ok", "no": "NO"}
_TICKS = {
    "accepted": ("one", "dim"),
    "sent": ("one", "dim"),
    "delivered": ("two", "dim"),
    "read": ("two", "bold bright_blue"),
    "failed": ("failed", "bold red"),
}


class Check(NamedTuple):
    """Something that had to happen, and whether it did; `seen` is what was found."""

    what: str
    happened: bool
    seen: str


class Delivered(NamedTuple):
    """One try of a webhook."""

    field: str
    what: str
    answer: str
    milliseconds: float
    taken: bool


class Stage:
    """Where the demo is shown; everything is printed once and stays.

    On a terminal there is a `pause` of some seconds after each bubble, so that one can follow.
    """

    def __init__(self, file: TextIO | None = None, width: int | None = None, pause: float = 0.0) -> None:
        out = file or sys.stdout
        reconfigure = getattr(out, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")  # a name that the terminal cannot show must not end the demo
        self.console = Console(file=out, highlight=False, soft_wrap=False, emoji=False, width=width)
        if self.console.width > WIDEST:
            self.console.width = WIDEST
        self.is_unicode = can_encode(out)
        self._signs = _UNICODE if self.is_unicode else _ASCII
        self._box = box.ROUNDED if self.is_unicode else box.ASCII
        self._pause = pause if self.console.is_terminal else 0.0

    def _say(self, text: str, style: str = "") -> Text:
        return Text(text if self.is_unicode else text.replace("…", "..."), style=style)

    def _wait(self) -> None:
        if self._pause:
            time.sleep(self._pause)

    def title(self, text: str, details: str) -> None:
        """The first lines."""
        self.console.print(self._say(text, "bold"))
        self.console.print(self._say(details, "dim"))

    def scene(self, text: str) -> None:
        """A new part of the story."""
        self.console.print()
        self.console.rule(
            self._say(text, "bold"), align="left", characters="─" if self.is_unicode else "-", style="dim"
        )

    def bubble(
        self, author: str, lines: Sequence[str], at: int, *, choices: Iterable[str], status: str, right: bool
    ) -> None:
        """A message with the ticks that its author sees; the user's on the left, the business' on the right."""
        text = self._say("\n".join(lines))
        for choice in choices:
            text.append(f"\n{self._signs['button']} {choice}", style="cyan")
        sign, style = _TICKS[status]
        text.append(f"\n{clock(at)} ", style="dim")
        text.append(self._signs[sign], style=style)
        if status == "read":
            text.append(" read", style="dim")
        longest = max(cell_len(line) for line in text.plain.split("\n"))
        border = "red" if status == "failed" else "green" if right else "white"
        panel = Panel(
            text,
            box=self._box,
            border_style=border,
            title=Text(author, style="bold"),
            title_align="right" if right else "left",
            width=min(_BUBBLE, self.console.width - 4, max(longest, cell_len(author) + 2) + 4),
        )
        self.console.print(Align(panel, "right" if right else "left"))
        self._wait()

    def webhooks(self, deliveries: Iterable[Delivered]) -> None:
        """Deliveries to the app: which field, what each told, and how the app answered."""
        line = Text("  webhook", style="dim")
        field = ""
        for one in deliveries:
            line.append(f"{',' if field else ''} {one.field if one.field != field else ''}".rstrip() or "")
            line.append(f" {one.what} " if one.what else " ")
            line.append(one.answer, style="green" if one.taken else "bold red")
            line.append(f" {one.milliseconds:.0f} ms" if one.milliseconds >= 1 else " <1 ms")
            field = one.field
        self.console.print(line)

    def call(self, method: str, path: str, what: str) -> None:
        """A call of the app that is worth seeing."""
        self.console.print(self._say(f"  {method} {path}  {what}", "dim"))

    def refusal(self, head: str, text: str, why: str) -> None:
        """Something that Meta refuses: its own words, and beside them why and what to do."""
        line = self._say(f"{self._signs['failed']} {head}", "bold red")
        line.append(f"  {text}", style="red")
        self.console.print(Padding(line, (0, 0, 0, 2), expand=False))
        reason, sign, fix = why.partition("Fix: ")
        for text in (reason.strip(), sign + fix):
            if text:
                self.console.print(Padding(self._say(text, "yellow"), (0, 0, 0, 4), expand=False))

    def note(self, text: str) -> None:
        """Something that happens to the world."""
        self.console.print(Padding(self._say(f"{self._signs['skip']} {text}", "magenta"), (0, 0, 0, 2), expand=False))

    def summary(self, checks: Sequence[Check], closing: str) -> None:
        """What was checked, and whether all of it happened."""
        self.console.print()
        table = Table(box=self._box, show_header=True, header_style="bold", width=self.console.width)
        table.add_column("", width=2)
        table.add_column("what was checked", ratio=3)
        table.add_column("what was seen", ratio=4)
        for check in checks:
            sign = Text(self._signs["yes"], "green") if check.happened else Text(self._signs["no"], "bold red")
            table.add_row(sign, Text(check.what), Text(check.seen, style="dim" if check.happened else "red"))
        self.console.print(table)
        self.console.print(Text(closing, style="bold green" if all(check.happened for check in checks) else "bold red"))


def clock(at: int) -> str:
    """A time of the world, of day and in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S")


def day(at: int) -> str:
    """A day of the world, with the time."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a %d %b %H:%M")


def can_encode(out: TextIO) -> bool:
    """Whether ticks and boxes can be printed."""
    try:
        "✓→─╭▸»✗".encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
