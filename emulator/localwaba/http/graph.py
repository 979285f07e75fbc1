"""The Graph edge: parse, authenticate, find the object, check the contract, run the operation, answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, NamedTuple

from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.flow_urls import ASSET_PATH
from localwaba.domain.model import Token
from localwaba.http import downloads, faulting, flow_assets
from localwaba.http.authentication import authenticate, check_life, permit, prove
from localwaba.http.headers import Header, Trace, one_line
from localwaba.http.headers import authenticate as authenticate_header
from localwaba.http.judgement import judge
from localwaba.http.ports import Host, Hosts
from localwaba.http.requests import (
    NO_BODY,
    Body,
    Disconnected,
    Receive,
    Scope,
    Send,
    TooLarge,
    parse_query,
    read_params,
)
from localwaba.http.routes import Route, known_edges, root_paths, route_table
from localwaba.http.uploads import move, read_stream
from localwaba.http.usage import BUDGET_CODES, charge, usage
from localwaba.operations.call import Answer, Call, unknown_object
from localwaba.versions.table import NEWEST, Served, serve
from localwaba.wire.encoding import encode
from localwaba.wire.errors import envelope, reason, status_of

_log = logging.getLogger("localwaba")
_VERSION = re.compile(r"v\d+\.\d+\Z")
_NO_VERSION = re.compile(r"v\d+|v?\d+(?:\.\d+)+", re.IGNORECASE)  # `v3` and `3.1` are taken for versions that are not
_PREFLIGHT: list[Header] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, file_offset"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]
_AUTHENTICATION_CODES = frozenset({104, 190, 2500})
_GENERAL = frozenset({"access_token", "method", "pretty", "debug", "suppress_http_code"})
"""Parameters of any Graph call; they are no members of what is sent."""


class Place(NamedTuple):
    """A path, taken apart."""

    version: str
    node: str
    edge: str
    tail: str

    @property
    def rest(self) -> str:
        """The path without its version."""
        return "/" + "/".join(filter(None, self[1:]))


def parse_path(path: str) -> Place:
    """Version, node, edge and the rest; a trailing slash and a missing version are fine."""
    parts = [part for part in path.split("/") if part]
    version = ""
    if parts:
        first = parts[0]
        if (first[:1] == "v" and _VERSION.match(first)) or (not first.isdigit() and _NO_VERSION.fullmatch(first)):
            version = parts.pop(0)
    if not parts:
        return Place(version, "", "", "")
    joined = "/".join(parts[:2])
    if joined in root_paths():
        return Place(version, "", joined, "/".join(parts[2:]))
    if parts[0] in root_paths():
        return Place(version, "", parts[0], "/".join(parts[1:]))
    return Place(version, parts[0], parts[1] if len(parts) > 1 else "", "/".join(parts[2:]))


class Exchange:
    """One request and what became of it."""

    __slots__ = (
        "caller",
        "headers",
        "host",
        "method",
        "operation",
        "path",
        "plan",
        "query",
        "raw",
        "refusal",
        "scope",
        "version",
    )

    def __init__(self, scope: Scope, host: Host) -> None:
        self.scope = scope
        self.host = host
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.raw = b""
        self.query: dict[str, Any] = {}
        self.refusal: Refusal | None = None
        self.plan: faulting.Plan | None = None
        self.operation = ""
        self.version = NEWEST.version
        self.caller: tuple[str, str] | None = None
        """The app that calls and the node that it calls, once both are known."""

    @property
    def base_url(self) -> str:
        """The origin by which the client reached us."""
        host = self.headers.get(b"host", b"").decode("latin-1")
        return f"{self.scope.get('scheme', 'http')}://{host}" if host else self.host.world.base_url


class Graph:
    """An ASGI app that is Graph, for all worlds of a server."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._answers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        if method == "OPTIONS":
            await _respond(send, 200, b"", _PREFLIGHT)
            return
        if scope["path"].startswith("/whatsapp_business/attachments"):
            await downloads.download(self._hosts, scope, receive, send)
            return
        if scope["path"].startswith(ASSET_PATH):
            await flow_assets.download(self._hosts, scope, send)
            return
        self._answers += 1
        trace = Trace(b"graph", self._answers)
        exchange = Exchange(scope, self._hosts.default)
        extra: list[Header]
        try:
            answer, extra = await self._answer(exchange, receive)
            body = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
            status = answer.status
        except Refused as refused:
            exchange.refusal = refused.refusal
            status, body, extra = _refuse(refused.refusal, trace)
            if refused.refusal.code in BUDGET_CODES and exchange.caller:
                extra.append(usage(exchange.host, *exchange.caller))
        except TooLarge as error:
            exchange.refusal = _too_large(error)
            status, body, extra = _refuse(exchange.refusal, trace, 413)
        except Disconnected:
            return
        except faulting.Faulted:
            status, body, extra = 0, b"", []
        except Exception as error:
            _log.exception("%s %s: localwaba failed to answer", method, exchange.path)
            exchange.refusal = _own_fault(error)
            status, body, extra = _refuse(exchange.refusal, trace, 500)
        headers = trace.headers(exchange.version.encode())
        headers += extra
        if method in ("GET", "HEAD") and status == 200:
            etag = b'"' + sha1(body, usedforsecurity=False).hexdigest().encode() + b'"'
            headers.append((b"etag", etag))
            if _is_known(exchange.headers.get(b"if-none-match"), etag):
                status, body = 304, b""
        headers.append((b"content-length", b"%d" % len(body)))
        plan = exchange.plan
        if plan is not None or exchange.host.world.faults:
            headers += faulting.headers(exchange.host.world, plan)
        try:
            if plan is not None:
                reply = faulting.Reply(status, headers, body, trace.fbtrace_id, is_bodiless=method == "HEAD")
                status, body = await plan.perform(reply, receive, send)
                return
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        finally:
            self._note(exchange, status, body)

    async def _answer(self, exchange: Exchange, receive: Receive) -> tuple[Answer, list[Header]]:
        place = parse_path(exchange.path)
        served = serve(place.version)
        if served is None:
            raise unknown_path(place.rest, f"{place.version!r} is no Graph version: write it as {NEWEST.version}")
        exchange.version = served.traits.version
        if exchange.scope["query_string"]:
            exchange.query = parse_query(exchange.scope["query_string"])
        method = "GET" if exchange.method == "HEAD" else exchange.method
        override = exchange.query.get("method")
        if override and method in ("GET", "POST"):
            method = str(override).upper()
        host, token = self._authenticate(exchange, place)
        exchange.host = host
        route: Route | None = None
        if token is not None:
            # Before the body: what is wrong with it does not matter to who may not send it.
            route, node = self._enter(exchange, method, place, served, token)
        body = NO_BODY
        if method in ("POST", "DELETE") and not place.node.startswith("upload:"):
            body = await self._read(exchange, receive, host, is_known=route is not None)
            exchange.raw = body.raw
        asked = {name: value for name, value in exchange.query.items() if name not in _GENERAL}
        params = {**asked, **body.params} if asked else body.params
        if route is None:
            if isinstance(params.get("access_token"), str):
                exchange.host, token = authenticate(self._hosts, params["access_token"])
                check_life(token, exchange.host.now())
                body = body._replace(files=move(body.files, host.blobs, exchange.host.blobs))
            elif "client_secret" in params:  # an app asks for a token: its secret says in which world
                found = self._hosts.by_token(f"{params.get('client_id', '')}|{params['client_secret']}")
                exchange.host = found[0] if found else host
            host = exchange.host
            route, node = self._enter(exchange, method, place, served, token)
        files = body.files
        if place.node.startswith("upload:") and method == "POST":
            files = {"data": await read_stream(receive, host.blobs)}
        if route.run is None:
            why = f"{route.operation} is a known gap of localwaba, see docs/parity.md"
            raise unknown_path("/" + "/".join(filter(None, (place.edge, place.tail))), why)
        is_json = body.is_json and not asked
        raw = body.raw if is_json else b""
        if "access_token" in params:
            raw = b""
            del params["access_token"]
        if token is not None and ("appsecret_proof" in params or host.world.policy.require_appsecret_proof):
            raw, params = b"", prove(host.world, token, params)
        if host.world.faults:
            path = (node, place.edge, place.tail)
            exchange.plan = faulting.meet(
                host, faulting.of_call(host.world, route.operation, method, path, params, exchange.raw, files)
            )
            if exchange.plan is not None:
                await exchange.plan.before(faulting.values_of(method, node, place.rest, host.now()))
        given, params = params, judge(route.contract, params, served.traits.version, is_json=is_json)
        ids = host.world.ids()
        call = Call(
            world=host.world,
            now=host.now(),
            ids=ids,
            traits=served.traits,
            token=token,
            method=method,
            path=exchange.path,
            node=node,
            edge=place.edge,
            tail=place.tail,
            params=params,
            raw=raw if params is given else b"",
            files=files,
            base_url=exchange.base_url,
        )
        call.headers = exchange.headers
        try:
            answer = route.run(call)
        except Refused as refused:
            if refused.events:
                host.commit(refused.events, ids)
            raise
        if answer.handshake is not None:
            refusal = await host.shake_hands(answer.handshake)
            if refusal is not None:
                raise Refused(refusal)
            # Others may have changed the world in the meantime: what follows is decided anew, from ids not yet drawn.
            call.world = host.world
            call.ids = ids = host.world.ids()
            answer = route.run(call)
        host.commit(answer.events, ids)
        extra = [usage(host, *(exchange.caller or ("", "")))]
        newer = f"{place.version} is newer than known" if served.is_newer else ""
        warning = answer.warning or newer or body.warning
        if warning:
            extra.append((b"x-localwaba-warning", one_line(warning)))
        return answer, extra

    def _enter(
        self, exchange: Exchange, method: str, place: Place, served: Served, token: Token | None
    ) -> tuple[Route, str]:
        """The route of a call whose token is known, and the id of its object; refused if the token may not call it."""
        host = exchange.host
        if served.is_newer and host.world.policy.newer_version == "refuse":
            raise unknown_path(place.rest, f"{place.version} is newer than known, and the policy newer_version refuses")
        route, node = self._find(exchange, method, place, host, token)
        exchange.operation = route.operation
        if token is not None:
            permit(route, token, host.now())
            exchange.caller = (token.app_id, node)
            charge(host, token, node, place.edge)
        return route, node

    async def _read(self, exchange: Exchange, receive: Receive, host: Host, *, is_known: bool) -> Body:
        """The body of a call; where the token might have been in it, one that cannot be read holds none."""
        content_type = exchange.headers.get(b"content-type", b"").decode("latin-1")
        try:
            return await read_params(receive, content_type, host.blobs)
        except Refused:
            if is_known or not parse_path(exchange.path).node:
                raise
            raise no_token(parse_path(exchange.path).edge, exchange.headers) from None

    def _authenticate(self, exchange: Exchange, place: Place) -> tuple[Host, Token | None]:
        """The world and the token of a request; without a token, the world that has the node.

        A token in the query wins over the header: pywa calls with an app's token so, over a session with another.
        """
        given = exchange.headers.get(b"authorization")
        text = ""
        if given is not None:
            kind, _, text = given.decode("latin-1").strip().partition(" ")
            if kind.lower() not in ("bearer", "oauth"):
                text = ""
        text = str(exchange.query.get("access_token", "")) or text.strip()
        if text:
            exchange.host, token = authenticate(self._hosts, text)  # refused or not, the call is one of this world
            check_life(token, exchange.host.now())
            return exchange.host, token
        found = self._hosts.by_node(place.node) if place.node else None
        return found or self._hosts.default, None

    def _find(
        self, exchange: Exchange, method: str, place: Place, host: Host, token: Token | None
    ) -> tuple[Route, str]:
        """The route of a call, after the token and before the contract; refused if there is no such object."""
        node, world = place.node, host.world
        if not node:
            route = route_table().get((method, "root", place.edge))
            if route is None:
                raise unknown_path("/" + place.edge)
            if token is None and route.permission != "open":
                raise no_token(place.edge, exchange.headers)
            return route, ""
        if token is None:
            raise no_token(place.edge, exchange.headers)
        kind = world.nodes.get(node)
        if kind is None:
            raise unknown_object(method, node)
        edge = f"{place.edge}/{place.tail}" if place.tail else place.edge
        if place.tail and (kind, edge) not in known_edges():
            edge = f"{place.edge}/*"
        route = route_table().get((method, kind, edge))
        if route is None:
            if (kind, edge) in known_edges():
                raise unknown_object(method, node)
            raise unknown_path(f"/{place.edge}" + (f"/{place.tail}" if place.tail else ""))
        return route, node

    def _note(self, exchange: Exchange, status: int, body: bytes) -> None:
        why = reason(exchange.refusal) if exchange.refusal else exchange.plan.why if exchange.plan else ""
        path = exchange.path
        exchange.host.note_call(exchange.method, path, status, exchange.raw, body, why, exchange.operation)
        exchange.host.wake()


