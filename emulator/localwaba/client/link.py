"""One keep-alive connection to a running emulator; the standard library's client costs a test 0.2 ms a call."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

_BOUNDARY = "localwaba-7d1f0c6a"


class ControlError(RuntimeError):
    """The emulator refused a call of the control API; the text is its one-line reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Link:
    """Calls to `/_localwaba/`, for one world (by its token) or, without a token, for the default one."""

    def __init__(self, url: str, token: str = "", *, control_token: str = "", timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"an emulator's URL is http://host:port, not {url!r}")
        self.url = url.rstrip("/")
        self._host = parts.hostname
        self._port = parts.port or 80
        self._timeout = timeout
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if control_token:
            self._headers["X-Localwaba-Control-Token"] = control_token
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """One call of the control API; `path` is relative to `/_localwaba/`. ControlError if it is refused."""
        raw = None if body is None else json.dumps(body).encode()
        return self._answer(*self._send(method, _path(path, query), raw, self._headers))

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
        return self._answer(*self._send("POST", _path(path, None), raw, headers))

    def raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """A call whose body and answer are bytes, such as a snapshot's."""
        status, answer = self._send(method, _path(path, None), body, self._headers)
        if status >= 400:
            self._answer(status, answer)
        return answer

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        for attempt in (1, 2):
            fresh = self._connection is None
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            try:
                self._connection.request(method, path, body=body, headers=dict(headers))
                response = self._connection.getresponse()
                return response.status, response.read()
            except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                self.close()
                if fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _answer(self, status: int, raw: bytes) -> Any:
        value = json.loads(raw) if raw else None
        if status >= 400:
            text = value.get("error") if isinstance(value, dict) else None
            if isinstance(text, dict):
                text = text.get("message")
            raise ControlError(status, str(text or f"HTTP {status}"))
        return value


def _path(path: str, query: Mapping[str, Any] | None) -> str:
    found = "/_localwaba/" + quote(path, safe="/")
    given = {key: value for key, value in (query or {}).items() if value is not None}
    return f"{found}?{urlencode(given)}" if given else found
