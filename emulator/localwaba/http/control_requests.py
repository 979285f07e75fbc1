"""One call of the control API: the world it means, its members, and the answer in JSON."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from localwaba.domain.errors import Refused
from localwaba.domain.events import Event
from localwaba.domain.ids import Ids
from localwaba.http.bodies import Disconnected, TooLarge, drain
from localwaba.http.ports import ControlledHost, ControlledHosts
from localwaba.operations.mistakes import Mistake
from localwaba.wire.errors import reason

LIMIT = 8 * 1024 * 1024
_DEEPEST = 100
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("localwaba")


class Ask:
    """A request, with the world that its token selects."""

    __slots__ = ("host", "hosts", "request", "version")

    def __init__(self, request: Request, hosts: ControlledHosts, host: ControlledHost, version: str) -> None:
        self.request = request
        self.hosts = hosts
        self.host = host
        self.version = version

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str) -> str:
        """A parameter of the query string; empty if it is not there."""
        return self.request.query_params.get(name, "")

    def whole(self, name: str, default: int, high: int) -> int:
        """A parameter of the query string that is a whole number from 0 on."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= high):
            raise Mistake(f"{name} is a whole number from 0 to {high}, not {text!r}")
        return int(text)

    def only(self, *known: str) -> None:
        """Refuses parameters of the query string that nobody would read."""
        from localwaba.operations.mistakes import only

        only({name: "" for name in self.request.query_params if name != "access_token"}, known, "the query string")

    async def raw(self, limit: int = LIMIT) -> bytes:
        """The body as it came, up to a limit in bytes."""
        chunks: list[bytes] = []
        await drain(self.request.receive, chunks.append, limit)
        return b"".join(chunks)

    async def body(self) -> dict[str, Any]:
        """The members of the JSON body; none if there is no body."""
        return parse(await self.raw())

    def decide(self, events: list[Event], ids: Ids) -> None:
        """Makes events happen."""
        self.host.commit(events, ids)
        self.host.wake()


Handler = Callable[[Ask], Awaitable[Any]]


class Row(NamedTuple):
    """One call: what it does, and whether it needs a world."""

    method: str
    path: str
    handle: Handler


def parse(raw: bytes | str) -> dict[str, Any]:
    """The members of a JSON object; a Mistake for anything else."""
    if not raw:
        return {}
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Mistake(f"the body is not JSON: {str(error) or 'it is nested too deeply'}") from None
    if not isinstance(found, dict):
        raise Mistake('the body is to be one JSON object, as in {"seconds":60}')
    if _is_deep(found):
        raise Mistake(f"the body is nested more than {_DEEPEST} levels deep")
    return found


def _is_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        level = [
            child
            for one in level
            if isinstance(one, (dict, list))
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def respond(found: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(_encode(found), status, media_type="application/json", headers={"cache-control": "no-store"})


def fail(text: str, status: int = 400) -> Response:
    """An answer that says in one line what is wrong."""
    return respond({"error": " ".join(text.split())}, status)


def choose(request: Request, hosts: ControlledHosts) -> ControlledHost:
    """The world of the request's access token; the default one without a token."""
    given = request.headers.get("authorization", "")
    kind, _, token = given.strip().partition(" ")
    token = token.strip() or request.query_params.get("access_token", "")
    if given and kind.lower() not in ("bearer", "oauth"):
        raise Mistake("Authorization is to be: Bearer <access_token>", 401)
    if not token:
        if given:
            raise Mistake("Authorization carries no token: Bearer <access_token>", 401)
        return hosts.default
    found = hosts.by_token(token)
    if found is None:
        raise Mistake("no world of this server has this access token; without one the default world is meant", 401)
    return found[0]


async def perform(request: Request, hosts: ControlledHosts, version: str, handle: Handler) -> Response:
    """Runs one call; what a person got wrong is answered with 4xx and one line. Armed faults are named in a header."""
    try:
        host = choose(request, hosts)
    except Mistake as mistake:
        return fail(mistake.text, mistake.status)
    answer = await _perform(Ask(request, hosts, host, version), handle)
    if host.world.faults:
        answer.headers["x-localwaba-faults"] = f"{len(host.world.faults)} armed"
    return answer


async def _perform(ask: Ask, handle: Handler) -> Response:
    try:
        found = await handle(ask)
    except Mistake as mistake:
        return fail(mistake.text, mistake.status)
    except Refused as refused:
        return fail(reason(refused.refusal) or "refused")
    except TooLarge as error:
        return fail(str(error), 413)
    except Disconnected:
        return Response(status_code=400)
    except RecursionError:
        return fail("the body is nested too deeply")
    except Exception as error:
        _log.exception("%s %s: localwaba failed to answer", ask.request.method, ask.request.url.path)
        return fail(f"localwaba failed on this call ({type(error).__name__}: {error}): please report it", 500)
    return found if isinstance(found, Response) else respond(found)
