"""The ASGI app: the control API on its own prefix, Graph everywhere else."""

from __future__ import annotations

from localwaba.http.control import control_app
from localwaba.http.graph import Graph
from localwaba.http.guards import Guard
from localwaba.http.ports import ControlledHosts
from localwaba.http.requests import Receive, Scope, Send

PREFIX = "/_localwaba"


class App:
    """One server's app. Graph is dispatched by hand: a route table would cost more than the whole send."""

    def __init__(self, hosts: ControlledHosts, guard: Guard, version: str) -> None:
        self._graph = Graph(hosts)
        self._control = control_app(hosts, guard, version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].startswith(PREFIX):
                await self._control(scope, receive, send)
            else:
                await self._graph(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
