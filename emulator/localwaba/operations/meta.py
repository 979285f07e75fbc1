"""Be Meta: judge templates, rate numbers, turn knobs. Each acts as if Meta had done it, webhooks included."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import replace

from localwaba.domain import (
    media,
    names,
    registration,
    template_categories,
    template_life,
    template_pausing,
    tiers,
    verification,
)
from localwaba.domain.events import Event, PolicyChanged, Put, TemplateJudged
from localwaba.domain.limits import ALLOWED_RECIPIENTS
from localwaba.domain.model import PhoneNumber, Template
from localwaba.domain.policy import PROFILES, Policy, patch
from localwaba.domain.quality_state import NumberRated, TemplateCategorised, TemplateRated
from localwaba.domain.told import NumberLimited
from localwaba.domain.world import World
from localwaba.operations import messaging_limits, official_account
from localwaba.operations.mistakes import Mistake, choice_of, nearest, number_of, object_of, only

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
LIMITS = tiers.LIMITS
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
_MOST = 10_000_000_000  # no knob makes sense beyond


def patch_template(world: World, now: int, template_id: str, changes: dict[str, Any]) -> list[Event]:
    """Meta changes a template's quality, category or status, in this order."""
    template = template_in(world, template_id)
    only(
        changes,
        ("status", "reason", "rejection_info", "category", "correct_category", "quality_score"),
        "a template's patch",
    )
    status = choice_of(changes, "status", STATUSES)
    reason = choice_of(changes, "reason", _REASONS)
    info = _texts(object_of(changes, "rejection_info"))
    if status is None and (reason or info):
        raise Mistake('a reason goes with a status, as in {"status":"REJECTED","reason":"SCAM"}')
    events: list[Event] = []
    quality = choice_of(changes, "quality_score", QUALITIES)
    if quality and quality != template.quality_score:
        rated = TemplateRated(
            at=now, template_id=template.id, score=quality, previous=template.quality_score, settled=bool(status)
        )
        events.append(rated)
    category = choice_of(changes, "category", CATEGORIES)
    if category and category != template.category:
        events.append(
            TemplateCategorised(at=now, template_id=template.id, category=category, previous=template.category)
        )
    correct = choice_of(changes, "correct_category", CATEGORIES)
    if correct and correct != (category or template.category):
        events += template_categories.give_notice(world, template, correct, now)
    if status:
        events += judge(world, now, template, status, reason, info)
    return events


def judge(
    world: World, now: int, template: Template, status: str, reason: str | None, info: dict[str, str]
) -> list[Event]:
    """A template gets to a status by Meta's hand, with what follows from it."""
    if status == "PAUSED":
        return template_pausing.worsen(world, template, now)
    if status == "DISABLED":
        return [replace(template_pausing.disabled(template, now), paused_for="")]
    if status == "ARCHIVED":
        return template_life.archive(template, now, world)
    if status == "UNARCHIVED":
        return template_life.unarchive(template, now, world)
    told = status if status in template_life.KEEPING or status == "REINSTATED" else ""
    if told:
        status = "APPROVED" if told == "REINSTATED" else template.status
    if reason is None:
        reason = {"REJECTED": "INVALID_FORMAT", "PENDING_DELETION": ""}.get(status, "NONE")
    return [
        TemplateJudged(at=now, template_id=template.id, status=status, told=told, reason=reason, rejection_info=info)
    ]


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
    only(changes, (*_NUMBER_KNOBS, *_OTHER_KNOBS), "a phone number's patch")
    chosen = {name: choice_of(changes, name, known) for name, known in _NUMBER_KNOBS.items()}
    limit = choice_of(changes, "messaging_limit", LIMITS)
    verified = choice_of(changes, "business_verification_status", VERIFICATIONS)
    why = choice_of(changes, "rejection_reason", names.REASONS) or ""
    is_upgraded = chosen["throughput"] == "HIGH" and number.throughput_level != "HIGH"
    rated = {name: value for name, value in chosen.items() if value and not (is_upgraded and name == "throughput")}
    changed = _rated(_used(number, changes), rated, now)
    name_status = chosen["name_status"]
    if name_status:
        changed = names.decided(changed, name_status, now, world.policy)
    events: list[Event] = [Put(at=now, thing=changed)] if changed != number else []
    if verified:
        events += messaging_limits.verify_business(world, now, changed, verified)
    if limit:
        events += messaging_limits.set_limit(world, now, changed, limit)
    if is_upgraded and not number.upgrading_until:
        own = limit if limit and world.policy.messaging_limit_model == "number" else changed.messaging_limit
        events += messaging_limits.upgrade(world, now, replace(changed, messaging_limit=own))
    if changed.quality_rating != number.quality_rating:
        rating, before = changed.quality_rating, number.quality_rating
        events.append(NumberRated(at=now, phone_number_id=number.id, rating=rating, previous=before))
    if changed.status != number.status and "FLAGGED" in (changed.status, number.status):
        current = tiers.limit_of(world, changed)
        flagged = "FLAGGED" if changed.status == "FLAGGED" else "UNFLAGGED"
        events.append(NumberLimited(at=now, phone_number_id=number.id, change=flagged, limit=current))
    if name_status:
        events += [*names.waits(changed, now), *names.told(number, name_status, now, why)]
    return events


