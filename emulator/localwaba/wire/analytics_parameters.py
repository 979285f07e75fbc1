"""What analytics are asked for: the span, how fine, which numbers and countries, split by what.

Parameters come as modifiers of a field, `start(1543543200).granularity(DAY)`, or as parameters of an edge; lists as
JSON, or as names between commas, with brackets or without.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refused, refuse

YEAR = 366 * DAY // SECOND
LAST = 253_402_300_799
_MOST_TEMPLATES = 10
_FREE = ("phone_numbers", "country_codes", "template_ids")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One sort of analytics: the granularities it knows, its lists with the values that each takes.

    `look_back` is in seconds. `dates`: days may be written as YYYY-MM-DD.
    """

    granularities: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]
    look_back: int = YEAR
    dates: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; times are in seconds, lists that were not given or are empty ask for everything."""

    start: int
    end: int
    granularity: str
    lists: Mapping[str, tuple[str, ...]]

    def wants(self, name: str, value: str) -> bool:
        """Whether a list asks for a value."""
        chosen = self.lists.get(name)
        return not chosen or value in chosen


def read_asked(given: Mapping[str, Any], kind: Kind, now: int) -> Asked:
    """What is asked for, `now` being in milliseconds; refused with 100 where it cannot be read.

    Values are compared without regard to case (Meta's own examples write `daily` and `DAILY`).
    """
    start, end = _moment(given, "start", kind), _moment(given, "end", kind)
    granularity = _granularity(given, kind)
    if start >= end:
        raise _bad("Param end must be later than param start.", "end", f"start is {start}, end is {end}")
    earliest = now // SECOND - kind.look_back
    if start < earliest:
        days = kind.look_back * SECOND // DAY
        raise _bad(
            f"Param start must be within the last {'year' if days > 360 else f'{days} days'}.",
            "start",
            f"start is {start}; the earliest second that Meta still has is {earliest}",
        )
    return Asked(start=start, end=end, granularity=granularity, lists=_lists(given, kind))


def names_in(value: Any) -> tuple[str, ...]:
    """The items of a list, however it is written."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(str(item).strip() for item in value)
    text = str(value).strip()
    if text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1]
    items = (item.strip().strip("\"'").strip() for item in text.split(","))
    return tuple(item for item in items if item)


def _granularity(given: Mapping[str, Any], kind: Kind) -> str:
    value = str(_required(given, "granularity")).strip("\"' ")
    if value.upper() not in kind.granularities:
        allowed = ", ".join(kind.granularities)
        raise _bad(f'Param granularity must be one of {{{allowed}}} - got "{value}".', "granularity", "see above")
    return value.upper()


def _lists(given: Mapping[str, Any], kind: Kind) -> dict[str, tuple[str, ...]]:
    found = {name: names_in(given.get(name)) for name in _FREE}
    found["phone_numbers"] = tuple("".join(filter(str.isdigit, one)) for one in found["phone_numbers"])
    found["country_codes"] = tuple(one.upper() for one in found["country_codes"])
    for name, allowed in kind.lists.items():
        values = names_in(given.get(name))
        for index, value in enumerate(values):
            if value.upper() not in allowed:
                text = f'Param {name}[{index}] must be one of {{{", ".join(allowed)}}} - got "{value}".'
                raise _bad(text, name, f"{name} has no {value!r}")
        found[name] = tuple(value.upper() for value in values)
    if len(found["template_ids"]) > _MOST_TEMPLATES:
        text = f"Param template_ids must have at most {_MOST_TEMPLATES} elements."
        raise _bad(text, "template_ids", f"{len(found['template_ids'])} are given")
    return found


def _required(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name)
    if value is None or value == "":
        raise _bad(f"The parameter {name} is required.", name, f"analytics need `{name}`")
    return value


def _moment(given: Mapping[str, Any], name: str, kind: Kind) -> int:
    """A moment in seconds, out of a UNIX timestamp or, where days are counted, a date."""
    text = str(_required(given, name)).strip("\"' ")
    if kind.dates and text.count("-") == 2:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    if not (text.isascii() and text.isdigit() and len(text) < 13 and int(text) <= LAST):
        wanted = "a UNIX timestamp or a date as 2026-01-31" if kind.dates else "a UNIX timestamp in seconds"
        raise _bad(f"Param {name} must be {wanted.partition(' in ')[0]}.", name, f"{name} is {text!r}, not {wanted}")
    return int(text)


def _bad(message: str, name: str, why: str) -> Refused:
    return refuse(100, message=message, rule=f"analytics.{name}", why=why)
