"""Groups as the control API shows them, and Meta's hand on them."""

from __future__ import annotations

from typing import Any

from localwaba.http.control_requests import Ask, Row
from localwaba.operations.group_actions import group_in, patch_group
from localwaba.wire.groups import shown


async def list_groups(ask: Ask) -> Any:
    """`GET /groups`."""
    world = ask.host.world
    return {"groups": [shown(world, one) for one in world.groups.values()]}


async def show_group(ask: Ask) -> Any:
    """`GET /groups/{id}`."""
    world = ask.host.world
    return shown(world, group_in(world, ask.part("id"), 404))


async def change_group(ask: Ask) -> Any:
    """`PATCH /groups/{id}`."""
    body = await ask.body()
    world, ids, group_id = ask.host.world, ask.host.world.ids(), ask.part("id")
    ask.decide(patch_group(world, ask.host.now(), group_id, body), ids)
    return shown(world, world.groups[group_id])


ROWS = (
    Row("GET", "/groups", list_groups),
    Row("GET", "/groups/{id}", show_group),
    Row("PATCH", "/groups/{id}", change_group),
)
