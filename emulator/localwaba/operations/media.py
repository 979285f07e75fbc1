"""Media: upload, look up, delete."""

from __future__ import annotations

from localwaba.domain.events import Removed
from localwaba.domain.media import find_media, is_unstored, keep_media, new_media
from localwaba.domain.media_kinds import check_upload
from localwaba.domain.model import Media
from localwaba.domain.urls import media_url
from localwaba.operations.call import SUCCESS, Answer, Call, missing, unknown_object


def upload_media(call: Call) -> Answer:
    """Takes a file for later messages. What is declared is judged now, what the bytes are when it is sent."""
    call.text("messaging_product")
    file = call.files.get("file")
    if file is None:
        raise missing("file")
    check_upload(file.mime_type, file.size)
    ttl = call.params.get("ttl_minutes")
    media = new_media(
        call.world,
        call.ids,
        call.now,
        call.node,
        mime_type=file.mime_type,
        sha256=file.sha256,
        size=file.size,
        blob=file.name,
        head=file.head,
        filename=file.filename,
        ttl_minutes=int(ttl) if ttl is not None else None,
    )
    warning = ""
    if ttl is not None and not is_unstored(call.world.numbers[call.node]):
        warning = "ttl_minutes only counts for numbers without storage (storage_configuration): ignored"
    return Answer(body={"id": media.id}, events=keep_media(media, call.now), warning=warning)


def get_media(call: Call) -> Answer:
    """What a medium is, and where its bytes can be fetched for five minutes."""
    media = _medium(call)
    return Answer(
        body={
            "url": media_url(call.world, media.id, call.now, base_url=call.base_url),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": media.size,
            "id": media.id,
            "messaging_product": "whatsapp",
        }
    )


def delete_media(call: Call) -> Answer:
    """Forgets a medium; its id is unknown from then on."""
    media = _medium(call)
    return Answer(body=SUCCESS, events=[Removed(at=call.now, kind="Media", id=media.id)])


def _medium(call: Call) -> Media:
    """The medium of the call, of the number that `phone_number_id` names, if it names one."""
    media = find_media(call.world, call.node, call.now, call.text("phone_number_id", ""))
    if media is None:
        raise unknown_object(call.method, call.node)
    return media
