"""Scenario files as tests: which are collected, with which app they are played, what a failure says."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

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
ODD = """
name: "Größe :: [x] / y"
users: [ana]
examples: [{said: "Hi :: 日本 [1]"}, {said: "Hi :: 日本 [1]"}, {said: Order}]
steps:
  - ana says: ${said}
  - app replies to ana: {text: /What can I do/, within: 0.3 s}
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


@pytest.mark.parametrize("app", ["env_app", "more_app", "optional_app", "plain_app", "app"])
def test_what_makes_an_app(pytester: pytest.Pytester, run: Run, app: str) -> None:
    """A function that needs nothing, or the environment, makes the app; one that needs more is the app."""
    makers = """
def env_app(environ): return environ["PORT"] and app
def more_app(environ, now=None): return environ["PORT"] and app
def optional_app(environ=None): return environ["PORT"] and app
def plain_app(debug=False, settings=None): return None if debug else app
"""
    pytester.makepyfile(homemade=HOMEMADE + makers)
    write(pytester.path, silent=SILENT)
    ini(pytester, "waba_scenarios = stories", f"waba_app = homemade:{app}")
    run().assert_outcomes(passed=1)


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


def test_rows_that_have_failed_are_run_again(pytester: pytest.Pytester, run: Run) -> None:
    """`--lf` runs what has failed and nothing else, and each row can be named, whatever its name has in it."""
    write(pytester.path, good=GOOD, odd=ODD)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {APP}")
    run().assert_outcomes(passed=3, failed=1)
    run("--lf", "stories").assert_outcomes(failed=1)
    run("stories/odd.yaml::Größe : [x] / y [said: Hi : 日本 [1]] (2)").assert_outcomes(passed=1)


def test_an_app_of_ones_own(pytester: pytest.Pytester, run: Run) -> None:
    """An ASGI app that is written down in the folder is found there."""
    write(pytester.path, silent=SILENT)
    pytester.makepyfile(homemade=HOMEMADE)
    ini(pytester, "waba_scenarios = stories/*.yaml", "waba_app = homemade:app")
    run().assert_outcomes(passed=1)


NO_SOCKETS = """
import os, socket

def make_app():
    port = int(os.environ["PORT"])
    socket.socket.bind = lambda *_: 1 / 0

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        query = dict(pair.split("=") for pair in scope["query_string"].decode().split("&") if pair)
        status = 500 if scope["server"][1] != port else 418 if scope["path"] == "/tea" else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": query.get("hub.challenge", "A teapot").encode()})

    return app
"""
TEA = SILENT + "  - call app: {post: /tea, answers: 418}\n  - call app: {post: /tea?milk=no}\n"


def test_an_object_is_called_without_sockets(pytester: pytest.Pytester, run: Run) -> None:
    """Nothing listens where an app of this process takes webhooks and the calls of steps; answers are told as ever."""
    write(pytester.path, tea=TEA)
    pytester.makepyfile(homemade=NO_SOCKETS)
    ini(pytester, "waba_scenarios = stories", "waba_app = homemade:make_app")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*tea.yaml:8:5: call app*", "*answered with 418, expected 2xx"])
    result.stdout.fnmatch_lines(["A teapot"])


WSGI = """
from urllib.parse import parse_qs

def app(environ, start_response):
    start_response("200 OK", [])
    if environ["REQUEST_METHOD"] == "POST" and b"Hi" in environ["wsgi.input"].read():
        order(None)
    return [parse_qs(environ["QUERY_STRING"]).get("hub.challenge", [""])[0].encode()]

def order(number):
    return number + 1
"""


def test_a_wsgi_object(pytester: pytest.Pytester, run: Run) -> None:
    """An app may be a WSGI object; what it raises is told with the app's own lines, and no others."""
    write(pytester.path, silent=SILENT.replace("Hi", "Good day"), raising=SILENT)
    pytester.makepyfile(homemade=WSGI)
    ini(pytester, "waba_scenarios = stories", "waba_app = homemade:app")
    result = run()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "stories/raising.yaml:2:1: 1 webhook was not answered with 200, which no step expects*",
            "What the app raised",
            "  Traceback (most recent call last):",
            '*homemade.py", line 6, in app',
            '*homemade.py", line 10, in order',
            "  TypeError: unsupported operand*",
            "  (2 times)",
        ]
    )
    result.stdout.no_fnmatch_line("*gateways.py*")


BROKEN = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette

@asynccontextmanager
async def lifespan(app):
    raise LookupError("no database")
    yield

app = Starlette(lifespan=lifespan)
one = 1

def make_app(environ):
    return environ["DSN"]
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("homemade:app", "waba_app: homemade:app: the app failed to start: LookupError: no database (homemade.py:6)"),
        ("homemade:make_app", "waba_app: homemade:make_app: the app cannot be made: KeyError: 'DSN' (homemade.py:13)"),
        ("homemade:one", "waba_app: homemade:one: an app is a URL, an ASGI or a WSGI object, not 1"),
        (
            "rude:app",
            "the webhook http://127.0.0.1:*/webhook failed its handshake: * 500 *; "
            "the app raised KeyError: 'hub.mode' (rude.py:2)",
        ),
        ("worse:app", "waba_app: worse:app: the module cannot be imported: ZeroDivisionError: * (worse.py:1)"),
    ],
)
def test_an_app_that_does_not_start(pytester: pytest.Pytester, run: Run, name: str, expected: str) -> None:
    """An app that cannot be imported, made or started is told in one line, with its error and where that comes from."""
    write(pytester.path, good=GOOD)
    pytester.makepyfile(homemade=BROKEN, worse="1 / 0", rude="def app(environ, start):\n    environ['hub.mode']")
    ini(pytester, "waba_scenarios = stories", f"waba_app = {name}")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([expected])


def test_a_failure(pytester: pytest.Pytester, run: Run) -> None:
    """A failure says line and step, what was expected, what came, the chat, what the app printed; no traceback."""
    write(pytester.path, bad=BAD)
    ini(pytester, "waba_scenarios = stories", f"waba_app = {sys.executable} -m localwaba.samples.bot")
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "stories/bad.yaml:6:5: app replies to ana: {text: Bye, within: 0.3 s}",
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
    result.stdout.fnmatch_lines(
        ["stories/refused.yaml:*: 1 of the app's calls was refused, which no step expects*", "*131056*"]
    )


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
        [
            "*word.yaml:5:5: there is no step 'ana say'; did you mean ana says?",
            "*knob.yaml:7:24: read_after is a number or null, not soon",
        ]
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

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            heard.append(args[0])

    heard: list[object] = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        monkeypatch.setenv("LOCALWABA_PORT", "0")
        write(pytester.path, silent=SILENT)
        url = f"http://127.0.0.1:{server.server_port}/webhook"
        run("stories/silent.yaml", f"--waba-webhook-url={url}").assert_outcomes(passed=1)
        assert "POST /webhook HTTP/1.1" in heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
