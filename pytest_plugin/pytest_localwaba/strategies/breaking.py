"""Every way to break one rule of a contract, and nothing else, in a value that keeps it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urldefrag, urljoin

from localwaba_contracts import registry
from localwaba_contracts.checks import PARAMETER

Path = tuple[str | int, ...]
Schema = dict[str, Any]

_STRAY = "surprise"
_OFF_PATTERN = ("¤ ¤", "a\nb\nc\nd")
KEYWORDS = (
    "required", "type", "additionalProperties", "enum", "const", "minLength", "maxLength", "pattern", "minimum",
    "maximum", "minItems", "maxItems", "minProperties", "oneOf", "not", "x-check",
)  # fmt: skip
"""What can be broken, the plainest first: examples shrink towards it."""

_OTHER_KIND: dict[str, Any] = {"string": 5, "integer": "five", "number": [], "boolean": "maybe", "array": {}}


@dataclass(frozen=True, slots=True)
class Breakage:
    """One rule that can be broken: the place of the value, the keyword of the schema, the value to put there.

    `path` is where the error will be seen. `place` and `value` say what is changed: the member is taken away if
    `value` is ABSENT. `code` is that of the answer, as the schema has it.
    """

    path: Path
    keyword: str
    place: Path
    value: Any
    what: str
    code: int = 100

    def apply(self, request: Any) -> Any:
        """A copy of the request with this rule broken."""
        broken = copy.deepcopy(request)
        holder = broken
        for step in self.place[:-1]:
            holder = holder[step]
        if self.value is ABSENT:
            del holder[self.place[-1]]
        else:
            holder[self.place[-1]] = copy.deepcopy(self.value)
        return broken


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


def breakages(contract: str, value: Any) -> list[Breakage]:
    """All of them for a value that keeps the contract, the outermost first. Two of them may break the same rule."""
    found = list(_walk(registry.schema(contract), contract, value, ()))
    return sorted(found, key=lambda one: (len(one.path), [str(step) for step in one.path], one.keyword))


def _walk(schema: Any, home: str, value: Any, path: Path) -> Iterator[Breakage]:
    if not isinstance(schema, dict):
        return
    for part, place in _parts(schema, home, value):
        for one in _here(part, value, path):
            yield replace(one, code=_code(part, one))
        if isinstance(value, dict):
            for name, member in part.get("properties", {}).items():
                if name in value:
                    yield from _walk(member, place, value[name], (*path, name))
        elif isinstance(value, list) and "items" in part:
            for index, item in enumerate(value):
                yield from _walk(part["items"], place, item, (*path, index))


def _code(schema: Schema, how: Breakage) -> int:
    """What the author of a schema wants a rule's breach to be answered with."""
    said = schema.get("x-refusal", {})
    own = said.get(f"{how.keyword}.{how.path[-1]}" if how.path else "", said.get(how.keyword, {}))
    code: int = own.get("code", PARAMETER if how.keyword == "x-check" else 100)
    return code


def _parts(schema: Schema, home: str, value: Any) -> Iterator[tuple[Schema, str]]:
    """A schema and everything that it takes in for this value: references, `allOf`, `then`, `else`."""
    yield schema, home
    if "$ref" in schema:
        target, place = _resolved(schema["$ref"], home)
        yield from _parts(target, place, value)
    for part in schema.get("allOf", ()):
        yield from _parts(part, home, value)
    if "if" in schema:
        branch = schema.get("then" if _applies(schema["if"], value) else "else")
        if branch is not None:
            yield from _parts(branch, home, value)


def _applies(condition: Schema, value: Any) -> bool:
    """Whether a condition holds; all of ours ask for one member of a value."""
    if not isinstance(value, dict) or any(name not in value for name in condition.get("required", ())):
        return False
    for name, wanted in condition.get("properties", {}).items():
        if "const" in wanted and value.get(name) != wanted["const"]:
            return False
        if "pattern" in wanted and not _fits(wanted["pattern"], value.get(name)):
            return False
    return True


