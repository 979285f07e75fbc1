"""A multi-partner solution as a node."""

from __future__ import annotations

from localwaba.domain.model import Solution
from localwaba.wire.fields import Field
from localwaba.wire.nodes import Kind, View


def _owner(view: View, solution: Solution, field: Field) -> dict[str, str]:
    app = view.world.apps[solution.app_id]
    return {"id": app.id, "name": app.name}


SOLUTION = Kind(
    node_type="WhatsAppBusinessSolution",
    default=("id", "name", "status", "status_for_pending_request"),
    fields={
        "id": lambda view, solution, field: solution.id,
        "name": lambda view, solution, field: solution.name,
        "status": lambda view, solution, field: solution.status,
        "status_for_pending_request": lambda view, solution, field: solution.pending,
        "owner_app": _owner,
        "owner_permissions": lambda view, solution, field: list(solution.owner_permissions),
    },
)
