"""Who calls: every way to hand a token over, and what is said without one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "BEARER  {} ", "OAuth {}", "oauth {}"])
def test_header(shared_platform: Any, scheme: str) -> None:
    """The header takes Bearer and OAuth, in any case."""
    headers = {"authorization": scheme.format(shared_platform.world.access_token)}
    assert shared_platform.graph("GET", f"/{shared_platform.number}", token=None, headers=headers).status == 200


def test_query(shared_platform: Any) -> None:
    """A token in the query is as good as one in the header."""
    token = shared_platform.world.access_token
    assert shared_platform.graph("GET", f"/{shared_platform.number}?access_token={token}", token=None).status == 200


def test_form(shared_platform: Any) -> None:
    """A token in a form is as good as one in the header."""
    body = f"access_token={shared_platform.world.access_token}&messaging_product=whatsapp&about=Form".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/{shared_platform.number}/whatsapp_business_profile"
    assert shared_platform.graph("POST", path, body, token=None, headers=headers).body == {"success": True}


def test_json(shared_platform: Any) -> None:
    """A token in a JSON body is as good as one in the header, and does not become part of the message."""
    token = shared_platform.world.access_token
    path = f"/{shared_platform.number}/messages"
    sent = shared_platform.graph("POST", path, shared_platform.text(access_token=token), token=None)
    message = shared_platform.world.messages[sent.body["messages"][0]["id"]]
    assert token.encode() not in message.body
    assert b'"body":"hi"' in message.body


def test_multipart(shared_platform: Any) -> None:
    """A token in a multipart form selects the world that the file goes to, whichever world has the id."""
    other = shared_platform.control("POST", "worlds", {"name": "other"})
    assert other["phone_number_id"] == shared_platform.number
    parts = {"access_token": other["access_token"], "messaging_product": "whatsapp", "type": "text/plain"}
    lines = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts.items()]
    lines.append('--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n')
    body = ("".join(lines) + "\r\nhello\r\n--x--\r\n").encode()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    media = shared_platform.graph("POST", f"/{shared_platform.number}/media", body, token=None, headers=headers)
    host = shared_platform.hosts.get("other")
    found = host.world.media[media.body["id"]]
    assert host.blobs.read(found.blob, 0, 9) == b"hello"
    assert media.body["id"] not in shared_platform.world.media


def test_app_token(shared_platform: Any) -> None:
    """An app's id and secret make a token by themselves."""
    app = shared_platform.world.apps[shared_platform.world.app_id]
    assert shared_platform.graph("GET", f"/{app.id}", token=f"{app.id}|{app.secret}").body["id"] == app.id


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("/{number}", 400, 104, "An access token is required to request this resource."),
        ("/{number}/messages", 400, 104, "An access token is required to request this resource."),
        ("/111687571665026", 400, 104, "An access token is required to request this resource."),
        ("/{number}/whatsapp_business_profile", 403, 200, "(#200) Provide valid app ID"),
        ("/me", 400, 2500, "An active access token must be used to query information about the current user."),
    ],
)
def test_no_token(shared_platform: Any, path: str, status: int, code: int, message: str) -> None:
    """Without a token the answer depends on the edge."""
    reply = shared_platform.graph("GET", path.format(number=shared_platform.number), token=None)
    assert (reply.status, reply.error["code"], reply.error["message"]) == (status, code, message)
    challenge = reply.headers.get("www-authenticate")
    assert challenge == (None if code == 200 else f'OAuth "Facebook Platform" "invalid_request" "{message}"')


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "{}", ""])
def test_header_without_token(shared_platform: Any, header: str) -> None:
    """A header without a Bearer token counts as none, and the reason says what is wrong with it."""
    headers = {"authorization": header.format(shared_platform.world.access_token)}
    reply = shared_platform.graph("GET", f"/{shared_platform.number}", token=None, headers=headers)
    assert (reply.status, reply.error["code"]) == (400, 104)
    assert "the Authorization header holds no Bearer token" in reply.why


@pytest.mark.parametrize("token", ["EAAnobody", "a b", "\xff\xfe", "x" * 5000, "|", "null"])
@pytest.mark.parametrize("place", ["header", "query", "json"])
def test_wrong_token(shared_platform: Any, token: str, place: str) -> None:
    """A token that nobody has cannot be parsed, wherever it stands."""
    path, body, headers = f"/{shared_platform.number}/messages", {}, {}
    if place == "header":
        headers = {"authorization": f"Bearer {token}"}
    elif place == "query":
        path += f"?access_token={quote(token)}"
    else:
        body = {"access_token": token}
    reply = shared_platform.graph("POST", path, body, token=None, headers=headers)
    text = "Invalid OAuth access token - Cannot parse access token"
    assert (reply.status, reply.error) == (401, {"message": text, "type": "OAuthException", "code": 190})
    assert reply.headers["www-authenticate"] == f'OAuth "Facebook Platform" "invalid_token" "{text}"'


def test_expired_token(platform: Any) -> None:
    """An expired token is refused with its subcode and with both times, as Pacific time."""
    world = platform.world
    world.tokens["EAAold"] = replace(world.tokens[world.access_token], id="EAAold", expires_at=1_767_000_000_000)
    reply = platform.graph("GET", "/me", token="EAAold")
    assert (reply.status, reply.error["code"], reply.error["error_subcode"]) == (401, 190, 463)
    assert reply.error["message"] == (
        "Error validating access token: Session has expired on Monday, 29-Dec-25 01:20:00 PST. "
        "The current time is Thursday, 01-Jan-26 04:00:00 PST."
    )


@pytest.mark.parametrize("place", ["header", "body"])
def test_dead_token_is_noted_in_its_world(platform: Any, place: str) -> None:
    """A call with a token that was revoked stands in the journal of the token's world, not in the default one's."""
    other = platform.control("POST", "worlds", {"name": "other"})
    token = other["access_token"]
    platform.control("PATCH", f"tokens/{token}", {"revoked": 460}, token=token)
    body = platform.text(access_token=token) if place == "body" else platform.text()
    path = f"/{platform.number}/messages"
    reply = platform.graph("POST", path, body, token=token if place == "header" else None)
    assert (reply.status, reply.error["error_subcode"]) == (401, 460)
    found = {
        name: platform.control("GET", "journal?kind=call", token=of)["entries"]
        for name, of in (("own", token), ("default", ""))
    }
    assert [entry["status"] for entry in found["own"]] == [401]
    assert found["default"] == []


def test_secret_selects_the_world(platform: Any) -> None:
    """An app that asks for a token by its secret gets one of its own world."""
    other = platform.control("POST", "worlds", {"name": "other"})
    query = f"grant_type=client_credentials&client_id={other['app_id']}&client_secret={other['app_secret']}"
    issued = platform.graph("GET", f"/oauth/access_token?{query}", token=None).body["access_token"]
    assert issued == f"{other['app_id']}|{other['app_secret']}"
    assert platform.control("GET", "world", token=issued)["world"] == "other"
