"""Options, settings and marker values: what they do, and the one line that tells a slip."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., pytest.RunResult]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine decides which emulator is used."""
    monkeypatch.delenv("LOCALWABA_URL", raising=False)
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(pytester: pytest.Pytester, waba_server: Any) -> Run:
    """Runs a file of tests against the emulator of this run."""

    def run(code: str, *args: str, url: bool = True) -> pytest.RunResult:
        pytester.makepyfile(test_app=f"import pytest\n{code}")
        given = [f"--waba-url={waba_server.url}"] if url else []
        return pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", *given, *args)

    return run


PASSES = "def test_it(waba):\n    pass\n"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--waba-seed=x"], "--waba-seed is a whole number, not 'x'"),
        (["--waba-timeout=soon"], "--waba-timeout is a number of seconds above 0, not 'soon'"),
        (["--waba-timeout=0"], "--waba-timeout is a number of seconds above 0, not '0'"),
        (["--waba-timeout=nan"], "--waba-timeout is a number of seconds above 0, not 'nan'"),
        (["--waba-profile=stric"], "--waba-profile: there is no profile 'stric'; did you mean strict?"),
        (["--waba-url=https://x"], "the URL of an emulator is http://host:port, not 'https://x'"),
    ],
)
def test_option_with_a_slip(run: Run, args: list[str], text: str) -> None:
    """A slip in an option ends the run before any test, with one line."""
    result = run(PASSES, *args, url=not args[0].startswith("--waba-url"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [f"ERROR: {text}"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("waba_seed = 1.5", "waba_seed is a whole number, not '1.5'"),
        ("waba_strict = maybe", "waba_strict is true or false, not 'maybe'"),
        ("waba_strict_statuses = 2", "waba_strict_statuses is true or false, not '2'"),
        ("waba_timeout = -1", "waba_timeout is a number of seconds above 0, not '-1'"),
        ("waba_profile = relaxd", "waba_profile: there is no profile 'relaxd'; did you mean relaxed?"),
        ("waba_version = 23", "waba_version is a Graph version such as v23.0, not '23'"),
        ("waba_url = localhost:4080", "the URL of an emulator is http://host:port, not 'localhost:4080'"),
    ],
)
def test_setting_with_a_slip(run: Run, pytester: pytest.Pytester, line: str, text: str) -> None:
    """A slip in the ini file ends the run before any test, with one line."""
    pytester.makeini(f"[pytest]\n{line}\n")
    result = run(PASSES, url=not line.startswith("waba_url"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [f"ERROR: {text}"]


def test_settings(run: Run, pytester: pytest.Pytester, waba_server: Any) -> None:
    """What the ini file says holds for every test; the command line outranks it, a marker both."""
    pytester.makeini(
        "[pytest]\nwaba_seed = 9\nwaba_profile = strict\nwaba_timeout = 7\nwaba_version = v23.0\n"
        f"waba_url = {waba_server.url}\nwaba_strict_statuses = yes\n"
    )
    code = """
def test_ini(waba):
    assert (waba.seed, waba.timeout, waba.version) == ({seed}, {timeout}, "v23.0")
    assert waba.policy()["newer_version"] == "{newer}"
    assert waba.policy()["read_after"] == 0.0

@pytest.mark.waba(seed=1, profile="realistic", timeout=1, version="v24.0")
def test_marker(waba):
    assert (waba.seed, waba.timeout, waba.version) == (1, 1.0, "v24.0")
    assert waba.policy()["newer_version"] == "serve"
"""
    run(code.format(seed=9, timeout=7.0, newer="refuse"), url=False).assert_outcomes(passed=2)
    args = ("--waba-seed=3", "--waba-profile=relaxed", "--waba-timeout=0.5")
    run(code.format(seed=3, timeout=0.5, newer="serve"), *args, url=False).assert_outcomes(passed=2)


def test_lenient(run: Run) -> None:
    """On the command line refusals are allowed for a whole run."""
    code = """
def test_it(waba):
    assert waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", {}).status == 400
"""
    run(code).assert_outcomes(failed=1)
    run(code, "--waba-lenient").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("profile='stric'", "there is no profile 'stric'; did you mean strict?"),
        ("strict='no'", "strict is True or False, not 'no'"),
        ("intercept=1", "intercept is True or False, not 1"),
        ("policy='relaxed'", "policy is a dict of knobs, such as {'read_after': None}, not 'relaxed'"),
        ("timeout='5 s'", "timeout is a number of seconds above 0, not '5 s'"),
        ("timeout=True", "timeout is a number of seconds above 0, not True"),
        ("version='23'", "version is a Graph version such as 'v23.0', not '23'"),
        ("version=23", "version is a Graph version such as 'v23.0', not 23"),
        ("clock='tomorrow'", "there is no clock 'tomorrow'; there are real, frozen, or a time as 2026-01-01T12:00:00Z"),
        ("clock='reel'", "there is no clock 'reel'; did you mean real?"),
        ("clock='2026-13-01'", "a time is seconds since 1970 or ISO 8601"),
        ("clock=[1]", "clock is a time such as '2026-01-01T12:00:00Z', 'real' or a dict, not [1]"),
        ("clock={'mod': 'real'}", "a clock has no member 'mod'; did you mean mode?"),
        ("seed=1.5", "seed is a whole number, not 1.5"),
        ("policy={'read_after': 'x'}", "policy: Expected"),
    ],
)
def test_marker_with_a_slip(run: Run, mark: str, text: str) -> None:
    """A value of the marker that makes no sense fails its test with one line that begins with the marker."""
    result = run(f"@pytest.mark.waba({mark})\n{PASSES}")
    result.assert_outcomes(errors=1)
    shown = [line for line in result.outlines if line.startswith("@pytest.mark.waba: ")]
    assert [line.removeprefix("@pytest.mark.waba: ")[: len(text)] for line in shown] == [text]


def test_clock_by_word(run: Run) -> None:
    """`frozen` is the time at which it stands anyway."""
    code = "@pytest.mark.waba(clock='frozen')\ndef test_it(waba):\n    assert waba.now.hour == 12\n"
    run(code).assert_outcomes(passed=1)


def test_version(run: Run) -> None:
    """Webhooks and calls of the test are those of the version that the marker names."""
    code = """
from starlette.responses import PlainTextResponse

async def app(scope, receive, send):
    assert scope["type"] == "http"
    query = dict(part.split("=") for part in scope["query_string"].decode().split("&") if part)
    await PlainTextResponse(query.get("hub.challenge", ""))(scope, receive, send)

@pytest.mark.waba(version="v22.0")
def test_it(waba):
    waba.webhook(app)
    waba.get(waba.phone_number_id)
    assert waba.calls[0].path == f"/v22.0/{waba.phone_number_id}"
    token = f"{waba.app_id}|{waba.app_secret}"
    found = waba.link.of(token).graph("GET", f"/v26.0/{waba.app_id}/subscriptions").raw.decode()
    assert '"version":"v22.0"' in found.replace(" ", "")
"""
    run(code).assert_outcomes(passed=1)


def test_intercept(run: Run) -> None:
    """With `intercept` a whole test is intercepted, fixtures that come after the world too."""
    code = """
import httpx

@pytest.fixture
def number(waba):
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    return httpx.get(f"https://graph.facebook.com/v26.0/{waba.phone_number_id}", headers=headers).json()

before = httpx.HTTPTransport.handle_request

@pytest.mark.waba(intercept=True)
def test_it(waba, number):
    assert number["id"] == waba.phone_number_id

def test_undone():
    assert httpx.HTTPTransport.handle_request is before
"""
    run(code).assert_outcomes(passed=2)


def test_help(pytester: pytest.Pytester) -> None:
    """Options, settings and the marker are explained where pytest explains its own."""
    text = pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", "--help").stdout.str()
    for word in ("--waba-url=URL", "--waba-seed=N", "--waba-profile=NAME", "--waba-timeout=SECONDS", "--waba-lenient",
                 "--waba-save=DIR", "waba_url (string)", "waba_strict (string)", "waba_save (string)"):  # fmt: skip
        assert word in text, word
    markers = pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", "--markers").stdout.str()
    assert re.search(r"@pytest\.mark\.waba\(seed=…, policy=\{…\}, profile=…", markers)
