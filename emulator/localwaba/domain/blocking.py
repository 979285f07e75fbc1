"""Users whom a business does not want to hear of: they cannot write to it, nor it to them (Meta: block users)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from localwaba.domain import windows
from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.events import Event, PairChanged
from localwaba.domain.model import PhoneNumber, User
from localwaba.domain.numbers import normalise, wa_id_of
from localwaba.domain.world import World

_NO_LONGER = "User has not messaged in the last 24 hours"


class Done(NamedTuple):
    """Somebody who was blocked or unblocked, as they were named."""

    given: str
    user: User
    by_user_id: bool


class Failed(NamedTuple):
    """Somebody who could not be, and why; `wa_id` is empty where the name stands for nobody."""

    given: str
    wa_id: str
    refusal: Refusal


class Outcome(NamedTuple):
    """What came of a request, one by one, and the events."""

    done: list[Done]
    failed: list[Failed]
    events: list[Event]


def blocked(world: World, number_id: str) -> list[User]:
    """Whom a number has blocked, in the order in which they became known to it."""
    head = f"{number_id}:"
    return [
        world.users[key.removeprefix(head)]
        for key, pair in world.pairs.items()
        if pair.blocked_by_business and key.startswith(head)
    ]


def block(world: World, number: PhoneNumber, named: Sequence[Mapping[str, str]], now: int) -> Outcome:
    """Blocks those who wrote within 24 hours (131047 for others); refused (139101) beyond the knob `blocklist_limit`.

    Whoever is blocked already stays so.
    """
    found = _find(world, number, named)
    fresh: dict[str, User] = {}
    done: list[Done] = []
    for one in found.done:
        pair = world.pair(number.id, one.user.wa_id)
        if pair.blocked_by_business or windows.is_open(pair, now, world.policy):
            done.append(one)
            if not pair.blocked_by_business:
                fresh[one.user.wa_id] = one.user
        else:
            found.failed.append(Failed(one.given, one.user.wa_id, _silent(one.given)))
    limit = world.policy.blocklist_limit
    if fresh and len(fresh) + len(blocked(world, number.id)) > limit:
        raise refuse(
            139101,
            rule="blocklist limit",
            why=f"{number.display} has blocked {len(blocked(world, number.id))} of {limit} users (blocklist_limit)",
            fix="unblock somebody first",
        )
    return Outcome(done, found.failed, _set(world, number, fresh.values(), now, is_blocked=True))


def unblock(world: World, number: PhoneNumber, named: Sequence[Mapping[str, str]], now: int) -> Outcome:
    """Unblocks users; whoever is not blocked stays so, and counts as done."""
    found = _find(world, number, named)
    was = {one.user.wa_id: one.user for one in found.done if world.pair(number.id, one.user.wa_id).blocked_by_business}
    return Outcome(found.done, found.failed, _set(world, number, was.values(), now, is_blocked=False))


def _find(world: World, number: PhoneNumber, named: Sequence[Mapping[str, str]]) -> Outcome:
    """Who is meant by phone numbers, which win, and by business-scoped ids."""
    done: list[Done] = []
    failed: list[Failed] = []
    for one in named:
        if one.get("user"):
            _by_number(world, number, one["user"], done, failed)
            continue
        given = one["user_id"]
        wa_id = world.user_ids.get(given)
        if wa_id is None:
            failed.append(Failed(given, "", _silent(given)))
        else:
            done.append(Done(given, world.users[wa_id], by_user_id=True))
    return Outcome(done, failed, [])


def _by_number(world: World, number: PhoneNumber, given: str, done: list[Done], failed: list[Failed]) -> None:
    try:
        wa_id = world.user_ids.get(given) or normalise(given, number.country).wa_id
    except Refused:
        failed.append(Failed(given, "", _silent(given)))  # Meta's page: 131047 for what is no WhatsApp user, too
        return
    if wa_id == wa_id_of(number.digits):
        why = "a number cannot block itself"
        refusal = Refusal(code=131021, message="Self Block", details="Failed to block self phone number.", why=why)
        failed.append(Failed(given, wa_id, refusal))
    elif wa_id not in world.users:
        failed.append(Failed(given, wa_id, _silent(given)))
    else:
        done.append(Done(given, world.users[wa_id], by_user_id=False))


def _silent(given: str) -> Refusal:
    return Refusal(
        code=131047,
        message="Re-engagement required",
        details=_NO_LONGER,
        why=f"{given} has not written to this number within 24 hours, or is nobody",
    )


def _set(world: World, number: PhoneNumber, users: Iterable[User], now: int, *, is_blocked: bool) -> list[Event]:
    return [
        PairChanged(
            at=now,
            key=f"{number.id}:{user.wa_id}",
            pair=replace(world.pair(number.id, user.wa_id), blocked_by_business=is_blocked),
        )
        for user in users
    ]
