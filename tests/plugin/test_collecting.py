"""Scenario files as tests: which are collected, with which app they are played, what a failure says."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localwaba.cli.app_process import free_port
from pytest_localwaba.staging import Served

Run = Callable[..., pytest.RunResult]

APP = "localwaba.samples.bot:make_app"
GOOD = """
name: A first contact
users: [ana]
steps:
  - ana says: Hi
  - app replies to ana: /What can I do/
"""
BAD = """
name: A wrong answer
users: [ana]
steps:
  - ana says: Hi
  - app replies to ana: {text: Bye, within: 0.3 s}
"""
ROWS = """
name: Choices
users: [ana]
examples: [{coffee: Cortado}, {coffee: Flat white}]
steps:
  - ana says: Hi
  - app replies to ana
  - ana taps: See the coffees
  - app replies to ana
  - ana picks: "${coffee}"
  - app replies to ana: "/One ${coffee}/"
"""
HOMEMADE = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        while True:
            asked = (await receive())["type"]
            await send({"type": asked + ".complete"})
            if asked == "lifespan.shutdown":
                return
    query = dict(pair.split("=") for pair in scope["query_string"].decode().split("&") if pair)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": query.get("hub.challenge", "").encode()})
"""
SILENT = """
name: Nobody answers
users: [ana]
steps:
  - ana says: Hi
  - expect no reply to ana within 100 ms
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in a process of its own, with the plugin and nothing else."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("LOCALWABA_URL", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "pytest_localwaba.plugin", *args)

    return run


def write(folder: Path, **files: str) -> None:
    (folder / "stories").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "stories" / f"{name}.yaml").write_text(text, encoding="utf-8")


def ini(pytester: pytest.Pytester, *lines: str) -> None:
    pytester.makeini("\n".join(["[pytest]", *lines]))


@pytest.mark.parametrize("app", [APP, f"{sys.executable} -m localwaba.samples.bot"], ids=["object", "command"])
def test_scenarios_are_tests(pytester: pytest.Pytester, run: Run, app: str) -> None:
    """Each scenario and each row of its examples is a test, played with the app: an ASGI object, or a command."""
    write(pytester.path, good=GOOD, rows=ROWS)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {app}")
    result = run("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["stories/good.yaml::A first contact PASSED*", "stories/rows.yaml::Choices [[]coffee: Flat white[]] PASSED*"]
    )


def test_an_app_of_ones_own(pytester: pytest.Pytester, run: Run) -> None:
    """An ASGI app that is written down in the folder is found there."""
    write(pytester.path, silent=SILENT)
    pytester.makepyfile(homemade=HOMEMADE)
    ini(pytester, "waba_scenarios = stories/*.yaml", "waba_app = homemade:app")
    run().assert_outcomes(passed=1)


def test_a_failure(pytester: pytest.Pytester, run: Run) -> None:
    """A failure says line and step, what was expected, what came, the chat, what the app printed; no traceback."""
    write(pytester.path, bad=BAD)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {sys.executable} -m localwaba.samples.bot")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*bad.yaml:6:5: app replies to ana: {text: Bye, within: 0.3 s}",
            "Ana did not receive that: the app sent 1 other message (waited 0.3 s).",
            "*! text differs*",
            "Chat of Ana",
            "What the app printed",
            "*INFO bot*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*collecting.py*")


def test_refused_calls_fail(pytester: pytest.Pytester, run: Run) -> None:
    """A refused call that no step expects fails the scenario."""
    text = GOOD + "  - fault: expired-token\n  - ana says: Hi again\n  - expect no reply to ana\n"
    write(pytester.path, refused=text.replace("fault: expired-token", "rule: {pair_burst: 1, pair_seconds: 600}"))
    ini(pytester, "waba_scenarios = stories", f"waba_app = {APP}")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*of the app's calls were refused, which no step expects*", "*131056*"])


def test_foreign_files(pytester: pytest.Pytester, run: Run) -> None:
    """Without the setting no YAML file is touched, whatever it holds; with it those of other folders are not."""
    (pytester.path / "compose.yaml").write_text("{services", encoding="utf-8")
    write(pytester.path, good=GOOD)
    ini(pytester, f"waba_app = {APP}")
    assert run().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    ini(pytester, f"waba_app = {APP}", "waba_scenarios = stories")
    run("--collect-only", "-q").stdout.fnmatch_lines(["1 test collected*"])


def test_a_named_file(pytester: pytest.Pytester, run: Run) -> None:
    """A file that is named on the command line is one of scenarios if an app is, too."""
    write(pytester.path, good=GOOD)
    run("stories/good.yaml", "--waba-app", APP).assert_outcomes(passed=1)
    assert run("stories/good.yaml").ret == pytest.ExitCode.USAGE_ERROR


def test_mistakes_in_files(pytester: pytest.Pytester, run: Run) -> None:
    """A mistake is told with file, line and the nearest word when tests are collected; knobs are looked at, too."""
    write(pytester.path, word=GOOD.replace("ana says", "ana say"), knob=GOOD + "  - rule: {read_after: soon}\n")
    ini(pytester, "waba_scenarios = stories", f"waba_app = {APP}")
    result = run()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines_random(
        ["*word.yaml:5:5: there is no step 'ana say'; did you mean ana says?", "*knob.yaml:7:24: read_after: *"]
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "scenarios need an app: set waba_app to its command or module:attribute, or waba_webhook_url"),
        (["waba_app = no-such-program"], "waba_app: no-such-program: No such file or directory"),
        (["waba_app = nowhere:app"], "waba_app: nowhere:app: No module named 'nowhere'"),
        (["waba_app = false"], "the app ended with status 1: (it printed nothing)"),
        (["waba_webhook_url = http://192.0.2.1/"], "waba_webhook_url: *"),
    ],
)
def test_no_app(pytester: pytest.Pytester, run: Run, lines: list[str], expected: str) -> None:
    """Where there is no app, each scenario fails with the same line."""
    write(pytester.path, good=GOOD, rows=ROWS)
    ini(pytester, "waba_scenarios = stories", *lines)
    result = run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([expected] * 3)


def test_workers(pytester: pytest.Pytester, run: Run) -> None:
    """Each worker of pytest-xdist plays its share with an app of its own."""
    write(pytester.path, good=GOOD, rows=ROWS)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {APP}")
    run("-p", "xdist.plugin", "-n", "2").assert_outcomes(passed=3)


def test_nothing_is_imported(pytester: pytest.Pytester, run: Run) -> None:
    """Where no YAML file is a scenario the emulator is not imported."""
    write(pytester.path, good=GOOD)
    pytester.makepyfile("import sys\ndef test_it():\n    assert 'localwaba' not in sys.modules")
    run().assert_outcomes(passed=1)


def test_scenarios_count_as_coverage(pytester: pytest.Pytester, run: Run) -> None:
    """What scenarios exercise counts, as what tests exercise does."""
    write(pytester.path, good=GOOD)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {APP}")
    run("--waba-cov").stdout.fnmatch_lines(["messages * 2 of *", "statuses * 3 of *"])


def test_an_app_that_runs_already(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that somebody else has started is played with at its URL, and left alone afterwards."""
    made: dict[str, Any] = {}
    exec(HOMEMADE, made)
    port = free_port()
    served = Served(made["app"], port)
    try:
        served.wait()
        monkeypatch.setenv("LOCALWABA_PORT", "0")
        write(pytester.path, silent=SILENT)
        run("stories/silent.yaml", f"--waba-webhook-url=http://127.0.0.1:{port}/webhook").assert_outcomes(passed=1)
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass
    finally:
        served.stop()
