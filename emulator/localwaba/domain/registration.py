"""How a business number gets onto the platform and off it: code, registration, two-step verification PIN."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain import names
from localwaba.domain.clock import HOUR, MINUTE, SECOND
from localwaba.domain.errors import Refused, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import PhoneNumber
from localwaba.domain.told import PinChanged
from localwaba.domain.windows import duration
from localwaba.domain.world import World

PIN_GUESSES = 5
"""Wrong PINs in a row after which guessing is over for a while; Meta publishes no figure."""
PIN_PAUSE = HOUR
DELETION = 5 * MINUTE
"""How long the deletion of a number takes, during which it cannot be registered anew (Meta: error 133015)."""
USABLE_NAMES = names.USABLE
_WAITING = frozenset({"PENDING", "DISCONNECTED", "UNVERIFIED", "UNKNOWN", "MIGRATED"})
_ON_AIR = frozenset({"CONNECTED", "FLAGGED", "RESTRICTED", "RATE_LIMITED"})
_OFF_AIR = frozenset({"PENDING", "DISCONNECTED", "UNVERIFIED", "MIGRATED", "DELETED"})


def request_code(number: PhoneNumber, now: int) -> list[Event]:
    """A verification code is on its way; refused with 136024 if the number is verified already."""
    if number.code_verification_status == "VERIFIED":
        raise verified_already("go on with POST /{phone}/register, or add a number with POST /{waba}/phone_numbers")
    return [Put(at=now, thing=replace(number, verification_sent_at=now))]


def verify_code(number: PhoneNumber, code: str, now: int) -> list[Event]:
    """The number is verified; refused with 136025 if the code is wrong or none was asked for."""
    verified = number.code_verification_status == "VERIFIED"
    wrong = code.replace("-", "") != number.verification_code
    if wrong or not (verified or number.verification_sent_at):
        raise unverifiable(f"the code is {number.verification_code}" if wrong else "")
    if verified:
        return []
    return [Put(at=now, thing=replace(number, code_verification_status="VERIFIED", verification_sent_at=0))]


def verified_already(fix: str) -> Refused:
    """The refusal to send a code for a number that needs none (136024)."""
    why = "the number is verified already: no code is sent"
    return refuse(136024, rule="registration.request_code", why=why, fix=fix)


def unverifiable(right: str) -> Refused:
    """The refusal of a code (136025): `right` says which one it is, or nothing if none was asked for."""
    why = "that is not the code that was sent" if right else "no code was asked for"
    return refuse(136025, rule="registration.verify_code", why=why, fix=right or "POST /{phone}/request_code first")


def register(number: PhoneNumber, pin: str, now: int, region: str = "", interval: int = 0) -> list[Event]:
    """The number can send: its PIN is right, or set by this. A new name that was approved now shows.

    Refused with 133000 after half a deregistration, with 133006 before verification, with 133005, 133008 and 133009
    for wrong PINs. The limit of ten registrations in 72 hours (133016) is not judged here.
    """
    if number.half_deregistered:
        raise refuse(
            133000,
            rule="registration.deregistered",
            why="the last deregistration of this number did not come to its end",
            fix="POST /{phone}/deregister once more, then register",
        )
    if number.code_verification_status != "VERIFIED":
        raise refuse(
            133006,
            rule="registration.verified",
            why=f"code_verification_status is {number.code_verification_status}",
            fix="POST /{phone}/request_code and /verify_code first",
        )
    check_pin(number, pin, now, interval)
    settings = {**number.settings, "data_localization_region": region} if region else number.settings
    registered = replace(
        number,
        registered=True,
        pin=pin,
        pin_failures=0,
        pin_locked_until=0,
        pin_failed_at=0,
        status="CONNECTED" if number.status in _WAITING else number.status,
        platform_type="CLOUD_API",
        throughput_level="STANDARD" if number.throughput_level == "NOT_APPLICABLE" else number.throughput_level,
        onboarded_at=number.onboarded_at or now,
        settings=settings,
    )
    registered = names.taken(registered)
    return [] if registered == number else [Put(at=now, thing=registered)]


def deregister(number: PhoneNumber, now: int) -> list[Event]:
    """The number cannot send any more; its PIN stays, local storage ends. Refused with 133010 if it could not.

    After half a deregistration this is the other half.
    """
    if not number.registered and not number.half_deregistered:
        raise not_registered(number)
    settings = {name: value for name, value in number.settings.items() if name != "data_localization_region"}
    gone = replace(
        number,
        registered=False,
        half_deregistered=False,
        status="DISCONNECTED" if number.status == "CONNECTED" else number.status,
        platform_type="NOT_APPLICABLE",
        throughput_level="NOT_APPLICABLE",
        settings=settings,
    )
    return [Put(at=now, thing=gone)]


def put_in_status(number: PhoneNumber, status: str, now: int) -> PhoneNumber:
    """The number in a status by Meta's hand: on the platform, off it, or neither changed."""
    if status in _ON_AIR:
        return replace(
            number,
            status=status,
            registered=True,
            half_deregistered=False,
            deleted_at=0,
            platform_type="CLOUD_API",
            throughput_level="STANDARD" if number.throughput_level == "NOT_APPLICABLE" else number.throughput_level,
            onboarded_at=number.onboarded_at or now,
        )
    if status not in _OFF_AIR:
        return replace(number, status=status, deleted_at=0)
    verification = "NOT_VERIFIED" if status == "UNVERIFIED" else number.code_verification_status
    return replace(
        number,
        status=status,
        registered=False,
        code_verification_status=verification,
        deleted_at=now if status == "DELETED" else 0,
    )


