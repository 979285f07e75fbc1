"""Every planted bug is found, by the check that is made for it, and by none that has nothing to do with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

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
_LABORIOUS = ("batch-of-1000", "big-bodies", "burst")
"""Half of the work of all checks: tried on the right receivers, and on bugs that they may find or bring out."""
_AT_ONCE = 4
"""Receivers that are checked at the same time: most of a check is waiting for what an app does not do."""


def _group_of(name: str) -> str:
    """The group of the check that has to find a bug."""
    return next(check.group for check in catalogue.CHECKS if check.name == receivers.BUGS[name].finds)


def _may_find(check: str, bug: str) -> bool:
    allowed = (receivers.BUGS[bug].finds, *RELATED.get(bug, ()))
    return any(fnmatch(check, pattern) for pattern in allowed)


def _misjudged(bug: str) -> dict[str, str]:
    """What the checks get wrong about a bug: that it was not found, or what was found has nothing to do with it."""
    is_hard = _group_of(bug) in ("answers", "load")
    left_out = {"answer-fast"} | {one for one in _LABORIOUS if not is_hard and not _may_find(one, bug)}
    checks = tuple(check for check in USUAL if check.name not in left_out)
    found = findings(check_receiver(bug, checks))
    wrong = {check: text for check, text in found.items() if not _may_find(check, bug)}
    finds = receivers.BUGS[bug].finds
    return wrong if finds in found else wrong | {finds: "not found"}


@pytest.mark.parametrize("group", catalogue.GROUPS)
def test_planted_bugs_are_found_by_their_checks(group: str) -> None:
    """Each bug is found by the check of this group that is named beside it, and by none that is not related to it."""
    bugs = [name for name in receivers.BUGS if name not in _SLOW and _group_of(name) == group]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        misjudged = dict(zip(bugs, pool.map(_misjudged, bugs), strict=True))
    assert {bug: wrong for bug, wrong in misjudged.items() if wrong} == {}


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
