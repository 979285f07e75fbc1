"""Scenario files as tests: which files are collected, what is told of one that fails.

Nothing here is imported unless somebody has said which YAML files are scenarios.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localwaba.runtime.player import Result
from localwaba.runtime.second_reading import mistakes_in
from localwaba_scenarios.loader import BadScenario, load
from localwaba_scenarios.model import Scenario
from pytest_localwaba.coverage import KEY

if TYPE_CHECKING:
    from pytest_localwaba.staging import Stage

NAME = "localwaba-stage"
GROUP = "localwaba-app"
PRINTED = "What the app printed"
RAISED = "What the app raised"


class Failed(Exception):
    """A scenario that has not passed."""

    def __init__(self, result: Result, heard: str) -> None:
        super().__init__(result.headline)
        self.result = result
        self.heard = heard


class Stages:
    """The app of this run and its platform: made for the first scenario that is played, ended with the session."""

    def __init__(self) -> None:
        self.scenarios: list[Scenario] = []
        self._stage: Stage | None = None
        self._problem = ""

    def stage(self, config: pytest.Config) -> Stage:
        """The stage; fails the test if there is none, for each in the same words."""
        from pytest_localwaba.staging import NoApp, open_stage

        if self._stage is None and not self._problem:
            try:
                self._stage = open_stage(app_of(config), url_of(config), self.scenarios)
                covered = config.pluginmanager.get_plugin(KEY)
                if covered is not None:
                    self._stage.played = covered.count_world
            except NoApp as problem:
                self._problem = str(problem)
        if self._stage is None:
            pytest.fail(self._problem, pytrace=False)
        return self._stage

    def pytest_sessionfinish(self) -> None:
        """Ends the app and the platform."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None


class ScenarioFile(pytest.File):
    """A file of scenarios; mistakes in it are told with their lines when it is collected."""

    def collect(self) -> Iterator[ScenarioItem]:
        """A test for each scenario, and for each row of its examples."""
        try:
            scenarios = load(self.path)
        except BadScenario as bad:
            raise self.CollectError("\n".join(bad.mistakes)) from None
        wrong = mistakes_in(scenarios)
        if wrong:
            raise self.CollectError("\n".join(wrong))
        stages_of(self.config).scenarios += scenarios
        names: Counter[str] = Counter()
        for scenario in scenarios:
            name = scenario.title.replace("::", ":")  # at which pytest takes apart what is given on its command line
            names[name] += 1
            name += f" ({names[name]})" if names[name] > 1 else ""
            # pytest remembers failures by ids as texts, and reads brackets in those, but not in names, as parameters
            yield ScenarioItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}", scenario=scenario)


class ScenarioItem(pytest.Item):
    """A scenario as a test."""

    def __init__(self, *, scenario: Scenario, **given: Any) -> None:
        super().__init__(**given)
        self.scenario = scenario
        if url_of(self.config) and self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(GROUP))  # there is one such app: with --dist loadgroup it is shared

    def runtest(self) -> None:
        """Plays it; raises Failed."""
        stage = stages_of(self.config).stage(self.config)
        result = stage.play(self.scenario)
        if not result.has_passed:
            raise Failed(result, RAISED if stage.is_inside else PRINTED)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The scenario's own words: its file and line, the step, what was expected, what there was."""
        if isinstance(excinfo.value, Failed):
            text = told(excinfo.value.result, excinfo.value.heard)
            return text.replace(f"{self.path}:", f"{self._shown_path()}:")
        return super().repr_failure(excinfo, style)

    def _shown_path(self) -> Path:
        here = self.config.invocation_params.dir
        return self.path.relative_to(here) if self.path.is_relative_to(here) else self.path

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.scenario.place.line - 1, self.name


def collect_file(path: Path, parent: pytest.Collector) -> ScenarioFile:
    """A file that somebody has said is one of scenarios."""
    return ScenarioFile.from_parent(parent, path=path)


def stages_of(config: pytest.Config) -> Stages:
    """The one of this run."""
    found = config.pluginmanager.get_plugin(NAME)
    if found is None:
        found = Stages()
        config.pluginmanager.register(found, NAME)
    assert isinstance(found, Stages)
    return found


def app_of(config: pytest.Config) -> str:
    """How the app is started; empty if nobody says."""
    return str(config.getoption("--waba-app") or config.getini("waba_app"))


def url_of(config: pytest.Config) -> str:
    """Where an app that runs already takes webhooks; empty if none does, or one is to be started."""
    given = config.getoption("--waba-webhook-url")
    return str(given or ("" if app_of(config) else config.getini("waba_webhook_url")))


def told(result: Result, heard: str) -> str:
    """A failure as text: the line first, then all that is known; `heard` says what the app's output is."""
    failed = result.failed
    if failed is None:
        parts = [f"{result.scenario.place}: {result.problem}"]
    else:
        argument = f": {failed.step.argument}" if failed.step.argument else ""
        parts = [f"{failed.step.place}: {failed.step.sentence}{argument}", failed.text]
    text = "\n".join(parts)
    for chat in result.chats:
        if chat.bubbles and f"Chat of {chat.name}" not in text:
            parts.append("\n".join(["", f"Chat of {chat.name}", *(f"  {line}" for line in chat.lines())]))
    if result.output:
        parts.append("\n".join(["", heard, *(f"  {line}" for line in result.output.splitlines())]))
    return "\n".join(parts)
