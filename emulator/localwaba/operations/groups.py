"""Groups: make, list, read, change, delete; invite links, participants, requests to join."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import groups
from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.events import Event, Put, Removed
from localwaba.domain.media_bytes import jpeg_size
from localwaba.domain.model import Group
from localwaba.domain.numbers import normalise
from localwaba.domain.senders import check_registered
from localwaba.operations.announcements import announced
from localwaba.operations.call import Answer, Call, missing
from localwaba.operations.viewing import show, view_of
from localwaba.wire import groups as wire
from localwaba.wire.paging import page

_LIFECYCLE, _PARTICIPANTS = "group_lifecycle_update", "group_participants_update"
_MOST = 1024
_PRODUCT = {"messaging_product": "whatsapp"}


def create_group(call: Call) -> Answer:
    """`POST /{phone}/groups`: what became of it comes by webhook, under the id that is answered."""
    number = call.world.numbers[call.node]
    check_registered(number)
    group = groups.new_group(
        call.world,
        call.ids,
        number,
        call.now,
        subject=_subject(call.text("subject")),
        description=call.text("description", ""),
        mode=call.text("join_approval_mode", "auto_approve").lower(),
    )
    request_id = call.ids.number(15)
    told = _told(
        call,
        group,
        _LIFECYCLE,
        "group_create",
        request_id=request_id,
        subject=group.subject,
        description=group.description or None,
        invite_link=wire.invite_link(group),
        join_approval_mode=group.join_approval_mode,
    )
    return Answer(body=_PRODUCT | {"request_id": request_id}, events=[Put(at=call.now, thing=group), told])


def _subject(given: str) -> str:
    if not given.strip():
        raise missing("subject")
    return given.strip()


def list_groups(call: Call) -> Answer:
    """`GET /{phone}/groups`: an object with the member `groups`, not a list."""
    view = view_of(call)
    found = [group for group in call.world.groups.values() if group.phone_number_id == call.node]
    url = f"{view.url}/{call.node}/groups"
    body = page(found, call.params, url, call.traits, render=wire.listed, access_token=view.access_token, most=_MOST)
    return Answer(body=body | {"data": {"groups": body["data"]}})


def get_group(call: Call) -> Answer:
    """`GET /{group}`: nothing but the id, unless `fields` asks for more."""
    found = show(call, wire.GROUP, _group(call))
    return Answer(body=_PRODUCT | found.body)


def update_group(call: Call) -> Answer:
    """`POST /{group}`: subject, description, picture; what became of each comes by webhook."""
    group = _alive(call)
    request_id = call.ids.number(15)
    done: dict[str, Any] = {}
    changed = group
    file = call.files.get("profile_picture_file") or call.files.get("file")
    if file is not None:
        groups.check_picture(file.mime_type, file.size, *jpeg_size(file.head))
        done["profile_picture"] = {"mime_type": file.mime_type, "sha256": file.sha256, "update_successful": True}
        changed = replace(changed, picture=file.sha256)
    if "subject" in call.params:
        changed = replace(changed, subject=_subject(call.text("subject")))
        done["group_subject"] = {"text": changed.subject, "update_successful": True}
    if "description" in call.params:
        changed = replace(changed, description=call.text("description"))
        done["group_description"] = {"text": changed.description, "update_successful": True}
    if not done:
        raise missing("subject")
    told = _told(call, group, "group_settings_update", "group_settings_update", request_id=request_id, **done)
    return Answer(body=_PRODUCT | {"request_id": request_id}, events=[Put(at=call.now, thing=changed), told])


def delete_group(call: Call) -> Answer:
    """`DELETE /{group}`: the id is nobody's from now on."""
    group = _group(call)
    request_id = call.ids.number(15)
    told = _told(call, group, _LIFECYCLE, "group_delete", request_id=request_id)
    events: list[Event] = [Removed(at=call.now, kind="Group", id=group.id), told]
    return Answer(body=_PRODUCT | {"request_id": request_id}, events=events)


def get_invite_link(call: Call) -> Answer:
    """`GET /{group}/invite_link`."""
    return Answer(body=_PRODUCT | {"invite_link": wire.invite_link(_alive(call))})


def reset_invite_link(call: Call) -> Answer:
    """`POST /{group}/invite_link`: another link; the old one leads nowhere."""
    changed = replace(_alive(call), link=groups.new_link(call.ids))
    return Answer(body=_PRODUCT | {"invite_link": wire.invite_link(changed)}, events=[Put(at=call.now, thing=changed)])


