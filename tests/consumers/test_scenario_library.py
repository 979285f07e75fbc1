"""Every scenario of the library passes with the sample bot, and fails where bot or platform are not as it says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple
from xml.etree import ElementTree as Xml

import pytest
from starlette.applications import Starlette

import localwaba_scenarios
from localwaba import Emulator
from localwaba.cli import main
from localwaba.runtime.player import Result, play, world_options
from localwaba.samples import bot
from localwaba_scenarios.loader import read
from localwaba_scenarios.model import Scenario, Silence
from receivers.asgi import serve_app

pytestmark = pytest.mark.consumer
LIBRARY = Path(localwaba_scenarios.__file__).parent / "library"
FILES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(LIBRARY.glob("*.yaml"))}
SOURCES = {
    name: Path(bot.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    for name in ("library", "memory", "graph", "codes", "campaign", "bot")
}
"""The modules of the bot, those that others import first."""


class Wound(NamedTuple):
    """A piece of a module of the bot, or of the scenario, and what stands there instead."""

    of: str
    sound: str
    broken: str


CRASHES = Wound(
    "bot",
    'for status in value.get("statuses", []):',
    'for status in value.get("statuses", []):\n            status["pricing"]',
)
WOUNDS = {
    "backlog_after_downtime": Wound("scenario", "  - 12 hours pass\n", ""),
    "ad_entry": Wound("scenario", "  - 2 hours pass\n", ""),
    "brazilian_number": Wound("scenario", 'account: "554187654321"', 'account: "5541987654321"'),
    "delivered_late": Wound("scenario", "delivered_after: 1 hour", "delivered_after: 2 hours"),
    "delivered_never_read": Wound("scenario", "read_after: never", "read_after: 1 hour"),
    "duplicates_side_by_side": Wound("memory", ".rowcount == 1", ".rowcount >= 0"),
    "duplicate_webhook": Wound("memory", ".rowcount == 1", ".rowcount >= 0"),
    "failed_after_delivered": CRASHES,
    "failing_users": CRASHES,
    "flow_completed": Wound("bot", "self.bookings.remove(", "str("),
    "five_bad_days": Wound("memory", ".rowcount == 1", ".rowcount >= 0"),
    "first_contact": Wound("bot", "self.names.get(user, 'there')", "self.names.get('', 'there')"),
    "forged_webhook": Wound("bot", "if not hmac.compare_digest(expected", "if False and (expected"),
    "late_webhooks": Wound("scenario", "  - 25 hours pass\n", ""),
    "login_code": Wound("codes", "self.issued.pop(", "self.issued.get("),
    "login_autofill": Wound("library", '"otp_type": "ZERO_TAP"', '"otp_type": "ONE_TAP"'),
    "media_both_ways": Wound("bot", "await self.graph.upload(content, mime_type)", 'message["image"]["id"]'),
    "media_url_expired": Wound("graph", "answer.raise_for_status()", "pass"),
    "number_changed": Wound("bot", "self.campaign.move(", "str.join(user, "),
    "opt_out": Wound("campaign", "if self.memory.has(STOPPED, user):", "if False:"),
    "order_with_buttons_and_list": Wound("bot", 'order 1042. Thank you!"}, context)', 'order 1042. Thank you!"})'),
    "pair_limit": Wound("graph", "if error.code not in TOO_FAST and not error.is_theirs:", "if True:"),
    "quoted_replies": Wound("bot", 'order 1042. Thank you!"}, context)', 'order 1042. Thank you!"})'),
    "quality_drops_to_red": Wound("campaign", '== "RED" else ""', '== "BLUE" else ""'),
    "reminder_in_the_window": Wound(
        "bot", 'self.graph.send(user, "text", {"body": text}, purpose=REMINDER)', "self.send_order(user)"
    ),
    "statuses_out_of_order": Wound("bot", CRASHES.sound, CRASHES.sound + "\n            status['errors']"),
    "template_paused": Wound("graph", "in STOPPED:", "in ():"),
    "template_paused_unheard": Wound("campaign", "TOO_FAST | NO_TEMPLATE | {", "TOO_FAST | {"),
    "tier_exhausted": Wound("campaign", "TOKEN_DEAD, LIMIT_REACHED, ", "TOKEN_DEAD, "),
    "token_expired": Wound("bot", "self.unanswered.append(message)", "pass"),
    "template_rejected": Wound("bot", "if error.code not in NO_TEMPLATE:", "if True:"),
    "two_users": Wound("bot", "self.names.get(user, 'there')", "next(iter(self.names.values()))"),
    "unknown_messages": Wound(
        "bot",
        'elif kind == "image":',
        'elif kind == "sticker":\n            await self.greet(user)\n        elif kind == "image":',
    ),
    "user_reports_and_blocks": Wound("campaign", '== "RED" else ""', '== "BLUE" else ""'),
    "user_blocks": Wound("scenario", "  - ana blocks\n", ""),
    "user_without_number": Wound("bot", 'message.get("from") or message["from_user_id"]', 'message["from"]'),
    "window_and_template": Wound("bot", "if WINDOW_CLOSED in codes and", "if False and"),
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as found:
        yield found


def wounded(text: str, wound: Wound, of: str) -> str:
    if wound.of != of:
        return text
    assert text.count(wound.sound) >= 1
    return text.replace(wound.sound, wound.broken)


@cache
def compiled(name: str, source: str) -> CodeType:
    """A module of the bot; most of them are the same in all tests."""
    return compile(source, f"{name}.py", "exec")


def made_of(sources: dict[str, str]) -> Callable[[dict[str, str]], Starlette]:
    """The bot that these sources make, beside the one that is installed."""
    package = "wounded_bot"
    made = {package: ModuleType(package)} | {f"{package}.{name}": ModuleType(f"{package}.{name}") for name in sources}
    sys.modules |= made
    try:
        for name, text in sources.items():
            source = text.replace("localwaba.samples.", f"{package}.")
            exec(compiled(name, source), made[f"{package}.{name}"].__dict__)
    finally:
        for name in made:
            del sys.modules[name]
    found: Callable[[dict[str, str]], Starlette] = made[f"{package}.bot"].__dict__["make_app"]
    return found


@contextmanager
def serving(
    environ: dict[str, str],
    sources: dict[str, str] = SOURCES,
    port: int = 0,
    around: Callable[[Starlette], Any] = lambda app: app,
) -> Iterator[str]:
    """The bot, made of these sources and with something `around` it, on a port; its URL."""
    with serve_app(around(made_of(sources)(environ | {"JOBS_TOKEN": "jobs"})), port) as url:
        yield url


def hasty(scenario: Scenario, seconds: float) -> Scenario:
    """The scenario with less patience: its app is quick, and nobody wants to wait for what will not come."""
    quick = [replace(step, within=seconds) if hasattr(step, "within") else step for step in scenario.steps]
    return replace(scenario, steps=tuple(quick))


def eager(scenario: Scenario) -> Scenario:
    """The scenario with shorter silences: the commands below wait as long as the files say."""
    steps = [replace(step, within=0.2) if isinstance(step, Silence) else step for step in scenario.steps]
    return replace(scenario, steps=tuple(steps))


def played(emulator: Emulator, scenario: Scenario, sources: dict[str, str] = SOURCES) -> Result:
    """A scenario, played in a world of its own."""
    waba = emulator.new_world(**world_options(scenario))
    try:
        with serving(waba.env, sources) as url:
            waba.webhook(f"{url}/webhook").settle(5)
            return play(scenario, waba, app=url)
    finally:
        waba.close()


@pytest.mark.parametrize("name", FILES)
def test_passes(emulator: Emulator, name: str) -> None:
    """Every example of the scenario passes with the sample bot."""
    for scenario in read(FILES[name], name):
        assert played(emulator, eager(scenario)).headline == ""


@pytest.mark.parametrize("name", FILES)
def test_can_fail(emulator: Emulator, name: str) -> None:
    """With one thing broken, in the bot or in what the scenario says, some example fails."""
    sources = {module: wounded(source, WOUNDS[name], module) for module, source in SOURCES.items()}
    text = wounded(FILES[name], WOUNDS[name], "scenario")
    assert [one for one in read(text, name) if not played(emulator, hasty(one, 0.4), sources).has_passed]


def alone() -> dict[str, str]:
    """The environment without settings of somebody else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LOCALWABA_")}


