"""An app that is wrong in one way: `python faulty_app.py MODE`; it listens on the port in `PORT`."""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Timer
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

MODE = sys.argv[1]
ANSWERED: list[str] = []


def send(to: str, text: str) -> None:
    """Sends a text."""
    body = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
    url = f"{os.environ['GRAPH_URL']}/v23.0/{os.environ['PHONE_NUMBER_ID']}/messages"
    head = {"Authorization": f"Bearer {os.environ['WHATSAPP_TOKEN']}", "Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(body).encode(), head), timeout=30) as answer:
        answer.read()


class App(BaseHTTPRequestHandler):
    """The handshake, and webhooks."""

    def log_message(self, *_: object) -> None:
        """Nobody wants to know."""

    def answer(self, status: int, body: bytes = b"") -> None:
        """An answer of one status."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """The handshake."""
        if MODE == "denies":
            print("who is this?")
            return self.answer(403)
        challenge = parse_qs(urlsplit(self.path).query).get("hub.challenge", [""])[0]
        return self.answer(200, challenge.encode())

    def do_POST(self) -> None:
        """A webhook."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        value = json.loads(raw)["entry"][0]["changes"][0]["value"]
        if MODE == "dies":
            os._exit(3)
        if MODE == "hangs":
            Event().wait(60)
        if MODE == "fails":
            return self.answer(500, b"boom")
        self.answer(200)
        for message in value.get("messages", ()):
            if MODE == "late":
                Timer(1.2, send, (message["from"], "Hello at last")).start()
            if MODE == "once" and not ANSWERED:
                ANSWERED.append(message["from"])
                send(message["from"], "Hello")
            if MODE == "other":
                send(message["from"], "Goodbye")
        return None


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
