"""Pages of a list, with cursors that say nothing to anybody but their maker."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.traits import Traits

LIMIT = 25
MOST = 100
_HEAD = b"\x01\x01\xd1"  # what makes every cursor begin with QVFI, as Meta's do
_SEAL = 6
_OWN = frozenset({"limit", "after", "before", "access_token", "fields"})

T = TypeVar("T")


class _Place(NamedTuple):
    """What a cursor stands for: an item, and where it was in case that it has gone."""

    position: int
    key: str


def key_of(item: Any) -> str:
    """By what an item of a list is found again: its id."""
    return str(item["id"] if isinstance(item, Mapping) else item.id)


def page(
    items: Sequence[T],
    params: Mapping[str, Any],
    url: str,
    traits: Traits,
    *,
    render: Callable[[T], Any] | None = None,
    key: Callable[[T], str] = key_of,
    access_token: str = "",
    summary: Mapping[str, Any] | None = None,
    limit: int = LIMIT,
    most: int = MOST,
) -> dict[str, Any]:
    """The page of a list that `limit`, `after` and `before` ask for, as `{"data", "paging"}`.

    `url` is the list's absolute address, without a query; only the items of the page are rendered. `summary` is what
    `?summary=` may ask for beside `total_count`. A cursor that this list never gave is refused with 131059, before
    v24 with 100. Source: Graph paging; an empty list has no `paging`.
    """
    size = read_limit(params.get("limit"), limit, most)
    start, stop = _span(items, params, size, traits, key)
    shown = items[start:stop]
    found: dict[str, Any] = {"data": [render(item) for item in shown] if render else list(shown)}
    if shown:
        first, last = _cursor(start, key(shown[0])), _cursor(stop - 1, key(shown[-1]))
        paging: dict[str, Any] = {"cursors": {"before": first, "after": last}}
        if stop < len(items):
            paging["next"] = _link(url, params, access_token, size, after=last)
        if start:
            paging["previous"] = _link(url, params, access_token, size, before=first)
        found["paging"] = paging
    asked = _names(params.get("summary"))
    if asked:
        known = {"total_count": len(items), **(summary or {})}
        wanted = ["total_count"] if asked == ["true"] or asked == ["1"] else asked
        found["summary"] = {name: known[name] for name in wanted if name in known}
    return found


def read_limit(value: Any, limit: int = LIMIT, most: int = MOST) -> int:
    """How many items a page may have: more than `most` is as good as `most`; refused if it is no number."""
    if value is None or value == "":
        return limit
    try:
        size = int(value)
    except (TypeError, ValueError):
        size = -1
    if size < 0 or isinstance(value, bool):
        raise refuse(
            100,
            message="Param limit must be an integer greater than or equal to 0",
            rule="paging.limit",
            why=f"limit is {str(value)[:40]!r}",
            fix=f"use a number from 1 to {most}",
        )
    return min(size, most)


def _span(
    items: Sequence[T], params: Mapping[str, Any], size: int, traits: Traits, key: Callable[[T], str]
) -> tuple[int, int]:
    """First item of the page and the one behind its last."""
    after, before = params.get("after"), params.get("before")
    if after:
        place = _read(str(after), traits)
        at = _find(items, place, key)
        start = place.position if at is None else at + 1
        return min(start, len(items)), min(start + size, len(items))
    if before:
        place = _read(str(before), traits)
        at = _find(items, place, key)
        stop = min(place.position if at is None else at, len(items))
        return max(stop - size, 0), stop
    return 0, min(size, len(items))


def _find(items: Sequence[T], place: _Place, key: Callable[[T], str]) -> int | None:
    if place.position < len(items) and key(items[place.position]) == place.key:
        return place.position
    return next((index for index, item in enumerate(items) if key(item) == place.key), None)


def cursor(index: int, key: str) -> str:
    """The cursor of an item of a list, for lists that show one beside each item."""
    return _cursor(index, key)


def _cursor(index: int, key: str) -> str:
    raw = f"{index}:{key}".encode()
    inner = urlsafe_b64encode(_HEAD + _seal(raw) + raw).rstrip(b"=")
    # Twice base64, the second time in an alphabet that needs no escaping: ZA is Z, ZD is the padding.
    return urlsafe_b64encode(inner).decode().replace("Z", "ZA").replace("=", "ZD")


def _read(cursor: str, traits: Traits) -> _Place:
    try:
        inner = urlsafe_b64decode(cursor.replace("ZD", "=").replace("ZA", "Z"))
        blob = urlsafe_b64decode(inner + b"=" * (-len(inner) % 4))
    except (Error, ValueError):
        raise _bad_cursor(cursor, traits) from None
    head, seal, raw = blob[:3], blob[3 : 3 + _SEAL], blob[3 + _SEAL :]
    if head != _HEAD or seal != _seal(raw):
        raise _bad_cursor(cursor, traits)
    index, _, key = raw.decode().partition(":")
    return _Place(int(index), key)


def _seal(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=_SEAL, person=b"cursor").digest()


def _bad_cursor(cursor: str, traits: Traits) -> Refused:
    return refuse(
        traits.bad_cursor_code,
        message="Invalid cursor" if traits.bad_cursor_code != 100 else "Invalid cursors values",
        rule="paging.cursor",
        why=f"no list ever gave the cursor {cursor[:40]!r}",
        fix="take cursors from `paging.cursors` of an answer, unchanged, or begin again without one",
    )


def _link(url: str, params: Mapping[str, Any], access_token: str, size: int, **cursor: str) -> str:
    """Where the neighbouring page is; like Graph's, the address works without a header."""
    query: dict[str, Any] = {"access_token": access_token} if access_token else {}
    if params.get("fields"):
        query["fields"] = params["fields"]
    query |= {name: value for name, value in params.items() if name not in _OWN}
    query |= {"limit": size, **cursor}
    return f"{url}?{urlencode({name: _text(value) for name, value in query.items()}, safe=',')}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in value.strip("[]").replace('"', "").split(",") if name.strip()]
    if value is True:
        return ["true"]
    return [str(name) for name in value] if isinstance(value, (list, tuple)) else []
