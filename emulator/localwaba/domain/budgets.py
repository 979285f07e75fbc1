"""How many management calls an app may make on an account within an hour, and how much of that is used.

Everything that names an account, its numbers or templates is a management call, but for messages and their files
(Meta: rate limits of the WhatsApp Business Platform).
"""

from __future__ import annotations

from localwaba.domain.clock import HOUR, MINUTE
from localwaba.domain.errors import refuse
from localwaba.domain.limits import in_words
from localwaba.domain.limits_state import CallCounted, Window
from localwaba.domain.policy import Policy
from localwaba.domain.world import World

FREE_EDGES = frozenset({"messages", "media", "marketing_messages", "messages_encrypted", "calls"})
"""Edges of a number that have limits of their own."""


def account_of(world: World, node: str) -> str:
    """The account that a node belongs to: itself, a number's, a template's, a flow's; empty for other nodes."""
    number = world.numbers.get(node)
    if number is not None:
        return number.waba_id
    if node in world.wabas:
        return node
    thing = world.templates.get(node) or world.flows.get(node)
    return thing.waba_id if thing is not None else ""


def hourly(world: World, waba_id: str) -> int | None:
    """How many calls an app may make on an account: more if it has a registered number."""
    policy = world.policy
    for number in world.numbers.values():  # asked twice for each call: any() over a generator takes twice as long
        if number.registered and number.waba_id == waba_id:
            return policy.account_calls
    return policy.idle_account_calls


def charge(world: World, app_id: str, node: str, edge: str, now: int) -> CallCounted | None:
    """What counts a call; None if no budget is touched. Refused with 4 or 80007 if one is used up."""
    policy = world.policy
    waba_id = "" if edge in FREE_EDGES else account_of(world, node)
    if policy.app_calls:
        _check_app(world, policy.app_calls, app_id, now)
    elif not waba_id:
        return None
    if waba_id:
        limit = hourly(world, waba_id)
        if not limit and not policy.app_calls:
            return None
        _check_account(world, limit, app_id, waba_id, now)
    return CallCounted(at=now, app_id=app_id, waba_id=waba_id)


def _check_app(world: World, limit: int, app_id: str, now: int) -> None:
    window = world.limits.calls.get(app_id)
    if window is not None and (count := window.within(HOUR, now)) >= limit:
        raise refuse(
            4,
            rule="app calls",
            why=f"{count} of {limit} calls of this app in an hour used; {_next(window, limit, now)}",
            fix='wait, or PATCH /_localwaba/policy {"app_calls":null}',
        )


def _check_account(world: World, limit: int | None, app_id: str, waba_id: str, now: int) -> None:
    window = world.limits.calls.get(f"{app_id}:{waba_id}")
    if limit and window is not None and (count := window.within(HOUR, now)) >= limit:
        knob = "account_calls" if limit == world.policy.account_calls else "idle_account_calls"
        raise refuse(
            80007,
            rule="account calls",
            why=f"{count} of {limit} management calls on account {waba_id} in an hour used; "
            f"{_next(window, limit, now)}",
            fix=f'read x-business-use-case-usage and call less, wait, or PATCH /_localwaba/policy {{"{knob}":null}}',
        )


def _next(window: Window, limit: int, now: int) -> str:
    return f"the next is free in {in_words(window.frees_at(HOUR, now, limit) - now)}"


def account_usage(world: World, app_id: str, waba_id: str, now: int) -> tuple[int, int]:
    """How much of an account's budget an app has used, in percent, and the minutes until a call is free again."""
    window = world.limits.calls.get(f"{app_id}:{waba_id}")
    return _usage(window, hourly(world, waba_id), now) if window is not None else (0, 0)


def app_usage(world: World, app_id: str, now: int) -> int:
    """How much of an app's budget is used, in percent."""
    window = world.limits.calls.get(app_id)
    return _usage(window, world.policy.app_calls, now)[0] if window is not None else 0


def _usage(window: Window, limit: int | None, now: int) -> tuple[int, int]:
    count = window.within(HOUR, now)
    if not limit or not count:
        return 0, 0
    if count < limit:
        return -(-count * 100 // limit), 0
    return 100, -(-(window.frees_at(HOUR, now, limit) - now) // MINUTE)


def creations(policy: Policy) -> int:
    """How many templates an account may create in an hour."""
    return policy.template_creations or 10**9
