"""The handshake asks as Meta asks, and fails in Meta's words."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from localwaba.domain.errors import Refusal
from localwaba.webhooks.transport import Reply, Transport
from localwaba.webhooks.verification import verification_url, verify

pytestmark = pytest.mark.anyio

FAILED = "Callback verification failed with the following errors: "
CHALLENGE = "1158201444"


def say(status: str, body: str = "", more: str = "") -> Any:
    """Answer every request with this status line, body and further header lines."""
    raw = body.encode()

    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\n{more}\r\n".encode() + raw)

    return answer


async def echo(request: Any, writer: asyncio.StreamWriter) -> None:
    """The right app."""
    challenge = dict(parse_qsl(urlsplit(request.target).query))["hub.challenge"]
    await say("200 OK", challenge)(request, writer)


async def test_a_callback_that_echoes_the_challenge_is_verified(transport: Transport, serve: Any) -> None:
    """The GET must be Meta's: three parameters in order, its User-Agent, no signature."""
    app = await serve(echo)
    assert await verify(transport, app.url, "my token&co", CHALLENGE) is None
    request = app.requests[0]
    assert request.method == "GET"
    assert request.target == "/webhook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=my%20token%26co"
    assert sorted(request.headers) == [
        ("Accept", "*/*"),
        ("Accept-Encoding", "deflate, gzip"),
        ("Host", f"127.0.0.1:{app.port}"),
        ("User-Agent", "facebookplatform/1.0 (+http://developers.facebook.com)"),
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost/hook?a=1", "http://localhost/hook?a=1&hub.mode="),
        ("http://localhost", "http://localhost?hub.mode="),
        ("http://localhost/whatsapp/+4930", "http://localhost/whatsapp/%204930?hub.mode="),
        ("http://localhost/x?a=+1", "http://localhost/x?a=+1&hub.mode="),
    ],
)
def test_the_parameters_are_appended(url: str, expected: str) -> None:
    """An existing query must stay, and a `+` in the path leaves as the platform mangles it."""
    assert verification_url(url, "t", "1").startswith(expected)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("404 Not Found", "HTTP Status Code = 404; HTTP Message = Not Found"),
        ("403 Forbidden", "HTTP Status Code = 403; HTTP Message = Forbidden"),
        ("500 Oh Dear", "HTTP Status Code = 500; HTTP Message = Oh Dear"),
        ("201 Created", "HTTP Status Code = 201; HTTP Message = Created"),
        ("302 ", "HTTP Status Code = 302; HTTP Message = Found"),
        ("799 ", "HTTP Status Code = 799; HTTP Message = "),
    ],
)
async def test_every_other_status_is_2200(transport: Transport, serve: Any, status: str, message: str) -> None:
    """Only 200 verifies, whatever the body says."""
    app = await serve(say(status, CHALLENGE, "Location: /elsewhere\r\n"))
    refusal = await verify(transport, app.url, "token", CHALLENGE)
    assert refusal is not None
    assert (refusal.code, refusal.message) == (2200, FAILED + message)
    assert refusal.why
    assert refusal.fix
    assert len(app.requests) == 1


@pytest.mark.parametrize(
    ("body", "received"),
    [
        ("OK", "OK"),
        ("", ""),
        ('"1158201444"', '\\"1158201444\\"'),
        ("1158201444\n", "1158201444\\n"),
        ("<!DOCTYPE html>\n<html lang='en'>", "\\u003C!DOCTYPE html>\\n\\u003Ch..."),
        ("Error, wrong token", "Error, wrong token"),
        ("é" * 30, "\\u00e9" * 18 + "..."),
    ],
)
async def test_another_body_is_2201(transport: Transport, serve: Any, body: str, received: str) -> None:
    """A 200 must hold exactly the challenge; what came instead is shown cut and escaped as the platform does."""
    app = await serve(say("200 OK", body))
    refusal = await verify(transport, app.url, "token", CHALLENGE)
    assert refusal is not None
    assert (refusal.code, refusal.message) == (
        2201,
        f'response does not match challenge, expected value="1158201444", received="{received}"',
    )


