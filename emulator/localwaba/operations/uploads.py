"""Resumable uploads: samples of templates and profile pictures get their handle here."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import refuse
from localwaba.domain.events import Put
from localwaba.domain.media import JOINT, new_handle, new_session, session_seal
from localwaba.domain.model import UploadSession
from localwaba.operations.call import Answer, Call, missing, unknown_object


def create_upload_session(call: Call) -> Answer:
    """Begins an upload of a file whose length (bytes) and type are known."""
    session = new_session(
        call.ids,
        call.now,
        call.node,
        file_name=call.text("file_name", ""),
        file_length=int(call.text("file_length")),
        file_type=call.text("file_type"),
    )
    return Answer(body={"id": _full_id(call, session)}, events=[Put(at=call.now, thing=session)])


def upload_file_data(call: Call) -> Answer:
    """Takes bytes from where the upload has come to; with the last of them, the answer is the handle."""
    session = _session(call)
    given = call.headers.get(b"file_offset")
    if given is None:
        raise missing("file_offset")
    offset = _offset(given.decode("latin-1").strip())
    blob = call.files["data"]
    received = session.received + blob.size
    if offset != session.received:
        why = f"file_offset is {offset}, but {session.received} bytes have come: ask GET /{session.id} where to go on"
        return _trouble(412, "OffsetInvalidError", "Request starting offset is invalid", why)
    if received > session.file_length:
        why = f"{received} bytes have come, but file_length is {session.file_length}: nothing of this request was kept"
        return _trouble(400, "PartialRequestError", _PARTIAL, why, retriable=False)
    changed = session
    if blob.size:
        changed = replace(session, received=received, blob=JOINT.join(filter(None, (session.blob, blob.name))))
    if received < session.file_length:
        why = f"{received} of {session.file_length} bytes have come: send the rest with file_offset {received}"
        answer = _trouble(206, "PartialRequestError", _PARTIAL, why)
    else:
        user_id = call.token.user_id if call.token else ""
        changed = replace(changed, handle=new_handle(call.world, session, user_id, call.now))
        answer = Answer(body={"h": changed.handle})
    answer.events = [Put(at=call.now, thing=changed)]
    return answer


def get_upload_session(call: Call) -> Answer:
    """How many bytes have come, which is where to go on."""
    session = _session(call)
    return Answer(body={"id": _full_id(call, session), "file_offset": session.received})


_PARTIAL = "Partial request (did not match length of file)"


def _trouble(status: int, kind: str, message: str, why: str, *, retriable: bool = True) -> Answer:
    """What Meta's upload hosts answer when bytes and length differ (captured on rupload.facebook.com)."""
    body: dict[str, Any] = {"debug_info": {"retriable": retriable, "type": kind, "message": message}}
    return Answer(body=body, status=status, warning=why)


def _full_id(call: Call, session: UploadSession) -> str:
    return f"{session.id}?sig={session_seal(call.world, session)}"


def _session(call: Call) -> UploadSession:
    """The upload of the call; a signature, if there is one, has to be its own."""
    session = call.world.uploads.get(call.node)
    if session is None or call.text("sig", session_seal(call.world, session)) != session_seal(call.world, session):
        raise unknown_object(call.method, call.node)
    return session


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise refuse(100, message="Param file_offset must be an integer.", rule="type", why=f"file_offset is {text!r}")
    return int(text)
