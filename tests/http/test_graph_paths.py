"""Paths: versions, nodes, edges, methods, and in which order a call is judged."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

UNKNOWN = "does not exist, cannot be loaded due to missing permissions, or does not support this operation"


def served_by(platform: Any, path: str) -> str:
    """The version that answers a GET of the number under a path such as `/v23.0/{number}`."""
    reply = platform.graph("GET", path.format(number=platform.number))
    assert reply.status == 200
    assert reply.body["id"] == platform.number
    return str(reply.headers["facebook-api-version"])


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v23.0/{number}", "v23.0"),
        ("/v26.0/{number}", "v26.0"),
        ("/{number}", "v26.0"),
        ("/v26.0/{number}/", "v26.0"),
        ("//v26.0//{number}//", "v26.0"),
        ("/v13.0/{number}", "v21.0"),
        ("/v2.12/{number}", "v21.0"),
        ("/v31.5/{number}", "v26.0"),
    ],
)
def test_version(shared_platform: Any, path: str, version: str) -> None:
    """A live version serves itself, an expired one is served by the oldest live one, none by the newest."""
    assert version == served_by(shared_platform, path)


def test_version_of_an_error(shared_platform: Any) -> None:
    """An error names the version that serves the call, too."""
    assert shared_platform.graph("GET", "/v14.0/1").headers["facebook-api-version"] == "v21.0"


def test_newer_version_warns(shared_platform: Any) -> None:
    """A version that is newer than known is served, with a warning; known ones carry none."""
    newer = shared_platform.graph("GET", f"/v27.0/{shared_platform.number}")
    assert newer.headers["x-localwaba-warning"] == "v27.0 is newer than known"
    assert "x-localwaba-warning" not in shared_platform.graph("GET", f"/v26.0/{shared_platform.number}").headers


def test_newer_version_refused(platform: Any) -> None:
    """Where the policy refuses newer versions, Graph does not know the path behind them."""
    platform.control("PATCH", "policy", {"newer_version": "refuse"})
    reply = platform.graph("GET", "/v27.0/me")
    assert (
        reply.status,
        reply.error,
    ) == (400, {"message": "Unknown path components: /me", "type": "OAuthException", "code": 2500})
    assert platform.graph("GET", "/v26.0/me").status == 200


@pytest.mark.parametrize("version", ["v26", "V26.0", "26.0", "v26.0.1", "v0.0", "v3", "v2６.0", "v99999999999999.0"])
def test_malformed_version(shared_platform: Any, version: str) -> None:
    """What looks like a version and is none makes the rest of the path unknown, as with Graph."""
    reply = shared_platform.graph("GET", f"/{version}/me/accounts")
    assert reply.error == {"message": "Unknown path components: /me/accounts", "type": "OAuthException", "code": 2500}
    assert "is no Graph version" in reply.why or version == "v2６.0"


@pytest.mark.parametrize(
    ("path", "named"),
    [("/{waba}/template_library", "/template_library"), ("/{waba}/a/b/c", "/a/b/c"), ("/", "/"), ("/v26.0", "/")],
)
def test_unknown_path(shared_platform: Any, path: str, named: str) -> None:
    """An edge that does not exist is an unknown path component."""
    reply = shared_platform.graph("GET", path.format(waba=shared_platform.world.waba_id))
    assert (400, 2500, f"Unknown path components: {named}") == (
        reply.status,
        reply.error["code"],
        reply.error["message"],
    )


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("node", ["111687571665026", "nobody", "..", "a.b", "%00"])
def test_unknown_object(shared_platform: Any, method: str, node: str) -> None:
    """An id that is not there is refused with the verb in the text, never prefixed, with subcode 33."""
    reply = shared_platform.graph(method, f"/v26.0/{node}/messages", {} if method != "GET" else None)
    assert (reply.status, reply.error["code"], reply.error["error_subcode"]) == (400, 100, 33)
    assert reply.error["type"] == "GraphMethodException"
    assert reply.error["message"].startswith(f"Unsupported {method.lower()} request. Object with ID '{node}' {UNKNOWN}")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "TRACE", "HEAD"])
def test_wrong_method(shared_platform: Any, method: str) -> None:
    """A known edge that does not take a method does not support the operation."""
    reply = shared_platform.graph(method, f"/{shared_platform.number}/messages")
    assert reply.status == 400
    assert "has no object" in reply.why
    if method != "HEAD":
        assert f"Unsupported {method.lower()} request." in reply.error["message"]


def test_known_gap(shared_platform: Any) -> None:
    """An operation of Graph that is not imitated says so, instead of inventing an answer."""
    reply = shared_platform.graph("POST", f"/{shared_platform.number}/messages_encrypted", {})
    assert (reply.status, reply.error["code"]) == (400, 2500)
    assert "known gap" in reply.why


def test_method_override(shared_platform: Any) -> None:
    """`?method=delete` is a DELETE, whichever method carries it; other methods are what they are."""
    path = "/111687571665026?method=delete"
    for method in ("GET", "POST"):
        assert "Unsupported delete request." in shared_platform.graph(method, path).error["message"]
    read = shared_platform.graph("POST", f"/{shared_platform.number}?method=get")
    assert read.body["id"] == shared_platform.number
    assert "Unsupported put request." in shared_platform.graph("PUT", path).error["message"]


def wrongs(platform: Any) -> dict[str, Any]:
    """By kind of fault: what is changed in a right call that sends a template."""
    far = {"name": "hello_world", "language": {"code": "de"}}
    return {
        "version": {"version": "v26"},
        "no token": {"token": None},
        "token": {"token": "EAAnobody"},
        "object": {"node": "111687571665026"},
        "permission": {"token": "EAAreader"},
        "body": {"raw": b'{"to":'},
        "contract": {"add": {"biz_opaque_callback_data": 1}},
        "template": {"add": {"template": far}},
        "account": {"unregistered": True},
    }


ORDER = [  # Meta: authorization, object, permission, schema, template, account
    ("version", 2500),
    ("token", 190),
    ("object", 33),
    ("permission", 10),
    ("body", "not a JSON object"),
    ("contract", "must be a string"),
    ("template", 132001),
    ("account", 133010),
]


PAIRS = [(one, two) for place, one in enumerate(ORDER) for two in ORDER[place + 1 :]]


@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in PAIRS if {pair[0][0], pair[1][0]} != {"token", "permission"}],
    ids=lambda one: one[0],
)
def test_order(platform: Any, first: tuple[str, Any], second: tuple[str, Any]) -> None:
    """Of two faults of one call, the one that Meta judges first is told."""
    seen = broken(platform, first[0], second[0])
    assert first[1] in (seen.error["code"], seen.error.get("error_subcode")) or str(first[1]) in seen.why + str(
        seen.error["message"]
    )
    alone = broken(platform, second[0])
    assert alone.error != seen.error


def broken(platform: Any, *faults: str) -> Any:
    """The reply to a template send with some faults in it."""
    world = platform.world
    limited = world.tokens[world.access_token]
    world.tokens["EAAreader"] = replace(limited, id="EAAreader", scopes=("whatsapp_business_management",))
    parts: dict[str, Any] = {"version": "v26.0", "token": "", "node": platform.number, "add": {}, "raw": None}
    for fault in faults:
        change = wrongs(platform)[fault]
        parts |= {name: value for name, value in change.items() if name != "add"}
        parts["add"] = parts["add"] | change.get("add", {})
    number = world.numbers[platform.number]
    world.numbers[platform.number] = replace(number, registered=not parts.get("unregistered", False))
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    message = {"messaging_product": "whatsapp", "to": "16505551234", "type": "template", "template": template}
    body = parts["raw"] or message | parts["add"]
    return platform.graph("POST", f"/{parts['version']}/{parts['node']}/messages", body, token=parts["token"])


def test_no_token_before_body(shared_platform: Any) -> None:
    """A call without a token is told so, even if its body cannot be read."""
    reply = shared_platform.graph("POST", f"/{shared_platform.number}/messages", b"{", token=None)
    assert reply.error["code"] == 104


def test_version_before_token(shared_platform: Any) -> None:
    """A version that is none is told before a missing token, as Graph was seen to do."""
    assert shared_platform.graph("GET", "/v26/me", token=None).error["message"] == "Unknown path components: /me"