@cache
def _document(home: str) -> Schema:
    return registry.schema(home)


def _resolved(reference: str, home: str) -> tuple[Schema, str]:
    address, fragment = urldefrag(urljoin(f"{registry.BASE}{home}.json", reference))
    place = address.removeprefix(registry.BASE).removesuffix(".json")
    target: Any = _document(place)
    for step in fragment.split("/")[1:]:
        target = target[step]
    return target, place


def _fits(pattern: str, text: Any) -> bool:
    return isinstance(text, str) and re.search(pattern, text) is not None


def _here(schema: Schema, value: Any, path: Path) -> Iterator[Breakage]:
    """What can be broken at one place by one schema."""
    where = _named(path)
    if isinstance(value, dict):
        yield from _members(schema, value, path, where)
    elif isinstance(value, list):
        yield from _items(schema, value, path, where)
    elif isinstance(value, str):
        yield from _text(schema, value, path, where)
    if path:
        yield from _any(schema, value, path, where)
    for name in schema.get("x-check", ()):
        yield from _checks(name, value, path, where)


def _any(schema: Schema, value: Any, path: Path, where: str) -> Iterator[Breakage]:
    kinds = schema.get("type")
    if isinstance(kinds, str):
        other = _OTHER_KIND.get(kinds, "text")
        yield Breakage(path, "type", path, other, f"{where} is {other!r}, which is no {kinds}")
    for keyword in ("const", "enum"):
        if keyword in schema:
            yield Breakage(path, keyword, path, "nonsense", f"{where} is 'nonsense'")
    if isinstance(value, int) and not isinstance(value, bool):
        for keyword, step in (("minimum", -1), ("maximum", 1)):
            if keyword in schema:
                beyond = schema[keyword] + step
                yield Breakage(path, keyword, path, beyond, f"{where} is {beyond}")


def _members(schema: Schema, value: dict[str, Any], path: Path, where: str) -> Iterator[Breakage]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name in value:
            yield Breakage((*path, name), "required", (*path, name), ABSENT, f"{_named((*path, name))} is missing")
    for name, member in properties.items():
        if name not in value and isinstance(member, dict) and "not" in member:
            added = {"text": "text"}
            yield Breakage((*path, name), "not", (*path, name), added, f"{_named((*path, name))} is not allowed")
    if schema.get("additionalProperties") is False:
        stray = (*path, _STRAY)
        yield Breakage(stray, "additionalProperties", stray, 1, f"{_named(stray)} is unknown")
    if "oneOf" in schema:
        yield from _one_of(schema["oneOf"], value, path, where)
    if schema.get("minProperties") == 2 and len(value) == 2:
        dropped = next(name for name in value if name not in schema.get("required", ()))
        text = f"{where} has nothing beside {', '.join(schema.get('required', ()))}"
        yield Breakage(path, "minProperties", (*path, dropped), ABSENT, text)


def _one_of(choices: list[Schema], value: dict[str, Any], path: Path, where: str) -> Iterator[Breakage]:
    names = [choice["required"][0] for choice in choices if len(choice.get("required", ())) == 1]
    for name in names:
        if name in value:
            yield Breakage(path, "oneOf", (*path, name), ABSENT, f"{where} has none of {', '.join(names)}")
        else:
            other = "https://example.com/other" if name == "link" else "1"
            yield Breakage(path, "oneOf", (*path, name), other, f"{where} has more than one of {', '.join(names)}")


def _text(schema: Schema, value: str, path: Path, where: str) -> Iterator[Breakage]:
    if schema.get("minLength") == 1:
        yield Breakage(path, "minLength", path, "", f"{where} is empty")
    if "maxLength" in schema:
        size = schema["maxLength"] + 1
        longer = (value + (value[-1:] or "x") * size)[:size]
        yield Breakage(path, "maxLength", path, longer, f"{where} has {size} characters")
    if "pattern" in schema:
        off = next((one for one in _OFF_PATTERN if not _fits(schema["pattern"], one)), None)
        if off is not None:
            yield Breakage(path, "pattern", path, off, f"{where} is {off!r}")


