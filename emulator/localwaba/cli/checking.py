"""`localwaba check URL`: does an app receive webhooks as Meta requires?"""

from __future__ import annotations

import sys
import textwrap
from argparse import Namespace
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from msgspec.structs import replace

from localwaba.cli.app_process import AppProcess, await_port, free_port
from localwaba.cli.check_screen import Screen
from localwaba.cli.environment import environment
from localwaba.cli.mistake import Mistake
from localwaba.cli.render import Stage
from localwaba.cli.report_files import check_folders, write
from localwaba.cli.words.settings import settings_of
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.model import Check, Json
from localwaba.runtime import check_report, findings
from localwaba.runtime.check_results import Options, Report
from localwaba.runtime.checking import check_app, replay
from localwaba.runtime.server import PortTaken
from localwaba.runtime.settings import Settings, nearest
from localwaba.webhooks.probing import Unreachable
from localwaba.webhooks.targets import TargetPolicy, check_target, look_up

_WIDTH = 110


def check(found: Namespace) -> int:
    """Checks an app: 0 if every rule was kept, 1 if one was broken, 2 for mistakes and an app that is not there."""
    if found.list:
        print("\n".join(_listed(_chosen(found))))
        return 0
    if found.replay:
        return _replay(found)
    if not found.target and not found.app:
        raise Mistake(
            "check: which app? write the URL of its webhook, as in localwaba check http://127.0.0.1:8000/webhook, "
            "or how it is started, --app COMMAND"
        )
    url = found.target or f"http://127.0.0.1:{free_port()}/webhook"
    options = _options(found, url)
    check_folders("check", (found.junit, found.html, found.json))
    screen = Screen(Stage(), show_all=found.all)
    with _App(found.app, url, found.wait) as app, screen:
        report = _checked(replace(options, start=app.start if found.app else None), screen)
        output = app.output()
    kept = _save(found.keep, report)
    screen.show(report, found.keep if kept else None, "" if report.has_passed else output)
    write("check", found.json, check_report.as_json, report)
    write("check", found.junit, check_report.junit, report)
    write("check", found.html, lambda one: check_report.html(one, found.keep), report)
    return 0 if report.has_passed else 1


def _checked(options: Options, screen: Screen) -> Report:
    try:
        return check_app(options, screen)
    except Unreachable as error:
        raise Mistake(f"check: {options.url}: {error}") from None
    except PortTaken as taken:
        raise Mistake(str(taken)) from None


class _App:
    """The app, if it is ours to start: it gets the emulator's variables, and `PORT` out of its URL."""

    def __init__(self, command: str, url: str, wait: float) -> None:
        self._command = command
        self._url = url
        self._wait = wait
        self._process: AppProcess | None = None

    def __enter__(self) -> _App:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()

    def start(self, world: Json) -> None:
        """Starts the app and waits until it listens."""
        parts = urlsplit(self._url)
        port = str(parts.port or (443 if parts.scheme == "https" else 80))
        variables = environment(world) | {"LOCALWABA_URL": str(world["graph_url"]), "PORT": port}
        try:
            self._process = AppProcess(self._command, variables)
            await_port(self._url, self._wait, self._process)
        except Mistake as mistake:
            raise Mistake(str(mistake).replace("run: ", "check: ", 1)) from None

    def output(self) -> str:
        """The end of what it has printed."""
        return self._process.news() if self._process is not None else ""


# what is asked


def _options(found: Namespace, url: str) -> Options:
    settings = _settings(found)
    why = check_target(url, TargetPolicy(settings.allow_targets), look_up)
    if why:
        hint = "; allow it with --allow-target HOST" if "neither this machine" in why else ""
        raise Mistake(f"check: {why}{hint}")
    if found.status_url and "{wamid}" not in found.status_url:
        raise Mistake("check: --status-url needs {wamid} in it, as in http://127.0.0.1:8000/status/{wamid}")
    return Options(
        url=url,
        settings=settings,
        checks=_chosen(found),
        port=_port(found, settings),
        text=found.text,
        status_url=found.status_url,
        patience=found.patience,
    )


def _settings(found: Namespace) -> Settings:
    flags = {
        "port": found.port,
        "app_secret": found.app_secret,
        "verify_token": found.verify_token,
        "allow_targets": found.allow_target,
        "webhook_ca": found.webhook_ca,
    }
    return settings_of(flags, found.config)


def _port(found: Namespace, settings: Settings) -> int | None:
    """The port that somebody chose; None if nobody did."""
    return settings.port if found.port is not None or settings.port != Settings().port else None


def _chosen(found: Namespace) -> tuple[Check, ...]:
    try:
        chosen = catalogue.chosen(_words(found.only), _words(found.skip))
    except ValueError as unknown:
        names = [*catalogue.GROUPS, *(one.name for one in catalogue.CHECKS)]
        raise Mistake(f"check: there is no check {unknown}{nearest(str(unknown), names)} (see --list)") from None
    if not chosen:
        raise Mistake("check: nothing is left to check")
    return chosen


def _words(given: list[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _listed(checks: tuple[Check, ...]) -> list[str]:
    lines: list[str] = []
    group = ""
    for one in checks:
        if one.group != group:
            group = one.group
            lines += ["", group] if lines else [group]
        weak = "" if one.severity == "must" else " (should)"
        lines.append(f"  {one.name}{weak}")
        lines += textwrap.wrap(one.rule, _WIDTH, initial_indent="      ", subsequent_indent="      ")
        source = f"see {', '.join(one.sources)}"
        lines += textwrap.wrap(
            source, _WIDTH, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False
        )
    return lines


# what remains


def _save(folder: Path, report: Report) -> list[findings.Kept]:
    try:
        return findings.save(report, folder)
    except OSError as error:
        raise Mistake(f"check: {folder}: {error.strerror or error}") from None


def _replay(found: Namespace) -> int:
    """Sends the bytes of a finding once more: 0 if the app answered, 2 if it is not there."""
    try:
        kept, raw = findings.find(found.replay, found.keep)
        requests = list(findings.split(raw))
    except findings.NoFinding as error:
        raise Mistake(f"check: {error}") from None
    except ValueError as error:
        raise Mistake(f"check: {found.replay}: {error}") from None
    url = found.target or kept.url
    if not url:
        raise Mistake("check: whom to send it to? write localwaba check URL --replay FILE")
    try:
        answers = replay(url, requests, TargetPolicy(_settings(found).allow_targets))
    except Unreachable as error:
        raise Mistake(f"check: {url}: {error}") from None
    for name, text in (("rule", kept.rule), ("expected", kept.expected), ("happened", kept.happened)):
        if text:
            print(f"{name:<9} {text}")
    for at, answer in enumerate(answers):
        about = kept.about[at] if at < len(kept.about) else requests[at].split(b"\r\n", 1)[0].decode("latin-1")
        before = f" (before: {kept.answers[at]})" if at < len(kept.answers) else ""
        print(f"{at + 1:>3}. {about}: {findings.told(answer)}{before}")
    sys.stdout.flush()
    return 0
