"""Whatever a display name is, it has a verdict."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.names import fault_of


@given(st.text(max_size=30))
@settings(max_examples=80, deadline=None)
def test_every_name_has_a_verdict(name: str) -> None:
    """Short ones and those without letters cannot be."""
    assert bool(fault_of(name)) >= (len(name.strip()) < 3 or not any(letter.isalpha() for letter in name))
