"""What users send, as it stands in a webhook's `messages`: every type and every shape of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.contents import (
    IDS,
    IN_GROUPS,
    INBOUND_TYPES,
    NOW,
    QUOTING,
    beginnings,
    content_of,
)
from pytest_localwaba.strategies.people import Person, phone_numbers, users
from pytest_localwaba.strategies.words import chosen, message_ids

Json = dict[str, Any]


def inbound_types(types: Collection[str] | str | None) -> tuple[str, ...]:
    """Some of INBOUND_TYPES, or all; ValueError for others."""
    return chosen(types, INBOUND_TYPES, "type of a user's message")


def inbound_contents(types: Collection[str] | str | None = None) -> SearchStrategy[Json]:
    """What a user sends, without `id`, `from` and `timestamp`: `{"type": "text", "text": {"body": "hi"}}`.

    It is good for `user.sends_message(content)`, too. `types` are some of INBOUND_TYPES; ValueError for others.
    """
    return contents_of(inbound_types(types))


@st.composite
def contents_of(draw: DrawFn, types: tuple[str, ...], hidden: bool = False) -> Json:
    """What a user sends; `hidden` says that the user's number is."""
    kind = draw(st.sampled_from(("plain", *types) if "text" in types else types))
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        return {"type": "text", "text": {"body": "hi"}}
    found = draw(content_of(kind, hidden))
    if kind in QUOTING:
        found |= draw(beginnings(kind))
    return found


def inbound_messages(
    types: Collection[str] | str | None = None,
    *,
    sender: Person | None = None,
    at: int | None = None,
    group_id: str | None = None,
) -> SearchStrategy[Json]:
    """A message of a user as in `messages`: `{"from", "from_user_id", "id", "timestamp", "type", …}`.

    Somebody who hides their number has no `from`. `at` is in seconds since 1970. With `group_id` it was written in
    that group; without, some are in groups; "" keeps them out of groups. ValueError for a type that there is not.
    """
    return _messages(inbound_types(types), sender, at, group_id)


@st.composite
def _messages(
    draw: DrawFn, types: tuple[str, ...], sender: Person | None, at: int | None, group_id: str | None
) -> Json:
    who = draw(users()) if sender is None else sender
    content = draw(contents_of(types, who.hides_number))
    stamp = NOW + draw(st.integers(0, 86_400)) if at is None else at
    if group_id is None:
        group = draw(_GROUPS)  # drawn for all, so that none is shorter than the plain text, to which examples shrink
        group_id = group if content["type"] in IN_GROUPS else ""
    return written(content, who, draw(message_ids()), stamp, group_id or "")


_GROUPS = st.sampled_from(["", "", "", "", "Y2FwaV9ncm91cDoxNTU1MDc4Mzg4MToxMjAzNjM0MDQ2OTQyMzM4MjAZD"])


def written(content: Json, who: Person, message_id: str, at: int, group_id: str = "") -> Json:
    """A content as the message of somebody, in the order of members in which Meta writes them."""
    content = dict(content)
    found: Json = {key: content.pop(key) for key in ("context", "referral") if key in content}
    renamed = "previous_user_id" in content.get("system", {})  # such news has no `from` since August 2026
    if not who.hides_number and not renamed:
        found["from"] = who.wa_id
    found["from_user_id"] = who.user_id
    if who.parent_user_id:
        found["from_parent_user_id"] = who.parent_user_id
    if group_id:
        found["group_id"] = group_id
    return found | {"id": message_id, "timestamp": str(at)} | content


@cache
def numbers() -> SearchStrategy[Json]:
    """The `metadata` of a webhook: the business number that it is about."""
    known = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    other = st.fixed_dictionaries({"display_phone_number": phone_numbers("US"), "phone_number_id": IDS})
    return st.just(known).map(dict) | other


def message_values(
    types: Collection[str] | str | None = None,
    *,
    senders: Sequence[Person] = (),
    metadata: Json | None = None,
    most: int = 1,
) -> SearchStrategy[Json]:
    """The `value` of a webhook with messages: `{"messaging_product", "metadata", "contacts", "messages"}`.

    Up to `most` messages of different people stand in it, as when Meta batches.
    """
    return _values(inbound_types(types), tuple(senders), metadata, most)


@st.composite
def _values(
    draw: DrawFn, types: tuple[str, ...], senders: tuple[Person, ...], metadata: Json | None, most: int
) -> Json:
    anybody = st.sampled_from(senders) if senders else users()
    people = [draw(anybody)]
    if most > 1:
        people += draw(st.lists(anybody, max_size=most - 1))
    messages = [draw(_messages(types, one, None, None)) for one in people]
    return value_of(list(zip(people, messages, strict=True)), metadata or draw(numbers()))


def value_of(told: Sequence[tuple[Person, Json]], metadata: Json) -> Json:
    """The `value` of a webhook with these messages of these people; who has another number or id now is no contact."""
    found: Json = {"messaging_product": "whatsapp", "metadata": dict(metadata)}
    met = {who.user_id: who.contact for who, message in told if _has_contact(message)}
    if met:
        found["contacts"] = list(met.values())
    return found | {"messages": [message for _, message in told]}


def _has_contact(message: Json) -> bool:
    return message["type"] != "system" or "identity" in message or "new_wa_id" in message["system"]


__all__ = [
    "INBOUND_TYPES",
    "NOW",
    "contents_of",
    "inbound_contents",
    "inbound_messages",
    "inbound_types",
    "message_values",
    "numbers",
    "value_of",
    "written",
]
