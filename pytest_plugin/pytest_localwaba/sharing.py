"""One server for all workers of pytest-xdist: it lives with the controller and starts when the first worker asks."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localwaba import Emulator
    from localwaba.client import Link

_PATIENCE = 60.0


class Door:
    """A port of this machine at which workers learn the server's URL. Until somebody knocks, there is no server."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._emulator: Emulator | None = None
        threading.Thread(target=self._answer, name="localwaba door", daemon=True).start()

    @property
    def link(self) -> Link | None:
        """The default world of the server, if there is one."""
        return self._emulator.link if self._emulator is not None else None

    def close(self) -> None:
        """Ends the server, if there is one; nobody is let in any more."""
        with suppress(OSError):  # wakes the thread that waits in accept
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._emulator is not None:
            self._emulator.stop()
            self._emulator = None

    def _answer(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:  # closed
                return
            with visitor:
                try:
                    answer = {"url": self._start()}
                except Exception as error:  # told to the worker, whose test then fails with it
                    answer = {"error": f"{type(error).__name__}: {error}"}
                try:
                    visitor.sendall(json.dumps(answer).encode())
                except OSError:  # the worker is gone
                    continue

    def _start(self) -> str:
        if self._emulator is None:
            from localwaba import Emulator

            self._emulator = Emulator().start()
        return self._emulator.url


def knock(port: int) -> str | None:
    """The URL of the shared server; None if the controller is on another machine. RuntimeError if it cannot start."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
            raw = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError:
        return None
    answer = json.loads(raw) if raw else {}
    if "error" in answer:
        raise RuntimeError(f"the shared emulator did not start: {answer['error']}")
    url = answer.get("url")
    return str(url) if url else None
