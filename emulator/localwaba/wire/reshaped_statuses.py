"""Statuses in other shapes."""

from __future__ import annotations

from collections.abc import Callable

from localwaba.domain.ids import Ids, derive
from localwaba.wire.reshaped import Json, Part, Scene

_GENERAL = {
    "code": 131000,
    "title": "Something went wrong",
    "message": "Something went wrong",
    "error_data": {"details": "Message failed to send because of an unknown error."},
}


def _unknown_message(scene: Scene) -> list[Part] | None:
    if not scene.statuses:
        return None
    other, ids = scene.copy(), Ids(scene.world.seed, int(scene.delivery.id[:8], 16))
    for status in other.statuses:
        status["id"] = ids.wamid(str(status.get("recipient_id", "")), outbound=True)
        status.pop("biz_opaque_callback_data", None)
    return [Part(other.body), Part(scene.body)]


def _new_status(scene: Scene) -> list[Part] | None:
    for status in scene.statuses:
        status["status"] = "archived"
    return [] if scene.statuses else None


def _other_version(scene: Scene) -> list[Part] | None:
    found = False
    for status in scene.statuses:
        pricing = status.get("pricing")
        if status.pop("conversation", None) is not None:
            found = True
        elif isinstance(pricing, dict):
            status["conversation"], found = _conversation(scene, status, str(pricing.get("category"))), True
            status["pricing"] = status.pop("pricing")  # it stands behind
    return [] if found else None


def _conversation(scene: Scene, status: Json, category: str) -> Json:
    conversation: Json = {"id": derive(scene.world.seed, f"conversation {status.get('id')}").hex()}
    if status.get("status") == "sent":
        conversation["expiration_timestamp"] = status.get("timestamp")
    return conversation | {"origin": {"type": category.replace("-", "_")}}


def _new_category(scene: Scene) -> list[Part] | None:
    priced = [one["pricing"] for one in scene.statuses if isinstance(one.get("pricing"), dict)]
    for pricing in priced:
        pricing["category"] = "general_purpose_ai"
    return [] if priced else None


def _documented_contacts(scene: Scene) -> list[Part] | None:
    if not scene.statuses:
        return None
    if any(status.get("status") == "failed" for status in scene.statuses):
        for value in scene.values:
            value.pop("contacts", None)
        return []
    for contact in scene.contacts:
        user = scene.user(contact)
        if user is not None:
            rest = {name: member for name, member in contact.items() if name != "profile"}
            contact.clear()
            contact.update({"profile": {"name": user.name}} | rest)
    return []


def _failures(scene: Scene) -> list[Json]:
    return [one for one in scene.statuses if isinstance(one.get("errors"), list) and one["errors"]]


def _several_errors(scene: Scene) -> list[Part] | None:
    for status in _failures(scene):
        status["errors"] = [_GENERAL, *status["errors"]]
    return [] if _failures(scene) else None


def _old_errors(scene: Scene) -> list[Part] | None:
    for status in _failures(scene):
        status["errors"] = [{"code": one.get("code"), "title": one.get("title")} for one in status["errors"]]
    return [] if _failures(scene) else None


def _old_participant(scene: Scene) -> list[Part] | None:
    there = [status for status in scene.statuses if "recipient_participant_id" in status]
    for status in there:
        status["participant_recipient_id"] = status.pop("recipient_participant_id")
    return [] if there else None


SHAPES: dict[str, Callable[[Scene], list[Part] | None]] = {
    "unknown_message": _unknown_message,
    "new_status": _new_status,
    "other_version": _other_version,
    "new_category": _new_category,
    "documented_contacts": _documented_contacts,
    "several_errors": _several_errors,
    "old_errors": _old_errors,
    "old_participant": _old_participant,
}
"""By its name, what makes the shape: parts, none for the scene as it is now, None where nothing is to be done."""
