"""Media and resumable uploads as operations: what they answer, what they refuse, what they leave in the world."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.agenda import ExpireMedia
from localwaba.domain.applying import apply
from localwaba.domain.clock import DAY, MINUTE, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.events import Put
from localwaba.domain.media import expire_media, fault_of, find_handle, find_media
from localwaba.domain.media_samples import sample
from localwaba.domain.model import Media, UploadSession
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.operations.call import Answer, Blob, Call
from localwaba.operations.media import delete_media, get_media, upload_media
from localwaba.operations.table import OPERATIONS
from localwaba.operations.uploads import create_upload_session, get_upload_session, upload_file_data
from localwaba.versions.table import NEWEST

NOW = 1_767_268_800_000
JPEG = sample("image")


@pytest.fixture
def world() -> World:
    """A world as it is seeded."""
    return new_world("w", 7, NOW)


def file(content: bytes = JPEG.content, mime: str = "image/jpeg", name: str = "a.jpg") -> Blob:
    """A file that came with a request."""
    digest = hashlib.sha256(content).hexdigest()
    return Blob(digest, digest, len(content), mime, name, content[: 64 * 1024])


def perform(
    world: World,
    operation: Any,
    node: str,
    params: dict[str, Any] | None = None,
    *,
    now: int = NOW,
    method: str = "POST",
    files: dict[str, Blob] | None = None,
    headers: dict[bytes, bytes] | None = None,
) -> Answer:
    """Runs an operation and lets its events happen."""
    ids = world.ids()
    call = Call(
        world=world,
        now=now,
        ids=ids,
        traits=NEWEST,
        token=world.tokens[world.access_token],
        method=method,
        path=f"/{node}",
        node=node,
        edge="",
        tail="",
        params=params or {},
        raw=b"",
        files=files or {},
        base_url="http://there:1",
    )
    call.headers = headers or {}
    answer: Answer = operation(call)
    for event in answer.events:
        apply(world, event)
    world.drawn = ids.drawn
    return answer


def upload(world: World, blob: Blob | None = None, **params: Any) -> str:
    """The id of a medium just uploaded."""
    fields = {"messaging_product": "whatsapp", **params}
    answer = perform(world, upload_media, world.phone_number_id, fields, files={"file": blob or file()})
    return str(answer.body["id"])


def refusal_of(*given: Any, **named: Any) -> Any:
    """Why an operation refuses."""
    with pytest.raises(Refused) as caught:
        perform(*given, **named)
    return caught.value.refusal


# media


def test_operations_are_registered() -> None:
    """The six operations must be found by the names of the routes."""
    wanted = [upload_media, get_media, delete_media, create_upload_session, upload_file_data, get_upload_session]
    assert [OPERATIONS[operation.__name__] for operation in wanted] == wanted


def test_upload_and_look_up(world: World) -> None:
    """An uploaded file must be told of in Meta's key order, with a URL on the origin that the client used."""
    media_id = upload(world)
    assert re.fullmatch(r"\d{15}", media_id)
    body = perform(world, get_media, media_id, method="GET").body
    assert list(body) == ["url", "mime_type", "sha256", "file_size", "id", "messaging_product"]
    expiry = NOW // SECOND + 300
    assert body["url"].startswith(f"http://there:1/whatsapp_business/attachments/?mid={media_id}&ext={expiry}&hash=ATt")
    assert {key: body[key] for key in list(body)[1:]} == {
        "mime_type": "image/jpeg",
        "sha256": hashlib.sha256(JPEG.content).hexdigest(),
        "file_size": len(JPEG.content),
        "id": media_id,
        "messaging_product": "whatsapp",
    }


def test_what_is_missing_is_named_in_order(world: World) -> None:
    """Without product and file the product must be asked for first, then the file, even if it is there as text."""
    number = world.phone_number_id
    first = refusal_of(world, upload_media, number)
    second = refusal_of(world, upload_media, number, {"messaging_product": "whatsapp", "file": "@/a.jpg"})
    assert (first.code, first.message) == (100, "The parameter messaging_product is required.")
    assert (second.code, second.message, second.details) == (100, "The parameter file is required.", None)


def test_the_type_of_the_part_is_what_counts(world: World) -> None:
    """A part without a type of its own must be refused as bytes, whatever the field `type` says."""
    refusal = refusal_of(
        world,
        upload_media,
        world.phone_number_id,
        {"messaging_product": "whatsapp", "type": "image/jpeg"},
        files={"file": file(mime="application/octet-stream")},
    )
    assert refusal.code == 100
    assert refusal.message.startswith("Param file must be a file with one of the following types: audio/aac, ")
    assert refusal.message.endswith(" Received file of type 'application/octet-stream'.")


