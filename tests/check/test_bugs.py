"""Every planted bug is found, by the check that is made for it, and by none that has nothing to do with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
from check_apps import SETTINGS, USUAL, check_receiver, findings, outcome

import receivers
from localwaba.domain.seeding import new_world
from localwaba.operations.checks import catalogue
from localwaba.runtime.check_results import Options
from localwaba.runtime.checking import check_app
from localwaba.runtime.server import PortTaken

RELATED: dict[str, tuple[str, ...]] = {
    "challenge-as-json": ("handshake-*",),
    "challenge-in-html": ("handshake-*",),
    "any-verify-token": ("handshake-empty-token", "handshake-no-token"),
    "empty-verify-token": ("handshake-no-token",),
    "handshake-by-position": ("handshake-other-mode",),
    "handshake-wants-signature": ("handshake-*",),
    "signature-never-read": ("signature-*",),
    "signature-optional": ("signature-sha1-only",),
    "signature-missing-crashes": ("signature-sha1-only",),
    "signature-sha1": ("signature-sha1-only",),
    # whatever holds a slash, an accent or an @ is refused
    "signature-over-parsed": ("signature-*", "shape-*", "field-*", "retry-after-error"),
    "signature-over-escaped": ("signature-*",),
    "acknowledges-before-checking": ("signature-*",),
    "answers-500-after-work": ("answer-200",),
    "hangs": ("answer-200",),
    # real statuses have contacts without a profile
    "needs-profile": ("shape-*", "status-*", "duplicate-status", "batch-*", "burst"),
    "needs-contacts": ("shape-user-changed-number", "shape-empty-*"),
    "needs-known-type": ("batch-with-unknown", "shape-unsupported*"),
    "needs-known-status": ("shape-*",),
    "needs-pricing": ("shape-*", "status-*", "duplicate-status", "batch-*", "burst"),
    "needs-metadata": ("field-*", "shape-unknown-field", "batch-with-unknown"),
    "needs-items": ("shape-empty-*", "shape-unknown-object"),
    "refuses-unknown-members": ("shape-status-unknown-members",),
    "breaks-on-emoji": ("signature-escapes", "signature-plain-utf8", "shape-text-special-characters"),
    "duplicates-handled": ("duplicate-*",),
    "first-message-only": ("batch-with-unknown",),
    "first-change-only": ("batch-*",),
    "first-entry-only": ("batch-of-1000",),
    "answers-statuses": ("duplicate-status",),
    "busy": ("duplicate-at-once",),
    "small-bodies": ("batch-of-1000",),
    "dies-of-big-bodies": ("burst",),
}
"""Checks that may find a bug beside the one that has to; patterns."""
_SLOW = ("blocks", "hangs")


def _without(*names: str) -> tuple[Any, ...]:
    return tuple(check for check in USUAL if check.name not in names)


@pytest.mark.parametrize("name", [name for name in receivers.BUGS if name not in _SLOW])
def test_a_planted_bug_is_found_by_its_check(name: str) -> None:
    """The named check finds the bug, and no check finds anything that is not related to it."""
    bug = receivers.BUGS[name]
    found = findings(check_receiver(name, _without("answer-fast")))
    assert bug.finds in found
    allowed = (bug.finds, *RELATED.get(name, ()))
    assert {one: text for one, text in found.items() if not any(fnmatch(one, pattern) for pattern in allowed)} == {}


def test_slow_work_before_the_answer_is_found() -> None:
    """An app that works before it answers is told to answer first; that is a doubt, no broken rule."""
    report = check_receiver("blocks", catalogue.chosen(("answer-fast",)))
    assert outcome(report, "answer-fast") == "warned"
    assert report.has_passed


def test_an_app_that_never_answers_is_found() -> None:
    """After the time that Meta waits, no answer is a broken rule, and nothing else is tried for long."""
    report = check_receiver("hangs", USUAL, within=0.3)
    assert set(findings(report)) == {"answer-200", "answer-in-time"}
    assert {one.verdict.outcome for one in report.results if one.check.group == "messages"} == {"skipped"}


def test_the_right_receiver_in_python_passes_everything() -> None:
    """With all checks there are, the right receiver has no finding, and all but one could be judged."""
    report = check_receiver("correct", tuple(check for check in catalogue.CHECKS if check.name != "answer-fast"))
    assert findings(report) == {}
    assert [one.check.name for one in report.results if one.verdict.outcome == "skipped"] == ["retry-after-error"]


@pytest.fixture
def node() -> Iterator[tuple[str, int]]:
    """The receiver in JavaScript: its URL, and the port at which it looks for the emulator."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed: the receiver in JavaScript cannot be started")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    world = new_world("default", 0, 0, None)
    environ = os.environ | {
        "PORT": "0",
        "GRAPH_URL": f"http://127.0.0.1:{port}",
        "WHATSAPP_TOKEN": world.access_token,
        "APP_SECRET": "check-secret",
        "VERIFY_TOKEN": "check-token",
    }
    file = receivers.__path__[0] + "/receiver.mjs"
    with subprocess.Popen([program, file], env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1], port
        finally:
            process.terminate()


def test_the_right_receiver_in_javascript_passes_everything(node: tuple[str, int]) -> None:
    """The same in another language, with nothing but Node's standard library."""
    url, port = node
    checks = tuple(check for check in catalogue.CHECKS if check.name != "answer-fast")
    status_url = url.removesuffix("/webhook") + "/status/{wamid}"
    try:
        report = check_app(Options(url=url, settings=SETTINGS, checks=checks, port=port, status_url=status_url))
    except PortTaken:
        pytest.skip(f"somebody else took port {port} meanwhile")
    assert findings(report) == {}
    assert [one.check.name for one in report.results if one.verdict.outcome == "skipped"] == ["retry-after-error"]


def test_there_are_many_kinds_of_bugs() -> None:
    """Every check that is named exists, and the bugs are of all groups."""
    groups = {check.name: check.group for check in catalogue.CHECKS}
    assert {bug.finds for bug in receivers.BUGS.values()} <= groups.keys()
    assert {groups[bug.finds] for bug in receivers.BUGS.values()} == set(catalogue.GROUPS)
    assert len(receivers.BUGS) >= 50
