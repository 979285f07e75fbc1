"""What Meta does to accounts that send marketing in utility templates: a ladder of its own.

A warning, then a cap on utility messages, then no utility templates for 7 and for 30 days, then that for the whole
portfolio (Meta: template categorization, 2026). Knob `utility_misuse` makes an account climb by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from localwaba.domain.account_state import UTILITY_RATE, UTILITY_TEMPLATES
from localwaba.domain.clock import DAY
from localwaba.domain.enforcement import is_active, restricted, restriction_notice, settle, standing_of
from localwaba.domain.errors import Refusal, refuse
from localwaba.domain.events import Event
from localwaba.domain.ids import Ids
from localwaba.domain.quality_state import TemplateCategorised
from localwaba.domain.windows import duration
from localwaba.domain.world import World


class Step(NamedTuple):
    """A step: what it takes, for how long, and what Meta calls the violation."""

    name: str
    takes: str = ""
    length: int = 0
    violation: str = "UTILITY_TEMPLATE_ABUSE"
    of_portfolio: bool = False


LADDER = (
    Step("warning"),
    Step("rate-limit", UTILITY_RATE, 7 * DAY, "UTILITY_TEMPLATE_ABUSE_RATE_LIMIT"),
    Step("7-day", UTILITY_TEMPLATES, 7 * DAY),
    Step("30-day", UTILITY_TEMPLATES, 30 * DAY),
    Step("portfolio", UTILITY_TEMPLATES, 30 * DAY, of_portfolio=True),
)
"""All figures of this ladder; the cap is the knob `utility_cap`, over a rolling day."""


def put_on_step(world: World, waba_id: str, step: int, now: int) -> list[Event]:
    """An account gets to a step (from 1), with what follows for its templates; the last one is for all siblings."""
    rule = LADDER[step - 1]
    business_id = world.wabas[waba_id].business_id
    siblings = [waba.id for waba in world.wabas.values() if waba.business_id == business_id]
    events: list[Event] = []
    for one in siblings if rule.of_portfolio else [waba_id]:
        events += _take(world, one, rule, step, now)
    return events


def _take(world: World, waba_id: str, rule: Step, step: int, now: int) -> list[Event]:
    after = replace(standing_of(world, waba_id), misuse=step)
    if rule.takes:
        after = restricted(after, rule.takes, now + rule.length, now, rule.violation)
    kinds = (rule.takes,) if rule.takes else ()
    told = restriction_notice(waba_id, after, now, kinds, violation=rule.violation)
    events = [*settle(world, world.wabas[waba_id], after, now), told]
    return events + recategorised(world, waba_id, now) if rule.takes == UTILITY_TEMPLATES else events


def recategorised(world: World, waba_id: str, now: int) -> list[Event]:
    """All approved utility templates of an account become marketing ones."""
    return [
        TemplateCategorised(at=now, template_id=one.id, category="MARKETING", previous="UTILITY")
        for one in world.templates.values()
        if one.waba_id == waba_id and one.category == "UTILITY" and one.status == "APPROVED"
    ]


def after_category(world: World, event: TemplateCategorised, ids: Ids) -> list[Event]:
    """With the knob, a utility template that turns out to be marketing costs its account a step."""
    template = world.templates.get(event.template_id)
    is_misuse = event.category == "MARKETING" and event.previous == "UTILITY" and not event.correct
    if template is None or not is_misuse or world.policy.utility_misuse == "none":
        return []
    standing = standing_of(world, template.waba_id)
    if is_active(standing, UTILITY_TEMPLATES, event.at):  # the restriction itself has changed it
        return []
    return put_on_step(world, template.waba_id, min(standing.misuse + 1, len(LADDER)), event.at)


def is_warned(world: World, waba_id: str) -> bool:
    """Whether an account gets no notice any more before its templates' categories change (since April 2025)."""
    return standing_of(world, waba_id).misuse > 0


def check_creation(world: World, waba_id: str, category: str, now: int) -> None:
    """Refuses a new utility template where they are restricted."""
    standing = world.standings.get(waba_id)
    if standing is None or category.upper() != "UTILITY" or not is_active(standing, UTILITY_TEMPLATES, now):
        return
    one = standing.restrictions[UTILITY_TEMPLATES]
    raise refuse(
        10,
        subcode=2388185,
        rule="utility misuse",
        why=f"the account may create no utility templates for another {duration(one.until - now)}"
        if one.until
        else "the account may create no utility templates",
        fix=_fix(waba_id),
    )


def capped(world: World, waba_id: str, now: int) -> Refusal | None:
    """Why one more utility message is too many while they are rate limited (131064)."""
    most, sent = world.policy.utility_cap, 0
    for message in reversed(world.messages.values()):
        if message.at <= now - DAY or sent >= most:
            break
        if message.outbound and message.category == "utility" and message.status != "failed":
            sent += world.numbers[message.phone_number_id].waba_id == waba_id
    if sent < most:
        return None
    return Refusal(
        code=131064,
        rule="utility misuse",
        why=f"{sent} of {most} utility messages in 24 h are sent, and the account is rate limited for misuse",
        fix=f"send fewer utility templates, or {_fix(waba_id)}",
    )


def _fix(waba_id: str) -> str:
    return f'PATCH /_localwaba/accounts/{waba_id} {{"utility_misuse":"none"}}'
