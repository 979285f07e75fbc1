"""Be Meta towards accounts: violations, restrictions, bans, payment, verification, and what `account_update` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from localwaba.domain import enforcement, names, registration, utility_misuse, verification
from localwaba.domain.account_state import (
    RESTRICTION_TYPES,
    UTILITY_RATE,
    UTILITY_TEMPLATES,
    VIOLATION_TYPES,
    Standing,
)
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, Put
from localwaba.domain.model import PhoneNumber, Waba
from localwaba.domain.told import AccountBanned, AccountReviewed
from localwaba.domain.world import World
from localwaba.operations import messaging_limits
from localwaba.operations.mistakes import Mistake, choice_of, nearest, number_of, only, text_of
from localwaba.wire.moments import read_day

_STEPS = ("none", *(step.name for step in enforcement.LADDER))
_MISUSES = ("none", *(step.name for step in utility_misuse.LADDER))
_LONGEST = 3_650 * 86_400.0
_MEMBERS = (
    "status",
    "disable_in",
    "violation",
    "enforcement",
    "restrictions",
    "remediation",
    "payment",
    "blocked_countries",
    "utility_misuse",
    "business_verification_status",
    "review_status",
)


class Outcome(NamedTuple):
    """Where an account stands after a change, and the webhooks that tell of it."""

    standing: Standing
    told: list[Event]


def patch_account(world: World, now: int, waba_id: str, changes: dict[str, Any]) -> list[Event]:
    """Meta acts on an account; what is changed at once happens in the order of the members of `_MEMBERS`."""
    waba = account_in(world, waba_id)
    only(changes, _MEMBERS, "an account's patch")
    if waba.status == "DELETED":
        raise Mistake("this account was deleted: POST /_localwaba/reset brings it back")
    remediation = text_of(changes, "remediation")
    outcome = Outcome(enforcement.standing_of(world, waba_id), [])
    for act in (_status, _schedule, _violate, _enforce):
        outcome = act(outcome, waba_id, changes, now, remediation)
    outcome = _restrict(outcome, waba_id, changes, now, remediation)
    standing, told = outcome
    standing = _charge(standing, changes, now)
    if "blocked_countries" in changes:
        standing = replace(standing, countries=_countries(changes["blocked_countries"]))
    review = choice_of(changes, "review_status", ("APPROVED", "PENDING", "REJECTED"))
    if review and review != waba.review_status:
        waba, standing = reviewed(waba, standing, review, now)
        told = [*told, AccountReviewed(at=now, waba_id=waba_id, decision=review)]
    misuse = choice_of(changes, "utility_misuse", _MISUSES)
    if misuse == "none":
        for kind in (UTILITY_TEMPLATES, UTILITY_RATE):
            standing = enforcement.restricted(standing, kind, now, now)
        standing = replace(standing, misuse=0)
    events = [*enforcement.settle(world, waba, standing, now), *told]
    if misuse and misuse != "none":
        if len(changes) > 1:
            raise Mistake("utility_misuse is patched alone: it changes templates and other accounts too")
        return utility_misuse.put_on_step(world, waba_id, _MISUSES.index(misuse), now)
    return events + _verify(world, waba, changes, now)


def account_in(world: World, waba_id: str) -> Waba:
    """The account of an id."""
    waba = world.wabas.get(waba_id)
    if waba is None:
        raise Mistake(f"this world has no account {waba_id!r}; it has {', '.join(world.wabas)}", 404)
    return waba


def _status(before: Outcome, waba_id: str, changes: dict[str, Any], now: int, remediation: str) -> Outcome:
    """ACTIVE ends whatever there is, LOCKED and DISABLED are the last two steps without their violation."""
    status = choice_of(changes, "status", ("ACTIVE", "DISABLED", "LOCKED"))
    standing = before.standing
    if status == "ACTIVE":
        after = enforcement.reinstated(standing)
        return Outcome(after, [*before.told, *_unbanned(standing, waba_id, now)])
    if status == "DISABLED" and not standing.disabled_at:
        after = replace(standing, disabled_at=now, disable_at=0)
        return Outcome(after, [*before.told, AccountBanned(at=now, waba_id=waba_id, state="DISABLE", moment=now)])
    if status == "LOCKED":
        kinds = next(step.takes for step in enforcement.LADDER if step.name == "lock")
        after = standing
        for kind in kinds:
            after = enforcement.restricted(after, kind, 0, now)
        told = enforcement.restriction_notice(waba_id, after, now, kinds, remediation=remediation)
        return Outcome(after, [*before.told, told])
    return before


def _unbanned(before: Standing, waba_id: str, now: int) -> list[Event]:
    """An account that was disabled, or about to be, is told that this is over."""
    was_banned = before.disabled_at or before.disable_at
    return [AccountBanned(at=now, waba_id=waba_id, state="REINSTATE", moment=now)] if was_banned else []


def _schedule(before: Outcome, waba_id: str, changes: dict[str, Any], now: int, remediation: str) -> Outcome:
    after = number_of(changes, "disable_in", 0, _LONGEST)
    if after is None:
        return before
    moment = now + int(after * SECOND)
    told = AccountBanned(at=now, waba_id=waba_id, state="SCHEDULE_FOR_DISABLE", moment=moment)
    return Outcome(replace(before.standing, disable_at=moment), [*before.told, told])


def _violate(before: Outcome, waba_id: str, changes: dict[str, Any], now: int, remediation: str) -> Outcome:
    """A violation without a step is one step up."""
    violation = choice_of(changes, "violation", VIOLATION_TYPES)
    if violation is None or "enforcement" in changes:
        return before
    after = enforcement.climbed(before.standing, now, violation)
    return Outcome(after, [*before.told, *enforcement.step_notices(waba_id, after, now, violation, remediation)])


def _enforce(before: Outcome, waba_id: str, changes: dict[str, Any], now: int, remediation: str) -> Outcome:
    """A certain step, from wherever the account stands; none forgets what there was."""
    step = choice_of(changes, "enforcement", _STEPS)
    violation = choice_of(changes, "violation", VIOLATION_TYPES) or enforcement.QUALITY_VIOLATION
    if step is None:
        return before
    if step == "none":
        after = replace(enforcement.reinstated(before.standing), step=0, violations=())
        return Outcome(after, [*before.told, *_unbanned(before.standing, waba_id, now)])
    after = enforcement.put_on_step(before.standing, _STEPS.index(step), now, violation)
    return Outcome(after, [*before.told, *enforcement.step_notices(waba_id, after, now, violation, remediation)])


def _restrict(before: Outcome, waba_id: str, changes: dict[str, Any], now: int, remediation: str) -> Outcome:
    """`[{"type", "seconds"?}]`: without seconds there is no end, with 0 that restriction ends now."""
    given = changes.get("restrictions")
    if given is None:
        return before
    if not isinstance(given, list) or not given:
        raise Mistake(f'restrictions is a list, as in [{{"type":"{RESTRICTION_TYPES[1]}","seconds":86400}}]')
    after, kinds = before.standing, []
    for row in given:
        if not isinstance(row, dict):
            raise Mistake('a restriction is an object, as in {"type":"RESTRICTED_BIZ_INITIATED_MESSAGING"}')
        only(row, ("type", "seconds"), "a restriction")
        kind = choice_of(row, "type", RESTRICTION_TYPES)
        if kind is None:
            raise Mistake(f"a restriction needs its type{nearest('', RESTRICTION_TYPES)}")
        seconds = number_of(row, "seconds", 0, _LONGEST)
        after = enforcement.restricted(after, kind, 0 if seconds is None else now + int(seconds * SECOND), now)
        kinds.append(kind)
    told = enforcement.restriction_notice(waba_id, after, now, tuple(kinds), remediation=remediation)
    return Outcome(after, [*before.told, told])


def _charge(standing: Standing, changes: dict[str, Any], now: int) -> Standing:
    """Payments fail or work again; Meta announces neither, `failed` statuses say it."""
    payment = choice_of(changes, "payment", ("failed", "ok"))
    if payment == "failed":
        return replace(standing, unpaid_since=standing.unpaid_since or now)
    return replace(standing, unpaid_since=0) if payment else standing


def _countries(given: Any) -> tuple[str, ...]:
    if isinstance(given, list) and all(isinstance(one, str) and len(one) == 2 and one.isalpha() for one in given):
        return tuple(dict.fromkeys(one.upper() for one in given))
    raise Mistake('blocked_countries is a list of ISO codes, as in ["BR","IN"]')


def _verify(world: World, waba: Waba, changes: dict[str, Any], now: int) -> list[Event]:
    status = choice_of(changes, "business_verification_status", verification.STATUSES)
    if status is None:
        return []
    number = next((one for one in world.numbers.values() if one.waba_id == waba.id), None)
    if number is None:
        return verification.change(world, world.businesses[waba.business_id], status, now)
    return messaging_limits.verify_business(world, now, number, status)


def reviewed(waba: Waba, standing: Standing, decision: str, now: int) -> tuple[Waba, Standing]:
    """An account after its review; a rejected one can do nothing."""
    rejected_at = (standing.rejected_at or now) if decision == "REJECTED" else 0
    return replace(waba, review_status=decision), replace(standing, rejected_at=rejected_at)


# what a webhook of Meta says of an account is so


def believe(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """The world as a value of `account_update` says it is; what makes no sense changes nothing."""
    event = value.get("event")
    change = _BELIEFS.get(event) if isinstance(event, str) else None
    return change(world, now, value, number) if change else []


def _violated(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """At least a warning; a violation of somebody's calling rules is none of the ladder's."""
    kind = _member(value, "violation_info", "violation_type")
    if kind not in VIOLATION_TYPES:
        return []
    waba = world.wabas[number.waba_id]
    standing = enforcement.standing_of(world, waba.id)
    after = replace(standing, step=max(1, standing.step), violations=(*standing.violations, (now, str(kind))))
    return enforcement.settle(world, waba, after, now)


def _restricted(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    waba, why = world.wabas[number.waba_id], _member(value, "violation_info", "violation_type")
    after = enforcement.standing_of(world, waba.id)
    rows = value.get("restriction_info")
    kinds: list[str] = []
    for row in rows if isinstance(rows, list) else []:
        kind = _member(row, "restriction_type")
        if kind in RESTRICTION_TYPES:
            until = _moment(_member(row, "expiration"))
            after = enforcement.restricted(after, str(kind), until, now, why if isinstance(why, str) else "")
            kinds.append(str(kind))
    if why == "UTILITY_TEMPLATE_ABUSE_UNBAN":
        after = enforcement.restricted(after, UTILITY_TEMPLATES, now, now)
    elif why == "UTILITY_TEMPLATE_ABUSE_RATE_LIMIT_RECOVERY":
        after = enforcement.restricted(after, UTILITY_RATE, now, now)
    elif isinstance(why, str) and why.startswith("UTILITY_TEMPLATE_ABUSE"):
        after = replace(after, misuse=max(1, after.misuse))
    events = enforcement.settle(world, waba, after, now)
    if UTILITY_TEMPLATES in kinds and enforcement.is_active(after, UTILITY_TEMPLATES, now):
        events += utility_misuse.recategorised(world, waba.id, now)
    return events


def _moment(expiration: Any) -> int:
    """The end of a restriction in milliseconds; 0, which is never, where there is none that can be read."""
    if isinstance(expiration, str) and expiration.isascii() and expiration.isdigit() and len(expiration) < 12:
        expiration = int(expiration)
    if isinstance(expiration, bool) or not isinstance(expiration, int) or not 0 < expiration < 10**11:
        return 0
    return expiration * SECOND


def _banned(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    waba = world.wabas[number.waba_id]
    standing = enforcement.standing_of(world, waba.id)
    state, date = _member(value, "ban_info", "waba_ban_state"), _member(value, "ban_info", "waba_ban_date")
    if state == "DISABLE":
        after = replace(standing, disabled_at=standing.disabled_at or now, disable_at=0)
    elif state == "REINSTATE":
        after = enforcement.reinstated(standing)
    elif state == "SCHEDULE_FOR_DISABLE":
        moment = read_day(date) if isinstance(date, str) else None
        after = replace(standing, disable_at=max(now, moment or now))
    else:
        return []
    return enforcement.settle(world, waba, after, now)


def _deleted(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    """The account and its numbers are no objects of Graph's any more (100/33)."""
    waba = world.wabas[number.waba_id]
    own = [one for one in world.numbers.values() if one.waba_id == waba.id]
    gone = [Put(at=now, thing=registration.put_in_status(one, "DELETED", now)) for one in own]
    return [*gone, Put(at=now, thing=replace(waba, status="DELETED"))]


