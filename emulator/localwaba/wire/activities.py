"""Something that happened in an account, as an item of their list."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.wire.nodes import ABSENT, Kind


class Activity(NamedTuple):
    """What happened, and when (milliseconds)."""

    id: str
    activity_type: str
    at: int
    details: dict[str, Any]


ACTIVITY = Kind(
    node_type="WhatsAppBusinessAccountActivity",
    default=("id", "activity_type", "timestamp", "actor_type", "details"),
    fields={
        "id": lambda view, one, field: one.id,
        "activity_type": lambda view, one, field: one.activity_type,
        "timestamp": lambda view, one, field: view.date(one.at),
        "actor_type": lambda view, one, field: "SYSTEM" if one.activity_type == "ACCOUNT_CREATED" else "API",
        "details": lambda view, one, field: one.details or ABSENT,
    },
    known=frozenset({"actor_id", "actor_name", "description", "ip_address", "user_agent"}),
)
