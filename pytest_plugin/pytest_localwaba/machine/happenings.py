"""What can happen in an example, as data: the words of the story and what is done."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain.fault_shapes import ANY, BOTH, MESSAGES, STATUSES
from localwaba.domain.fault_shapes import SHAPES as RESHAPED

HAPPENINGS = (
    "knock", "write", "other", "tap", "read", "group", "block", "opt out", "time", "again", "twice", "late",
    "disorder", "batch", "shape", "burst", "backlog", "fail", "5xx", "pause", "restart", "news", "job",
)  # fmt: skip
"""What can happen; `without` leaves some out, `only` takes none but these."""

NAMES = ("Ana", "Bea", "Cleo")
SAYS = ("hi", "Where is my order?", "👍🏽 obrigada", "STOP", "Stop", "x" * 4_001)
_CARD = {
    "name": {"formatted_name": "Tom Sun", "first_name": "Tom"},
    "phones": [{"phone": "+1 650-555-0100", "type": "CELL"}],
}
_ITEM = {"product_retailer_id": "beans", "quantity": 2, "item_price": 12.5, "currency": "USD"}
OTHER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sends a picture", {"type": "image"}),
    ("sends another picture", {"type": "image", "image": {"caption": "this one"}}),
    ("sends a voice message", {"type": "audio"}),
    ("sends a sticker", {"type": "sticker"}),
    ("sends a place", {"type": "location", "location": {"latitude": 51.5, "longitude": -0.1}}),
    ("sends something that WhatsApp cannot show", {"type": "unsupported"}),
    ("opens the chat for the first time", {"type": "request_welcome"}),
    ("taps a button of a template that is long gone", {"type": "button", "button": {"text": "Yes", "payload": "YES"}}),
    ("sends a document", {"type": "document"}),
    ("sends a contact card", {"type": "contacts", "contacts": [_CARD]}),
    ("orders from a catalog", {"type": "order", "order": {"catalog_id": "1", "product_items": [_ITEM]}}),
)
REACTIONS = (("reacts with 👍", "👍"), ("takes a reaction back", ""))
SPANS = {10: "ten seconds", 600: "ten minutes", 3 * 3_600: "three hours", 25 * 3_600: "25 hours", 8 * 86_400: "8 days"}
MOMENTS = (3.0, 10.0, 600.0)
"""Where a longer time is interrupted to look at the app, in seconds."""

LASTING = ("fail", "5xx", "twice", "late", "disorder", "batch", "shape")
NETWORK = (*LASTING, "shape", "shape", "burst", "burst", "backlog")
"""What the network and the platform do, as often as it stands here: some of it has many forms."""
SURPRISES = ("block", "opt out", "pause", "pause", "news", "news", "restart", "restart")
NEWS = {
    "smb_message_echoes": "A colleague of yours writes to a user, from the phone",
    "history": "Meta brings the history of a chat",
    "standby": "A user writes to another app that leads the conversation",
    "account_alerts": "Meta has news of your account",
    "security": "Somebody changes the PIN of your number",
}

_OUT_OF_PLACE = frozenset({"foreign_number", "other_number", "content_lost", "new_field", "old_participant"})
"""Shapes that take a message away from the app or bring one that is not its own: nothing could be said of answers."""
SHAPES = {
    name: shape.text
    for name, shape in RESHAPED.items()
    if shape.of in (ANY, BOTH, MESSAGES, STATUSES) and name not in _OUT_OF_PLACE
}
"""Other shapes of the same content, all of which Meta has sent or may send."""
HIDING = frozenset({"unsupported", "unsupported_bare", "unknown_type", "new_type"})
"""Shapes in which the app cannot see what the user wrote: one message only, or nothing would be answered any more."""
OF_FAILURE = frozenset({"several_errors", "old_errors"})
"""Shapes of what failed: a message fails, too, or they would never be seen."""
FORMS = ("changes", "items", "entries")

WINDOW = 60.0
"""Seconds in which nothing comes before a burst or a backlog."""
_GREETINGS = [{"type": "text", "text": {"body": f"hello {place}"}} for place in range(1, 9)]
BURST: tuple[dict[str, Any], ...] = ({"type": "image"}, *_GREETINGS)
BACKLOG, LONG = 24, "😀" * 4_000
"""So many texts of a user, each of 48 kB as Meta escapes it, make one body of more than a megabyte."""


class Trouble(NamedTuple):
    """A fault that lasts, in words of the story."""

    said: str
    kind: str
    options: dict[str, Any]


INBOUND = {"field": "messages", "direction": "inbound"}
_TOLD = {"field": "messages"}
_SENDS = {"operation": "send_message"}
TROUBLES: dict[str, tuple[Trouble, ...]] = {
    "twice": (Trouble("From now on, what users write is told twice.", "duplicate_delivery", {"match": INBOUND}),),
    "late": tuple(
        Trouble(
            f"The next message will be told {late} late.", "delay_delivery",
            {"seconds": seconds, "when": {"next": 1}, "match": INBOUND},
        )
        for seconds, late in ((300, "five minutes"), (4 * 3_600, "four hours"))
    ),
    "disorder": (
        Trouble(
            "From now on, statuses come in the wrong order.", "reorder",
            {"order": "reversed", "seconds": 5, "match": {"direction": "outbound"}},
        ),
    ),
    "batch": tuple(
        Trouble(
            f"From now on, webhooks of five seconds come in one POST, as several {form}.", "batch",
            {"of": form, "seconds": 5, "match": _TOLD},
        )
        for form in FORMS
    ),
    "fail": (
        Trouble("The next message of your app will fail, although it is accepted.", "fail", {"when": {"next": 1}}),
    ),
    "5xx": tuple(
        Trouble(
            f"The platform answers 503 to the next {sends}.", "http_error",
            {"status": 503, "when": {"next": times}, "match": _SENDS},
        )
        for times, sends in ((1, "send"), (2, "two sends"))
    ),
    "shape": tuple(
        Trouble(
            f"{'The next webhook comes' if name in HIDING else 'From now on, webhooks come'} otherwise: {text}.",
            "reshape",
            {"how": name, "match": _TOLD} | ({"when": {"next": 1}} if name in HIDING else {}),
        )
        for name, text in SHAPES.items()
    ),
}  # fmt: skip

Weather = tuple[tuple[str, Trouble], ...]
_LASTING = [(name, trouble) for name in LASTING for trouble in TROUBLES[name]]
_COUNT = 6
WEATHERS: tuple[Weather, ...] = tuple(tuple(_LASTING[place::_COUNT]) for place in range(_COUNT))
"""What may hold from the beginning of an example: every trouble has its turn in some of them.

Troubles that would hide each other are neighbours in the list, and so never in one weather.
"""