def test_an_uploaded_medium_lives_thirty_days(world: World) -> None:
    """A medium must be there until its thirtieth day ends, and then be gone by appointment."""
    media_id = upload(world)
    due = NOW + 30 * DAY
    assert [(at, item) for at, _, item in world.agenda] == [(due, ExpireMedia(media_id))]
    assert expire_media(world, media_id, due - 1) == []
    assert find_media(world, media_id, due - 1) is not None
    assert find_media(world, media_id, due) is None
    assert refusal_of(world, get_media, media_id, now=due, method="GET").subcode == 33
    for event in expire_media(world, media_id, due):
        apply(world, event)
    assert (media_id in world.media, media_id in world.nodes) == (False, False)
    assert expire_media(world, media_id, due) == []


@pytest.mark.parametrize(
    ("storage", "ttl", "life", "warned"),
    [
        (None, None, 30 * DAY, False),
        (None, 90, 30 * DAY, True),
        ({"status": "DEFAULT"}, 90, 30 * DAY, True),
        ({"status": "NO_STORAGE_ENABLED"}, None, 60 * MINUTE, False),
        ({"status": "NO_STORAGE_ENABLED", "retention_minutes": 120}, None, 120 * MINUTE, False),
        ({"status": "NO_STORAGE_ENABLED", "retention_minutes": 120}, 90, 90 * MINUTE, False),
    ],
)
def test_ttl_counts_for_numbers_without_storage(
    world: World, storage: dict[str, Any] | None, ttl: int | None, life: int, warned: bool
) -> None:
    """`ttl_minutes` must decide on a number without storage alone, and elsewhere be warned of."""
    number = world.numbers[world.phone_number_id]
    settings = {"storage_configuration": storage} if storage else {}
    apply(world, Put(at=NOW, thing=replace(number, settings=settings)))
    params = {"messaging_product": "whatsapp"} | ({"ttl_minutes": ttl} if ttl else {})
    answer = perform(world, upload_media, number.id, params, files={"file": file()})
    media = world.media[answer.body["id"]]
    assert (media.expires_at - NOW, bool(answer.warning)) == (life, warned)


def test_media_belong_to_their_number(world: World) -> None:
    """With another number's id a medium must be unknown, for reading and for deleting."""
    media_id = upload(world)
    right, wrong = {"phone_number_id": world.phone_number_id}, {"phone_number_id": "123"}
    for operation, method in ((get_media, "GET"), (delete_media, "DELETE")):
        refusal = refusal_of(world, operation, media_id, wrong, method=method)
        assert (refusal.code, refusal.subcode) == (100, 33)
        assert refusal.message.startswith(f"Unsupported {method.lower()} request. Object with ID '{media_id}' does")
    assert perform(world, get_media, media_id, right, method="GET").body["id"] == media_id
    assert perform(world, delete_media, media_id, right, method="DELETE").body == {"success": True}
    assert refusal_of(world, get_media, media_id, method="GET").subcode == 33


def test_false_content_fails_when_it_is_sent(world: World) -> None:
    """Bytes that are not what was declared must be taken, and remembered as a failure with 131053."""
    media_id = upload(world, file(b"GIF89a", "audio/mp4"))
    fault = world.media[media_id].fault
    assert fault is not None
    assert fault.code == 131053
    assert world.media[upload(world)].fault is None


def medium(mime: str, **given: Any) -> Media:
    """A medium of a type."""
    return Media(id="1", phone_number_id="2", mime_type=mime, sha256="", size=9, blob="", **given)


@pytest.mark.parametrize(
    ("mime", "kind", "voice", "fails"),
    [
        ("image/jpeg", "image", False, False),
        ("image/jpeg", "document", False, False),
        ("image/jpeg", "template", False, False),
        ("image/jpeg", "audio", False, True),
        ("image/webp", "image", False, True),
        ("image/webp", "sticker", False, False),
        ("application/pdf", "video", False, True),
        ("audio/ogg; codecs=opus", "audio", True, False),
        ("audio/mp4", "audio", False, False),
        ("audio/mp4", "audio", True, True),
    ],
)
def test_media_sent_as_another_kind(mime: str, kind: str, voice: bool, fails: bool) -> None:
    """A medium must fail as a kind that its type is not for."""
    assert (fault_of(medium(mime), kind, voice=voice) is not None) == fails


# resumable uploads


def begin(world: World, length: int = 6, name: str = "a b.png") -> str:
    """The id of an upload just begun, with its signature."""
    params = {"file_name": name, "file_length": length, "file_type": "image/png"}
    return str(perform(world, create_upload_session, world.app_id, params).body["id"])


