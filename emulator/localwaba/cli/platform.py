"""The emulator as the demo sees it: its control API and Graph, over HTTP like everybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

CONTROL = "/_localwaba"
VERSION = "v26.0"


class Unexpected(RuntimeError):
    """An answer that the demo cannot go on with."""


class Platform:
    """A connection to one emulator, for its default world."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._seen = 0
        self.world: dict[str, Any] = self.control("GET", "world")
        self._http.headers["Authorization"] = f"Bearer {self.world['access_token']}"

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def control(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A call of the control API; Unexpected unless it succeeds."""
        if body is not None:
            options["json"] = body
        answer = self._http.request(method, f"{CONTROL}/{path}", **options)
        if answer.is_error:
            raise Unexpected(f"{method} {CONTROL}/{path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def graph(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A Graph call, whatever it answers."""
        return self._http.request(method, f"/{VERSION}/{path}", json=body)

    def download(self, media_id: str) -> bytes:
        """The bytes of a media id, by the two hops that Meta wants."""
        answer = self._http.get(self.graph("GET", media_id).json()["url"])
        answer.raise_for_status()
        for _ in self.news():  # our own look at it is no part of the story
            pass
        return answer.content

    def write(self, wa_id: str, message: dict[str, Any], file: tuple[str, bytes, str] | None = None) -> str:
        """A user sends a message; its wamid."""
        path = f"users/{wa_id}/messages"
        if file is None:
            return str(self.control("POST", path, message)["message_id"])
        files = {"message": (None, json.dumps(message).encode(), "application/json"), "file": file}
        return str(self.control("POST", path, files=files)["message_id"])

    def news(self) -> Iterator[dict[str, Any]]:
        """Entries of the journal that were not seen yet."""
        while True:
            entries = self.control("GET", "journal", params={"after": self._seen, "limit": 500})["entries"]
            for entry in entries:
                self._seen = entry["n"]
                yield entry
            if len(entries) < 500:
                return
