"""What users write and do, for any moment."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.wire.moments import LAST, iso, read_moment


@settings(max_examples=100)
@given(st.integers(0, LAST))
def test_moments_come_back(moment: int) -> None:
    """A time that is written can be read again, from ISO 8601 to the millisecond."""
    assert read_moment(iso(moment)) == moment
