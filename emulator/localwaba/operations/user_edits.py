"""A user edits or deletes what they wrote; only numbers that the WhatsApp Business app uses too are told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from localwaba.domain.clock import DAY, MINUTE
from localwaba.domain.inbound import Beside
from localwaba.domain.traffic import Message
from localwaba.operations.deeds import Deed, Scene, last, own
from localwaba.operations.mistakes import Mistake, text_of
from localwaba.operations.users import write
from localwaba.wire.choices import content

_CAPTIONED = frozenset({"image", "video", "document"})
EDITABLE_FOR = 15 * MINUTE
DELETABLE_FOR = 2 * DAY


def edit(scene: Scene) -> Deed:
    """Another text, or caption, for a message that is at most 15 minutes old (Meta: webhook reference, edit)."""
    text = text_of(scene.options, "text")
    if not text:
        raise Mistake('edit needs the new text or caption: {"action":"edit","text":"hi again"}')
    message = _target(scene, lambda one: one.type == "text" or one.type in _CAPTIONED)
    if message is None or not (message.type == "text" or message.type in _CAPTIONED):
        raise Mistake("only texts and captions can be edited; this user has sent none")
    if scene.now - message.at > EDITABLE_FOR:
        raise Mistake("a message can be edited for 15 minutes; send another one")
    edited = _edited(message, text)
    given: dict[str, Any] = {"type": "edit", "edit": {"original_message_id": message.id, "message": edited}}
    if not scene.world.numbers[message.phone_number_id].coexistence:
        given = {"type": "unsupported", "errors": [{"code": 131051}], "unsupported": {"type": "edit"}}
    return _tell(scene, message, given, {"edited": text})


def delete(scene: Scene) -> Deed:
    """A message that is at most two days old disappears for both sides (Meta: webhook reference, revoke)."""
    message = _target(scene, _is_there)
    if message is None or not _is_there(message):
        raise Mistake("this user has sent nothing that could be deleted")
    if scene.now - message.at > DELETABLE_FOR:
        raise Mistake("a message can be deleted for two days")
    given = {"type": "revoke", "revoke": {"original_message_id": message.id}}
    is_told = scene.world.numbers[message.phone_number_id].coexistence
    return _tell(scene, message, given, {"deleted": True}, silent=not is_told)


_NOTHING_TO_DELETE = frozenset({"system", "request_welcome", "reaction"})


def _is_there(message: Message) -> bool:
    """Whether a message is one that the phone shows by itself: no reaction, no change of another one."""
    return message.type not in _NOTHING_TO_DELETE and not message.shown


def _target(scene: Scene, fits: Callable[[Message], bool]) -> Message | None:
    given = text_of(scene.options, "message_id")
    return own(scene, given) if given else last(scene, fits, outbound=False)


def _edited(message: Message, text: str) -> dict[str, Any]:
    """The message as it is now, as `edit.message` says it."""
    body = content(message.body)
    head = {"context": {"id": "M0"}} if message.context_id else {}
    found = {"body": text} if message.type == "text" else {"caption": text} | _without_caption(body[message.type])
    return head | {"type": message.type, message.type: found}


def _without_caption(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "caption"}


def _tell(
    scene: Scene, message: Message, given: dict[str, Any], shown: dict[str, Any], *, silent: bool = False
) -> Deed:
    """What the app is told of a change of one message; the phone shows the change in any case."""
    media_id = message.media_id if given["type"] == "edit" else ""
    beside = Beside(media_id=media_id, about=message.id, shown=msgspec.json.encode(shown), silent=silent)
    to = {"phone_number_id": message.phone_number_id}
    written = write(scene.world, scene.ids, scene.now, scene.user, given | to, beside=beside)
    result: dict[str, Any] = {
        "message_id": None if silent else written.message_id,
        "original_message_id": message.id,
        "told": not silent and not written.why,
    }
    return Deed(result | ({"why": written.why} if written.why else {}), written.events)
