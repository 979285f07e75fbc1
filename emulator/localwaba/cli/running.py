"""`localwaba run FILE…`: the emulator, the app under test, and scenarios that are played with the two."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from localwaba.cli.app_process import AppProcess, await_port, free_port
from localwaba.cli.environment import environment, export_lines
from localwaba.cli.mistake import Mistake
from localwaba.cli.playbill import Playbill
from localwaba.cli.render import Stage
from localwaba.cli.report_files import check_folders, write
from localwaba.cli.words.settings import settings_of
from localwaba.client import ControlError
from localwaba.operations import mistakes
from localwaba.runtime.player import Numbers, Result, play, unplayed
from localwaba.runtime.report import html, junit
from localwaba.runtime.rounds import Rounds, opening
from localwaba.runtime.second_reading import mistakes_in
from localwaba.runtime.server import PortTaken, Running, ServerThread
from localwaba.runtime.settings import Settings
from localwaba.runtime.system import elapsed
from localwaba.version import __version__
from localwaba.webhooks.targets import TargetPolicy, check_target, look_up
from localwaba_scenarios.loader import BadScenario, load
from localwaba_scenarios.model import Scenario

BAD_FILES = 2
BROKEN_OFF = 128 + signal.SIGINT
_INTERRUPTED = "interrupted"
_HANDSHAKE = 5.0
_TERMINATED = 128 + signal.SIGTERM


def run(found: Namespace) -> int:
    """Plays the scenarios of some files: 0 if all passed, 1 if one failed, 2 for mistakes in files, 130 for Ctrl-C."""
    scenarios, wrong = _read(found)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return BAD_FILES
    check_folders("run", (found.junit, found.html))
    settings = _settings(found)
    chat = sys.stdout.isatty() if found.chat is None else found.chat
    with Playbill(Stage(), chat=chat) as bill:
        results = _play(scenarios, settings, found, bill)
    write("run", found.junit, junit, results)
    write("run", found.html, html, results)
    if any(one.skipped == _INTERRUPTED for one in results):
        return BROKEN_OFF
    return 0 if all(one.has_passed for one in results) else 1


# what is to be played


def _read(found: Namespace) -> tuple[list[Scenario], list[str]]:
    """The scenarios that are to be played, and a line for each mistake in the files."""
    values: dict[str, str] = {}
    for text in found.set:
        name, sign, value = text.partition("=")
        if not sign:
            raise Mistake(f"run: --set {text}: write NAME=VALUE")
        values[name] = value
    scenarios: list[Scenario] = []
    wrong: list[str] = []
    for path in _paths(found.files):
        try:
            scenarios += load(path, values)
        except BadScenario as bad:
            wrong += bad.mistakes
    wrong += mistakes_in(scenarios)
    chosen = [one for one in scenarios if found.only.lower() in one.title.lower()]
    if not chosen and not wrong:
        titles = [one.title for one in scenarios]
        raise Mistake(f"run: no scenario has {found.only!r} in its name{mistakes.nearest(found.only, titles)}")
    return chosen, wrong


def _paths(given: list[Path]) -> Iterator[Path]:
    for path in given:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".yml"))
        if not inside:
            raise Mistake(f"run: there are no scenarios (*.yaml) in {path}")
        yield from inside


def _settings(found: Namespace) -> Settings:
    """What the emulator is started with; clock and policy are the scenarios' matter."""
    url = found.webhook_url
    if url is None and found.app is None and "LOCALWABA_WEBHOOK_URL" not in os.environ:
        raise Mistake("run: say where the app is, --webhook-url URL, or how it is started, --app COMMAND")
    if url is None and found.app is not None:
        url = f"http://127.0.0.1:{free_port()}/webhook"
    flags = {
        "webhook_url": url,
        "port": found.port if found.port is not None or found.app is None else "0",
        "verify_token": found.verify_token,
        "app_secret": found.app_secret,
    }
    settings = settings_of(flags)
    why = check_target(settings.webhook_url, TargetPolicy(settings.allow_targets), look_up)
    if why:
        raise Mistake(f"run: --webhook-url: {why}")
    return settings


# the play


def _play(scenarios: list[Scenario], settings: Settings, found: Namespace, bill: Playbill) -> list[Result]:
    results: list[Result] = []
    with _emulator(settings, scenarios) as running, _app(found, settings, running, bill) as app:
        rounds = Rounds(running, settings.policy)
        try:
            _subscribe(rounds, settings, app)
            bill.open(len(scenarios))
            with suppress(KeyboardInterrupt):  # what was played is told all the same
                _play_each(scenarios, settings, found, rounds, app, bill, results)
        finally:
            rounds.close()
    results += [unplayed(one, _INTERRUPTED) for one in scenarios[len(results) :]]
    bill.close(results)
    return results


