"""The pytest plugin, run on tests of its own: fixtures, marker, strictness, reports, xdist, cost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., pytest.RunResult]

SEND = """
def send(waba, to, body):
    '''A call of the app, which does not raise.'''
    message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
    return waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", message).status
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine decides which emulator is used."""
    monkeypatch.delenv("LOCALWABA_URL", raising=False)
    for name in ("CI", "BUILD_NUMBER"):  # with these pytest repeats the whole failure in its last lines
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only plugins that are named: others cost time. One test below finds the plugin as users do."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(pytester: pytest.Pytester, alone: None, waba_server: Any) -> Run:
    """Runs a file of tests against the emulator of this run."""

    def run(code: str, *args: str) -> pytest.RunResult:
        pytester.makepyfile(test_app=f"import pytest\n{SEND}\n{code}")
        options = ("-p", "pytest_localwaba.plugin", f"--waba-url={waba_server.url}")
        return pytester.runpytest_inprocess(*options, *args)

    return run


@pytest.fixture
def run_workers(pytester: pytest.Pytester, alone: None) -> Run:
    """Runs the tests of the directory in two workers of pytest-xdist."""

    def run(*args: str) -> pytest.RunResult:
        plugins = ("-p", "xdist.plugin", "-p", "pytest_localwaba.plugin")
        return pytester.runpytest_subprocess(*plugins, "-n", "2", *args)

    return run


def lines_after(result: pytest.RunResult, start: str) -> list[str]:
    """The output from the line that begins so, without addresses."""
    lines = [re.sub(r"http://127\.0\.0\.1:\d+", "http://server", line) for line in result.outlines]
    return lines[next(place for place, line in enumerate(lines) if line.startswith(start)) :]


def test_defaults(run: Run) -> None:
    """Time stands still at noon, everything happens at once, and the seed is 0."""
    result = run(
        """
        def test_it(waba):
            assert waba.now.isoformat() == "2026-01-01T12:00:00+00:00"
            assert waba.seed == 0
            ada = waba.user("Ada")
            ada.sends("hi")
            assert send(waba, ada.wa_id, "Hello") == 200
            assert ada.receives(text="Hello").ticks == "read"
        """.replace("\n        ", "\n")
    )
    result.assert_outcomes(passed=1)


def test_marker(run: Run) -> None:
    """The marker sets seed, clock and policy; nearer markers win, knobs of all of them are turned."""
    result = run(
        """
@pytest.mark.waba(seed=5, clock="2026-02-01T00:00:00Z", policy={"read_after": None, "sent_after": 2})
class TestMarked:
    @pytest.mark.waba(clock="2026-03-01T00:00:00Z", policy={"sent_after": 1})
    def test_it(self, waba):
        assert waba.seed == 5
        assert waba.now.isoformat() == "2026-03-01T00:00:00+00:00"
        policy = waba.policy()
        assert (policy["read_after"], policy["sent_after"], policy["delivered_after"]) == (None, 1.0, 0.0)

    @pytest.mark.waba(clock="real")
    def test_real(self, waba):
        assert waba.link.call("GET", "clock")["mode"] == "real"
"""
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("sede=1", "@pytest.mark.waba takes no 'sede'; did you mean seed?"),
        ("colour=1", "@pytest.mark.waba takes no 'colour'; it takes seed, policy, profile, clock,"),
        ("5", "@pytest.mark.waba takes names only, such as seed=1, not 5"),
        ("seed='x'", "@pytest.mark.waba: seed is a whole number, not 'x'"),
        ("policy={'reads_after': 1}", "@pytest.mark.waba: there is no knob 'reads_after'; did you mean read_after or"),
    ],
)
def test_marker_with_a_slip(run: Run, mark: str, text: str) -> None:
    """A slip in a marker fails its test with one line, and no other test."""
    result = run(f"@pytest.mark.waba({mark})\ndef test_it(waba):\n    pass\ndef test_other(waba):\n    pass\n")
    result.assert_outcomes(passed=1, errors=1)
    assert any(line.startswith(text) for line in result.outlines)


def test_settings(run: Run, pytester: pytest.Pytester) -> None:
    """The ini file sets the seed of all tests and whether refusals fail them."""
    pytester.makeini("[pytest]\nwaba_seed = 9\nwaba_strict = false\n")
    result = run(
        """
def test_it(waba):
    assert waba.seed == 9
    assert send(waba, "16465550144", "") == 400
