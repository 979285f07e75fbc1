"""Be Meta: judge templates, rate numbers, turn knobs. Each acts as if Meta had done it, webhooks included."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain.agenda import UnpauseTemplate
from localwaba.domain.clock import HOUR, SECOND
from localwaba.domain.events import Event, PolicyChanged, Put, Scheduled, TemplateJudged
from localwaba.domain.model import Business, PhoneNumber, Template
from localwaba.domain.policy import Policy, patch
from localwaba.domain.world import World
from localwaba.operations.announcements import about, announced
from localwaba.operations.mistakes import Mistake, choice_of, nearest, object_of, only, text_of

STATUSES = (
    "APPROVED",
    "ARCHIVED",
    "DELETED",
    "DISABLED",
    "FLAGGED",
    "IN_APPEAL",
    "LIMIT_EXCEEDED",
    "LOCKED",
    "PAUSED",
    "PENDING",
    "PENDING_DELETION",
    "REINSTATED",
    "REJECTED",
    "UNARCHIVED",
)
"""Events of `message_template_status_update` (Meta: its webhook reference)."""

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
QUALITIES = ("GREEN", "RED", "UNKNOWN", "YELLOW")
LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": -1,
}
"""Messaging limits of a portfolio, and the number that webhooks say."""

_REASONS = (
    "ABUSIVE_CONTENT",
    "CATEGORY_NOT_AVAILABLE",
    "INCORRECT_CATEGORY",
    "INVALID_FORMAT",
    "NONE",
    "PROMOTIONAL",
    "SCAM",
    "TAG_CONTENT_MISMATCH",
)
_KEEPING = frozenset({"FLAGGED", "LOCKED"})  # events that leave the status as it is
_REVIVING = frozenset({"REINSTATED", "UNARCHIVED"})
_PAUSES = ((3 * HOUR, "FIRST_PAUSE"), (6 * HOUR, "SECOND_PAUSE"))
_NUMBER_STATUSES = (
    "BANNED",
    "CONNECTED",
    "DELETED",
    "DISCONNECTED",
    "FLAGGED",
    "MIGRATED",
    "PENDING",
    "RATE_LIMITED",
    "RESTRICTED",
    "UNKNOWN",
    "UNVERIFIED",
)
_NAME_STATUSES = ("APPROVED", "AVAILABLE_WITHOUT_REVIEW", "DECLINED", "EXPIRED", "NONE", "PENDING_REVIEW")
_DECISIONS = {"APPROVED": "APPROVED", "DECLINED": "REJECTED", "PENDING_REVIEW": "PENDING"}
_MOST = 10_000_000_000  # no knob makes sense beyond


def patch_template(world: World, now: int, template_id: str, changes: dict[str, Any]) -> list[Event]:
    """Meta changes a template's quality, category or status, in this order."""
    template = template_in(world, template_id)
    only(changes, ("status", "reason", "rejection_info", "category", "quality_score"), "a template's patch")
    status = choice_of(changes, "status", STATUSES)
    reason = choice_of(changes, "reason", _REASONS)
    info = _texts(object_of(changes, "rejection_info"))
    if status is None and (reason or info):
        raise Mistake('a reason goes with a status, as in {"status":"REJECTED","reason":"SCAM"}')
    events: list[Event] = []
    quality = choice_of(changes, "quality_score", QUALITIES)
    if quality and quality != template.quality_score:
        told = {"previous_quality_score": template.quality_score, "new_quality_score": quality} | about(template)
        template = replace(template, quality_score=quality, quality_at=now)
        events += [Put(at=now, thing=template), _tell(world, now, template, "message_template_quality_update", told)]
    category = choice_of(changes, "category", CATEGORIES)
    if category and category != template.category:
        told = about(template) | {"previous_category": template.category, "new_category": category}
        template = replace(template, previous_category=template.category, category=category, correct_category="")
        events += [Put(at=now, thing=template), _tell(world, now, template, "template_category_update", told)]
    if status:
        events += judge(world, now, template, status, reason, info)
    return events


