"""The app under test and the platform that it talks to, for all scenarios that one process plays."""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import pytest

from localwaba.cli.app_process import AppProcess, await_port, free_port
from localwaba.cli.environment import environment
from localwaba.cli.mistake import Mistake
from localwaba.client import ControlError, Waba
from localwaba.client.gateways import kind_of
from localwaba.client.link import Unreachable
from localwaba.client.tracebacks import place, told
from localwaba.runtime.player import Numbers, Result, play
from localwaba.runtime.rounds import Rounds, opening
from localwaba.runtime.server import PortTaken, ServerThread
from localwaba.runtime.settings import BadSettings, Settings, read_settings
from localwaba_scenarios.model import Scenario

PATIENCE = 30.0
"""Real seconds in which the app has to listen."""
_HANDSHAKES = 25
_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


class NoApp(Exception):
    """There is no app that scenarios could be played with; the text is one line."""


class Started(Protocol):
    """An app that we have started."""

    def news(self) -> str: ...


class Stage:
    """A platform and an app that talk to each other; scenarios are played on it one after the other."""

    def __init__(self, rounds: Rounds, origin: str, app: Started | None, ends: ExitStack) -> None:
        self._rounds = rounds
        self._origin = origin
        self._app = app
        self._ends = ends
        self._numbers = Numbers()
        self.played: Callable[[Waba], object] = lambda waba: None  # called before the world forgets a scenario
        self.is_inside = isinstance(app, Inside)

    def play(self, scenario: Scenario) -> Result:
        """Plays one in the world as the app has set it up; what it remembers itself stays."""
        if self._app is not None:
            self._app.news()
        waba = self._rounds.begin(scenario)
        result = play(scenario, waba, app=self._origin, numbers=self._numbers)
        self.played(waba)
        return replace(result, output=self._app.news() if self._app is not None else "")

    def close(self) -> None:
        """Ends the app, then the platform."""
        self._ends.close()


class Inside:
    """An ASGI or WSGI app of this process, which is called without sockets."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def news(self) -> str:
        """What it has raised; pytest captures what it prints."""
        times = Counter(map(told, self._rounds.errors()))
        return "\n\n".join(f"{text}\n({count} times)" if count > 1 else text for text, count in times.items())


def open_stage(app: str, url: str, scenarios: Iterable[Scenario]) -> Stage:
    """Starts the platform and the app, and subscribes it to its webhooks. `app` is a command, or `module:attribute`.

    Without it the app at `url` is used, which somebody else has started. NoApp.
    """
    if not app and not url:
        raise NoApp("scenarios need an app: set waba_app to its command or module:attribute, or waba_webhook_url")
    ends = ExitStack()
    try:
        return _open(app, url, scenarios, ends)
    except (Mistake, BadSettings, PortTaken, ControlError, Unreachable) as problem:
        ends.close()
        text = (
            str(problem).removeprefix("run: ").replace("--app", "waba_app").replace("--webhook-url", "waba_webhook_url")
        )
        hint = ""
        if isinstance(problem, PortTaken) and os.environ.get("PYTEST_XDIST_WORKER"):
            hint = "; workers cannot share a running app: --dist loadgroup, or let each start its own with waba_app"
        raise NoApp(text + hint) from None
    except BaseException:
        ends.close()
        raise


def _open(app: str, url: str, scenarios: Iterable[Scenario], ends: ExitStack) -> Stage:
    webhook = url or f"http://127.0.0.1:{free_port()}/webhook"
    settings = read_settings({"webhook_url": webhook, **({} if url else {"port": "0"})}, os.environ)
    server = ServerThread(
        msgspec.structs.replace(
            settings, webhook_url="", clock_mode="frozen", clock_now=opening(scenarios) / 1000, clock_rate=None
        )
    )
    running = server.start()
    ends.callback(server.stop)
    rounds = Rounds(running, settings.policy)
    ends.callback(rounds.close)
    parts = urlsplit(webhook)
    origin = f"{parts.scheme}://{parts.netloc}"
    world = running.hosts.default.describe() | {"verify_token": settings.verify_token}
    variables = environment(world) | {"LOCALWABA_URL": running.url, "PORT": str(parts.port or 80)}
    started: Started | None = None
    if app and not url and _OBJECT.fullmatch(app):
        _take_in(rounds, app, origin, variables, ends.enter_context(pytest.MonkeyPatch.context()))
        started = Inside(rounds)
    else:
        process = AppProcess(app, variables) if app and not url else None
        if process is not None:
            ends.callback(process.stop)
        await_port(webhook, PATIENCE, process)
        started = process
    _subscribe(rounds, settings, webhook, 0 if isinstance(started, Inside) else _HANDSHAKES)
    return Stage(rounds, origin, started, ends)


def _take_in(rounds: Rounds, name: str, origin: str, variables: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    app = _made(name, variables, patch)
    try:
        kind_of(app)
    except TypeError as error:
        raise NoApp(f"waba_app: {name}: {error}") from None
    try:
        rounds.take_in(app, origin)
    except Exception as error:
        raise NoApp(f"waba_app: {name}: the app failed to start: {_line(error)}") from None


def _line(error: BaseException) -> str:
    """An error of the app in one line."""
    where = place(error)
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{text} ({where})" if where else text


def _made(name: str, variables: Mapping[str, str], patch: pytest.MonkeyPatch) -> Any:
    """The ASGI app that a name stands for; what is made by a function is given the environment if it takes any."""
    module, _, path = name.partition(":")
    for variable, value in variables.items():  # an app reads them when it is imported, or when it is made
        patch.setenv(variable, value)
    patch.syspath_prepend(os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise NoApp(f"waba_app: {name}: {error}") from None
    except Exception as error:
        raise NoApp(f"waba_app: {name}: the module cannot be imported: {_line(error)}") from None
    if not inspect.isfunction(found) or inspect.iscoroutinefunction(found):
        return found
    given = inspect.signature(found).parameters.values()
    needed = [one for one in given if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    if len(needed) > 1:  # two are a WSGI app's, three an ASGI app's
        return found
    try:
        return found(dict(os.environ)) if needed or len(given) == 1 else found()
    except Exception as error:
        raise NoApp(f"waba_app: {name}: the app cannot be made: {_line(error)}") from None


def _subscribe(rounds: Rounds, settings: Settings, webhook: str, tries: int) -> None:
    """The handshake, tried so many times more for some seconds: who listens may not be ready yet."""
    from time import sleep

    for n in range(tries + 1):
        try:
            rounds.settle_in(webhook, settings.verify_token, settings.fields)
        except ControlError as error:
            if n == tries:
                raised = "".join(f"; the app raised {_line(one)}" for one in rounds.errors()[:1])
                raise NoApp(f"the webhook {webhook} failed its handshake: {error}{raised}") from None
            sleep(0.2)
        else:
            return
