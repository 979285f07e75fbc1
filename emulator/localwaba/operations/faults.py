"""Faults as a person asks for them: read and judged, from JSON to values, and shown again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from localwaba.domain.errors import Refused
from localwaba.domain.events import Event
from localwaba.domain.fault_kinds import KINDS, MATCHES, Kind, Parameter
from localwaba.domain.fault_state import Armed, Fault, FaultArmed, FaultsCleared, Match, When
from localwaba.domain.numbers import normalise
from localwaba.domain.routing import FIELDS
from localwaba.domain.world import World
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.mistakes import Mistake, nearest, number_of, object_of, only, text_of
from localwaba_contracts.registry import errors, find_error, routes

MOST = 100
"""Faults that can be armed at once."""
TYPES = (
    "audio", "button", "contacts", "document", "image", "interactive", "location", "order", "reaction", "read",
    "sticker", "system", "template", "text", "unsupported", "video",
)  # fmt: skip
"""Types of messages; `read` is the call that marks one as read."""
_STATUSES = ("sent", "delivered", "read", "played", "failed")
_DIRECTIONS = ("inbound", "outbound")
_METHODS = ("DELETE", "GET", "POST")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
_RULES = ("always", "next", "every", "first", "then_success", "chance")
_LONGEST = 1_000


def arm_faults(world: World, now: int, body: dict[str, Any]) -> list[Event]:
    """The events of `POST /faults`: one fault, or all of a preset with other `when` and `match` if they are given.

    A preset may also be named as the `kind`, unless there is a kind of that name.
    """
    if "preset" not in body and body.get("kind") in PRESETS and body["kind"] not in KINDS:
        body = {"preset" if key == "kind" else key: value for key, value in body.items()}
    if "preset" not in body:
        return [FaultArmed(at=now, fault=_unique(world, read_fault(world, body), 0))]
    only(body, ("preset", "when", "match"), "a preset")
    name = text_of(body, "preset")
    if name not in PRESETS:
        raise Mistake(f"there is no preset {name!r}{nearest(name, PRESETS)}; GET /_localwaba/faults/presets has all")
    found: list[Event] = []
    for n, fault in enumerate(PRESETS[name].faults):
        given = fault | {key: body[key] for key in ("when", "match") if key in body}
        if "match" in fault and "match" in body:
            given["match"] = fault["match"] | (object_of(body, "match") or {})
        found.append(FaultArmed(at=now, fault=_unique(world, read_fault(world, given, preset=name), n)))
    return found


def _unique(world: World, fault: Fault, further: int) -> Fault:
    """A fault with an id of its own."""
    if len(world.faults) + further >= MOST:
        raise Mistake(f"{MOST} faults are armed already: DELETE /_localwaba/faults clears them", 409)
    if fault.id:
        if fault.id in world.faults or fault.id in world.fault_record.spent:
            raise Mistake(f"there is a fault {fault.id!r} already", 409)
        return fault
    number = world.fault_record.count + 1 + further
    while f"fault-{number}" in world.faults or f"fault-{number}" in world.fault_record.spent:
        number += 1
    return Fault(
        id=f"fault-{number}",
        kind=fault.kind,
        when=fault.when,
        match=fault.match,
        parameters=fault.parameters,
        preset=fault.preset,
    )


def clear_faults(world: World, now: int, fault_id: str = "") -> list[Event]:
    """The event of `DELETE /faults`: all are gone, or one of them."""
    known = (*world.faults, *world.fault_record.spent)
    if fault_id and fault_id not in known:
        raise Mistake(f"there is no fault {fault_id!r}{nearest(fault_id, known)}", 404)
    ids = (fault_id,) if fault_id else known
    return [FaultsCleared(at=now, ids=ids)] if ids else []


def read_fault(world: World, body: dict[str, Any], preset: str = "") -> Fault:
    """`{"id"?, "kind", "when"?, "match"?, …parameters}`, judged; the id is empty if none is given."""
    name = text_of(body, "kind")
    if not name:
        raise Mistake(f'a fault needs its kind, as in {{"kind":"latency","seconds":2}}{nearest("", KINDS)}')
    kind = KINDS.get(name)
    if kind is None:
        raise Mistake(f"there is no kind of fault {name!r}{nearest(name, (*KINDS, *PRESETS))}")
    only(body, ("id", "kind", "when", "match", *(one.name for one in kind.parameters)), f"a fault of kind {name}")
    fault_id = text_of(body, "id", limit=80)
    if fault_id and not _ID.match(fault_id):
        raise Mistake(f"a fault's id is made of letters, digits, `_`, `.` and `-`, not {fault_id!r}")
    return Fault(
        id=fault_id,
        kind=name,
        when=_read_when(body.get("when")),
        match=_read_match(world, kind, object_of(body, "match") or {}),
        parameters=_read_parameters(kind, body),
        preset=preset,
    )


def _read_when(given: Any) -> When:
    """`{"next": 3}`, `{"every": 2}`, `{"first": 1}`, `{"chance": 0.1}` or `{"always": true}`."""
    if given is None or given == "always":
        return When()
    if not isinstance(given, dict) or len(given) != 1:
        raise Mistake('when is one rule, as in {"next":3}, {"every":2}, {"first":1}, {"chance":0.1}, {"always":true}')
    only(given, _RULES, "when")
    ((rule, number),) = given.items()
    if rule == "always":
        if number is not True:
            raise Mistake("always is true, or left out: DELETE /_localwaba/faults ends a fault")
        return When()
    if rule == "chance":
        return When("chance", number_of(given, rule, 0, 1) or 0)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 1_000_000:
        raise Mistake(f"{rule} is a whole number from 1 to 1000000, not {number!r}")
    return When("first" if rule == "then_success" else rule, number)


def _read_match(world: World, kind: Kind, given: dict[str, Any]) -> Match:
    known = MATCHES[kind.side]
    for name in given:
        if name not in known:
            raise Mistake(f"a fault of kind {kind.name} cannot match by {name!r}{nearest(name, known)}")
    found = {name: _read_values(world, name, value) for name, value in given.items()}
    if kind.side == "telling" and not found.get("direction"):
        found["direction"] = ("outbound",)  # statuses, unless messages of users are asked for
    return Match(**found)


def _read_values(world: World, name: str, given: Any) -> tuple[str, ...]:
    values = given if isinstance(given, list) else [given]
    if not 1 <= len(values) <= MOST or not all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in values):
        raise Mistake(f"match.{name} is a text or a list of texts, not {given!r}")
    if name == "recipient":
        return tuple(_read_recipient(world, one) for one in values)
    if name == "method":
        values = [one.upper() for one in values]
    known = _known(world, name)
    for one in values:
        if known is not None and one not in known:
            raise Mistake(f"match.{name} cannot be {one!r}{nearest(one, known)}")
    return tuple(values)


def _known(world: World, name: str) -> Iterable[str] | None:
    """What a member of `match` can be; None: anything."""
    if name == "operation":
        return {row.operation for row in routes()}
    if name == "endpoint":
        return endpoints()
    if name == "phone_number_id":
        return world.numbers
    lists = {
        "method": _METHODS,
        "type": TYPES,
        "status": _STATUSES,
        "field": FIELDS,
        "direction": _DIRECTIONS,
    }
    return lists.get(name)


def endpoints() -> set[str]:
    """The edges of all paths, such as `messages`, and the paths without a node, such as `debug_token`."""
    return {row.path.strip("/") if row.node == "root" else row.edge.partition("/")[0] for row in routes()} - {""}


def _read_recipient(world: World, given: str) -> str:
    """A wa_id out of any dialled form of a number; a business-scoped id as it is."""
    country, _, rest = given.partition(".")
    if len(country) == 2 and country.isalpha() and rest:
        return given
    try:
        return normalise(given, world.numbers[world.phone_number_id].country).wa_id
    except Refused as refused:
        raise Mistake(f"match.recipient is a phone number or a user_id: {refused}") from None


def _read_parameters(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in kind.parameters:
        value = body.get(one.name)
        if value is None:
            if one.default is ...:
                raise Mistake(f"a fault of kind {kind.name} needs its {one.name}: {one.text}")
            value = one.default
        else:
            value = _read_value(one, body)
        if value is not None:
            found[one.name] = value
    if "code" in found:
        _check_channel(kind, found["code"], found.get("subcode"))
    if "subcode" in found and find_error(found["code"], found["subcode"]) is find_error(found["code"]):
        subcodes = [str(row.subcode) for row in errors() if row.code == found["code"] and row.subcode]
        raise Mistake(f"{found['code']} has no subcode {found['subcode']}{nearest(str(found['subcode']), subcodes)}")
    return found


def _read_value(one: Parameter, body: Mapping[str, Any]) -> Any:
    value = body[one.name]
    if one.kind == "seconds":
        return number_of(body, one.name, 0, one.high)
    if one.kind == "whole":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= one.high:
            raise Mistake(f"{one.name} is a whole number from 1 to {one.high}, not {value!r}")
        return value
    if one.kind == "flag":
        if not isinstance(value, bool):
            raise Mistake(f"{one.name} is true or false, not {value!r}")
        return value
    if one.kind == "text":
        return _line(one.name, text_of(body, one.name, limit=_LONGEST))
    if one.kind == "code":
        return _read_code(value)
    if one.name == "how" and isinstance(value, str) and value not in one.choices:
        raise Mistake(f"how cannot be {value!r}{nearest(value, one.choices)}")
    if isinstance(value, bool) or value not in one.choices:
        known = ", ".join(str(choice) for choice in one.choices)
        raise Mistake(f"{one.name} is one of {known}, not {value!r}")
    return value


def _line(name: str, text: str) -> str:
    if not text.isprintable():
        raise Mistake(f"{name} is one line without control characters")
    return text


def _read_code(value: Any) -> int:
    """A code of the catalogue."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mistake(f"code is one of Meta's error codes, as a number, not {value!r}")
    if find_error(value) is None and not any(row.code == value for row in errors()):
        known = sorted({row.code for row in errors()}, key=lambda code: abs(code - value))[:3]
        raise Mistake(f"the catalogue has no error {value}; the nearest are {', '.join(map(str, known))}")
    return value


