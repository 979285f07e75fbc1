"""`health_status`: which of the things that a message passes through would stop it, computed from their state.

Codes and sentences are those of Meta's samples where there is one (141002, 141006, 141010, 141014, the display name);
where a send would be refused with another code, that code is the entity's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain.account_state import (
    BUSINESS_INITIATED,
    USER_INITIATED,
    UTILITY_RATE,
    UTILITY_TEMPLATES,
    Restriction,
)
from localwaba.domain.enforcement import closed, is_active
from localwaba.domain.model import App, Business, PhoneNumber, Template, Waba
from localwaba.domain.names import USABLE
from localwaba.domain.senders import ABSENT, HELD, is_provided
from localwaba.domain.world import World
from localwaba.wire.moments import day

_RANK = {"AVAILABLE": 0, "LIMITED": 1, "BLOCKED": 2}
_BANNED = frozenset({"BANNED", "DELETED", "DISABLED"})
_NAME_PENDING = (
    "Your display name has not been approved yet. Your message limit will increase after the display name is approved."
)


class Trouble(NamedTuple):
    """One reason why a thing cannot send, or not much; `code` 0: a remark, not an error."""

    level: str
    code: int
    description: str
    solution: str = ""


_APPEAL = (
    "Please visit Business Support Home for more details (https://business.facebook.com/accountquality) on how to "
    "appeal the ban."
)
_BANNED_WABA = Trouble("BLOCKED", 141014, "The WABA is banned.", _APPEAL)
_UNPAID = Trouble(
    "BLOCKED",
    141006,
    "There is an error with the payment method. This will block business initiated conversations.",
    "There was an error with your payment method. Please add a new payment method to the account.",
)
_NAME_NEEDED = Trouble(
    "BLOCKED",
    131037,
    "WhatsApp provided number needs display name approval before message can be sent.",
    "Wait for the approval of the display name, or ask for another one.",
)
_DEVELOPMENT = Trouble("LIMITED", 0, "The app is in development mode: it gets no webhooks of production data.")
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
    world: World,
    app_id: str,
    waba: Waba,
    *,
    now: int,
    number: PhoneNumber | None = None,
    template: Template | None = None,
) -> dict[str, Any]:
    """The health of a number, a template or an account: every thing on the way, and the worst of them as the whole.

    Source: Meta's health status page; codes and sentences are those of its samples.
    """
    entities: list[dict[str, Any]] = []
    if number is not None:
        entities.append(_entity("PHONE_NUMBER", number.id, _number_troubles(world, number)))
    if template is not None:
        troubles = [] if template.status == "APPROVED" else [_UNAPPROVED_TEMPLATE]
        entities.append(_entity("MESSAGE_TEMPLATE", template.id, troubles))
    entities.append(_entity("WABA", waba.id, _account_troubles(world, waba, now)))
    business: Business | None = world.businesses.get(waba.business_id)
    if business is not None:
        entities.append(_entity("BUSINESS", business.id, _business_troubles(world, business, now)))
    app: App | None = world.apps.get(app_id)
    if app is not None:
        entities.append(_entity("APP", app.id, [_DEVELOPMENT] if app.in_development else []))
    worst = max((entity["can_send_message"] for entity in entities), key=_RANK.__getitem__)
    return {"can_send_message": worst, "entities": entities}


def _number_troubles(world: World, number: PhoneNumber) -> list[Trouble]:
    troubles: list[Trouble] = []
    if not number.registered or number.status in ABSENT:
        troubles.append(Trouble("BLOCKED", 133010, "Account not registered", "Register the phone number."))
    elif number.status == "BANNED":
        troubles.append(Trouble("BLOCKED", 131031, "The phone number is banned.", _APPEAL))
    elif number.status in HELD:
        troubles.append(Trouble("LIMITED", 0, f"The phone number is {number.status}: it can only answer users."))
    if number.name_status not in USABLE:
        is_refused = is_provided(number) and world.policy.unapproved_name == "refuse"
        troubles.append(_NAME_NEEDED if is_refused else Trouble("LIMITED", 0, _NAME_PENDING))
    return troubles


def _account_troubles(world: World, waba: Waba, now: int) -> list[Trouble]:
    standing = world.standings.get(waba.id)
    if waba.status in _BANNED or waba.review_status == "REJECTED" or (standing and closed(standing, now)):
        return [_BANNED_WABA]
    if standing is None:
        return []
    troubles: list[Trouble] = []
    restrictions = standing.restrictions
    active = [kind for kind in restrictions if is_active(standing, kind, now)]
    sending = [kind for kind in (BUSINESS_INITIATED, USER_INITIATED) if kind in active]
    if len(sending) > 1:
        longest = max((restrictions[kind] for kind in sending), key=lambda one: (not one.until, one.until))
        code = world.policy.restriction_code if longest.until else 131031
        troubles.append(_restricted("send messages", longest)._replace(level="BLOCKED", code=code, solution=_APPEAL))
    elif sending:
        verb = "initiate conversations" if sending == [BUSINESS_INITIATED] else "answer users"
        troubles.append(_restricted(verb, restrictions[sending[0]]))
    troubles += [_restricted(verb, restrictions[kind]) for kind, verb in _UTILITY if kind in active]
    if standing.countries:
        names = ", ".join(standing.countries)
        troubles.append(Trouble("LIMITED", 0, f"The WABA is restricted from messaging users in {names}."))
    return [*troubles, _UNPAID] if standing.unpaid_since else troubles


_UTILITY = ((UTILITY_RATE, "send utility messages without a cap"), (UTILITY_TEMPLATES, "use utility templates"))


def _restricted(verb: str, one: Restriction) -> Trouble:
    end = f" until {day(one.until)}" if one.until else ""
    return Trouble("LIMITED", 0, f"The WABA is restricted: it cannot {verb}{end}.")


def _business_troubles(world: World, business: Business, now: int) -> list[Trouble]:
    troubles = [] if business.verification_status == "verified" else [_UNVERIFIED_BUSINESS]
    until = world.quality.barred.get(business.id, 0)
    if now < until:
        description = f"The business cannot send templates until {day(until)}: its portfolio is under review."
        troubles.append(Trouble("LIMITED", 0, description))
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
