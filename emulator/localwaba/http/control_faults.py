"""Faults: arm them, see what they did, disarm them."""

from __future__ import annotations

from typing import Any

from localwaba.http.control_requests import Ask, Row
from localwaba.operations.faults import arm_faults, clear_faults, show_all, show_faults, show_kinds, show_presets


async def list_faults(ask: Ask) -> Any:
    """`GET /faults`: those that are armed, then those that have fired for the last time, with their counts."""
    return show_all(ask.host.world)


async def list_presets(ask: Ask) -> Any:
    """`GET /faults/presets`: ready faults, with the reports that motivate them."""
    return {"presets": show_presets()}


async def list_kinds(ask: Ask) -> Any:
    """`GET /faults/kinds`: all kinds with their parameters."""
    return {"kinds": show_kinds()}


async def add_fault(ask: Ask) -> Any:
    """`POST /faults`: arms a fault and answers it, or those of a `preset`."""
    body = await ask.body()
    world, ids = ask.host.world, ask.host.world.ids()
    before = set(world.faults)
    ask.decide(arm_faults(world, ask.host.now(), body), ids)
    found = [fault for fault in show_faults(world) if fault["id"] not in before]
    preset = found[0].get("preset")
    return {"preset": preset, "faults": found} if preset else found[0]


async def remove_faults(ask: Ask) -> Any:
    """`DELETE /faults`: disarms all of them; what they hold back still comes."""
    return _remove(ask)


async def remove_fault(ask: Ask) -> Any:
    """`DELETE /faults/{id}`: disarms one."""
    return _remove(ask, ask.part("id"))


def _remove(ask: Ask, fault_id: str = "") -> dict[str, Any]:
    ids = ask.host.world.ids()
    events = clear_faults(ask.host.world, ask.host.now(), fault_id)
    ask.decide(list(events), ids)
    return {"cleared": [name for event in events for name in getattr(event, "ids", ())]}


ROWS = (
    Row("GET", "/faults", list_faults),
    Row("POST", "/faults", add_fault),
    Row("DELETE", "/faults", remove_faults),
    Row("GET", "/faults/presets", list_presets),
    Row("GET", "/faults/kinds", list_kinds),
    Row("DELETE", "/faults/{id}", remove_fault),
)
