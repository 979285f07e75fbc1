"""`POST /{waba}/migrate_flows`: copies of another account's flows."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain import flows
from localwaba.domain.errors import Refused, invalid_parameter
from localwaba.domain.events import Event
from localwaba.domain.model import Flow
from localwaba.operations.call import Answer, Call

_FAILED = "4233041"
MOST = 100
"""Flows in a call (Meta: flows API)."""


def migrate_flows(call: Call) -> Answer:
    """Copies flows by name, or all of an account that the same business owns; each copy is a draft."""
    world = call.world
    source = world.wabas.get(call.text("source_waba_id"))
    if source is None or source.id == call.node or source.business_id != world.wabas[call.node].business_id:
        why = f"{call.text('source_waba_id')} is no other account of this business"
        raise _invalid("source_waba_id", why, "name another account of the business: GET /{business}/owned_…")
    names = _names(call, [flow.name for flow in world.flows.values() if flow.waba_id == source.id])
    taken = {flow.name for flow in world.flows.values() if flow.waba_id == call.node}
    migrated: list[dict[str, str]] = []
    failed: list[dict[str, str]] = []
    events: list[Event] = []
    for name in names:
        found = flows.find_flow(world, source.id, name=name)
        if found is None:
            failed.append(_failure(name, "Flow name not found in source WABA."))
        elif name in taken:
            failed.append(_failure(name, "Flow name already exists in destination WABA."))
        else:
            copy = _copy(call, found)
            events += flows.create(copy)
            migrated.append({"source_name": name, "source_id": found.id, "migrated_id": copy.id})
            taken.add(name)
    return Answer(body={"migrated_flows": migrated, "failed_flows": failed}, events=events)


def _names(call: Call, own: list[str]) -> list[str]:
    given: Any = call.params.get("source_flow_names")
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except msgspec.DecodeError:
            given = [given]
    names = [str(name) for name in (given if isinstance(given, list) else [given])] if given else own
    if len(names) > MOST:
        raise _invalid("source_flow_names", f"there are {len(names)} names", f"at most {MOST} in a call")
    return list(dict.fromkeys(names))


def _copy(call: Call, found: Flow) -> Flow:
    copy = Flow(
        id=call.ids.number(),
        waba_id=call.node,
        name=found.name,
        categories=found.categories,
        endpoint_uri=found.endpoint_uri,
        app_id=found.app_id,
        created_at=call.now,
        updated_at=call.now,
    )
    return flows.with_json(copy, found.json, call.now) if found.json else copy


def _failure(name: str, why: str) -> dict[str, str]:
    return {"source_name": name, "error_code": _FAILED, "error_message": f"Flows Migration Error: {why}"}


def _invalid(member: str, why: str, fix: str) -> Refused:
    return invalid_parameter(rule=f"flow.{member}", why=why, fix=fix)
