"""Whatever value a platform event is given, it goes out as it is or is refused."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.routing import FIELDS
from localwaba.domain.seeding import new_world
from localwaba.operations.meta import (
    CATEGORIES,
    QUALITIES,
    STATUSES,
)
from localwaba.operations.mistakes import Mistake
from localwaba.operations.platform_events import fire
from neighbours import load

_parts = load("unit/announcing")
make = _parts.make

NOW = 1_790_000_000_000


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from([*STATUSES, *CATEGORIES, *QUALITIES]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=4,
)


_KEYS = st.sampled_from(
    [
        "event",
        "decision",
        "ban_info",
        "metadata",
        "message_template_id",
        "new_category",
        "user_preferences",
        "max_daily_conversations_per_business",
        "requested_verified_name",
    ]
)


@settings(max_examples=150)
@given(field=st.sampled_from(FIELDS), value=st.dictionaries(_KEYS, _JSON, max_size=4))
def test_any_value_is_fired_or_refused(field: str, value: dict[str, Any]) -> None:
    """Whatever value is given goes out as it is, or is refused with a line; nothing else happens."""
    world = new_world("default", 0, NOW)
    try:
        fired = fire(world, NOW, {"field": field, "value": value, "unchecked": True})
    except Mistake:
        return
    assert make(world, fired.events)[-1] == (field, value)
