"""What the command line, the environment and the ini file say; a slip is one line, before any test runs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for tests that say nothing themselves. `save` is where failed tests are kept as scenarios."""

    url: str
    seed: int
    profile: str
    version: str
    timeout: float | None
    strict: bool
    strict_statuses: bool
    save: Path | None


def add_options(parser: pytest.Parser) -> None:
    """Declares them."""
    group = parser.getgroup("localwaba", "WhatsApp Business Platform on localhost")
    group.addoption(
        "--waba-url",
        metavar="URL",
        help="use this running emulator instead of starting one (also: LOCALWABA_URL, waba_url)",
    )
    group.addoption("--waba-seed", metavar="N", help="seed of the worlds of tests that do not name one (default: 0)")
    group.addoption("--waba-profile", metavar="NAME", help="rules of the worlds: realistic, strict, relaxed, …")
    group.addoption("--waba-timeout", metavar="SECONDS", help="how long tests wait for the app (default: 2)")
    group.addoption(
        "--waba-lenient", action="store_true", help="refused calls of the app that nobody expected fail no test"
    )
    group.addoption("--waba-save", metavar="DIR", help="keep each failed test there, as a scenario to play again")
    group.addoption("--waba-app", metavar="COMMAND", help="start this app for scenario files; or module:attribute")
    group.addoption("--waba-webhook-url", metavar="URL", help="play scenario files with the app that listens there")
    parser.addini("waba_scenarios", "folders and patterns of the YAML files that are scenarios", "args", default=[])
    parser.addini("waba_app", "how the app of scenario files is started: a command, or module:attribute", default="")
    parser.addini("waba_webhook_url", "where the app of scenario files listens, if it runs already", default="")
    parser.addini("waba_url", "the running emulator to use instead of starting one", default="")
    parser.addini("waba_seed", "seed of the worlds of tests that do not name one", default="0")
    parser.addini("waba_profile", "rules of the worlds: realistic, strict, relaxed, …", default="")
    parser.addini("waba_version", "Graph version of webhooks and of calls of the tests themselves", default="")
    parser.addini("waba_timeout", "how long tests wait for the app, in seconds", default="")
    parser.addini(
        "waba_strict",
        "a call of the app that is refused, at once or later by its mistake, fails its test",
        default="true",
    )
    parser.addini("waba_strict_statuses", "any message of the app that fails later fails its test", default="false")
    parser.addini("waba_save", "where failed tests are kept as scenarios to play again", default="")


def given_url(config: pytest.Config) -> str:
    """The running emulator that somebody named; empty if nobody did."""
    return str(config.getoption("--waba-url") or os.environ.get("LOCALWABA_URL", "") or config.getini("waba_url"))


def read_options(config: pytest.Config) -> Options:
    """What was said; UsageError for what makes no sense."""
    folder = config.getoption("--waba-save") or config.getini("waba_save")
    return Options(
        url=_url(config),
        seed=_whole(*_said(config, "seed")),
        profile=_profile(*_said(config, "profile")),
        version=graph_version(str(config.getini("waba_version"))),
        timeout=_seconds(*_said(config, "timeout")),
        strict=not config.getoption("--waba-lenient") and boolean("waba_strict", config.getini("waba_strict")),
        strict_statuses=boolean("waba_strict_statuses", config.getini("waba_strict_statuses")),
        save=config.invocation_params.dir / folder if folder else None,
    )


def _said(config: pytest.Config, name: str) -> tuple[str, str]:
    """Where something was said, and what."""
    option = config.getoption(f"--waba-{name}")
    return (
        (f"--waba-{name}", str(option)) if option is not None else (f"waba_{name}", str(config.getini(f"waba_{name}")))
    )


def _url(config: pytest.Config) -> str:
    url = given_url(config)
    if url and not url.startswith("http://"):
        raise pytest.UsageError(f"the URL of an emulator is http://host:port, not {url!r}")
    return url


def _whole(where: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"{where} is a whole number, not {text!r}") from None


def _seconds(where: str, text: str) -> float | None:
    try:
        seconds = float(text) if text else None
    except ValueError:
        seconds = -1.0
    if seconds is not None and not 0 < seconds <= 3_600:
        raise pytest.UsageError(f"{where} is a number of seconds above 0, not {text!r}")
    return seconds


def boolean(where: str, text: object) -> bool:
    """What a setting says; UsageError if it is neither true nor false."""
    word = str(text).strip().lower()
    if word not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        raise pytest.UsageError(f"{where} is true or false, not {text!r}")
    return word in ("true", "1", "yes", "on")


def _profile(where: str, name: str) -> str:
    if name:
        from localwaba.domain.policy import PROFILES

        if name not in PROFILES:
            raise pytest.UsageError(f"{where}: there is no profile {name!r}{nearest(name, PROFILES)}")
    return name


def graph_version(name: str) -> str:
    """The name, if it is a Graph version or nothing; UsageError for anything else."""
    if name:
        from localwaba.versions.table import serve

        if serve(name) is None:
            raise pytest.UsageError(f"waba_version is a Graph version such as v23.0, not {name!r}")
    return name


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence; else all that there is."""
    from difflib import get_close_matches

    there = list(known)
    near = get_close_matches(word, there, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(there)}"