async def test_json_quotes_are_explained(transport: Transport, serve: Any) -> None:
    """The commonest mistake, a challenge answered as JSON, must be named."""
    app = await serve(say("200 OK", f'"{CHALLENGE}"'))
    refusal = await verify(transport, app.url, "token", CHALLENGE)
    assert "no quotes" in (refusal or Refusal(code=0)).fix


async def test_a_silent_app_is_curl_28(transport: Transport, serve: Any) -> None:
    """Connected, but no answer in time: curl's words for a slow answer."""

    async def hang(_: Any, __: Any) -> None:
        await asyncio.Event().wait()

    app = await serve(hang)
    refusal = await verify(transport, app.url, "token", CHALLENGE, timeout=0.05)
    assert refusal is not None
    assert refusal.message == (
        FAILED + "curl_errno = 28; curl_error = Operation timed out after 50 milliseconds with 0 bytes received"
    )


async def test_nobody_listening_is_curl_7(transport: Transport, serve: Any) -> None:
    """A port without a server: curl's words for it."""
    app = await serve(echo)
    await app.stop()
    refusal = await verify(transport, app.url, "token", CHALLENGE)
    assert refusal is not None
    assert refusal.message == (
        f"{FAILED}curl_errno = 7; curl_error = Failed to connect to 127.0.0.1 port {app.port}: Connection refused"
    )
    assert "Start the app first" in refusal.fix
    await app.start()


class Canned:
    """A transport with one reply."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    async def get(self, *_: object) -> Reply:
        return self.reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            Reply(None, "x", fault="unconnected"),
            "curl_errno = 28; curl_error = Connection timed out after 6000 milliseconds",
        ),
        (Reply(None, "x", fault="unresolved"), "curl_errno = 6; curl_error = Could not resolve host: app.test"),
        (
            Reply(None, "connection reset before an answer", fault="closed"),
            "curl_errno = 56; curl_error = Recv failure: Connection reset by peer",
        ),
        (
            Reply(None, "connection closed before an answer", fault="closed"),
            "curl_errno = 52; curl_error = Empty reply from server",
        ),
        (
            Reply(None, "the certificate is not trusted: self-signed certificate", fault="certificate"),
            "curl_errno = 60; curl_error = SSL certificate problem: self-signed certificate",
        ),
        (
            Reply(None, "the certificate is not trusted: Hostname mismatch, certificate ...", fault="certificate"),
            "curl_errno = 60; curl_error = SSL: no alternative certificate subject name matches target host name",
        ),
    ],
)
async def test_other_failures_have_curls_words(reply: Reply, expected: str) -> None:
    """Each kind of failure must be told by curl's number and text."""
    refusal = await verify(Canned(reply), "https://app.test/hook", "token", CHALLENGE)  # type: ignore[arg-type]
    assert refusal is not None
    assert (refusal.code, refusal.message) == (2200, FAILED + expected)


async def test_a_forbidden_target_tells_people_why(transport: Transport) -> None:
    """The wire says what Meta's would; beside it stands that the emulator itself refused."""
    refusal = await verify(transport, "http://10.0.0.1/hook", "token", CHALLENGE)
    assert refusal is not None
    assert refusal.code == 2200
    assert "neither this machine nor an allowed host" in refusal.why
    assert "allowed targets" in refusal.fix


@pytest.mark.parametrize("url", ["http://[::1/", "", "http://user@localhost/", "http://localhost/#x"])
async def test_a_bad_url_is_curl_3(transport: Transport, url: str) -> None:
    """What is no URL must be refused, not raise."""
    refusal = await verify(transport, url, "token", CHALLENGE)
    assert refusal is not None
    assert "curl_errno = 3;" in (refusal.message or "")
