"""What Meta does to an account that breaks its policies: a ladder of restrictions, and the way down again.

A warning, then 1 or 3 days without business-initiated messages and without adding numbers, then 5, 7 or 30 days
without any messages, then a lock without end, then the end of the account (Meta: policy enforcement). What makes an
account climb is not published: here it is the control API, or a number's rating (knob `enforcement`).
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from localwaba.domain.account_state import (
    ADDING_NUMBERS,
    BUSINESS_INITIATED,
    CLEAN,
    USER_INITIATED,
    UTILITY_RATE,
    UTILITY_TEMPLATES,
    Restriction,
    Standing,
    StandingChanged,
)
from localwaba.domain.agenda import DisableAccount, EndRestriction
from localwaba.domain.clock import DAY
from localwaba.domain.errors import refuse
from localwaba.domain.events import Event, Put, Scheduled
from localwaba.domain.ids import Ids
from localwaba.domain.model import Waba
from localwaba.domain.quality_state import NumberRated
from localwaba.domain.told import AccountBanned, AccountRestricted, AccountViolated
from localwaba.domain.windows import duration
from localwaba.domain.world import World


class Step(NamedTuple):
    """A step of the ladder: what it takes from an account, and for how long; 0 means without end."""

    name: str
    takes: tuple[str, ...] = ()
    length: int = 0
    disables: bool = False


_SOME = (BUSINESS_INITIATED, ADDING_NUMBERS)
_ALL = (BUSINESS_INITIATED, USER_INITIATED, ADDING_NUMBERS)
LADDER = (
    Step("warning"),
    Step("1-day", _SOME, DAY),
    Step("3-day", _SOME, 3 * DAY),
    Step("5-day", _ALL, 5 * DAY),
    Step("7-day", _ALL, 7 * DAY),
    Step("30-day", _ALL, 30 * DAY),
    Step("lock", _ALL),
    Step("disable", disables=True),
)
"""All figures of the ladder (Meta: policy enforcement)."""

QUALITY_VIOLATION = "SCAM"
"""What a violation is called that is not said to be any other; Meta's list has no word for bad quality."""
_OTHER_LADDER = frozenset({UTILITY_TEMPLATES, UTILITY_RATE})


def standing_of(world: World, waba_id: str) -> Standing:
    """Where an account stands with Meta."""
    return world.standings.get(waba_id, CLEAN)


def is_active(standing: Standing, kind: str, now: int) -> bool:
    """Whether a restriction is in force; it ends by the clock, not by what is done at its end."""
    found = standing.restrictions.get(kind)
    return found is not None and (not found.until or now < found.until)


# where an account stands afterwards


def climbed(standing: Standing, now: int, violation: str) -> Standing:
    """One step up; a restriction that lasts longer than the new step's stays."""
    return _on_step(standing, min(standing.step + 1, len(LADDER)), now, violation, standing.restrictions)


def put_on_step(standing: Standing, step: int, now: int, violation: str) -> Standing:
    """On a step of the ladder (from 1), and on no other."""
    kept = {kind: one for kind, one in standing.restrictions.items() if kind in _OTHER_LADDER}
    return _on_step(replace(standing, disabled_at=0, disable_at=0), step, now, violation, kept)


def _on_step(standing: Standing, step: int, now: int, violation: str, kept: dict[str, Restriction]) -> Standing:
    rule = LADDER[step - 1]
    until = now + rule.length if rule.length else 0
    taken = {
        kind: _longer(kept.get(kind), Restriction(since=now, until=until, why=violation), now) for kind in rule.takes
    }
    return replace(
        standing,
        step=step,
        violations=(*standing.violations, (now, violation)),
        restrictions=kept | taken,
        disable_at=0 if rule.disables else standing.disable_at,
        disabled_at=(standing.disabled_at or now) if rule.disables else standing.disabled_at,
    )


def _longer(old: Restriction | None, new: Restriction, now: int) -> Restriction:
    if old is None or (old.until and old.until <= now):
        return new
    return old if not old.until or (new.until and old.until >= new.until) else new


def restricted(standing: Standing, kind: str, until: int, now: int, why: str = "") -> Standing:
    """With a restriction until a moment; a moment that is over lifts it, 0 means without end."""
    left = {name: one for name, one in standing.restrictions.items() if name != kind}
    if until == 0 or until > now:
        left[kind] = Restriction(since=now, until=until, why=why)
    return replace(standing, restrictions=left)


def reinstated(standing: Standing) -> Standing:
    """Neither restricted nor disabled any more; what there was is remembered, and so is the next step."""
    left = {kind: one for kind, one in standing.restrictions.items() if kind in _OTHER_LADDER}
    return replace(standing, restrictions=left, disable_at=0, disabled_at=0)


# what happens then


def settle(world: World, waba: Waba, after: Standing, now: int) -> list[Event]:
    """The events by which an account gets to another standing; what ends by itself is put on the agenda."""
    before, status = standing_of(world, waba.id), waba.status
    if status in ("ACTIVE", "DISABLED"):
        status = "DISABLED" if after.disabled_at else "ACTIVE"
    changed = replace(waba, status=status)
    events: list[Event] = [Put(at=now, thing=changed)] if changed != world.wabas[waba.id] else []
    if after == before:
        return events
    events.append(StandingChanged(at=now, waba_id=waba.id, standing=after))
    for kind, one in after.restrictions.items():
        old = before.restrictions.get(kind)
        if one.until and (old is None or old.until != one.until):
            events.append(Scheduled(at=now, due=one.until, item=EndRestriction(waba.id, kind, one.until)))
    if after.disable_at and after.disable_at != before.disable_at:
        item = DisableAccount(waba.id, after.disable_at)
        events.append(Scheduled(at=now, due=max(now, after.disable_at), item=item))
    return events


