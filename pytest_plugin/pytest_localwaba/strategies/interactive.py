"""The objects of interactive messages, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.words import chosen, digits, labels, links, texts

Json = dict[str, Any]
_SKU = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


def _fixed(**members: Any) -> SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {name: one if isinstance(one, SearchStrategy) else st.just(one) for name, one in members.items()}
    )


@cache
def _body(most: int = 1024) -> SearchStrategy[Json]:
    return _fixed(text=texts(most))


@cache
def _linked(kind: str) -> SearchStrategy[Json]:
    return st.fixed_dictionaries({"type": st.just(kind), kind: _fixed(link=links())})


_TEXT_HEADER = _fixed(type="text", text=texts(60))
_HEADER = st.one_of(_TEXT_HEADER, _linked("image"), _linked("video"), _linked("document"))
_FOOTER = _fixed(text=texts(60, least=0))


def _numbered(sizes: tuple[int, int], make: Callable[[int], SearchStrategy[Json]]) -> SearchStrategy[list[Json]]:
    """So many things that differ in their number."""
    return st.integers(*sizes).flatmap(lambda count: st.tuples(*map(make, range(count))).map(list))


@cache
def _reply(place: int) -> SearchStrategy[Json]:
    return _fixed(type="reply", reply=_fixed(id=labels(240).map(f"{place}:{{}}".format), title=_distinct(place, 20)))


@cache
def _distinct(place: int, most: int) -> SearchStrategy[str]:
    """A title that no other place has."""
    return labels(most - 2).map(f"{place} {{}}".format) if place else labels(most - 2).map("A {}".format)


@cache
def _buttons() -> SearchStrategy[Json]:
    return _fixed(buttons=_numbered((1, 3), _reply))


@st.composite
def _list(draw: DrawFn) -> Json:
    count = draw(st.integers(1, 3))
    numbers = iter(range(10))
    sections: list[Json] = []
    for _ in range(count):
        rows = [
            draw(
                st.fixed_dictionaries(
                    {"id": labels(190).map(f"{next(numbers)}:{{}}".format), "title": labels(24)},
                    optional={"description": texts(72)},
                )
            )
            for _ in range(draw(st.integers(1, 10 // count)))
        ]
        titled = count > 1 or draw(st.booleans())
        sections.append(({"title": draw(labels(24))} if titled else {}) | {"rows": rows})
    return {"button": draw(labels(20)), "sections": sections}


@cache
def _address() -> SearchStrategy[Json]:
    return _fixed(name="cta_url", parameters=_fixed(display_text=labels(20), url=links()))


@st.composite
def _products(draw: DrawFn) -> Json:
    count = draw(st.integers(1, 3))
    item = _fixed(product_retailer_id=_SKU)
    section = _fixed(title=labels(24), product_items=st.lists(item, min_size=1, max_size=10))
    sections = [draw(section) for _ in range(count)]
    if count == 1 and draw(st.booleans()):
        del sections[0]["title"]
    return {"catalog_id": draw(digits(10, 16)), "sections": sections}


@st.composite
def _cards(draw: DrawFn) -> Json:
    count, form = draw(st.integers(2, 10)), draw(st.sampled_from(["link", "quick", "product"]))
    catalog, quick = draw(digits(10, 16)), draw(st.integers(1, 2))
    cards: list[Json] = []
    for place in range(count):
        card: Json = {"card_index": place, "type": "product" if form == "product" else "cta_url"}
        if form != "product":
            card["header"] = draw(_linked("image") | _linked("video"))
            if draw(st.booleans()):
                card["body"] = {"text": draw(labels(160))}
        if form == "link":
            card["action"] = draw(_address())
        elif form == "product":
            card["action"] = {"catalog_id": catalog, "product_retailer_id": draw(_SKU)}
        else:
            button = _fixed(id=labels(20), title=labels(20))
            card["action"] = {
                "buttons": [{"type": "quick_reply", "quick_reply": draw(button)} for _ in range(quick)],
            }
        cards.append(card)
    return {"cards": cards}


def _flow(flow_ids: Sequence[str]) -> SearchStrategy[Json]:
    parameters = st.fixed_dictionaries(
        {
            "flow_message_version": st.just("3"),
            "flow_id": st.sampled_from(list(flow_ids)),
            "flow_cta": labels(30),
        },
        optional={"flow_token": labels(30), "mode": st.just("published")},
    )
    return _fixed(name="flow", parameters=parameters)


def _amount(value: int) -> Json:
    return {"value": value, "offset": 100}


@st.composite
def orders(draw: DrawFn) -> Json:
    """An order that is to be paid; its amounts add up."""
    prices = draw(st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 5)), min_size=1, max_size=3))
    items = [{"name": draw(labels(60)), "amount": _amount(price), "quantity": count} for price, count in prices]
    subtotal = sum(price * count for price, count in prices)
    tax, shipping = draw(st.integers(0, 500)), draw(st.none() | st.integers(0, 500))
    order: Json = {"status": "pending", "items": items, "subtotal": _amount(subtotal), "tax": _amount(tax)}
    if shipping is not None:
        order["shipping"] = _amount(shipping) | {"description": draw(texts(60))}
    parameters = {
        "reference_id": draw(st.text("abcdefghij0123456789_.-", min_size=1, max_size=35)),
        "type": draw(st.sampled_from(["digital-goods", "physical-goods"])),
        "currency": draw(st.sampled_from(["INR", "BRL", "SGD"])),
        "payment_configuration": draw(labels(60)),
        "total_amount": _amount(subtotal + tax + (shipping or 0)),
        "order": order,
    }
    return {"name": "review_and_pay", "parameters": parameters}


@cache
def _order_status() -> SearchStrategy[Json]:
    states = ["pending", "processing", "partially_shipped", "shipped", "completed", "canceled"]
    order = st.fixed_dictionaries({"status": st.sampled_from(states)}, optional={"description": texts(120)})
    reference = st.text("abcdefghij0123456789_.-", min_size=1, max_size=35)
    return _fixed(name="review_order", parameters=_fixed(reference_id=reference, order=order))


@cache
def _voice_call() -> SearchStrategy[Json]:
    parameters = {"display_text": labels(20), "ttl_minutes": st.integers(1, 43_200), "payload": texts(512)}
    return st.fixed_dictionaries(
        {"name": st.just("voice_call")}, optional={"parameters": st.fixed_dictionaries({}, optional=parameters)}
    )


@cache
def _catalog() -> SearchStrategy[Json]:
    thumbnail = _fixed(thumbnail_product_retailer_id=_SKU)
    return st.fixed_dictionaries({"name": st.just("catalog_message")}, optional={"parameters": thumbnail})


def _parts(
    kind: str,
    action: SearchStrategy[Json],
    *,
    body: SearchStrategy[Json] | None = None,
    header: SearchStrategy[Json] | None = None,
    footer: bool = True,
    needs: Collection[str] = ("body",),
) -> SearchStrategy[Json]:
    parts: dict[str, SearchStrategy[Any]] = {"body": _body() if body is None else body}
    if header is not None:
        parts["header"] = header
    if footer:
        parts["footer"] = _FOOTER
    fixed: dict[str, SearchStrategy[Any]] = {"type": st.just(kind)}
    fixed |= {name: part for name, part in parts.items() if name in needs}
    optional = {name: part for name, part in parts.items() if name not in needs}
    return st.fixed_dictionaries(fixed | {"action": action}, optional=optional)


def _kinds() -> dict[str, Callable[[], SearchStrategy[Json]]]:
    return {
        "button": lambda: _parts("button", _buttons(), header=_HEADER),
        "list": lambda: _parts("list", _list(), body=_body(4096), header=_TEXT_HEADER),
        "cta_url": lambda: _parts("cta_url", _address(), header=_HEADER),
        "product": lambda: _parts("product", _fixed(catalog_id=digits(10, 16), product_retailer_id=_SKU), needs=()),
        "product_list": lambda: _parts("product_list", _products(), header=_TEXT_HEADER, needs=("header", "body")),
        "catalog_message": lambda: _parts("catalog_message", _catalog()),
        "location_request_message": lambda: _parts(
            "location_request_message", _fixed(name="send_location"), footer=False
        ),
        "address_message": lambda: _parts(
            "address_message",
            _fixed(name="address_message", parameters=_fixed(country=st.sampled_from(["IN", "SG"]))),
            header=_HEADER,
        ),
        "carousel": lambda: _parts("carousel", _cards(), footer=False),
        "call_permission_request": lambda: _parts(
            "call_permission_request", _fixed(name="call_permission_request"), header=_HEADER, needs=()
        ),
        "voice_call": lambda: _parts("voice_call", _voice_call(), header=_HEADER),
        "request_contact_info": lambda: _parts(
            "request_contact_info", _fixed(name="request_contact_info"), footer=False
        ),
        "order_details": lambda: _parts("order_details", orders(), header=_linked("image")),
        "order_status": lambda: _parts("order_status", _order_status(), header=_linked("image")),
    }


INTERACTIVE = (*_kinds(), "flow")
"""All kinds of interactive messages. `flow` needs the id of one that exists."""


@cache
def interactives(kinds: tuple[str, ...] | None = None, *, flow_ids: tuple[str, ...] = ()) -> SearchStrategy[Json]:
    """The object of an interactive message, `{"type": "button", "body": …, "action": …}`; see INTERACTIVE.

    Without `kinds` all, `flow` only if there are `flow_ids`. ValueError for a kind that there is not.
    """
    known: dict[str, Callable[[], SearchStrategy[Json]]] = _kinds()
    if flow_ids:
        known["flow"] = lambda: _parts("flow", _flow(flow_ids), header=_HEADER)
    wanted = tuple(known) if kinds is None else chosen(kinds, INTERACTIVE, "kind of interactive messages")
    if "flow" in wanted and not flow_ids:
        raise ValueError("the kind 'flow' needs flow_ids: the flows that your account has")
    made = {kind: known[kind]() for kind in wanted}
    return st.sampled_from(wanted).flatmap(made.__getitem__)
