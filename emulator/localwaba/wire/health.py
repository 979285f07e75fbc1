"""`health_status`: which of the things that a message passes through would stop it, computed from their state."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain.model import App, Business, PhoneNumber, Template, Waba
from localwaba.domain.registration import USABLE_NAMES
from localwaba.domain.world import World

_RANK = {"AVAILABLE": 0, "LIMITED": 1, "BLOCKED": 2}
_SENDING = frozenset({"CONNECTED", "FLAGGED", "RATE_LIMITED"})
_BANNED = frozenset({"BANNED", "DISABLED", "DELETED"})
_NAME_PENDING = (
    "Your display name has not been approved yet. Your message limit will increase after the display name is approved."
)


class Trouble(NamedTuple):
    """One reason why a thing cannot send, or not much; `code` 0: a remark, not an error."""

    level: str
    code: int
    description: str
    solution: str = ""


_BANNED_WABA = Trouble(
    "BLOCKED",
    141014,
    "The WABA is banned.",
    "Please visit Business Support Home for more details (https://business.facebook.com/accountquality) on how to "
    "appeal the ban.",
)
_UNVERIFIED_BUSINESS = Trouble(
    "LIMITED",
    141010,
    "The Business has not passed business verification.",
    "Visit business settings and start or resolve the business verification request.",
)
_UNAPPROVED_TEMPLATE = Trouble(
    "BLOCKED",
    141002,
    "Message templates can only be sent out if they are approved.",
    "Edit or appeal the message template review decision.",
)


def health_status(
    world: World, app_id: str, waba: Waba, *, number: PhoneNumber | None = None, template: Template | None = None
) -> dict[str, Any]:
    """The health of a number, a template or an account: every thing on the way, and the worst of them as the whole.

    Source: Meta's health status page; codes and sentences are those of its samples.
    """
    entities: list[dict[str, Any]] = []
    if number is not None:
        entities.append(_entity("PHONE_NUMBER", number.id, _number_troubles(number)))
    if template is not None:
        troubles = [] if template.status == "APPROVED" else [_UNAPPROVED_TEMPLATE]
        entities.append(_entity("MESSAGE_TEMPLATE", template.id, troubles))
    banned = waba.status in _BANNED or waba.review_status == "REJECTED"
    entities.append(_entity("WABA", waba.id, [_BANNED_WABA] if banned else []))
    business: Business | None = world.businesses.get(waba.business_id)
    if business is not None:
        troubles = [] if business.verification_status == "verified" else [_UNVERIFIED_BUSINESS]
        entities.append(_entity("BUSINESS", business.id, troubles))
    app: App | None = world.apps.get(app_id)
    if app is not None:
        entities.append(_entity("APP", app.id, []))
    worst = max((entity["can_send_message"] for entity in entities), key=_RANK.__getitem__)
    return {"can_send_message": worst, "entities": entities}


def _number_troubles(number: PhoneNumber) -> list[Trouble]:
    troubles: list[Trouble] = []
    if not number.registered:
        troubles.append(Trouble("BLOCKED", 133010, "Account not registered", "Register the phone number."))
    elif number.status not in _SENDING:
        troubles.append(Trouble("BLOCKED", 131031, f"The phone number is {number.status}."))
    if number.name_status not in USABLE_NAMES:
        troubles.append(Trouble("LIMITED", 0, _NAME_PENDING))
    return troubles


def _entity(kind: str, id: str, troubles: list[Trouble]) -> dict[str, Any]:
    level = max((trouble.level for trouble in troubles), key=_RANK.__getitem__, default="AVAILABLE")
    entity: dict[str, Any] = {"entity_type": kind, "id": id, "can_send_message": level}
    errors = [
        {"error_code": code, "error_description": description, "possible_solution": solution}
        for _, code, description, solution in troubles
        if code
    ]
    remarks = [trouble.description for trouble in troubles if not trouble.code]
    if errors:
        entity["errors"] = errors
    if remarks:
        entity["additional_info"] = remarks
    return entity
