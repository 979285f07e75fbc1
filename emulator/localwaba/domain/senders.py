"""Whether a number and its account may send at all; nothing here looks at what is sent."""

from __future__ import annotations

from localwaba.domain import utility_misuse, windows
from localwaba.domain.account_state import BUSINESS_INITIATED, USER_INITIATED, UTILITY_RATE, Standing
from localwaba.domain.enforcement import closed, fix_of, is_active, why_restricted
from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.model import PhoneNumber, Template, User
from localwaba.domain.names import USABLE
from localwaba.domain.traffic import Message, Pair
from localwaba.domain.world import World

ABSENT = frozenset({"PENDING", "DISCONNECTED", "UNVERIFIED", "UNKNOWN", "MIGRATED", "DELETED"})
"""Statuses of numbers that are not, or no longer, on the platform."""
HELD = frozenset({"RESTRICTED", "RATE_LIMITED"})
"""Statuses of numbers that may answer users, but not write first (Meta: phone number statuses)."""
_PROVIDED = "1555"
"""How the numbers begin that Meta itself gives to businesses."""


def check_sender(
    world: World, number: PhoneNumber, now: int, user: User | None = None, template: Template | None = None
) -> None:
    """Refuses a number that may not send to a user now; without a user, one that may not do anything.

    A ban (131031), 133010, 131048, 131037, 131031, 130497, 368, 131064, in this order (Meta: error codes, enforcement).
    """
    if number.status == "CONNECTED" and number.registered and not world.standings and number.name_status in USABLE:
        return
    _check_number(world, number, now, user)
    standing = world.standings.get(number.waba_id)
    if standing is None:
        return
    end = closed(standing, now)
    if end:
        raise refuse(131031, rule="account", why=end, fix=fix_of(number.waba_id))
    if user is not None:
        _check_account(world, number, now, user, template, standing)


def check_registered(number: PhoneNumber) -> None:
    """Refuses whatever needs a registered number (133010)."""
    if number.registered and number.status not in ABSENT:
        return
    state = f"its status is {number.status}" if number.registered else "it is not registered for the Cloud API"
    raise refuse(
        133010,
        rule="registration",
        why=f"{number.display} cannot be used: {state}",
        fix=f"POST /{number.id}/register with its PIN",
    )


def is_provided(number: PhoneNumber) -> bool:
    """Whether Meta itself gave the number to its business."""
    return number.digits.startswith(_PROVIDED)


def _check_number(world: World, number: PhoneNumber, now: int, user: User | None) -> None:
    patch = f"PATCH /_localwaba/phone_numbers/{number.id}"
    if number.status == "BANNED":  # registered or not: to register would not help
        fix = f'{patch} {{"status":"CONNECTED"}}'
        raise refuse(131031, rule="number status", why=f"{number.display} is BANNED", fix=fix)
    check_registered(number)
    if user is None:
        return
    if number.status in HELD and not _in_window(world, number, user, now):
        raise refuse(
            131048,
            rule="number status",
            why=f"{number.display} is {number.status}: it may answer users, but {user.wa_id} has not written lately",
            fix=f'wait until the user writes, or {patch} {{"status":"CONNECTED"}}',
        )
    if number.name_status not in USABLE and is_provided(number) and world.policy.unapproved_name == "refuse":
        raise refuse(
            131037,
            rule="display name",
            why=f"the display name {number.verified_name!r} of {number.display} is {number.name_status}",
            fix=f'{patch} {{"name_status":"APPROVED"}}',
        )


def _in_window(world: World, number: PhoneNumber, user: User, now: int) -> bool:
    return windows.is_open(world.pair(number.id, user.wa_id), now, world.policy)


def _check_account(
    world: World, number: PhoneNumber, now: int, user: User, template: Template | None, standing: Standing
) -> None:
    waba_id, policy = number.waba_id, world.policy
    if user.country in standing.countries:
        raise refuse(
            130497,
            rule="country",
            why=f"{user.wa_id} is a user in {user.country}, where the account may not write",
            fix=f'PATCH /_localwaba/accounts/{waba_id} {{"blocked_countries":[]}}',
        )
    in_window = _in_window(world, number, user, now)
    kind = USER_INITIATED if in_window else BUSINESS_INITIATED
    if template is not None and policy.restricted_templates == "all" and is_active(standing, BUSINESS_INITIATED, now):
        kind = BUSINESS_INITIATED
    if is_active(standing, kind, now):
        one = standing.restrictions[kind]
        code = policy.restriction_code if one.until else 131031
        raise refuse(code, rule="restriction", why=why_restricted(kind, one, now), fix=fix_of(waba_id, one, now))
    if template is not None and template.category == "UTILITY" and is_active(standing, UTILITY_RATE, now):
        refusal = utility_misuse.capped(world, waba_id, now)
        if refusal is not None:
            raise Refused(refusal)


def late_refusal(world: World, message: Message, pair: Pair, now: int) -> Refusal | None:
    """Why a message that was accepted fails for its account's sake: it is closed since, or cannot pay (131042)."""
    waba_id = world.numbers[message.phone_number_id].waba_id
    standing = world.standings.get(waba_id)
    if standing is None:
        return None
    end = closed(standing, now)
    if end:
        return Refusal(code=131031, rule="account", why=end, fix=fix_of(waba_id))
    if not standing.unpaid_since or windows.in_entry_window(pair, message.at):
        return None
    if message.in_window and message.category not in ("marketing", "authentication"):
        return None
    return Refusal(
        code=131042,
        rule="payment",
        why=f"the account has not paid for {windows.duration(now - standing.unpaid_since)}, and this message costs",
        fix=f'PATCH /_localwaba/accounts/{waba_id} {{"payment":"ok"}}',
    )
