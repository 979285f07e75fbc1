"""What of the contracts an app's tests exercised, counted from journals.

There are five parts. Which units each of them has comes from the catalogues; what typical apps meet is common, and the
rest counts only if it is asked for. Nothing is read until it is needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from math import floor
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from localwaba_contracts import registry, webhooks
from localwaba_contracts.messages import ANY, FAMILY, INTERACTIVE, UNSUPPORTED, message_contract, message_contracts

PARTS: Mapping[str, str] = {
    "messages": "message types that were sent",
    "webhooks": "webhook shapes that the app took",
    "statuses": "statuses that the app was told",
    "errors": "error codes that were met",
    "operations": "Graph operations that succeeded",
}
DEFAULT = ("messages", "webhooks", "statuses", "errors")
WIDE = ("webhooks", "statuses", "errors")
"""The parts of which only what is common counts, unless `all-` stands before their names."""

_OLD = re.compile(r"_\d{4}\Z")
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*\Z")
_WITH = "messages/with/"
_MEMBERS = ("context", "forwarded", "frequently_forwarded", "referred_product", "referral", "group_id", "errors")
_REFUSED = 400
_WEIGHT = 3
_ALIKE = 0.5


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be exercised; `is_common` if typical apps meet it.

    `since` and `until` are the first and the last Graph version that have it, if not all do.
    """

    part: str
    name: str
    title: str = ""
    is_common: bool = True
    since: str = ""
    until: str = ""

    @property
    def key(self) -> str:
        """What counts are kept by, and what patterns are held against."""
        return f"{self.part}:{self.name}"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, and how often it was exercised."""

    unit: Unit
    count: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the contracts; `beyond` was exercised too but is not asked for."""

    name: str
    units: tuple[Counted, ...]
    beyond: tuple[Counted, ...] = ()

    @property
    def covered(self) -> int:
        """How many units were exercised at least once."""
        return sum(one.count > 0 for one in self.units)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of those that were not."""
        return tuple(one.unit.name for one in self.units if not one.count)


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What was exercised, part by part; `dropped` entries of journals were gone before they could be counted.

    `counts` is all that was counted, asked for or not; `of`, `ignore` and `graph_version` are what was asked for.
    """

    parts: tuple[Part, ...]
    dropped: int = 0
    counts: Mapping[str, int] = {}
    of: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    graph_version: str = ""

    @property
    def covered(self) -> int:
        """How many units were exercised at least once."""
        return sum(part.covered for part in self.parts)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(len(part.units) for part in self.parts)


def percent(covered: int, total: int) -> float:
    """A percentage with one digit, never rounded up: 100 only if all is covered."""
    return floor(1000 * covered / total) / 10 if total else 100.0


def words() -> tuple[str, ...]:
    """Everything that `chosen` takes."""
    return (*PARTS, *(f"all-{name}" for name in WIDE), "all")


def chosen(names: Sequence[str]) -> dict[str, bool]:
    """The parts that names stand for, and whether all of each counts; KeyError for a name that is none of `words`."""
    found: dict[str, bool] = {}
    for name in names:
        if name not in words():
            raise KeyError(name)
        if name == "all":
            found |= dict.fromkeys(PARTS, True)
            continue
        part = name.removeprefix("all-")
        found[part] = found.get(part, False) or name != part
    return {part: found[part] for part in PARTS if part in found}


def normal(names: Sequence[str]) -> tuple[str, ...]:
    """The same parts in the same words, whatever order and words they were asked for in."""
    return tuple(f"all-{part}" if wide and part in WIDE else part for part, wide in chosen(names).items())


def is_meant(pattern: str, unit: Unit) -> bool:
    """Whether a glob pattern stands for a unit: `131030`, `messages:interactive/order_*`."""
    return fnmatchcase(unit.key, pattern) or fnmatchcase(unit.name, pattern)


