"""QR codes and short links that open a chat with a message ready to be sent (`message_qrdls`)."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.errors import invalid_parameter
from localwaba.domain.events import Put, Removed
from localwaba.domain.ids import Ids
from localwaba.domain.model import QrCode
from localwaba.operations.call import SUCCESS, Answer, Call
from localwaba.operations.viewing import view_of
from localwaba.wire.fields import read_fields
from localwaba.wire.nodes import render
from localwaba.wire.paging import page
from localwaba.wire.qr_codes import QR_CODE, with_image

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LENGTH = 14


def create_qr_code(call: Call) -> Answer:
    """`POST /{phone}/message_qrdls`: a new one, or with `code` another text for one that is there."""
    message = call.text("prefilled_message")
    code = call.params.get("code")
    if code:
        changed = replace(_find(call, str(code)), prefilled_message=message)
        return Answer(body=render(QR_CODE, view_of(call), changed), events=[Put(at=call.now, thing=changed)])
    image = call.text("generate_qr_image", "").upper()
    made = QrCode(
        id=_new_code(call.ids),
        phone_number_id=call.node,
        prefilled_message=message,
        created_at=call.now,
    )
    view = view_of(call)
    body = render(QR_CODE, view, made) | (with_image(view, made, image) if image else {})
    return Answer(body=body, events=[Put(at=call.now, thing=made)])


def _new_code(ids: Ids) -> str:
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in ids.draw()[:_LENGTH])


def _find(call: Call, code: str) -> QrCode:
    found = call.world.qr_codes.get(code)
    if found is None or found.phone_number_id != call.node:
        raise invalid_parameter(
            rule="qr_codes",
            why=f"this number has no QR code {code!r}",
            fix="take the code from the answer that made it, or from GET /{phone}/message_qrdls",
        )
    return found


def list_qr_codes(call: Call) -> Answer:
    """`GET /{phone}/message_qrdls`: the newest first; with `code` only that one."""
    view, selection = view_of(call), read_fields(call.params.get("fields"))
    wanted = call.params.get("code")
    found = [one for one in call.world.qr_codes.values() if one.phone_number_id == call.node]
    body = page(
        [one for one in reversed(found) if not wanted or one.id == wanted],
        {name: value for name, value in call.params.items() if name != "code"},
        f"{view.url}/{call.node}/message_qrdls",
        call.traits,
        render=lambda one: render(QR_CODE, view, one, selection),
        access_token=view.access_token,
    )
    return Answer(body=body)


def get_qr_code(call: Call) -> Answer:
    """`GET /{phone}/message_qrdls/{code}`: a list even of one."""
    found = _find(call, call.tail)
    return Answer(body={"data": [render(QR_CODE, view_of(call), found, read_fields(call.params.get("fields")))]})


def delete_qr_code(call: Call) -> Answer:
    """`DELETE /{phone}/message_qrdls/{code}`: the link leads nowhere from now on."""
    found = _find(call, call.tail)
    return Answer(body=SUCCESS, events=[Removed(at=call.now, kind="QrCode", id=found.id)])