"""
    )
    result.assert_outcomes(passed=1)


def test_the_same_test_gets_the_same_world(run: Run) -> None:
    """Tokens and secrets of a test are the same in every run, and no other test's."""
    code = "@pytest.mark.parametrize('n', [1, 2])\ndef test_it(waba, n):\n    print('token', waba.access_token)\n"
    first = [line for line in run(code, "-s").outlines if "token" in line]
    second = [line for line in run(code, "-s").outlines if "token" in line]
    assert first == second
    assert len(set(first)) == 2


def test_refused_call(run: Run) -> None:
    """A refused call that nobody expected fails the test, and says how to expect or allow it."""
    result = run("def test_a_long_text(waba):\n    send(waba, '16465550144', 'x' * 5000)\n")
    result.assert_outcomes(failed=1)
    shown = lines_after(result, "the app was refused")
    assert shown[:4] == [
        "the app was refused with 100, which the test did not expect",
        "",
        "Refused calls of the app (1)",
        "  POST /v26.0/116861633090783/messages -> 400 (#100) Param text['body'] must be at most 4096 characters long.",
    ]
    assert [line[:11] for line in shown[4:6]] == ["      why: ", "      fix: "]
    assert shown[6:9] == [
        "",
        "Expect it:  with waba.refuses(100): …",
        "Allow it:   @pytest.mark.waba(strict=False)",
    ]
    assert shown[9].strip("- ") == "localwaba"
    world = r"test_app\.py-test_a_long_text-\w{8}"  # no other test here has this name, so nobody else has the world
    assert re.fullmatch(rf"seed 0, world {world}, 2026-01-01 12:00:00 UTC, http://server", shown[10])


@pytest.mark.parametrize(
    "code",
    [
        "@pytest.mark.waba(strict=False)\ndef test_it(waba):\n    send(waba, '16465550144', '')\n",
        "def test_it(waba):\n    with waba.refuses(100):\n        send(waba, '16465550144', '')\n",
        "@pytest.mark.waba(strict=False)\ndef test_it(waba):\n    send(waba, '16465550144', 'too early')\n",
        "def test_it(waba):\n    waba.user(wa_id='16465550144', on_whatsapp=False).sends('hi')\n"
        "    send(waba, '16465550144', 'nobody is there')\n",
        "def test_it(waba):\n    waba.user(wa_id='16465550144', fails_with=131047)\n"
        "    send(waba, '16465550144', 'as the test wants it')\n",
    ],
    ids=["allowed", "expected", "allowed to fail later", "failed without a mistake", "failed by order"],
)
def test_refusals_that_do_not_count(run: Run, code: str) -> None:
    """What is allowed or expected fails nothing, nor do messages that fail later through no mistake of the app."""
    run(code).assert_outcomes(passed=1)


def test_a_mistake_that_is_told_later(run: Run) -> None:
    """A text outside the window, which Meta takes and fails later, fails the test that does not expect it."""
    result = run("def test_it(waba):\n    send(waba, '16465550144', 'too early')\n")
    result.assert_outcomes(failed=1)
    shown = lines_after(result, "the app was refused")
    assert shown[2] == "Messages that failed later (1)"
    assert shown[3].startswith("  text to 16465550144 -> failed (#131047) Re-engagement message")
    assert shown[7:9] == [
        "Expect it:  with waba.refuses(131047): …",
        "Allow it:   @pytest.mark.waba(strict=False)",
    ]


