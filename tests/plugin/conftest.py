"""A small app under test, made of the standard library."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from localwaba import Waba

Message = dict[str, Any]


class App:
    """Takes webhooks, answers them with `status` and lets `answers` act on each message before that."""

    def __init__(self, waba: Waba) -> None:
        self.waba = waba
        self.token = waba.access_token
        self.status = 200
        self.answers: Callable[[Message], object] = lambda message: None
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer(200, parse_qs(urlsplit(self.path).query)["hub.challenge"][0])

            def do_POST(self) -> None:
                app.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(app.status, "no" if app.status != 200 else "")

            def answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def take(self, payload: dict[str, Any]) -> None:
        """Hands every message of a webhook to `answers`."""
        for entry in payload["entry"]:
            for change in entry["changes"]:
                for message in change["value"].get("messages", []):
                    self.answers(message)

    def send(self, to: str, kind: str = "text", **content: Any) -> dict[str, Any]:
        """A send of the app; what Graph answers, whatever that is."""
        body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content}
        parts = urlsplit(self.waba.graph_url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", f"/v26.0/{self.waba.phone_number_id}/messages", json.dumps(body), headers)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found

    def stop(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def app(waba: Waba) -> Iterator[App]:
    """An app that is subscribed to the webhooks of the test's world."""
    app = App(waba)
    waba.webhook(app.url)
    yield app
    app.stop()
