"""Groups as nodes, and what webhooks tell of them (Meta: groups reference and webhooks, 2026)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.groups import LINK
from localwaba.domain.model import Group, JoinRequest, PhoneNumber, User
from localwaba.domain.world import World
from localwaba.wire import people
from localwaba.wire.errors import webhook_error
from localwaba.wire.nodes import ABSENT, Kind
from localwaba.wire.notices import number_value


def person(world: World, wa_id: str) -> dict[str, Any]:
    """How answers and webhooks name a participant: the phone number only if it may be seen."""
    return person_of(world, world.users[wa_id])


def person_of(world: World, user: User) -> dict[str, Any]:
    """How answers and webhooks name a user."""
    return people.ids(world, user) | ({"username": user.username} if user.username else {})


def invite_link(group: Group) -> str:
    """The whole invite link."""
    return LINK + group.link


def request(world: World, one: JoinRequest) -> dict[str, Any]:
    """A request to join, as the list shows it."""
    return {"join_request_id": one.id, **person(world, one.wa_id), "creation_timestamp": one.at // SECOND}


GROUP = Kind(
    node_type="WhatsAppBusinessGroup",
    default=("id",),
    fields={
        "id": lambda view, group, field: group.id,
        "messaging_product": lambda view, group, field: "whatsapp",
        "subject": lambda view, group, field: group.subject,
        "description": lambda view, group, field: group.description or ABSENT,
        "participants": lambda view, group, field: [person(view.world, one) for one in group.participants],
        "join_approval_mode": lambda view, group, field: group.join_approval_mode,
        "suspended": lambda view, group, field: group.suspended,
        "creation_timestamp": lambda view, group, field: group.created_at // SECOND,
        "total_participant_count": lambda view, group, field: len(group.participants),
    },
)


def listed(group: Group) -> dict[str, Any]:
    """A group in the list of a number."""
    return {"id": group.id, "subject": group.subject, "created_at": str(group.created_at // SECOND)}


def value(number: PhoneNumber, now: int, kind: str, group_id: str, **more: Any) -> dict[str, Any]:
    """The value of one of the four fields about groups; members that are None are left out."""
    item: dict[str, Any] = {"timestamp": str(now // SECOND), "group_id": group_id, "type": kind}
    item |= {name: given for name, given in more.items() if given is not None}
    return number_value(number) | {"groups": [item]}


def errors(refusals: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Why something about a group failed, as in webhooks and partial answers."""
    found: list[dict[str, Any]] = []
    for refusal in refusals:
        error = webhook_error(refusal, "none")
        found.append({name: error[name] for name in ("code", "message", "title", "error_data")})
    return found


def shown(world: World, group: Group) -> dict[str, Any]:
    """A group as the control API shows it."""
    return {
        "id": group.id,
        "phone_number_id": group.phone_number_id,
        "subject": group.subject,
        "description": group.description,
        "join_approval_mode": group.join_approval_mode,
        "invite_link": invite_link(group),
        "suspended": group.suspended,
        "participants": list(group.participants),
        "join_requests": [{"id": one.id, "wa_id": one.wa_id, "at": one.at / SECOND} for one in group.requests],
        "picture": group.picture or None,
        "pins": list(group.pins),
        "created_at": group.created_at / SECOND,
    }
