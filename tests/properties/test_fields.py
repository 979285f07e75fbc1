"""`fields`: what can be written is read back, and no text breaks the parser."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.wire.fields import Field, Selection, parse_fields

NAMES = st.text("abcxyz_", min_size=1, max_size=8)


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


@given(st.text(alphabet="a.,{}()[]'\" 1", max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    """A text is read or refused."""
    with suppress(Refused):
        assert isinstance(parse_fields(text), tuple)
