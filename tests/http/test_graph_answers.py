"""What every answer looks like: headers, error envelopes, ETags, HEAD, preflight."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

ALWAYS = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "Origin, Accept-Encoding",
    "strict-transport-security": "max-age=15552000; preload",
    "pragma": "no-cache",
    "cache-control": "private, no-cache, no-store, must-revalidate",
    "expires": "Sat, 01 Jan 2000 00:00:00 GMT",
    "content-type": "application/json; charset=UTF-8",
    "facebook-api-version": "v26.0",
    "x-fb-rlafr": "0",
}
SHAPES = {
    "x-fb-request-id": r"A[\w-]{22}",
    "x-fb-trace-id": r"E[\w-]{10}",
    "x-fb-debug": r"[A-Za-z0-9+/]{86}==",
    "x-fb-rev": r"\d+",
    "x-fb-connection-quality": r"EXCELLENT; q=0\.9, rtt=\d+, .*",
    "content-length": r"\d+",
}


@pytest.mark.parametrize("path", ["/{number}", "/me", "/111687571665026", "/v26/me", "/{number}/messages"])
def test_headers(shared_platform: Any, path: str) -> None:
    """Every answer, also a refusal, carries the headers of the platform."""
    reply = shared_platform.graph("GET", path.format(number=shared_platform.number))
    assert {name: reply.headers.get(name) for name in ALWAYS} == ALWAYS
    assert [name for name, shape in SHAPES.items() if not re.fullmatch(shape, reply.headers.get(name, ""))] == []
    assert int(reply.headers["content-length"]) == len(reply.raw)


def test_usage(shared_platform: Any) -> None:
    """A call of a business tells the account's budget, a call without an object the app's."""
    reply = shared_platform.send()
    found = json.loads(reply.headers["x-business-use-case-usage"])
    assert list(found) == [shared_platform.world.waba_id]
    kinds = {"call_count", "total_cputime", "total_time", "estimated_time_to_regain_access", "type"}
    assert all(kinds == set(one) for one in found[shared_platform.world.waba_id])
    usage = json.loads(shared_platform.graph("GET", "/me").headers["x-app-usage"])
    assert set(usage) == {"call_count", "total_cputime", "total_time"}


def test_ids_differ(shared_platform: Any) -> None:
    """No two answers have the same trace."""
    names = ("x-fb-request-id", "x-fb-trace-id", "x-fb-debug")
    seen = {tuple(shared_platform.graph("GET", "/me").headers[name] for name in names) for _ in range(20)}
    assert len(seen) == 20


@pytest.mark.parametrize(
    ("method", "path", "body", "keys"),
    [
        ("GET", "/1", None, ["message", "type", "code", "error_subcode", "fbtrace_id"]),
        ("GET", "/v26/x", None, ["message", "type", "code", "fbtrace_id"]),
        ("POST", "/{number}/messages", {}, ["message", "type", "code", "fbtrace_id"]),
        ("POST", "/{number}/messages", b"[]", ["message", "type", "code", "error_data", "fbtrace_id"]),
        (
            "POST",
            "/{waba}/message_templates",
            {"name": "Wrong Name", "language": "en_US", "category": "UTILITY", "components": []},
            None,
        ),
    ],
)
def test_envelope(shared_platform: Any, method: str, path: str, body: Any, keys: list[str] | None) -> None:
    """An error's members come in the order of captured bodies, and its id is a trace id."""
    place = path.format(number=shared_platform.number, waba=shared_platform.world.waba_id)
    reply = shared_platform.graph(method, place, body)
    assert list(reply.body) == ["error"]
    found = list(reply.body["error"])
    order = ["message", "type", "code", "error_data", "error_subcode", "is_transient", "error_user_title"]
    order += ["error_user_msg", "fbtrace_id"]
    assert found == (keys or [key for key in order if key in found])
    assert re.fullmatch(r"A[\w-]{22}", reply.body["error"]["fbtrace_id"])


def test_unregistered_envelope(platform: Any) -> None:
    """The one error whose captured body has another order of members keeps it."""
    assert platform.graph("POST", f"/{platform.number}/deregister", {}).body == {"success": True}
    reply = platform.send()
    assert list(reply.body["error"]) == ["message", "code", "type", "fbtrace_id"]


