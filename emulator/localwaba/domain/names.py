"""Display names: asked for, reviewed, and taken by a registration (Meta: display names).

An approved new name waits for the next registration, for 14 days at most: Meta's registration page names a name
change as a reason to register again, and `new_name_status` and `new_certificate` exist for that wait. The knob
`name_takes_effect` makes it show at once.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from localwaba.domain.agenda import ExpireName, ReviewName
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import invalid_parameter
from localwaba.domain.events import Event, Put, Scheduled
from localwaba.domain.model import PhoneNumber
from localwaba.domain.policy import Policy
from localwaba.domain.told import NameDecided
from localwaba.domain.windows import duration
from localwaba.domain.world import World

USABLE = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW"})
CHANGES = 10
"""New names that may be asked for within `CHANGE_SPAN` (Meta: display names)."""
CHANGE_SPAN = 30 * DAY
TAKEN_WITHIN = 14 * DAY
"""Until when an approved new name has to be registered (Meta: display names)."""
REASONS = (
    "NAME_EMPLOYEE_ISSUE",
    "NAME_ENDCLIENT_NOTRELATED",
    "NAME_FORMAT_UNACCEPTABLE",
    "NAME_INDIVIDUAL_ISSUE",
    "NAME_NOT_CONSISTENT",
    "UNKNOWN",
)
_DECISIONS = {"APPROVED": "APPROVED", "DECLINED": "REJECTED", "PENDING_REVIEW": "PENDING"}
_SHORTEST = 3
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_PLATFORM = re.compile(r"whatsapp|facebook|instagram|messenger", re.IGNORECASE)


def want(number: PhoneNumber, name: str, now: int, policy: Policy) -> tuple[PhoneNumber, list[Event]]:
    """The number while Meta looks at another name, and the end of that; refused beyond ten in 30 days."""
    if name == number.verified_name:
        return replace(number, new_name="", new_name_status="NONE"), []
    recent = tuple(at for at in number.name_requests if now - at < CHANGE_SPAN)
    if len(recent) >= CHANGES:
        raise invalid_parameter(
            rule="names.changes",
            why=f"{CHANGES} names were asked for within 30 days; the next may be in "
            f"{duration(recent[0] + CHANGE_SPAN - now)}",
            fix="wait, or advance the world's clock",
        )
    asked = replace(
        number,
        new_name=name,
        new_name_status="PENDING_REVIEW",
        name_requests=(*recent, now),
        name_changed_at=now,
    )
    return asked, [review_of(asked, now, policy)]


def review_of(number: PhoneNumber, now: int, policy: Policy) -> Scheduled:
    """The end of a review that begins now."""
    due = now + int(policy.name_review_after * SECOND)
    return Scheduled(at=now, due=due, item=ReviewName(number.id, now))


def review(world: World, number_id: str, stamp: int, now: int) -> list[Event]:
    """A review ends, unless another one has begun since (`stamp`)."""
    number = world.numbers.get(number_id)
    if number is None or number.name_changed_at != stamp or world.policy.name_review_outcome == "pending":
        return []
    status = number.new_name_status if number.new_name else number.name_status
    if status != "PENDING_REVIEW":
        return []
    reason = fault_of(number.new_name or number.verified_name)
    if not reason and world.policy.name_review_outcome == "decline":
        reason = "NAME_NOT_CONSISTENT"
    return decide(number, "DECLINED" if reason else "APPROVED", now, world.policy, reason)


def fault_of(name: str) -> str:
    """Why a name cannot be approved, one of `REASONS`; empty where only the knob decides."""
    if len(name.strip()) < _SHORTEST or not any(letter.isalpha() for letter in name) or _LINK.search(name):
        return "NAME_FORMAT_UNACCEPTABLE"
    return "NAME_ENDCLIENT_NOTRELATED" if _PLATFORM.search(name) else ""


def decide(number: PhoneNumber, status: str, now: int, policy: Policy, reason: str = "") -> list[Event]:
    """Meta decides on the name that was asked for, or on the present one, and tells it."""
    changed = decided(number, status, now, policy)
    events: list[Event] = [Put(at=now, thing=changed)] if changed != number else []
    return [*events, *waits(changed, now), *told(number, status, now, reason)]


def decided(number: PhoneNumber, status: str, now: int, policy: Policy) -> PhoneNumber:
    """The number after a decision: on its new name if it wants one, else on the present one."""
    if not number.new_name:
        return replace(number, name_status=status, name_changed_at=now)
    judged = replace(number, new_name_status=status, name_changed_at=now)
    return taken(judged) if policy.name_takes_effect == "approval" else judged


def taken(number: PhoneNumber) -> PhoneNumber:
    """The number under its new name, if that was approved."""
    if not number.new_name or number.new_name_status not in USABLE:
        return number
    return replace(
        number,
        verified_name=number.new_name,
        name_status=number.new_name_status,
        new_name="",
        new_name_status="NONE",
    )


def waits(number: PhoneNumber, now: int) -> list[Event]:
    """An approved new name that no registration takes will expire."""
    if not number.new_name or number.new_name_status not in USABLE:
        return []
    return [Scheduled(at=now, due=now + TAKEN_WITHIN, item=ExpireName(number.id, now))]


def told(number: PhoneNumber, status: str, now: int, reason: str = "") -> list[Event]:
    """What fires `phone_number_name_update`; nothing for states that are no decision."""
    if status not in _DECISIONS:
        return []
    why = (reason or "NAME_FORMAT_UNACCEPTABLE") if status == "DECLINED" else ""
    name = number.new_name or number.verified_name
    return [NameDecided(at=now, phone_number_id=number.id, name=name, decision=_DECISIONS[status], reason=why)]


def expire(world: World, number_id: str, stamp: int, now: int) -> list[Event]:
    """An approved name was not taken in time: it has to be asked for again."""
    number = world.numbers.get(number_id)
    if number is None or number.name_changed_at != stamp or number.new_name_status not in USABLE:
        return []
    return [Put(at=now, thing=replace(number, new_name_status="EXPIRED"))] if number.new_name else []
