"""Every shape of every field that is known from Meta, old and rare ones too, about people and numbers of yours."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba_contracts.webhooks import fields, variants, wanted
from pytest_localwaba.strategies.contents import NOW
from pytest_localwaba.strategies.people import ANA, Person, users
from pytest_localwaba.strategies.words import chosen, digits, identifiers, message_ids

Json = dict[str, Any]
_PLAIN = ("messages", "text")


def message_shapes(
    name: Collection[str] | str | None = None, *, user: Person | None = None, metadata: Json | None = None
) -> SearchStrategy[tuple[str, Json]]:
    """The name of a shape of the field `messages` that is known from Meta, and such a value of a user of yours.

    There are more than a hundred, among them old and rare ones: `text_from_ad`, `sent_2022`, `failed_on_a_device`,
    `user_changed_user_id`. `localwaba_contracts.webhooks.variants()` lists them. ValueError for a name that is none.
    """
    names = chosen(name, variants(), "shape")
    pairs = _Pairs(("messages", one) for one in names)
    return _shape(pairs, user, metadata, "").map(itemgetter(1, 2))


class _Pairs(tuple[tuple[str, str], ...]):
    """Fields and variants; shown shortly, because there are hundreds."""

    def __repr__(self) -> str:
        return f"{self[0][1]!r} … {self[-1][1]!r}"


def field_values(
    field: Collection[str] | str | None = None,
    variant: str | None = None,
    *,
    metadata: Json | None = None,
    waba_id: str = "",
) -> SearchStrategy[tuple[str, Json]]:
    """A field other than `messages`, and a value of one of its variants.

    `metadata` is the business number that it is about. ValueError for a field or a variant that there is not.
    """
    names = chosen(field, _known(), "webhook field with values that are known,")
    pairs = [(name, one) for name in names for one in variants(name)]
    if variant is not None:
        chosen(variant, [one for _, one in pairs], f"variant of {', '.join(names)}")
        pairs = [pair for pair in pairs if pair[1] == variant]
    return _shape(_Pairs(pairs), None, metadata, waba_id).map(itemgetter(0, 2))


@cache
def _known() -> tuple[str, ...]:
    return tuple(row.field for row in fields() if row.variants)


@st.composite
def _shape(
    draw: DrawFn, pairs: _Pairs, user: Person | None, metadata: Json | None, waba_id: str
) -> tuple[str, str, Json]:
    """A field, a variant and its value, with what it names drawn anew."""
    picked = draw(st.sampled_from((None, *pairs) if len(pairs) > 1 and _PLAIN in pairs else pairs))
    field, name = picked or _PLAIN
    found = variants(field)[name]
    named = wanted(found.value)
    given: dict[str, str | int] = dict(metadata or {}) | ({"waba_id": waba_id} if waba_id else {})
    if named & {"wa_id", "user_id", "name"}:
        who = user or (draw(users(hidden=False)) if picked else ANA)
        given |= {"wa_id": who.wa_id, "user_id": who.user_id, "name": who.name}
        given |= {"username": who.username} if who.username else {}
    if picked is None:  # the shortest of all, so that examples shrink to it
        return field, name, found.filled(**given | {"now": NOW, "wamid_in": "wamid.HZsAAAAA"})
    if "now" in named:
        given["now"] = NOW + draw(st.integers(0, 86_400))
    for one in sorted(named & _DRAWN.keys()):
        given[one] = draw(_DRAWN[one])
    return field, name, found.filled(**given)


_DRAWN: dict[str, SearchStrategy[Any]] = {
    "wamid": message_ids(),
    "wamid_in": message_ids(),
    "wamid_out": message_ids(),
    "media_id": digits(15, 16),
    "flow_id": digits(15, 16),
    "template_id": st.integers(10**14, 10**16),
    "template_name": identifiers(30),
}
