"""Nodes of Graph as JSON: what each kind of node can be asked for, and what it shows unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refused, refuse
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.fields import Field, Selection

ABSENT: Final = msgspec.UNSET
"""What a reader gives for a field that has no value: Graph leaves such members out."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a world, and how: the calling app, the version's traits, the address that links begin with."""

    world: World
    traits: Traits
    app_id: str
    url: str
    now: int = 0
    access_token: str = ""
    unix_dates: bool = False

    def date(self, milliseconds: int) -> str | int:
        """A time as Graph prints it: ISO 8601 with `+0000`, or seconds for `date_format=U`."""
        seconds = milliseconds // SECOND
        return seconds if self.unix_dates else date(seconds)


def date(seconds: int) -> str:
    """A time in Graph's ISO 8601, such as `2023-05-21T11:18:09+0000`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


Reader = Callable[[View, Any, Field], Any]
Gate = Callable[[Traits], bool]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of node: its type's name in errors, its fields, the edges that can be asked for as fields.

    `gates` say in which versions a field exists. `known` are fields that exist but have no value here; `gaps` are
    those whose value is not imitated, which is worse: they are refused, with the reason. `always_id`: the id is shown
    though nobody asked for it.
    """

    node_type: str
    default: tuple[str, ...]
    fields: Mapping[str, Reader]
    edges: Mapping[str, Reader] = {}
    gates: Mapping[str, Gate] = {}
    known: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()
    always_id: bool = True


def render(kind: Kind, view: View, thing: Any, selection: Selection = ()) -> dict[str, Any]:
    """A node as a JSON object: the fields asked for in their order, else the default ones."""
    shown: dict[str, Any] = {}
    for field in selection or _plain(kind.default):
        value = _read(kind, view, thing, field)
        if value is not ABSENT:
            shown[field.modifier("as") or field.name] = value
    if kind.always_id and "id" not in shown:
        shown["id"] = kind.fields["id"](view, thing, _ID)
    return shown


def nonexisting(kind: Kind, name: str) -> Refused:
    """The refusal of a field that a node does not have."""
    gap = name in kind.gaps
    return refuse(
        100,
        values={"variant": "nonexisting_field", "field": name, "node_type": kind.node_type},
        rule="fields.name",
        why=f"`{name}` is a known gap of localwaba, see docs/parity.md" if gap else f"{kind.node_type} has no `{name}`",
        fix="" if gap else _advise(kind, name),
    )


def _read(kind: Kind, view: View, thing: Any, field: Field) -> Any:
    name = field.name
    gate = kind.gates.get(name)
    if gate is not None and not gate(view.traits):
        raise nonexisting(kind, name)
    edge = kind.edges.get(name)
    if edge is not None:
        return edge(view, thing, field)
    reader = kind.fields.get(name)
    if reader is None:
        if name in kind.known:
            return ABSENT
        raise nonexisting(kind, name)
    value = reader(view, thing, field)
    return _pick(value, field.selection) if field.selection else value


def _pick(value: Any, selection: Selection) -> Any:
    """The members that are asked for of an object, or of the objects of a list."""
    if isinstance(value, list):
        return [_pick(item, selection) for item in value]
    if not isinstance(value, dict):
        return value
    names = [field.name for field in selection]
    picked = {name: value[name] for name in names if name in value}
    return picked | ({"id": value["id"]} if "id" in value else {})


def _advise(kind: Kind, name: str) -> str:
    from difflib import get_close_matches  # only needed by those who have mistaken a name

    near = get_close_matches(name, [*kind.fields, *kind.edges], 1)
    return f"ask for `{near[0]}`" if near else "leave it out"


_ID = Field("id")
_PLAIN: dict[tuple[str, ...], Selection] = {}


def _plain(names: tuple[str, ...]) -> Selection:
    found = _PLAIN.get(names)
    if found is None:
        found = _PLAIN[names] = tuple(Field(name) for name in names)
    return found
