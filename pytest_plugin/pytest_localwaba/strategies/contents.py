"""What a user's message holds, type by type, in every shape that is known of it."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pytest_localwaba.strategies.people import phone_numbers, user_ids
from pytest_localwaba.strategies.sends import contacts as cards
from pytest_localwaba.strategies.words import digits, identifiers, labels, links, message_ids, texts

Json = dict[str, Any]
NOW = 1_767_268_800
"""1 January 2026, 12:00 UTC, in seconds: when the first message is sent unless you say otherwise."""

MEDIA = {
    "image": ["image/jpeg", "image/png"],
    "video": ["video/mp4", "video/3gp"],
    "audio": ["audio/ogg; codecs=opus", "audio/mpeg"],
    "document": ["application/pdf", "text/plain"],
    "sticker": ["image/webp"],
}
IDS = digits(15, 16)
_NOT_FETCHED = {
    "code": 400,
    "title": "Media download failed. Not all media can be downloaded",
    "details": "Media download failed",
}
_OLD_ERROR = {
    "code": 131051,
    "details": "Message type is not currently supported",
    "title": "Unsupported message type",
}


def _error(code: int, title: str, details: str) -> Json:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}


_UNSUPPORTED = (
    _error(131051, "Message type unknown", "Message type is currently not supported."),
    _error(131060, "This message is unavailable.", "This message is currently unavailable."),
    _error(131052, "Media download error", "Unable to download the media sent by the user."),
)


def fresh(value: Any) -> SearchStrategy[Any]:
    """A value of its own for each example: what a test does to one is not seen in the next."""
    return st.just(value).map(copy.deepcopy) if isinstance(value, dict | list) else st.just(value)


def fixed(needed: dict[str, Any], optional: dict[str, Any] | None = None) -> SearchStrategy[Json]:
    """An object with these members, and perhaps some of the others; values are strategies or stand for themselves."""

    def whole(members: dict[str, Any]) -> dict[str, Any]:
        return {name: one if isinstance(one, SearchStrategy) else fresh(one) for name, one in members.items()}

    return st.fixed_dictionaries(whole(needed), optional=whole(optional or {}))


@cache
def _file(kind: str) -> SearchStrategy[Json]:
    digest = st.binary(min_size=32, max_size=32).map(lambda raw: b64encode(raw).decode("ascii"))
    needed: Json = {"mime_type": st.sampled_from(MEDIA[kind]), "sha256": digest, "id": IDS}
    address = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={}"
    optional: Json = {"url": st.builds(address.format, IDS)}
    if kind == "document":
        needed["filename"] = labels(60)
    if kind in ("image", "video", "document"):
        optional["caption"] = texts(1024)
    if kind == "audio":
        needed["voice"] = st.booleans()
    if kind == "sticker":
        optional["animated"] = st.booleans()
    return fixed(needed, optional)


def _media(kind: str) -> SearchStrategy[Json]:
    return fixed({"type": kind, kind: _file(kind)}, {"errors": [_NOT_FETCHED]})


def _form() -> SearchStrategy[Json]:
    """What a user has filled in: a flow, an address, or what a client that is too old makes of them."""
    answer = texts(30) | st.booleans() | st.integers(0, 99) | st.lists(labels(10), max_size=2)
    answers = st.dictionaries(identifiers(10), answer, max_size=3)
    token = st.just("unused") | labels(30)
    flow = st.builds(lambda found, token: _spelt(found | {"flow_token": token}), answers, token)
    lines = st.fixed_dictionaries(
        {"name": labels(20), "phone_number": phone_numbers("IN").map("+{}".format)},
        optional=dict.fromkeys(("address", "city", "in_pin_code", "floor_number", "landmark_area"), labels(20)),
    )
    place = st.builds(
        lambda found, saved: _spelt(({"saved_address_id": "address1"} if saved else {}) | {"values": found}),
        lines,
        st.booleans(),
    )
    return (
        fixed({"response_json": '{"flow_token":"unused","answer":"yes"}', "body": "Sent", "name": "flow"})
        | fixed({"response_json": flow, "body": "Sent", "name": "flow"})
        | fixed({"response_json": place, "body": texts(60), "name": "address_message"})
        | fixed({"response_json": place})
    )


def _spelt(answers: Json) -> str:
    return json.dumps(answers, ensure_ascii=False, separators=(",", ":"))


def _call_permission() -> SearchStrategy[Json]:
    source = st.sampled_from(["user_action", "automatic"])
    end = st.integers(NOW, NOW + 604_800)
    return st.one_of(
        fixed({"response": "reject", "response_source": source}),
        fixed({"response": "accept", "is_permanent": True, "response_source": source}),
        fixed(
            {
                "response": "accept",
                "is_permanent": False,
                "expiration_timestamp": end | end.map(str),  # Meta's page has a string
                "response_source": source,
            }
        ),
    )


def _interactive() -> SearchStrategy[Json]:
    kinds = {
        "button_reply": fixed({"id": labels(256), "title": labels(20)}),
        "list_reply": fixed({"id": labels(200), "title": labels(24)}, {"description": texts(72)}),
        "nfm_reply": _form(),
        "call_permission_reply": _call_permission(),
    }
    answers = [fixed({"type": kind, kind: one}) for kind, one in kinds.items()]
    return fixed({"type": "interactive", "interactive": st.one_of(answers)})


def _location() -> SearchStrategy[Json]:
    place = {"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)}
    more = {"name": texts(60), "address": texts(60), "url": links()}
    return fixed({"type": "location", "location": fixed(place, more)})


def _contacts() -> SearchStrategy[Json]:
    phone = fixed(
        {"phone": phone_numbers().map("+{}".format), "type": st.sampled_from(["MOBILE", "CELL", "Cellulare"])}
    )
    name = fixed({"formatted_name": texts(30)})
    bare = fixed({"name": name})
    shared = fixed({"phones": st.tuples(phone).map(list), "origin": "contact_request"})
    file = "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nEND:VCARD"
    vcard = fixed({"name": name, "phones": st.tuples(phone).map(list), "vcard": file, "origin": "other"})
    several = st.lists(bare | shared | vcard, min_size=1, max_size=2)
    return fixed({"type": "contacts", "contacts": cards(least=1) | several})


def _order() -> SearchStrategy[Json]:
    item = fixed(
        {
            "product_retailer_id": labels(20),
            "quantity": st.integers(1, 99),
            "item_price": st.integers(0, 100_000).map(lambda cents: cents / 100) | st.integers(0, 100),
            "currency": st.sampled_from(["USD", "EUR", "BRL"]),
        }
    )
    items = st.lists(item, min_size=1, max_size=3)
    return fixed({"type": "order", "order": fixed({"catalog_id": IDS, "text": texts(100, 0), "product_items": items})})


def _system(hidden: bool = False) -> SearchStrategy[Json]:
    number = st.sampled_from(["user_changed_number", "customer_changed_number"])
    moved = fixed({"type": number, "body": texts(60), "wa_id": phone_numbers()})
    moved_2022 = fixed({"type": "user_changed_number", "body": texts(60), "new_wa_id": phone_numbers()})
    user_id = {"type": "user_changed_user_id", "body": texts(60), "user_id": user_ids()}
    renamed = fixed(user_id, {"wa_id": phone_numbers()})
    since = fixed(
        user_id | {"previous_user_id": user_ids()},
        {"parent_user_id": user_ids(), "previous_parent_user_id": user_ids()},
    )
    secured = fixed({"type": "customer_identity_changed", "body": texts(60)})
    identity = fixed({"acknowledged": st.booleans(), "created_timestamp": digits(10, 10), "hash": labels(12)})
    news = since if hidden else moved | moved_2022 | renamed | since
    return fixed({"type": "system", "system": news}) | fixed(
        {"type": "system", "system": secured, "identity": identity}
    )


def _edit() -> SearchStrategy[Json]:
    text = fixed({"type": "text", "text": fixed({"body": texts(200)})}, {"context": fixed({"id": message_ids()})})
    caption = fixed({"type": "image", "image": _file("image")})
    return fixed({"type": "edit", "edit": fixed({"original_message_id": message_ids(), "message": text | caption})})


def _reaction() -> SearchStrategy[Json]:
    emoji = st.sampled_from(["👍", "❤️", "😂", "👨‍👩‍👧‍👦", ""])  # without an emoji it is taken back
    return fixed({"type": "reaction", "reaction": fixed({"message_id": message_ids()}, {"emoji": emoji})})


def _unsupported() -> SearchStrategy[Json]:
    errors = st.sampled_from(_UNSUPPORTED).map(lambda one: [copy.deepcopy(one)])
    kind = fixed({"type": st.sampled_from(["unknown", "poll", "poll_creation", "edit"])})
    return fixed({"type": "unsupported", "errors": errors}, {"unsupported": kind})


def _old(kind: str) -> SearchStrategy[Json]:
    return fixed({"type": kind, "errors": st.builds(lambda: [dict(_OLD_ERROR)])})


def _text() -> SearchStrategy[Json]:
    return fixed({"type": "text", "text": fixed({"body": texts(4096)})})


def _button() -> SearchStrategy[Json]:
    return fixed({"type": "button", "button": fixed({"payload": labels(100), "text": labels(20)})})


def _revoke() -> SearchStrategy[Json]:
    return fixed({"type": "revoke", "revoke": fixed({"original_message_id": message_ids()})})


_KINDS: dict[str, Callable[[], SearchStrategy[Json]]] = {
    "text": _text,
    **{kind: partial(_media, kind) for kind in MEDIA},
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
    "unsupported": _unsupported,
    "request_welcome": lambda: fixed({"type": "request_welcome"}),
    "ephemeral": partial(_old, "ephemeral"),
    "unknown": partial(_old, "unknown"),
}
INBOUND_TYPES = tuple(_KINDS)
"""All types of messages that webhooks bring, the plainest first; `ephemeral` and `unknown` came until 2022."""

QUOTING = frozenset({"text", *MEDIA, "interactive", "button", "location", "contacts"})
"""What can refer to another message."""
IN_GROUPS = frozenset({"text", *MEDIA, "reaction", "unsupported"})
"""What a business hears of in groups."""


@cache
def content_of(kind: str, hidden: bool = False) -> SearchStrategy[Json]:
    """Messages of one type: `{"type": kind, kind: …}`; nobody is told of a new number that is hidden."""
    return _system(hidden) if kind == "system" else _KINDS[kind]()


@cache
def beginnings(kind: str) -> SearchStrategy[Json]:
    """What was quoted or forwarded, or the advertisement that led here; for most types nothing, most of the time.

    An answer to an interactive message always says to which; that to a template's button nearly always.
    """
    quoted = fixed({"from": phone_numbers(), "id": message_ids()})
    if kind == "interactive":
        return fixed({"context": quoted})
    if kind == "button":
        return fixed({"context": quoted}) | st.builds(dict[str, Any])
    product = fixed({"catalog_id": IDS, "product_retailer_id": labels(20)})
    asked = fixed({"from": phone_numbers(), "id": message_ids(), "referred_product": product})
    forwarded = st.sampled_from(["forwarded", "frequently_forwarded"]).map(lambda name: {name: True})
    known = {"source_url": links(), "source_id": IDS, "source_type": st.sampled_from(["ad", "post"])}
    more = {
        "headline": texts(60),
        "body": texts(100),
        "ctwa_clid": labels(40),
        "welcome_message": fixed({"text": texts(60)}),
        "ref": labels(20),
    }
    picture = {"media_type": "image", "image_url": links()}
    film = {"media_type": "video", "video_url": links(), "thumbnail_url": links()}
    advertisement = fixed(known, more) | fixed(known | picture, more) | fixed(known | film, more)
    return st.one_of(
        st.builds(dict[str, Any]),
        fixed({"context": quoted | forwarded | asked}),
        fixed({"referral": advertisement}),
    )
