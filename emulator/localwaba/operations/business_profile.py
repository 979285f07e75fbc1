"""What users see of a business."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import refuse
from localwaba.domain.events import Event, Put, Removed
from localwaba.domain.media import find_handle
from localwaba.domain.model import Media, PhoneNumber
from localwaba.domain.profiles import number_of_profile
from localwaba.operations.call import SUCCESS, Answer, Call, unknown_object
from localwaba.operations.viewing import show, view_of
from localwaba.wire.fields import read_fields
from localwaba.wire.nodes import render
from localwaba.wire.profiles import PROFILE, PROFILE_NODE

_TEXTS = ("about", "address", "description", "email")
_PICTURES = frozenset({"image/jpeg", "image/jpg", "image/png"})


def get_business_profile(call: Call) -> Answer:
    """`GET /{phone}/whatsapp_business_profile`: a list of one; empty attributes are left out."""
    selection = read_fields(call.params.get("fields"))
    shown = render(PROFILE, view_of(call), call.world.numbers[call.node], selection)
    return Answer(body={"data": [shown | {"messaging_product": "whatsapp"}]})


def get_business_profile_node(call: Call) -> Answer:
    """`GET /{profile}`: the profile itself, with what it has."""
    return show(call, PROFILE_NODE, _number(call))


def update_business_profile_node(call: Call) -> Answer:
    """`POST /{profile}`: as by the edge of its number."""
    return _update(call, _number(call))


def _number(call: Call) -> PhoneNumber:
    number = number_of_profile(call.world, call.node)
    if number is None:
        raise unknown_object(call.method, call.node)
    return number


def update_business_profile(call: Call) -> Answer:
    """`POST /{phone}/whatsapp_business_profile`: attributes that are not named stay as they are."""
    return _update(call, call.world.numbers[call.node])


def _update(call: Call, number: PhoneNumber) -> Answer:
    params = call.params
    changes: dict[str, Any] = {name: str(params[name]) for name in _TEXTS if name in params}
    if "vertical" in params:
        changes["vertical"] = str(params["vertical"]).upper()
    if "websites" in params:
        changes["websites"] = tuple(str(url) for url in params["websites"])
    events: list[Event] = []
    if params.get("profile_picture_handle"):
        picture = _picture(call, number, call.text("profile_picture_handle"))
        if number.profile.profile_picture_url in call.world.media:
            events.append(Removed(at=call.now, kind="Media", id=number.profile.profile_picture_url))
        changes["profile_picture_url"] = picture.id
        events.append(Put(at=call.now, thing=picture))
    changed = replace(number, profile=replace(number.profile, **changes))
    return Answer(body=SUCCESS, events=[*events, Put(at=call.now, thing=changed)])


def _picture(call: Call, number: PhoneNumber, handle: str) -> Media:
    session = find_handle(call.world, handle, call.now, call.app.id)
    if session is None or session.file_type not in _PICTURES:
        raise refuse(
            131009,
            "Uploaded media handle is invalid",
            subcode=2494102,
            rule="profile.picture",
            why="no finished upload has this handle" if session is None else f"{session.file_type} is no picture",
            fix="POST /{app}/uploads, then send the bytes: `h` is the handle",
        )
    return Media(
        id=call.ids.number(15),
        phone_number_id=number.id,
        mime_type=session.file_type,
        sha256=session.blob,
        size=session.file_length,
        blob=session.blob,
        filename=session.file_name,
        created_at=call.now,
    )
