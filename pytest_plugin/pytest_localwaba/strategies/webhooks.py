"""Webhooks as they arrive: exact bytes and signature, alone and in batches; and whole conversations of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.encoding import encode
from localwaba_contracts.webhooks import fields, samples, variants
from pytest_localwaba.strategies.inbound import NOW, inbound_contents, message_values, numbers
from pytest_localwaba.strategies.people import ANA, Person, users
from pytest_localwaba.strategies.statuses import nasty_status_sequences, status_sequences, status_value
from pytest_localwaba.strategies.words import digits, message_ids

Json = dict[str, Any]
Change = tuple[str, Json, bool]
"""A field, its value, and whether its entry has a time."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One POST of Meta: the bytes of its body and its headers, the signatures over exactly these bytes included."""

    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def values(self) -> list[tuple[str, Json]]:
        """All changes of all entries: field and value."""
        return [(one["field"], one["value"]) for entry in self.json["entry"] for one in entry["changes"]]


def webhook(payload: Json, app_secret: str) -> Webhook:
    """A payload as Meta would POST it: escaped as Meta escapes, signed with the app secret."""
    body = encode(payload)
    return Webhook(body, dict(delivery_headers(app_secret.encode(), body)))


@st.composite
def message_shapes(draw: DrawFn, name: str | None = None) -> tuple[str, Json]:
    """The name of a shape of the field `messages` that is known from Meta, and such a value of a user of yours.

    There are more than a hundred, among them old and rare ones: `text_from_ad`, `sent_2022`, `failed_on_a_device`,
    `user_changed_user_id`. `localwaba_contracts.webhooks.variants()` lists them. ValueError for a name that is none.
    """
    known = variants()
    if name is not None and name not in known:
        raise ValueError(f"no shape {name!r} is known; there are {', '.join(known)}")
    found = known[name or draw(st.sampled_from(list(known)))]
    who = draw(users(hidden=False))
    given = {"wa_id": who.wa_id, "user_id": who.user_id, "name": who.name}
    return found.variant, found.filled(**given)


def field_values(field: str | None = None) -> SearchStrategy[tuple[str, Json]]:
    """A field other than `messages`, and a value of one of its variants. ValueError for a field that there is not."""
    found = [(one.field, one.value) for one in samples(field or "")]
    if not found:
        known = ", ".join(row.field for row in fields() if row.variants)
        raise ValueError(f"no values of the field {field!r} are known; there are {known}")
    return st.sampled_from(found).map(lambda one: json.loads(json.dumps(one))).map(tuple)


_TIMED = {row.field: row.timed for row in fields()}


@st.composite
def _changes(draw: DrawFn, kinds: Sequence[str], metadata: Json, most: int) -> Change:
    kind = draw(st.sampled_from(["plain", *kinds] if "messages" in kinds else kinds))
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        return (
            "messages",
            _written({"type": "text", "text": {"body": "hi"}}, ANA, metadata, "wamid.HZsAAAAA", NOW),
            False,
        )
    if kind == "messages":
        return "messages", draw(message_values(metadata=metadata, most=most)), False
    if kind == "statuses":
        sequence = draw(status_sequences())
        chosen = sequence if most > 1 else [draw(st.sampled_from(sequence))]
        return "messages", status_value(chosen, metadata), False
    if kind == "shapes":
        return "messages", draw(message_shapes())[1], False
    if kind == "nasty":
        return "messages", status_value(draw(nasty_status_sequences()), metadata), False
    field, value = draw(field_values())
    return field, value, _TIMED[field]


KINDS = ("messages", "statuses", "shapes", "fields")
"""What webhooks bring: messages of users, statuses of your messages, every shape of these two that is known, old and
rare ones too, and everything else (templates, account, calls …)."""


