"""Calls as the control API shows them."""

from __future__ import annotations

from typing import Any

from localwaba.http.control_requests import Ask, Row
from localwaba.operations.mistakes import Mistake, nearest
from localwaba.wire.calls import shown


async def list_calls(ask: Ask) -> Any:
    """`GET /calls`: the oldest first."""
    return {"calls": [shown(one) for one in ask.host.world.calls.values()]}


async def show_call(ask: Ask) -> Any:
    """`GET /calls/{id}`."""
    world, call_id = ask.host.world, ask.part("id")
    found = world.calls.get(call_id)
    if found is None:
        raise Mistake(f"this world has no call {call_id!r}{nearest(call_id, world.calls)}", 404)
    return shown(found)


ROWS = (
    Row("GET", "/calls", list_calls),
    Row("GET", "/calls/{id:path}", show_call),
)