def _is_known(header: bytes | None, etag: bytes) -> bool:
    """Whether the client has the answer already (`If-None-Match`, RFC 9110, 13.1.2)."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in header.split(b",")]
    return etag in tags or tags == [b"*"]


def _too_large(error: TooLarge) -> Refusal:
    return Refusal(code=100, details="Parameter Invalid", message="Invalid parameter", rule="body", why=str(error))


def _own_fault(error: Exception) -> Refusal:
    why = f"localwaba failed on this call ({type(error).__name__}: {error})"
    return Refusal(code=1, rule="localwaba", why=why, fix="this is a bug: please report it, its log has the traceback")


def _refuse(refusal: Refusal, trace: Trace, status: int = 0) -> tuple[int, bytes, list[Header]]:
    body = envelope(refusal, trace.fbtrace_id)
    extra: list[Header] = []
    why = reason(refusal)
    if why:
        extra.append((b"x-localwaba-why", one_line(why)))
    if refusal.code in _AUTHENTICATION_CODES:
        extra.append(authenticate_header(refusal.code, body["error"]["message"]))
    return status or status_of(refusal), encode(body), extra


async def _respond(send: Send, status: int, body: bytes, headers: list[Header]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def unknown_path(path: str, why: str = "there is no such path") -> Refused:
    """The answer to a path or a version that Graph does not have, or that is not imitated yet."""
    return refuse(2500, message=f"Unknown path components: {path}", rule="path", why=why)


def no_token(edge: str, headers: Mapping[bytes, bytes]) -> Refused:
    """The answer to a call without a token."""
    fix = "send Authorization: Bearer <access_token of GET /_localwaba/world>"
    why = "the Authorization header holds no Bearer token" if b"authorization" in headers else "no access token"
    if edge == "whatsapp_business_profile":
        return refuse(200, message="Provide valid app ID", rule="token", why=why, fix=fix)
    if edge == "me":
        text = "An active access token must be used to query information about the current user."
        return refuse(2500, message=text, rule="token", why=why, fix=fix)
    return refuse(104, rule="token", why=why, fix=fix)
