"""The people of an account, as a list of nodes."""

from __future__ import annotations

from typing import NamedTuple

from localwaba.domain.model import Waba
from localwaba.domain.world import World
from localwaba.wire.nodes import Kind


class Assigned(NamedTuple):
    """Somebody with tasks in an account."""

    id: str
    name: str
    user_type: str
    business: dict[str, str]
    tasks: tuple[str, ...]


def assigned(world: World, waba: Waba) -> list[Assigned]:
    """Whoever was assigned; before that, the system user whose token came with the world, who may do everything."""
    systems = {token.user_id for token in world.tokens.values() if token.kind == "SYSTEM_USER"}
    people = waba.settings.get("assigned_users")
    if people is None:
        own = world.tokens.get(world.access_token)
        people = {own.user_id: ["FULL_CONTROL"]} if own else {}
    business = world.businesses[waba.business_id]
    of = {"id": business.id, "name": business.name}
    return [
        Assigned(
            id=user_id,
            name="Localhost System User" if user_id in systems else f"User {user_id[-4:]}",
            user_type="SYSTEM_USER" if user_id in systems else "BUSINESS_USER",
            business=of,
            tasks=tuple(tasks),
        )
        for user_id, tasks in people.items()
    ]


ASSIGNED_USER = Kind(
    node_type="BusinessUser",
    default=("id", "name", "tasks"),
    fields={
        "id": lambda view, one, field: one.id,
        "name": lambda view, one, field: one.name,
        "tasks": lambda view, one, field: list(one.tasks),
        "business": lambda view, one, field: one.business,
        "user_type": lambda view, one, field: one.user_type,
    },
)


def is_person(world: World, node: str) -> bool:
    """Whether an id is that of somebody: the holder of a token, or who was assigned to an account."""
    holders = (token.user_id for token in world.tokens.values())
    return node in holders or any(node in waba.settings.get("assigned_users", {}) for waba in world.wabas.values())


class AssignedAccount(NamedTuple):
    """An account as somebody with tasks in it sees it."""

    id: str
    waba: Waba
    tasks: tuple[str, ...]


ASSIGNED_ACCOUNT = Kind(
    node_type="WhatsAppBusinessAccount",
    default=("id", "name", "status", "permissions", "business_id"),
    fields={
        "id": lambda view, one, field: one.id,
        "name": lambda view, one, field: one.waba.name,
        "status": lambda view, one, field: one.waba.status,
        "permissions": lambda view, one, field: list(one.tasks),
        "business_id": lambda view, one, field: one.waba.business_id,
    },
    known=frozenset({"assignment_date", "phone_numbers"}),
)
