"""The steps in which users do what has a name of its own: cards, orders, ads, forwarded texts, bills, new numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localwaba_scenarios import model
from localwaba_scenarios.expectations import members_or
from localwaba_scenarios.model import Step
from localwaba_scenarios.nodes import Mapping, Sequence, Wrong
from localwaba_scenarios.reading import words

if TYPE_CHECKING:
    from localwaba_scenarios.sentences import Ask


def _act(ask: Ask, deed: str, *given: Any, **options: Any) -> Step:
    return model.Acts(place=ask.place, user=ask.names["user"], deed=deed, given=given, options=options, **ask.shown)


def says_it(deed: str, what: str) -> Callable[[Ask], Step]:
    """A step that is followed by one text."""
    return lambda ask: _act(ask, deed, ask.reader.text(ask.given, what))


def sends_contact(ask: Ask) -> Step:
    """`ana sends contact`."""
    members = members_or(ask.reader, ask.given, "name", "a contact", ("name", "phone"))
    if "name" not in members:
        raise Wrong(ask.given.place, "a contact needs its name")
    said = {name: ask.reader.text(node, f"the contact's {name}") for name, node in members.items()}
    return _act(ask, "sends_contact", said.pop("name"), **said)


def orders(ask: Ask) -> Step:
    """`ana sends order`."""
    members = ask.reader.members(ask.given, "an order", ("items", "text"))
    node = members.get("items")
    if not isinstance(node, Sequence) or not node.items:
        raise Wrong(ask.given.place, "an order needs its items, as in {items: [CORTADO-1], text: Thanks}")
    items = [
        ask.reader.json(one) if isinstance(one, Mapping) else ask.reader.text(one, "a product") for one in node.items
    ]
    for one, given in zip(node.items, items, strict=True):
        if isinstance(given, dict) and "product_retailer_id" not in given:
            raise Wrong(one.place, "a product is its retailer's id, or {product_retailer_id: CORTADO-1, quantity: 2}")
    said = {"text": ask.reader.text(members["text"], "the text")} if "text" in members else {}
    return _act(ask, "sends_order", *items, **said)


def asks_about(ask: Ask) -> Step:
    """`ana asks about`."""
    members = members_or(ask.reader, ask.given, "product", "a question", ("product", "text"))
    if "product" not in members:
        raise Wrong(ask.given.place, "say which product is asked about, by its retailer's id")
    said = {name: ask.reader.text(node, f"the {name}") for name, node in members.items()}
    return _act(ask, "asks_about", said.pop("product"), **said)


def comes_from_ad(ask: Ask) -> Step:
    """`ana comes from an ad`."""
    members = {} if ask.node is None else ask.reader.members(ask.node, "an ad")
    text = {"text": ask.reader.text(members["text"], "the text")} if "text" in members else {}
    referral = {name: ask.reader.json(node) for name, node in members.items() if name != "text"}
    return _act(ask, "comes_from_ad", *text.values(), **referral)


def pays(ask: Ask) -> Step:
    """`ana pays`."""
    members = {} if ask.node is None else ask.reader.members(ask.node, "a payment", ("status", "method"))
    said: dict[str, Any] = {}
    if "status" in members:
        said["status"] = ask.reader.choice(members["status"], "status of a payment", words("payment_status"))
    if "method" in members:
        said["method"] = ask.reader.choice(members["method"], "way to pay", words("payment_method"))
    return _act(ask, "pays", **said)


def plain_act(deed: str) -> Callable[[Ask], Step]:
    """A step that nothing follows."""
    return lambda ask: _act(ask, deed)
