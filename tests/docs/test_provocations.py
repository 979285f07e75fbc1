"""Every error can be met in the way that docs/errors.md says, and those that cannot are named with a reason."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from localwaba import Waba
from localwaba.client.link import Reply
from localwaba_contracts import ErrorRow, Provocation, error, errors, provocations
from pytest_localwaba.server import Server

NOON = {"mode": "frozen", "now": "2026-01-01T12:00:00Z"}
ROWS = {row.key: row for row in provocations()}
_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]+)\}(?!\})")
_VERSIONED = re.compile(r"/v\d+\.\d+/")

ELSEWHERE = frozenset({131020, 131041, 131044})
"""Codes among those of sending that only groups and calls have."""


def is_met(row: ErrorRow) -> bool:
    """Whether an app that sends messages can meet a row: none of management, calls, groups, flows and usernames."""
    code, subcode = row.code, row.subcode or 0
    if row.retired or code in ELSEWHERE or 131201 <= code <= 131215:
        return False
    if code == 100:
        return row.key == "100" or subcode in (33, 2494100) or 2388001 <= subcode <= 2388012 or subcode in _MIGRATION
    return code <= 299 or code in _OTHERS or 130000 <= code < 138000


_MIGRATION = (2388091, 2388093, 2388103)
_OTHERS = (368, 613, 803, 2500, 80007, 80008, 80012, 139200, 1752041, 2593107, 2593108, 2593109)


class Hook(NamedTuple):
    """An app that takes every webhook; `told` has their bodies by path."""

    url: str
    told: dict[str, list[Any]]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    told: dict[str, list[Any]] = defaultdict(list)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

        def do_POST(self) -> None:
            told[self.path].append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Hook(f"http://127.0.0.1:{server.server_port}", told)
        server.shutdown()


class Play:
    """Performs the steps of a provocation in a world."""

    def __init__(self, waba: Waba) -> None:
        self.waba = waba
        self.values = {
            "app": waba.app_id,
            "app_secret": waba.app_secret,
            "business": waba.business_id,
            "display": waba.display_phone_number,
            "phone": waba.phone_number_id,
            "token": waba.access_token,
            "waba": waba.waba_id,
        }
        self.reply: Reply | None = None

    def perform(self, step: dict[str, Any]) -> None:
        for n in range(1, step.get("repeat", 1) + 1):
            self.values["n"] = f"{n:03d}"
            answer = self._do(self._fill(step))
        for name, path in step.get("save", {}).items():
            self.values[name] = _member(answer, path)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda found: self.values[found[1]], value)
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        return {key: self._fill(item) for key, item in value.items()} if isinstance(value, dict) else value

    def _do(self, step: dict[str, Any]) -> Any:
        link = self.waba.link
        if "graph" in step:
            return self._call(*step["graph"], token=step.get("as"), refused=step.get("refused"))
        if "control" in step:
            method, path, *body = step["control"]
            return link.call(method, path.removeprefix("/"), *body)
        if "says" in step:
            return link.call("POST", f"users/{step['user']}/messages", step["says"])
        if "does" in step:
            return link.call("POST", f"users/{step['user']}/actions", step["does"])
        return link.call("POST", "clock/advance", {"seconds": step["advance"]})

    def _call(self, method: str, path: str, body: Any = None, *, token: str | None, refused: int | None) -> Any:
        if self.reply is not None:
            assert self.reply.status == 200, self.reply.raw
        link = self.waba.link if token is None else self.waba.link.of(token)
        reply = link.graph(method, path if _VERSIONED.match(path) else f"/v26.0{path}", body)
        found = json.loads(reply.raw)
        if refused is not None:
            assert found["error"]["code"] == refused
            return found
        self.reply = reply
        return found


def _member(value: Any, path: str) -> str:
    for part in path.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return str(value)


def test_order() -> None:
    """The provocations are ordered as the catalogue is, and each belongs to one of its rows."""
    assert [row.key for row in errors() if row.key in ROWS] == [row.key for row in provocations()]


def test_none_is_forgotten() -> None:
    """Every error that an app which sends messages can meet has steps, or a reason why there are none."""
    assert [row.key for row in errors() if is_met(row) and row.key not in ROWS] == []
    assert [row.key for row in provocations() if bool(row.steps and row.how and row.channel) == bool(row.missing)] == []


def test_tricks_are_named() -> None:
    """What no rule of the platform leads to is said to be ordered: a fault, or a magic number."""
    for row in ROWS.values():
        text = json.dumps(row.steps)
        assert ("fault" in row.how.lower()) is ('["POST", "/faults"' in text), row.key
        assert ("magic number" in row.how.lower()) is ('"to": "15550' in text), row.key


@pytest.mark.parametrize("row", [row for row in provocations() if row.steps], ids=lambda row: row.key)
def test_provocation(waba_server: Server, hook: Hook, row: Provocation) -> None:
    """The last step is answered with the error, or a webhook tells it, with the status of the catalogue."""
    waba = waba_server.new_world(clock=NOON)
    try:
        expected = error(row.key)
        path = f"/{waba.name}"
        if row.channel == "webhook":
            waba.webhook(hook.url + path, fields=["messages", "history"])
        play = Play(waba)
        for step in row.steps:
            play.perform(step)
        if row.channel == "webhook":
            waba.settle()
            assert play.reply is None or play.reply.status == 200
            assert _told(hook.told[path])[-1:] == [expected.code]
        else:
            assert play.reply is not None
            found = json.loads(play.reply.raw)["error"]
            seen = (found["code"], found.get("error_subcode"), play.reply.status)
            assert (expected.code, expected.subcode, expected.status) == seen, found
            assert not _has_title(expected) or expected.title in found["message"]
    finally:
        waba.close()


def _told(bodies: list[Any]) -> list[int]:
    """The codes of all errors in webhooks, in the order of their arrival."""
    values = [change["value"] for body in bodies for entry in body["entry"] for change in entry["changes"]]
    inner = ("statuses", "messages", "history")
    things = [one for value in values for one in (value, *(part for name in inner for part in value.get(name, ())))]
    return [one["code"] for thing in things for one in thing.get("errors", ())]


def _has_title(row: ErrorRow) -> bool:
    """Whether a row is told from its siblings by its text alone."""
    return "/" in row.key and row.subcode is None and "{" not in row.title
