"""`fields` is read as Graph reads it."""

from __future__ import annotations

import pytest

from localwaba.domain.errors import Refused
from localwaba.wire.fields import parse_fields, read_fields


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