def half_deregister(number: PhoneNumber) -> PhoneNumber:
    """The number after a deregistration that failed half-way: neither usable nor to be registered (133000)."""
    return replace(number, registered=False, half_deregistered=True, status="DISCONNECTED")


def not_registered(number: PhoneNumber) -> Refused:
    """The refusal of whatever needs a registered number."""
    return refuse(
        133010,
        rule="registration.registered",
        why=f"number {number.display} is not registered for the Cloud API",
        fix="POST /{phone}/register with its PIN",
    )


def check_deletion(world: World, number: PhoneNumber, now: int) -> None:
    """Refuses to register a number whose deletion is not five minutes ago (133015)."""
    for other in world.numbers.values():
        left = other.deleted_at + DELETION - now
        if other.digits == number.digits and other.id != number.id and other.deleted_at and left > 0:
            raise refuse(
                133015,
                rule="registration.deleted",
                why=f"{number.display} was deleted {duration(now - other.deleted_at)} ago as number {other.id}",
                fix=f"wait {duration(left)}",
            )


def check_pin(number: PhoneNumber, pin: str, now: int, interval: int = 0) -> None:
    """Refuses a wrong PIN, which counts, and every PIN while guessing is over; any PIN does where there is none.

    Sooner than `interval` milliseconds after a wrong PIN none is looked at (133009).
    """
    if now < number.pin_locked_until:
        minutes = -(-(number.pin_locked_until - now) // MINUTE)
        raise refuse(
            133008,
            f"Too many two-step verification PIN guesses for this phone number. Please try again in {minutes} minutes.",
            rule="registration.pin_guesses",
            why=f"{number.pin_failures} wrong PINs: no PIN is looked at for {minutes} minutes",
            fix="wait, or set another PIN with POST /{phone}",
        )
    if number.pin_failed_at and now - number.pin_failed_at < interval:
        wait = duration(max(SECOND, number.pin_failed_at + interval - now))
        raise refuse(
            133009,
            f"Two-step verification PIN was entered too quickly. Please try again in {wait}.",
            rule="registration.pin_interval",
            why=f"the last wrong PIN was {now - number.pin_failed_at} ms ago; the knob pin_guess_interval wants more",
            fix=f"wait {wait}",
        )
    if not number.pin or pin == number.pin:
        return
    failures = number.pin_failures + 1 if number.pin_failures < PIN_GUESSES else 1
    until = now + PIN_PAUSE if failures >= PIN_GUESSES else 0
    counted = replace(number, pin_failures=failures, pin_locked_until=until, pin_failed_at=now)
    refused = refuse(
        133005,
        "Two-step verification PIN incorrect.",
        rule="registration.pin",
        why=f"wrong PIN, {failures} in a row; after {PIN_GUESSES} guessing is over for an hour (133008)",
        fix="send the PIN that was set at the first registration, or set another one with POST /{phone}",
    )
    refused.events = [Put(at=now, thing=counted)]
    raise refused


def set_pin(number: PhoneNumber, pin: str, now: int) -> tuple[PhoneNumber, list[Event]]:
    """The number with another PIN, and what tells of the change (webhook `security`)."""
    changed = replace(number, pin=pin, pin_failures=0, pin_locked_until=0, pin_failed_at=0)
    return changed, [] if pin == number.pin else [PinChanged(at=now, phone_number_id=number.id)]
