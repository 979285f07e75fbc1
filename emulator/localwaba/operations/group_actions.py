"""What users do with groups: they join, ask to join, leave, read; and what Meta does: it suspends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from localwaba.domain import group_messages, groups
from localwaba.domain.events import Event, GroupStatusReached, Put
from localwaba.domain.model import Group, JoinRequest
from localwaba.domain.world import World
from localwaba.operations.announcements import announced
from localwaba.operations.deeds import Deed, Scene
from localwaba.operations.mistakes import Mistake, nearest, only, text_of
from localwaba.wire import groups as wire

_PARTICIPANTS = "group_participants_update"


def join(scene: Scene) -> Deed:
    """Comes in by the invite link, or asks to where the group wants that."""
    group, wa_id = _wanted(scene), scene.user.wa_id
    if wa_id in group.participants:
        return Deed({"group_id": group.id, "joined": True, "changed": False}, [])
    if group.suspended:
        raise Mistake(f"the group {group.subject!r} is suspended: nobody can join it")
    if group.join_approval_mode == "approval_required":
        return _ask(scene, group)
    if len(group.participants) >= groups.PARTICIPANTS:
        raise Mistake(f"the group {group.subject!r} is full: it has {groups.PARTICIPANTS} participants")
    told = _told(
        scene,
        group,
        "group_participants_add",
        reason="invite_link",
        added_participants=[wire.person_of(scene.world, scene.user)],
    )
    changed = groups.joined(group, [wa_id])
    return Deed({"group_id": group.id, "joined": True, "changed": True}, [Put(at=scene.now, thing=changed), told])


def _ask(scene: Scene, group: Group) -> Deed:
    waiting = next((one for one in group.requests if one.wa_id == scene.user.wa_id), None)
    if waiting is not None:
        return Deed({"group_id": group.id, "joined": False, "join_request_id": waiting.id, "changed": False}, [])
    changed, request = groups.asked(group, scene.user.wa_id, scene.now)
    events = [Put(at=scene.now, thing=changed), _request_told(scene, group, "group_join_request_created", request)]
    return Deed({"group_id": group.id, "joined": False, "join_request_id": request.id, "changed": True}, events)


def _request_told(scene: Scene, group: Group, kind: str, request: JoinRequest) -> Event:
    return _told(scene, group, kind, join_request_id=request.id, **wire.person_of(scene.world, scene.user))


def leave(scene: Scene) -> Deed:
    """Goes out, or takes the request to join back."""
    group, wa_id = _wanted(scene), scene.user.wa_id
    waiting = next((one for one in group.requests if one.wa_id == wa_id), None)
    if waiting is not None:
        events: list[Event] = [Put(at=scene.now, thing=groups.withdrawn(group, [waiting.id]))]
        events.append(_request_told(scene, group, "group_join_request_revoked", waiting))
        return Deed({"group_id": group.id, "left": True}, events)
    if wa_id not in group.participants:
        raise Mistake(f"{wa_id} is not in the group {group.subject!r}")
    told = _told(
        scene,
        group,
        "group_participants_remove",
        removed_participants=[wire.person_of(scene.world, scene.user)],
        initiated_by="participant",
    )
    events = [Put(at=scene.now, thing=groups.left(group, [wa_id])), told]
    return Deed({"group_id": group.id, "left": True}, events)


def read(scene: Scene) -> Deed:
    """Opens the group: everything that got there is read."""
    group, upto = _wanted(scene), text_of(scene.options, "message_id")
    events = group_messages.read_all(scene.world, group.id, scene.user.wa_id, scene.now, upto)
    return Deed({"read": [event.message_id for event in events if isinstance(event, GroupStatusReached)]}, events)


def move(world: World, now: int, old: str, new: str) -> list[Event]:
    """Whoever changes the number stays in the groups."""
    return [Put(at=now, thing=groups.rename(one, old, new)) for one in world.groups.values() if old in one.participants]


def _wanted(scene: Scene) -> Group:
    """The group that the action names by `group_id` or by its invite link."""
    group_id, link = text_of(scene.options, "group_id"), text_of(scene.options, "link")
    if not group_id and not link:
        raise Mistake('say which group, by "group_id" or by "link"')
    if link:
        group = groups.by_link(scene.world, link)
        if group is None:
            raise Mistake(f"the link {link!r} leads to no group: it was reset, or never was")
        return group
    return group_in(scene.world, group_id)


def group_in(world: World, group_id: str, status: int = 400) -> Group:
    """The group of an id; `status` is that of the answer if there is none."""
    group = world.groups.get(group_id)
    if group is None:
        raise Mistake(f"this world has no group {group_id!r}{nearest(group_id, world.groups)}", status)
    return group


def _told(scene: Scene, group: Group, kind: str, **more: Any) -> Event:
    number = scene.world.numbers[group.phone_number_id]
    value = wire.value(number, scene.now, kind, group.id, **more)
    return announced(scene.world, scene.now, _PARTICIPANTS, value, number)


def patch_group(world: World, now: int, group_id: str, changes: dict[str, Any]) -> list[Event]:
    """Meta suspends a group, or takes that back."""
    only(changes, ("suspended",), "a group's patch")
    group, wanted = group_in(world, group_id, 404), changes.get("suspended")
    if not isinstance(wanted, bool):
        raise Mistake('a group is suspended or not: {"suspended":true}')
    if wanted is group.suspended:
        return []
    number = world.numbers[group.phone_number_id]
    value = wire.value(number, now, "group_suspend" if wanted else "group_suspend_cleared", group.id)
    return [
        Put(at=now, thing=replace(group, suspended=wanted)),
        announced(world, now, "group_status_update", value, number),
    ]


ACTIONS: dict[str, tuple[Callable[[Scene], Deed], tuple[str, ...]]] = {
    "join_group": (join, ("group_id", "link")),
    "leave_group": (leave, ("group_id", "link")),
}
