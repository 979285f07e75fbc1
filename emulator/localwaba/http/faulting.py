"""Faults of API calls, performed: waiting, other answers, half answers, none.

Which fault applies is decided in `domain.faults`; here is what needs real time and a real connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import faults, statuses
from localwaba.domain.clock import HOUR
from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.events import Event, StatusReached
from localwaba.domain.fault_kinds import KINDS
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.fault_state import Fault
from localwaba.domain.faults import describe
from localwaba.domain.model import Media
from localwaba.domain.numbers import normalise
from localwaba.domain.tokens import pacific
from localwaba.domain.world import World
from localwaba.http.bodies import Message, Receive, Send
from localwaba.http.headers import Header, one_line
from localwaba.http.ports import Host
from localwaba.operations.call import Blob
from localwaba.wire.encoding import encode
from localwaba.wire.errors import envelope, reason, status_of

_PIECES = 20
_PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Faulted(Exception):
    """A fault ends a call before it takes effect; `Plan.perform` knows how."""


class Reply:
    """An answer that is ready to be sent."""

    __slots__ = ("body", "headers", "is_bodiless", "status", "trace_id")

    def __init__(
        self, status: int, headers: list[Header], body: bytes, trace_id: str = "", *, is_bodiless: bool = False
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.trace_id = trace_id
        self.is_bodiless = is_bodiless

    def set(self, name: bytes, value: bytes) -> None:
        """Gives a header another value."""
        self.headers = [*(header for header in self.headers if header[0] != name), (name, value)]


class Plan:
    """What the faults that fired on a call make of it; `why` says so if it gets no proper answer."""

    __slots__ = ("ending", "fired", "host", "lost", "why", "world")

    def __init__(self, host: Host, fired: tuple[Fault, ...]) -> None:
        self.host = host
        self.world = host.world
        self.fired = fired
        self.ending = next((fault for fault in fired if KINDS[fault.kind].ends), None)
        self.lost = False
        refusal = faults.refusal_of(self.ending) if self.ending and "code" in self.ending.parameters else None
        self.why = reason(refusal) if refusal else f"[fault] {describe(self.ending)}" if self.ending else ""

    async def before(self, values: dict[str, str] | None = None) -> None:
        """What comes before the effect; Refused or Faulted if there is to be none."""
        for fault in self.fired:
            if fault.kind == "latency" and not fault.parameters["after_effect"]:
                await asyncio.sleep(fault.parameters["seconds"])
        if self.host.world is not self.world:  # the world was reset meanwhile: nothing of this call is left
            self.lost = True
            raise Faulted
        ending = self.ending
        if ending is None or _is_late(ending):
            return
        if ending.kind == "error":
            raise Refused(faults.refusal_of(ending, values))
        raise Faulted

    async def perform(self, reply: Reply, receive: Receive, send: Send) -> tuple[int, bytes]:
        """Answers as the faults will have it; the status and body that went out, 0 and nothing if none did."""
        if self.lost:
            return await _cut(receive, send)
        for fault in self.fired:
            if fault.kind == "status_before_answer":
                await _tell_first(self.host, reply, fault)
        self.host.wake()
        for fault in self.fired:
            if fault.kind == "latency" and fault.parameters["after_effect"]:
                await asyncio.sleep(fault.parameters["seconds"])
        ending = self.ending
        if ending is not None and ending.kind in ("drop_before", "drop_after"):
            return await _cut(receive, send)
        if ending is not None and ending.kind == "hang":
            await _wait_for_leaving(receive, ending.parameters["seconds"])
            return await _cut(receive, send)
        if ending is not None and ending.kind == "http_error":
            _replace_by_error(reply, ending)
        return await self._send(reply, receive, send)

    async def _send(self, reply: Reply, receive: Receive, send: Send) -> tuple[int, bytes]:
        pause, is_cut = 0.0, False
        for fault in self.fired:
            if fault.kind == "wrong_content_type":
                reply.set(b"content-type", one_line(fault.parameters["content_type"]))
            pause += fault.parameters["seconds"] if fault.kind == "slow_body" else 0.0
            is_cut = is_cut or fault.kind == "truncated_body"
        body = b"" if reply.is_bodiless else reply.body
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        going = body[: len(body) // 2] if is_cut else body
        size = max(1, -(-len(going) // _PIECES)) if pause else max(1, len(going))
        pieces = [going[at : at + size] for at in range(0, len(going), size)] or [b""]
        for place, piece in enumerate(pieces):
            if pause:
                await asyncio.sleep(pause / len(pieces))
            more = is_cut or place + 1 < len(pieces)
            await send({"type": "http.response.body", "body": piece, "more_body": more})
        if is_cut:
            await _cut(receive, send)
        return reply.status, going


def meet(host: Host, occasion: Occasion) -> Plan | None:
    """Asks the armed faults about a call; None if none of them fires."""
    ruling = faults.rule(host.world, "call", occasion, host.now())
    if ruling.events:
        host.commit(ruling.events, host.world.ids())
    return Plan(host, ruling.fired) if ruling.fired else None


def headers(world: World, plan: Plan | None) -> list[Header]:
    """How many faults are armed, and which ones had a hand in this answer."""
    found: list[Header] = []
    if world.faults:
        found.append((b"x-localwaba-faults", b"%d armed" % len(world.faults)))
    if plan is not None:
        found.append((b"x-localwaba-fault", ", ".join(map(describe, plan.fired)).encode()))
    return found


def of_call(
    world: World,
    operation: str,
    method: str,
    path: tuple[str, str, str],
    params: Mapping[str, Any],
    raw: bytes = b"",
    files: Mapping[str, Blob] | None = None,
) -> Occasion:
    """A call of Graph as faults see it; `path` is node, edge and tail. The same call again is the same subject."""
    node, edge, tail = path
    content = [raw or _encode(params), *(blob.sha256.encode() for blob in (files or {}).values())]
    parts = (method.encode(), node.encode(), edge.encode(), tail.encode(), *content)
    is_send = operation in ("send_message", "send_marketing_message")
    kind = str(params.get("type") or "text").lower()
    if params.get("status") == "read":
        kind = "read"
    template = params.get("template")
    name = template.get("name") if isinstance(template, dict) else None
    return Occasion(
        hit=f"{method} /{'/'.join(part for part in path if part)}",
        subject=blake2b(b"\0".join(parts), digest_size=8).hexdigest(),
        operation=(operation,),
        endpoint=(edge,),
        method=(method,),
        recipient=_recipient(world, node, params) if is_send else (),
        template=(name,) if is_send and isinstance(name, str) else (),
        type=(kind,) if is_send else (),
        phone_number_id=(node,) if node in world.numbers else (),
    )


def _recipient(world: World, node: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The user of a send in both of their names; nobody if the number makes no sense."""
    number = world.numbers.get(node)
    wa_id = ""
    if params.get("to"):
        try:
            wa_id = normalise(str(params["to"]), number.country if number else "").wa_id
        except Refused:
            return ()
    elif params.get("recipient"):
        user_id = str(params["recipient"])
        return (user_id, world.user_ids.get(user_id, ""))
    elif params.get("status") == "read":
        read = world.messages.get(str(params.get("message_id", "")))
        wa_id = read.wa_id if read else ""
    user = world.users.get(wa_id)
    return (wa_id, user.user_id) if user else (wa_id,) if wa_id else ()


