"""What is decided when the time of an item of the agenda has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from localwaba.domain import (
    enforcement,
    fault_windows,
    faults,
    group_messages,
    inbound,
    media,
    names,
    quality,
    statuses,
    template_categories,
    template_life,
    template_pacing,
    template_pausing,
    template_review,
    tiers,
)
from localwaba.domain.agenda import (
    AnswerInGroup,
    AnswerMessage,
    ArchiveTemplate,
    ArriveMessage,
    DecidePacing,
    DisableAccount,
    DispatchMessage,
    EndRestriction,
    EndTemplate,
    ExpireMedia,
    ExpireName,
    FinishUpgrade,
    FlipCategory,
    GrowLimit,
    Item,
    JudgeFlaggedNumber,
    PauseTemplate,
    PurgeTemplate,
    ReachParticipants,
    ReachStatus,
    ReleaseWindow,
    ReviewName,
    ReviewQuality,
    ReviewTemplate,
    RingOut,
    TakeCall,
    TellStatus,
    UnpauseTemplate,
    VerifyBusiness,
)
from localwaba.domain.events import Event, LinkWanted
from localwaba.domain.ids import Ids
from localwaba.domain.traffic import Message
from localwaba.domain.world import World
from localwaba.operations import messaging_limits, ringing


def happen(world: World, item: Item, now: int, ids: Ids) -> list[Event]:
    """The events of an item whose time has come; items about the network are the host's."""
    decide = _DECISIONS.get(type(item))
    return decide(world, item, now, ids) if decide else []


def _dispatch(world: World, item: DispatchMessage, now: int, ids: Ids) -> list[Event]:
    message = world.messages.get(item.message_id)
    if message is not None and message.link and message.status == "accepted":
        return [LinkWanted(at=now, message_id=message.id, url=message.link)]
    return statuses.dispatch(world, item.message_id, now)


def _reach(world: World, item: ReachStatus, now: int, ids: Ids) -> list[Event]:
    return statuses.reach(world, item.message_id, item.status, now)


def _answer(world: World, item: AnswerMessage, now: int, ids: Ids) -> list[Event]:
    message = world.messages.get(item.message_id)
    user = world.users.get(message.wa_id) if message else None
    if message is None or user is None or user.behaviour.answers is None:
        return []
    content = _words(message, user.behaviour.answers)
    return inbound.receive(world, ids, now, user, message.phone_number_id, content)[1]


def _answer_in_group(world: World, item: AnswerInGroup, now: int, ids: Ids) -> list[Event]:
    message, user = world.messages.get(item.message_id), world.users.get(item.wa_id)
    group = world.groups.get(message.group_id) if message else None
    if message is None or group is None or user is None or user.behaviour.answers is None:
        return []
    if user.wa_id not in group.participants or group.suspended:
        return []
    content = _words(message, user.behaviour.answers) | {"group_id": group.id}
    return inbound.receive(world, ids, now, user, message.phone_number_id, content)[1]


def _words(message: Message, answer: str) -> dict[str, Any]:
    """A text as a user's behaviour has it; `{text}` is what they got."""
    body = msgspec.json.decode(message.body)
    shown = body.get("text", {}).get("body", f"({message.type})") if isinstance(body, dict) else ""
    return {"type": "text", "text": {"body": answer.replace("{text}", str(shown))}}


def _review(world: World, item: ReviewTemplate, now: int, ids: Ids) -> list[Event]:
    return template_review.review(world, item.template_id, item.stamp, now)


def _unpause(world: World, item: UnpauseTemplate, now: int, ids: Ids) -> list[Event]:
    return template_pausing.unpause(world, item.template_id, item.stamp, now)


def _expire(world: World, item: ExpireMedia, now: int, ids: Ids) -> list[Event]:
    return media.expire_media(world, item.media_id, now)


def _grow(world: World, item: GrowLimit, now: int, ids: Ids) -> list[Event]:
    return messaging_limits.grow(world, item, now)


def _finish_upgrade(world: World, item: FinishUpgrade, now: int, ids: Ids) -> list[Event]:
    return messaging_limits.finish_upgrade(world, item, now)


def _judge_flagged(world: World, item: JudgeFlaggedNumber, now: int, ids: Ids) -> list[Event]:
    events = quality.judge_flagged(world, item.phone_number_id, item.stamp, now)
    if not events:
        return []
    number = msgspec.structs.replace(world.numbers[item.phone_number_id], status="CONNECTED")
    limit = tiers.limit_of(world, number)
    lower = next((one for one in tiers.LIMITS if tiers.next_step(one, world.policy) == limit), None)
    return events + (messaging_limits.set_limit(world, now, number, lower) if lower else [])


_DECISIONS: dict[type, Callable[[World, Any, int, Ids], list[Event]]] = {
    DispatchMessage: _dispatch,
    ReachStatus: _reach,
    AnswerMessage: _answer,
    ReachParticipants: lambda world, item, now, ids: group_messages.reach(
        world, item.message_id, item.status, item.participants, now
    ),
    AnswerInGroup: _answer_in_group,
    ArriveMessage: lambda world, item, now, ids: inbound.arrive(item.message, now),
    TakeCall: lambda world, item, now, ids: ringing.take_by_habit(world, item.call_id, now),
    RingOut: lambda world, item, now, ids: ringing.ring_out(world, item.call_id, now),
    ReviewTemplate: _review,
    UnpauseTemplate: _unpause,
    ExpireMedia: _expire,
    GrowLimit: _grow,
    FinishUpgrade: _finish_upgrade,
    ReviewQuality: lambda world, item, now, ids: quality.review(world, item.subject, now),
    PauseTemplate: lambda world, item, now, ids: template_pausing.pause_red(world, item.template_id, item.stamp, now),
    JudgeFlaggedNumber: _judge_flagged,
    FlipCategory: lambda world, item, now, ids: template_categories.flip(world, item.template_id, item.category, now),
    DecidePacing: lambda world, item, now, ids: template_pacing.decide(world, item.key, item.stamp, now),
    ArchiveTemplate: lambda world, item, now, ids: template_life.archive_idle(world, item.template_id, now),
    PurgeTemplate: lambda world, item, now, ids: template_life.purge(world, item.template_id, item.stamp, now),
    TellStatus: lambda world, item, now, ids: faults.tell_status(world, item, now),
    ReleaseWindow: lambda world, item, now, ids: fault_windows.release(world, item, now),
    EndRestriction: lambda world, item, now, ids: enforcement.end_restriction(
        world, item.waba_id, item.kind, item.until, now
    ),
    DisableAccount: lambda world, item, now, ids: enforcement.disable(world, item.waba_id, item.stamp, now),
    ReviewName: lambda world, item, now, ids: names.review(world, item.phone_number_id, item.stamp, now),
    ExpireName: lambda world, item, now, ids: names.expire(world, item.phone_number_id, item.stamp, now),
    VerifyBusiness: lambda world, item, now, ids: messaging_limits.finish_verification(world, item, now),
    EndTemplate: lambda world, item, now, ids: template_life.end(world, item.template_id, now),
}
