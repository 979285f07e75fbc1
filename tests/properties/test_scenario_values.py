"""What scenarios want of values, for any value."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.runtime.wanting import fits

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_value_fits_itself(value: Any) -> None:
    """What is, is as wanted."""
    assert fits(value, value)


@settings(max_examples=25)
@given(st.dictionaries(st.text(max_size=3), JSON, min_size=1, max_size=4), st.data())
def test_members_may_be_more(value: dict[str, Any], data: st.DataObject) -> None:
    """Of a mapping only the wanted members have to be there; one more that is wanted is missed."""
    chosen = data.draw(st.sets(st.sampled_from(sorted(value))))
    assert fits({name: value[name] for name in chosen}, value)
    assert not fits({**value, "one more": 1}, {name: item for name, item in value.items() if name != "one more"})
