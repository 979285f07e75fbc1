"""Faults that somebody has armed: what they are, how often they were asked and fired, and what they hold back.

Values that only `applying` changes, and the events that change nothing else.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Rule = Literal["always", "next", "every", "first", "chance"]
SUBJECTS = 10_000
"""How many calls, messages or deliveries the rule `first` remembers for each fault; the oldest are forgotten."""


class When(msgspec.Struct, frozen=True, omit_defaults=True):
    """On which of the matching occasions a fault fires.

    `next`: the next `number` ones, then never again. `every`: each `number`th. `first`: the first `number` of each
    subject (the same call, message or delivery), so that whoever tries again succeeds. `chance`: with a probability.
    """

    rule: Rule = "always"
    number: int | float = 0


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which occasions a fault is asked about; a member without values lets everything pass."""

    operation: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    phone_number_id: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    field: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is to go wrong on purpose; `parameters` are complete, defaults included."""

    id: str
    kind: str
    when: When = When()
    match: Match = Match()
    parameters: dict[str, Any] = {}
    preset: str = ""


class Armed(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A fault and its history: how often an occasion matched, and how often it fired, in all and by subject."""

    fault: Fault
    at: int
    asked: int = 0
    fired: int = 0
    subjects: dict[str, int] = {}

    @property
    def left(self) -> int | None:
        """How often it will still fire; None if nothing limits that."""
        when = self.fault.when
        return max(0, int(when.number) - self.fired) if when.rule == "next" else None


class Held(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Deliveries that wait to be released together, in an order of the fault's own.

    `form` says how: one after the other if it is empty, side by side (`burst`), or in one POST of at most `most`
    updates (`entries`, `changes`, `items`, `mixed`).
    """

    until: int
    order: str
    form: str = ""
    most: int = 0
    deliveries: list[str] = []


class FaultRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is left of faults: how many there were, those that have fired for the last time, what is held back."""

    count: int = 0
    spent: dict[str, Armed] = {}
    held: dict[str, Held] = {}


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something about faults that happened at `at` (milliseconds of the world's clock)."""

    at: int


class FaultArmed(_Event, frozen=True):
    """A fault was armed."""

    fault: Fault


class FaultsCleared(_Event, frozen=True):
    """Faults were disarmed; what they hold back still comes."""

    ids: tuple[str, ...]


class FaultAsked(_Event, frozen=True):
    """A matching occasion came, and the fault let it pass."""

    fault_id: str
    subject: str = ""


class FaultFired(_Event, frozen=True):
    """A fault fired. `hit` says what it hit, `left` how often it will still fire (-1: nothing limits that).

    `ends`: nothing more will be told of the message.
    """

    fault_id: str
    kind: str
    hit: str
    subject: str = ""
    message_id: str = ""
    delivery_id: str = ""
    ends: bool = False
    left: int = -1


class DeliveryHeld(_Event, frozen=True):
    """A webhook waits in a window; all that is in it is released at `until`."""

    window: str
    delivery_id: str
    until: int
    order: str
    form: str = ""
    most: int = 0


class DeliveriesReleased(_Event, frozen=True):
    """Webhooks that waited go out now, in this order: a window ended, or an app takes webhooks again.

    `apart`: none waits for the answer to another.
    """

    window: str
    order: tuple[str, ...]
    apart: bool = False


class DeliveriesMerged(_Event, frozen=True):
    """A webhook carries others from now on: its body is theirs too, and they are not sent themselves."""

    carrier: str
    members: tuple[str, ...]
    body: bytes


FaultEvent = FaultArmed | FaultsCleared | FaultAsked | FaultFired | DeliveryHeld | DeliveriesReleased | DeliveriesMerged


def arm(faults: dict[str, Armed], record: FaultRecord, event: FaultArmed) -> None:
    """A fault is there; one that had its id is replaced."""
    record.count += 1
    record.spent.pop(event.fault.id, None)
    faults[event.fault.id] = Armed(fault=event.fault, at=event.at)


def clear(faults: dict[str, Armed], record: FaultRecord, event: FaultsCleared) -> None:
    """Faults are gone, with their history."""
    for fault_id in event.ids:
        faults.pop(fault_id, None)
        record.spent.pop(fault_id, None)


def count(faults: dict[str, Armed], record: FaultRecord, event: FaultAsked | FaultFired) -> None:
    """An armed fault was asked; once it has fired for the last time, it is armed no longer."""
    armed = faults.get(event.fault_id)
    if armed is None:
        return
    armed.asked += 1
    if isinstance(event, FaultFired):
        armed.fired += 1
        if event.subject:
            armed.subjects[event.subject] = armed.subjects.pop(event.subject, 0) + 1
            if len(armed.subjects) > SUBJECTS:
                del armed.subjects[next(iter(armed.subjects))]
        if armed.left == 0:
            record.spent[armed.fault.id] = faults.pop(armed.fault.id)


def hold(record: FaultRecord, event: DeliveryHeld) -> None:
    """A delivery waits in its window, which it opens if it is the first."""
    window = record.held.get(event.window)
    if window is None:
        window = record.held[event.window] = Held(
            until=event.until, order=event.order, form=event.form, most=event.most
        )
    window.deliveries.append(event.delivery_id)
