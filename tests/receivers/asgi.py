"""An ASGI app under test, on a port, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

_LOOK = 0.005


class _Server(uvicorn.Server):
    """uvicorn that ends at once: itself it looks ten times a second whether it should, and rests before it does."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110 - uvicorn has a flag, and no event
            await asyncio.sleep(_LOOK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)
        await self.lifespan.shutdown()


@contextmanager
def serve_app(app: Any, port: int = 0) -> Iterator[str]:
    """Serves an app for as long as the block lasts, its startup and shutdown included; its URL."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    server = _Server(uvicorn.Config(app, log_level="critical", ws="none"))
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])))
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(_LOOK)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()
