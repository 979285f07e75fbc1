"""What the limits have counted: values that only `applying` changes, and the events that change nothing else.

All counts roll: nothing is reset at the full second, hour or day. Times are milliseconds of the world's clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import islice

import msgspec

from localwaba.domain.clock import DAY, HOUR, SECOND
from localwaba.domain.model import PhoneNumber
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Message

REGISTRATION_SPAN = 72 * HOUR
MONTH = 30 * DAY
WEEK = 7 * DAY
_SWEEP = 1_024  # pairs that are looked through at once, at least


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True, tag_field="event", omit_defaults=True):
    """Something that was counted or planned at `at` (milliseconds of the world's clock)."""

    at: int


class CallCounted(_Event, frozen=True):
    """An app made a call; `waba_id` is the account whose budget it used, empty if none."""

    app_id: str
    waba_id: str = ""


class RegistrationCounted(_Event, frozen=True):
    """A number was registered or deregistered, or somebody tried to."""

    phone_number_id: str


class GrowthPlanned(_Event, frozen=True):
    """A portfolio or number has used enough of its messaging limit to get a higher one at `due`."""

    holder: str
    limit: str
    due: int


class Window(msgspec.Struct, gc=False, omit_defaults=True):
    """How often something happened, moment by moment, oldest first; `upto` adds up, `base` is what was forgotten.

    Its size is bounded by the milliseconds of its span, however much happens.
    """

    moments: list[int] = []
    upto: list[int] = []
    base: int = 0

    def within(self, span: int, now: int) -> int:
        """How often in the `span` that ends now; what happened exactly a span ago is out."""
        if not self.moments:
            return 0
        first = bisect_right(self.moments, now - span)
        return self.upto[-1] - (self.upto[first - 1] if first else self.base)

    def is_full(self, span: int, now: int, limit: int) -> bool:
        """Whether `limit` or more are within the span; quicker than to count them."""
        return bool(self.upto) and self.upto[-1] - self.base >= limit and self.within(span, now) >= limit

    def frees_at(self, span: int, now: int, limit: int) -> int:
        """When fewer than `limit` will be within the span, should nothing else happen."""
        wanted = self.upto[-1] - limit + 1 if self.upto else 0
        if wanted <= self.base:
            return now
        return max(now, self.moments[bisect_left(self.upto, wanted)] + span)

    def add(self, span: int, at: int) -> None:
        """Counts one; a moment before the last one counts as the last one."""
        moments, upto = self.moments, self.upto
        if moments and at <= moments[-1]:
            upto[-1] += 1
            return
        upto.append((upto[-1] if upto else self.base) + 1)
        moments.append(at)
        half = len(moments) // 2
        if half >= 32 and moments[half] <= at - span:
            gone = bisect_right(moments, at - span)
            self.base = upto[gone - 1]
            del moments[:gone], upto[:gone]


class Traffic(msgspec.Struct, gc=False, omit_defaults=True):
    """What a number sends and gets: the messages of the last `second`, and how far its pairs are ahead.

    `paced` has, for each user lately sent to, when their whole burst will be back; those of whom it is are forgotten
    from time to time.
    """

    second: Window = msgspec.field(default_factory=Window)
    paced: dict[str, int] = {}
    sweep_at: int = _SWEEP

    def pace(self, wa_id: str, at: int, step: int) -> None:
        """Counts a message to a user, which moves their pair by `step`."""
        paced = self.paced
        until = paced.get(wa_id, 0)
        paced[wa_id] = (until if until > at else at) + step
        if len(paced) >= self.sweep_at:
            self.paced = {one: until for one, until in paced.items() if until > at}
            self.sweep_at = max(_SWEEP, 2 * len(self.paced))


class Reached(msgspec.Struct, gc=False, omit_defaults=True):
    """Users who were reached outside a window, each with the last time, in the order of that time.

    `day` has those of the last 24 hours, and until `stale_at` nobody else; `older` the others, as long as growth
    looks back. `planned` is the limit that a growth is planned from, `due` when it is decided.
    """

    day: dict[str, int] = {}
    older: dict[str, int] = {}
    stale_at: int = 0
    planned: str = ""
    due: int = 0

    def within_a_day(self, now: int) -> int:
        """How many different users in the last 24 hours."""
        if now < self.stale_at:
            return len(self.day)
        gone = 0
        for at in self.day.values():
            if at > now - DAY:
                break
            gone += 1
        return len(self.day) - gone

    def has(self, wa_id: str, now: int) -> bool:
        """Whether a user counts already."""
        at = self.day.get(wa_id)
        return at is not None and at > now - DAY

    def at_least(self, users: int, span: int, now: int) -> bool:
        """Whether so many different users were reached in the `span` that ends now."""
        if len(self.day) + len(self.older) < users:
            return False
        found = 0
        for table in (self.day, self.older):
            for at in reversed(table.values()):
                if at <= now - span:
                    break
                found += 1
                if found >= users:
                    return True
        return found >= users

    def frees_at(self, limit: int, now: int) -> int:
        """When fewer than `limit` users of the last 24 hours will be left, should nobody else be reached."""
        too_many = len(self.day) - limit
        found = next(islice(self.day.values(), too_many, None), now - DAY) if too_many >= 0 else now - DAY
        return max(now, found + DAY)

    def add(self, wa_id: str, at: int, keep: int) -> None:
        """Counts a user; those of longer than `keep` ago are forgotten."""
        if self.day.pop(wa_id, None) is None:
            self.older.pop(wa_id, None)
        at = max(at, next(reversed(self.day.values()), at))
        self.day[wa_id] = at
        if at >= self.stale_at:
            self._age(at, keep)

    def _age(self, at: int, keep: int) -> None:
        _move(self.day, at - DAY, self.older if keep > DAY else None)
        _move(self.older, at - keep, None)
        ends = [next(iter(self.day.values())) + DAY]
        if self.older:
            ends.append(next(iter(self.older.values())) + keep)
        self.stale_at = min(ends)


def _move(source: dict[str, int], upto: int, target: dict[str, int] | None) -> None:
    gone: list[str] = []
    for wa_id, at in source.items():
        if at > upto:
            break
        gone.append(wa_id)
    for wa_id in gone:
        at = source.pop(wa_id)
        if target is not None:
            target[wa_id] = at


class Limits(msgspec.Struct, omit_defaults=True):
    """All counts of a world.

    `traffic`: messages of both directions, by number. `calls`: management calls, by `app:waba`, and all calls, by
    app. `registrations`: by number. `reached`: by portfolio and by number.
    """

    traffic: dict[str, Traffic] = {}
    calls: dict[str, Window] = {}
    registrations: dict[str, Window] = {}
    reached: dict[str, Reached] = {}


def throughput_of(number: PhoneNumber, policy: Policy) -> int | None:
    """How many messages a second a number may send and get; None or 0: as many as it likes."""
    if number.coexistence:
        return policy.throughput_coexistence
    return policy.throughput_high if number.throughput_level == "HIGH" else policy.throughput_standard


def count_received(limits: Limits, policy: Policy, number: PhoneNumber, at: int) -> None:
    """A user's message uses throughput of the number that gets it."""
    if throughput_of(number, policy):
        _traffic(limits, number).second.add(SECOND, at)


def count_sent(limits: Limits, policy: Policy, number: PhoneNumber, message: Message, at: int) -> None:
    """A message that was accepted uses throughput, and its pair's burst unless it is to fail for that."""
    limit, pace = throughput_of(number, policy), policy.pair_seconds
    if not limit and not pace:
        return
    traffic = limits.traffic.get(number.id) or _traffic(limits, number)
    if limit:
        traffic.second.add(SECOND, at)
    if pace and policy.pair_burst and message.refusal is None:
        traffic.pace(message.wa_id, at, int(pace * SECOND))


def _traffic(limits: Limits, number: PhoneNumber) -> Traffic:
    return limits.traffic.setdefault(number.id, Traffic())


def count_reached(limits: Limits, message: Message, holders: tuple[tuple[str, str], ...], at: int) -> None:
    """A user was reached outside a window; `holders` are the ids that this counts for, each with its limit."""
    for holder, limit in holders:
        reached = limits.reached.get(holder)
        if reached is None:
            reached = limits.reached[holder] = Reached()
        reached.add(message.wa_id, at, looks_back(limit))


def looks_back(limit: str) -> int:
    """How long a user who was reached matters for growth."""
    if limit in ("TIER_50", "TIER_250"):
        return MONTH
    return DAY if limit == "TIER_UNLIMITED" else WEEK


def count_call(limits: Limits, event: CallCounted) -> None:
    """A call uses the app's budget, and the one it has with an account."""
    for key in (event.app_id, f"{event.app_id}:{event.waba_id}") if event.waba_id else (event.app_id,):
        window = limits.calls.get(key)
        if window is None:
            window = limits.calls[key] = Window()
        window.add(HOUR, event.at)


def count_registration(limits: Limits, event: RegistrationCounted) -> None:
    """A registration or deregistration uses the number's share of them."""
    window = limits.registrations.get(event.phone_number_id)
    if window is None:
        window = limits.registrations[event.phone_number_id] = Window()
    window.add(REGISTRATION_SPAN, event.at)


def plan_growth(limits: Limits, event: GrowthPlanned) -> None:
    """A holder's growth is planned; no other one is until it is due."""
    reached = limits.reached.get(event.holder)
    if reached is not None:
        reached.planned, reached.due = event.limit, event.due
