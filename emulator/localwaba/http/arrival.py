"""What comes in: who calls, which world and object, by which route, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.history import find_message
from localwaba.domain.model import Token
from localwaba.domain.traits import Traits
from localwaba.http import faulting
from localwaba.http.authentication import authenticate, check_life, permit, prove
from localwaba.http.paths import Place, parse_path, unknown_path
from localwaba.http.ports import Host, Hosts
from localwaba.http.requests import NO_BODY, Body, Receive, Scope, parse_query, read_params
from localwaba.http.routes import Route, known_edges, route_table
from localwaba.http.uploads import move, read_stream
from localwaba.http.usage import charge
from localwaba.operations.call import Blob, Operation, unknown_object
from localwaba.versions.table import NEWEST, Served, serve
from localwaba.wire.assigned_users import is_person

_GENERAL = frozenset({"access_token", "method", "pretty", "debug", "suppress_http_code"})
"""Parameters of any Graph call; they are no members of what is sent."""


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
        "verb",
        "version",
    )

    def __init__(self, scope: Scope, host: Host) -> None:
        self.scope = scope
        self.host = host
        self.method: str = scope["method"]
        self.verb = "GET" if self.method == "HEAD" else self.method
        """The method that is meant: HEAD is a GET, and `?method=` overrides GET and POST."""
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

    def ask(self, query: dict[str, Any]) -> None:
        """Takes the parameters of the query string, one of which may say the verb."""
        self.query = query
        override = query.get("method")
        if override and self.verb in ("GET", "POST"):
            self.verb = str(override).upper()


class Arrival(NamedTuple):
    """A call whose caller, object and route are known; its parameters are not judged yet.

    `raw` is the body, if that is all there is to the call and it was JSON.
    """

    place: Place
    traits: Traits
    token: Token | None
    route: Route
    run: Operation
    node: str
    params: dict[str, Any]
    raw: bytes
    files: Mapping[str, Blob]
    is_json: bool
    warning: str


async def arrive(hosts: Hosts, exchange: Exchange, receive: Receive) -> Arrival:
    """Takes a request apart, in Graph's order: version, token, object, permission, body."""
    place = parse_path(exchange.path)
    served = serve(place.version)
    if served is None:
        raise unknown_path(place.rest, f"{place.version!r} is no Graph version: write it as {NEWEST.version}")
    exchange.version = served.traits.version
    if exchange.scope["query_string"]:
        exchange.ask(parse_query(exchange.scope["query_string"]))
    exchange.host, token = _identify(hosts, exchange, place)
    entered: tuple[Route, str] | None = None
    if token is not None:
        # Before the body: what is wrong with it does not matter to who may not send it.
        entered = _enter(exchange, place, served, token)
    body = await _read(exchange, place, receive, is_known=entered is not None)
    query = exchange.query
    asked = {name: value for name, value in query.items() if name not in _GENERAL} if query else query
    params = {**asked, **body.params} if asked else body.params
    if entered is None:
        token, body = _identify_by_params(hosts, exchange, params, body)
        entered = _enter(exchange, place, served, token)
    route, node = entered
    files = body.files
    if place.node.startswith("upload:") and exchange.verb == "POST":
        files = {"data": await read_stream(receive, exchange.host.blobs)}
    if route.run is None:
        raise unknown_path(place.beyond, f"{route.operation} is a known gap of localwaba, see docs/parity.md")
    is_json = body.is_json and not asked
    raw = body.raw if is_json else b""
    if "access_token" in params:
        raw = b""
        del params["access_token"]
    if token is not None and ("appsecret_proof" in params or exchange.host.world.policy.require_appsecret_proof):
        raw, params = b"", prove(exchange.host.world, token, params)
    newer = f"{place.version} is newer than known" if served.is_newer else ""
    warning = newer or body.warning
    return Arrival(place, served.traits, token, route, route.run, node, params, raw, files, is_json, warning)


