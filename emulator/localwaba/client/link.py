"""Keep-alive connections to a running emulator; the standard library's client costs a test 0.2 ms a call."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.client import CannotSendRequest, HTTPConnection, RemoteDisconnected
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from localwaba.webhooks.residents import Residents

__tracebackhide__ = True  # failures of tests are shown where the test is

_BOUNDARY = "localwaba-7d1f0c6a"
CONTROL = "/_localwaba/"
CONTROL_TOKEN = "X-Localwaba-Control-Token"


class ControlError(RuntimeError):
    """The emulator refused a call of the control API; the text is its one-line reason."""

    __module__ = "localwaba"  # where it is imported from, and what a failed test calls it

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(ConnectionError):
    """Nothing answers where the emulator should be."""

    def __init__(self, url: str, error: Exception) -> None:
        super().__init__(f"no emulator answers at {url}: {error}")


class Reply(NamedTuple):
    """An answer as it came; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    raw: bytes


def address_of(url: str) -> tuple[str, int]:
    """Host and port of an emulator; ValueError for a URL that none can have."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"an emulator's URL is http://host:port, not {url!r}")
    return parts.hostname, parts.port or 80


def credentials(token: str, control_token: str) -> dict[str, str]:
    """The headers that select a world, and open the control API of a server that others reach, too."""
    found = {"Authorization": f"Bearer {token}"} if token else {}
    return found | ({CONTROL_TOKEN: control_token} if control_token else {})


def refusal(status: int, raw: bytes) -> ControlError:
    """The one-line reason in an answer of the control API that refuses a call."""
    value = _json(raw)
    text = value.get("error") if isinstance(value, dict) else None
    if isinstance(text, dict):
        text = text.get("message")
    return ControlError(status, str(text or f"HTTP {status}"))


Mark = tuple[tuple[int, int], ...] | None
"""How far the journals are in which the calls of a world's app are found; None where only a call can tell."""


class Wire:
    """One connection for each thread that talks to one server, so that no thread waits for another's answer."""

    def __init__(self, url: str, timeout: float) -> None:
        self._address = address_of(url)
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._own = threading.local()
        self._all: list[HTTPConnection] = []

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One exchange; a kept connection that the server has closed meanwhile is replaced once."""
        while True:
            connection: HTTPConnection | None = getattr(self._own, "connection", None)
            is_fresh = connection is None or connection.sock is None
            if connection is None:
                connection = self._own.connection = HTTPConnection(*self._address, timeout=self._timeout)
                self._all.append(connection)
            try:
                connection.request(method, path, body=body, headers=dict(headers))
                response = connection.getresponse()
                given = {name.lower(): value for name, value in response.getheaders()}
                return Reply(response.status, given, response.read())
            except (ConnectionError, RemoteDisconnected, CannotSendRequest) as error:
                connection.close()
                if is_fresh:
                    raise Unreachable(self.url, error) from None

    def mark(self, world: str) -> Mark:
        """None: nothing is known without a call."""
        return None

    def close(self) -> None:
        """Ends all connections; the next call opens new ones."""
        for connection in self._all:
            connection.close()


class Carrier(Protocol):
    """What carries calls to the control API."""

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """One exchange; Unreachable if nothing answers."""
        ...

    def mark(self, world: str) -> Mark:
        """What differs from an earlier one if anything has happened in a world, or without one."""
        ...

    def close(self) -> None:
        """Ends what it holds open."""
        ...


class Link:
    """Calls to `/_localwaba/`, for one world (by its token) or, without a token, for the default one.

    If the emulator is in this process too, `residents` is where its apps are admitted and `inside` carries what goes to
    the control API. Graph calls always go by HTTP, as an app's do.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        control_token: str = "",
        timeout: float = 60.0,
        wire: Wire | None = None,
        residents: Residents | None = None,
        inside: Carrier | None = None,
    ) -> None:
        self.residents = residents
        self._wire = wire or Wire(url, timeout)
        self.inside = inside
        self._carrier: Carrier = inside or self._wire
        self._control_token = control_token
        self._headers = {"Content-Type": "application/json"} | credentials(token, control_token)

    @property
    def url(self) -> str:
        """The origin of the server."""
        return self._wire.url

    def mark(self, world: str) -> Mark:
        """What differs from an earlier one if anything has happened in a world, or without one; it costs no call."""
        return self._carrier.mark(world)

    def of(self, token: str) -> Link:
        """A link to the world of another token, over the same connections."""
        return Link(
            self.url,
            token,
            control_token=self._control_token,
            wire=self._wire,
            residents=self.residents,
            inside=self.inside,
        )

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """One call of the control API; `path` is relative to `/_localwaba/`. ControlError if it is refused."""
        raw = None if body is None else json.dumps(body).encode()
        return _value(self._carrier.send(method, _path(path, query), raw, self._headers))

    def upload(self, path: str, message: Any, content: bytes, filename: str, mime_type: str) -> Any:
        """A call with a JSON part `message` and a part `file`."""
        clean = filename.replace('"', "").replace("\r", "").replace("\n", "")
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="message"\r\n\r\n{json.dumps(message)}\r\n'
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{clean}"\r\n'
            f"Content-Type: {mime_type}\r\n\r\n"
        ).encode()
        headers = self._headers | {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        raw = head + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
        return _value(self._carrier.send("POST", _path(path, None), raw, headers))

    def raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """A call whose body and answer are bytes, such as a snapshot's."""
        reply = self._carrier.send(method, _path(path, None), body, self._headers)
        if reply.status >= 400:
            raise refusal(reply.status, reply.raw)
        return reply.raw

    def graph(self, method: str, path: str, body: Any = None) -> Reply:
        """A Graph call as an app would make it, whatever the answer; `path` begins with a slash."""
        headers = {name: value for name, value in self._headers.items() if name != CONTROL_TOKEN}
        raw = None if body is None else json.dumps(body).encode()
        if raw is None:
            del headers["Content-Type"]
        return self._wire.send(method, quote(path, safe="/?&=,.:%~{}()"), raw, headers)

    def close(self) -> None:
        """Ends the connections, those of `of` links too."""
        self._carrier.close()
        self._wire.close()


def _value(reply: Reply) -> Any:
    if reply.status >= 400:
        raise refusal(reply.status, reply.raw)
    return _json(reply.raw)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _path(path: str, query: Mapping[str, Any] | None) -> str:
    found = CONTROL + quote(path, safe="/")
    given = {key: value for key, value in (query or {}).items() if value is not None}
    return f"{found}?{urlencode(given)}" if given else found
