"""Many clients that come at once are let in at once."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from localwaba.runtime.connections import Connection
from localwaba.runtime.server import Running, new_loop, run_server
from localwaba.runtime.settings import Settings

CLIENTS = 64


async def turns(monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the loop turns until all clients that wait at the port have been let in."""
    entered: list[Any] = []
    enter = Connection.connection_made
    monkeypatch.setattr(Connection, "connection_made", lambda one, wire: (entered.append(one), enter(one, wire)))
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(run_server(Settings(port=0), ready.set_result, is_guest=True))
    running = await ready
    clients = [socket.create_connection((running.host, running.port), timeout=30) for _ in range(CLIENTS)]
    count = 0
    try:
        while len(entered) < CLIENTS:
            await asyncio.sleep(0)
            count += 1
    finally:
        for client in clients:
            client.close()
        running.stop()
        await serving
    return count


def test_clients_are_let_in_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 clients need not wait for as many turns of the loop, in each of which others are served."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(turns(monkeypatch)) <= CLIENTS / 4
