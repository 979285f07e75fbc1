"""The life of a message to a group: it leaves once, and gets to each participant on its own."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localwaba.domain import billing, senders, windows
from localwaba.domain.agenda import AnswerInGroup, ReachParticipants
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, GroupStatusReached, Scheduled
from localwaba.domain.expiry import expires_at
from localwaba.domain.media import fault_of
from localwaba.domain.model import User
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

_RANK = {"": 0, "delivered": 1, "read": 2, "played": 3}


def dispatch(world: World, message: Message, now: int, link_fault: Refusal | None = None) -> list[Event]:
    """An accepted message to a group leaves Meta's servers, or fails as a whole."""
    pair = world.pair(message.phone_number_id, message.wa_id)
    refusal = link_fault or message.refusal
    if refusal is None and world.standings:
        refusal = senders.late_refusal(world, message, pair, now)
    refusal = refusal or _refusal_of(world, message)
    if refusal is not None:
        return [GroupStatusReached(at=now, message_id=message.id, status="failed", refusal=refusal, final=True)]
    price = billing.decide(world, message, pair, now, in_entry_window=False)
    people = [wa_id for wa_id, _ in message.receipts]
    following = _next(world, message, people, "sent", now)
    sent = GroupStatusReached(at=now, message_id=message.id, status="sent", pricing=price.pricing, final=not following)
    return [sent, *following]


def _refusal_of(world: World, message: Message) -> Refusal | None:
    if message.group_id not in world.groups:
        return Refusal(code=131041, rule="groups", why="the group was deleted in the meantime")
    if not message.template_id and not message.in_window:
        return Refusal(
            code=131047,
            rule="24-hour window",
            why=f"in this group {_nobody_wrote(world, message)}",
            fix="send an approved template, or wait until a participant writes",
        )
    media = world.media.get(message.media_id) if message.media_id else None
    return fault_of(media, message.type, voice=False) if media else None


def _nobody_wrote(world: World, message: Message) -> str:
    pair = world.pair(message.phone_number_id, message.wa_id)
    if not pair.inbound_at:
        return "nobody has ever written, so its 24-hour window was never open"
    end = pair.inbound_at + int(world.policy.window_seconds * SECOND)
    return f"the 24-hour window closed {windows.duration(message.at - end)} ago"


def reach(world: World, message_id: str, status: str, participants: Iterable[str], now: int) -> list[Event]:
    """Some participants get to a further status; whoever is there or beyond already is left out."""
    message = world.messages.get(message_id)
    if message is None or message.status == "failed":
        return []
    before = dict(message.receipts)
    new = [wa_id for wa_id in participants if wa_id in before and _RANK[before[wa_id]] < _RANK[status]]
    if not new:
        return []
    following = _next(world, message, new, status, now)
    done = not following and all(one in new or had for one, had in before.items())
    reached = GroupStatusReached(at=now, message_id=message.id, status=status, participants=tuple(new), final=done)
    return [reached, *following, *(_answers(world, message, new, now) if status == "read" else ())]


def read_all(world: World, group_id: str, wa_id: str, now: int, upto: str = "") -> list[Event]:
    """A participant opens the group: everything that got to them is read, up to and including `upto`."""
    found: list[Event] = []
    for message in world.messages.values():
        if message.outbound and message.group_id == group_id and message.status not in ("accepted", "failed"):
            had = dict(message.receipts).get(wa_id)
            if had is not None and _RANK[had] < _RANK["read"]:
                found.append(GroupStatusReached(at=now, message_id=message.id, status="read", participants=(wa_id,)))
        if message.id == upto:
            break
    return found


def _answers(world: World, message: Message, participants: Iterable[str], now: int) -> list[Event]:
    found: list[Event] = []
    for wa_id in participants:
        behaviour = world.users[wa_id].behaviour
        if behaviour.answers is not None:
            due = now + int(behaviour.answers_after * SECOND)
            found.append(Scheduled(at=now, due=due, item=AnswerInGroup(message.id, wa_id)))
    return found


def _next(world: World, message: Message, participants: Iterable[str], status: str, now: int) -> list[Scheduled]:
    """What follows a status, once for all participants to whom it happens at the same time."""
    following: dict[tuple[int, str], list[str]] = {}
    for wa_id in participants:
        user = world.users.get(wa_id)
        step = _step(world, message, user, status, now) if user else None
        if step is not None:
            following.setdefault(step, []).append(wa_id)
    return [
        Scheduled(at=now, due=due, item=ReachParticipants(message.id, reached, tuple(people)))
        for (due, reached), people in following.items()
    ]


def _step(world: World, message: Message, user: User, status: str, now: int) -> tuple[int, str] | None:
    behaviour, policy = user.behaviour, world.policy
    if not behaviour.on_whatsapp or world.pair(message.phone_number_id, user.wa_id).blocked_by_user:
        return None
    if status == "sent":
        after, reached = _seconds(behaviour.delivered_after, policy.delivered_after), "delivered"
        if behaviour.skips_delivered:
            further = _read_after(user, policy)
            after, reached = (None if after is None or further is None else after + further), "read"
    elif status == "delivered":
        after, reached = _read_after(user, policy), "read"
    else:
        return None
    if after is None:
        return None
    due = now + int(after * SECOND)
    return None if status == "sent" and due >= expires_at(message) else (due, reached)


def _read_after(user: User, policy: Policy) -> float | None:
    return _seconds(user.behaviour.read_after, policy.read_after)


def _seconds(own: float | msgspec.UnsetType | None, default: float | None) -> float | None:
    return default if isinstance(own, msgspec.UnsetType) else own
