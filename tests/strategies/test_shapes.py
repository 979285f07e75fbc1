"""Every shape that is known of Meta can be drawn, and all that stands in them also comes in what is made freely."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from localwaba_contracts.validate import violation
from localwaba_contracts.webhooks import fields, variants
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.people import ANA

once = settings(max_examples=1, database=None, phases=[Phase.generate], derandomize=True)
enough = settings(max_examples=1000, database=None, phases=[Phase.generate], deadline=None)
METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}

ONLY_AS_SHAPES = {
    "parent_recipient_user_id",  # of April 2026 only
    "type",  # this and `message` are of the on-premises API
    "message",
    "message.recipient_id",
}
"""What statuses have in `message_shapes` and `webhooks`, and in nothing that is made freely."""


def one_of_each(strategies: list[st.SearchStrategy[Any]]) -> list[Any]:
    """An example of each strategy, a few at a time."""
    groups = [strategies[place : place + 8] for place in range(0, len(strategies), 8)]
    return [one for group in groups for one in find(st.tuples(*group), lambda _: True, settings=once)]


def members(value: Any, path: str = "") -> set[str]:
    """The places of all members of a value, as `messages.image.caption`."""
    if isinstance(value, list):
        return {found for one in value for found in members(one, path)}
    if not isinstance(value, dict):
        return set()
    below = {f"{path}.{name}".lstrip("."): one for name, one in value.items()}
    return set(below) | {found for place, one in below.items() for found in members(one, place)}


def test_every_shape_of_messages() -> None:
    """Each known shape of `messages` can be asked for by its name, keeps its contract, and is about the user."""
    known = variants()
    assert len(known) >= 134
    drawn = one_of_each([wa.message_shapes(name, user=ANA, metadata=METADATA) for name in known])
    assert [name for name, _ in drawn] == list(known)
    for name, value in drawn:
        assert violation("webhooks/messages", value) is None
        assert members(value) >= members(known[name].filled())
        assert value["metadata"] == METADATA


def test_every_variant_of_every_field() -> None:
    """Each variant of each other field can be asked for, keeps its contract, and has the members of the variant."""
    known = [(row.field, one) for row in fields() for one in row.variants]
    assert len(known) >= 189
    drawn = one_of_each([wa.field_values(field, one.variant) for field, one in known])
    for (wanted, one), (field, value) in zip(known, drawn, strict=True):
        assert field == wanted
        assert violation(f"webhooks/{field}", value) is None
        assert members(value) == members(one.filled())


def test_webhooks_of_fields() -> None:
    """A webhook of one field has nothing else; its entry has a time where Meta gives it one."""
    flows, calls = one_of_each([wa.webhooks("secret", fields=name, batches=False) for name in ("flows", "calls")])
    assert [field for field, _ in flows.values + calls.values] == ["flows", "calls"]
    assert ["time" in hook.json["entry"][0] for hook in (flows, calls)] == [True, False]


def lacking(strategy: st.SearchStrategy[Any], wanted: set[str]) -> set[str]:
    """Those of the wanted members that no example of a strategy has; as soon as there are none, no more is drawn."""
    seen: set[str] = set()

    def is_all(one: Any) -> bool:
        seen.update(members(one))
        return wanted <= seen

    with contextlib.suppress(NoSuchExample):
        find(strategy, is_all, settings=enough)
    return wanted - seen


LINKED = replace(ANA, parent_user_id="US.ENT.1", username="ana", identity_key_hash="DF2lS5v2W6x=")


def test_messages_have_all_that_their_shapes_have() -> None:
    """Whatever member stands in a message of a known shape also comes in the messages that are made freely."""
    told: dict[str, set[str]] = {}
    for shape in variants().values():
        for message in shape.filled().get("messages", ()):
            told.setdefault(message["type"], set()).update(members(message))
    assert set(told) == set(wa.INBOUND_TYPES)
    for kind, wanted in told.items():
        assert lacking(wa.inbound_messages(kind, sender=LINKED), wanted) == set(), kind


def test_statuses_and_contacts_have_all_that_their_shapes_have() -> None:
    """The same of statuses, of messages, in groups and of payments; and of those whom a webhook is about."""
    told: dict[str, set[str]] = {}
    for shape in variants().values():
        for status in shape.filled().get("statuses", ()):
            kind = "group" if "recipient_type" in status else "payment" if "payment" in status else "message"
            told.setdefault(kind, set()).update(members(status) - (ONLY_AS_SHAPES if kind != "payment" else set()))
    for kind, wanted in told.items():
        assert lacking(wa.status_sequences(kind, to=LINKED), wanted) == set(), kind
    people = {place for shape in variants().values() for place in members(shape.filled().get("contacts", []))}
    assert members(LINKED.contact) == people


@pytest.mark.parametrize("name", ["text_from_ad", "sent_2022", "texts_of_two_users", "user_changed_user_id"])
def test_shapes_name_what_was_drawn(name: str) -> None:
    """Ids and users of a shape differ from example to example."""
    values: list[str] = []

    @settings(enough, max_examples=10)
    @given(wa.message_shapes(name))
    def collect(one: tuple[str, dict[str, Any]]) -> None:
        values.append(str(one[1]))

    collect()
    assert len(set(values)) > 3


def test_slips() -> None:
    """A shape, a field or a variant that there is not is refused at once, with the nearest one."""
    with pytest.raises(ValueError, match="there is no shape 'text_from_add': did you mean 'text_from_ad'"):
        wa.message_shapes("text_from_add")
    with pytest.raises(ValueError, match="'acount_update': did you mean 'account_update'"):
        wa.field_values("acount_update")
    with pytest.raises(ValueError, match="there is no variant of flows 'publshed': did you mean 'published'"):
        wa.field_values("flows", "publshed")
