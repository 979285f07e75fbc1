"""Which fault applies to this call, this status, this delivery. Decided here by rule or by the world's seed.

Nothing is performed here but the changes of events: whatever needs time, a connection or bytes is done by who asked.
Every decision is an event, so that a journal tells each thing that went wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from localwaba.domain import deliveries
from localwaba.domain.agenda import AnswerMessage, ReachStatus, TellStatus
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal
from localwaba.domain.events import DeliveryAttempted, Event, Scheduled, StatusReached
from localwaba.domain.fault_kinds import KINDS, MATCHES, Side
from localwaba.domain.fault_occasions import Occasion, of_delivery, of_message
from localwaba.domain.fault_state import Armed, Fault, FaultAsked, FaultFired
from localwaba.domain.ids import derive
from localwaba.domain.statuses import RANK
from localwaba.domain.traffic import Attempt, Delivery, Message
from localwaba.domain.world import World

LOST = "lost on purpose"
"""How the error of an attempt begins that a fault has swallowed."""


def describe(fault: Fault) -> str:
    """A fault in a word, for reasons that people read."""
    return f"{fault.id} ({fault.kind})"


def refusal_of(fault: Fault, values: dict[str, str] | None = None) -> Refusal:
    """The refusal that a fault with a `code` orders."""
    given = fault.parameters
    return Refusal(
        code=given["code"],
        subcode=given.get("subcode"),
        details=given.get("details"),
        values=values or {},
        rule="fault",
        why=f"{describe(fault)} was armed on purpose",
        fix="none is needed: DELETE /_localwaba/faults ends it",
    )


# by rule, or by chance


def ask(world: World, armed: Armed, occasion: Occasion, at: int, **about: Any) -> FaultFired | FaultAsked | None:
    """What an armed fault says to an occasion; None if it is none of its business. `about` goes into the event."""
    fault = armed.fault
    if not _matches(fault, occasion):
        return None
    counted = occasion.subject if fault.when.rule == "first" else ""
    if not _fires(world.seed, armed, occasion.subject):
        return FaultAsked(at=at, fault_id=fault.id, subject=counted)
    left = -1 if armed.left is None else armed.left - 1
    return FaultFired(at=at, fault_id=fault.id, kind=fault.kind, hit=occasion.hit, subject=counted, left=left, **about)


def _matches(fault: Fault, occasion: Occasion) -> bool:
    for name in MATCHES[KINDS[fault.kind].side]:
        wanted = getattr(fault.match, name)
        if wanted and not any(value in wanted for value in getattr(occasion, name)):
            return False
    return True


def _fires(seed: int, armed: Armed, subject: str) -> bool:
    rule, number = armed.fault.when.rule, armed.fault.when.number
    if rule == "next":
        return armed.fired < number
    if rule == "every":
        return (armed.asked + 1) % int(number) == 0
    if rule == "first":
        return armed.subjects.get(subject, 0) < number
    if rule == "chance":
        drawn = int.from_bytes(derive(seed, f"fault {armed.fault.id} {armed.asked}")[:7], "big")
        return drawn / 2**56 < number
    return True


def _armed(world: World, side: Side) -> list[Armed]:
    return [armed for armed in world.faults.values() if KINDS[armed.fault.kind].side == side]


class Ruling(NamedTuple):
    """The faults that fired on one occasion, and the events that say so."""

    fired: tuple[Fault, ...]
    events: list[Event]


def rule(
    world: World, side: Side, occasion: Occasion, at: int, fits: Callable[[Fault], bool] | None = None, **about: Any
) -> Ruling:
    """Asks all armed faults of a side in the order of their arming; after one that ends things, nobody else.

    Faults that do not fit are not asked.
    """
    fired: list[Fault] = []
    events: list[Event] = []
    for armed in _armed(world, side):
        if fits is not None and not fits(armed.fault):
            continue
        said = ask(world, armed, occasion, at, **about)
        if said is None:
            continue
        events.append(said)
        if isinstance(said, FaultFired):
            fired.append(armed.fault)
            if KINDS[armed.fault.kind].ends or armed.fault.kind in ("lose", "drop_delivery"):
                break
    return Ruling(tuple(fired), events)


# what happens to a message


def disturb(world: World, events: Sequence[Event]) -> Iterator[Event]:
    """The events that happen instead of some that were decided; taken one by one, each applied before the next."""
    ended: dict[str, str] = {}
    for index, event in enumerate(events):
        if type(event) is StatusReached and not event.fault:
            yield from _disturb_status(world, event, events[index + 1 :], ended)
        elif type(event) is Scheduled and _continues(event) in ended:
            if ended[_continues(event)] == "hurry":
                yield replace(event, due=event.at) if isinstance(event.item, ReachStatus) else event
        else:
            yield event


def _continues(event: Scheduled) -> str:
    item = event.item
    return item.message_id if isinstance(item, (ReachStatus, AnswerMessage)) else ""


def _disturb_status(
    world: World, event: StatusReached, rest: Sequence[Event], ended: dict[str, str]
) -> Iterator[Event]:
    """The status, or what a fault makes of it; `ended` notes the kind of a fault that touches what follows."""
    message = world.messages.get(event.message_id)
    if message is None:
        yield event
        return
    occasion = of_message(world, message, event.status)
    for armed in _armed(world, "life"):
        if not _is_turning(armed.fault, event):
            continue
        ends = armed.fault.kind == "stuck_at"
        said = ask(world, armed, occasion, event.at, message_id=message.id, ends=ends)
        if said is None:
            continue
        yield said
        if isinstance(said, FaultFired):
            if armed.fault.kind != "read_without_delivered":
                ended[message.id] = armed.fault.kind
            yield from _INSTEAD[armed.fault.kind](armed.fault, event, rest)
            return
    yield event


def _is_turning(fault: Fault, event: StatusReached) -> bool:
    """Whether a status is the one at which a fault would change the message's life."""
    given = fault.parameters
    if fault.kind == "fail":
        return event.refusal is None and event.status == ("sent" if given["after"] == "accepted" else given["after"])
    if fault.kind == "hurry":
        return bool(event.status == given["after"])
    if fault.kind == "stuck_at":
        return RANK[event.status] > RANK[given["status"]]
    return event.status == "delivered"


