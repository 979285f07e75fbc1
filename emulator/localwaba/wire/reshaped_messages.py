"""Users' messages in other shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from localwaba.domain import urls
from localwaba.domain.clock import SECOND
from localwaba.domain.ids import Ids, derive_number
from localwaba.domain.inbound import MEDIA_TYPES
from localwaba.domain.numbers import NAMING_RULES, Form
from localwaba.wire.reshaped import Json, Part, Scene, of_type

_GHOST_AHEAD = 200  # milliseconds, as in a production incident of July 2026
_EXPIRED = 600 * SECOND
_UNWRITTEN = frozenset({"reaction", "request_welcome", "system"})
"""What brings no content that could be missing, and opens no window: no placeholder of it has been seen."""
_HEAD = ("context", "referral", "from", "from_user_id", "from_parent_user_id", "group_id", "id", "timestamp")
_AWKWARD = ' caf\u00e9 \u00e4\u00f6\u00e5 / 50% a@b.c <tag> & "\u00bfs\u00ed?" \U0001f62e'
_VCARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Sample Person\nTEL;TYPE=CELL:+1 650 555 0100\nEND:VCARD"


def _error(code: int, title: str, details: str) -> Json:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}


_UNSUPPORTED = _error(131051, "Message type unknown", "Message type is currently not supported.")
_UNAVAILABLE = _error(131060, "This message is unavailable.", "This message is currently unavailable.")
_OLD = {"code": 131051, "details": "Message type is not currently supported", "title": "Unsupported message type"}
_UNREADABLE = _error(131000, "Something went wrong", "Unsupported webhook payload")
_LOST = "Webhook could not be delivered within data retention limit"


# who it is about


def _no_profile(scene: Scene) -> list[Part] | None:
    return _without(scene.contacts, "profile")


def _without(items: list[Json], *names: str) -> list[Part] | None:
    there = [one for one in items if any(name in one for name in names)]
    for one in there:
        for name in names:
            one.pop(name, None)
    return [] if there else None


def _no_contacts(scene: Scene) -> list[Part] | None:
    return _without([value for value in scene.values if "messages" in value or "statuses" in value], "contacts")


def _no_phone(scene: Scene) -> list[Part] | None:
    found = False
    for items, phone, name in (
        (scene.contacts, "wa_id", "user_id"),
        (scene.messages, "from", "from_user_id"),
        (scene.statuses, "recipient_id", "recipient_user_id"),
    ):
        for item in items:
            user = scene.user(item)
            if user is None or phone not in item:
                continue
            found = True
            if name not in item:
                item[name] = user.user_id
            if isinstance(item.get("profile"), dict):
                item["profile"]["username"] = user.username or f"user.{user.wa_id[-4:]}"
            del item[phone]
    return [] if found else None


def _other_number(scene: Scene) -> list[Part] | None:
    found = False
    for items, name in ((scene.contacts, "wa_id"), (scene.messages, "from"), (scene.statuses, "recipient_id")):
        for item in items:
            other = other_form(str(item.get(name, "")))
            if other:
                item[name], found = other, True
    return [] if found else None


def other_form(wa_id: str) -> str:
    """How else an account's number is written in its country; empty where there is only one form."""
    for rule in NAMING_RULES.get(wa_id[:2], ()):
        match = re.fullmatch(rule.wa_id, wa_id)
        if match:
            form: Form = rule.forms[0]
            return "".join(part if isinstance(part, str) else match[part] for part in form.from_wa_id)
    return ""


def _foreign_number(scene: Scene) -> list[Part] | None:
    if not scene.messages:
        return None
    other = scene.copy()
    seed, ids = scene.world.seed, Ids(scene.world.seed, int(scene.delivery.id[:8], 16))
    for entry in other.body["entry"]:
        entry["id"] = derive_number(seed, "foreign account", 15)
    digits, number_id = derive_number(seed, "foreign number", 7), derive_number(seed, "foreign number id", 15)
    for value in other.values:
        value["metadata"] = {"display_phone_number": f"1555{digits}", "phone_number_id": number_id}
    for message in other.messages:
        message["id"] = ids.wamid(str(message.get("from", "")), outbound=False)
        message.pop("context", None)
    return [Part(other.body), Part(scene.body)]


# what they send


def _replace(scene: Scene, tail: Json) -> list[Part] | None:
    """Every message that somebody wrote, with nothing but its head and this tail."""
    written = [message for message in scene.messages if message.get("type") not in _UNWRITTEN]
    for message in written:
        head = {name: message[name] for name in _HEAD if name in message}
        message.clear()
        message.update(head | tail)
    return [] if written else None


def _unsupported(scene: Scene) -> list[Part] | None:
    return _replace(scene, {"errors": [_UNSUPPORTED], "type": "unsupported", "unsupported": {"type": "unknown"}})


def _unsupported_bare(scene: Scene) -> list[Part] | None:
    return _replace(scene, {"errors": [_UNSUPPORTED], "type": "unsupported"})


def _unknown_type(scene: Scene) -> list[Part] | None:
    return _replace(scene, {"errors": [_OLD], "type": "unknown"})