def test_strict_statuses(run: Run) -> None:
    """With `strict_statuses` a message that fails later fails the test, unless it was expected."""
    result = run(
        """
@pytest.mark.waba(strict_statuses=True)
def test_it(waba):
    send(waba, '16465550144', 'too early')

@pytest.mark.waba(strict_statuses=True)
def test_expected(waba):
    with waba.refuses(131047):
        send(waba, '16465550144', 'too early')
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    shown = lines_after(result, "the app was refused")
    assert shown[2] == "Messages that failed later (1)"
    assert shown[3].startswith("  text to 16465550144 -> failed (#131047) Re-engagement message")
    assert shown[4].startswith("      why: [24-hour window] this user has never written")
    assert shown[7:9] == [
        "Expect it:  with waba.refuses(131047): …",
        "Allow it:   @pytest.mark.waba(strict_statuses=False)",
    ]


def test_expected_failure_of_a_test(run: Run) -> None:
    """A test that is marked to fail may fail by a refusal."""
    run("@pytest.mark.xfail\ndef test_it(waba):\n    send(waba, '16465550144', '')\n").assert_outcomes(xfailed=1)


def test_report(run: Run) -> None:
    """A failed test is reported with its world: seed, chats, refusals, once; and with its own failure only."""
    result = run(
        """
def test_it(waba):
    ada = waba.user("Ada", wa_id="16465550144")
    ada.sends("hi")
    send(waba, ada.wa_id, "")
    assert "blue" == "green"
"""
    )
    result.assert_outcomes(failed=1)
    shown = lines_after(result, "seed 0, world")[1:]
    assert shown[:6] == [
        "",
        "Chat of Ada (16465550144)",
        "  12:00:00 Ada: hi",
        "",
        "Refused calls of the app (1)",
        "  POST /v26.0/116861633090783/messages -> 400 (#100) The parameter text['body'] is required.",
    ]
    assert "the app was refused" not in result.stdout.str()


def test_report_says_nothing_twice(run: Run) -> None:
    """What the failure itself tells is not told again below it."""
    result = run(
        "def test_it(waba):\n    ada = waba.user('Ada')\n    ada.sends('hi')\n    ada.receives(timeout=0.01)\n"
    )
    assert result.stdout.str().count("Ada: hi") == 1


def test_no_emulator_there(pytester: pytest.Pytester, alone: None) -> None:
    """A URL at which no emulator answers ends the run with one line."""
    pytester.makepyfile("def test_it(waba):\n    pass\n")
    result = pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", "--waba-url=http://127.0.0.1:9")
    assert result.ret == 4
    text = result.stdout.str()
    assert "no emulator answers at http://127.0.0.1:9" in text
    assert "start one with `localwaba serve`, or leave out --waba-url and LOCALWABA_URL" in text


def test_own_server(pytester: pytest.Pytester) -> None:
    """Without a URL the run starts an emulator of its own; the plugin is found because it is installed."""
    pytester.makepyfile(
        """
        import threading

        def test_it(waba, waba_server):
            assert waba.url == waba_server.url
            assert "localwaba" in {thread.name for thread in threading.enumerate()}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:asyncio", "-W", "error")
    result.assert_outcomes(passed=1)


def test_xdist(pytester: pytest.Pytester, run_workers: Run) -> None:
    """Workers of pytest-xdist share one emulator; their worlds are apart."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(8))
        def test_it(waba, n, worker_id, tmp_path_factory):
            waba.user(str(n)).sends(str(n))
            assert [one["text"] for one in waba.messages()] == [str(n)]
            seen = tmp_path_factory.getbasetemp().parent / "seen"
            with seen.open("a") as file:
                file.write(f"{worker_id} {waba.url}\\n")
        """
    )
    result = run_workers(f"--basetemp={pytester.path / 'base'}")
    result.assert_outcomes(passed=8)
    seen = [line.split() for line in (pytester.path / "base" / "seen").read_text().splitlines()]
    assert {worker for worker, _ in seen} == {"gw0", "gw1"}
    assert len({url for _, url in seen}) == 1


def test_xdist_without_worlds(pytester: pytest.Pytester, run_workers: Run) -> None:
    """As long as no test wants a world, no process imports the emulator, the controller of workers neither."""
    pytester.makepyfile("import sys\ndef test_it():\n    assert 'localwaba' not in sys.modules\n")
    pytester.makeconftest(
        "import sys\ndef pytest_terminal_summary(terminalreporter):\n"
        "    terminalreporter.write_line(f'controller: {\"localwaba\" in sys.modules}')\n"
    )
    result = run_workers()
    result.assert_outcomes(passed=1)
    assert "controller: False" in result.outlines


def test_a_world_is_cheap(waba_server: Any) -> None:
    """An isolated world costs a test little, server included: 1.6 ms of a core's time, and not twice as much as 2."""
    from time import process_time

    from pytest_localwaba.asserts import assert_nothing_refused
    from pytest_localwaba.worlds import Marks, make_world, read_clock

    def cost(n: int) -> float:
        begun = process_time()
        held = make_world(waba_server, f"test_{n}", Marks(seed=0, clock=read_clock("frozen")))
        assert_nothing_refused(held.waba)
        held.close()
        return process_time() - begun

    assert min(map(cost, range(30))) < 0.004


def test_start_is_cheap() -> None:
    """The plugin imports pytest and the standard library only, in less than 20 ms."""
    code = (
        "import pytest, sys; before = set(sys.modules)\n"
        "from time import process_time\n"
        "start = process_time()\n"
        "import pytest_localwaba.plugin\n"
        "print(process_time() - start)\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)\n"
    )
    cost = 1.0
    for _ in range(3):  # the machine may be busy with something else
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, packages = done.stdout.splitlines()
        assert packages == "pytest_localwaba"
        cost = min(cost, float(seconds))
    assert cost < 0.020