def remove_group_participants(call: Call) -> Answer:
    """`DELETE /{group}/participants`: 131202 if somebody is named twice, 131212 if none of them is in the group."""
    group = _alive(call)
    named: list[dict[str, str]] = call.params["participants"]
    gone: dict[str, str] = {}
    absent: dict[str, Refusal] = {}
    for one in named:
        given = str(one.get("user") or one.get("user_id") or "")
        wa_id = _wa_id(call, given)
        if wa_id in gone:
            raise refuse(131202, rule="groups.participants", why=f"{given} is named twice", fix="name everybody once")
        if wa_id in group.participants:
            gone[wa_id] = given
        else:
            absent[given] = Refusal(code=131212, rule="groups.participants", why=f"{given} is not in this group")
    if not gone:
        raise Refused(next(iter(absent.values())))
    request_id = call.ids.number(15)
    failed = [{"input": given, "errors": wire.errors([refusal])} for given, refusal in absent.items()]
    told = _told(
        call,
        group,
        _PARTICIPANTS,
        "group_participants_remove",
        request_id=request_id,
        removed_participants=[{"input": given} for given in gone.values()],
        failed_participants=failed or None,
        initiated_by="business",
    )
    events: list[Event] = [Put(at=call.now, thing=groups.left(group, tuple(gone))), told]
    return Answer(body=_PRODUCT | {"request_id": request_id}, events=events)


def _wa_id(call: Call, given: str) -> str:
    found = call.world.user_ids.get(given)
    if found is not None:
        return found
    try:
        return normalise(given, call.world.numbers[_group(call).phone_number_id].country).wa_id
    except Refused:
        return ""


def list_join_requests(call: Call) -> Answer:
    """`GET /{group}/join_requests`."""
    view, group = view_of(call), _group(call)
    found = page(
        group.requests,
        call.params,
        f"{view.url}/{call.node}/join_requests",
        call.traits,
        render=lambda one: wire.request(call.world, one),
        access_token=view.access_token,
    )
    return Answer(body=found)


def approve_join_requests(call: Call) -> Answer:
    """`POST /{group}/join_requests`: whoever asked is in, as far as there is room."""
    group = _alive(call)
    found, failed = groups.find_requests(group, call.params["join_requests"])
    admitted, full = groups.admit(group, found)
    failed |= full
    people = [request.wa_id for request in admitted]
    events: list[Event] = [Put(at=call.now, thing=groups.joined(group, people))]
    shown = [wire.person(call.world, wa_id) for wa_id in people]
    reason, kind = "invite_link", "group_participants_add"
    events.append(_told(call, group, _PARTICIPANTS, kind, reason=reason, added_participants=shown))
    return _partial("approved_join_requests", [request.id for request in admitted], failed, events)


def reject_join_requests(call: Call) -> Answer:
    """`DELETE /{group}/join_requests`: nobody is told but who asked."""
    group = _alive(call)
    found, failed = groups.find_requests(group, call.params["join_requests"])
    rejected = [request.id for request in found]
    events: list[Event] = [Put(at=call.now, thing=groups.withdrawn(group, rejected))]
    return _partial("rejected_join_requests", rejected, failed, events)


def _partial(name: str, done: list[str], failed: dict[str, Refusal], events: list[Event]) -> Answer:
    """The answer where some may fail: HTTP 206 with 131201 (Meta: groups errors), the error itself if all do."""
    if not failed:
        return Answer(body=_PRODUCT | {name: done}, events=events)
    if not done:
        raise Refused(next(iter(failed.values())))
    shown = [{"join_request_id": one, "errors": wire.errors([refusal])} for one, refusal in failed.items()]
    whole = wire.errors([Refusal(code=131201)])
    body = _PRODUCT | {name: done, "failed_join_requests": shown, "errors": whole}
    return Answer(body=body, events=events, status=206)


def _group(call: Call) -> Group:
    return call.world.groups[call.node]


def _alive(call: Call) -> Group:
    group = _group(call)
    check_registered(call.world.numbers[group.phone_number_id])
    groups.check_alive(group)
    return group


def _told(call: Call, group: Group, field: str, kind: str, **more: Any) -> Event:
    number = call.world.numbers[group.phone_number_id]
    return announced(call.world, call.now, field, wire.value(number, call.now, kind, group.id, **more), number)
