"""What was charged and what was counted: values that only `applying` changes.

Counts lie in half hours and days of UTC, by what they are of; a year is kept (of templates 90 days), however much
happens. Months are written as `2026-01`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from localwaba.domain.clock import DAY, MINUTE

HALF_HOUR = 30 * MINUTE
LOOK_BACK = 366 * DAY
TEMPLATE_LOOK_BACK = 91 * DAY
_SWEEP = 1_024
_MONTHS_KEPT = 14


class Conversation(msgspec.Struct, gc=False, omit_defaults=True, kw_only=True):
    """What was charged before July 2025; nothing is while `opened_at` is 0: no message of it was delivered yet."""

    id: str
    category: str
    until: int
    opened_at: int = 0


class Figures(msgspec.Struct, gc=False, omit_defaults=True):
    """What became of a template's messages in a day; `clicked` counts quick replies by their text."""

    sent: int = 0
    delivered: int = 0
    read: int = 0
    charged: int = 0
    clicked: dict[str, int] = {}


class Billing(msgspec.Struct, omit_defaults=True):
    """All counts of a world. Keys of the inner tables are joined by `|`.

    `volumes`: delivered messages, by half hour and `number|country|category|type|tier`. `conversations`: opened ones,
    by half hour and `number|country|category|type|direction`. `traffic`: messages sent and delivered, by half hour and
    `number|country|product`. `templates`: by day and template, with `|marketing_lite` for what went by the
    Marketing Messages API. `months`: by month and `tier|business|market|category` for volumes, `free|account or number`
    for what cost nothing. `open`: conversations by `number:wa_id`.
    """

    volumes: dict[int, dict[str, int]] = {}
    conversations: dict[int, dict[str, int]] = {}
    traffic: dict[int, dict[str, list[int]]] = {}
    templates: dict[int, dict[str, Figures]] = {}
    months: dict[str, dict[str, int]] = {}
    open: dict[str, list[Conversation]] = {}
    sweep_at: int = _SWEEP


def count(table: dict[int, dict[str, int]], key: str, at: int) -> None:
    """One more in the half hour of a moment."""
    slot = at // HALF_HOUR
    row = table.get(slot)
    if row is None:
        row = table[slot] = {}
        forget(table, (at - LOOK_BACK) // HALF_HOUR)
    row[key] = row.get(key, 0) + 1


def count_traffic(billing: Billing, key: str, at: int, *, sent: int, delivered: int) -> None:
    """Messages that were sent or delivered in the half hour of a moment."""
    slot = at // HALF_HOUR
    row = billing.traffic.get(slot)
    if row is None:
        row = billing.traffic[slot] = {}
        forget(billing.traffic, (at - LOOK_BACK) // HALF_HOUR)
    cell = row.get(key)
    if cell is None:
        row[key] = [sent, delivered]
    else:
        cell[0] += sent
        cell[1] += delivered


def figures(billing: Billing, template_id: str, at: int) -> Figures:
    """A template's figures of the day of a moment, made if there are none."""
    row = billing.templates.get(at // DAY)
    if row is None:
        row = billing.templates[at // DAY] = {}
        forget(billing.templates, (at - TEMPLATE_LOOK_BACK) // DAY)
    found = row.get(template_id)
    if found is None:
        found = row[template_id] = Figures()
    return found


def count_month(billing: Billing, key: str, at: int) -> int:
    """One more in the month of a moment; how many that makes."""
    month = month_of(at)
    row = billing.months.get(month)
    if row is None:
        row = billing.months[month] = {}
        while len(billing.months) > _MONTHS_KEPT:
            del billing.months[min(billing.months)]
    row[key] = row.get(key, 0) + 1
    return row[key]


def in_month(billing: Billing, key: str, at: int) -> int:
    """How many there were in the month of a moment so far."""
    return billing.months.get(month_of(at), {}).get(key, 0)


def keep_conversation(billing: Billing, key: str, conversation: Conversation, at: int) -> None:
    """A conversation joins those of its pair; those that have ended are forgotten."""
    found = [one for one in billing.open.get(key, ()) if one.until > at]
    billing.open[key] = [*found, conversation]
    if len(billing.open) >= billing.sweep_at:
        for old in [key for key, kept in billing.open.items() if all(one.until <= at for one in kept)]:
            del billing.open[old]
        billing.sweep_at = max(_SWEEP, 2 * len(billing.open))


def forget(table: dict[int, Any], oldest: int) -> None:
    """Drops what lies before a half hour or a day."""
    for slot in [slot for slot in table if slot < oldest]:
        del table[slot]


def month_of(at: int) -> str:
    """The month of a moment, in UTC."""
    return _month(at // DAY)


@lru_cache(maxsize=64)
def _month(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m")
