"""Analytics of an account, counted from what really happened in the world (Meta: analytics).

All of it lies in half hours and days of UTC. What a charged message or conversation costs is a knob.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from localwaba.domain.billing_state import HALF_HOUR, Figures
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import refuse
from localwaba.domain.model import Waba
from localwaba.domain.pricing import LITE
from localwaba.domain.world import World
from localwaba.wire.analytics_parameters import Asked, Kind, read_asked

_HALF_HOUR = HALF_HOUR // SECOND
_DAY = DAY // SECOND
_AI = {"GENERAL_PURPOSE_AI": "AI_BOT"}

MESSAGES = Kind(
    granularities=("HALF_HOUR", "DAY", "MONTH"),
    lists={"product_types": ("0", "2", "100")},
)
CONVERSATIONS = Kind(
    granularities=("HALF_HOUR", "DAILY", "MONTHLY"),
    lists={
        "metric_types": ("COST", "CONVERSATION"),
        "conversation_categories": (
            "AUTHENTICATION", "AUTHENTICATION_INTERNATIONAL", "MARKETING", "MARKETING_LITE", "SERVICE", "UTILITY",
        ),
        "conversation_types": ("FREE_ENTRY_POINT", "FREE_TIER", "REGULAR"),
        "conversation_directions": ("BUSINESS_INITIATED", "USER_INITIATED", "UNKNOWN"),
        "dimensions": (
            "UNKNOWN", "PHONE", "COUNTRY", "CONVERSATION_TYPE", "CONVERSATION_DIRECTION", "CONVERSATION_CATEGORY",
        ),
    },
)  # fmt: skip
PRICING = Kind(
    granularities=("HALF_HOUR", "DAILY", "MONTHLY"),
    lists={
        "metric_types": ("COST", "VOLUME"),
        "pricing_types": ("FREE_CUSTOMER_SERVICE", "FREE_ENTRY_POINT", "FREE_GROUP_CUSTOMER_SERVICE", "REGULAR"),
        "pricing_categories": (
            "AI_BOT", "AUTHENTICATION", "AUTHENTICATION_INTERNATIONAL", "GROUP_MARKETING", "GROUP_MARKETING_LITE",
            "GROUP_SERVICE", "GROUP_UTILITY", "MARKETING", "MARKETING_LITE", "MARKETING_LITE_DYNAMIC",
            "REFERRAL_CONVERSION", "SERVICE", "UTILITY",
        ),
        "dimensions": ("COUNTRY", "PHONE", "PRICING_CATEGORY", "PRICING_TYPE", "TIER"),
    },
)  # fmt: skip
TEMPLATES = Kind(
    granularities=("DAILY",),
    lists={
        "metric_types": (
            "COST", "CLICKED", "DELIVERED", "READ", "SENT", "APP_ACTIVATIONS", "APP_ADD_TO_CART",
            "APP_CHECKOUTS_INITIATED", "APP_PURCHASES", "APP_PURCHASES_CONVERSION_VALUE", "WEBSITE_ADD_TO_CART",
            "WEBSITE_CHECKOUTS_INITIATED", "WEBSITE_PURCHASES", "WEBSITE_PURCHASES_CONVERSION_VALUE",
        ),
        "product_type": ("CLOUD_API", "MARKETING_MESSAGES_API_FOR_WHATSAPP", "MARKETING_MESSAGES_LITE_API"),
    },
    look_back=91 * _DAY,
    dates=True,
)  # fmt: skip


def message_analytics(world: World, waba: Waba, given: Mapping[str, Any], now: int) -> dict[str, Any]:
    """`analytics`: messages sent and delivered, also where there were none; times are seconds."""
    asked = read_asked(given, MESSAGES, now)
    numbers = _numbers(world, waba, asked)
    points = {start: [0, 0] for start in _starts(asked, now)}
    countries: set[str] = set()
    for slot, row in world.billing.traffic.items():
        if not _lies_in(asked, slot):
            continue
        for key, (sent, delivered) in row.items():
            number_id, country, product = key.split("|")
            if number_id in numbers and asked.wants("country_codes", country):
                countries.add(country)
                if asked.wants("product_types", product):
                    point = points.setdefault(bucket(slot * _HALF_HOUR, asked.granularity)[0], [0, 0])
                    point[0] += sent
                    point[1] += delivered
    return {
        "phone_numbers": list(numbers.values()),
        "country_codes": sorted(asked.lists["country_codes"] or (country for country in countries if country)),
        "granularity": asked.granularity,
        "data_points": [
            {**_span(start, asked.granularity), "sent": sent, "delivered": delivered}
            for start, (sent, delivered) in sorted(points.items())
        ],
    }


def pricing_analytics(world: World, waba: Waba, given: Mapping[str, Any], now: int) -> dict[str, Any]:
    """`pricing_analytics`: delivered messages and their cost, latest first, split by the dimensions asked for."""
    asked = read_asked(given, PRICING, now)
    numbers = _numbers(world, waba, asked)
    found: dict[tuple[Any, ...], list[float]] = {}
    for slot, key, count in _cells(world.billing.volumes, asked):
        number_id, country, category, kind, tier = key.split("|")
        category, kind = name_of(category), kind.upper()
        if number_id not in numbers or not asked.wants("country_codes", country):
            continue
        if not asked.wants("pricing_categories", category) or not asked.wants("pricing_types", kind):
            continue
        split = {"phone_number": ("PHONE", numbers[number_id]), "country": ("COUNTRY", country)}
        split |= {"tier": ("TIER", tier)} if tier else {}
        split |= {"pricing_type": ("PRICING_TYPE", kind), "pricing_category": ("PRICING_CATEGORY", category)}
        _add(found, asked, slot, split, count, charged=count if kind == "REGULAR" else 0)
    points = [_point(key, cell, asked, "volume", world.policy.analytics_cost) for key, cell in sorted(found.items())]
    return _data(sorted(points, key=lambda point: -point["start"]))


def conversation_analytics(world: World, waba: Waba, given: Mapping[str, Any], now: int) -> dict[str, Any]:
    """`conversation_analytics`: conversations that opened; there are none where messages are charged."""
    asked = read_asked(given, CONVERSATIONS, now)
    numbers = _numbers(world, waba, asked)
    found: dict[tuple[Any, ...], list[float]] = {}
    for slot, key, count in _cells(world.billing.conversations, asked):
        number_id, country, category, kind, direction = key.split("|")
        # until June 2023 conversations had no category, and the free entry point has none of its own
        category = "SERVICE" if direction != "UNKNOWN" or kind == "FREE_ENTRY_POINT" else name_of(category)
        if number_id not in numbers or not asked.wants("country_codes", country):
            continue
        if not asked.wants("conversation_categories", category) or not asked.wants("conversation_types", kind):
            continue
        if not asked.wants("conversation_directions", direction):
            continue
        split = {
            "phone_number": ("PHONE", numbers[number_id]),
            "country": ("COUNTRY", country),
            "conversation_type": ("CONVERSATION_TYPE", kind),
            "conversation_direction": ("CONVERSATION_DIRECTION", direction),
            "conversation_category": ("CONVERSATION_CATEGORY", category),
        }
        _add(found, asked, slot, split, count, charged=count if kind == "REGULAR" else 0)
    cost = world.policy.analytics_cost
    return _data([_point(key, cell, asked, "conversation", cost) for key, cell in sorted(found.items())])


def template_analytics(world: World, waba: Waba, given: Mapping[str, Any], now: int) -> list[dict[str, Any]]:
    """`template_analytics`: what became of the messages of up to ten templates, day by day.

    200007 until insights are enabled. A span begins with the day of `start` and ends with that of `end`.
    """
    if not waba.settings.get("is_enabled_for_insights"):
        raise refuse(
            200007,
            rule="waba.insights",
            why="template analytics are not confirmed for this account",
            fix=f"POST /{waba.id}?is_enabled_for_insights=true; only what happens from then on is counted",
        )
    _refuse_own_time_zone(given)
    asked = read_asked(given, TEMPLATES, now)
    if not asked.lists["template_ids"]:
        raise refuse(100, message="The parameter template_ids is required.", rule="analytics.template_ids")
    products = asked.lists["product_type"] or ("CLOUD_API",)
    return [
        {"granularity": "DAILY", "product_type": one.lower(), "data_points": _days(world, waba, asked, now, one)}
        for one in products
    ]


def _days(world: World, waba: Waba, asked: Asked, now: int, product: str) -> list[dict[str, Any]]:
    """The points of one product."""
    suffix = f"|{LITE}" if product.startswith("MARKETING") else ""
    first, last = asked.start // _DAY, min(-(-asked.end // _DAY), now // DAY + 1)
    points = []
    for template_id in asked.lists["template_ids"]:
        template = world.templates.get(template_id)
        if template is not None and template.waba_id == waba.id:
            for day in range(first, last):
                figures = world.billing.templates.get(day, {}).get(template_id + suffix) or Figures()
                clickable = template.category in ("MARKETING", "UTILITY")
                points.append(_template_point(template_id, day, figures, asked, clickable, world.policy.analytics_cost))
    return points


def _refuse_own_time_zone(given: Mapping[str, Any]) -> None:
    if str(given.get("use_waba_timezone", "")).lower() in ("true", "1"):
        raise refuse(
            100,
            message="Param use_waba_timezone is not supported.",
            rule="analytics.use_waba_timezone",
            why="days in the account's time zone are a known gap of localwaba: its days are those of UTC",
            fix="leave use_waba_timezone out",
        )


def _template_point(
    template_id: str, day: int, figures: Figures, asked: Asked, clickable: bool, rate: float
) -> dict[str, Any]:
    found: dict[str, Any] = {"template_id": template_id, "start": day * _DAY, "end": (day + 1) * _DAY}
    for name in ("sent", "delivered", "read"):
        if asked.wants("metric_types", name.upper()):
            found[name] = getattr(figures, name)
    if figures.clicked and clickable and asked.wants("metric_types", "CLICKED"):
        found["clicked"] = [
            {"type": "quick_reply_button", "button_content": text, "count": count}
            for text, count in figures.clicked.items()
        ]
    if asked.wants("metric_types", "COST"):
        spent = figures.charged * rate
        found["cost"] = [{"type": "amount_spent", "value": _money(spent)}]
        if figures.delivered:
            found["cost"].append({"type": "cost_per_delivered", "value": _money(spent / figures.delivered)})
    return found


def name_of(category: str) -> str:
    """A pricing category as analytics write it: `authentication-international` as AUTHENTICATION_INTERNATIONAL."""
    found = category.upper().replace("-", "_")
    return _AI.get(found, found)


def bucket(second: int, granularity: str) -> tuple[int, int]:
    """Where the half hour, day or month of a moment begins and ends, in UTC."""
    if granularity == "HALF_HOUR":
        return second - second % _HALF_HOUR, second - second % _HALF_HOUR + _HALF_HOUR
    if granularity in ("DAY", "DAILY"):
        return second - second % _DAY, second - second % _DAY + _DAY
    moment = datetime.fromtimestamp(second, UTC)
    begins = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    ends = datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1, tzinfo=UTC)
    return int(begins.timestamp()), int(ends.timestamp())


def _starts(asked: Asked, now: int) -> Iterator[int]:
    """Where the buckets of a span begin, as far as time has come."""
    second = asked.start
    while second < asked.end and second <= now // SECOND:
        start, second = bucket(second, asked.granularity)
        yield start


def _span(start: int, granularity: str) -> dict[str, int]:
    return {"start": start, "end": bucket(start, granularity)[1]}


def _numbers(world: World, waba: Waba, asked: Asked) -> dict[str, str]:
    """The digits of the account's numbers that are asked for, by id."""
    own = (one for one in world.numbers.values() if one.waba_id == waba.id and one.status != "DELETED")
    return {one.id: one.digits for one in own if asked.wants("phone_numbers", one.digits)}


