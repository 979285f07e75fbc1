"""What counts against an app, and when: calls of no world's token, and what happens while fixtures end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

SEND = """
import pytest, urllib.error, urllib.request

def send(waba, to, body):
    message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
    return waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", message).status
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a file of tests with an emulator of its own, in this process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("CI", "BUILD_NUMBER", "LOCALWABA_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(code: str, *args: str) -> pytest.RunResult:
        pytester.makepyfile(test_app=f"{SEND}\n{code}")
        return pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", *args)

    return run


def lines_after(result: pytest.RunResult, start: str) -> list[str]:
    """The output from the line that begins so."""
    return result.outlines[next(n for n, line in enumerate(result.outlines) if line.startswith(start)) :]


def test_refused_while_fixtures_end(run: Run) -> None:
    """What is refused while the fixtures of a passed test end is an error of its teardown, with all that is known."""
    result = run(
        """
@pytest.fixture
def goodbye(waba):
    yield
    send(waba, waba.user("Ada").wa_id, "")

def test_it(goodbye):
    pass

@pytest.mark.waba(strict=False)
def test_allowed(goodbye):
    pass
"""
    )
    result.assert_outcomes(passed=2, errors=1)
    shown = lines_after(result, "the app was refused")
    assert shown[0] == "the app was refused with 100, which the test did not expect"
    assert any(line.startswith("seed 0, world test_app.py-test_it-") for line in shown)
    assert any(line.strip("- ") == "localwaba journal" for line in shown)


def test_a_failed_test_is_not_blamed_twice(run: Run) -> None:
    """What is refused while the fixtures of a test end that has failed, or was to fail, is no second failure."""
    result = run(
        """
@pytest.fixture
def goodbye(waba):
    yield
    send(waba, "16465550144", "")

def test_it(goodbye):
    assert False

@pytest.mark.xfail
def test_to_fail(goodbye):
    assert False
"""
    )
    result.assert_outcomes(failed=1, xfailed=1)


@pytest.mark.parametrize(("headers", "code"), [({}, 104), ({"Authorization": "Bearer EAAx"}, 190)])
def test_a_call_that_no_world_knows(run: Run, headers: dict[str, str], code: int) -> None:
    """A call without the token of any world fails the test that made it, unless it expects that; and no later one."""
    result = run(
        f"""
def call(waba):
    request = urllib.request.Request(waba.graph_url + "/v26.0/1/messages", b"{{}}", {headers!r})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    raised.value.close()

def test_it(waba):
    call(waba)

def test_later(waba):
    pass

def test_expected(waba):
    with waba.refuses({code}) as refused:
        call(waba)
    assert [one.code for one in refused.calls] == [{code}]

def test_expected_without_a_code(waba):
    with waba.refuses():
        call(waba)

@pytest.mark.waba(strict=False)
def test_allowed(waba):
    call(waba)
"""
    )
    result.assert_outcomes(failed=1, passed=4)
    shown = lines_after(result, f"the app was refused with {code}, which the test did not expect")
    assert "No token of this world: give the app waba.access_token, or its whole environment: waba.env" in shown


@pytest.mark.parametrize(("path", "code"), [("1/whatsapp_business_profile", 200), ("me", 2500)])
def test_edges_with_words_of_their_own(run: Run, path: str, code: int) -> None:
    """Whatever an edge says of a call without a token, the call counts."""
    result = run(
        f"""
def test_it(waba):
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(waba.graph_url + "/v26.0/{path}")
    raised.value.close()
"""
    )
    result.assert_outcomes(failed=1)
    assert lines_after(result, f"the app was refused with {code}, which the test did not expect")


def test_an_app_that_outlives_its_world(run: Run) -> None:
    """An app with the token of a world that has ended fails no test that misses nothing, but is told of, once."""
    result = run(
        """
@pytest.fixture(scope="session")
def kept():
    return {}

def test_first(waba, kept):
    kept["waba"] = waba

def test_second(waba, kept):
    kept["waba"].link.graph("GET", f"/v26.0/{waba.phone_number_id}", None)

def test_third(waba):
    pass
""",
        "-Wdefault",
    )
    result.assert_outcomes(passed=3, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "test_app.py::test_second",
            "*PytestWarning: Calls came with the token of a world that has ended, and were refused (1)",
            "*why: * this access token was of a world that has ended, test_app.py-test_first-*",
            "*fix: make the app anew for each world, with the environment of that world",
        ]
    )


def test_an_app_that_raises_over_its_token(run: Run) -> None:
    """Where the app raises over a call without this world's token, the report shows why the call was refused."""
    result = run(
        """
def test_it(waba):
    waba.link.of("EAAx").graph("GET", "/v26.0/1", None)
    raise LookupError("no answer")
"""
    )
    result.assert_outcomes(failed=1)
    shown = lines_after(result, "seed 0, world test_app.py-test_it-")
    assert "Refused calls of the app (1)" in shown
    assert "      why: [token] no world of this server has this access token" in shown


def test_async_tests_are_told_in_their_own_words(run: Run) -> None:
    """What is to be written into an `async def` test is what can be written there."""
    result = run(
        """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_it(awaba):
    ada = await awaba.user("Ada")
    send(awaba.sync, ada.wa_id, "")
""",
        "-p",
        "anyio",
    )
    result.assert_outcomes(failed=1)
    assert lines_after(result, "Expect it:")[0] == "Expect it:  async with awaba.refuses(100): …"


def test_a_world_that_its_test_ends(run: Run) -> None:
    """A test that ends the world of its fixture is told so: what its app was refused there is forgotten."""
    result = run("def test_it(waba):\n    waba.close()")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the test has ended the world of its fixture: what was refused there is forgotten"])


def test_a_message_after_the_failure(run: Run) -> None:
    """A report shows the chat as it is at the end: what came too late is seen to have come."""
    result = run(
        """
def test_it(waba):
    ada = waba.user("Ada")
    ada.sends("hi")
    try:
        ada.receives(timeout=0.01)
    finally:
        send(waba, ada.wa_id, "too late")
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["seed 0, *", "Chat of Ada (*)", "*the app: too late  (read)"])