def _items(schema: Schema, value: list[Any], path: Path, where: str) -> Iterator[Breakage]:
    if schema.get("minItems"):
        yield Breakage(path, "minItems", path, [], f"{where} is empty")
    if "maxItems" in schema and value:
        size = schema["maxItems"] + 1
        more = [*value, *(_another(value[-1], place) for place in range(len(value), size))]
        yield Breakage(path, "maxItems", path, more, f"{where} has {size} elements")


def _another(item: Any, place: int) -> Any:
    """One more like it, as different from the others as they have to be."""
    if not isinstance(item, dict):
        return item
    found = {name: _another(member, place) for name, member in item.items()}
    names: dict[str, Any] = {"id": f"more {place}", "title": f"More {place}", "card_index": place}
    found |= {name: names[name] for name in names if name in item and not isinstance(item[name], (dict, list))}
    if isinstance(found.get("rows"), list):
        found["rows"] = [_another(row, 100 * place + n) for n, row in enumerate(found["rows"])]
    return found


Breaker = Callable[[Any], tuple[Path, Path, Any] | None]


def _checks(name: str, value: Any, path: Path, where: str) -> Iterator[Breakage]:
    found = _BREAKERS[name](value) if name in _BREAKERS else None
    if found is not None:
        seen, place, changed = found
        yield Breakage((*path, *seen), "x-check", (*path, *place), changed, _SAID[name].format(where))


def _same_id(buttons: Any) -> tuple[Path, Path, Any] | None:
    if len(buttons) < 2:
        return None
    return (1, "reply", "id"), (1, "reply", "id"), buttons[0]["reply"]["id"]


def _many_rows(sections: Any) -> tuple[Path, Path, Any] | None:
    total = sum(len(section["rows"]) for section in sections)
    rows = sections[0]["rows"]
    return (), (0, "rows"), [*rows, *(_another(rows[0], place) for place in range(11 - total))]


def _many_products(sections: Any) -> tuple[Path, Path, Any] | None:
    total = sum(len(section["product_items"]) for section in sections)
    items = sections[0]["product_items"]
    return (), (0, "product_items"), [*items, *(items[0] for _ in range(31 - total))]


def _no_title(sections: Any) -> tuple[Path, Path, Any] | None:
    return ((0, "title"), (0, "title"), ABSENT) if len(sections) > 1 else None


def _same_row(sections: Any) -> tuple[Path, Path, Any] | None:
    rows = sections[0]["rows"]
    return ((0, "rows", 1, "id"), (0, "rows", 1, "id"), rows[0]["id"]) if len(rows) > 1 else None


def _same_card(cards: Any) -> tuple[Path, Path, Any] | None:
    return (), (1, "card_index"), 0


def _other_card(cards: Any) -> tuple[Path, Path, Any] | None:
    if "catalog_id" in cards[0]["action"]:
        return (), (0, "action", "catalog_id"), cards[0]["action"]["catalog_id"] + "0"
    return None


def _wrong_total(parameters: Any) -> tuple[Path, Path, Any] | None:
    total = parameters["total_amount"]["value"]
    return ("total_amount", "value"), ("total_amount", "value"), total + 1


_BREAKERS: dict[str, Breaker] = {
    "unique_buttons": _same_id,
    "rows_in_all": _many_rows,
    "products_in_all": _many_products,
    "section_titles": _no_title,
    "unique_rows": _same_row,
    "card_order": _same_card,
    "cards_alike": _other_card,
    "order_total": _wrong_total,
}
_SAID = {
    "unique_buttons": "two of {} have the same id",
    "rows_in_all": "{} have 11 rows",
    "products_in_all": "{} have 31 products",
    "section_titles": "one of {} has no title",
    "unique_rows": "two rows of {} have the same id",
    "card_order": "two of {} have the same card_index",
    "cards_alike": "{} are of two catalogues",
    "order_total": "{} do not add up",
}


def _named(path: Path) -> str:
    """A path as people write it: `a.b[0].c`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "the request"
