"""What users are and do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localwaba.domain.inbound import MEDIA_TYPES
from localwaba.domain.media_kinds import kind_of
from localwaba.domain.model import Media
from localwaba.http.control_requests import Ask, Row, parse
from localwaba.http.ports import Blobs
from localwaba.http.uploads import read_multipart
from localwaba.operations.call import Blob
from localwaba.operations.inbound_contents import kind_in
from localwaba.operations.mistakes import Mistake, nearest
from localwaba.operations.user_actions import act
from localwaba.operations.users import attach, describe, meet, wa_id_in, write
from localwaba.wire import views


async def list_users(ask: Ask) -> Any:
    """`GET /users`."""
    now, world = ask.host.now(), ask.host.world
    return {"users": [views.user(world, user, now) for user in world.users.values()]}


async def show_user(ask: Ask) -> Any:
    """`GET /users/{wa_id}`."""
    world = ask.host.world
    wa_id = wa_id_in(world, ask.part("wa_id"))
    user = world.users.get(wa_id)
    if user is None:
        raise Mistake(
            f"nobody has met {wa_id} yet: PUT makes a user, so does a message{nearest(wa_id, world.users)}", 404
        )
    return views.user(world, user, ask.host.now())


async def put_user(ask: Ask) -> Any:
    """`PUT /users/{wa_id}`: a synthetic user."""
    body = await ask.body()
    world, now, ids = ask.host.world, ask.host.now(), ask.host.world.ids()
    user, events = describe(world, now, wa_id_in(world, ask.part("wa_id")), body, ask.host.name_for)
    ask.decide(events, ids)
    return views.user(world, user, now)


async def send_message(ask: Ask) -> Any:
    """`POST /users/{wa_id}/messages`: the user writes."""
    content, files = await _read_message(ask)
    host = ask.host
    world, now, ids = host.world, host.now(), host.world.ids()
    kind = kind_in(content)
    blob = files.get("file")
    if blob is not None and kind not in MEDIA_TYPES:
        raise Mistake(f"a message of type {kind} has no file")
    user, events = meet(world, now, wa_id_in(world, ask.part("wa_id")), host.name_for)
    media: Media | None = None
    if kind in MEDIA_TYPES:
        media = attach(world, ids, now, content, blob or _sample(host.blobs, content, kind))
    written = write(world, ids, now, user, content, media)
    ask.decide([*events, *written.events], ids)
    if written.why:
        return {"message_id": written.message_id, "arrives": False, "why": written.why}
    return {"message_id": written.message_id}


async def _read_message(ask: Ask) -> tuple[dict[str, Any], Mapping[str, Blob]]:
    """The message, as JSON or as the part `message` beside the part `file`."""
    content_type = ask.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return await ask.body(), {}
    params, files = await read_multipart(ask.request.receive, content_type, ask.host.blobs)
    unknown = sorted((params.keys() | files.keys()) - {"message", "file"})
    if unknown:
        raise Mistake(f"the parts are `message` and `file`, not {unknown[0]!r}")
    given: Any = params.get("message")
    if "message" in files:  # a part with a file name, or a type of its own
        part = files["message"]
        given = part.head if part.size == len(part.head) else b"too long"
    if isinstance(given, (str, bytes)):
        given = parse(given)
    if given is None or given == {}:
        if "file" not in files:
            raise Mistake('send the part `message` (JSON such as {"type":"image"}) and the part `file`')
        given = {"type": kind_of(files["file"].mime_type)}
    if not isinstance(given, dict):
        raise Mistake("the part `message` is to be one JSON object")
    return given, files


def _sample(blobs: Blobs, content: dict[str, Any], kind: str) -> Blob:
    """A small valid file for those who have none."""
    from localwaba.domain.media_samples import sample

    given = content.get(kind)
    variant = "animated" if kind == "sticker" and isinstance(given, dict) and given.get("animated") is True else ""
    found = sample(kind, variant)
    writer = blobs.writer()
    writer.write(found.content)
    return writer.finish(found.mime, found.filename)


async def perform_action(ask: Ask) -> Any:
    """`POST /users/{wa_id}/actions`: what users do besides writing."""
    body = await ask.body()
    world, now, ids = ask.host.world, ask.host.now(), ask.host.world.ids()
    user, events = meet(world, now, wa_id_in(world, ask.part("wa_id")), ask.host.name_for)
    deed = act(world, ids, now, user, body)
    ask.decide([*events, *deed.events], ids)
    return deed.result


async def show_inbox(ask: Ask) -> Any:
    """`GET /users/{wa_id}/inbox`: what that user's phone shows."""
    ask.only("phone_number_id")
    world, now = ask.host.world, ask.host.now()
    wa_id = wa_id_in(world, ask.part("wa_id"))
    number_id = ask.text("phone_number_id")
    if number_id and number_id not in world.numbers:
        raise Mistake(f"this world has no phone_number_id {number_id!r}; it has {', '.join(world.numbers)}")
    user = world.users.get(wa_id)
    chats = views.user(world, user, now)["chats"] if user else []
    return {
        "wa_id": wa_id,
        "name": user.name if user else "",
        "messages": views.inbox(world, wa_id, number_id),
        "chats": [chat for chat in chats if not number_id or chat["phone_number_id"] == number_id],
    }


ROWS = (
    Row("GET", "/users", list_users),
    Row("GET", "/users/{wa_id}", show_user),
    Row("PUT", "/users/{wa_id}", put_user),
    Row("POST", "/users/{wa_id}/messages", send_message),
    Row("POST", "/users/{wa_id}/actions", perform_action),
    Row("GET", "/users/{wa_id}/inbox", show_inbox),
)
