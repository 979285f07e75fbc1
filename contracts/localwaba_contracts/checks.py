"""Rules over several members at once, which JSON Schema cannot say; a schema names them in `x-check`.

A check gets the value at its place, of any shape: what is not there, or of a wrong type, is the schema's to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

Place = TypeVar("Place")

PARAMETER = 131009
MAX_ROWS = 10
MAX_PRODUCTS = 30


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: Meta's code and details, where below the value, and what would have been right."""

    details: str
    expected: str
    fix: str
    code: int = PARAMETER
    path: tuple[str | int, ...] = ()


def unique_buttons(buttons: object) -> Breach | None:
    """Ids and titles of reply buttons are all different."""
    for member in ("id", "title"):
        twice = _repeated((place, _text(reply, member)) for place, reply in _replies(buttons))
        if twice is not None:
            return Breach(
                details=f"Button {member}s must be unique",
                path=(twice, "reply", member),
                expected=f"a {member} that no other button has",
                fix=f"give each button a {member} of its own",
            )
    return None


def rows_in_all(sections: object) -> Breach | None:
    """A list has at most ten rows over all its sections."""
    total = sum(len(_items(section.get("rows"))) for _, section in _objects(sections))
    if total <= MAX_ROWS:
        return None
    return Breach(
        details=f"Total row count exceed max allowed count: {MAX_ROWS}",
        expected=f"at most {MAX_ROWS} rows over all sections, got {total}",
        fix="leave rows out, or send a second list",
    )


def products_in_all(sections: object) -> Breach | None:
    """A multi-product message has at most thirty products over all its sections."""
    total = sum(len(_items(section.get("product_items"))) for _, section in _objects(sections))
    if total <= MAX_PRODUCTS:
        return None
    return Breach(
        details=f"Total product count exceed max allowed count: {MAX_PRODUCTS}",
        expected=f"at most {MAX_PRODUCTS} products over all sections, got {total}",
        fix="leave products out, or send a second message",
    )


def section_titles(sections: object) -> Breach | None:
    """Every section has a title as soon as there is more than one."""
    if len(_items(sections)) < 2:
        return None
    for place, section in _objects(sections):
        if not _text(section, "title"):
            return Breach(
                details="Section title is required when there is more than one section",
                path=(place, "title"),
                expected="a title, because there are several sections",
                fix="give every section a title, or send a single section",
            )
    return None


def unique_rows(sections: object) -> Breach | None:
    """Ids of rows are all different, over all sections."""
    twice = _repeated(
        ((place, index), _text(row, "id"))
        for place, section in _objects(sections)
        for index, row in _objects(section.get("rows"))
    )
    if twice is None:
        return None
    return Breach(
        details="Row ids must be unique",
        path=(twice[0], "rows", twice[1], "id"),
        expected="an id that no other row has",
        fix="give each row an id of its own",
    )


def card_order(cards: object) -> Breach | None:
    """Cards are numbered from 0 without a gap, each number once."""
    numbers = [card.get("card_index") for _, card in _objects(cards)]
    if not all(type(number) is int for number in numbers) or set(numbers) == set(range(len(numbers))):
        return None
    return Breach(
        details="Card index must be sequential and start from 0",
        expected="card_index 0, 1, 2 …, each once",
        fix="number the cards from 0 without a gap",
    )


def cards_alike(cards: object) -> Breach | None:
    """All cards have the same type and the same kind and number of buttons; products are of one catalogue."""
    kinds = {_kind(card) for _, card in _objects(cards)}
    if len(kinds) < 2:
        return None
    return Breach(
        details="All cards must have the same type and the same buttons",
        expected="the same type, kind and number of buttons, and catalogue on each card",
        fix="make all cards alike",
    )


def order_total(parameters: object) -> Breach | None:
    """What is to be paid is subtotal + tax + shipping - discount."""
    order = parameters.get("order") if isinstance(parameters, dict) else None
    if not isinstance(parameters, dict) or not isinstance(order, dict) or "subtotal" not in order:
        return None
    named = (("subtotal", 1), ("tax", 1), ("shipping", 1), ("discount", -1))
    right = sum(sign * _amount(order.get(member)) for member, sign in named)
    total = parameters.get("total_amount")
    if not isinstance(total, dict) or type(total.get("value")) is not int or total["value"] == right:
        return None
    return Breach(
        details="Total amount must be equal to subtotal + tax + shipping - discount",
        path=("total_amount", "value"),
        expected=f"{right}, got {total['value']}",
        fix="make the amounts add up",
    )


CHECKS: dict[str, Callable[[object], Breach | None]] = {
    check.__name__: check
    for check in (
        unique_buttons,
        rows_in_all,
        products_in_all,
        section_titles,
        unique_rows,
        card_order,
        cards_alike,
        order_total,
    )
}


def breach(names: list[str], value: object) -> Breach | None:
    """The first breach that the named checks find in a value."""
    return next((found for name in names if (found := CHECKS[name](value)) is not None), None)


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((place, item) for place, item in enumerate(_items(value)) if isinstance(item, dict))


def _replies(buttons: object) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, button in _objects(buttons):
        if isinstance(reply := button.get("reply"), dict):
            yield place, reply


def _text(value: dict[str, Any], member: str) -> str | None:
    found = value.get(member)
    return found if isinstance(found, str) else None


def _repeated(texts: Iterator[tuple[Place, str | None]]) -> Place | None:
    """The place of the first text that was there before."""
    seen: set[str] = set()
    for place, text in texts:
        if text is None:
            continue
        if text in seen:
            return place
        seen.add(text)
    return None


def _amount(value: object) -> int:
    found = value.get("value") if isinstance(value, dict) else 0
    return found if type(found) is int else 0


def _kind(card: dict[str, Any]) -> tuple[object, ...]:
    action = card.get("action")
    if not isinstance(action, dict):
        return (str(card.get("type")),)
    kinds = tuple(str(button.get("type")) for _, button in _objects(action.get("buttons")))
    return (str(card.get("type")), str(action.get("name")), str(action.get("catalog_id")), kinds)
