"""Webhooks as they arrive: exact bytes and signature, alone and in batches; and whole conversations of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.encoding import encode
from localwaba_contracts.webhooks import fields
from pytest_localwaba.strategies.contents import NOW
from pytest_localwaba.strategies.inbound import (
    contents_of,
    inbound_types,
    message_values,
    numbers,
    value_of,
    written,
)
from pytest_localwaba.strategies.people import ANA, Person, users
from pytest_localwaba.strategies.shapes import field_values, message_shapes
from pytest_localwaba.strategies.statuses import KINDS as STATUS_KINDS
from pytest_localwaba.strategies.statuses import nasty_status_sequences, status_sequences, status_value
from pytest_localwaba.strategies.words import chosen, digits, message_ids

Json = dict[str, Any]
DAY = 86_400
"""Seconds for which a user can be written to freely after a message of theirs."""
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

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As the call that makes it again: bytes and signatures are for machines."""
        printer.text("webhook(")
        printer.pretty(self.json)
        printer.text(", app_secret)")


def webhook(payload: Json, app_secret: str) -> Webhook:
    """A payload as Meta would POST it: escaped as Meta escapes, signed with the app secret."""
    body = encode(payload)
    return Webhook(body, dict(delivery_headers(app_secret.encode(), body)))


_CONTACTS = st.sampled_from([True, False])
"""Whether a webhook with statuses says whom they are about, as it does since 2026."""
_TIMED = {row.field: row.timed for row in fields()}
KINDS = ("messages", "statuses", "shapes", "fields")
"""What webhooks bring: messages of users, statuses of your messages, every shape of these two that is known, old and
rare ones too, and everything else (templates, account, calls …)."""


class _Wanted(NamedTuple):
    """What was asked of `webhooks`."""

    kinds: tuple[str, ...]
    types: tuple[str, ...]
    fields: SearchStrategy[tuple[str, Json]]
    shapes: SearchStrategy[tuple[str, Json]]
    user: Person | None
    most: int

    def __repr__(self) -> str:
        """Short: Hypothesis shows it when it names the strategy."""
        return " | ".join(self.kinds)


@st.composite
def _changes(draw: DrawFn, wanted: _Wanted, metadata: Json) -> Change:
    kinds, most, who = wanted.kinds, wanted.most, wanted.user
    plain = "messages" in kinds and "text" in wanted.types
    kind = draw(st.sampled_from(["plain", *kinds] if plain else kinds))
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        message = written({"type": "text", "text": {"body": "hi"}}, who or ANA, "wamid.HZsAAAAA", NOW)
        return "messages", value_of([(who or ANA, message)], metadata), False
    if kind == "messages":
        senders = () if who is None else (who,)
        return "messages", draw(message_values(wanted.types, senders=senders, metadata=metadata, most=most)), False
    if kind == "statuses":
        sequence = draw(status_sequences(STATUS_KINDS, to=who))
        told = sequence if most > 1 else [draw(st.sampled_from(sequence))]
        return "messages", status_value(told, metadata, contacts=draw(_CONTACTS)), False
    if kind == "shapes":
        return "messages", draw(wanted.shapes)[1], False
    if kind == "nasty":
        return "messages", status_value(draw(nasty_status_sequences(to=who)), metadata), False
    field, value = draw(wanted.fields)
    return field, value, _TIMED[field]


def webhooks(
    app_secret: str,
    kinds: Collection[str] | str | None = None,
    *,
    types: Collection[str] | str | None = None,
    fields: Collection[str] | str | None = None,
    user: Person | None = None,
    batches: bool = True,
    nasty: bool = False,
    waba_id: str | None = None,
    metadata: Json | None = None,
) -> SearchStrategy[Webhook]:
    """A Webhook, signed with the app secret: POST its `body` with its `headers` to your app.

    `kinds` are some of "messages", "statuses", "shapes", "fields"; `types` narrow what users send, `fields` what else
    comes (with `fields` and no `kinds` nothing else comes); `user` is the only one who writes. With `batches` a body
    has up to three entries of up to three changes with up to three messages each, which Meta sends when it is busy.
    With `nasty` statuses come out of order, twice, and incomplete. ValueError for a kind, type or field that there is
    not.
    """
    asked = "fields" if kinds is None and fields is not None else kinds
    wanted = _Wanted(
        kinds=chosen(asked, KINDS, "kind of webhooks") + (("nasty",) if nasty else ()),
        types=inbound_types(types),
        fields=field_values(fields, metadata=metadata, waba_id=waba_id or ""),
        shapes=message_shapes(user=user, metadata=metadata),
        user=user,
        most=3 if batches else 1,
    )
    return _webhooks(app_secret, wanted, waba_id, metadata)


