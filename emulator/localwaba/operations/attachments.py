"""Media ids inside messages."""

from __future__ import annotations

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.model import PhoneNumber
from localwaba.operations.call import Call


def is_own_media(call: Call, number: PhoneNumber, media_id: str) -> bool:
    """Whether a media id is there and was uploaded for, or received by, a number of the same account."""
    media = call.world.media.get(media_id)
    if media is None:
        return False
    owner = call.world.numbers.get(media.phone_number_id)
    return owner is not None and owner.waba_id == number.waba_id


def bad_media(path: str, media_id: str) -> Refused:
    """The refusal of a media id that is foreign, expired or made up; `path` is Graph's name of the value."""
    return refuse(
        100,
        message=f"Param {path} is not a valid whatsapp business account media attachment ID",
        rule="media",
        why=f"this account has no media {media_id}: never uploaded, deleted, or expired",
        fix="upload the file with POST /{phone_number_id}/media and send the id it answers",
    )