_NUMBER_KNOBS: dict[str, tuple[str, ...]] = {
    "quality_rating": QUALITIES,
    "throughput": ("HIGH", "NOT_APPLICABLE", "STANDARD"),
    "status": _NUMBER_STATUSES,
    "name_status": _NAME_STATUSES,
    "code_verification_status": ("EXPIRED", "NOT_VERIFIED", "VERIFIED"),
    "account_mode": ("LIVE", "SANDBOX"),
}


def _rated(number: PhoneNumber, chosen: dict[str, str], now: int) -> PhoneNumber:
    """The number with what Meta chose, but for its name."""
    if "status" in chosen:
        number = registration.put_in_status(number, chosen["status"], now)
    renamed = {"throughput": "throughput_level"}
    rest = {renamed.get(name, name): value for name, value in chosen.items() if name not in ("status", "name_status")}
    changed = replace(number, **rest)
    return replace(changed, upgrading_until=0) if "throughput" in chosen else changed


_OTHER_KNOBS = (
    "messaging_limit",
    "rejection_reason",
    "business_verification_status",
    "coexistence",
    "is_test_number",
    "allowed_recipients",
    "deregistration",
    "no_storage",
    "retention_minutes",
    "oba_status",
)
VERIFICATIONS = verification.STATUSES


def _used(number: PhoneNumber, changes: dict[str, Any]) -> PhoneNumber:
    """The number as the WhatsApp Business app and as tests may use it."""
    for name in ("coexistence", "is_test_number"):
        if name in changes:
            if not isinstance(changes[name], bool):
                raise Mistake(f"{name} is true or false")
            number = replace(number, **{name: changes[name]})
    oba_status = choice_of(changes, "oba_status", official_account.STATUSES)
    if oba_status:
        number = official_account.decided(number, oba_status)
    if choice_of(changes, "deregistration", ("incomplete",)):
        number = registration.half_deregister(number)
    if "no_storage" in changes or "retention_minutes" in changes:
        number = _stored(number, changes)
    if "allowed_recipients" not in changes:
        return number
    given = changes["allowed_recipients"]
    if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
        raise Mistake('allowed_recipients is a list of numbers, as in ["16505551234"]')
    if len(given) > ALLOWED_RECIPIENTS:
        raise Mistake(f"a test number has {ALLOWED_RECIPIENTS} recipients at most, not {len(given)}")
    return replace(number, allowed_recipients=tuple(given))


def _stored(number: PhoneNumber, changes: dict[str, Any]) -> PhoneNumber:
    """The number as Meta stores what it is sent, or does not (`no_storage`)."""
    wanted = changes.get("no_storage", True)
    if not isinstance(wanted, bool):
        raise Mistake("no_storage is true or false")
    minutes = number_of(changes, "retention_minutes", 1, _MOST)
    if not wanted and minutes is not None:
        raise Mistake("retention_minutes goes with no_storage")
    rest = {name: value for name, value in number.settings.items() if name != "storage_configuration"}
    if wanted:
        storage = {"status": "NO_STORAGE_ENABLED", "retention_minutes": int(minutes or media.UNSTORED_MINUTES)}
        rest["storage_configuration"] = storage
    return replace(number, settings=rest)


def patch_policy(world: World, now: int, changes: dict[str, Any]) -> list[Event]:
    """Some knobs are turned."""
    return [PolicyChanged(at=now, policy=read_policy(world.policy, changes), before=world.policy)]


def _check_words(changes: dict[str, Any]) -> None:
    """A Mistake for a knob that is one of some words, and is given another."""
    kinds = get_type_hints(Policy)
    for name, value in changes.items():
        words = get_args(kinds.get(name))
        if isinstance(value, str) and words and all(isinstance(word, str) for word in words):
            choice_of({name: value}, name, words)


def read_policy(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with some knobs changed; a Mistake names an unknown knob, or what is wrong with a value."""
    if "profile" in changes:
        choice_of(changes, "profile", PROFILES)
    changed_knobs = [name for name in changes if name != "profile"]
    for name in changed_knobs:
        if name not in Policy.__struct_fields__:
            raise Mistake(f"there is no knob {name!r}{nearest(name, Policy.__struct_fields__)}")
    try:
        changed = patch(policy, changes)
    except msgspec.ValidationError as error:
        _check_words(changes)
        raise Mistake("policy: " + str(error).replace("`", "").replace(" - at $.", " at ")) from None
    for name in changed_knobs:
        value = getattr(changed, name)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float)) and not 0 <= number <= _MOST:
                raise Mistake(f"policy: {name} lies between 0 and {_MOST}, not {number}")
    return changed