def _play_each(
    scenarios: list[Scenario],
    settings: Settings,
    found: Namespace,
    rounds: Rounds,
    app: AppProcess | None,
    bill: Playbill,
    results: list[Result],
) -> None:
    """One after the other; of those that are not played, the results say why."""
    parts = urlsplit(settings.webhook_url)
    origin, numbers, why = f"{parts.scheme}://{parts.netloc}", Numbers(), ""
    for scenario in scenarios:
        if why:
            results.append(unplayed(scenario, why))
            continue
        bill.begin(scenario)
        if app is not None:
            app.news()
        result = play(scenario, rounds.begin(scenario), app=origin, numbers=numbers, audience=bill)
        result = _with_app(result, app)
        results.append(result)
        bill.end(result)
        why = _reason_to_end(result, app, found)


def _with_app(result: Result, app: AppProcess | None) -> Result:
    """What the app itself has to do with a result: what it printed, and whether it has ended meanwhile."""
    if app is None:
        return result
    output = app.news()
    if app.status() is None:
        return replace(result, output=output)
    ended = f"the app ended with status {app.status()} while this was played"
    played = tuple(
        replace(one, text=f"{ended}\n{one.text}") if one.outcome == "failed" else one for one in result.played
    )
    problem = result.problem if result.failed else "\n".join(filter(None, [ended, result.problem]))
    return replace(result, played=played, problem=problem, output=output)


def _reason_to_end(result: Result, app: AppProcess | None, found: Namespace) -> str:
    """Why nothing more is played; empty if it is."""
    if app is not None and app.status() is not None:
        return f"the app had ended with status {app.status()}"
    return "one has failed, and --exitfirst" if found.exitfirst and result.outcome == "failed" else ""


@contextmanager
def _emulator(settings: Settings, scenarios: list[Scenario]) -> Generator[Running, None, None]:
    """The emulator, at the time at which the app is to be set up; it calls the app later."""
    start = opening(scenarios) / 1000
    server = ServerThread(
        msgspec.structs.replace(settings, webhook_url="", clock_mode="frozen", clock_now=start, clock_rate=None)
    )
    try:
        running = server.start()
    except PortTaken as taken:
        raise Mistake(str(taken)) from None
    try:
        yield running
    finally:
        server.stop()


@contextmanager
def _app(
    found: Namespace, settings: Settings, running: Running, bill: Playbill
) -> Generator[AppProcess | None, None, None]:
    """The app once it listens: started by us, or by somebody else."""
    world = running.hosts.default.describe() | {"verify_token": settings.verify_token}
    bill.print(f"localwaba {__version__} on {running.url}, the app on {settings.webhook_url}", "dim")
    if found.app is None:
        bill.print("\n# the environment of your app")
        bill.print("\n".join(export_lines(environment(world))) + "\n")
        bill.print(f"Waiting for the app at {settings.webhook_url} …", "dim")
        await_port(settings.webhook_url, found.wait)
        yield None
        return
    port = urlsplit(settings.webhook_url).port
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))  # so that the app is ended, too
    app = AppProcess(found.app, environment(world) | {"LOCALWABA_URL": running.url, "PORT": str(port)})
    try:
        await_port(settings.webhook_url, found.wait, app)
        yield app
    finally:
        app.stop()


def _subscribe(rounds: Rounds, settings: Settings, app: AppProcess | None) -> None:
    """The handshake, tried for some seconds: who listens may not be ready yet."""
    until = elapsed() + _HANDSHAKE
    while True:
        try:
            rounds.settle_in(settings.webhook_url, settings.verify_token, settings.fields)
        except ControlError as error:
            if elapsed() >= until:
                raise Mistake(f"run: {_unverified(settings.webhook_url, str(error), app)}") from None
            time.sleep(0.2)
        else:
            return


def _unverified(url: str, error: str, app: AppProcess | None) -> str:
    """A handshake that failed: Meta's words, why, what to do, and what the app printed."""
    text, fix, remedy = error.partition(" Fix: ")
    text, rule, why = text.partition(" [webhooks.verification] ")
    lines = [f"the webhook {url} failed its handshake: {text}", *[f"  why: {why}"] * bool(rule)]
    lines += [f"  fix: {remedy}"] * bool(fix)
    printed = app.news() if app is not None else ""
    return "\n".join(
        [*lines, *(["  What the app printed", *(f"    {x}" for x in printed.split("\n")[-10:])] * bool(printed))]
    )
