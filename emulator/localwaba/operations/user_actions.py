"""What users do besides writing: they read, tap, block, opt out, pay, edit, change their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from localwaba.domain import quality, statuses
from localwaba.domain.events import StatusReached
from localwaba.domain.ids import Ids
from localwaba.domain.model import User
from localwaba.domain.quality_state import FeedbackGiven, Kind
from localwaba.domain.traffic import Message
from localwaba.domain.world import World
from localwaba.operations import call_actions, group_actions
from localwaba.operations.announcements import announced
from localwaba.operations.deeds import Deed, Scene, last, received
from localwaba.operations.mistakes import Mistake, choice_of, nearest, object_of, only, text_of
from localwaba.operations.user_edits import delete, edit
from localwaba.operations.user_identity import change_identity, change_number
from localwaba.operations.user_payments import clicked, pay
from localwaba.operations.users import number_in, write
from localwaba.wire import user_webhooks
from localwaba.wire.choices import Choice, answer, choices, content
from localwaba.wire.moments import iso

_BLOCK_REASONS = (
    "NO_LONGER_NEEDED",
    "NO_REASON",
    "NO_REASON_GIVEN",
    "NO_SIGN_UP",
    "OFFENSIVE_MESSAGES",
    "OTHER",
    "OTP_DID_NOT_REQUEST",
    "SPAM",
    "UNKNOWN_BLOCK_REASON",
)


def act(world: World, ids: Ids, now: int, user: User, options: dict[str, Any]) -> Deed:
    """The user does `options["action"]`; the other members say to what."""
    name = text_of(options, "action")
    if name not in _ACTIONS:
        raise Mistake(f"there is no action {name!r}{nearest(name, _ACTIONS)}")
    do, known = _ACTIONS[name]
    only(options, ("action", "phone_number_id", *known), f"the action {name}")
    number = number_in(world, text_of(options, "phone_number_id"))
    return do(Scene(world, ids, now, user, number, options))


def _read(scene: Scene) -> Deed:
    if "group_id" in scene.options:
        return group_actions.read(scene)
    upto = text_of(scene.options, "message_id")
    if upto:
        received(scene, upto)
    events = statuses.read_all(scene.world, scene.number.id, scene.user.wa_id, scene.now, upto)
    return Deed({"read": [event.message_id for event in events if isinstance(event, StatusReached)]}, events)


def _play(scene: Scene) -> Deed:
    given = text_of(scene.options, "message_id")
    message = received(scene, given) if given else last(scene, _is_voice)
    if message is None or not _is_voice(message):
        raise Mistake("only voice messages are played (type audio with voice true); this user has none to play")
    if message.status == "played":
        return Deed({"message_id": message.id, "changed": False}, [])
    events = statuses.read_all(scene.world, scene.number.id, scene.user.wa_id, scene.now, message.id)
    events.append(StatusReached(at=scene.now, message_id=message.id, status="played"))
    return Deed({"message_id": message.id, "changed": True}, events)


def _is_voice(message: Message) -> bool:
    audio = content(message.body).get("audio") if message.type == "audio" else None
    return isinstance(audio, dict) and audio.get("voice") is True


def _tap(scene: Scene) -> Deed:
    result: dict[str, Any]
    given = text_of(scene.options, "message_id")
    message = received(scene, given) if given else last(scene, lambda one: bool(choices(one, scene.user.behaviour)))
    if message is None:
        raise Mistake(f"nothing with buttons was sent to {scene.user.wa_id} yet")
    choice = _find_choice(scene.options, message, choices(message, scene.user.behaviour))
    if not choice.answers:
        if choice.until and scene.now >= choice.until:
            raise Mistake(f"the button {choice.title!r} is off since {iso(choice.until)[11:19]}: the code is too old")
        events = clicked(scene, message) if choice.kind == "url" else []
        result = {"message_id": None, "tapped": choice.title, "opens": choice.opens}
        return Deed(result | ({"app": choice.app} if choice.app else {}), events)
    response = object_of(scene.options, "response") or {}
    reply = answer(choice, message, scene.now, response)
    written = write(scene.world, scene.ids, scene.now, scene.user, reply | {"phone_number_id": message.phone_number_id})
    result = {"message_id": written.message_id, "tapped": choice.title}
    return Deed(result | ({"why": written.why} if written.why else {}), written.events)


def _find_choice(options: dict[str, Any], message: Message, there: list[Choice]) -> Choice:
    """What the action names by `title`, `id` or `payload`."""
    if not there:
        raise Mistake(f"{message.id} is a {message.type} message: there is nothing to tap")
    wanted = {name: text_of(options, name) for name in ("title", "id", "payload") if options.get(name) is not None}
    if not wanted:
        raise Mistake(f"say what to tap by title, id or payload; there is {_titles(there)}")
    for choice in there:
        if all(getattr(choice, name) == value for name, value in wanted.items()):
            return choice
    from difflib import get_close_matches

    name, value = next(iter(wanted.items()))
    near = get_close_matches(value.lower(), [getattr(choice, name).lower() for choice in there], n=3, cutoff=0.4)
    close = [choice for choice in there if getattr(choice, name).lower() in near]
    raise Mistake(
        f"no button or row has {name} {value!r}; {'did you mean' if close else 'there is'} "
        f"{_titles(close or there, name)}{'?' if close else ''}"
    )


def _titles(there: list[Choice], name: str = "title") -> str:
    return ", ".join(repr(getattr(choice, name) or choice.title) for choice in there)


def _block(scene: Scene) -> Deed:
    events = scene.change(replace(scene.pair, blocked_by_user=True))
    if events:
        events.append(_feedback(scene, "block"))
    return Deed({"blocked": True, "changed": bool(events)}, events)


def _feedback(scene: Scene, kind: Kind) -> FeedbackGiven:
    """What the user does tells against the number, and against the template that it sent them last."""
    reason = choice_of(scene.options, "reason", _BLOCK_REASONS) or ""
    return quality.feedback(scene.world, scene.number.id, scene.user.wa_id, kind, scene.now, reason)


def _report(scene: Scene) -> Deed:
    given = _feedback(scene, "report")
    return Deed({"reported": True, "template_id": given.template_id or None}, [given])


def _mute(scene: Scene) -> Deed:
    return Deed({"muted": True}, [_feedback(scene, "mute")])


def _archive(scene: Scene) -> Deed:
    return Deed({"archived": True}, [_feedback(scene, "archive")])


def _unblock(scene: Scene) -> Deed:
    events = scene.change(replace(scene.pair, blocked_by_user=False))
    return Deed({"blocked": False, "changed": bool(events)}, events)


def _stop_marketing(scene: Scene) -> Deed:
    return _prefer(scene, "stop", "User requested to stop marketing messages")


def _resume_marketing(scene: Scene) -> Deed:
    return _prefer(scene, "resume", "User requested to resume marketing messages")


def _prefer(scene: Scene, value: str, detail: str) -> Deed:
    """The user turns marketing messages off or on; the business is told (Meta: user_preferences)."""
    events = scene.change(replace(scene.pair, marketing_stopped=value == "stop"))
    if events:
        told = user_webhooks.preferences(scene.world, scene.number, scene.user, value, detail, scene.now)
        events.append(announced(scene.world, scene.now, "user_preferences", told, scene.number))
        if value == "stop":
            events.append(_feedback(scene, "stop_marketing"))
    return Deed({"marketing_stopped": value == "stop", "changed": bool(events)}, events)


def _type(scene: Scene) -> Deed:
    return Deed({"typing": True, "note": "the platform tells nobody that a user is typing"}, [])


def _scan(scene: Scene) -> Deed:
    """The user scans a QR code or opens a short link, and sends the message that is ready there."""
    given = text_of(scene.options, "code").rpartition("/")[2]
    code = scene.world.qr_codes.get(given)
    if code is None:
        raise Mistake(f"the code {given!r} leads nowhere{nearest(given, scene.world.qr_codes)}")
    content = {"type": "text", "text": {"body": code.prefilled_message}, "phone_number_id": code.phone_number_id}
    written = write(scene.world, scene.ids, scene.now, scene.user, content)
    result: dict[str, Any] = {"message_id": written.message_id, "text": code.prefilled_message}
    return Deed(result | ({"why": written.why} if written.why else {}), written.events)


_TARGET = ("message_id",)
_ACTIONS: dict[str, tuple[Callable[[Scene], Deed], tuple[str, ...]]] = {
    "read": (_read, (*_TARGET, "group_id")),
    "play": (_play, _TARGET),
    "tap": (_tap, ("message_id", "title", "id", "payload", "response")),
    "block": (_block, ("reason",)),
    "report": (_report, ("reason",)),
    "mute": (_mute, ()),
    "archive": (_archive, ()),
    "unblock": (_unblock, ()),
    "stop_marketing": (_stop_marketing, ()),
    "resume_marketing": (_resume_marketing, ()),
    "type": (_type, ()),
    "change_number": (change_number, ("to",)),
    "change_identity": (change_identity, ()),
    "edit": (edit, ("message_id", "text")),
    "delete": (delete, _TARGET),
    "pay": (pay, ("message_id", "status", "method")),
    "scan": (_scan, ("code",)),
    **group_actions.ACTIONS,
    **call_actions.ACTIONS,
}
