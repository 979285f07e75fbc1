"""`fields` is read as Graph reads it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.wire.fields import Field, Selection, parse_fields, read_fields

NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
MODIFIERS = st.lists(st.tuples(NAMES, st.sampled_from(["5", "true", "[a(1)]", ""])), max_size=2).map(tuple)
FIELDS = st.recursive(
    st.builds(Field, NAMES, st.just(()), MODIFIERS),
    lambda inner: st.builds(Field, NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple), MODIFIERS),
    max_leaves=6,
)


def spell(selection: Selection, space: str = "") -> str:
    """A selection as text."""
    parts = []
    for field in selection:
        text = field.name + "".join(f".{name}({given})" for name, given in field.modifiers)
        parts.append(text + (f"{{{spell(field.selection, space)}}}" if field.selection else ""))
    return f"{space},{space}".join(parts)


@given(st.lists(FIELDS, min_size=1, max_size=4).map(tuple), st.sampled_from(["", " "]))
@settings(max_examples=60, deadline=None)
def test_whatever_can_be_written_is_read_back(selection: Selection, space: str) -> None:
    """Names, edges with fields and modifiers survive the way through text."""
    assert selection == parse_fields(spell(selection, space))


@pytest.mark.parametrize("nothing", [None, "", [], ()])
def test_nothing_asked_for_is_nothing(nothing: object) -> None:
    """Without names there is no selection, and the node shows its default fields."""
    assert read_fields(nothing) == () if nothing in (None, "") else True


def test_lists_are_as_good_as_texts() -> None:
    """A JSON list of names means what its names with commas mean."""
    assert parse_fields("id,name") == read_fields(["id", "name"]) == read_fields('["id","name"]')


def test_a_capture_of_a_syntax_error_is_reproduced() -> None:
    """Graph points at the character where it stopped (node-facebook-sdk, issue 123)."""
    text = "likes.limit(1000){id},comments.limit(1000){id}{from},sharedposts{id}"
    with pytest.raises(Refused) as caught:
        parse_fields(text)
    expected = f'Syntax error "Expected end of string instead of "{{"." at character 46: {text}'
    assert (2500, expected) == (caught.value.refusal.code, caught.value.refusal.message)


@pytest.mark.parametrize("text", ["id,", ",id", "a{b", "a{}", "a}", "a.b", "a.(1)", "a.limit(5", "ä", "{" * 50])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """Every unfinished or foreign text gets Graph's syntax error, none a crash."""
    with pytest.raises(Refused) as caught:
        parse_fields(text)
    assert caught.value.refusal.code == 2500


@given(st.text(alphabet="a.,{}()[]'\" 1", max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    """A text is read or refused."""
    with suppress(Refused):
        assert isinstance(parse_fields(text), tuple)
