"""What Meta tells of flows, as the `value` of a webhook."""

from __future__ import annotations

from localwaba.domain.told import FlowChanged
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.notices import Telling, Value, of_account


def _status(world: World, event: FlowChanged, traits: Traits) -> Value:
    said = (
        f"changed status from {event.before} to {event.status}"
        if event.before
        else f"has been created with {event.status} status"
    )
    before = {"old_status": event.before} if event.before else {}
    head = {"event": "FLOW_STATUS_CHANGE", "message": f"Flow {event.name} {said}", "flow_id": event.flow_id}
    return head | before | {"new_status": event.status}


TELLINGS: dict[type, Telling] = {FlowChanged: of_account("flows", _status)}
