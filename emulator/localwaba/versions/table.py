"""The Graph versions, newest last; each row states what it changes (Meta: Graph changelog, platform versioning)."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from localwaba.domain.traits import Traits

_OLDEST = Traits(
    version="v21.0",
    template_parameter_code=132012,
    marketing_only_code=131055,
    status_conversation=True,
    messaging_limit_tier=True,
    bad_cursor_code=100,
)
_V22 = replace(_OLDEST, version="v22.0")
_V23 = replace(_V22, version="v23.0", template_parameter_code=132018, marketing_only_code=134100)
_V24 = replace(
    _V23,
    version="v24.0",
    status_conversation=False,
    messaging_limit_tier=False,
    bad_cursor_code=131059,
)
_V25 = replace(_V24, version="v25.0")
_V26 = replace(_V25, version="v26.0")

ROWS: dict[str, Traits] = {row.version: row for row in (_OLDEST, _V22, _V23, _V24, _V25, _V26)}
NEWEST = _V26
RELEASED: dict[str, str] = {
    "v21.0": "2 October 2024",
    "v22.0": "21 January 2025",
    "v23.0": "29 May 2025",
    "v24.0": "8 October 2025",
    "v25.0": "18 February 2026",
    "v26.0": "29 July 2026",
}


class Served(NamedTuple):
    """The row that serves a version, and whether the version is newer than any that is known."""

    traits: Traits
    is_newer: bool


_KNOWN = {"": Served(NEWEST, False)} | {version: Served(row, False) for version, row in ROWS.items()}
_OLDEST_KEY = (21, 0)
_NEWEST_KEY = (26, 0)


def serve(version: str) -> Served | None:
    """The row for a path's version: an expired one is served by the oldest live one; None: malformed.

    No version means the app's default, the newest.
    """
    known = _KNOWN.get(version)
    if known is not None:
        return known
    key = _key(version)
    if key is None:
        return None
    if key < _OLDEST_KEY:
        return Served(_OLDEST, False) if key >= (1, 0) else None
    return Served(NEWEST, key > _NEWEST_KEY)


def traits_of(version: str) -> Traits:
    """The traits of a version that may be empty, expired or newer than known."""
    served = serve(version)
    return served.traits if served else NEWEST


def _key(version: str) -> tuple[int, int] | None:
    major, dot, minor = version.removeprefix("v").partition(".")
    if not version.startswith("v") or not dot or not (major.isascii() and major.isdigit()):
        return None
    return (int(major), int(minor)) if minor.isascii() and minor.isdigit() and len(version) < 12 else None