def _fail(fault: Fault, event: StatusReached, rest: Sequence[Event]) -> list[Event]:
    given = fault.parameters
    if given["after"] == "accepted":
        failed, *then = tell(TellStatus(event.message_id, "failed", fault), event.at)
        if then and isinstance(failed, StatusReached):  # what is delivered after all has its price
            failed = replace(failed, pricing=event.pricing, in_entry_window=event.in_entry_window)
        return [failed, *then]
    pause = int(given["seconds"] * SECOND)
    failing = TellStatus(event.message_id, "failed", fault)
    return [replace(event, final=False), Scheduled(at=event.at, due=event.at + pause, item=failing)]


def _stick(fault: Fault, event: StatusReached, rest: Sequence[Event]) -> list[Event]:
    return []


def _hurry(fault: Fault, event: StatusReached, rest: Sequence[Event]) -> list[Event]:
    return [event]


def _skip_delivered(fault: Fault, event: StatusReached, rest: Sequence[Event]) -> list[Event]:
    following = any(
        isinstance(one, Scheduled) and isinstance(one.item, ReachStatus) and one.item.message_id == event.message_id
        for one in rest
    )
    if following:
        return [replace(event, silent=True, fault=fault.id)]
    pause = int(fault.parameters["seconds"] * SECOND)
    reading = TellStatus(event.message_id, "read", fault)
    return [
        replace(event, silent=True, final=False, fault=fault.id),
        Scheduled(at=event.at, due=event.at + pause, item=reading),
    ]


_INSTEAD = {"fail": _fail, "hurry": _hurry, "stuck_at": _stick, "read_without_delivered": _skip_delivered}


def tell_status(world: World, item: TellStatus, now: int) -> list[Event]:
    """A status comes that a fault has ordered, whatever the message's status is."""
    message = world.messages.get(item.message_id)
    if message is None or (item.status == "read" and RANK[message.status] >= RANK["read"] and not _failed(message)):
        return []
    return tell(item, now)


def _failed(message: Message) -> bool:
    return message.status == "failed"


def tell(item: TellStatus, now: int) -> list[Event]:
    """The status, and what the fault wants to be told after it."""
    fault = item.fault
    then = fault.parameters.get("then") if item.status == "failed" else None
    refusal = None
    if item.status == "failed" and not fault.parameters.get("without_errors"):
        refusal = refusal_of(fault)
    events: list[Event] = [
        StatusReached(
            at=now,
            message_id=item.message_id,
            status=item.status,
            refusal=refusal,
            final=then is None,
            fault=fault.id,
        )
    ]
    if then is not None:
        pause = int(fault.parameters["seconds"] * SECOND)
        events.append(Scheduled(at=now, due=now + pause, item=TellStatus(item.message_id, then, fault)))
    return events


# how it is sent


def abandon(delivery: Delivery, fault: Fault, at: int, url: str = "") -> DeliveryAttempted:
    """A webhook is lost because a fault wants it so, and says so."""
    attempt = Attempt(at=at, url=url, error=f"{LOST}: {describe(fault)}")
    return DeliveryAttempted(at=at, delivery_id=delivery.id, attempt=attempt, state="abandoned")


class Forged(NamedTuple):
    """What becomes of one attempt: lost, or sent with these faults, or as it is."""

    lost: bool
    faults: tuple[Fault, ...]
    events: list[Event]


def forge(world: World, delivery: Delivery, url: str, at: int) -> Forged:
    """What the armed faults make of a webhook that is about to be sent."""
    ruling = rule(world, "attempt", of_delivery(world, delivery), at, delivery_id=delivery.id)
    drop = next((fault for fault in ruling.fired if fault.kind == "drop_delivery"), None)
    if drop is None:
        return Forged(False, ruling.fired, ruling.events)
    lost = abandon(delivery, drop, at, url)
    if not drop.parameters["retried"]:
        return Forged(True, ruling.fired, [*ruling.events, lost])
    return Forged(True, ruling.fired, [*ruling.events, *deliveries.attempted(world, delivery.id, lost.attempt, at)])
