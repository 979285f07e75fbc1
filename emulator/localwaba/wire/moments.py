"""Times and time spans as people write them: ISO 8601 and seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

LAST = 253_402_300_799_000  # the end of the year 9999, in milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # floats of this many milliseconds are not exact
_SPAN = re.compile(
    r"P(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?\Z",
    re.IGNORECASE,
)
_LENGTH = {"weeks": 604_800_000, "days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000}


def iso(moment: int) -> str:
    """A time in milliseconds as ISO 8601, UTC."""
    found = _EPOCH + timedelta(milliseconds=moment)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(value: Any) -> int:
    """Milliseconds out of seconds since the epoch or of ISO 8601; ValueError for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = round(value * 1000) if abs(value) <= LAST else LAST + 1
    else:
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None:
            raise ValueError(f"a time is seconds since 1970 or ISO 8601 as 2026-01-31T12:00:00Z, not {value!r}")
        if moment.tzinfo is None:
            raise ValueError(f"a time needs a zone: write {value}Z")
        found = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= found <= LAST:
        raise ValueError(f"a time lies between 1970 and 9999, not {value!r}")
    return found


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(moment: int) -> str:
    """A day as `account_update` prints it: `April 17, 2025` (UTC)."""
    found = _EPOCH + timedelta(milliseconds=moment)
    return f"{_MONTHS[found.month - 1]} {found.day}, {found.year}"


def read_day(text: str) -> int | None:
    """The first moment of such a day; None for anything else."""
    try:
        month, number, year = text.replace(",", " ").split()
        found = datetime(int(year), _MONTHS.index(month.capitalize()) + 1, int(number), tzinfo=UTC)
    except ValueError:
        return None
    return (found - _EPOCH) // timedelta(milliseconds=1)


def read_span(text: str) -> int:
    """Milliseconds out of an ISO 8601 duration such as PT25H or P1DT30M; ValueError for anything else."""
    found = _SPAN.match(text)
    parts = {name: value for name, value in found.groupdict().items() if value} if found and len(text) < 64 else {}
    if not parts or text[-1] in "Tt":
        raise ValueError(f"a time span is an ISO 8601 duration such as PT25H, P3D or PT0.5S, not {text!r}")
    milliseconds = sum(float(value) * _LENGTH[name] for name, value in parts.items())
    if milliseconds > LAST:
        raise ValueError(f"{text} is longer than this calendar")
    return round(milliseconds)
