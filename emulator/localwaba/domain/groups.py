"""Groups of a business number and up to eight users (Meta: groups, 2025-2026): who is in, who may come in."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from msgspec.structs import replace

from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.ids import Ids
from localwaba.domain.model import Group, JoinRequest, PhoneNumber
from localwaba.domain.world import World

PARTICIPANTS = 8
"""Users in a group, the business not counted."""
SMALLEST_PICTURE = 192
LARGEST_PICTURE = 5 * 1024 * 1024
LINK = "https://chat.whatsapp.com/"
_WHATSAPP = "1203634"  # how the numbers of WhatsApp's own groups begin


def new_group(
    world: World, ids: Ids, number: PhoneNumber, now: int, *, subject: str, description: str, mode: str
) -> Group:
    """A group with nobody in it yet; refused where the number may have none (131215) or no more (131211)."""
    if number.coexistence:
        raise refuse(
            131215,
            rule="groups.number",
            why=f"{number.display} is used in the WhatsApp Business app too: such numbers cannot have groups",
        )
    limit = world.policy.groups_per_number
    if limit is not None and sum(one.phone_number_id == number.id for one in world.groups.values()) >= limit:
        raise refuse(
            131211,
            rule="groups.limit",
            why=f"{number.display} has {limit} groups already (knob groups_per_number)",
            fix="delete a group first",
        )
    whatsapp = _WHATSAPP + ids.number(11)
    return Group(
        id=_encoded(f"capi_group:{number.digits}:{whatsapp}"),
        phone_number_id=number.id,
        number=whatsapp,
        subject=subject,
        description=description,
        join_approval_mode=mode,
        link=new_link(ids),
        created_at=now,
    )


def _encoded(text: str) -> str:
    """Base64 as Meta writes it in ids: the padding is `ZD`, a Z is `ZA` (decoded examples)."""
    return b64encode(text.encode()).decode().replace("Z", "ZA").replace("=", "ZD")


def new_link(ids: Ids) -> str:
    """What follows the address in an invite link."""
    return ids.text(22).replace("-", "x").replace("_", "y")


def check_alive(group: Group) -> None:
    """Refuses whatever a suspended group cannot do (131207)."""
    if group.suspended:
        raise refuse(
            131207,
            rule="groups.suspended",
            why=f"Meta has suspended the group {group.subject!r}",
            fix=f'PATCH /_localwaba/groups/{group.id} {{"suspended":false}}',
        )


def by_link(world: World, link: str) -> Group | None:
    """The group that an invite link leads to."""
    code = link.removeprefix(LINK)
    return next((group for group in world.groups.values() if group.link == code), None)


def joined(group: Group, wa_ids: Sequence[str]) -> Group:
    """The group with more people in it, whose requests are done with."""
    new = tuple(wa_id for wa_id in wa_ids if wa_id not in group.participants)
    waiting = tuple(request for request in group.requests if request.wa_id not in wa_ids)
    return replace(group, participants=(*group.participants, *new), requests=waiting)


def left(group: Group, wa_ids: Sequence[str]) -> Group:
    """The group without some people."""
    return replace(group, participants=tuple(one for one in group.participants if one not in wa_ids))


def asked(group: Group, wa_id: str, now: int) -> tuple[Group, JoinRequest]:
    """The group with one more request to join it."""
    request = JoinRequest(id=b64encode(f"{wa_id}:{group.number}".encode()).decode(), wa_id=wa_id, at=now)
    return replace(group, requests=(*group.requests, request)), request


def withdrawn(group: Group, ids: Sequence[str]) -> Group:
    """The group without some requests."""
    return replace(group, requests=tuple(one for one in group.requests if one.id not in ids))


def find_requests(group: Group, ids: Sequence[str]) -> tuple[list[JoinRequest], dict[str, Refusal]]:
    """The requests with these ids, and why others are none (131213)."""
    known = {request.id: request for request in group.requests}
    absent = {one: _no_request(one) for one in ids if one not in known}
    return [known[one] for one in dict.fromkeys(ids) if one in known], absent


def _no_request(request_id: str) -> Refusal:
    return Refusal(code=131213, rule="groups.request", why=f"nobody asks to join with the request {request_id!r}")


def admit(group: Group, requests: Sequence[JoinRequest]) -> tuple[list[JoinRequest], dict[str, Refusal]]:
    """Those for whom there is room, in the order in which they are named; 131204 for the others."""
    room = max(0, PARTICIPANTS - len(group.participants))
    why = f"a group has {PARTICIPANTS} participants at most, and {group.subject!r} is full"
    full = Refusal(code=131204, rule="groups.full", why=why, fix="remove somebody first")
    return list(requests[:room]), {request.id: full for request in requests[room:]}


def check_picture(mime_type: str, size: int, width: int, height: int) -> None:
    """Refuses what cannot be the picture of a group: no JPEG, too big, not square (131209), too small (131210)."""
    fix = f"send a square JPEG of {SMALLEST_PICTURE} pixels or more and 5 MB at most"
    if mime_type != "image/jpeg" or size > LARGEST_PICTURE:
        why = f"the picture is {mime_type} of {size} bytes"
        raise Refused(Refusal(code=100, details="Parameter Invalid", message="Invalid parameter", why=why, fix=fix))
    if width != height:
        raise refuse(131209, rule="groups.picture", why=f"the picture is {width} x {height} pixels", fix=fix)
    if width < SMALLEST_PICTURE:
        raise refuse(131210, rule="groups.picture", why=f"the picture is {width} pixels wide", fix=fix)


def rename(group: Group, old: str, new: str) -> Group:
    """The group after one of its participants has changed the number."""
    return replace(group, participants=tuple(new if one == old else one for one in group.participants))