def judge(
    world: World, now: int, template: Template, status: str, reason: str | None, info: dict[str, str]
) -> list[Event]:
    """A template gets to a status by Meta's hand, with what follows from it."""
    if status == "PAUSED":
        return _pause(world, now, template)
    if status == "DISABLED":
        extra = {"disable_info": {"disable_date": now // SECOND}}
        about_it = {"title": "DISABLED", "description": "This template was disabled for its quality."}
        disabled = replace(template, status="DISABLED", updated_at=now)
        return _announce(world, now, disabled, "DISABLED", extra | {"other_info": about_it})
    if status in _KEEPING:
        return _announce(world, now, template, status, {})
    if status in _REVIVING:
        return _announce(world, now, replace(template, status="APPROVED", updated_at=now), status, {})
    if reason is None:
        reason = {"REJECTED": "INVALID_FORMAT", "PENDING_DELETION": ""}.get(status, "NONE")
    return [TemplateJudged(at=now, template_id=template.id, status=status, reason=reason, rejection_info=info)]


def _pause(world: World, now: int, template: Template) -> list[Event]:
    """Three hours the first time, six every other time; then it is approved again (Meta: template pausing)."""
    length, title = _PAUSES[min(template.pauses, len(_PAUSES) - 1)]
    text = f"This template is paused for {length // HOUR} hours because of its quality."
    paused = replace(template, status="PAUSED", pauses=template.pauses + 1, updated_at=now)
    events = _announce(world, now, paused, "PAUSED", {"other_info": {"title": title, "description": text}})
    return [*events, Scheduled(at=now, due=now + length, item=UnpauseTemplate(template.id, now))]


def unpause(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """A template's pause ends, unless something else has become of it since (`stamp` is when it began)."""
    template = world.templates.get(template_id)
    if template is None or template.status != "PAUSED" or template.updated_at != stamp:
        return []
    text = {"title": "UNPAUSE", "description": "This template is no longer paused."}
    return _announce(world, now, replace(template, status="APPROVED", updated_at=now), "APPROVED", {"other_info": text})


def _announce(world: World, now: int, template: Template, event: str, extra: dict[str, Any]) -> list[Event]:
    told = {"event": event} | about(template)
    told |= {"reason": "NONE", "message_template_category": template.category} | extra
    return [Put(at=now, thing=template), _tell(world, now, template, "message_template_status_update", told)]


def _tell(world: World, now: int, template: Template, field: str, value: dict[str, Any]) -> Event:
    return announced(world, now, field, value, waba_id=template.waba_id)


def _texts(given: dict[str, Any] | None) -> dict[str, str]:
    for name, value in (given or {}).items():
        if not isinstance(value, str):
            raise Mistake(f"rejection_info.{name} is a text")
    return given or {}


def template_in(world: World, template_id: str) -> Template:
    """The template of an id."""
    template = world.templates.get(template_id)
    if template is None:
        known = [f"{one.id} ({one.name} {one.language})" for one in world.templates.values()][:5]
        raise Mistake(f"this world has no template {template_id!r}; it has {', '.join(known) or 'none'}", 404)
    return template


def patch_number(world: World, now: int, number_id: str, changes: dict[str, Any]) -> list[Event]:
    """Meta rates a number, lifts its limit, blocks it, decides on its name."""
    number = world.numbers.get(number_id)
    if number is None:
        known = ", ".join(world.numbers) or "none"
        raise Mistake(f"this world has no phone number {number_id!r}; it has {known}", 404)
    only(changes, (*_NUMBER_KNOBS, "messaging_limit", "rejection_reason"), "a phone number's patch")
    chosen = {name: choice_of(changes, name, known) for name, known in _NUMBER_KNOBS.items()}
    limit = choice_of(changes, "messaging_limit", LIMITS)
    why = text_of(changes, "rejection_reason")
    changed = _rated(number, {name: value for name, value in chosen.items() if value is not None})
    events: list[Event] = [Put(at=now, thing=changed)] if changed != number else []
    if limit:
        events += limit_portfolio(world, now, changed, limit)
    if changed.throughput_level == "HIGH" and number.throughput_level != "HIGH":
        events.append(_quality(world, now, changed, "THROUGHPUT_UPGRADE", "TIER_UNLIMITED"))
    if changed.status != number.status and "FLAGGED" in (changed.status, number.status):
        current = _business(world, changed).messaging_limit
        flagged = "FLAGGED" if changed.status == "FLAGGED" else "UNFLAGGED"
        events.append(_quality(world, now, changed, flagged, current))
    name_status = chosen["name_status"]
    if name_status in _DECISIONS:
        told = {
            "display_phone_number": number.digits,
            "decision": _DECISIONS[name_status],
            "requested_verified_name": number.new_name or number.verified_name,
            "rejection_reason": (why or "NAME_FORMAT_UNACCEPTABLE") if name_status == "DECLINED" else None,
        }
        events.append(announced(world, now, "phone_number_name_update", told, changed))
    return events


_NUMBER_KNOBS: dict[str, tuple[str, ...]] = {
    "quality_rating": QUALITIES,
    "throughput": ("HIGH", "NOT_APPLICABLE", "STANDARD"),
    "status": _NUMBER_STATUSES,
    "name_status": _NAME_STATUSES,
    "code_verification_status": ("EXPIRED", "NOT_VERIFIED", "VERIFIED"),
    "account_mode": ("LIVE", "SANDBOX"),
}


def _rated(number: PhoneNumber, chosen: dict[str, str]) -> PhoneNumber:
    """The number with what Meta chose; an approved new name becomes the name."""
    renamed = {"throughput": "throughput_level"}
    changed = replace(number, **{renamed.get(name, name): value for name, value in chosen.items()})
    if number.new_name and chosen.get("name_status") == "APPROVED":
        return replace(changed, verified_name=number.new_name, new_name="", new_name_status="NONE")
    if number.new_name and "name_status" in chosen:
        return replace(changed, name_status=number.name_status, new_name_status=chosen["name_status"])
    return changed


def limit_portfolio(world: World, now: int, number: PhoneNumber, limit: str) -> list[Event]:
    """The portfolio of a number gets a messaging limit (Meta: held by the portfolio since October 2025).

    `phone_number_quality_update` with UPGRADE or DOWNGRADE is the older notice, which many apps still read.
    """
    business = _business(world, number)
    if business.messaging_limit == limit:
        return []
    events: list[Event] = [Put(at=now, thing=replace(business, messaging_limit=limit))]
    numbers = {"max_phone_numbers_per_business": 2} if limit == "TIER_250" else {"max_phone_numbers_per_waba": 25}
    told = {"max_daily_conversations_per_business": LIMITS[limit]} | numbers
    wabas = [waba.id for waba in world.wabas.values() if waba.business_id == business.id]
    events += [announced(world, now, "business_capability_update", told, waba_id=waba_id) for waba_id in wabas]
    before = LIMITS.get(business.messaging_limit, 0)
    is_more = limit == "TIER_UNLIMITED" or -1 < before < LIMITS[limit]
    event = "UPGRADE" if is_more else "DOWNGRADE"
    events.append(_quality(world, now, number, event, limit, business.messaging_limit))
    return events


def _quality(world: World, now: int, number: PhoneNumber, event: str, limit: str, before: str = "") -> Event:
    told: dict[str, Any] = {"display_phone_number": number.digits, "event": event}
    if before:
        told["old_limit"] = before
    told |= {"current_limit": limit, "max_daily_conversations_per_business": limit}
    return announced(world, now, "phone_number_quality_update", told, number)


def _business(world: World, number: PhoneNumber) -> Business:
    return world.businesses[world.wabas[number.waba_id].business_id]


def patch_policy(world: World, now: int, changes: dict[str, Any]) -> list[Event]:
    """Some knobs are turned."""
    return [PolicyChanged(at=now, policy=read_policy(world.policy, changes))]


def read_policy(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with some knobs changed; a Mistake names an unknown knob, or what is wrong with a value."""
    for name in changes:
        if name not in Policy.__struct_fields__:
            raise Mistake(f"there is no knob {name!r}{nearest(name, Policy.__struct_fields__)}")
    try:
        changed = patch(policy, changes)
    except msgspec.ValidationError as error:
        raise Mistake("policy: " + str(error).replace("`", "").replace(" - at $.", " at ")) from None
    for name in changes:
        value = getattr(changed, name)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float)) and not 0 <= number <= _MOST:
                raise Mistake(f"policy: {name} lies between 0 and {_MOST}, not {number}")
    return changed