def _moved(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    country = value.get("country")
    if not isinstance(country, str) or len(country) != 2:
        return []
    return [Put(at=now, thing=replace(world.wabas[number.waba_id], country=country.upper()))]


def _offboarded(world: World, now: int, value: dict[str, Any], number: PhoneNumber) -> list[Event]:
    status = "DISCONNECTED" if value.get("event") == "ACCOUNT_OFFBOARDED" else "CONNECTED"
    digits = value.get("phone_number")
    number = next((one for one in world.numbers.values() if one.digits == digits), number)
    return [Put(at=now, thing=registration.put_in_status(number, status, now))]


_Belief = Callable[[World, int, dict[str, Any], PhoneNumber], list[Event]]
_BELIEFS: dict[str, _Belief] = {
    "ACCOUNT_VIOLATION": _violated,
    "ACCOUNT_RESTRICTION": _restricted,
    "DISABLED_UPDATE": _banned,
    "ACCOUNT_DELETED": _deleted,
    "ACCOUNT_OFFBOARDED": _offboarded,
    "ACCOUNT_RECONNECTED": _offboarded,
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": _moved,
}


def believe_name(world: World, now: int, number: PhoneNumber, decision: str, name: str) -> list[Event]:
    """The number after what `phone_number_name_update` says of a name, whoever had asked for it."""
    status = {"APPROVED": "APPROVED", "REJECTED": "DECLINED", "PENDING": "PENDING_REVIEW"}.get(decision)
    if status is None:
        return []
    if name and name != number.verified_name and decision != "REJECTED":
        number = replace(number, new_name=name)
    changed = names.decided(number, status, now, world.policy)
    return [Put(at=now, thing=changed), *names.waits(changed, now)]


def _member(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
