"""Pages and cursors lead through a list without gaps, and nowhere else."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.versions.table import ROWS
from localwaba.wire.paging import page

TRAITS = ROWS["v26.0"]
URL = "http://127.0.0.1:4080/v26.0/1/things"


def things(count: int) -> list[dict[str, str]]:
    """A list of things with ids."""
    return [{"id": str(number)} for number in range(count)]


def show(items: list[dict[str, str]], **params: Any) -> dict[str, Any]:
    """A page of things."""
    return page(items, params, URL, TRAITS)


def query(url: str) -> dict[str, str]:
    """The parameters of a link."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@given(st.integers(0, 60), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_following_next_visits_everything_once(count: int, size: int) -> None:
    """`next` leads to the end of the list in its order, and there it is missing."""
    items, seen, params = things(count), [], {"limit": str(size)}
    for _ in range(count + 1):
        found = show(items, **params)
        seen += found["data"]
        if "next" not in found.get("paging", {}):
            break
        params = query(found["paging"]["next"])
    assert items == seen


@given(st.integers(1, 60), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_previous_leads_back_to_the_start(count: int, size: int) -> None:
    """From the last page, `previous` visits everything before it once."""
    items = things(count)
    found = show(items, limit=size, after=show(items[:-1] or items, limit=100)["paging"]["cursors"]["after"])
    seen = found["data"]
    for _ in range(count):
        if "previous" not in found.get("paging", {}):
            break
        found = show(items, **query(found["paging"]["previous"]))
        seen = found["data"] + seen
    assert (items if count > 1 else []) == seen


def test_a_cursor_survives_what_happens_before_it() -> None:
    """Items that come or go ahead of a cursor neither repeat nor hide items behind it."""
    items = things(10)
    after = show(items, limit=4)["paging"]["cursors"]["after"]
    newer = [{"id": "new"}, {"id": "newer"}, *items]
    assert items[4:6] == show(newer, limit=2, after=after)["data"]
    assert items[4:6] == show(items[2:], limit=2, after=after)["data"]


def test_a_cursor_of_an_item_that_has_gone_goes_on_at_its_place() -> None:
    """When the item itself was deleted, the page begins with what took its place."""
    items = things(10)
    after = show(items, limit=4)["paging"]["cursors"]["after"]
    assert items[4:6] == show(items[:3] + items[4:], limit=2, after=after)["data"]


def test_an_empty_list_has_no_paging() -> None:
    """There is nothing to page through in an empty list."""
    assert show([]) == {"data": []}


def test_one_page_has_cursors_but_no_links() -> None:
    """`next` and `previous` are there only when such a page is."""
    assert {"cursors"} == set(show(things(3))["paging"])


def test_cursors_look_like_those_of_meta() -> None:
    """A cursor begins with QVFI and holds letters and digits only."""
    cursors = show(things(30))["paging"]["cursors"]
    assert all(
        cursor.startswith("QVFI") and cursor.replace("-", "").replace("_", "").isalnum() for cursor in cursors.values()
    )


def test_links_keep_what_was_asked_for() -> None:
    """A link repeats fields and filters, and carries the token, so that it works by itself."""
    params = {"limit": "2", "fields": "id,name", "status": "APPROVED"}
    found = page(things(5), params, URL, TRAITS, access_token="EAAx")
    link = found["paging"]["next"]
    expected = {"access_token": "EAAx", "fields": "id,name", "status": "APPROVED", "limit": "2"}
    assert (URL, expected | {"after": found["paging"]["cursors"]["after"]}) == (link.partition("?")[0], query(link))


def test_only_the_page_is_rendered() -> None:
    """What is not shown costs nothing."""
    rendered: list[str] = []
    page(things(50), {"limit": 2}, URL, TRAITS, render=lambda item: rendered.append(item["id"]))
    assert rendered == ["0", "1"]


@pytest.mark.parametrize(("given", "size"), [(None, 25), ("", 25), (500, 100), ("7", 7), (0, 0)])
def test_limits(given: Any, size: int) -> None:
    """25 items unless told otherwise, and never more than 100."""
    assert size == len(show(things(120), limit=given)["data"])


@pytest.mark.parametrize("given", ["many", "-1", True, "1.5"])
def test_a_limit_is_a_number(given: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(Refused) as caught:
        show(things(3), limit=given)
    assert caught.value.refusal.code == 100


@pytest.mark.parametrize(("version", "code"), [("v23.0", 100), ("v24.0", 131059)])
@pytest.mark.parametrize(
    "cursor", ["nonsense", "QVFIUnope", "ä", "QVFIUkxJTlZAVeklrTURvdwZDZA", "MTAxNTExOTQ1MjAwNzI5NDE="]
)
def test_a_cursor_that_nobody_gave_is_refused(version: str, code: int, cursor: str) -> None:
    """The code depends on the version (131059 since v24)."""
    for side in ("after", "before"):
        with pytest.raises(Refused) as caught:
            page(things(3), {side: cursor}, URL, ROWS[version])
        assert code == caught.value.refusal.code


@given(st.integers(8, 20), st.sampled_from("ABCDwxyz0189"))
@settings(max_examples=60, deadline=None)
def test_a_changed_cursor_is_refused(place: int, other: str) -> None:
    """Whoever changes a cursor gets nothing for it."""
    cursor = show(things(30))["paging"]["cursors"]["after"]
    changed = cursor[:place] + other + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(Refused):
            show(things(30), after=changed)


def test_summary_counts_the_whole_list() -> None:
    """`summary=total_count` counts all items, not those of the page, and gives no more than it is asked for."""
    found = page(things(30), {"limit": 1, "summary": "total_count,other"}, URL, TRAITS, summary={"more": 1})
    assert found["summary"] == {"total_count": 30}
