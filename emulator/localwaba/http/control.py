"""The control API: everything that drives the emulator rather than the platform, under `/_localwaba`."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localwaba.http import (
    control_accounts,
    control_apps,
    control_calls,
    control_faults,
    control_groups,
    control_meta,
    control_users,
    control_views,
    control_worlds,
)
from localwaba.http.bodies import Receive, Scope, Send
from localwaba.http.control_requests import Handler, Row, fail, perform
from localwaba.http.guards import Guard
from localwaba.http.ports import ControlledHosts
from localwaba.operations.mistakes import nearest

PREFIX = "/_localwaba"
ROWS: tuple[Row, ...] = (
    *control_worlds.ROWS,
    *control_users.ROWS,
    *control_meta.ROWS,
    *control_accounts.ROWS,
    *control_apps.ROWS,
    *control_groups.ROWS,
    *control_calls.ROWS,
    *control_faults.ROWS,
    *control_views.ROWS,
)
"""Every call of the control API."""


class Control:
    """The control API behind its guard."""

    def __init__(self, hosts: ControlledHosts, guard: Guard, version: str) -> None:
        self._guard = guard
        self._app = Starlette(
            routes=_routes(hosts, version),
            exception_handlers={404: _unknown, 405: _unable},
        )
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        objection = self._guard.objection(dict(scope["headers"]))
        if objection is not None:
            await fail(objection, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def control_app(hosts: ControlledHosts, guard: Guard, version: str) -> Control:
    """The ASGI app of the control API; full paths arrive, with the prefix."""
    return Control(hosts, guard, version)


def _routes(hosts: ControlledHosts, version: str) -> list[Route]:
    """One route for each path: with several, Starlette would name only the first one's methods in `Allow`."""
    paths: dict[str, dict[str, Handler]] = {}
    for row in ROWS:
        paths.setdefault(row.path, {})[row.method] = row.handle
    return [_route(path, handlers, hosts, version) for path, handlers in paths.items()]


def _route(path: str, handlers: dict[str, Handler], hosts: ControlledHosts, version: str) -> Route:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await perform(request, hosts, version, handlers[method])

    return Route(PREFIX + path, endpoint, methods=list(handlers))


async def _unknown(request: Request, error: Any) -> Response:
    """404, naming the path that was probably meant."""
    path = request.url.path
    return fail(f"there is no {path}{nearest(path, [PREFIX + row.path for row in ROWS])}", 404)


async def _unable(request: Request, error: Any) -> Response:
    """405, naming what the path can do."""
    headers = error.headers if isinstance(error, HTTPException) else None
    allowed = ", ".join(sorted((headers or {}).get("Allow", "").split(", ")))
    answer = fail(f"{request.url.path} does not take {request.method}, only {allowed}", 405)
    answer.headers["allow"] = allowed
    return answer
