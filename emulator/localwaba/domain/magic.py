"""Numbers that give one outcome each without any set-up."""

from __future__ import annotations

from localwaba.domain.model import Behaviour

PREFIX = "15550"

FAILS_LATER: dict[int, str] = {
    130403: "the business has blocked the user",
    130472: "the user is part of an experiment",
    130497: "the business may not message users in this country",
    131000: "an unknown error",
    131026: "the user is not on WhatsApp, or cannot receive the message",
    131042: "the payment method has a problem",
    131045: "the number is not registered properly",
    131048: "the number is restricted for spam",
    131049: "Meta chose not to deliver",
    131050: "the user has stopped marketing messages",
    131053: "the media could not be uploaded",
    137000: "the identity key hash does not match",
}
REFUSED_AT_ONCE: dict[int, str] = {
    1: "an unknown error of Graph",
    2: "Graph is down for the moment",
    4: "the app makes too many calls",
    368: "the account is blocked for policy violations",
    80007: "the account makes too many calls",
    130429: "the number sends too fast",
    131005: "access was denied",
    131016: "a service is overloaded",
    131030: "the recipient is not in the allowed list",
    131031: "the account is locked",
    131056: "too many messages to this user in a short time",
    131057: "the account is in maintenance mode",
    133010: "the number is not registered",
    135000: "a generic error",
}
BEHAVIOURS: dict[str, tuple[Behaviour, str]] = {
    "15550900001": (Behaviour(delivered_after=None), "stays at `sent` for ever"),
    "15550900002": (Behaviour(read_after=None), "is delivered and never read"),
    "15550900003": (Behaviour(skips_delivered=True), "`read` arrives without `delivered`"),
    "15550900004": (
        Behaviour(fails_with=131026, fails_after_delivery=True),
        "is delivered, then fails with 131026",
    ),
    "15550900005": (Behaviour(delivered_after=3600.0), "is delivered after an hour"),
    "15550900006": (Behaviour(answers="You wrote: {text}"), "answers what it gets"),
    "15550900007": (Behaviour(delivered_after=0.0, read_after=0.0), "is delivered and read at once"),
    "15550900008": (Behaviour(phone_visible=False), "has a username and hides the phone number"),
}


def code_of(wa_id: str) -> int | None:
    """The error code that a magic number stands for: `1555 0` and six digits of the code."""
    if len(wa_id) == 11 and wa_id.startswith(PREFIX):
        code = int(wa_id[5:])
        if code in FAILS_LATER or code in REFUSED_AT_ONCE:
            return code
    return None


def behaviour_of(wa_id: str) -> Behaviour:
    """How a user behaves who was never told to: as their number says."""
    found = BEHAVIOURS.get(wa_id)
    if found is not None:
        return found[0]
    code = code_of(wa_id)
    if code is not None and code in FAILS_LATER:
        return Behaviour(fails_with=code, on_whatsapp=code != 131026)
    return _ORDINARY


def refused_at_once(wa_id: str) -> int | None:
    """The code with which Graph refuses a send to a magic number, if it does."""
    code = code_of(wa_id)
    return code if code in REFUSED_AT_ONCE else None


_ORDINARY = Behaviour()