def climb(world: World, waba_id: str, now: int, violation: str = "", remediation: str = "") -> list[Event]:
    """A violation: the account goes one step up, and is told."""
    violation = violation or QUALITY_VIOLATION
    after = climbed(standing_of(world, waba_id), now, violation)
    return [
        *settle(world, world.wabas[waba_id], after, now),
        *step_notices(waba_id, after, now, violation, remediation),
    ]


def after_rating(world: World, event: NumberRated, ids: Ids) -> list[Event]:
    """With the knob, a number that is rated RED costs its account a step."""
    if world.policy.enforcement != "quality" or event.rating != "RED":
        return []
    return climb(world, world.numbers[event.phone_number_id].waba_id, event.at)


def end_restriction(world: World, waba_id: str, kind: str, until: int, now: int) -> list[Event]:
    """A restriction is over, unless it was changed since; Meta tells nobody, but for those of utility templates."""
    standing = standing_of(world, waba_id)
    found = standing.restrictions.get(kind)
    if found is None or found.until != until:
        return []
    events = settle(world, world.wabas[waba_id], restricted(standing, kind, until, now), now)
    end = _ENDS.get(kind)
    if end:
        events.append(AccountRestricted(at=now, waba_id=waba_id, violation=end))
    return events


_ENDS = {UTILITY_TEMPLATES: "UTILITY_TEMPLATE_ABUSE_UNBAN", UTILITY_RATE: "UTILITY_TEMPLATE_ABUSE_RATE_LIMIT_RECOVERY"}


def disable(world: World, waba_id: str, stamp: int, now: int) -> list[Event]:
    """What was announced comes true, unless it was called off or moved since."""
    standing = standing_of(world, waba_id)
    if not standing.disable_at or standing.disable_at != stamp:
        return []
    after = replace(standing, disable_at=0, disabled_at=now)
    banned = AccountBanned(at=now, waba_id=waba_id, state="DISABLE", moment=now)
    return [*settle(world, world.wabas[waba_id], after, now), banned]


# how it is told


def step_notices(waba_id: str, standing: Standing, now: int, violation: str, remediation: str = "") -> list[Event]:
    """How an account is told of the step that it stands on."""
    step = LADDER[standing.step - 1]
    events: list[Event] = [AccountViolated(at=now, waba_id=waba_id, violation=violation, remediation=remediation)]
    if step.takes:
        events.append(restriction_notice(waba_id, standing, now, step.takes, remediation=remediation))
    if step.disables:
        events.append(AccountBanned(at=now, waba_id=waba_id, state="DISABLE", moment=now))
    return events


def restriction_notice(
    waba_id: str, standing: Standing, now: int, kinds: tuple[str, ...], *, violation: str = "", remediation: str = ""
) -> AccountRestricted:
    """How an account is told what it may not do; what it may do again ends now."""
    found = [(kind, standing.restrictions.get(kind)) for kind in kinds]
    restrictions = tuple((kind, now if one is None else one.until) for kind, one in found)
    return AccountRestricted(
        at=now, waba_id=waba_id, restrictions=restrictions, violation=violation, remediation=remediation
    )


# what an account may not do besides sending


def check_management(world: World, waba_id: str, now: int, kind: str = "") -> None:
    """Refuses an account that is disabled or locked (131031), and what a restriction forbids (368)."""
    standing = world.standings.get(waba_id)
    if standing is None:
        return
    end = closed(standing, now)
    if end:
        raise refuse(131031, rule="account", why=end, fix=fix_of(waba_id))
    if kind and is_active(standing, kind, now):
        one = standing.restrictions[kind]
        code = 131031 if not one.until else world.policy.restriction_code
        raise refuse(code, rule="restriction", why=why_restricted(kind, one, now), fix=fix_of(waba_id, one, now))


def closed(standing: Standing, now: int) -> str:
    """Why an account can do nothing at all; empty if it can."""
    if standing.disabled_at:
        return f"the account was disabled {duration(now - standing.disabled_at)} ago"
    if standing.rejected_at:
        return f"the account's review was rejected {duration(now - standing.rejected_at)} ago"
    kinds = [one for kind, one in standing.restrictions.items() if kind in (BUSINESS_INITIATED, USER_INITIATED)]
    if len(kinds) == 2 and not any(one.until for one in kinds):
        return f"the account was locked {duration(now - kinds[0].since)} ago for {kinds[0].why or 'no stated reason'}"
    return ""


def why_restricted(kind: str, one: Restriction, now: int) -> str:
    """In words, what led to a restriction and when it ends."""
    end = f"for another {duration(one.until - now)}" if one.until else "until Meta lifts it"
    reason = f" because of {one.why}" if one.why else ""
    return f"the account has had {kind} for {duration(now - one.since)}{reason}, {end}"


def fix_of(waba_id: str, one: Restriction | None = None, now: int = 0) -> str:
    """What helps."""
    lift = f'PATCH /_localwaba/accounts/{waba_id} {{"status":"ACTIVE"}}'
    return f"wait {duration(one.until - now)}, or {lift}" if one is not None and one.until else lift