@st.composite
def webhooks(
    draw: DrawFn,
    app_secret: str,
    kinds: Collection[str] | None = None,
    *,
    batches: bool = True,
    nasty: bool = False,
    waba_id: str | None = None,
    metadata: Json | None = None,
) -> Webhook:
    """A Webhook, signed with the app secret: POST its `body` with its `headers` to your app.

    `kinds` are some of "messages", "statuses", "shapes", "fields". With `batches` a body has up to three entries of
    up to three changes with up to three messages each, which Meta sends when it is busy. With `nasty` statuses come out
    of order, twice, and incomplete. ValueError for a kind that there is not.
    """
    wanted = list(KINDS if kinds is None else kinds)
    unknown = set(wanted) - set(KINDS)
    if unknown:
        raise ValueError(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if nasty:
        wanted.append("nasty")
    number = metadata or draw(numbers())
    account = waba_id or draw(st.just("102290129340398") | digits(15, 16))
    most = 3 if batches else 1
    entries: list[Json] = []
    for _ in range(draw(st.integers(1, most))):
        changes = [draw(_changes(wanted, number, most)) for _ in range(draw(st.integers(1, most)))]
        timed = any(has_time for _, _, has_time in changes)
        entries.append(
            {"id": account}
            | ({"time": draw(st.integers(NOW, NOW + 86_400))} if timed else {})
            | {"changes": [{"value": value, "field": field} for field, value, _ in changes]}
        )
    return webhook({"object": "whatsapp_business_account", "entry": entries}, app_secret)


@dataclass(frozen=True, slots=True)
class Turn:
    """Something in a conversation, at a time in seconds: a message of the user, or a status of one of yours.

    `value` is the `value` of its webhook.
    """

    at: int
    kind: str
    value: Json


@dataclass(frozen=True, slots=True)
class Conversation:
    """One user and your number: what webhooks tell of it, in the order in which it happened."""

    user: Person
    metadata: Json
    turns: tuple[Turn, ...]

    def webhooks(self, app_secret: str, waba_id: str = "102290129340398") -> list[Webhook]:
        """A webhook for each turn."""
        return [webhook(self._payload(turn, waba_id), app_secret) for turn in self.turns]

    def _payload(self, turn: Turn, waba_id: str) -> Json:
        entry = {"id": waba_id, "changes": [{"value": turn.value, "field": "messages"}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}


@st.composite
def conversations(
    draw: DrawFn,
    types: Collection[str] | None = None,
    *,
    user: Person | None = None,
    metadata: Json | None = None,
    most: int = 8,
    nasty: bool = False,
) -> Conversation:
    """A whole Conversation: the user writes, your messages get their statuses, hours pass, for up to `most` turns.

    The user begins. `types` are those of the user's messages. With `nasty` statuses come out of order and twice, and
    some of the user's messages a second time (the same id).
    """
    who = draw(users()) if user is None else user
    number = metadata or draw(numbers())
    at = NOW
    turns: list[Turn] = []
    wamid = draw(message_ids())
    ids = [f"{wamid[:-2]}{place:02}" for place in range(most)]  # of the same user, of different messages
    kinds = ["user", "statuses", "pause"] + (["again"] if nasty else [])
    for place in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(kinds)) if place else "user"
        written = [turn for turn in turns if turn.kind == "user"]
        if kind == "pause":
            at += draw(st.sampled_from([60, 3_600, 86_400, 7 * 86_400]))
        elif kind == "again":
            turns.append(Turn(at, "again", draw(st.sampled_from(written)).value))
        elif kind == "statuses":
            make = nasty_status_sequences if nasty else status_sequences
            for status in draw(make(message_id=ids[place], to=who, at=at)):
                at = max(at, int(status["timestamp"]))
                turns.append(Turn(at, "status", status_value([status], number)))
        else:
            turns.append(Turn(at, "user", _written(draw(inbound_contents(types)), who, number, ids[place], at)))
        at += draw(st.integers(1, 60))
    return Conversation(who, number, tuple(turns))


def _written(content: Json, who: Person, metadata: Json, wamid: str, at: int) -> Json:
    head: Json = {key: content.pop(key) for key in ("context", "referral") if key in content}
    visible: Json = {} if who.hides_number else {"from": who.wa_id}
    message = head | visible | {"from_user_id": who.user_id, "id": wamid, "timestamp": str(at)} | content
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata}
    if content["type"] != "system":
        value["contacts"] = [who.contact]
    return value | {"messages": [message]}