def measure(
    counts: Mapping[str, int], names: Sequence[str] = DEFAULT, ignore: Sequence[str] = (), version: str = ""
) -> Coverage:
    """Counts held against the units of some parts, but for those that are ignored, or not in a Graph version."""
    parts: list[Part] = []
    for part, is_wide in chosen(names).items():
        wanted: list[Counted] = []
        beyond: list[Counted] = []
        known = [unit for unit in units() if unit.part == part]
        for unit in [*known, *_strangers(part, known, counts)]:
            one = Counted(unit=unit, count=counts.get(unit.key, 0))
            is_asked = (is_wide or unit.is_common) and unit in known and _exists(unit, version)
            if is_asked and not any(is_meant(glob, unit) for glob in ignore):
                wanted.append(one)
            elif one.count:
                beyond.append(one)
        parts.append(Part(name=part, units=tuple(wanted), beyond=tuple(beyond)))
    return Coverage(
        parts=tuple(parts),
        dropped=counts.get("dropped", 0),
        counts=dict(counts),
        of=normal(names),
        ignore=tuple(sorted(set(ignore))),
        graph_version=version,
    )


def _exists(unit: Unit, version: str) -> bool:
    if not version:
        return True
    number = registry.number(version)
    is_born = not unit.since or registry.number(unit.since) <= number
    return is_born and (not unit.until or number <= registry.number(unit.until))


def _strangers(part: str, known: Sequence[Unit], counts: Mapping[str, int]) -> list[Unit]:
    """What was counted and is in no catalogue."""
    names = {unit.name for unit in known}
    seen = (key.partition(":")[2] for key in counts if key.startswith(f"{part}:"))
    return [Unit(part=part, name=name, is_common=False) for name in sorted(seen) if name not in names]


# what there is


@cache
def units() -> tuple[Unit, ...]:
    """Every unit of every part, as the catalogues have them."""
    return (*_messages(), *_webhooks(), *_statuses(), *_errors(), *_operations())


def _messages() -> Iterator[Unit]:
    for name in message_contracts():
        if name not in (ANY, UNSUPPORTED, INTERACTIVE):  # they judge what is none of the others
            yield Unit(part="messages", name=name.removeprefix(FAMILY), title=registry.schema(name).get("title", ""))


def _webhooks() -> Iterator[Unit]:
    titles: dict[str, str] = {}
    common: set[str] = set()
    for sample in webhooks.variants().values():
        for name in _shapes(sample.value):
            titles.setdefault(name, sample.title)
            if sample.how in ("message", "action") and sample.confidence in "MC" and not _OLD.search(sample.name):
                common.add(name)
    for name, title in titles.items():
        is_member = name.startswith(_WITH)
        is_broken = any(other.startswith(f"{name}/") for other in titles)  # the type within is missing
        yield Unit(
            part="webhooks",
            name=name,
            title="" if is_member else title,
            is_common=name in common and not is_member and not is_broken,
        )
    for row in webhooks.fields():
        known = dict.fromkeys(shape_of(row.field, one.value) for one in row.variants)  # some cannot be told apart
        for name in known or (row.field,):
            yield Unit(part="webhooks", name=name, is_common=False)


def _statuses() -> Iterator[Unit]:
    known: dict[str, bool] = {}
    titles: dict[str, str] = {}
    for sample in webhooks.variants().values():
        for name in _told(sample.value):
            known[name] = known.get(name, False) or sample.how == "rule"
            titles.setdefault(name, sample.title)
    for name, is_common in known.items():
        yield Unit(part="statuses", name=name, title=titles[name], is_common=is_common)


def _errors() -> Iterator[Unit]:
    seen: set[int] = set()
    for row in registry.errors():
        if row.code not in seen and not row.retired:
            seen.add(row.code)
            named = registry.find_error(row.code) or row
            yield Unit(
                part="errors",
                name=str(row.code),
                title=named.title,
                is_common=named.common,
                since=named.since or "",
                until=named.until or "",
            )


def _operations() -> Iterator[Unit]:
    rows = {row.operation: row for row in registry.routes() if row.status == "imitated" and row.node != "callback"}
    for row in rows.values():
        yield Unit(part="operations", name=row.operation, title=row.summary)


# what there was


def count(entries: Iterable[Mapping[str, Any]], after: int = 0) -> Counter[str]:
    """How often each unit was exercised in a journal (`GET /_localwaba/journal`), its entries oldest first.

    Sends and operations count if they were not refused, webhooks if the app took them. `dropped` are the entries
    that are missing between entry `after` and the first one.
    """
    found: Counter[str] = Counter()
    bodies: dict[str, Any] = {}
    first: int | None = None
    for entry in entries:
        first = entry["n"] if first is None else first
        if entry["kind"] == "call":
            found.update(_of_call(entry))
            continue
        data = entry["data"]
        if entry["event"] == "DeliveryQueued":
            bodies[data["delivery"]["id"]] = data["delivery"]["body"]
        elif entry["event"] == "DeliveryAttempted" and data["state"] == "delivered":
            found.update(_of_webhook(bodies.pop(data["delivery_id"], None)))
    if first is not None and first - after > 1:
        found["dropped"] = first - after - 1
    return found