def _identify(hosts: Hosts, exchange: Exchange, place: Place) -> tuple[Host, Token | None]:
    """The world and the token of a request; without a token, the world that has the node.

    A token in the query wins over the header: pywa calls with an app's token so, over a session with another.
    """
    given = exchange.headers.get(b"authorization")
    text = _bearer(given) if given is not None else ""
    if exchange.query:
        text = str(exchange.query.get("access_token", "")) or text
    if text:
        exchange.host, token = authenticate(hosts, text)  # refused or not, the call is one of this world
        check_life(token, exchange.host)
        return exchange.host, token
    found = hosts.by_node(place.node) if place.node else None
    return found or hosts.default, None


@lru_cache(maxsize=256)
def _bearer(header: bytes) -> str:
    """The token of an Authorization header; empty if it is of another kind."""
    kind, _, text = header.decode("latin-1").strip().partition(" ")
    return text.strip() if kind.lower() in ("bearer", "oauth") else ""


def _identify_by_params(
    hosts: Hosts, exchange: Exchange, params: dict[str, Any], body: Body
) -> tuple[Token | None, Body]:
    """The token that came in the body, whose files then are of its world; or the world of an app's secret."""
    before = exchange.host
    if isinstance(params.get("access_token"), str):
        exchange.host, token = authenticate(hosts, params["access_token"])
        check_life(token, exchange.host)
        return token, body._replace(files=move(body.files, before.blobs, exchange.host.blobs))
    if "client_secret" in params:  # an app asks for a token: its secret says in which world
        found = hosts.by_token(f"{params.get('client_id', '')}|{params['client_secret']}")
        exchange.host = found[0] if found else before
    return None, body


def _enter(exchange: Exchange, place: Place, served: Served, token: Token | None) -> tuple[Route, str]:
    """The route of a call whose token is known, and the id of its object; refused if the token may not call it."""
    host = exchange.host
    if served.is_newer and host.world.policy.newer_version == "refuse":
        raise unknown_path(place.rest, f"{place.version} is newer than known, and the policy newer_version refuses")
    route, node = _find(exchange, place, token)
    exchange.operation = route.operation
    if token is not None:
        permit(route, token)
        exchange.caller = (token.app_id, node)
        charge(host, token, node, place.edge)
    return route, node


async def _read(exchange: Exchange, place: Place, receive: Receive, *, is_known: bool) -> Body:
    """The body of a call; where the token might have been in it, one that cannot be read holds none."""
    if exchange.verb not in ("POST", "DELETE") or place.node.startswith("upload:"):
        return NO_BODY
    content_type = exchange.headers.get(b"content-type", b"").decode("latin-1")
    try:
        body = await read_params(receive, content_type, exchange.host.blobs)
    except Refused:
        if is_known or not place.node:
            raise
        raise no_token(place.edge, exchange.headers) from None
    exchange.raw = body.raw
    return body


def _find(exchange: Exchange, place: Place, token: Token | None) -> tuple[Route, str]:
    """The route of a call, after the token and before the contract; refused if there is no such object."""
    node, method = place.node, exchange.verb
    if not node:
        route = route_table().get((method, "root", place.edge))
        if route is None:
            raise unknown_path("/" + place.edge)
        if token is None and route.permission != "open":
            raise no_token(place.edge, exchange.headers)
        return route, ""
    if token is None:
        raise no_token(place.edge, exchange.headers)
    kind = exchange.host.world.nodes.get(node)
    if kind is None and find_message(exchange.host.world, node) is not None:
        kind = "message_history"
    if kind is None and is_person(exchange.host.world, node):
        kind = "user"
    if kind is None:
        raise unknown_object(method, node)
    edge = f"{place.edge}/{place.tail}" if place.tail else place.edge
    if place.tail and (kind, edge) not in known_edges():
        edge = f"{place.edge}/*"
    route = route_table().get((method, kind, edge))
    if route is None:
        if (kind, edge) in known_edges():
            raise unknown_object(method, node)
        raise unknown_path(place.beyond)
    return route, node


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