def _lies_in(asked: Asked, slot: int) -> bool:
    """Whether a half hour belongs to the span: the one in which it starts does."""
    return asked.start // _HALF_HOUR <= slot and slot * _HALF_HOUR < asked.end


def _cells(table: Mapping[int, Mapping[str, int]], asked: Asked) -> Iterator[tuple[int, str, int]]:
    for slot, row in table.items():
        if _lies_in(asked, slot):
            for key, count in row.items():
                yield slot, key, count


def _add(
    found: dict[tuple[Any, ...], list[float]],
    asked: Asked,
    slot: int,
    split: Mapping[str, tuple[str, str]],
    count: int,
    *,
    charged: int,
) -> None:
    """Adds a count to the point of its bucket and of the dimensions that are asked for."""
    chosen = asked.lists["dimensions"]
    shown = tuple((name, value) for name, (dimension, value) in split.items() if dimension in chosen)
    cell = found.setdefault((bucket(slot * _HALF_HOUR, asked.granularity)[0], shown), [0, 0])
    cell[0] += count
    cell[1] += charged


def _point(key: tuple[Any, ...], cell: list[float], asked: Asked, metric: str, rate: float) -> dict[str, Any]:
    start, split = key
    found: dict[str, Any] = _span(start, asked.granularity)
    if metric == "conversation" and asked.wants("metric_types", "CONVERSATION"):
        found[metric] = cell[0]
    found |= dict(split)
    if metric == "volume" and asked.wants("metric_types", "VOLUME"):
        found[metric] = cell[0]
    if asked.wants("metric_types", "COST"):
        found["cost"] = _money(cell[1] * rate)
    return found


def _money(amount: float) -> float:
    return round(amount, 4)


def _data(points: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": [{"data_points": points}]}
