"""A rate card out of a CSV file, and what volumes cost by it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from localwaba.cli.mistake import Mistake

CATEGORIES = frozenset(
    {
        "authentication", "authentication_international", "business_initiated", "general_purpose_ai",
        "group_marketing", "group_utility", "marketing", "marketing_lite", "service", "user_initiated", "utility",
    }
)  # fmt: skip
_NEEDED = ("category", "rate", "currency")
_KNOWN = ("country", "market", *_NEEDED, "from", "to")
_ANYWHERE = "*"
_LARGEST = 1 << 20


class Rate(NamedTuple):
    """What one message costs from the `first` of a month to the `last`; None: without end."""

    amount: Decimal
    first: int
    last: int | None


class Card(NamedTuple):
    """The rates of a currency by place (a country, a market or `*`, in lower case) and category."""

    currency: str
    rates: dict[tuple[str, str], list[Rate]]

    def rates_of(self, country: str, market: str, category: str) -> tuple[str, list[Rate]]:
        """The rates that hold for a country, those of its market if it has none, else those of `*`; and whose."""
        for place in (country, market, _ANYWHERE):
            found = self.rates.get((place.lower(), category))
            if found:
                return place, found
        return "", []


class Line(NamedTuple):
    """Part of an estimate; `cost` is None where the card has no rate."""

    month: str
    place: str
    category: str
    unit: str
    charged: int
    free: int
    cost: Decimal | None


def read_card(path: Path) -> Card:
    """The rate card of a file; a Mistake names the line that cannot be read."""
    try:
        if path.stat().st_size > _LARGEST:
            raise Mistake(f"cost: {path} is larger than a megabyte: that is no rate card")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Mistake(f"cost: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Mistake(f"cost: {path} is not UTF-8 text") from None
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        return _card(path, reader)
    except csv.Error as error:
        raise Mistake(f"cost: {path}, line {reader.line_num}: {error}") from None


def _card(path: Path, reader: Any) -> Card:
    def wrong(why: str) -> Mistake:
        return Mistake(f"cost: {path}, line {reader.line_num}: {why}")

    names = [name.strip().lower() for name in next(reader, [])]
    unknown = [name for name in names if name not in _KNOWN]
    missing = [name for name in _NEEDED if name not in names]
    if not names or missing or not {"country", "market"} & set(names):
        raise Mistake(f"cost: {path}, line 1: the columns are country or market, category, rate, currency[, from, to]")
    if unknown or len(set(names)) < len(names):
        raise Mistake(f"cost: {path}, line 1: unknown or repeated column {(unknown or names)[0]!r}")
    currency, rates = "", dict[tuple[str, str], list[Rate]]()
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            raise wrong(f"{len(names)} columns are named, {len(cells)} are here")
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        place = row.get("country") or row.get("market") or ""
        category = row["category"].lower().replace("-", "_").replace(" ", "_")
        if not place:
            raise wrong("neither country nor market is given (write * for all others)")
        if category not in CATEGORIES:
            raise wrong(f"there is no category {row['category']!r}; known: {', '.join(sorted(CATEGORIES))}")
        if not row["currency"] or row["currency"].upper() != (currency or row["currency"].upper()):
            raise wrong(f"the currency is {row['currency']!r}, above it is {currency!r}: a card has one")
        currency = row["currency"].upper()
        rate = _rate(row, wrong)
        others = rates.setdefault((place.lower(), category), [])
        if any(_overlap(rate, one) for one in others):
            raise wrong(f"another line has a rate for {place}, {category} in the same tier")
        others.append(rate)
    if not rates:
        raise Mistake(f"cost: {path}, line {max(1, reader.line_num)}: there are no rates")
    return Card(currency, {key: sorted(found, key=lambda one: one.first) for key, found in rates.items()})


def _rate(row: dict[str, str], wrong: Any) -> Rate:
    try:
        amount = Decimal(row["rate"])
    except InvalidOperation:
        raise wrong(f"the rate is a number such as 0.0158, not {row['rate']!r}") from None
    if not amount.is_finite() or not 0 <= amount < 1_000_000:
        raise wrong(f"the rate is a number from 0 on, not {row['rate']!r}")
    bounds: list[int | None] = []
    for name in ("from", "to"):
        text = row.get(name, "")
        if text and text.upper() != "MAX" and not (text.isascii() and text.isdigit() and len(text) < 16):
            raise wrong(f"{name} is a whole number of messages, not {text!r}")
        bounds.append(int(text) if text.isdigit() else None)
    first, last = max(1, bounds[0] or 1), bounds[1]
    if last is not None and last < first:
        raise wrong(f"the tier ends at {last}, before it begins at {first}")
    return Rate(amount, first, last)


def _overlap(one: Rate, other: Rate) -> bool:
    return (other.last is None or one.first <= other.last) and (one.last is None or other.first <= one.last)


def estimate(card: Card, volumes: Iterable[dict[str, Any]]) -> list[Line]:
    """What volumes cost; tiers count the messages of a month that one line of the card is for."""
    used: dict[tuple[str, str, str], int] = {}
    lines: list[Line] = []
    for row in volumes:
        place, rates = card.rates_of(row["country"], row["market"], row["category"])
        key = (row["month"], place, row["category"])
        before = used.get(key, 0)
        used[key] = before + row["charged"]
        cost = _cost(rates, before, used[key]) if row["charged"] else Decimal(0)
        where = row["country"] or row["market"]
        lines.append(Line(row["month"], where, row["category"], row["unit"], row["charged"], row["free"], cost))
    return lines


def _cost(rates: list[Rate], before: int, after: int) -> Decimal | None:
    """The cost of the messages after `before` up to `after` of a month; None where one has no rate."""
    total, priced = Decimal(0), 0
    for rate in rates:
        count = min(after, rate.last or after) - max(before, rate.first - 1)
        if count > 0:
            total += count * rate.amount
            priced += count
    return total if priced == after - before else None
