"""Who may drive the emulator, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.http.control import control_app
from localwaba.http.guards import Guard, is_local

LOCAL = Guard(loopback=True)
OPEN = Guard(loopback=False)


def headers(host: str = "127.0.0.1:4080", **others: str) -> dict[bytes, bytes]:
    found = {name.replace("_", "-").encode(): value.encode() for name, value in others.items()}
    return {b"host": host.encode()} | found


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4080",
        "127.1.2.3:1",
        "localhost",
        "LOCALHOST:4080",
        "localhost.",
        "app.localhost:4080",
        "[::1]:4080",
        "[::ffff:127.0.0.1]",
    ],
)
def test_names_of_this_machine(host: str) -> None:
    """Names that can only mean this machine are believed."""
    assert LOCAL.objection(headers(host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:4080",
        "localhost.evil.com",
        "127.0.0.1.evil.com",
        "notlocalhost",
        "192.168.1.5",
        "0.0.0.0",
        "[::2]",
        "localhost@evil.com",
        "localhost:4080@evil.com",
        "localhost evil.com",
        "localhost:x",
        "[localhost]",
        "é",
    ],
)
def test_rebound_names(host: str) -> None:
    """A name that somebody else may own is refused on loopback: its page may have rebound it."""
    assert "Host" in str(LOCAL.objection(headers(host)))


def test_host_that_was_bound() -> None:
    """A name that the emulator was bound to is believed."""
    assert Guard(loopback=True, names=("emulator.test",)).objection(headers("emulator.test:4080")) is None


@pytest.mark.parametrize(("host", "is_served"), [("192.168.1.5", True), ("localwaba:4080", True), ("evil.com", False)])
def test_open_server(host: str, is_served: bool) -> None:
    """A server that others reach believes addresses and container names, but no name that can be bought."""
    assert (OPEN.objection(headers(host)) is None) is is_served


def test_open_server_with_a_token() -> None:
    """Where every call shows a token, any name will do."""
    guard = Guard(loopback=False, control_token="secret")
    assert guard.objection(headers("waba.example.com", x_localwaba_control_token="secret")) is None


@pytest.mark.parametrize("origin", ["http://127.0.0.1:4080", "http://localhost:3000", "http://[::1]:5173"])
def test_own_pages(origin: str) -> None:
    """Pages of this machine may drive the emulator, whatever the browser calls their site."""
    assert LOCAL.objection(headers(origin=origin, sec_fetch_site="cross-site")) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.com",
        "null",
        "http://localhost.evil.com",
        "http://127.0.0.1@evil.com",
        "file://",
        "",
        "http://[::1",
    ],
)
def test_foreign_pages(origin: str) -> None:
    """Pages of other sites may not, and neither may pages without a site."""
    assert "pages" in str(LOCAL.objection(headers(origin=origin)))


def test_fetch_site() -> None:
    """A browser that says cross-site is refused without an origin too; same-origin and none are served."""
    assert "cross-site" in str(LOCAL.objection(headers(sec_fetch_site="cross-site")))
    assert LOCAL.objection(headers(sec_fetch_site="same-origin")) is None
    assert LOCAL.objection(headers(sec_fetch_site="none")) is None


def test_same_origin_of_an_open_server() -> None:
    """A page that the server itself gave is its own under whatever name it was reached."""
    assert OPEN.objection(headers("192.168.1.5:4080", origin="http://192.168.1.5:4080")) is None
    assert OPEN.objection(headers("192.168.1.5:4080", origin="http://192.168.1.6:4080")) is not None


@pytest.mark.parametrize("given", [None, "", "secre", "sécret", "secret "])
def test_control_token(given: str | None) -> None:
    """With a control token, only callers who show it are served."""
    guard = Guard(loopback=True, control_token="secret")
    shown = {} if given is None else {"x_localwaba_control_token": given}
    assert "Control-Token" in str(guard.objection(headers(**shown)))
    assert guard.objection(headers(x_localwaba_control_token="secret")) is None


@pytest.mark.parametrize("name", ["10.0.0.1", "", "example.com", "::", "fe80::1"])
def test_is_local(name: str) -> None:
    """A name that may mean another machine is not local."""
    assert not is_local(name)


def test_guarded_app(control: Any) -> None:
    """The control API asks its guard before anything else, and answers 403 with one line."""
    found = control.call("GET", "health", headers={"Host": "evil.com"})
    assert (found[0], list(found[1])) == (403, ["error"])
    control.app = control_app(control.hosts, Guard(loopback=True, control_token="t"), "1")
    assert control.error("POST", "reset", status=403).startswith("this emulator wants its control token")
    assert control.ok("GET", "health", headers={"X-Localwaba-Control-Token": "t"})["status"] == "ready"
