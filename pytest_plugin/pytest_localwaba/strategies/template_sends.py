"""Sends of templates: a value for everything in a definition that takes one."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.interactive import orders
from pytest_localwaba.strategies.sends import envelope
from pytest_localwaba.strategies.templates import CODES, SUFFIXES, templates
from pytest_localwaba.strategies.words import digits, labels, links, texts

Json = dict[str, Any]
_SKU = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


@cache
def values() -> SearchStrategy[str]:
    """What a variable can be filled with: one line, no tabs, no long gaps."""
    return labels(20).filter(lambda text: bool(text.strip()) and "     " not in text)


def template_sends(definition: Json, *, to: SearchStrategy[str] | str | None = None) -> SearchStrategy[Json]:
    """A valid send of a template: the request with a value for everything in the definition that takes one.

    ValueError for what is no definition: it has `name`, `language`, `category` and `components`.
    """
    for member in ("name", "language", "category", "components"):
        if member not in definition:
            raise ValueError(f"a template's definition has a {member!r}; this one has {', '.join(definition)}")
    return _sends(definition, to)


@st.composite
def _sends(draw: DrawFn, definition: Json, to: SearchStrategy[str] | str | None) -> Json:
    components: list[Json] = []
    named = definition.get("parameter_format") == "NAMED"
    if definition["category"] == "AUTHENTICATION":
        code = draw(CODES)
        components.append({"type": "body", "parameters": [{"type": "text", "text": code}]})
        pressed: Json = {"type": "button", "sub_type": "url", "index": "0"}
        components.append(pressed | {"parameters": [{"type": "text", "text": code}]})
    else:
        components = draw(_filled(definition["components"], named))
    if definition.get("sub_category") == "ORDER_STATUS":
        components.append(
            {"type": "order_status", "parameters": [{"type": "order_status", "order_status": draw(_STATES)}]}
        )
    template: Json = {"name": definition["name"], "language": {"code": definition["language"]}}
    empty = False if components else draw(st.booleans())
    if components or empty:
        template["components"] = components
    return envelope(draw, to) | {"type": "template", "template": template}


_STATES: SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "reference_id": st.text("abcdefghij0123456789_.-", min_size=1, max_size=35),
        "order": st.fixed_dictionaries(
            {"status": st.sampled_from(["processing", "shipped", "completed", "canceled"])},
            optional={"description": texts(120)},
        ),
    }
)


@st.composite
def _filled(draw: DrawFn, components: list[Json], named: bool) -> list[Json]:
    found: list[Json] = []
    for part in components:
        kind = part["type"]
        if kind in ("HEADER", "BODY"):
            parameters = draw(_parameters(part, named))
            found += [{"type": kind.lower(), "parameters": parameters}] if parameters else []
        elif kind == "BUTTONS":
            found += draw(_pressed(part["buttons"]))
        elif kind == "CAROUSEL":
            cards = [
                {"card_index": place, "components": draw(_filled(card["components"], named))}
                for place, card in enumerate(draw(_cards(part["cards"])))
            ]
            found.append({"type": "carousel", "cards": cards})
        elif kind == "LIMITED_TIME_OFFER" and part["limited_time_offer"].get("has_expiration"):
            ends = {"expiration_time_ms": draw(st.integers(1_800_000_000_000, 1_900_000_000_000))}
            parameter = {"type": "limited_time_offer", "limited_time_offer": ends}
            found.append({"type": "limited_time_offer", "parameters": [parameter]})
    return found


@st.composite
def _cards(draw: DrawFn, cards: list[Json]) -> list[Json]:
    """As many cards as there are; of products up to ten."""
    if cards[0]["components"][0].get("format") != "PRODUCT":
        return cards
    return [cards[min(place, len(cards) - 1)] for place in range(draw(st.integers(2, 10)))]


@st.composite
def _parameters(draw: DrawFn, part: Json, named: bool) -> list[Json]:
    form = part.get("format", "TEXT")
    if form == "LOCATION":
        place = {"latitude": draw(st.integers(-90, 90)), "longitude": draw(st.integers(-180, 180) | st.just("13.405"))}
        return [{"type": "location", "location": place | {"name": draw(texts(30)), "address": draw(texts(30))}}]
    if form == "PRODUCT":
        product = {"product_retailer_id": draw(_SKU), "catalog_id": draw(digits(10, 16))}
        return [{"type": "product", "product": product}]
    if form != "TEXT":
        return [{"type": form.lower(), form.lower(): {"link": draw(links())}}]
    example = part.get("example", {})
    if named:
        pairs: list[Json] = next((rows for key, rows in example.items() if key.endswith("_named_params")), [])
        return [{"type": "text", "parameter_name": one["param_name"], "text": draw(values())} for one in pairs]
    rows: list[Any] = next(iter(example.values()), [])
    count = len(rows[0]) if rows and isinstance(rows[0], list) else len(rows)
    return [draw(_VALUES if part["type"] == "BODY" else _TEXTS) for _ in range(count)]


_TEXTS: SearchStrategy[Json] = values().map(lambda text: {"type": "text", "text": text})
_VALUES = _TEXTS | st.sampled_from(
    [
        {"type": "currency", "currency": {"fallback_value": "$100.99", "code": "USD", "amount_1000": 100_990}},
        {"type": "date_time", "date_time": {"fallback_value": "February 25, 1977"}},
    ]
).map(copy.deepcopy)
"""Prices and dates are old ways to fill a variable, which Meta still takes: it shows their `fallback_value`."""


@st.composite
def _pressed(draw: DrawFn, buttons: list[Json]) -> list[Json]:
    """What a send says of the buttons that need a value, and of some that do not."""
    found: list[Json] = []
    for place, button in enumerate(buttons):
        parameters = draw(_of_button(button))
        if parameters:
            index: Any = draw(st.sampled_from([str(place), place]))
            pressed = {"type": "button", "sub_type": button["type"].lower(), "index": index}
            found.append(pressed | {"parameters": parameters})
    return found


@st.composite
def _of_button(draw: DrawFn, button: Json) -> list[Json]:
    kind = button["type"]
    if kind == "URL":
        return [{"type": "text", "text": draw(SUFFIXES)}] if "{{" in button["url"] else []
    if kind == "COPY_CODE":
        return [{"type": "coupon_code", "coupon_code": draw(CODES)}]
    if kind == "MPM":
        return [{"type": "action", "action": draw(_products())}]
    if kind == "ORDER_DETAILS":
        return [{"type": "action", "action": {"order_details": draw(orders())["parameters"]}}]
    if kind not in ("QUICK_REPLY", "CATALOG", "FLOW", "VOICE_CALL") or not draw(st.booleans()):
        return []
    if kind == "QUICK_REPLY":
        return [{"type": "payload", "payload": draw(labels(100))}]
    if kind == "CATALOG":
        return [{"type": "action", "action": {"thumbnail_product_retailer_id": draw(_SKU)}}]
    if kind == "FLOW":
        return [{"type": "action", "action": draw(_FLOW_ACTIONS)}]
    ttl: Json = {"type": "ttl_minutes", "ttl_minutes": draw(st.integers(1, 43_200))}
    return [ttl, {"type": "payload", "payload": draw(labels(100))}][: draw(st.integers(1, 2))]


_FLOW_ACTIONS: SearchStrategy[Json] = st.fixed_dictionaries(
    {"flow_token": labels(30)}, optional={"flow_action_data": st.dictionaries(_SKU, labels(10), max_size=2)}
)


@st.composite
def _products(draw: DrawFn) -> Json:
    item = st.builds(lambda sku: {"product_retailer_id": sku}, _SKU)
    sections = [
        {"title": draw(labels(24)), "product_items": draw(st.lists(item, min_size=1, max_size=10))}
        for _ in range(draw(st.integers(1, 3)))
    ]
    return {"thumbnail_product_retailer_id": draw(_SKU), "sections": sections}


def templates_with_sends(
    kinds: Collection[str] | str | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    name: str | None = None,
    language: str | None = None,
    category: str | None = None,
    handles: Mapping[str, str] | None = None,
    flow_ids: Collection[str] = (),
) -> SearchStrategy[tuple[Json, Json]]:
    """A definition and a valid send of it: create the one, have it approved, and the other is taken.

    The options are those of `templates` and of `template_sends`.
    """
    made = templates(kinds, name=name, language=language, category=category, handles=handles, flow_ids=flow_ids)
    return made.flatmap(lambda definition: st.tuples(st.just(definition), template_sends(definition, to=to)))
