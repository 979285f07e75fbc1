"""What passes between businesses, users and apps: messages, and webhooks with their tries. Values only.

Times are milliseconds since the epoch. JSON that the world only keeps and hands out again is kept as bytes: the
garbage collector then never walks through it.
"""

from __future__ import annotations

import msgspec

from localwaba.domain.errors import Refusal


class Pricing(msgspec.Struct, frozen=True, gc=False):
    """What a message costs; the fields of `pricing` in a status."""

    billable: bool
    pricing_model: str
    category: str
    type: str


class Message(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A message of either direction; `body` is the JSON that was sent, or `type` and its object as received.

    Of a message in a group `receipts` has who was in it and how far it got with each; the business' own have the
    group's id as `wa_id`, too: a group has a window as a user has. `lite`: it went by the Marketing Messages API.
    """

    id: str
    phone_number_id: str
    wa_id: str
    outbound: bool
    type: str
    at: int
    body: bytes
    status: str = "accepted"
    status_at: int = 0
    history: tuple[tuple[str, int], ...] = ()
    to_bsuid: bool = False
    group_id: str = ""
    receipts: tuple[tuple[str, str], ...] = ()
    context_id: str = ""
    template_id: str = ""
    category: str = ""
    lite: bool = False
    callback_data: str | None = None
    identity_key_hash: str | None = None
    pricing: Pricing | None = None
    in_entry_window: bool = False
    conversation: str = ""
    in_window: bool = False
    media_id: str = ""
    link: str = ""
    refusal: Refusal | None = None
    shown: bytes = b""
    expires_at: int = 0


class Pair(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """What a business number and a user have in common.

    `inbound_at`: the last event that opened the 24-hour window. `entry_at`: a click-to-WhatsApp message that has not
    been answered yet; `entry_until`: the end of the free entry point window.
    """

    inbound_at: int = 0
    inbound_id: str = ""
    entry_at: int = 0
    entry_until: int = 0
    blocked_by_user: bool = False
    blocked_by_business: bool = False
    marketing_stopped: bool = False
    typing_until: int = 0


class Attempt(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One try to deliver a webhook, and what the app answered."""

    at: int
    url: str
    status: int | None = None
    error: str = ""
    latency_ms: float = 0.0
    answer: str = ""


class Delivery(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A webhook for one app. `state` is one of pending, delivered, abandoned, unroutable, carried.

    It tells of `message_id`, and of which `status` if of one. `dispatch` has the webhooks of all apps that are told the
    same, in the order in which they are called, if there are several. `retention` is for how many milliseconds it is
    tried where that is less than usual.

    `url` is where it goes, if not where its field and number say. One that is carried is part of the POST of its
    `carrier`, which says what became of it.
    """

    id: str
    app_id: str
    waba_id: str
    phone_number_id: str
    field: str
    lane: str
    body: bytes
    created_at: int
    state: str = "pending"
    attempts: tuple[Attempt, ...] = ()
    next_at: int = 0
    message_id: str = ""
    status: str = ""
    dispatch: tuple[str, ...] = ()
    retention: int = 0
    url: str = ""
    carrier: str = ""
