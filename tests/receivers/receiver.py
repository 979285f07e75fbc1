"""A receiver that does everything right, on Python's standard library alone: it answers each text that it gets.

Each duty is one small method, so that a wrong receiver (`bugs.py`) differs in that method and in nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]
RANKS = {"sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}


@dataclass(frozen=True)
class Config:
    """What an app needs to know; the names are those that `localwaba serve` prints."""

    graph_url: str = ""
    token: str = ""
    app_secret: str = "check-secret"
    verify_token: str = "check-token"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Config:
        """Out of the environment."""
        return cls(
            environ.get("GRAPH_URL", ""),
            environ.get("WHATSAPP_TOKEN", ""),
            environ.get("APP_SECRET", cls.app_secret),
            environ.get("VERIFY_TOKEN", cls.verify_token),
        )


class Reply(NamedTuple):
    """An answer over HTTP."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)


class Text(NamedTuple):
    """A text of a user that waits for its answer."""

    to: Json
    number_id: str
    body: str
    message_id: str
    name: str


class Receiver:
    """The duties of an app, one method each."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.seen: set[str] = set()
        self.statuses: dict[str, str] = {}
        self.lock = threading.Lock()
        self.pool = ThreadPoolExecutor(4)

    # the handshake

    def verify(self, query: str) -> Reply:
        """The challenge, as it came, to whoever knows the token."""
        given = dict(parse_qsl(query, keep_blank_values=True))
        if given.get("hub.mode") != "subscribe" or not self.knows(given.get("hub.verify_token", "")):
            return Reply(403, "wrong verify token")
        return self.echo(given.get("hub.challenge", ""))

    def knows(self, token: str) -> bool:
        """Whether this is our verify token."""
        return hmac.compare_digest(token.encode(), self.config.verify_token.encode())

    def echo(self, challenge: str) -> Reply:
        """The answer to a handshake."""
        return Reply(200, challenge)

    # a webhook

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        """One POST: the signature first, over the bytes as they came; the work begins and the answer leaves."""
        if not self.is_signed(raw, headers):
            return Reply(401, "wrong signature")
        for value in self.values(json.loads(raw)):
            self.take(value)
        return self.acknowledge()

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the header signs exactly these bytes."""
        return hmac.compare_digest(self.signature(raw).encode(), headers.get("X-Hub-Signature-256", "").encode())

    def signature(self, raw: bytes) -> str:
        """What the header has to be."""
        return "sha256=" + hmac.new(self.config.app_secret.encode(), raw, hashlib.sha256).hexdigest()

    def acknowledge(self) -> Reply:
        """The answer that counts as received."""
        return Reply(200)

    def values(self, payload: Json) -> Iterator[Json]:
        """What changed in the field `messages`; of other fields this app knows nothing, and that is fine."""
        for entry in payload.get("entry", []):
            for change in entry.get("changes", []):
                if change.get("field") == "messages":
                    yield change["value"]

    def take(self, value: Json) -> None:
        """All messages and all statuses of a change."""
        for message in value.get("messages", []):
            self.message(message, value)
        for status in value.get("statuses", []):
            self.status(status)

    # messages

    def message(self, message: Json, value: Json) -> None:
        """A message of a user, whatever its type; those that we answer are answered once."""
        if message.get("type") != "text" or "group_id" in message:
            return
        text = self.read(message, value)  # what fails here has not been noted, and may come again
        if self.is_new(message["id"]):
            self.begin(text)

    def is_new(self, message_id: str) -> bool:
        """Whether a message is met for the first time; two at the same time are told apart, too."""
        with self.lock:
            if message_id in self.seen:
                return False
            self.seen.add(message_id)
            return True

    def read(self, message: Json, value: Json) -> Text:
        """What we need of a text; whoever hides their number has a user id."""
        to = {"to": message["from"]} if "from" in message else {"recipient": message["from_user_id"]}
        number_id = value["metadata"]["phone_number_id"]
        return Text(to, number_id, message["text"]["body"], message["id"], self.name(message, value))

    def name(self, message: Json, value: Json) -> str:
        """The name of the author, if it is told; contacts come in any order."""
        for contact in value.get("contacts", []):
            ids = (contact.get("wa_id"), contact.get("user_id"))
            if message.get("from", "-") in ids or message.get("from_user_id", "-") in ids:
                return str(contact.get("profile", {}).get("name", "there"))
        return "there"

    def begin(self, text: Text) -> None:
        """Slow work comes after the answer."""
        self.pool.submit(self.answer, text)

    def answer(self, text: Text) -> None:
        """Answers a user."""
        self.send(text.to, text.number_id, f"Hello {text.name}, you wrote: {text.body}")

    def send(self, to: Json, number_id: str, body: str) -> None:
        """One call of the Cloud API."""
        if not self.config.graph_url:
            return
        message = {"messaging_product": "whatsapp", **to, "type": "text", "text": {"body": body[:1000]}}
        parts = urlsplit(self.config.graph_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
        headers = {"Authorization": f"Bearer {self.config.token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/v23.0/{number_id}/messages", json.dumps(message), headers)
            connection.getresponse().read()
        finally:
            connection.close()

    # statuses

    def status(self, status: Json) -> None:
        """A status moves a message forward, never back: they come in any order, and repeatedly."""
        found = str(status.get("status", ""))
        with self.lock:
            if RANKS.get(found, 0) > RANKS.get(self.statuses.get(status["id"], ""), 0):
                self.statuses[status["id"]] = found

    def show(self, message_id: str) -> Reply:
        """What we believe of a message that we sent, for whoever checks us."""
        with self.lock:
            text = json.dumps({"id": message_id, "status": self.statuses.get(message_id)})
        return Reply(200, text, (("Content-Type", "application/json"),))

    def close(self) -> None:
        """Ends what is under way."""
        self.pool.shutdown(wait=True, cancel_futures=True)


class Served(NamedTuple):
    """A receiver that listens; `stop` ends that at once, as a crash would."""

    url: str
    status_url: str
    receiver: Receiver
    stop: Callable[[], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, receiver: Receiver) -> None:
        self.receiver = receiver
        self.open: set[socket.socket] = set()
        self.threads: set[threading.Thread] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def crash(self) -> None:
        """Answers nobody any more."""
        self.socket.close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that its other end has cut is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)
        self.server.threads.add(threading.current_thread())

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with suppress(OSError):
            super().finish()
        self.server.threads.discard(threading.current_thread())

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        receiver = self.server.receiver
        if parts.path == "/webhook":
            self._answer(lambda: receiver.verify(parts.query))
        elif parts.path.startswith("/status/"):
            self._answer(lambda: receiver.show(unquote(parts.path.removeprefix("/status/"))))
        else:
            self._answer(lambda: Reply(404))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(lambda: self.server.receiver.receive(raw, self.headers))

    def _answer(self, make: Any) -> None:
        try:
            reply = make()
        except Exception as error:
            reply = Reply(500, f"{type(error).__name__}: {error}")
        content = reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def serve(receiver: Receiver, port: int = 0) -> Iterator[Served]:
    """The receiver at `http://127.0.0.1:PORT/webhook`, for as long as the block lasts."""
    server = _Server(port, receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield Served(f"{base}/webhook", base + "/status/{wamid}", receiver, server.crash)
    finally:
        server.shutdown()
        for connection in list(server.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        receiver.close()
        for handling in list(server.threads):
            handling.join(10)
        server.server_close()
        thread.join()
