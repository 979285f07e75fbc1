"""What `localwaba run` shows: scenarios with their steps and chats while they are played, and what became of them."""

from __future__ import annotations

from types import TracebackType

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from localwaba.cli.chronicle import Chronicle
from localwaba.cli.render import Stage
from localwaba.runtime.player import Audience, Played, Result
from localwaba.runtime.report import summary, told, without_chat
from localwaba.runtime.scene import Scene
from localwaba_scenarios import model

_STYLES = {"passed": "green", "failed": "bold red", "skipped": "dim"}
_SIGNS = {True: {"passed": "✓", "failed": "✗", "skipped": "·"}, False: {"passed": "ok", "failed": "NO", "skipped": "-"}}
_HELD = (model.Sends, model.SendsFile, model.Taps, model.CallsApp, model.Repeats)
"""Steps behind which the app may still be at work: its messages are shown when they are done."""


class Playbill(Audience):
    """Shows on a terminal what is played; with `chat`, every message as a bubble."""

    def __init__(self, stage: Stage, *, chat: bool) -> None:
        self._stage = stage
        self._chat = chat
        self._chronicle: Chronicle | None = None
        self._scene: Scene | None = None
        self._seen = 0
        self._bar: Progress | None = None
        self._failed = 0

    def __enter__(self) -> Playbill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def open(self, count: int) -> None:
        """So many scenarios will be played: on a terminal a bar below everything says how far we are."""
        if self._stage.console.is_terminal:
            columns = (BarColumn(24), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Progress(*columns, console=self._stage.console, transient=True)
            self._bar.start()
            self._bar.add_task("", total=count)

    def print(self, text: str = "", style: str = "") -> None:
        """A line of our own, never broken: people paste it, editors make links of its places."""
        line = Text(text if self._stage.is_unicode else text.replace("…", "..."), style)
        self._stage.console.print(line, soft_wrap=True)
        self._stage.console.file.flush()

    def begin(self, scenario: model.Scenario) -> None:
        """A scenario begins."""
        self._move(0, scenario.title)
        if self._chat:
            self._stage.scene(scenario.title)

    def meet(self, scene: Scene) -> None:
        """The users of a scenario are known."""
        self._scene = scene
        self._chronicle = Chronicle(self._stage, "App")
        self._chronicle.names |= {user.wa_id: user.name for user in scene.users.values()}
        journal = scene.waba.link.call("GET", "world")["counts"]["journal"]
        self._seen = int(journal)

    def hear(self, played: Played) -> None:
        """A step is over."""
        if not self._chat or played.outcome == "skipped":
            return
        self._line(played)
        self._tell(to_the_end=not isinstance(played.step, _HELD))

    def leave(self) -> None:
        """What came behind the last step."""
        if self._chat:
            self._tell(to_the_end=True)

    def end(self, result: Result) -> None:
        """A scenario is over."""
        line = Text(f"{self._sign(result.outcome)} ", _STYLES[result.outcome])
        line.append(result.scenario.title, "bold" if result.outcome == "failed" else "")
        line.append(f"  {result.seconds:.1f} s", "dim")
        self._stage.console.print(line, soft_wrap=True)
        if result.outcome == "failed":
            self._failed += 1
            self._explain(result)
        self._move(1, "")

    def close(self, results: list[Result]) -> None:
        """Everything is over."""
        self.print()
        for one in results:
            if one.outcome == "failed":
                row = one.scenario.title.removeprefix(one.scenario.name)  # rows of examples fail at the same line
                self.print(f"{one.headline}{row}", "red")
        for why in dict.fromkeys(one.skipped for one in results if one.outcome == "skipped"):
            self.print(f"not played: {why}", "yellow")
        self.print(summary(results), "bold green" if all(one.has_passed for one in results) else "bold red")

    def _explain(self, result: Result) -> None:
        failed = result.failed
        if failed is not None:
            self._inset(f"{failed.step.place}", "dim")
            self._inset(told(failed), "bold")
        text = failed.text if failed else result.problem
        self._inset(without_chat(text) if self._chat else text, "red")
        if result.output:
            self._inset("\nWhat the app printed", "bold")
            self._inset(result.output, "dim")

    def _inset(self, text: str, style: str) -> None:
        """Some lines below a scenario; only a terminal needs them broken, and then they keep their indentation."""
        for given in text.split("\n"):
            inner = " " * (4 + len(given) - len(given.lstrip()))
            parts = [Text(given.strip(), style)]
            if self._stage.console.is_terminal:
                parts = list(parts[0].wrap(self._stage.console, max(20, self._stage.console.width - len(inner))))
            for part in parts or [Text()]:
                part.rstrip()
                line = Text(inner) + part if part.plain else part
                self._stage.console.print(line, soft_wrap=True)

    def _move(self, count: int, text: str) -> None:
        if self._bar is not None:
            told = f"[bold red]{self._failed} failed[/] " if self._failed else ""
            self._bar.update(self._bar.tasks[0].id, advance=count, description=told + escape(text), refresh=True)

    def _line(self, played: Played) -> None:
        line = Text(f"  {self._sign(played.outcome)} ", _STYLES[played.outcome])
        line.append(played.step.sentence)
        if played.step.argument:
            line.append(f": {played.step.argument}", "dim")
        if self._stage.console.is_terminal:
            line.truncate(self._stage.console.width, overflow="ellipsis" if self._stage.is_unicode else "crop")
        self._stage.console.print(line, soft_wrap=True)

    def _sign(self, outcome: str) -> str:
        return _SIGNS[self._stage.is_unicode][outcome]

    def _tell(self, *, to_the_end: bool) -> None:
        if self._scene is None or self._chronicle is None:
            return
        news = []
        while True:
            query = {"after": self._seen, "limit": 500}
            entries = self._scene.waba.link.call("GET", "journal", query=query)["entries"]
            news += entries
            if entries:
                self._seen = entries[-1]["n"]
            if len(entries) < 500:
                break
        self._chronicle.tell(news, to_the_end=to_the_end)
