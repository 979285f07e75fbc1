"""The Graph edge: a request arrives, its contract is judged, its operation runs, the answer leaves."""

from __future__ import annotations

import logging
from hashlib import sha1
from typing import Any

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.flow_urls import ASSET_PATH
from localwaba.http import downloads, faulting, flow_assets, qr_pictures
from localwaba.http.arrival import Arrival, Exchange, arrive
from localwaba.http.headers import PREPARED, Header, Trace, one_line
from localwaba.http.headers import authenticate as authenticate_header
from localwaba.http.judgement import judge
from localwaba.http.ports import Hosts
from localwaba.http.requests import Disconnected, Receive, Scope, Send, TooLarge
from localwaba.http.usage import BUDGET_CODES, usage
from localwaba.operations.call import Answer, Call
from localwaba.wire.encoding import encode
from localwaba.wire.errors import envelope, reason, status_of
from localwaba.wire.qr_codes import PICTURES

_log = logging.getLogger("localwaba")
_PREFLIGHT: list[Header] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, file_offset"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]
_FILES = ("/whatsapp_business/attachments", ASSET_PATH, PICTURES)
_AUTHENTICATION_CODES = frozenset({104, 190, 2500})
Reply = tuple[int, bytes, list[Header]]


class Graph:
    """An ASGI app that is Graph, for all worlds of a server."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._answers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await _respond(send, 200, b"", _PREFLIGHT)
        elif not scope["path"].startswith(_FILES):
            self._answers += 1
            await self._exchange(Exchange(scope, self._hosts.default), receive, send)
        elif scope["path"].startswith(ASSET_PATH):
            await flow_assets.download(self._hosts, scope, send)
        elif scope["path"].startswith(PICTURES):
            await qr_pictures.download(scope, send)
        else:
            await downloads.download(self._hosts, scope, receive, send)

    async def _exchange(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        trace = Trace(b"graph", self._answers)
        try:
            status, body, extra = await self._reply(exchange, trace, receive)
        except Disconnected:
            return
        method = exchange.method
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
            else:
                await _respond(send, status, b"" if method == "HEAD" else body, headers, PREPARED)
        finally:
            _note(exchange, status, body)

    async def _reply(self, exchange: Exchange, trace: Trace, receive: Receive) -> Reply:
        """Status, body and the headers of its own; whatever is wrong has an answer."""
        try:
            arrival = await arrive(self._hosts, exchange, receive)
            answer = await _perform(exchange, arrival)
            body = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
            extra = [usage(exchange.host, *(exchange.caller or ("", "")))]
            warning = answer.warning or arrival.warning
            if warning:
                extra.append((b"x-localwaba-warning", one_line(warning)))
            return answer.status, body, extra
        except Refused as refused:
            exchange.refusal = refused.refusal
            status, body, extra = _refuse(refused.refusal, trace, beside=refused.beside)
            if refused.refusal.code in BUDGET_CODES and exchange.caller:
                extra.append(usage(exchange.host, *exchange.caller))
            return status, body, extra
        except TooLarge as error:
            exchange.refusal = _too_large(error)
            return _refuse(exchange.refusal, trace, 413)
        except faulting.Faulted:
            return 0, b"", []
        except Disconnected:
            raise
        except Exception as error:
            _log.exception("%s %s: localwaba failed to answer", exchange.method, exchange.path)
            exchange.refusal = _own_fault(error)
            return _refuse(exchange.refusal, trace, 500)


async def _perform(exchange: Exchange, arrival: Arrival) -> Answer:
    """Judges the contract, runs the operation and lets its events happen."""
    host = exchange.host
    if host.world.faults:
        await _meet_faults(exchange, arrival)
    params = judge(arrival.route.contract, arrival.params, arrival.traits.version, is_json=arrival.is_json)
    ids = host.world.ids()
    call = Call(
        world=host.world,
        now=host.now(),
        ids=ids,
        traits=arrival.traits,
        token=arrival.token,
        method=exchange.verb,
        path=exchange.path,
        node=arrival.node,
        edge=arrival.place.edge,
        tail=arrival.place.tail,
        params=params,
        raw=arrival.raw if params is arrival.params else b"",
        files=arrival.files,
        base_url=exchange.base_url,
    )
    call.headers = exchange.headers
    try:
        answer = arrival.run(call)
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
        answer = arrival.run(call)
    host.commit(answer.events, ids)
    return answer


async def _meet_faults(exchange: Exchange, arrival: Arrival) -> None:
    """Performs what an armed fault does before the call takes effect."""
    host, place, method = exchange.host, arrival.place, exchange.verb
    path = (arrival.node, place.edge, place.tail)
    operation, params = arrival.route.operation, arrival.params
    found = faulting.of_call(host.world, operation, method, path, params, exchange.raw, arrival.files)
    exchange.plan = faulting.meet(host, found)
    if exchange.plan is not None:
        await exchange.plan.before(faulting.values_of(method, arrival.node, place.rest, host.now()))


def _note(exchange: Exchange, status: int, body: bytes) -> None:
    """Keeps the call in the journal, and lets what it caused begin: the answer has left."""
    why = reason(exchange.refusal) if exchange.refusal else exchange.plan.why if exchange.plan else ""
    host = exchange.host
    host.note_call(exchange.method, exchange.path, status, exchange.raw, body, why, exchange.operation)
    host.wake()


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


def _refuse(refusal: Refusal, trace: Trace, status: int = 0, beside: dict[str, Any] | None = None) -> Reply:
    body = (beside or {}) | envelope(refusal, trace.fbtrace_id)
    extra: list[Header] = []
    why = reason(refusal)
    if why:
        extra.append((b"x-localwaba-why", one_line(why)))
    if refusal.code in _AUTHENTICATION_CODES:
        extra.append(authenticate_header(refusal.code, body["error"]["message"]))
    return status or status_of(refusal), encode(body), extra


async def _respond(
    send: Send, status: int, body: bytes, headers: list[Header], prepared: tuple[int, bytes] = (0, b"")
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers, "prepared": prepared})
    await send({"type": "http.response.body", "body": body})
