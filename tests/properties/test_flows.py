"""Whatever stands in the JSON of a flow, it has places and a verdict."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.flow_json import judge
from localwaba.domain.flow_places import Places, walk
from neighbours import load

_parts = load("unit/flow_screens")
footer, screen, document = _parts.footer, _parts.screen, _parts.document


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 0, 2]), plain=st.booleans())
def test_places_are_where_values_stand(value: Any, indent: int | None, plain: bool) -> None:
    """What stands between the start and the end of a place is the value itself."""
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    lines, places = text.split("\n"), Places(text)
    for path, one in walk(value):
        where = places.of(path)
        rows = lines[where["line_start"] - 1 : where["line_end"]]
        rows[-1] = rows[-1][: where["column_end"]]
        rows[0] = rows[0][where["column_start"] - 1 :]
        assert json.loads("\n".join(rows)) == one


@settings(max_examples=60, deadline=None)
@given(value=JSON)
def test_no_json_breaks_the_judge(value: Any) -> None:
    """Whatever stands in a flow's JSON, there is a verdict."""
    for one in (value, document(value), document(screen("A", value)), document(screen("A", footer(), data=value))):
        judge(json.dumps(one).encode())
    judge(json.dumps(document(screen("A", footer(payload=value, next=value)), routing_model=value)).encode())
