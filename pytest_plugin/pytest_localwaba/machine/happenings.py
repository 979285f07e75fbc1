"""What can happen in an example, as data: the words of the story and what is done."""

from __future__ import annotations

from typing import Any

HAPPENINGS = (
    "write", "other", "tap", "read", "block", "opt out", "time", "again", "twice", "late", "disorder", "batch", "shape",
    "fail", "5xx", "pause", "restart", "news", "job",
)  # fmt: skip
"""What can happen; `without` leaves some out, `only` takes none but these."""

NAMES = ("Ana", "Bea", "Cleo")
SAYS = ("hi", "Where is my order?", "👍🏽 obrigada", "STOP", "x" * 4_001)
OTHER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sends a picture", {"type": "image"}),
    ("sends a voice message", {"type": "audio"}),
    ("sends a sticker", {"type": "sticker"}),
    ("sends a place", {"type": "location", "location": {"latitude": 51.5, "longitude": -0.1}}),
    ("sends something that WhatsApp cannot show", {"type": "unsupported"}),
    ("opens the chat for the first time", {"type": "request_welcome"}),
)
SPANS = {10: "ten seconds", 600: "ten minutes", 3 * 3_600: "three hours", 25 * 3_600: "25 hours", 8 * 86_400: "8 days"}
MOMENTS = (3.0, 10.0, 600.0)
"""Where a longer time is interrupted to look at the app, in seconds."""
NETWORK = ("twice", "late", "disorder", "batch", "shape", "fail", "5xx")
SURPRISES = ("block", "opt out", "pause", "news", "restart")
NEWS = {
    "smb_message_echoes": "A colleague of yours writes to a user, from the phone",
    "history": "Meta brings the history of a chat",
    "standby": "A user writes to another app that leads the conversation",
    "account_alerts": "Meta has news of your account",
    "security": "Somebody changes the PIN of your number",
}
SHAPES = ("no_profile", "no_contacts", "extra_keys", "field_first", "no_context", "no_media_url", "new_status")
"""Other shapes of the same content, all of which Meta has sent or may send."""
FORMS = ("changes", "items", "entries")
INBOUND = {"field": "messages", "direction": "inbound"}
FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "twice": ("From now on, what users write is told twice.", "duplicate_delivery", {"match": INBOUND}),
    "late": (
        "The next message will be told five minutes late.", "delay_delivery",
        {"seconds": 300, "when": {"next": 1}, "match": INBOUND},
    ),
    "disorder": (
        "From now on, statuses come in the wrong order.", "reorder",
        {"order": "reversed", "seconds": 5, "match": {"direction": "outbound"}},
    ),
    "fail": ("The next message of your app will fail, although it is accepted.", "fail", {"when": {"next": 1}}),
}  # fmt: skip
