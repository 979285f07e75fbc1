"""What users send, as it stands in a webhook's `messages`: every type and every shape of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.people import Person, phone_numbers, user_ids, users
from pytest_localwaba.strategies.sends import contacts as cards
from pytest_localwaba.strategies.words import digits, labels, links, message_ids, texts

Json = dict[str, Any]
NOW = 1_767_268_800
"""1 January 2026, 12:00 UTC, in seconds: when the first message is sent unless you say otherwise."""

_MIME = {
    "image": ["image/jpeg", "image/png"],
    "video": ["video/mp4", "video/3gp"],
    "audio": ["audio/ogg; codecs=opus", "audio/mpeg"],
    "document": ["application/pdf", "text/plain"],
    "sticker": ["image/webp"],
}
_UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


def _fixed(needed: dict[str, Any], optional: dict[str, Any] | None = None) -> SearchStrategy[Json]:
    whole = {name: one if isinstance(one, SearchStrategy) else st.just(one) for name, one in needed.items()}
    return st.fixed_dictionaries(whole, optional=optional or {})


def _media(kind: str) -> SearchStrategy[Json]:
    digest = st.binary(min_size=32, max_size=32).map(_base64)
    needed: Json = {"mime_type": st.sampled_from(_MIME[kind]), "sha256": digest, "id": digits(15, 16)}
    optional: Json = {
        "url": st.builds("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={}".format, _IDS)
    }
    if kind == "document":
        needed["filename"] = labels(60)
    if kind in ("image", "video", "document"):
        optional["caption"] = texts(1024)
    if kind == "audio":
        needed["voice"] = st.booleans()
    if kind == "sticker":
        optional["animated"] = st.booleans()
    return _fixed({"type": kind, kind: _fixed(needed, optional)})


_IDS = digits(15, 16)


def _base64(raw: bytes) -> str:
    from base64 import b64encode

    return b64encode(raw).decode("ascii")


def _interactive() -> SearchStrategy[Json]:
    button = _fixed({"type": "button_reply", "button_reply": _fixed({"id": labels(256), "title": labels(20)})})
    row = _fixed({"id": labels(200), "title": labels(24)}, {"description": texts(72)})
    form = _fixed(
        {"response_json": st.just('{"flow_token":"unused","answer":"yes"}')},
        {"body": st.just("Sent"), "name": st.just("flow")},
    )
    source = st.sampled_from(["user_action", "automatic"])
    until = {"response": "accept", "is_permanent": False, "expiration_timestamp": st.integers(NOW, NOW + 604_800)}
    call = st.one_of(
        _fixed({"response": "reject", "response_source": source}),
        _fixed({"response": "accept", "is_permanent": True, "response_source": source}),
        _fixed(until | {"response_source": source}),
    )
    kinds = [
        button,
        _fixed({"type": "list_reply", "list_reply": row}),
        _fixed({"type": "nfm_reply", "nfm_reply": form}),
        _fixed({"type": "call_permission_reply", "call_permission_reply": call}),
    ]
    return _fixed({"type": "interactive", "interactive": st.one_of(kinds)})


def _location() -> SearchStrategy[Json]:
    place = {"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)}
    more = {"name": texts(60), "address": texts(60), "url": links()}
    return _fixed({"type": "location", "location": _fixed(place, more)})


def _order() -> SearchStrategy[Json]:
    item = _fixed(
        {
            "product_retailer_id": labels(20),
            "quantity": st.integers(1, 99),
            "item_price": st.integers(0, 100_000).map(lambda cents: cents / 100),
            "currency": st.sampled_from(["USD", "EUR", "BRL"]),
        }
    )
    order = _fixed(
        {"catalog_id": _IDS, "text": texts(100, least=0), "product_items": st.lists(item, min_size=1, max_size=3)}
    )
    return _fixed({"type": "order", "order": order})


def _system() -> SearchStrategy[Json]:
    number = _fixed({"type": "user_changed_number", "body": texts(60), "wa_id": phone_numbers()})
    user_id = _fixed({"type": "user_changed_user_id", "body": texts(60), "user_id": user_ids()})
    return _fixed({"type": "system", "system": number | user_id})


def _edit() -> SearchStrategy[Json]:
    text = _fixed({"type": "text", "text": _fixed({"body": texts(200)})})
    return _fixed({"type": "edit", "edit": _fixed({"original_message_id": message_ids(), "message": text})})


def _reaction() -> SearchStrategy[Json]:
    reaction = _fixed({"message_id": message_ids()}, {"emoji": st.sampled_from(["👍", "❤️", "😂"])})
    return _fixed({"type": "reaction", "reaction": reaction})


def _kinds() -> dict[str, Callable[[], SearchStrategy[Json]]]:
    kinds: dict[str, Callable[[], SearchStrategy[Json]]] = {
        "text": lambda: _fixed({"type": "text", "text": _fixed({"body": texts(4096)})}),
    }
    for kind in _MIME:
        kinds[kind] = partial(_media, kind)
    return kinds | {
        "location": _location,
        "contacts": lambda: _fixed({"type": "contacts", "contacts": cards(least=1)}),
        "reaction": _reaction,
        "interactive": _interactive,
        "button": lambda: _fixed({"type": "button", "button": _fixed({"payload": labels(100), "text": labels(20)})}),
        "order": _order,
        "system": _system,
        "edit": _edit,
        "revoke": lambda: _fixed({"type": "revoke", "revoke": _fixed({"original_message_id": message_ids()})}),
        "unsupported": lambda: _fixed(
            {"type": "unsupported", "errors": st.just([_UNSUPPORTED])},
            {"unsupported": _fixed({"type": st.sampled_from(["unknown", "poll_creation"])})},
        ),
        "request_welcome": lambda: _fixed({"type": "request_welcome"}),
    }


@cache
def _of(kind: str) -> SearchStrategy[Json]:
    return _kinds()[kind]()


INBOUND_TYPES = tuple(_kinds())
"""All types of messages that webhooks bring, the plainest first."""

_QUOTING = {"text", *_MIME, "interactive", "button", "location", "contacts"}


@st.composite
def inbound_contents(draw: DrawFn, types: Collection[str] | None = None) -> Json:
    """What a user sends, without `id`, `from` and `timestamp`: `{"type": "text", "text": {"body": "hi"}}`.

    It is good for `user.sends_message(content)`, too. `types` are some of INBOUND_TYPES; ValueError for others.
    """
    wanted = INBOUND_TYPES if types is None else tuple(types)
    unknown = set(wanted) - set(INBOUND_TYPES)
    if unknown:
        raise ValueError(f"users send no {', '.join(sorted(unknown))}; there are {', '.join(INBOUND_TYPES)}")
    kind = draw(st.sampled_from(("plain", *wanted) if "text" in wanted else wanted))
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        return {"type": "text", "text": {"body": "hi"}}
    found = draw(_of(kind))
    if found["type"] in _QUOTING:
        found |= draw(_head())
    return found


@cache
def _head() -> SearchStrategy[Json]:
    """Nothing, most of the time; else what was quoted or forwarded, or the advertisement that led here."""
    quoted = _fixed({"from": phone_numbers(), "id": message_ids()})
    forwarded = st.sampled_from([{"forwarded": True}, {"frequently_forwarded": True}])
    advertisement = _fixed(
        {"source_url": links(), "source_id": _IDS, "source_type": st.sampled_from(["ad", "post"])},
        {"headline": texts(60), "body": texts(100), "ctwa_clid": labels(40)},
    )
    return st.one_of(
        st.just({}),
        _fixed({"context": quoted | forwarded}),
        _fixed({"referral": advertisement}),
    )


@st.composite
def inbound_messages(
    draw: DrawFn,
    types: Collection[str] | None = None,
    *,
    sender: Person | None = None,
    at: int | None = None,
) -> Json:
    """A message of a user as in `messages`: `{"from", "from_user_id", "id", "timestamp", "type", …}`.

    Somebody who hides their number has no `from`. `at` is in seconds since 1970.
    """
    who = draw(users()) if sender is None else sender
    content = draw(inbound_contents(types))
    head: Json = {key: content.pop(key) for key in ("context", "referral") if key in content}
    visible: Json = {} if who.hides_number else {"from": who.wa_id}
    stamp = NOW + draw(st.integers(0, 86_400)) if at is None else at
    beside: Json = {"from_user_id": who.user_id, "id": draw(message_ids()), "timestamp": str(stamp)}
    return head | visible | beside | content


@cache
def numbers() -> SearchStrategy[Json]:
    """The `metadata` of a webhook: the business number that it is about."""
    known = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    return st.just(known).map(dict) | _fixed({"display_phone_number": phone_numbers("US"), "phone_number_id": _IDS})


@st.composite
def message_values(
    draw: DrawFn,
    types: Collection[str] | None = None,
    *,
    senders: Sequence[Person] = (),
    metadata: Json | None = None,
    most: int = 1,
) -> Json:
    """The `value` of a webhook with messages: `{"messaging_product", "metadata", "contacts", "messages"}`.

    Up to `most` messages of different people stand in it, as when Meta batches.
    """
    anybody = st.sampled_from(list(senders)) if senders else users()
    people = [draw(anybody)]
    if most > 1:
        people += draw(st.lists(anybody, max_size=most - 1))
    messages = [draw(inbound_messages(types, sender=one)) for one in people]
    found: Json = {"messaging_product": "whatsapp", "metadata": metadata or draw(numbers())}
    met = {one.user_id: one for one, message in zip(people, messages, strict=True) if message["type"] != "system"}
    if met:
        found["contacts"] = [one.contact for one in met.values()]
    return found | {"messages": messages}
