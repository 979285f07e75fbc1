"""A platform without sockets, and what templates need there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from neighbours import load

Platform: Any = load("http/conftest").Platform
SAMPLES = {"IMAGE": "image/jpeg", "VIDEO": "video/mp4", "DOCUMENT": "application/pdf"}


class Stage:
    """A platform on which the same uploads give the same handles after every reset."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.handles: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        self.platform.control("POST", "reset")
        self._enable_calling()
        for kind, mime_type in SAMPLES.items():
            handle = self._upload(mime_type)
            assert self.handles.setdefault(kind, handle) == handle

    def _enable_calling(self) -> None:
        """Users may be asked to allow calls, as often as an example likes."""
        knobs = {"call_messaging_limit": False, "call_requests_per_day": None, "call_requests_per_week": None}
        self.platform.control("PATCH", "policy", knobs)
        self.platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook", "fields": ["calls"]})
        settings = {"calling": {"status": "ENABLED"}}
        assert self.platform.graph("POST", f"/{self.platform.number}/settings", settings).status == 200

    def _upload(self, mime_type: str) -> str:
        world, content = self.platform.world, b"x" * 10
        session = self.platform.graph(
            "POST", f"/{world.app_id}/uploads?file_name=a&file_length={len(content)}&file_type={mime_type}"
        )
        headers = {"authorization": f"OAuth {world.access_token}", "file_offset": "0"}
        found: str = self.platform.ask("POST", f"/{session.body['id']}", content, headers=headers).body["h"]
        return found

    def create(self, definition: dict[str, Any]) -> Any:
        """Creates a template in a fresh world and has it approved; the answer to the creation."""
        self.reset()
        reply = self.platform.graph("POST", f"/{self.platform.world.waba_id}/message_templates", definition)
        if reply.status == 200:
            self.platform.control("PATCH", f"templates/{reply.body['id']}", {"status": "APPROVED"})
        return reply

    def send(self, request: dict[str, Any]) -> Any:
        return self.platform.send(request)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One for a module: every example begins anew where it matters."""
    made = Stage()
    yield made
    made.platform.close()
