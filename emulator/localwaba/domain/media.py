"""Uploaded and received files: how long they live, whose they are, and what processing finds wrong with them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import blake2b
from typing import Literal

from localwaba.domain.agenda import ExpireMedia
from localwaba.domain.clock import DAY, MINUTE, SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, Put, Removed, Scheduled
from localwaba.domain.ids import Ids
from localwaba.domain.media_kinds import DOCUMENT, KIND_MIMES, check_processing, kind_of
from localwaba.domain.model import Media, PhoneNumber, UploadSession
from localwaba.domain.world import World

UNSTORED_MINUTES = 60  # the life of a medium of a number without storage, where nobody says otherwise
HANDLE_LIFE = 4 * DAY  # not published; captured handles end less than six days after their files were made
JOINT = "+"  # between the names of the blobs that make up one file


def new_media(
    world: World,
    ids: Ids,
    now: int,
    phone_number_id: str,
    *,
    mime_type: str,
    sha256: str,
    size: int,
    blob: str,
    head: bytes = b"",
    filename: str = "",
    source: Literal["upload", "webhook"] = "upload",
    ttl_minutes: int | None = None,
) -> Media:
    """A medium of a number, with the end of its life and with what processing will find wrong with it.

    `size` is in bytes, `head` the beginning of the content. Uploads live 30 days, what users sent 7 (policy knobs).
    """
    seconds = world.policy.uploaded_media_seconds if source == "upload" else world.policy.received_media_seconds
    life = int(seconds * SECOND)
    number = world.numbers.get(phone_number_id)
    if number is not None and is_unstored(number):
        life = (ttl_minutes or _retention(number)) * MINUTE
    return Media(
        id=ids.number(),
        phone_number_id=phone_number_id,
        mime_type=mime_type,
        sha256=sha256,
        size=size,
        blob=blob,
        filename=filename,
        source=source,
        created_at=now,
        expires_at=now + life,
        fault=check_processing(kind_of(mime_type), mime_type, head, size) if source == "upload" else None,
    )


def is_unstored(number: PhoneNumber) -> bool:
    """Whether a number keeps nothing (No Storage), so that `ttl_minutes` counts."""
    return _storage(number).get("status") == "NO_STORAGE_ENABLED"


def _storage(number: PhoneNumber) -> dict[str, object]:
    found = number.settings.get("storage_configuration")
    return found if isinstance(found, dict) else {}


def retention(number: PhoneNumber) -> int:
    """For how many milliseconds a number without storage keeps what it has not delivered."""
    return _retention(number) * MINUTE


def _retention(number: PhoneNumber) -> int:
    minutes = _storage(number).get("retention_minutes")
    return minutes if isinstance(minutes, int) and minutes > 0 else UNSTORED_MINUTES


def keep_media(media: Media, now: int) -> list[Event]:
    """A medium is there, and will be gone one day."""
    return [Put(at=now, thing=media), expiry(media, now)]


def expiry(media: Media, now: int) -> Scheduled:
    """The appointment for the end of a medium's life."""
    return Scheduled(at=now, due=media.expires_at, item=ExpireMedia(media.id))


def expire_media(world: World, media_id: str, now: int) -> list[Event]:
    """A medium's time has come: it is gone, unless it already was."""
    media = world.media.get(media_id)
    if media is None or now < media.expires_at:
        return []
    return [Removed(at=now, kind="Media", id=media_id)]


def find_media(world: World, media_id: str, now: int, phone_number_id: str = "") -> Media | None:
    """The medium of an id while it lives, and only if it belongs to the number, where one is given."""
    media = world.media.get(media_id)
    if media is None or (media.expires_at and now >= media.expires_at):
        return None
    if phone_number_id and media.phone_number_id != phone_number_id:
        return None
    return media


def fault_of(media: Media, kind: str, *, voice: bool = False) -> Refusal | None:
    """What fails, asynchronously, when a medium is sent as this kind; `voice` is the flag of an audio message.

    The bytes were judged at upload, as the kind that their type is for; here they can no longer be looked into. Kinds
    that say nothing of the file, such as `template`, get that judgement too.
    """
    if kind == DOCUMENT:
        return None
    if kind not in KIND_MIMES or (kind == kind_of(media.mime_type) and media.fault is not None):
        return media.fault
    return check_processing(kind, media.mime_type, b"", media.size, voice=voice)


def new_session(ids: Ids, now: int, app_id: str, *, file_name: str, file_length: int, file_type: str) -> UploadSession:
    """A resumable upload of which nothing has come yet; `file_length` is in bytes."""
    name = ids.hexadecimal()
    uuid = "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:]))
    return UploadSession(
        id="upload:" + b64encode(f"1:attachment:{uuid}".encode()).decode(),
        app_id=app_id,
        file_name=file_name,
        file_length=file_length,
        file_type=file_type,
        created_at=now,
    )


def session_seal(world: World, session: UploadSession) -> str:
    """The `sig` behind a session's id."""
    return _seal(world, session.id, 20)


def new_handle(world: World, session: UploadSession, user_id: str, now: int) -> str:
    """What a finished upload is called in templates and profiles.

    Version, file name, type, seal, `e`, end of life (unix seconds), app, user, seal (captured handles).
    """
    name = b64encode(session.file_name.encode()).decode()
    mime = b64encode(session.file_type.encode()).decode()
    end = (now + HANDLE_LIFE) // SECOND
    seals = (_seal(world, f"{session.id} {end}", 45), _seal(world, f"{session.id} {end} {user_id}", 24))
    return f"4:{name}:{mime}:{seals[0]}:e:{end}:{session.app_id}:{user_id}:{seals[1]}"


def find_handle(world: World, handle: str, now: int | None = None, app_id: str = "") -> UploadSession | None:
    """The upload that a handle stands for; None if it was not made here, has ended, or is another app's."""
    session = next((one for one in world.uploads.values() if handle and one.handle == handle), None)
    if session is None or (app_id and session.app_id != app_id):
        return None
    if now is not None and now >= int(handle.split(":")[5]) * SECOND:
        return None
    return session


def _seal(world: World, text: str, size: int) -> str:
    secret = world.apps[world.app_id].secret.encode()[:64]
    return "AR" + urlsafe_b64encode(blake2b(text.encode(), key=secret, digest_size=size).digest()).decode().rstrip("=")