def send(world: World, full_id: str, offset: str | None, content: bytes, *, now: int = NOW) -> Answer:
    """Sends bytes to an upload."""
    node, _, signature = full_id.partition("?sig=")
    headers = {} if offset is None else {b"file_offset": offset.encode()}
    files = {"data": file(content)}
    return perform(world, upload_file_data, node, {"sig": signature}, headers=headers, files=files, now=now)


def offset_of(world: World, full_id: str) -> int:
    """How far an upload has come."""
    node, _, signature = full_id.partition("?sig=")
    body = perform(world, get_upload_session, node, {"sig": signature}, method="GET").body
    assert body["id"] == full_id
    return int(body["file_offset"])


def test_an_upload_at_once(world: World) -> None:
    """All bytes in one request must be answered with a handle that carries name, type, end, app and user."""
    full_id = begin(world)
    assert re.fullmatch(r"upload:[A-Za-z0-9=]+\?sig=AR[\w-]+", full_id)
    handle = send(world, full_id, "0", b"sample").body["h"]
    version, name, mime, seal, letter, end, app, user, last = handle.split(":")
    assert (version, letter, app) == ("4", "e", world.app_id)
    assert (base64.b64decode(name), base64.b64decode(mime)) == (b"a b.png", b"image/png")
    assert user == world.tokens[world.access_token].user_id
    assert (seal[:2], last[:2]) == ("AR", "AR")
    assert int(end) * SECOND > NOW
    assert offset_of(world, full_id) == 6


def test_an_upload_in_pieces(world: World) -> None:
    """Bytes in several requests must add up, with the offset to go on from in between."""
    full_id = begin(world)
    part = send(world, full_id, "0", b"sam")
    assert (part.status, part.body["debug_info"]["type"]) == (206, "PartialRequestError")
    assert offset_of(world, full_id) == 3
    assert send(world, full_id, "0", b"sam").status == 412
    assert "h" in send(world, full_id, "3", b"ple").body
    session = world.uploads[full_id.partition("?")[0]]
    assert session.blob == f"{file(b'sam').name}+{file(b'ple').name}"


@pytest.mark.parametrize(("offset", "content"), [("1", b"sample"), ("6", b""), ("999999999999999999", b"x")])
def test_wrong_offsets_change_nothing(world: World, offset: str, content: bytes) -> None:
    """Bytes for another place than the next must be turned away."""
    full_id = begin(world)
    answer = send(world, full_id, offset, content)
    expected = {"retriable": True, "type": "OffsetInvalidError", "message": "Request starting offset is invalid"}
    assert (answer.status, answer.body) == (412, {"debug_info": expected})
    assert offset_of(world, full_id) == 0


def test_more_bytes_than_announced_change_nothing(world: World) -> None:
    """A file that is longer than announced must get no handle."""
    full_id = begin(world, 5)
    answer = send(world, full_id, "0", b"sample")
    assert (answer.status, "h" in answer.body) == (400, False)
    assert offset_of(world, full_id) == 0


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (None, "The parameter file_offset is required."),
        ("", "Param file_offset must be an integer."),
        ("-1", "Param file_offset must be an integer."),
        ("²", "Param file_offset must be an integer."),
        ("9" * 5000, "Param file_offset must be an integer."),
    ],
)
def test_the_offset_has_to_be_a_number(world: World, offset: str | None, message: str) -> None:
    """Without a whole number as offset the request must be refused."""
    with pytest.raises(Refused) as caught:
        send(world, begin(world), offset, b"sample")
    assert (caught.value.refusal.code, caught.value.refusal.message) == (100, message)


def test_a_wrong_signature_is_an_unknown_upload(world: World) -> None:
    """An upload must not answer to a signature that is not its own."""
    node = begin(world).partition("?")[0]
    assert refusal_of(world, get_upload_session, node, {"sig": "ARx"}, method="GET").subcode == 33
    assert perform(world, get_upload_session, node, method="GET").body["file_offset"] == 0


def test_a_handle_is_found_while_it_lives(world: World) -> None:
    """A handle must lead to its upload, until it ends, for its own app, letter by letter."""
    full_id = begin(world)
    handle = str(send(world, full_id, "0", b"sample").body["h"])
    end = int(handle.split(":")[5]) * SECOND
    found = find_handle(world, handle)
    assert isinstance(found, UploadSession)
    assert (found.id, found.file_type) == (full_id.partition("?")[0], "image/png")
    assert find_handle(world, handle, end - 1, world.app_id) == found
    assert find_handle(world, handle, end) is None
    assert find_handle(world, handle, NOW, "123") is None
    assert [find_handle(world, wrong) for wrong in ("", handle[:-1], "4::x", "123456789012345")] == [None] * 4


def test_an_unfinished_upload_has_no_handle(world: World) -> None:
    """An empty handle must not find an upload that has none yet."""
    begin(world)
    assert find_handle(world, "") is None