def test_slashes(shared_platform: Any) -> None:
    """Slashes are escaped, as in captured bodies."""
    assert rb"https:\/\/developers.facebook.com\/docs\/graph-api" in shared_platform.graph("GET", "/1").raw


@pytest.mark.parametrize("tag", ["{}", "W/{}", '"other", {}', "*"])
def test_not_modified(shared_platform: Any, tag: str) -> None:
    """Who has the answer already gets 304 and nothing else."""
    first = shared_platform.graph("GET", f"/{shared_platform.number}")
    assert re.fullmatch(r'"[0-9a-f]{40}"', first.headers["etag"])
    asked = {"if-none-match": tag.format(first.headers["etag"])}
    second = shared_platform.graph("GET", f"/{shared_platform.number}", headers=asked)
    assert (second.status, second.raw, second.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize("tag", ['"0000"', "", "\xff", '"' * 50])
def test_modified(shared_platform: Any, tag: str) -> None:
    """Who has another answer gets the new one."""
    reply = shared_platform.graph("GET", f"/{shared_platform.number}", headers={"if-none-match": tag})
    assert (reply.status, reply.body["id"]) == (200, shared_platform.number)


def test_etag_follows_content(platform: Any) -> None:
    """The ETag changes with the answer."""
    before = platform.graph("GET", f"/{platform.number}").headers["etag"]
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"quality_rating": "RED"})
    assert before != platform.graph("GET", f"/{platform.number}").headers["etag"]


def test_head(shared_platform: Any) -> None:
    """HEAD is GET without the body: the same status, ETag and length."""
    path = f"/{shared_platform.number}"
    got, headed = shared_platform.graph("GET", path), shared_platform.graph("HEAD", path)
    assert (headed.status, headed.raw) == (200, b"")
    same = ("etag", "content-length", "content-type")
    assert [got.headers[name] for name in same] == [headed.headers[name] for name in same]


def test_preflight(shared_platform: Any) -> None:
    """A browser's preflight is answered for any path, without a token."""
    reply = shared_platform.graph("OPTIONS", "/v26.0/1/messages", token=None, headers={"origin": "http://x"})
    assert (reply.status, reply.raw) == (200, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "authorization" in reply.headers["access-control-allow-headers"]
    assert {"GET", "POST", "DELETE"} <= set(reply.headers["access-control-allow-methods"].split(", "))


@pytest.mark.parametrize("query", ["pretty=1", "debug=all", "suppress_http_code=1", "pretty=0&method=post"])
def test_general_parameters(platform: Any, query: str) -> None:
    """Parameters that any Graph call may have change nothing, and do not become part of the message."""
    reply = platform.graph("POST", f"/{platform.number}/messages?{query}", platform.text())
    message = platform.world.messages[reply.body["messages"][0]["id"]]
    assert json.loads(message.body) == platform.text()


@pytest.mark.parametrize("query", ["pretty=1", "suppress_http_code=1"])
def test_general_parameters_of_refusals(shared_platform: Any, query: str) -> None:
    """They change nothing about a refusal either."""
    assert shared_platform.graph("GET", f"/1?{query}").status == 400


def test_reason_in_journal(platform: Any) -> None:
    """Why a call was refused stands in the header and in the journal, beside Meta's body."""
    reply = platform.graph("POST", f"/{platform.number}/messages", {})
    entry = platform.control("GET", "journal")["entries"][-1]
    assert entry["why"] == reply.why
    assert (entry["status"], entry["answer"]) == (400, reply.body)


def test_own_fault(platform: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A bug of the emulator is answered in Graph's envelope and named as what it is; its traceback goes to the log."""

    def break_down(call: Any) -> Any:
        raise ZeroDivisionError("a bug")

    from localwaba.http import routes

    key = ("GET", "root", "me")
    monkeypatch.setitem(routes.route_table(), key, routes.route_table()[key]._replace(run=break_down))
    reply = platform.graph("GET", "/me")
    assert (reply.status, reply.error["code"]) == (500, 1)
    assert "ZeroDivisionError" in reply.why
    assert b"Traceback" not in reply.raw
    assert "break_down" in caplog.text
    assert platform.send().status == 200
