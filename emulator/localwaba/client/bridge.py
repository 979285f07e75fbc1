"""A door on loopback to an app of this process, for an emulator that runs in another one."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localwaba.client.gateways import BROKEN, Request
from localwaba.client.resident import Resident

_LONGEST = 60.0
_NOT_OURS = frozenset({"host", "content-length", "connection", "transfer-encoding"})


class Bridge:
    """Serves an app at `origin` until it is closed."""

    def __init__(self, resident: Resident) -> None:
        class Handler(_Handler):
            app = resident

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="localwaba bridge", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Nobody is let in any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_LONGEST)


class _Handler(BaseHTTPRequestHandler):
    app: Resident

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = tuple((name, value) for name, value in self.headers.items() if name.lower() not in _NOT_OURS)
        url = f"http://{self.headers['Host']}{self.path}"
        try:
            response = self.app.handle(Request(self.command, url, headers, body)).result(_LONGEST)
        except Exception:  # it has been stopped
            response = BROKEN
        self.send_response(response.status)
        for name, value in response.headers:
            if name.lower() not in _NOT_OURS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