def _check_channel(kind: Kind, code: int, subcode: int | None) -> None:
    """Refuses codes that the platform does not use any more, or never answers a call with."""
    rows = [row for row in errors() if row.code == code and (subcode is None or row.subcode == subcode)]
    if rows and all(row.retired for row in rows):
        raise Mistake(f"{code} is retired: Meta answers nothing with it any more")
    if kind.name == "error" and rows and all(row.channel == "webhook" for row in rows):
        raise Mistake(
            f"{code} comes by webhook only, never as the answer to a call: "
            f'arm {{"kind":"fail","code":{code}}} to have messages fail with it'
        )


# shown


def show_armed(armed: Armed, *, is_armed: bool) -> dict[str, Any]:
    """A fault as it was asked for, and its history: how often it was asked, how often it fired, what is left."""
    fault = armed.fault
    found: dict[str, Any] = {"id": fault.id, "kind": fault.kind, "when": _when(fault.when)}
    match = {name: list(getattr(fault.match, name)) for name in Match.__struct_fields__ if getattr(fault.match, name)}
    found["match"] = match
    found |= fault.parameters
    if fault.preset:
        found["preset"] = fault.preset
    return found | {
        "armed": is_armed,
        "armed_at": armed.at / 1000,
        "asked": armed.asked,
        "fired": armed.fired,
        "left": armed.left,
    }


