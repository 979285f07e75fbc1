"""Apps with `https://graph.facebook.com` in their code are caught, whichever library they use; nothing else is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from localwaba import User, Waba
from localwaba.client.interception import Interception

GRAPH = "https://graph.facebook.com/v26.0"
Send = Callable[[str, dict[str, str], dict[str, Any]], tuple[int, Any]]
Get = Callable[[str, dict[str, str]], tuple[int, bytes]]


def with_httpx(method: str, url: str, headers: dict[str, str], json: Any = None) -> tuple[int, bytes]:
    with httpx.Client() as client:
        answer = client.request(method, url, headers=headers, json=json)
    assert str(answer.url) == url
    return answer.status_code, answer.content


def with_httpx_async(method: str, url: str, headers: dict[str, str], json: Any = None) -> tuple[int, bytes]:
    async def call() -> tuple[int, bytes]:
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, url, headers=headers, json=json)
        return answer.status_code, answer.content

    return asyncio.run(call())


def with_requests(method: str, url: str, headers: dict[str, str], json: Any = None) -> tuple[int, bytes]:
    with requests.Session() as session:
        answer = session.request(method, url, headers=headers, json=json)
    assert answer.url == url
    return answer.status_code, answer.content


def with_aiohttp(method: str, url: str, headers: dict[str, str], json: Any = None) -> tuple[int, bytes]:
    async def call() -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, json=json) as answer,
        ):
            assert str(answer.url) == url
            return answer.status, await answer.read()

    return asyncio.run(call())


def with_urllib3(method: str, url: str, headers: dict[str, str], json: Any = None) -> tuple[int, bytes]:
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, headers=headers, **({} if json is None else {"json": json}))
    return answer.status, answer.data


CLIENTS = [with_httpx, with_httpx_async, with_requests, with_aiohttp, with_urllib3]
OWNERS = [
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (urllib3.HTTPConnectionPool, "urlopen"),
    (aiohttp.BaseConnector, "connect"),
]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def ada(waba: Waba) -> User:
    ada = waba.user("Ada")
    ada.sends("hi")
    return ada


def hello(to: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hello"}}


@pytest.mark.parametrize("call", CLIENTS)
def test_a_send(waba: Waba, ada: User, call: Any) -> None:
    """A message that is sent to Graph arrives here, with the token that the app has."""
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    with waba.intercept():
        status, _ = call("POST", f"{GRAPH}/{waba.phone_number_id}/messages", headers, hello(ada.wa_id))
    assert status == 200
    assert ada.receives(text="Hello").text == "Hello"


@pytest.mark.parametrize("call", CLIENTS)
@pytest.mark.parametrize("host", ["as it was given", "https://lookaside.fbsbx.com"])
def test_media(waba: Waba, ada: User, call: Any, host: str) -> None:
    """A file is downloaded from the URL that Graph names, under the platform's own host too."""
    ada.sends_image(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    media_id = ada.inbox[-1].content["id"]
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    with waba.intercept():
        _, raw = call("GET", f"{GRAPH}/{media_id}", headers)
        url = httpx.Response(200, content=raw).json()["url"]
        if host.startswith("https"):
            url = url.replace(waba.url, host)
        status, content = call("GET", url, headers)
    assert (status, content[:4]) == (200, b"\x89PNG")


@pytest.mark.parametrize("call", CLIENTS)
def test_other_hosts(waba: Waba, call: Any) -> None:
    """Other hosts are called as ever."""
    with waba.intercept():
        status, raw = call("GET", f"{waba.url}/_localwaba/health", {})
    assert (status, b"ready" in raw) == (200, True)


@pytest.mark.parametrize("call", CLIENTS)
def test_headers_and_body_stay(call: Any) -> None:
    """The emulator gets the bytes and the headers that the app sent, but for the host."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with Interception(url):
            given = {"Authorization": "Bearer EAAx", "X-Mine": "1"}
            assert call("POST", f"{GRAPH}/1/messages?a=%2B&b=1", given, {"a": 1}) == (200, b"{}")
        thread.join(10)
    path, headers, body = seen[0]
    assert (path, body.replace(b" ", b"")) == ("/v26.0/1/messages?a=%2B&b=1", b'{"a":1}')
    found = {name.lower(): value for name, value in headers.items()}
    assert (found["authorization"], found["x-mine"], found["host"]) == ("Bearer EAAx", "1", url.removeprefix("http://"))


@pytest.mark.parametrize("error", [None, ValueError("no")])
def test_undone(waba: Waba, error: Exception | None) -> None:
    """Afterwards everything is as it was, after an exception too; interceptions may stand in each other."""
    before = [owner.__dict__[name] for owner, name in OWNERS], list(sys.meta_path)
    with pytest.raises(ValueError, match="no") if error else nullcontext(), waba.intercept(), waba.intercept():
        assert [owner.__dict__[name] for owner, name in OWNERS] != before[0]
        if error:
            raise error
    assert ([owner.__dict__[name] for owner, name in OWNERS], list(sys.meta_path)) == before


def test_twice(waba: Waba) -> None:
    """One interception lasts once at a time."""
    one = waba.intercept()
    with one, pytest.raises(RuntimeError, match="lasts already"), one:
        pass


def test_decorator(waba: Waba, ada: User) -> None:
    """It decorates functions of both kinds, each call anew."""
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    url = f"{GRAPH}/{waba.phone_number_id}/messages"

    @waba.intercept()
    def send() -> int:
        return httpx.post(url, headers=headers, json=hello(ada.wa_id)).status_code

    @waba.intercept()
    async def send_async() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.post(url, headers=headers, json=hello(ada.wa_id))).status_code

    before = httpx.HTTPTransport.handle_request
    assert [send(), send(), asyncio.run(send_async())] == [200, 200, 200]
    assert httpx.HTTPTransport.handle_request is before


def test_behind_a_proxy(waba: Waba, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that would stand before Graph does not stand before this machine."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    headers = {"Authorization": f"Bearer {waba.access_token}"}
    with waba.intercept():
        for call in (with_httpx, with_httpx_async, with_requests):
            assert call("GET", f"{GRAPH}/{waba.phone_number_id}", headers)[0] == 200

        async def get() -> int:
            url = f"{GRAPH}/{waba.phone_number_id}"
            async with (
                aiohttp.ClientSession() as session,
                session.get(url, headers=headers, proxy="http://127.0.0.1:9") as answer,
            ):
                return answer.status

        assert asyncio.run(get()) == 200


def test_later_imports() -> None:
    """Nothing is imported for it, and what is imported while it lasts is turned, and turned back."""
    code = """
import sys
from localwaba.client.interception import Interception
libraries = {"httpx", "aiohttp", "urllib3", "requests"}
for name in libraries & set(sys.modules):
    raise SystemExit(f"{name} is imported")
with Interception("http://127.0.0.1:9"):
    assert not libraries & set(sys.modules)
    import httpx, urllib3
    turned = httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool.urlopen
    try:
        httpx.get("https://graph.facebook.com/")
    except httpx.ConnectError:
        print("turned")
assert httpx.HTTPTransport.handle_request is not turned[0]
assert urllib3.HTTPConnectionPool.urlopen is not turned[1]
assert type(httpx.__spec__.loader).__module__ != "localwaba.client.interception"
assert "aiohttp" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("turned\n", "")
