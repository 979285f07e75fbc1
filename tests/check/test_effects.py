"""What the runner sees of an app, and what it does not claim to see."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from check_apps import SETTINGS, Introduction, check_receiver, findings, happened, outcome

import receivers
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.arrivals import sent
from localwaba.runtime.check_results import Options, Report
from localwaba.runtime.checking import check_app
from localwaba.runtime.server import PortTaken

EFFECTS = catalogue.chosen(("answer-200", "duplicates", "order", "not for the app", "batches"))


@pytest.fixture(scope="module")
def unseen() -> Report:
    """The report on an app that does not know the emulator."""
    return check_receiver("duplicates-handled", EFFECTS, sends=False, patience=0.0)


def test_what_cannot_be_seen_is_not_passed(unseen: Report) -> None:
    """Without a call of the app nothing is said of what it does, and why is told."""
    for check in EFFECTS:
        if check.needs in ("sends", "status"):
            assert outcome(unseen, check.name) == "skipped", check.name
            assert happened(unseen, check.name) == f"the app made no call to {unseen.emulator_url}"
    assert unseen.has_passed


def test_what_breaks_is_found_without_seeing_effects() -> None:
    """A crash is a crash, also in checks that otherwise need to see what the app sends."""
    report = check_receiver("needs-known-type", EFFECTS, sends=False, patience=0.0)
    assert outcome(report, "batch-with-unknown") == "failed"


def test_an_app_that_is_refused_is_told_so() -> None:
    """An app with another token has called, in vain: the reason is Meta's."""

    class Wrong(Introduction):
        def open(self, url: str, world: dict[str, Any], count: int) -> None:
            super().open(url, world | {"access_token": "EAAwrong"}, count)

    receiver = receivers.make("correct", receivers.Config())
    with receivers.serve(receiver) as served:
        options = Options(url=served.url, settings=SETTINGS, checks=EFFECTS, port=0, patience=0.5)
        report = check_app(options, Wrong(receiver))
    assert report.why_unseen.startswith(f"the app's calls to {report.emulator_url} were refused: 190 ")


def test_a_refused_app_costs_little() -> None:
    """If the plainest webhook is refused, the rest is not sent, and the secret is asked about."""
    receiver = receivers.make("correct", receivers.Config(app_secret="another"))
    with receivers.serve(receiver) as served:
        report = check_app(Options(url=served.url, settings=SETTINGS, port=0))
    assert set(findings(report)) == {"answer-200"}
    assert happened(report, "answer-200") == "401 Unauthorized (wrong signature); is --app-secret right?"
    assert report.requests < 40


def test_an_app_that_dies_is_not_asked_on() -> None:
    """Once nobody listens any more, the check that killed the app is told, and no finding is made up for the rest."""

    class Mortal(receivers.Receiver):
        stop: Any = None

        def message(self, message: dict[str, Any], value: dict[str, Any]) -> None:
            if message["type"] == "image":
                self.stop()
                raise OSError("out of memory")
            super().message(message, value)

    receiver = Mortal(receivers.Config())
    with receivers.serve(receiver) as served:
        receiver.stop = served.stop
        report = check_app(Options(url=served.url, settings=SETTINGS, port=0, patience=0.0))
    assert set(findings(report)) <= {"shape-image", "shape-image-caption"}
    assert "nobody listens any more since" in happened(report, "burst")


def test_users_are_known_and_media_can_be_fetched() -> None:
    """While it is checked, an app may mark messages as read and download what it is sent."""
    calls: list[tuple[int, Any]] = []

    class Curious(receivers.Receiver):
        def message(self, message: dict[str, Any], value: dict[str, Any]) -> None:
            if not self.config.graph_url:
                return
            headers = {"Authorization": f"Bearer {self.config.token}"}
            url = f"{self.config.graph_url}/v23.0/"
            read = {"messaging_product": "whatsapp", "status": "read", "message_id": message["id"]}
            if message["type"] == "text" and "group_id" not in message:
                number = value["metadata"]["phone_number_id"]
                calls.append((httpx.post(f"{url}{number}/messages", json=read, headers=headers).status_code, message))
            if message["type"] == "image" and "url" in message["image"]:
                found = httpx.get(f"{url}{message['image']['id']}", headers=headers)
                calls.append((found.status_code, message))
                calls.append((httpx.get(found.json()["url"], headers=headers).status_code, message))

    receiver = Curious(receivers.Config())
    with receivers.serve(receiver) as served:
        checks = catalogue.chosen(("answer-200", "shape-text", "shape-image"), ("shape-text-hidden-number",))
        check_app(
            Options(url=served.url, settings=SETTINGS, checks=checks, port=0, patience=0.0), Introduction(receiver)
        )
    assert len(calls) > 12
    assert [message for status, message in calls if status != 200] == []


def test_a_port_that_is_taken_is_told_if_it_was_chosen() -> None:
    """Without a choice another port will do; with one, somebody relies on it."""
    receiver = receivers.make("correct", receivers.Config())
    with receivers.serve(receiver) as served, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken):
            check_app(Options(url=served.url, settings=SETTINGS, port=other.getsockname()[1]))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"request": {"to": "+1 (646) 555-0100", "type": "text"}}, "16465550100"),
        ({"request": {"recipient": "US.1349", "type": "text"}}, "US.1349"),
        ({"request": {"to": "Y2FwaV9ncm91cDox", "recipient_type": "group"}}, "Y2FwaV9ncm91cDox"),
        ({"request": {"status": "read", "message_id": "wamid.1"}}, None),
        ({"request": None}, None),
        ({"request": {"to": "1"}, "method": "GET"}, None),
        ({"request": {"to": "1"}, "path": "/v23.0/2/media"}, None),
    ],
)
def test_messages_of_the_app_are_told_from_other_calls(entry: dict[str, Any], expected: str | None) -> None:
    """A number in any form, a user id, a group; no marks of read messages, no other calls."""
    call = {"kind": "call", "method": "POST", "path": "/v23.0/2/messages", "status": 200} | entry
    call["answer"] = json.loads('{"messages":[{"id":"wamid.1"}]}')
    found = sent(call)
    assert (found.to if found else None) == expected
    if found is not None:
        assert (found.id, found.sender) == ("wamid.1", "2")


def test_a_receiver_that_is_told_where_to_send_can_be_seen() -> None:
    """The audience learns the emulator's address before the first request is sent."""
    report = check_receiver("correct", catalogue.chosen(("answer-200",)))
    assert (report.usual, report.why_unseen) == (1, "")
