"""What happened: messages, journal, its stream, deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from localwaba.domain.routing import FIELDS
from localwaba.domain.traffic import Delivery
from localwaba.http.control_requests import Ask, Row
from localwaba.http.ports import ControlledHost
from localwaba.operations.mistakes import Mistake, choice_of
from localwaba.operations.users import wa_id_in
from localwaba.wire import views
from localwaba.wire.charges import charges

_MOST = 20_000
_HEARTBEAT = 15.0
_DIRECTIONS = {"in": False, "inbound": False, "out": True, "outbound": True}
_STATES = ("abandoned", "carried", "delivered", "pending", "unroutable")
_encode = msgspec.json.Encoder().encode


async def list_messages(ask: Ask) -> Any:
    """`GET /messages`: both directions, oldest first; without `after` the last ones."""
    ask.only("user", "direction", "type", "status", "after", "limit")
    world = ask.host.world
    wanted = ask.text("user")
    wa_id = wa_id_in(world, wanted) if wanted else ""
    direction = choice_of({"direction": ask.text("direction") or None}, "direction", _DIRECTIONS)
    outbound = _DIRECTIONS[direction] if direction else None
    kind, status, after = ask.text("type"), ask.text("status"), ask.text("after")
    if after and after not in world.messages:
        raise Mistake(f"there is no message {after!r}: after takes the id of the last message seen")
    found = [
        one
        for one in world.messages.values()
        if (
            (not wa_id or views.concerns(one, wa_id))
            and (outbound is None or one.outbound is outbound)
            and (not kind or one.type == kind)
            and (not status or one.status == status)
        )
        or one.id == after
    ]
    shown = views.page(found, after, ask.whole("limit", 1_000, _MOST))
    return {"messages": [views.message(one) for one in shown], "dropped": world.dropped.get("messages", 0)}


async def list_journal(ask: Ask) -> Any:
    """`GET /journal`: what happened, oldest first, from entry `after` on, or `since` a time (as `at` of an entry)."""
    ask.only("after", "limit", "kind", "since")
    after, limit = ask.whole("after", 0, 10**15), ask.whole("limit", 1_000, _MOST)
    after = max(after, ask.host.last_before(ask.whole("since", 0, 10**15)))
    kind = choice_of({"kind": ask.text("kind") or None}, "kind", ("call", "event"))
    found: list[dict[str, Any]] = []
    while len(found) < limit:
        entries = ask.host.journal(after, 1_000)
        if not entries:
            break
        after = entries[-1]["n"]
        found += [entry for entry in entries if kind is None or entry["kind"] == kind]
    return {"entries": found[:limit]}


async def stream_events(ask: Ask) -> Any:
    """`GET /events`: the journal as server-sent events, from `after` or `Last-Event-ID` on, else from now."""
    given = ask.request.headers.get("last-event-id", "")
    after = ask.whole("after", 0, 10**15) if ask.text("after") else int(given) if _is_count(given) else None
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(server_sent(ask.host, after), media_type="text/event-stream", headers=headers)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


async def server_sent(
    host: ControlledHost, after: int | None = None, heartbeat: float = _HEARTBEAT
) -> AsyncIterator[bytes]:
    """The journal's entries as server-sent events; a comment whenever nothing came for `heartbeat` seconds."""
    following = host.follow()
    yield b": localwaba\n\n"
    seen = after or 0
    if after is not None:
        while entries := host.journal(seen, 1_000):
            for entry in entries:
                seen = entry["n"]
                yield _event(entry)
    coming: asyncio.Task[dict[str, Any]] | None = None
    last = 0
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(following))
            done, _ = await asyncio.wait({coming}, timeout=heartbeat)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                entry = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            if entry["n"] <= last:  # the world was reset, numbers begin anew
                seen = 0
            last = entry["n"]
            if after is None or last > seen:
                yield _event(entry)
    finally:
        if coming is not None:
            coming.cancel()


def _event(entry: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (entry["n"], str(entry["kind"]).encode(), _encode(entry))


async def list_charges(ask: Ask) -> Any:
    """`GET /charges`: what was charged and what was free, by month, country and category."""
    ask.only()
    return {"charges": charges(ask.host.world)}


async def list_webhooks(ask: Ask) -> Any:
    """`GET /webhooks`: deliveries with every attempt, oldest first; without `after` the last ones."""
    ask.only("field", "state", "after", "limit")
    world = ask.host.world
    field = choice_of({"field": ask.text("field") or None}, "field", FIELDS)
    state = choice_of({"state": ask.text("state") or None}, "state", _STATES)
    after = ask.text("after")
    if after and after not in world.deliveries:
        raise Mistake(f"there is no webhook {after!r}: after takes the id of the last webhook seen")
    found = [
        one
        for one in world.deliveries.values()
        if ((field is None or one.field == field) and (state is None or one.state == state)) or one.id == after
    ]
    shown = views.page(found, after, ask.whole("limit", 1_000, _MOST))
    return {"webhooks": [views.delivery(one) for one in shown], "dropped": world.dropped.get("deliveries", 0)}


async def show_webhook(ask: Ask) -> Any:
    """`GET /webhooks/{id}`: headers, exact body, and a command that sends the same."""
    return views.delivery_in_full(ask.host.world, _delivery(ask))


async def send_file(ask: Ask) -> Any:
    """`GET /media/{id}`: the bytes of a file as they are, without a trace of an app having asked for them."""
    found = ask.host.world.media.get(ask.part("id"))
    if found is None:
        raise Mistake(f"there is no file {ask.part('id')!r}: take the id from a message or an upload", 404)
    return Response(ask.host.blobs.read(found.blob, 0, found.size), media_type=found.mime_type)


async def redeliver(ask: Ask) -> Any:
    """`POST /webhooks/{id}/redeliver`: once more, whatever became of it."""
    one = _delivery(ask)
    ask.host.redeliver(one.id)
    return {"redelivered": one.id}


def _delivery(ask: Ask) -> Delivery:
    found = ask.host.world.deliveries.get(ask.part("id"))
    if found is None:
        raise Mistake(f"there is no webhook {ask.part('id')!r}: take an id from GET /_localwaba/webhooks", 404)
    return found


ROWS = (
    Row("GET", "/messages", list_messages),
    Row("GET", "/journal", list_journal),
    Row("GET", "/events", stream_events),
    Row("GET", "/charges", list_charges),
    Row("GET", "/webhooks", list_webhooks),
    Row("GET", "/webhooks/{id}", show_webhook),
    Row("POST", "/webhooks/{id}/redeliver", redeliver),
    Row("GET", "/media/{id}", send_file),
)
