"""Business verification, and what depends on it: templates, authentication templates, names, the messaging limit."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain import names
from localwaba.domain.account_state import VerificationChanged
from localwaba.domain.agenda import VerifyBusiness
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, Put, Scheduled
from localwaba.domain.model import Business
from localwaba.domain.tiers import STARTING
from localwaba.domain.world import World

STATUSES = (
    "expired",
    "failed",
    "ineligible",
    "not_verified",
    "pending",
    "pending_need_more_info",
    "pending_submission",
    "rejected",
    "revoked",
    "verified",
)
"""States of a verification (Meta: WhatsApp Business Account fields)."""


def change(world: World, business: Business, status: str, now: int) -> list[Event]:
    """A verification gets to a state; with `verified`, names that nobody has looked at are reviewed.

    No webhook of Meta tells of it; the messaging limit that follows from it is told by its own.
    """
    if status == business.verification_status:
        return []
    events: list[Event] = [
        VerificationChanged(at=now, business_id=business.id, status=status, previous=business.verification_status)
    ]
    after = world.policy.verification_after
    if status == "pending" and after is not None:
        events.append(Scheduled(at=now, due=now + int(after * SECOND), item=VerifyBusiness(business.id)))
    if status == "verified":
        events += _review_names(world, business.id, now)
    return events


def _review_names(world: World, business_id: str, now: int) -> list[Event]:
    """Verification begins the review of names that were used without one (Meta: display names)."""
    events: list[Event] = []
    for number in world.numbers.values():
        is_own = world.wabas[number.waba_id].business_id == business_id
        if is_own and number.name_status == "AVAILABLE_WITHOUT_REVIEW":
            asked = replace(number, name_status="PENDING_REVIEW", name_changed_at=now)
            events += [Put(at=now, thing=asked), names.review_of(asked, now, world.policy)]
    return events


def may_authenticate(world: World, waba_id: str) -> bool:
    """Whether an account may have authentication templates: not with nothing but test numbers (10/2388185)."""
    business = world.businesses[world.wabas[waba_id].business_id]
    if business.verification_status != "verified" and business.messaging_limit in STARTING:
        return False
    own = [number for number in world.numbers.values() if number.waba_id == waba_id]
    return not own or not all(number.is_test_number for number in own)


def template_limit(world: World, waba_id: str) -> int:
    """How many templates an account may have: more with a verified business and an approved name."""
    business = world.businesses[world.wabas[waba_id].business_id]
    named = any(one.waba_id == waba_id and one.name_status == "APPROVED" for one in world.numbers.values())
    if business.verification_status == "verified" and named:
        return world.policy.template_limit_verified
    return world.policy.template_limit_unverified