def _when(when: When) -> dict[str, Any]:
    if when.rule == "always":
        return {"always": True}
    return {when.rule: when.number if when.rule == "chance" else int(when.number)}


def show_faults(world: World) -> list[dict[str, Any]]:
    """The armed faults in the order of their arming."""
    return [show_armed(one, is_armed=True) for one in world.faults.values()]


def show_all(world: World) -> dict[str, Any]:
    """The answer of `GET /faults`: those that are armed, and those that have fired for the last time."""
    spent = [show_armed(one, is_armed=False) for one in world.fault_record.spent.values()]
    held = sum(len(window.deliveries) for window in world.fault_record.held.values())
    return {"armed": len(world.faults), "faults": [*show_faults(world), *spent], "held_back": held}


def show_kinds() -> list[dict[str, Any]]:
    """Every kind with its parameters and what it can match."""
    return [
        {
            "kind": kind.name,
            "hits": kind.side,
            "text": kind.text,
            "parameters": [_parameter(one) for one in kind.parameters],
            "match": list(MATCHES[kind.side]),
        }
        for kind in KINDS.values()
    ]


def _parameter(one: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one.name, "is": one.kind, "text": one.text, "required": one.default is ...}
    if one.default is not ... and one.default is not None:
        found["default"] = one.default
    if one.choices:
        found["choices"] = list(one.choices)
    return found


def show_presets() -> list[dict[str, Any]]:
    """Every preset with the reports that motivate it."""
    return [
        {
            "preset": name,
            "text": one.text,
            "reports": list(one.reports),
            "faults": list(one.faults),
            "shown_by": one.shown_by,
            "is_mode": one.is_mode,
        }
        for name, one in PRESETS.items()
    ]