@st.composite
def _webhooks(draw: DrawFn, app_secret: str, wanted: _Wanted, waba_id: str | None, metadata: Json | None) -> Webhook:
    number = metadata or draw(numbers())
    account = waba_id or draw(st.just("102290129340398") | digits(15, 16))
    entries: list[Json] = []
    for _ in range(draw(st.integers(1, wanted.most))):
        changes = [draw(_changes(wanted, number)) for _ in range(draw(st.integers(1, wanted.most)))]
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
    """One user and your number: what webhooks tell of it, in the order in which it happened.

    `ends` is the moment after it, in seconds: is the customer service window still open then?
    """

    user: Person
    metadata: Json
    turns: tuple[Turn, ...]
    ends: int

    @property
    def window_ends(self) -> int:
        """The moment, in seconds, from which on only templates reach the user: 24 hours after their last message."""
        return DAY + max(int(turn.value["messages"][0]["timestamp"]) for turn in self.turns if turn.kind == "user")

    @property
    def is_open(self) -> bool:
        """Whether the user can be written to freely at the end."""
        return self.ends < self.window_ends

    def webhooks(self, app_secret: str, waba_id: str = "102290129340398") -> list[Webhook]:
        """A webhook for each turn."""
        return [webhook(self._payload(turn, waba_id), app_secret) for turn in self.turns]

    def _payload(self, turn: Turn, waba_id: str) -> Json:
        entry = {"id": waba_id, "changes": [{"value": turn.value, "field": "messages"}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}


def conversations(
    types: Collection[str] | str | None = None,
    *,
    user: Person | None = None,
    metadata: Json | None = None,
    at: int = NOW,
    most: int = 8,
    window: Literal["open", "closed"] | None = None,
    nasty: bool = False,
) -> SearchStrategy[Conversation]:
    """A whole Conversation: the user writes, your messages get their statuses, hours pass, for up to `most` turns.

    The user begins, `at` seconds since 1970. `types` are those of the user's messages. It ends with the customer
    service window `open` or `closed`, if you say so. With `nasty` statuses come out of order and twice, and some of
    the user's messages a second time (the same id). ValueError for a type or a window that there is not.
    """
    if window is not None:
        chosen(window, ("open", "closed"), "window")
    if most < 1:
        raise ValueError("a conversation has a turn at least: most is 1 or more")
    return _conversations(inbound_types(types), user, metadata, at, most, window or "", nasty)


@st.composite
def _conversations(
    draw: DrawFn,
    types: tuple[str, ...],
    user: Person | None,
    metadata: Json | None,
    at: int,
    most: int,
    window: str,
    nasty: bool,
) -> Conversation:
    who = draw(users()) if user is None else user
    number = metadata or draw(numbers())
    turns: list[Turn] = []
    wamid = draw(message_ids())
    ids = [f"{wamid[:-2]}{place:02}" for place in range(most)]  # of the same user, of different messages
    kinds = ["user", "statuses", "pause"] + (["again"] if nasty else [])
    for place in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(kinds)) if place else "user"
        told = [turn for turn in turns if turn.kind == "user"]
        if kind == "pause":
            at += draw(st.sampled_from([60, 3_600, 86_400, 7 * 86_400]))
        elif kind == "again":
            turns.append(Turn(at, "again", draw(st.sampled_from(told)).value))
        elif kind == "statuses":
            make = nasty_status_sequences if nasty else status_sequences
            contacts = draw(_CONTACTS)
            for status in draw(make(message_id=ids[place], to=who, at=at)):
                at = max(at, int(status["timestamp"]))
                turns.append(Turn(at, "status", status_value([status], number, contacts=contacts)))
        else:
            message = written(draw(contents_of(types, who.hides_number)), who, ids[place], at)
            turns.append(Turn(at, "user", value_of([(who, message)], number)))
        at += draw(st.integers(1, 60))
    found = Conversation(who, number, tuple(turns), at)
    if window == "closed" and found.is_open:
        return replace(found, ends=found.window_ends + draw(st.integers(0, DAY)))
    if window == "open" and not found.is_open:
        message = written(draw(contents_of(types, who.hides_number)), who, f"{wamid[:-2]}{most:02}", at)
        turns.append(Turn(at, "user", value_of([(who, message)], number)))
        return replace(found, turns=tuple(turns), ends=at + draw(st.integers(1, 60)))
    return found