APPS = """
import pathlib, sys, sysconfig

def wrapped(call):
    '''A call by way of code that counts as a library.'''
    made = {}
    path = pathlib.Path(sysconfig.get_path("purelib")) / "some_library.py"
    exec(compile("def through(call, *given):\\n    return call(*given)", str(path), "exec"), made)
    return lambda *given: made["through"](call, *given)

def order(number):
    return {}[number]

def app(environ, start_response):
    return wrapped(answer)(environ, start_response)

def answer(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        wrapped(order)(1042)
    start_response("200 OK", [])
    return [environ["QUERY_STRING"].split("hub.challenge=")[-1].split("&")[0].encode()]
"""


def test_a_failure_is_shown_where_the_test_is(run: Run) -> None:
    """A failed expectation shows the line of the test, and none of the code that found it."""
    result = run("def test_it(waba):\n    waba.user('Ada').receives(timeout=0.01)\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*waba.user('Ada').receives(timeout=0.01)", "E*Ada received nothing*"])
    result.stdout.fnmatch_lines(["test_app.py:*: AssertionError"])
    result.stdout.no_fnmatch_line("*localwaba/client*")
    result.stdout.no_fnmatch_line("*expected = *")


def test_a_failure_of_an_async_test_is_shown_where_it_is(run: Run) -> None:
    """So it is with `awaba`: threads and loops are not shown, for what is missed nor for what the app raised."""
    code = """
async def app(scope, receive, send):
    if scope["type"] == "http" and scope["method"] == "POST":
        return {}["order"]
    if scope["type"] == "http":
        query = dict(one.split("=") for one in scope["query_string"].decode().split("&"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": query["hub.challenge"].encode()})

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_missed(awaba):
    ada = await awaba.user("Ada")
    await ada.receives(timeout=0.01)

@pytest.mark.anyio
async def test_crash(awaba):
    await awaba.webhook(app)
    ada = await awaba.user("Ada")
    await ada.sends("hi")
"""
    result = run(code, "-p", "anyio.pytest_plugin")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([">*await ada.receives(timeout=0.01)", "E*Ada received nothing*"])
    result.stdout.fnmatch_lines([">*await ada.sends(*hi*)", '>*return {}[[]"order"[]]', "E*KeyError: 'order'"])
    result.stdout.no_fnmatch_line("*localwaba/client*")
    result.stdout.no_fnmatch_line("*to_thread.py*")


def test_a_world_of_a_module(run: Run) -> None:
    """A world for several tests is made by the server as the fixture's is, and keeps what they do in it."""
    code = """
@pytest.fixture(scope="module")
def world(waba_server):
    world = waba_server.new_world()
    yield world
    world.close()

def test_one(world):
    world.user("Ada").sends("hi")

def test_two(world):
    assert [one["text"] for one in world.messages()] == ["hi"]

def test_as_the_fixture(world, waba):
    assert world.now == waba.now
    assert world.policy() == waba.policy()

def test_told_otherwise(waba_server):
    world = waba_server.new_world(clock="2026-12-24T18:00:00Z", policy={"read_after": None}, seed=5)
    assert (world.now.month, world.policy()["read_after"], world.policy()["sent_after"]) == (12, None, 0)
    world.close()
"""
    run(code).assert_outcomes(passed=4)


def test_refused_deeds_are_shown_where_the_test_is(run: Run) -> None:
    """So is what the emulator refuses to do, under the name by which it is imported."""
    result = run("def test_it(waba):\n    waba.policy(reed_after=1)\n")
    result.stdout.fnmatch_lines(["E*localwaba.ControlError: there is no knob 'reed_after'; did you mean read_after*"])
    result.stdout.no_fnmatch_line("*localwaba/client*")


def test_a_crash_shows_the_app(run: Run) -> None:
    """What the app raised is shown with the lines of the test and of the app, without those of libraries between."""
    result = run(APPS + "def test_it(waba):\n    waba.webhook(app)\n    waba.user('Ada').sends('hi')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*waba.user('Ada').sends('hi')",
            "*return wrapped(answer)(environ, start_response)",
            "*wrapped(order)(1042)",
            ">*return {}[[]number[]]",
            "E*KeyError: 1042",
            "E*raised by the app under test, while it was called with a webhook",
        ]
    )
    result.stdout.no_fnmatch_line("*localwaba/client*")
    result.stdout.no_fnmatch_line("*some_library*")
