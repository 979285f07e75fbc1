"""What `localwaba check` shows: how far it is, then every group with its findings and their reasons."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from localwaba.cli.render import Stage
from localwaba.operations.checks.catalogue import GROUPS
from localwaba.operations.checks.model import Check, Json, Outcome
from localwaba.runtime.check_report import counts
from localwaba.runtime.check_results import Report, Result
from localwaba.runtime.findings import Cause, causes
from localwaba.version import __version__

_STYLES = {"passed": "green", "failed": "bold red", "warned": "yellow", "skipped": "dim"}
_SIGNS = {
    True: {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"},
    False: {"passed": "ok", "failed": "NO", "warned": "!", "skipped": "-"},
}
_WORST: tuple[Outcome, ...] = ("failed", "warned", "skipped", "passed")
_NAMED = 6
_PRINTED = 12


class Screen:
    """An audience of checks that shows them on a terminal; with `show_all`, each of them."""

    def __init__(self, stage: Stage, *, show_all: bool) -> None:
        self._stage = stage
        self._all = show_all
        self._signs = _SIGNS[stage.is_unicode]
        self._token = ""
        self._progress: Progress | None = None
        self._task: int | None = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    # while it runs

    def open(self, url: str, world: Json, count: int) -> None:
        """The emulator is ready: says where, and shows a bar on a terminal."""
        self._line(f"localwaba {__version__} checks an app, with an emulator on {url}", "bold")
        self._token = str(world["access_token"])
        if self._stage.console.is_terminal:
            columns = (BarColumn(30), MofNCompleteColumn(), TextColumn("{task.description}", style="dim"))
            self._progress = Progress(*columns, console=self._stage.console, transient=True)
            self._progress.start()
            self._task = self._progress.add_task("", total=count)

    def begin(self, check: Check, at: int) -> None:
        """A check is tried."""
        self._move(at, f"{check.group}: {check.name}")

    def wait(self) -> None:
        """The app is given time to come to rest."""
        if self._progress is not None:
            self._move(None, "waiting for the app to come to rest")

    def _move(self, at: int | None, text: str) -> None:
        if self._progress is not None and self._task is not None:
            task = self._progress.tasks[0]
            self._progress.update(task.id, completed=at if at is not None else task.total, description=text)

    # afterwards

    def show(self, report: Report, kept: Path | None, output: str = "") -> None:
        """The groups, the findings with their reasons, what could not be judged, what the app printed, and the sum."""
        self._stage.console.print()
        self._stage.console.print(self._table(report))
        for cause in causes(report.results):
            self._cause(cause)
        self._unjudged(report)
        if output:
            self._stage.console.print()
            self._line("What the app printed last", "bold")
            for line in output.split("\n")[-_PRINTED:]:
                self._line(f"  {line}", "dim")
        self._sum(report, kept)

    def _table(self, report: Report) -> Table:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        for _ in range(2):
            table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1)
        for group in GROUPS:
            theirs = [one for one in report.results if one.check.group == group]
            if not theirs:
                continue
            worst = next(outcome for outcome in _WORST if any(one.verdict.outcome == outcome for one in theirs))
            sign = Text(self._signs[worst], _STYLES[worst])
            well = sum(one.verdict.outcome == "passed" for one in theirs)
            count = Text(str(well) if well == len(theirs) else f"{well} of {len(theirs)}", "dim")
            table.add_row(sign, Text(group, "bold"), count, self._odd(theirs))
            if self._all:
                for one in theirs:
                    table.add_row("", *self._row(one))
        return table

    def _odd(self, theirs: list[Result]) -> Text:
        """What was no success, by how it ended."""
        line = Text()
        if self._all:
            return line
        for outcome in _WORST[:-1]:
            names = [_short(one, theirs) for one in theirs if one.verdict.outcome == outcome]
            if not names:
                continue
            if outcome == "skipped" and len(names) == len(theirs):
                return Text("not judged", _STYLES[outcome])
            line.append("   " if line else "")
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            line.append(f"{self._signs[outcome]} {', '.join(names[:_NAMED])}{more}", _STYLES[outcome])
        return line

    def _row(self, one: Result) -> tuple[Text, Text, Text]:
        outcome = one.verdict.outcome
        name = Text("  " + one.check.name, "" if outcome == "passed" else _STYLES[outcome])
        told = one.verdict.happened or one.check.rule
        return name, Text(self._signs[outcome], _STYLES[outcome]), self._text(told, "dim")

    def _cause(self, cause: Cause) -> None:
        one = cause.first
        verdict, check = one.verdict, one.check
        self._stage.console.print()
        head = Text().append(f"{self._signs[verdict.outcome]} {check.name}", _STYLES[verdict.outcome])
        head.append(f"  {check.group}", "dim")
        self._print(head)
        self._print(self._text(check.rule), inset=2)
        rows = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        rows.add_column(style="dim", no_wrap=True)
        rows.add_column(ratio=1, overflow="fold")
        rows.add_row("expected", self._text(verdict.expected))
        rows.add_row("happened", self._text(verdict.happened, "red" if verdict.outcome == "failed" else "yellow"))
        rows.add_row("source", self._text(", ".join(check.sources), "dim"))
        rows.add_row("again", self._text(f"localwaba check --replay {check.name}", "cyan"))
        if cause.others:
            names = ", ".join(other.check.name for other in cause.others[:_NAMED])
            more = len(cause.others) - _NAMED
            names += f" and {more} more" if more > 0 else ""
            rows.add_row("likewise", self._text(f"the same answer to {names}", "dim"))
        self._stage.console.print(Padding(rows, (0, 0, 0, 2)))

    def _unjudged(self, report: Report) -> None:
        reasons: dict[str, list[str]] = {}
        for one in report.results:
            if one.verdict.outcome == "skipped":
                reasons.setdefault(one.verdict.happened, []).append(one.check.name)
        for reason, names in reasons.items():
            self._stage.console.print()
            if len(names) == 1:
                self._print(self._text(f"{self._signs['skipped']} {names[0]}, not judged: {reason}", "dim"))
                continue
            self._print(self._text(f"{self._signs['skipped']} {len(names)} not judged: {reason}", "yellow"))
            shown = ", ".join(names[:_NAMED])
            more = len(names) - _NAMED
            self._print(self._text(shown + (f" and {more} more" if more > 0 else ""), "dim"), inset=2)
            if reason == report.why_unseen:
                self._explain(report)

    def _explain(self, report: Report) -> None:
        """How the app is pointed at the emulator."""
        text = "To have judged what the app does, start it with these, and leave the emulator its port:"
        self._print(self._text(text), inset=2)
        for name, value in (("GRAPH_URL", report.emulator_url), ("WHATSAPP_TOKEN", self._token)):
            self._line(f"  export {name}={value}", "cyan")

    def _sum(self, report: Report, kept: Path | None) -> None:
        self._stage.console.print()
        if kept is not None:
            self._line(f"The bytes of each finding are in {kept}{'' if str(kept).endswith('/') else '/'}", "dim")
        style = "bold red" if not report.has_passed else "bold yellow" if report.count("warned") else "bold green"
        self._line(f"{counts(report)} in {report.seconds:.1f} s ({report.requests} requests)", style)

    def _text(self, text: str, style: str = "") -> Text:
        return Text(text if self._stage.is_unicode else text.replace("…", "..."), style)

    def _line(self, text: str, style: str = "") -> None:
        self._stage.console.print(self._text(text, style), soft_wrap=True)

    def _print(self, text: Text, inset: int = 0) -> None:
        self._stage.console.print(Padding(text, (0, 0, 0, inset), expand=False))


def _short(one: Result, theirs: list[Result]) -> str:
    """The name of a check, without the word with which all names of its group begin."""
    same = len({other.check.name.partition("-")[0] for other in theirs}) == 1
    return one.check.name.partition("-")[2] if same and len(theirs) > 1 else one.check.name
