"""The life of a message of the business after it was accepted."""

from __future__ import annotations

import msgspec

from localwaba.domain import billing, group_messages, senders, tiers, windows
from localwaba.domain.agenda import AnswerMessage, ReachStatus
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import Event, Scheduled, StatusReached
from localwaba.domain.expiry import expires_at
from localwaba.domain.model import Behaviour
from localwaba.domain.policy import Policy
from localwaba.domain.recipients import refusal_of
from localwaba.domain.traffic import Message, Pair
from localwaba.domain.world import World

RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}


def dispatch(world: World, message_id: str, now: int, link_fault: Refusal | None = None) -> list[Event]:
    """An accepted message leaves Meta's servers, or fails for a reason that depends on the recipient."""
    message = world.messages.get(message_id)
    if message is None or message.status != "accepted":
        return []
    if now >= expires_at(message):  # held for longer than it may wait: dropped, and nobody is told
        return [StatusReached(at=now, message_id=message_id, status="accepted", final=True, silent=True)]
    if message.group_id:
        return group_messages.dispatch(world, message, now, link_fault)
    user = world.users[message.wa_id]
    pair = world.pair(message.phone_number_id, message.wa_id)
    refusal = link_fault or message.refusal
    if refusal is None and world.standings:
        refusal = senders.late_refusal(world, message, pair, now)
    refusal = refusal or refusal_of(world, message, user, pair, now)
    if refusal is None and not message.in_window:
        refusal = tiers.check(world, world.numbers[message.phone_number_id], user.wa_id, now)
    if refusal is not None:
        return [StatusReached(at=now, message_id=message_id, status="failed", refusal=refusal, final=True)]
    in_entry = windows.in_entry_window(pair, message.at)
    decision = billing.decide(world, message, pair, now, in_entry_window=in_entry)
    following = _next(message, user.behaviour, pair, world.policy, "sent", now)
    return [
        StatusReached(
            at=now,
            message_id=message_id,
            status="sent",
            pricing=decision.pricing,
            in_entry_window=in_entry,
            conversation=decision.conversation,
            conversation_until=decision.until,
            final=following is None,
        ),
        *([following] if following else ()),
    ]


def reach(world: World, message_id: str, status: str, now: int) -> list[Event]:
    """A message that was sent gets to a further status, unless it is there or beyond already."""
    message = world.messages.get(message_id)
    if message is None or message.status == "failed" or RANK[message.status] >= RANK[status]:
        return []
    user = world.users[message.wa_id]
    behaviour = user.behaviour
    if status == "failed":
        refusal = Refusal(
            code=behaviour.fails_with or 131000,
            rule="behaviour",
            why="this user's messages fail after delivery, as their behaviour says",
        )
        return [StatusReached(at=now, message_id=message_id, status=status, refusal=refusal, final=True)]
    pair = world.pair(message.phone_number_id, message.wa_id)
    following = _next(message, behaviour, pair, world.policy, status, now)
    events: list[Event] = [StatusReached(at=now, message_id=message_id, status=status, final=following is None)]
    if following:
        events.append(following)
    if behaviour.answers is not None and (following is None or status == "read"):
        due = now + int(behaviour.answers_after * SECOND)
        events.append(Scheduled(at=now, due=due, item=AnswerMessage(message_id)))
    return events


def read_all(world: World, phone_number_id: str, wa_id: str, now: int, upto: str = "") -> list[Event]:
    """The user opens the chat: everything that was sent to them is read, up to and including `upto`."""
    found: list[Event] = []
    for message in world.messages.values():
        if message.outbound and message.phone_number_id == phone_number_id and message.wa_id == wa_id:
            is_there = message.status == "delivered" or (message.status == "sent" and now < expires_at(message))
            if is_there and message.type != "reaction":
                found.append(StatusReached(at=now, message_id=message.id, status="read", final=True))
            if message.id == upto:
                break
    return found


def _next(
    message: Message, behaviour: Behaviour, pair: Pair, policy: Policy, status: str, now: int
) -> Scheduled | None:
    """What follows a status, as the user behaves; None: nothing will."""
    if message.type == "reaction" or pair.blocked_by_user:
        return None
    if status == "sent":
        after, reached = _seconds(behaviour.delivered_after, policy.delivered_after), "delivered"
        if behaviour.skips_delivered:
            further = _seconds(behaviour.read_after, policy.read_after)
            after = None if after is None or further is None else after + further
            reached = "read"
    elif status == "delivered" and behaviour.fails_after_delivery:
        after, reached = 1.0, "failed"
    elif status == "delivered":
        after, reached = _seconds(behaviour.read_after, policy.read_after), "read"
    else:
        return None
    if after is None:
        return None
    due = now + int(after * SECOND)
    if status == "sent" and due >= expires_at(message):
        return None
    return Scheduled(at=now, due=due, item=ReachStatus(message.id, reached))


def _seconds(own: float | msgspec.UnsetType | None, default: float | None) -> float | None:
    return default if isinstance(own, msgspec.UnsetType) else own
