"""Contract coverage of a run: options, reports, thresholds, workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localwaba import Waba
from localwaba.cli import main
from localwaba_contracts.coverage import words

Run = Callable[..., pytest.RunResult]

TESTS = """
import pytest

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    query = scope["query_string"].decode()
    challenge = query.partition("hub.challenge=")[2].partition("&")[0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": challenge})

def send(waba, to):
    message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hello"}}
    return waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", message).status

def test_a_chat(waba):
    waba.webhook(app)
    ana = waba.user("Ana")
    ana.sends("hi")
    assert send(waba, ana.wa_id) == 200

def test_too_late(waba):
    with waba.refuses(131047):
        send(waba, waba.user("Ana").wa_id)
"""
TABLE = [
    "messages     1 of 27     3.7%  message types that were sent",
    "webhooks     1 of 21     4.7%  webhook shapes that the app took",
    "statuses     3 of 4     75.0%  statuses that the app was told",
    "errors       0 of 33     0.0%  error codes that were met",
    "total        5 of 85     5.8%",
]
"""131047 is told by webhook, and the second test has no app that takes it."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine decides which emulator is used, nor which plugins."""
    for name in ("LOCALWABA_URL", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def run(pytester: pytest.Pytester, waba_server: Any) -> Run:
    """Runs a file of tests against the emulator of this run."""

    def run(*args: str, code: str = TESTS) -> pytest.RunResult:
        pytester.makepyfile(test_app=code)
        return pytester.runpytest_inprocess(
            "-q", "-p", "pytest_localwaba.plugin", f"--waba-url={waba_server.url}", *args
        )

    return run


def shown(result: pytest.RunResult) -> list[str]:
    """What stands below the title of the report, without the line that pytest ends with."""
    start = next(place for place, line in enumerate(result.outlines) if "contract coverage ---" in line)
    return result.outlines[start + 1 : -1]


def test_table(run: Run) -> None:
    """With `--waba-cov` the run ends with a table of what the tests exercised."""
    result = run("--waba-cov")
    assert result.ret == 0
    assert shown(result) == TABLE


def test_silent_without_the_option(run: Run, pytester: pytest.Pytester) -> None:
    """Without the option nothing is told, even if the ini file says how it would be."""
    pytester.makeini("[pytest]\nwaba_cov_fail_under = 90\nwaba_cov_report = json:cov.json\n")
    result = run()
    assert result.ret == 0
    assert "coverage" not in result.stdout.str()
    assert not (pytester.path / "cov.json").exists()


def test_missing(run: Run) -> None:
    """With `term-missing` the names of what was not exercised stand below the table."""
    result = run("--waba-cov-report=term-missing", "--waba-cov-of=statuses,messages")
    lines = shown(result)
    assert lines[:4] == [TABLE[0], TABLE[2], "total        4 of 31    12.9%", "missing messages:"]
    assert lines[-2:] == ["missing statuses:", "  failed"]


def test_json(run: Run, pytester: pytest.Pytester) -> None:
    """The JSON has every unit with its count, part by part, and no table is shown beside it."""
    result = run("--waba-cov-report=json:reports/cov.json", "--waba-cov-of=statuses,all-webhooks")
    found = json.loads((pytester.path / "reports" / "cov.json").read_text("utf-8"))
    assert f"contract coverage as JSON in {pytester.path / 'reports' / 'cov.json'}" in result.outlines
    assert "total" not in result.stdout.str()
    assert list(found) == ["localwaba", "graph_version", "of", "ignore", "covered", "total", "percent", "dropped",
                           "parts", "counts"]  # fmt: skip
    assert (found["graph_version"], found["of"], found["ignore"]) == ("", ["all-webhooks", "statuses"], [])
    assert found["counts"]["messages:text"] == 2  # what was not asked for is kept for whoever merges reports
    assert found["parts"]["statuses"] == {
        "covered": 3,
        "total": 4,
        "percent": 75.0,
        "missing": ["failed"],
        "units": {"sent": 1, "delivered": 1, "read": 1, "failed": 0},
        "beyond": {},
    }
    webhooks = found["parts"]["webhooks"]
    assert {name: count for name, count in webhooks["units"].items() if count} == {"messages/text": 1}
    assert found["covered"] == 4
    assert found["total"] == webhooks["total"] + 4


def test_html(run: Run, pytester: pytest.Pytester) -> None:
    """The HTML is one file, told of in one line; several reports at once are all made."""
    result = run("--waba-cov", "--waba-cov-report=html:cov.html", "--waba-cov-report=json:cov.json")
    page = (pytester.path / "cov.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<h1>5.8% of the contracts</h1>" in page
    assert "src=" not in page
    assert "<link" not in page
    assert (pytester.path / "cov.json").exists()
    files = [f"contract coverage as {kind} in {pytester.path / file}" for kind, file in
             (("HTML", "cov.html"), ("JSON", "cov.json"))]  # fmt: skip
    assert shown(result) == [*TABLE, *files]


def test_file_that_cannot_be_written(run: Run, pytester: pytest.Pytester) -> None:
    """A report that cannot be written fails the run with one line."""
    pytester.makefile(".txt", file="x")
    result = run("--waba-cov-report=json:file.txt/cov.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (line,) = [line for line in result.outlines if line.startswith("localwaba:")]
    assert line.startswith(f"localwaba: the contract coverage cannot be written to {pytester.path}/file.txt/cov.json: ")


def test_fail_under(run: Run) -> None:
    """Less than is required ends a run of passed tests with 1 and one line; enough ends it with 0."""
    result = run("--waba-cov-fail-under=5.9")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert shown(result) == [
        *TABLE,
        "localwaba: contract coverage is 5.8% (5 of 85), less than the required 5.9%",
    ]
    result = run("--waba-cov-fail-under=5.8")
    assert result.ret == 0
    assert shown(result) == TABLE


def test_fail_under_and_collect_only(run: Run) -> None:
    """A run that only collects has nothing to be measured by."""
    result = run("--waba-cov-fail-under=90", "--collect-only")
    assert result.ret == 0
    assert "coverage" not in result.stdout.str()


def test_settings(run: Run, pytester: pytest.Pytester) -> None:
    """The ini file can say all of it; the command line outranks it."""
    pytester.makeini(
        "[pytest]\nwaba_cov = true\nwaba_cov_report =\n    term\n    json:cov.json\nwaba_cov_fail_under = 90\n"
        "waba_cov_of = statuses, errors\nwaba_cov_ignore =\n    errors:1320*\n    13[13]*\n"
    )
    result = run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = json.loads((pytester.path / "cov.json").read_text("utf-8"))
    assert list(found["parts"]["errors"]["units"]) == ["10", "100", "190", "368", "80007", "130429", "130472"]
    assert shown(result)[-1].endswith("is 27.2% (3 of 11), less than the required 90%")
    assert run("--waba-cov-fail-under=10", "--waba-cov-of=statuses").ret == 0


@pytest.mark.parametrize(
    ("arg", "text"),
    [
        ("report=xml", "--waba-cov-report is term, term-missing, json:FILE or html:FILE, not 'xml'"),
        ("report=json:", "--waba-cov-report is term, term-missing, json:FILE or html:FILE, not 'json:'"),
        ("fail-under=most", "--waba-cov-fail-under is a percentage from 0 to 100, not 'most'"),
        ("fail-under=101", "--waba-cov-fail-under is a percentage from 0 to 100, not '101'"),
        ("fail-under=nan", "--waba-cov-fail-under is a percentage from 0 to 100, not 'nan'"),
        ("of=mesages", "--waba-cov-of: there is no part 'mesages'; did you mean messages?"),
        ("of=x,errors", f"--waba-cov-of: there is no part 'x'; there are {', '.join(words())}"),
    ],
)
def test_option_with_a_slip(run: Run, arg: str, text: str) -> None:
    """A slip in an option ends the run before any test, with one line."""
    result = run(f"--waba-cov-{arg}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [f"ERROR: {text}"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("waba_cov = perhaps", "waba_cov is true or false, not 'perhaps'"),
        ("waba_cov_report = yaml", "waba_cov_report is term, term-missing, json:FILE or html:FILE, not 'yaml'"),
        ("waba_cov_fail_under = -1", "waba_cov_fail_under is a percentage from 0 to 100, not '-1'"),
        ("waba_cov_of = status", "waba_cov_of: there is no part 'status'; did you mean statuses?"),
        ("waba_cov_ignore = messages:vidio", "waba_cov_ignore: 'messages:vidio' stands for nothing; did you mean "
         "messages:video?"),
        ("waba_cov_ignore = nothing*", "waba_cov_ignore: 'nothing*' stands for nothing"),
        ("waba_cov_ignore = *", "waba_cov_ignore leaves nothing that counts"),
    ],
)  # fmt: skip
def test_setting_with_a_slip(run: Run, pytester: pytest.Pytester, line: str, text: str) -> None:
    """A slip in the ini file ends the run before any test, with one line."""
    first = "" if line.startswith("waba_cov =") else "waba_cov = 1\n"
    pytester.makeini(f"[pytest]\n{first}{line}\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [f"ERROR: {text}"]


def test_worlds_that_tests_make(run: Run, pytester: pytest.Pytester) -> None:
    """What happened before a reset counts, and what happened in further worlds of the server."""
    code = f"""{TESTS}
def test_reset(waba):
    ana = waba.user("Ana")
    ana.sends("hi")
    send(waba, ana.wa_id)
    waba.reset()

def test_another(waba_server):
    waba = waba_server.new_world()
    waba.get(waba.phone_number_id)
    waba.close()
"""
    result = run("--waba-cov-of=operations,messages", "--waba-cov-report=json:cov.json", code=code)
    found = json.loads((pytester.path / "cov.json").read_text("utf-8"))["parts"]
    assert result.ret == 0
    assert found["messages"]["units"]["text"] == 3
    assert found["operations"]["units"]["get_phone_number"] == 1


def test_failed_test(run: Run) -> None:
    """A failed test has exercised what it did, and the run ends as a failed one."""
    result = run("--waba-cov-of=statuses", "--waba-cov-fail-under=90", code=f"{TESTS}    assert False\n")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert shown(result)[0] == TABLE[2]


def test_default_world_of_a_running_emulator(run: Run, pytester: pytest.Pytester, waba_server: Any) -> None:
    """An app that knows no world but the default one is counted too, but only what happened in this run."""
    default: Waba = waba_server.world
    default.get(default.waba_id)
    code = "def test_it(waba_server):\n    default = waba_server.world\n    default.get(default.phone_number_id)\n"
    run("--waba-cov-of=operations", "--waba-cov-report=json:cov.json", code=code)
    found = json.loads((pytester.path / "cov.json").read_text("utf-8"))
    units = found["parts"]["operations"]["units"]
    assert {name: count for name, count in units.items() if count} == {"get_phone_number": 1}
    assert found["dropped"] == 0


def test_workers(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist the counts of all workers, and of the default world that they share, are one."""
    more = "\ndef test_default(waba_server):\n    default = waba_server.world\n    default.get(default.waba_id)\n"
    pytester.makepyfile(test_app=TESTS + more, test_other=TESTS)
    args = ("-p", "xdist.plugin", "-p", "pytest_localwaba.plugin", "-q", "-n", "2", "--waba-cov")
    result = pytester.runpytest_subprocess(
        *args,
        "--waba-cov-report=json:cov.json",
        "--waba-cov-of=messages,statuses,operations",
        "--waba-cov-fail-under=90",
    )
    result.assert_outcomes(passed=5)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (line,) = [line for line in result.outlines if line.startswith("localwaba:")]  # the controller's, not the workers'
    assert line.endswith(", less than the required 90%")
    parts = json.loads((pytester.path / "cov.json").read_text("utf-8"))["parts"]
    assert parts["messages"]["units"]["text"] == 4
    assert parts["statuses"]["units"]["read"] == 2
    counted = {name: count for name, count in parts["operations"]["units"].items() if count}
    assert counted == {"send_message": 4, "get_waba": 1}
    assert [line.split()[:3] for line in shown(result)[:2]] == [["messages", "1", "of"], ["statuses", "3", "of"]]


def test_shards(run: Run, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    """The reports of two shards, merged by the command, are the report of one run of both, and so is its threshold."""
    pytester.makeini(
        "[pytest]\nwaba_version = v23.0\nwaba_cov_of = all-errors, statuses, messages\nwaba_cov_ignore = errors:1320*\n"
    )
    names = ("a.json", "b.json", "whole.json", "merged.json")
    one, two, whole, merged = (str(pytester.path / name) for name in names)
    run(f"--waba-cov-report=json:{one}", "-k", "chat")
    run(f"--waba-cov-report=json:{two}", "-k", "late")
    run(f"--waba-cov-report=json:{whole}")
    capsys.readouterr()
    words = ("contracts", "coverage", one, two, "--output", merged, "--fail-under", "50")
    assert main([*words]) == 1
    told = capsys.readouterr()
    found = Path(whole).read_text("utf-8")
    covered, total, share = (json.loads(found)[name] for name in ("covered", "total", "percent"))
    assert Path(merged).read_text("utf-8") == found
    assert (json.loads(found)["graph_version"], covered) == ("v23.0", 4)
    assert told.out.splitlines()[-2:] == ["of what Graph v23.0 has", f"contract coverage as JSON in {merged}"]
    assert told.err == (
        f"localwaba: contract coverage is {share}% ({covered} of {total}), less than the required 50%\n"
    )
    run(f"--waba-cov-report=json:{two}", "-o", "waba_version=v26.0", "-k", "late")
    capsys.readouterr()
    assert main([*words]) == 2
    assert capsys.readouterr().err == (
        f"localwaba: contracts: coverage: {one} is pinned to v23.0, {two} is pinned to v26.0; "
        "--graph-version says what holds for all\n"
    )
    assert main([*words[:-2], "--graph-version", "v26.0"]) == 0


def test_own_server(pytester: pytest.Pytester) -> None:
    """Without a running emulator the run has its own, whose default world counts."""
    pytester.makepyfile(test_app="def test_it(waba_server):\n    waba_server.world.get(waba_server.world.waba_id)\n")
    args = ("-p", "pytest_localwaba.plugin", "--waba-cov-of=operations", "--waba-cov-report=json:cov.json")
    assert pytester.runpytest_inprocess(*args).ret == 0
    units = json.loads((pytester.path / "cov.json").read_text("utf-8"))["parts"]["operations"]["units"]
    assert {name: count for name, count in units.items() if count} == {"get_waba": 1}


def test_help(pytester: pytest.Pytester) -> None:
    """Options and settings are explained where pytest explains its own."""
    text = pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", "--help").stdout.str()
    for word in ("--waba-cov ", "--waba-cov-report=TYPE", "--waba-cov-fail-under=PERCENT", "--waba-cov-of=PARTS",
                 "waba_cov (string)", "waba_cov_report (linelist)", "waba_cov_ignore (linelist)"):  # fmt: skip
        assert word in text, word
