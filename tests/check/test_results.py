"""What a person and a machine are told: the terminal, files, exit status, bytes to send again."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from check_apps import check_receiver, findings
from hypothesis import given, settings
from hypothesis import strategies as st

import receivers
from localwaba.cli import main
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.model import Request
from localwaba.runtime import check_report
from localwaba.runtime.check_results import Report
from localwaba.runtime.findings import causes, culprits, curl, find, save, split

SECRETS = ["--app-secret", "check-secret", "--verify-token", "check-token", "--port", "0"]
SOME = ["--only", "handshake,answer-200,shape-sent,shape-delivered"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def app() -> Iterator[receivers.Served]:
    """A receiver that breaks on contacts without a profile; it sends nothing."""
    with receivers.serve(receivers.make("needs-profile", receivers.Config())) as served:
        yield served


@pytest.fixture(scope="module")
def report() -> Report:
    """The report on an app with several bugs of one cause."""
    return check_receiver("needs-profile", catalogue.chosen(("statuses", "answer-200", "shape-text", "batch")))


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit status of the command, and what it printed."""
    status = main(["check", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_right_app_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """No broken rule: status 0, each group in a line, and the sum."""
    with receivers.serve(receivers.make("correct", receivers.Config())) as served:
        status, out, err = check(capsys, served.url, *SECRETS, "--only", "handshake,answer-200", "--patience", "0")
    assert (status, err) == (0, "")
    assert re.search(r"✓ +handshake +11\b", out)
    assert re.search(r"12 passed in [\d.]+ s \(\d+ requests\)", out)
    assert not Path(".localwaba").exists()


def test_findings_end_with_1_and_say_why(app: receivers.Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding shows its rule, what was expected and what happened, its source, and how to send it again."""
    status, out, _ = check(capsys, app.url, *SECRETS, *SOME, "--patience", "0")
    assert status == 1
    assert "✗ shape-sent" in out
    assert "The webhook is taken: a message has left Meta." in out
    assert re.search(r"happened +500 Internal Server Error \(KeyError: 'profile'\)", out)
    assert re.search(r"source +captured webhook, 2026, david-lev/pywa#188", out)
    assert "localwaba check --replay shape-sent" in out
    assert re.search(r"likewise +the same answer to shape-sent-with-conversation, .* and \d+ more", out, re.S)


def test_an_app_that_sends_nothing_here_is_told_how(app: receivers.Served, capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be seen is not passed: it is told, with the variables that point the app at the emulator."""
    status, out, _ = check(
        capsys, app.url, *SECRETS, "--only", "answer-200,batch-messages,duplicate", "--patience", "0"
    )
    assert status == 1  # duplicate-status breaks on the missing profile
    assert re.search(r"– \d not judged: the app made no call to http://127.0.0.1:\d+", out)
    assert re.search(r"export GRAPH_URL=http://127.0.0.1:\d+\n", out)
    assert "export WHATSAPP_TOKEN=" in out


def test_nobody_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An app that does not run ends with 2 and one line that says so."""
    status, out, err = check(capsys, "http://127.0.0.1:9/webhook", *SECRETS)
    assert (status, out) == (2, "")
    assert err == (
        "localwaba: check: http://127.0.0.1:9/webhook: nobody listens on 127.0.0.1:9 (Connection refused); "
        "is the app running?\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "which app? write the URL of its webhook"),
        (["http://10.0.0.1/"], "neither this machine nor an allowed host; allow it with --allow-target HOST"),
        (["http://127.0.0.1:9/", "--only", "dupplicate"], "there is no check dupplicate; did you mean duplicates?"),
        (["http://127.0.0.1:9/", "--skip", "brust"], "there is no check brust; did you mean burst?"),
        (["http://127.0.0.1:9/", "--only", "burst", "--skip", "burst"], "nothing is left to check"),
        (["http://127.0.0.1:9/", "--html", "nowhere/a.html"], "there is no folder nowhere"),
        (["http://127.0.0.1:9/", "--status-url", "http://127.0.0.1:9/status"], "--status-url needs {wamid} in it"),
        (["http://127.0.0.1:9/", "--port", "x"], "--port:"),
        (["http://127.0.0.1:9/", "--halp"], "unknown option --halp; did you mean --help?"),
        (["--replay", "burst"], "there are no findings in .localwaba/check: run localwaba check URL first"),
    ],
)
def test_mistakes_are_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is typed wrongly ends with 2 and one line that helps."""
    status, out, err = check(capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_the_list_shows_each_check_with_its_rule_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    """`--list` needs no app; `--only` and `--skip` choose."""
    status, out, _ = check(capsys, "--list", "--only", "duplicates", "--skip", "duplicate-status")
    assert status == 0
    assert out.startswith("duplicates\n  duplicate-message\n      A message that comes twice is handled once")
    assert "see Meta: calling/faq, chatwoot/chatwoot#5433" in out
    assert "duplicate-status" not in out


def test_a_finding_is_sent_again_byte_for_byte(app: receivers.Served, capsys: pytest.CaptureFixture[str]) -> None:
    """`--replay` sends exactly the bytes of the finding to the same app, and shows what was expected."""
    check(capsys, app.url, *SECRETS, *SOME, "--patience", "0")
    taken: list[bytes] = []
    receive = app.receiver.receive

    def note(raw: bytes, headers: Any) -> receivers.receiver.Reply:
        taken.append(raw)
        return receive(raw, headers)

    app.receiver.receive = note  # type: ignore[method-assign]
    status, out, _ = check(capsys, "--replay", "shape-sent")
    assert status == 0
    kept = Path(".localwaba/check/shape-sent.http").read_bytes()
    assert [one.partition(b"\r\n\r\n")[2] for one in split(kept)] == taken
    assert "expected  200\nhappened  500 Internal Server Error" in out
    assert "1. a message has left Meta: 500 Internal Server Error" in out
    status, out, _ = check(capsys, app.url, "--replay", ".localwaba/check/shape-sent.http")
    assert (status, len(taken)) == (0, 2)


def test_results_as_files(app: receivers.Served, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON, JUnit XML and HTML tell the same."""
    files = ["--json", "a.json", "--junit", "a.xml", "--html", "a.html"]
    check(capsys, app.url, *SECRETS, *SOME, "--patience", "0", *files)
    told = json.loads(Path("a.json").read_text(encoding="utf-8"))
    failed = [one["name"] for one in told["checks"] if one["outcome"] == "failed"]
    assert told["passed"] is False
    assert told["counts"]["failed"] == len(failed)
    root = ElementTree.parse("a.xml").getroot()
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == failed
    assert root.get("tests") == str(len(told["checks"]))
    page = Path("a.html").read_text(encoding="utf-8")
    assert f"<h1>{len(failed)} broken rules</h1>" in page
    assert 'href="https://github.com/david-lev/pywa/issues/188"' in page


def test_findings_with_one_reason_stand_together(report: Report) -> None:
    """What the app answered in the same words is one cause, so that thirty findings are one to read."""
    found = causes(report.results)
    assert len(findings(report)) > 20
    assert len(found) <= 3
    assert sum(1 + len(one.others) for one in found) == len(findings(report))


def test_the_page_stands_alone(report: Report) -> None:
    """The page loads nothing, and what apps answer is shown as text."""
    page = check_report.html(report)
    assert not re.search(r'(src|<link[^>]*href)="?http', page)
    assert "KeyError: &#x27;profile&#x27;" in page


def test_old_findings_go(report: Report, folder: Path) -> None:
    """Only findings of the last run are kept, out of sight of git."""
    kept = Path(".localwaba/check")
    save(report)
    assert (kept.parent / ".gitignore").read_text() == "*\n"
    assert {path.stem for path in kept.glob("*.http")} == set(findings(report))
    name = next(iter(findings(report)))
    assert find(name)[0].url == report.url
    right = Report(url="", emulator_url="", results=(), requests=0, seconds=0, usual=0)
    assert save(right) == []
    assert list(kept.iterdir()) == []


def test_a_curl_command_carries_the_same_bytes(report: Report) -> None:
    """Read as a shell reads it, the command has the body, the headers and the URL of the request."""
    for one in report.results:
        for exchange in culprits(one):
            request = exchange.request
            words = shlex.split(curl(request, report.url, "a.body").replace("\\\n", ""))
            data = words[words.index("--data-binary") + 1]
            assert data in (request.body.decode("ascii"), "@a.body")
            assert report.url in words
            assert [word for word in words if word.startswith("X-Hub-Signature-256: sha256=")]


_HEADERS = st.lists(
    st.tuples(st.from_regex(r"X-[A-Za-z]{1,8}", fullmatch=True), st.from_regex(r"[ -~]{0,20}", fullmatch=True)),
    max_size=3,
)
_REQUESTS = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    target=st.just("/webhook"),
    host=st.just("127.0.0.1:8000"),
    headers=_HEADERS.map(tuple),
    body=st.binary(max_size=200),
)


@given(st.lists(_REQUESTS, max_size=5))
@settings(max_examples=30)
def test_a_file_of_requests_is_read_as_it_was_written(requests: list[Request]) -> None:
    """Requests stand in a file one after the other, whatever is in their bodies."""
    assert list(split(b"".join(one.raw for one in requests))) == [one.raw for one in requests]


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", b"x"])
def test_a_file_that_holds_no_requests_is_refused(raw: bytes) -> None:
    """Half a request, or none."""
    with pytest.raises(ValueError, match="request"):
        list(split(raw))
