"""How fast a number may send, to whom, and how often it may be registered.

The figures are knobs of the policy, where None and 0 turn a limit off; the counts are in `limits_state`.
"""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.agenda import FinishUpgrade
from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.events import Event, Put, Scheduled
from localwaba.domain.limits_state import REGISTRATION_SPAN, RegistrationCounted, Window, throughput_of
from localwaba.domain.model import PhoneNumber
from localwaba.domain.numbers import dialled_forms
from localwaba.domain.policy import Policy
from localwaba.domain.windows import duration
from localwaba.domain.world import World

ALLOWED_RECIPIENTS = 5
"""Recipients that a public test number may have (Meta: getting started)."""


def check_sending(world: World, number: PhoneNumber, wa_id: str, now: int) -> Refusal | None:
    """Refuses what a number may not send now; the refusal that is only told later, if the knob says so.

    131030 for a test number's strangers, 131057 while throughput is upgraded, 130429 beyond it, 131056 for a pair.
    """
    policy = world.policy
    if number.is_test_number or policy.test_number:
        _check_allowed(number, policy, wa_id)
    if now < number.upgrading_until:
        raise _upgrading(number, now)
    traffic = world.limits.traffic.get(number.id)
    if traffic is None:
        return None
    limit = throughput_of(number, policy)
    if limit and traffic.second.is_full(SECOND, now, limit):
        raise _too_fast(number, policy, limit, traffic.second, now)
    ahead = traffic.paced.get(wa_id, now) - now
    if ahead <= 0 or not policy.pair_seconds or not policy.pair_burst:
        return None
    wait = ahead - (policy.pair_burst - 1) * int(policy.pair_seconds * SECOND)
    return None if wait <= 0 else _pair_refusal(number, policy, wa_id, wait)


def _check_allowed(number: PhoneNumber, policy: Policy, wa_id: str) -> None:
    allowed = {_digits(one) for one in (*number.allowed_recipients, *policy.allowed_recipients)}
    if allowed.isdisjoint(dialled_forms(wa_id)):
        raise refuse(
            131030,
            rule="test number",
            why=f"{number.display} is a public test number and {wa_id} is none of its {len(allowed)} recipients",
            fix=f'PATCH /_localwaba/phone_numbers/{number.id} {{"allowed_recipients":["{wa_id}"]}}',
        )


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


def _upgrading(number: PhoneNumber, now: int) -> Refused:
    left = in_words(number.upgrading_until - now)
    return refuse(
        131057,
        rule="throughput upgrade",
        why=f"the throughput of {number.display} is being upgraded for another {left}",
        fix=f"send again in {left}",
    )


def _too_fast(number: PhoneNumber, policy: Policy, limit: int, window: Window, now: int) -> Refused:
    count, wait = window.within(SECOND, now), window.frees_at(SECOND, now, limit) - now
    level = "coexistence" if number.coexistence else number.throughput_level
    used = f"{count} of {limit} messages" if count <= limit else f"{count} messages, more than {limit}"
    variant = {"variant": "429"} if policy.throughput_status == 429 else None
    return refuse(
        130429,
        values=variant,
        rule="throughput",
        why=f"{used} within a second, in and out ({level}); the next is free in {in_words(wait)}",
        fix=f'wait and send again, or PATCH /_localwaba/phone_numbers/{number.id} {{"throughput":"HIGH"}}',
    )


def _pair_refusal(number: PhoneNumber, policy: Policy, wa_id: str, wait: int) -> Refusal:
    pace, burst = policy.pair_seconds or 0.0, policy.pair_burst or 0
    refusal = Refusal(
        code=131056,
        rule="pair limit",
        why=f"{burst} of {burst} burst used from {number.display} to {wa_id}; the next is free in {in_words(wait)}",
        fix=f"wait: one message to the same user every {pace:g} s is never refused",
    )
    if policy.pair_answer == "sync":
        raise Refused(refusal)
    return refusal


def in_words(wait: int) -> str:
    """A wait (milliseconds) in words, rounded up: `4 s` is never too early."""
    return f"{wait} ms" if wait <= SECOND else duration(-(-wait // SECOND) * SECOND)


def check_registration(world: World, number: PhoneNumber, now: int) -> RegistrationCounted:
    """What counts a try to register or deregister a number; refused with 133016 beyond ten in 72 hours."""
    limit = world.policy.registrations
    window = world.limits.registrations.get(number.id)
    if limit and window is not None and (count := window.within(REGISTRATION_SPAN, now)) >= limit:
        wait = in_words(window.frees_at(REGISTRATION_SPAN, now, limit) - now)
        raise refuse(
            133016,
            rule="registration.limit",
            why=f"{count} of {limit} registrations and deregistrations in 72 h used; the next is free in {wait}",
            fix="wait, or advance the world's clock",
        )
    return RegistrationCounted(at=now, phone_number_id=number.id)


def upgrade(number: PhoneNumber, now: int, policy: Policy) -> list[Event]:
    """A number's way to HIGH throughput begins; for up to a minute it cannot send (Meta: throughput)."""
    until = now + max(1, int(policy.throughput_upgrade_seconds * SECOND))
    changed = replace(number, upgrading_until=until)
    return [Put(at=now, thing=changed), Scheduled(at=now, due=until, item=FinishUpgrade(number.id, until))]


def upgraded(world: World, number_id: str, stamp: int) -> PhoneNumber | None:
    """The number with HIGH throughput; None if something else has become of it since the upgrade began."""
    number = world.numbers.get(number_id)
    if number is None or number.upgrading_until != stamp or number.throughput_level != "STANDARD":
        return None
    return replace(number, throughput_level="HIGH", upgrading_until=0)