def run(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localwaba", "run", *map(str, words)],
        env=alone() | environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


APP = f"{sys.executable} -m localwaba.samples.bot"


def test_run_with_an_app(tmp_path: Path) -> None:
    """The command starts the app, plays everything in one world, tells what failed and why, and ends with 1."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "name: Wrong\nusers: [ana]\nsteps:\n  - ana says: Hi\n  - app replies to ana: {text: No, within: 1 s}\n"
    )
    report, page = tmp_path / "r.xml", tmp_path / "r.html"
    first, second = LIBRARY / "first_contact.yaml", LIBRARY / "window_and_template.yaml"
    done = run(first, second, first, bad, "--app", APP, "--junit", report, "--html", page, JOBS_TOKEN="jobs")
    assert (done.returncode, done.stderr) == (1, "")
    assert "3 passed, 1 failed in" in done.stdout
    assert f"{bad}:5:5" in done.stdout
    assert "! text differs" in done.stdout
    assert "What the app printed" in done.stdout
    assert [one.get("failures") for one in Xml.parse(report).getroot()] == ["0", "0", "1"]
    assert "3 passed, 1 failed" in page.read_text(encoding="utf-8")


def test_what_a_scenario_leaves_stopped(tmp_path: Path) -> None:
    """A template that one scenario leaves rejected is approved before the next: the app hears of it."""
    left, next_one = tmp_path / "left.yaml", tmp_path / "next.yaml"
    left.write_text("name: Left\nsteps: [{meta rejects template: order_update}]\n")
    next_one.write_text(
        "name: Next\nusers: [ana]\nsteps:\n"
        "  - ana says: Where is my order?\n  - app replies to ana: {template: order_update, within: 1 s}\n"
    )
    done = run(left, next_one, "--app", APP)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_run_shows_the_chat() -> None:
    """With --chat every message is a bubble, every step a line."""
    done = run(LIBRARY / "first_contact.yaml", "--app", APP, "--chat", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stdout
    assert "Hello Ana Souza!" in done.stdout
    assert "▸ See the coffees" in done.stdout
    assert "✓ expect last message of ana: read" in done.stdout


def test_run_with_a_running_app() -> None:
    """An app that somebody else starts gets its environment in printed lines, and is waited for."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localwaba", "run", str(LIBRARY / "duplicate_webhook.yaml")]
    command += ["--webhook-url", f"http://127.0.0.1:{port}/webhook", "--port", "0"]
    with subprocess.Popen(command, env=alone(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                variables[name] = value
            if line.startswith("Waiting"):
                break
        with serving(variables, port=port):
            rest = process.stdout.read()
        assert process.wait(20) == 0
    assert "1 passed in" in rest


def test_mistakes_in_files(tmp_path: Path) -> None:
    """Mistakes in files are told before anything is started: a line each, status 2."""
    (tmp_path / "a.yaml").write_text("name: x\nsteps: [dance]\n")
    (tmp_path / "b.yaml").write_text("name: x\npolicy: {read_after: soon}\nsteps: [no faults]\n")
    done = run(tmp_path, "--app", APP)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{tmp_path}/a.yaml:2:9: there is no step 'dance'")
    assert second.startswith(f"{tmp_path}/b.yaml:2:22: read_after is a number or null, not soon")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "run: say where the app is, --webhook-url URL, or how it is started, --app COMMAND"),
        (["--app", "no-such-program"], "run: --app: no-such-program: No such file or directory"),
        (["--app", "false"], "run: the app ended with status 1: (it printed nothing)"),
        (["--app", "sleep 30", "--wait", "0.3"], "run: nobody listens on 127.0.0.1:"),
        (["--only", "tea", "--app", "x"], "run: no scenario has 'tea' in its name"),
        (["--set", "x", "--app", "x"], "run: --set x: write NAME=VALUE"),
        (["--html", "/away/r.html", "--app", "x"], "run: there is no folder /away"),
        (["--webhook-url", "http://192.0.2.1/"], "--webhook-url: "),
    ],
)
def test_mistakes_in_options(
    words: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in what was typed, and an app that does not come up, are one line and status 2."""
    for name in set(os.environ) - set(alone()):
        monkeypatch.delenv(name)
    assert main(["run", str(LIBRARY / "first_contact.yaml"), *words]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert f"localwaba: {expected}" in shown