def _unavailable_first(scene: Scene) -> list[Part] | None:
    ghost = scene.copy()
    tail = {"errors": [_UNAVAILABLE], "type": "unsupported", "unsupported": {"type": "unknown"}}
    if _replace(ghost, tail) is None:
        return None
    return [Part(ghost.body), Part(scene.body, _GHOST_AHEAD)]


def _new_type(scene: Scene) -> list[Part] | None:
    return _replace(scene, {"type": "hologram", "hologram": {"id": "1", "depth": 3}})


def _no_context(scene: Scene) -> list[Part] | None:
    return _without([one for one in scene.messages if one.get("type") in ("button", "interactive")], "context")


def _reactions(scene: Scene) -> list[Json]:
    return [one["reaction"] for one in of_type(scene, "reaction") if isinstance(one["reaction"], dict)]


def _reaction_empty(scene: Scene) -> list[Part] | None:
    for reaction in _reactions(scene):
        reaction["emoji"] = ""
    return [] if _reactions(scene) else None


def _reaction_bare(scene: Scene) -> list[Part] | None:
    return _without(_reactions(scene), "emoji")


def _interactive_empty(scene: Scene) -> list[Part] | None:
    if _without(of_type(scene, "interactive"), "interactive") is None:
        return None
    for value in scene.values:
        value["errors"] = [_UNREADABLE]
    return []


def _media(scene: Scene) -> list[tuple[Json, Json]]:
    """Messages with a file, and its object."""
    found = [(one, one.get(str(one.get("type")))) for one in scene.messages if one.get("type") in MEDIA_TYPES]
    return [(message, file) for message, file in found if isinstance(file, dict) and "id" in file]


def _no_media_url(scene: Scene) -> list[Part] | None:
    return _without([file for _, file in _media(scene)], "url")


def _old_media_url(scene: Scene) -> list[Part] | None:
    there = [(message, file) for message, file in _media(scene) if "url" in file]
    for message, file in there:
        at = int(message["timestamp"]) * SECOND - int(scene.world.policy.url_seconds * SECOND) - _EXPIRED
        file["url"] = urls.media_url(scene.world, str(file["id"]), at, source="webhook")
    return [] if there else None


def _cards(scene: Scene) -> list[Json]:
    lists = [one["contacts"] for one in of_type(scene, "contacts") if isinstance(one["contacts"], list)]
    return [card for cards in lists for card in cards if isinstance(card, dict)]


def _card_localised(scene: Scene) -> list[Part] | None:
    lists = [card["phones"] for card in _cards(scene) if isinstance(card.get("phones"), list)]
    phones = [phone for found in lists for phone in found if isinstance(phone, dict)]
    for phone in phones:
        phone["type"] = "Cellulare"
    return [] if phones else None


def _card_without_phones(scene: Scene) -> list[Part] | None:
    return _without(_cards(scene), "phones")


def _card_without_name(scene: Scene) -> list[Part] | None:
    return _without(_cards(scene), "name")


def _card_vcard_only(scene: Scene) -> list[Part] | None:
    for card in _cards(scene):
        card.clear()
        card.update({"origin": "other", "vcard": _VCARD})
    return [] if _cards(scene) else None


def _awkward_text(scene: Scene) -> list[Part] | None:
    if not scene.messages:
        return None
    texts: list[tuple[Any, str]] = [(one.get("text"), "body") for one in scene.messages]
    texts += [(one.get(str(one.get("type"))), "caption") for one in scene.messages]
    texts += [(one.get("profile"), "name") for one in scene.contacts]
    for thing, name in texts:
        if isinstance(thing, dict) and isinstance(thing.get(name), str):
            thing[name] += _AWKWARD
    return []


def _content_lost(scene: Scene) -> list[Part] | None:
    values = [value for value in scene.values if "messages" in value] if scene.messages else []
    for value in values:
        value.pop("contacts", None)
        del value["messages"]
        value["errors"] = [_error(131035, _LOST, _LOST)]
    return [] if values else None


SHAPES: dict[str, Callable[[Scene], list[Part] | None]] = {
    "no_profile": _no_profile,
    "no_contacts": _no_contacts,
    "no_phone": _no_phone,
    "other_number": _other_number,
    "foreign_number": _foreign_number,
    "unsupported": _unsupported,
    "unsupported_bare": _unsupported_bare,
    "unknown_type": _unknown_type,
    "unavailable_first": _unavailable_first,
    "new_type": _new_type,
    "no_context": _no_context,
    "reaction_empty": _reaction_empty,
    "reaction_bare": _reaction_bare,
    "interactive_empty": _interactive_empty,
    "no_media_url": _no_media_url,
    "old_media_url": _old_media_url,
    "card_localised": _card_localised,
    "card_without_phones": _card_without_phones,
    "card_without_name": _card_without_name,
    "card_vcard_only": _card_vcard_only,
    "awkward_text": _awkward_text,
    "content_lost": _content_lost,
}
"""By its name, what makes the shape: parts, none for the scene as it is now, None where nothing is to be done."""
