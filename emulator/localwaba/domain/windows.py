"""The 24-hour customer service window and the 72-hour free entry point window."""

from __future__ import annotations

from msgspec.structs import replace

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Pair

_NEVER_OPENS = frozenset({"edit", "request_welcome", "revoke", "system"})


def is_open(pair: Pair, now: int, policy: Policy) -> bool:
    """Whether free-form messages may be sent: the last opening event lies less than 24 h back."""
    return pair.inbound_at > 0 and now - pair.inbound_at < policy.window_seconds * SECOND


def in_entry_window(pair: Pair, now: int) -> bool:
    """Whether everything is free because the user came by an ad and was answered in time."""
    return now < pair.entry_until


def opens(message_type: str, policy: Policy) -> bool:
    """Whether a user's message of a type opens the window; reactions are undocumented and a knob."""
    if message_type == "reaction":
        return policy.reaction_opens_window
    return message_type not in _NEVER_OPENS


def opened(pair: Pair, now: int, message_id: str, *, by_referral: bool) -> Pair:
    """The pair after an event that opens or refreshes the window."""
    entry_at = now if by_referral and not in_entry_window(pair, now) else pair.entry_at
    return replace(pair, inbound_at=now, inbound_id=message_id, entry_at=entry_at)


def answered(pair: Pair, now: int, policy: Policy) -> Pair | None:
    """The pair after the business' answer, if that opens the free entry point window; else None."""
    if not pair.entry_at or now - pair.entry_at >= DAY:
        return None
    return replace(pair, entry_at=0, entry_until=now + int(policy.entry_window_seconds * SECOND))


def closed_since(pair: Pair, now: int, policy: Policy) -> str:
    """In words, why the window is not open."""
    if not pair.inbound_at:
        return "this user has never written to this number, so the 24-hour window was never open"
    end = pair.inbound_at + int(policy.window_seconds * SECOND)
    return f"the 24-hour window closed {duration(now - end)} ago"


def duration(milliseconds: int) -> str:
    """A time span in words, such as `2 h 13 min`."""
    minutes, seconds = divmod(max(0, milliseconds) // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or "0 s"