def values_of(method: str, node: str, path: str, now: int) -> dict[str, str]:
    """What fills the placeholders of the catalogue's texts."""
    return {
        "method": method.lower(),
        "id": node,
        "path": path,
        "now": pacific(now),
        "expired": pacific(now - HOUR),
    }


async def download(
    host: Host, media: Media, serve: Callable[[Send], Awaitable[int]], receive: Receive, send: Send
) -> int:
    """Serves a medium's bytes as the armed faults will have it; the status."""
    path = ("", "attachments", media.id)
    occasion = of_call(host.world, "download_media", "GET", path, {})
    plan = meet(host, occasion._replace(phone_number_id=(media.phone_number_id,)))
    shown = headers(host.world, plan)

    async def show(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *shown]
        await send(message)

    if plan is None:
        return await serve(show)
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    reply = Reply(0, [*shown, (b"content-length", b"0")], b"")
    try:
        await plan.before(values_of("get", media.id, "", host.now()))
        await serve(keep)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        reply = Reply(sent[0]["status"], [*sent[0]["headers"], *shown], body)
    except Refused as refused:
        answer = encode(envelope(refused.refusal, ""))
        length = (b"content-length", b"%d" % len(answer))
        reply = Reply(
            status_of(refused.refusal), [*shown, (b"content-type", b"application/json; charset=UTF-8"), length], answer
        )
    except Faulted:
        pass
    status, _ = await plan.perform(reply, receive, send)
    return status


def _is_late(ending: Fault) -> bool:
    return ending.kind == "drop_after" or bool(ending.parameters.get("after_effect"))


def _replace_by_error(reply: Reply, fault: Fault) -> None:
    """A gateway's answer instead of the platform's."""
    reply.status = fault.parameters["status"]
    kind = fault.parameters["body"]
    if kind == "graph":
        code = 1 if reply.status == 500 else 2
        reply.body = encode(envelope(Refusal(code=code), reply.trace_id))
        reply.set(b"content-type", b"application/json; charset=UTF-8")
    else:
        reply.body = _PAGE if kind == "html" else b""
        reply.set(b"content-type", b"text/html; charset=utf-8")
    reply.set(b"content-length", b"%d" % len(reply.body))
    reply.set(b"x-localwaba-why", one_line(f"[fault] {describe(fault)}"))
    reply.headers = [header for header in reply.headers if header[0] not in (b"etag", b"www-authenticate")]


async def _tell_first(host: Host, reply: Reply, fault: Fault) -> None:
    """The message leaves at once, and the answer waits until the app has been told, for a while at most."""
    message_id = _sent_message(reply)
    message = host.world.messages.get(message_id)
    if message is None or message.link:  # what is fetched from a link takes its time
        return
    ids, world = host.world.ids(), host.world
    known = set(world.deliveries)
    events: list[Event] = [
        replace(event, apart=True) if isinstance(event, StatusReached) else event
        for event in statuses.dispatch(world, message_id, host.now())
    ]
    host.commit(events, ids)
    host.wake()
    waiting = [one for name, one in world.deliveries.items() if name not in known]
    for _ in range(int(fault.parameters["seconds"] * 500)):
        if all(one.attempts or one.next_at for one in waiting):
            return
        await asyncio.sleep(0.002)


def _sent_message(reply: Reply) -> str:
    if reply.status != 200:
        return ""
    try:
        return str(_decode(reply.body)["messages"][0]["id"])
    except (msgspec.DecodeError, KeyError, IndexError, TypeError):
        return ""


async def _wait_for_leaving(receive: Receive, seconds: float) -> None:
    """Waits until the client has gone, for so many seconds at most."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        pass


async def _cut(receive: Receive, send: Send) -> tuple[int, bytes]:
    """Closes the connection. ASGI has no word for that: the server's own object behind `send` does it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError("a fault closes the connection")
    transport.close()
    await _wait_for_leaving(receive, 1.0)
    return 0, b""
