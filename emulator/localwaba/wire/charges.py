"""What a world has been charged for so far: volumes by month, country and category, free ones too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localwaba.domain.billing_state import HALF_HOUR, month_of
from localwaba.domain.markets import market_of
from localwaba.domain.world import World

_Key = tuple[str, str, str, str]


def charges(world: World) -> list[dict[str, Any]]:
    """Delivered messages and opened conversations, `charged` and `free`, in the order of month, country, category.

    Months are those of UTC. Source: what was counted when each message was delivered; a year is kept.
    """
    found: dict[_Key, list[int]] = {}
    _add(found, world.billing.volumes, "message")
    _add(found, world.billing.conversations, "conversation")
    return [
        {
            "month": month,
            "country": country,
            "market": market_of(country),
            "category": category,
            "unit": unit,
            "charged": charged,
            "free": free,
        }
        for (month, country, category, unit), (charged, free) in sorted(found.items())
    ]


def _add(found: dict[_Key, list[int]], table: Mapping[int, Mapping[str, int]], unit: str) -> None:
    for slot, row in table.items():
        month = month_of(slot * HALF_HOUR)
        for key, count in row.items():
            _, country, category, kind, _ = key.split("|")
            cell = found.setdefault((month, country, category.replace("-", "_"), unit), [0, 0])
            cell[0 if kind.lower() == "regular" else 1] += count