def _of_call(entry: Mapping[str, Any]) -> Iterator[str]:
    if entry["status"] >= _REFUSED:
        answer = entry.get("answer")
        yield from _codes({"errors": [answer.get("error")]} if isinstance(answer, dict) else {})
        return
    operation = entry.get("operation", "")
    if operation:
        yield f"operations:{operation}"
    if operation == "send_message":
        request = entry.get("request")
        if isinstance(request, str):
            request = {name: _parsed(text) for name, text in parse_qsl(request)}
        if isinstance(request, dict):
            yield f"messages:{message_contract(request).removeprefix(FAMILY)}"


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text) if text.startswith("{") else text
    except msgspec.DecodeError:
        return text


def _of_webhook(body: Any) -> Iterator[str]:
    for entry in _list(body, "entry"):
        for change in _list(entry, "changes"):
            field, value = change.get("field"), change.get("value")
            if not isinstance(field, str) or not isinstance(value, dict):
                continue
            if field != "messages":
                yield f"webhooks:{shape_of(field, value)}"
                continue
            yield from (f"webhooks:{name}" for name in _shapes(value))
            yield from (f"statuses:{name}" for name in _told(value))
            for one in (value, *_list(value, "messages"), *_list(value, "statuses")):
                yield from _codes(one)


def _codes(value: Mapping[str, Any]) -> Iterator[str]:
    for error in _list(value, "errors"):
        if isinstance(error.get("code"), int):
            yield f"errors:{error['code']}"


def _list(value: Any, name: str) -> list[dict[str, Any]]:
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _shapes(value: Mapping[str, Any]) -> Iterator[str]:
    """The shapes within a value of the field `messages`: types of messages, and members that only some have."""
    if "user_actions" in value:
        yield "messages/user_actions"
    if "errors" in value:
        yield f"{_WITH}errors"
    for message in _list(value, "messages"):
        kind = str(message.get("type", ""))
        content = message.get(kind)
        inner = content.get("type") if kind in ("interactive", "system") and isinstance(content, dict) else None
        yield f"messages/{kind}/{inner}" if isinstance(inner, str) else f"messages/{kind}"
        context = message.get("context")
        members = [*message, *(context if isinstance(context, dict) else ())]
        yield from (f"{_WITH}{name}" for name in _MEMBERS if name in members)


def _told(value: Mapping[str, Any]) -> Iterator[str]:
    """The statuses within a value of the field `messages`; those of payments stand apart."""
    for one in _list(value, "statuses"):
        kind = one.get("type", "message")
        yield str(one.get("status")) if kind == "message" else f"{kind}/{one.get('status')}"


def shape_of(field: str, value: Mapping[str, Any]) -> str:
    """A field and the variant whose members and words a value has; the field alone if it is like none of them."""
    variants, places = _variants(field)
    features = _features(value)
    has = {one for one in features if "=" not in one or one.partition("=")[0] in places}
    best, how = 0.0, field
    for name, wants in variants:
        alike = _weigh(has & wants) / (_weigh(has | wants) or 1)
        if alike > best:
            best, how = alike, f"{field}/{name}"
    return how if best >= _ALIKE else field


@cache
def _variants(field: str) -> tuple[tuple[tuple[str, frozenset[str]], ...], frozenset[str]]:
    """The features of each variant of a field, and the places where some variant has a word."""
    rows = [row for row in webhooks.fields() if row.field == field]
    found = tuple((one.variant, frozenset(_features(one.value))) for row in rows for one in row.variants)
    places = {one.partition("=")[0] for _, features in found for one in features if "=" in one}
    return found, frozenset(places)


def _weigh(features: Iterable[str]) -> int:
    return sum(_WEIGHT if "=" in one else 1 for one in features)


def _features(value: Any, place: str = "") -> Iterator[str]:
    """The places of a value's members, without numbers of elements, and the words that stand there."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{place}.{name}"
            yield from _features(part, f"{place}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _features(part, place)
    elif isinstance(value, str) and _WORD.match(value):
        yield f"{place}={value}"
