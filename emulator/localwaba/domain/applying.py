"""The only code that changes a world."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import msgspec

from localwaba.domain import billing, fault_state, limits_state, quality_state, template_life, tiers
from localwaba.domain.account_state import CLEAN, CodeIssued, StandingChanged, VerificationChanged
from localwaba.domain.agenda import RetryDelivery
from localwaba.domain.events import (
    CameDue,
    DeliveryAttempted,
    DeliveryQueued,
    Event,
    GroupStatusReached,
    MessageAccepted,
    MessageKnown,
    MessageRead,
    MessageReceived,
    PairChanged,
    PolicyChanged,
    Put,
    Removed,
    Scheduled,
    StatusReached,
    TemplateJudged,
)
from localwaba.domain.fault_state import (
    DeliveriesMerged,
    DeliveriesReleased,
    DeliveryHeld,
    FaultArmed,
    FaultAsked,
    FaultFired,
    FaultsCleared,
)
from localwaba.domain.limits_state import CallCounted, GrowthPlanned, RegistrationCounted
from localwaba.domain.model import PhoneNumber, Template, User, Waba
from localwaba.domain.profiles import bot_id, profile_id
from localwaba.domain.quality_state import (
    FeedbackGiven,
    MessagePaced,
    NumberFlagged,
    NumberRated,
    PacingDecided,
    PortfolioBarred,
    TemplateCategorised,
    TemplateRated,
)
from localwaba.domain.world import World

_TABLES: dict[str, tuple[str, str]] = {  # class: table, kind of Graph node
    "App": ("apps", "app"),
    "Business": ("businesses", "business"),
    "Waba": ("wabas", "waba"),
    "PhoneNumber": ("numbers", "phone_number"),
    "PreverifiedNumber": ("preverified", "preverified_number"),
    "Token": ("tokens", ""),
    "Template": ("templates", "template"),
    "Flow": ("flows", "flow"),
    "Media": ("media", "media"),
    "UploadSession": ("uploads", "upload_session"),
    "User": ("users", ""),
    "Group": ("groups", "group"),
    "CallPermission": ("call_permissions", ""),
    "PhoneCall": ("calls", ""),
    "QrCode": ("qr_codes", ""),
    "Solution": ("solutions", "solution"),
}
_CHUNK = 500  # how many of the oldest are dropped at once


def apply(world: World, event: Event) -> None:
    """Makes a world one event older."""
    world.sequence += 1
    change = _CHANGES.get(type(event))
    if change is not None:
        change(world, event)


def _put(world: World, event: Put) -> None:
    thing = event.thing
    table, kind = _TABLES[type(thing).__name__]
    if isinstance(thing, User):
        world.users[thing.wa_id] = thing
        world.user_ids[thing.user_id] = thing.wa_id
        return
    getattr(world, table)[thing.id] = thing
    if kind:
        world.nodes[thing.id] = kind
    if isinstance(thing, (PhoneNumber, Waba)) and thing.status == "DELETED":
        del world.nodes[thing.id]
    if isinstance(thing, Template):
        _index_template(world, thing)
    elif isinstance(thing, PhoneNumber):
        world.nodes[profile_id(thing.id)] = "business_profile"
        if "conversational_automation" in thing.settings:
            world.nodes[bot_id(thing.id)] = "bot"


def _index_template(world: World, template: Template) -> None:
    key = f"{template.waba_id}:{template.name}"
    languages = world.template_names.setdefault(key, {})
    if template.status == "DELETED":
        if languages.get(template.language) == template.id:
            del languages[template.language]
        world.nodes.pop(template.id, None)
    else:
        languages[template.language] = template.id


def _remove(world: World, event: Removed) -> None:
    table, _ = _TABLES[event.kind]
    thing = getattr(world, table).pop(event.id, None)
    world.nodes.pop(event.id, None)
    if isinstance(thing, PhoneNumber):
        world.nodes.pop(profile_id(thing.id), None)
        world.nodes.pop(bot_id(thing.id), None)
    if isinstance(thing, User):
        world.user_ids.pop(thing.user_id, None)
    if isinstance(thing, Template):
        world.template_names.get(f"{thing.waba_id}:{thing.name}", {}).pop(thing.language, None)


def _schedule(world: World, event: Scheduled) -> None:
    world.scheduled += 1
    heappush(world.agenda, (event.due, world.scheduled, event.item))


def _take(world: World, event: CameDue) -> None:
    due, _, item = heappop(world.agenda)
    if type(item) is RetryDelivery:
        delivery = world.deliveries.get(item.delivery_id)
        if delivery is not None and delivery.next_at == due:
            delivery.next_at = 0  # it is on its way: a snapshot taken now sends it again


def _accept(world: World, event: MessageAccepted) -> None:
    message = event.message
    world.messages[message.id] = message
    if message.template_id:
        world.quality.used[message.template_id] = event.at
    number = world.numbers.get(message.phone_number_id)
    if number is not None:
        limits_state.count_sent(world.limits, world.policy, number, message, event.at)


def _reach(world: World, event: StatusReached) -> None:
    message = world.messages.get(event.message_id)
    if message is None:
        return
    quality_state.note_status(world.quality, message, event.status, event.at)
    message.status = event.status
    message.status_at = event.at
    message.history = (*message.history, (event.status, event.at))
    if not message.in_window and event.status != "failed":
        tiers.count(world, message, event.status, event.at)
    if event.refusal is not None:
        message.refusal = event.refusal
    if event.pricing is not None:
        message.pricing = event.pricing
        message.in_entry_window = event.in_entry_window
        message.conversation = event.conversation
    billing.note_status(world, message, event)
    if event.final:
        _finish(world, message.id)


def _reach_group(world: World, event: GroupStatusReached) -> None:
    message = world.messages.get(event.message_id)
    if message is None:
        return
    if event.participants:
        got = dict.fromkeys(event.participants, event.status)
        message.receipts = tuple((wa_id, got.get(wa_id, had)) for wa_id, had in message.receipts)
    if event.pricing is not None:
        message.pricing = event.pricing
    if event.refusal is not None:
        message.refusal = event.refusal
    if not event.participants or {status for _, status in message.receipts} == {event.status}:  # now it is everybody's
        message.status, message.status_at = event.status, event.at
        message.history = (*message.history, (event.status, event.at))
    if event.final:
        _finish(world, message.id)


def _receive(world: World, event: MessageReceived) -> None:
    message = event.message
    world.messages[message.id] = message
    number = world.numbers.get(message.phone_number_id)
    if number is not None and message.type != "system":
        limits_state.count_received(world.limits, world.policy, number, event.at)
        billing.note_received(world, message)
    _finish(world, message.id)


def _know(world: World, event: MessageKnown) -> None:
    is_new = event.message.id not in world.messages
    world.messages[event.message.id] = event.message
    if is_new:
        _finish(world, event.message.id)


def _finish(world: World, message_id: str) -> None:
    world.finished.append(message_id)
    if len(world.finished) >= world.policy.retained_messages + _CHUNK:
        _drop_oldest(world, world.finished, world.messages, "messages")


def _drop_oldest(world: World, queue: list[str], table: dict[str, Any], name: str) -> None:
    oldest, queue[:_CHUNK] = queue[:_CHUNK], []
    gone = sum(table.pop(key, None) is not None for key in oldest)  # a message that is read late stands there twice
    world.dropped[name] = world.dropped.get(name, 0) + gone


def _read(world: World, event: MessageRead) -> None:
    message = world.messages.get(event.message_id)
    if message is not None:
        message.status = "read"
        message.status_at = event.at


def _change_pair(world: World, event: PairChanged) -> None:
    world.pairs[event.key] = event.pair


def _judge(world: World, event: TemplateJudged) -> None:
    template = world.templates.get(event.template_id)
    if template is None:
        return
    world.templates[template.id] = template_life.judged(template, event)
    _index_template(world, world.templates[template.id])
    state = world.quality
    if event.status == "APPROVED" and template.status != "APPROVED":
        quality_state.begin_anew(state, template.id)
    state.going.pop(template.id, None)
    if event.status == "PENDING_DELETION":
        waiting = template_life.undelivered(world, (template.id,), event.at)
        state.going[template.id] = len(waiting.get(template.id, ()))


def _rate_template(world: World, event: TemplateRated) -> None:
    template = world.templates.get(event.template_id)
    if template is not None:
        rated = msgspec.structs.replace(template, quality_score=event.score, quality_at=event.at)
        world.templates[template.id] = rated


def _categorise(world: World, event: TemplateCategorised) -> None:
    template = world.templates.get(event.template_id)
    if template is not None:
        changes = {"correct_category": event.correct}
        if not event.correct:
            changes |= {"category": event.category, "previous_category": event.previous}
        world.templates[template.id] = msgspec.structs.replace(template, **changes)


def _rate_number(world: World, event: NumberRated) -> None:
    number = world.numbers[event.phone_number_id]
    world.numbers[number.id] = msgspec.structs.replace(number, quality_rating=event.rating)


def _flag_number(world: World, event: NumberFlagged) -> None:
    number = world.numbers[event.phone_number_id]
    status = "FLAGGED" if event.flagged else "CONNECTED"
    world.numbers[number.id] = msgspec.structs.replace(number, status=status)
    quality_state.flag_number(world.quality, event)


def _queue(world: World, event: DeliveryQueued) -> None:
    world.deliveries[event.delivery.id] = event.delivery


def _attempt(world: World, event: DeliveryAttempted) -> None:
    delivery = world.deliveries.get(event.delivery_id)
    if delivery is None:
        return
    was_settled = delivery.state != "pending"
    delivery.attempts = (*delivery.attempts, event.attempt)
    delivery.state = event.state
    delivery.next_at = event.next_at
    if event.state == "delivered":
        world.delivered += 1
        if world.ailing:
            world.ailing.pop(delivery.app_id, None)
    else:
        world.ailing.setdefault(delivery.app_id, event.at)
    if event.state == "pending":
        if was_settled and delivery.id in world.settled_deliveries:  # once more by hand, and not taken this time
            world.settled_deliveries.remove(delivery.id)
        return
    if event.state == "abandoned":
        world.abandoned += 1
    if not was_settled:
        _settle(world, delivery.id)


def _settle(world: World, delivery_id: str) -> None:
    world.settled_deliveries.append(delivery_id)
    if len(world.settled_deliveries) >= world.policy.retained_deliveries + _CHUNK:
        _drop_oldest(world, world.settled_deliveries, world.deliveries, "deliveries")


def _change_policy(world: World, event: PolicyChanged) -> None:
    world.policy = event.policy


def _change_standing(world: World, event: StandingChanged) -> None:
    if event.standing == CLEAN:
        world.standings.pop(event.waba_id, None)
    else:
        world.standings[event.waba_id] = event.standing


def _verify(world: World, event: VerificationChanged) -> None:
    business = world.businesses[event.business_id]
    world.businesses[business.id] = msgspec.structs.replace(business, verification_status=event.status)


def _issue_code(world: World, event: CodeIssued) -> None:
    world.notes.setdefault("codes", {})[event.code] = event.grant


def _fire(world: World, event: FaultFired) -> None:
    fault_state.count(world.faults, world.fault_record, event)
    if event.ends and event.message_id in world.messages:
        _finish(world, event.message_id)


def _release(world: World, event: DeliveriesReleased) -> None:
    world.fault_record.held.pop(event.window, None)
    for delivery_id in event.order:
        delivery = world.deliveries.get(delivery_id)
        if delivery is not None:
            delivery.next_at = event.at
            if event.apart:
                delivery.lane = f"{delivery.lane} {delivery.id}"


def _merge(world: World, event: DeliveriesMerged) -> None:
    carrier = world.deliveries.get(event.carrier)
    if carrier is None:
        return
    carrier.body = event.body
    carrier.lane = "batch"  # what is too much for one POST comes one after the other
    for delivery_id in event.members:
        delivery = world.deliveries.get(delivery_id)
        if delivery is not None:
            delivery.state, delivery.next_at, delivery.carrier = "carried", 0, event.carrier
            _settle(world, delivery_id)


_CHANGES: dict[type, Callable[[World, Any], None]] = {
    Put: _put,
    Removed: _remove,
    Scheduled: _schedule,
    CameDue: _take,
    MessageAccepted: _accept,
    StatusReached: _reach,
    GroupStatusReached: _reach_group,
    MessageReceived: _receive,
    MessageKnown: _know,
    MessageRead: _read,
    PairChanged: _change_pair,
    TemplateJudged: _judge,
    DeliveryQueued: _queue,
    DeliveryAttempted: _attempt,
    PolicyChanged: _change_policy,
    FaultArmed: lambda world, event: fault_state.arm(world.faults, world.fault_record, event),
    FaultsCleared: lambda world, event: fault_state.clear(world.faults, world.fault_record, event),
    FaultAsked: lambda world, event: fault_state.count(world.faults, world.fault_record, event),
    FaultFired: _fire,
    DeliveryHeld: lambda world, event: fault_state.hold(world.fault_record, event),
    DeliveriesReleased: _release,
    DeliveriesMerged: _merge,
    CallCounted: lambda world, event: limits_state.count_call(world.limits, event),
    RegistrationCounted: lambda world, event: limits_state.count_registration(world.limits, event),
    StandingChanged: _change_standing,
    VerificationChanged: _verify,
    CodeIssued: _issue_code,
    GrowthPlanned: lambda world, event: limits_state.plan_growth(world.limits, event),
    FeedbackGiven: lambda world, event: quality_state.give_feedback(world.quality, event),
    MessagePaced: lambda world, event: quality_state.pace(world.quality, event),
    PacingDecided: lambda world, event: quality_state.decide_pacing(world.quality, event),
    PortfolioBarred: lambda world, event: quality_state.bar_portfolio(world.quality, event),
    TemplateRated: _rate_template,
    TemplateCategorised: _categorise,
    NumberRated: _rate_number,
    NumberFlagged: _flag_number,
}
