"""Finds the data files of this package and hands them out as values that nobody can change."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

PACKAGE = "localwaba_contracts"
BASE = "https://localwaba.invalid/contracts/"
"""What every `$id` begins with; the rest is the contract's name and `.json`."""


class ErrorRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One code of the platform, as it goes over the wire and as it came to be known.

    `key` is the code, the code and its subcode ("100/33"), or, where Meta has no subcode for it, the code and a name
    of ours ("100/category_mismatch"). `title` is what follows `(#code) ` if `prefix`, else the whole message. `data`
    says whether `error_data` is sent: never, always (with `details` unless the refusal has its own) or when given.
    `title`, `details`, `user_title` and `user_msg` may hold {placeholders}. `also` are other texts seen for the code.
    Typical apps meet a `common` one sooner or later. `confidence` is M (Meta says so), C (captured) or U (uncertain).
    """

    key: str
    code: int
    subcode: int | None = None
    type: str
    title: str
    prefix: bool
    status: int
    data: str
    details: str | None = None
    channel: str
    is_transient: bool | None = None
    user_title: str | None = None
    user_msg: str | None = None
    webhook_title: str | None = None
    webhook_details: str | None = None
    also: tuple[str, ...] = ()
    key_order: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    retired: bool = False
    common: bool = False
    meaning: str
    source: str
    confidence: str


class RouteRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operation of Graph: the kind of node its path begins with, the edge, and how much of it is imitated.

    `node` is "root" for fixed paths; `edge` is empty for the node itself. `permission` is messaging, management,
    either, business or none. `request` and `answer` name contracts; "requests/messages" stands for a family, of
    which `message_contract` picks the member. `host` differs where Meta serves the operation elsewhere.
    """

    method: str
    path: str
    node: str
    edge: str
    operation: str
    permission: str
    status: str
    summary: str
    request: str | None = None
    answer: str | None = None
    host: str = "graph.facebook.com"
    source: str
    confidence: str


class Provocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an app meets one row of the error catalogue, in a fresh world whose clock stands still.

    `how` is for people, `steps` are for machines: `graph` and `control` are [method, path, body?], `user` names who
    `says` a message or `does` an action, `advance` is seconds. A step may `repeat`, expect to be `refused` with a code,
    call `as` another token (empty: none), and `save` members of its answer for {placeholders}. The last step gives the
    code: `channel` says whether in its answer or by webhook. `missing` says why there are no steps.
    """

    key: str
    how: str = ""
    channel: str = ""
    missing: str = ""
    steps: tuple[dict[str, Any], ...] = ()


@cache
def errors() -> tuple[ErrorRow, ...]:
    """The whole error catalogue, ordered by code and subcode."""
    return tuple(msgspec.json.decode(read("errors.json"), type=list[ErrorRow]))


@cache
def _errors_by_key() -> dict[str, ErrorRow]:
    return {row.key: row for row in errors()}


def error(key: str) -> ErrorRow:
    """The row of a key such as "131009", "100/33" or "100/category_mismatch"; KeyError if there is none."""
    return _errors_by_key()[key]


def find_error(code: int, subcode: int | None = None) -> ErrorRow | None:
    """The row of a code and subcode, else the row of the code alone, else None."""
    rows = _errors_by_key()
    return rows.get(f"{code}/{subcode}") or rows.get(str(code))


@cache
def routes() -> tuple[RouteRow, ...]:
    """Every operation of Graph that is known, imitated or not."""
    return tuple(msgspec.json.decode(read("routes.json"), type=list[RouteRow]))


@cache
def provocations() -> tuple[Provocation, ...]:
    """How to meet each error, ordered as the catalogue is."""
    return tuple(msgspec.json.decode(read("provocations.json"), type=list[Provocation]))


@cache
def names() -> tuple[str, ...]:
    """The names of all contracts as they are in the newest version, such as "requests/messages/text"."""
    return tuple(sorted(name for name in _files() if not name.startswith("until-")))


def located(name: str, version: str = "") -> str:
    """Where a contract's file is for a Graph version: in the folder of the oldest change that still covers it.

    The folder `until-v22.0` holds contracts as they were up to and including v22.0; without a version, the newest.
    """
    if version:
        for limit in _limits():
            if number(version) <= number(limit) and f"until-{limit}/{name}" in _files():
                return f"until-{limit}/{name}"
    return name


def schema(name: str, version: str = "") -> dict[str, Any]:
    """A fresh copy of one contract's JSON Schema for a Graph version; KeyError if there is none.

    References to other contracts stay references: they resolve against the same version.
    """
    place = located(name, version)
    if place not in _files():
        raise KeyError(name)
    found: dict[str, Any] = msgspec.json.decode(read(f"schemas/{place}.json"))
    return found


def raw_schemas() -> dict[str, bytes]:
    """Every schema file by its place below `schemas/`, without `.json`."""
    return {place: read(f"schemas/{place}.json") for place in sorted(_files())}


def epoch(version: str) -> str:
    """The name of the span of versions in which all contracts are the same; spares compiling the same twice."""
    if not version:
        return ""
    return next((limit for limit in _limits() if number(version) <= number(limit)), "")


@cache
def _limits() -> tuple[str, ...]:
    places = {place.partition("/")[0] for place in _files() if place.startswith("until-")}
    return tuple(sorted((place.removeprefix("until-") for place in places), key=number))


def number(version: str) -> tuple[int, ...]:
    """A Graph version as something to compare: v23.0 is (23, 0)."""
    return tuple(int(part) for part in version.lstrip("v").split("."))


@cache
def _files() -> frozenset[str]:
    found: set[str] = set()
    pending = [("", files(PACKAGE) / "schemas")]
    while pending:
        prefix, folder = pending.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                pending.append((f"{prefix}{entry.name}/", entry))
            elif entry.name.endswith(".json"):
                found.add(prefix + entry.name.removesuffix(".json"))
    return frozenset(found)


def read(path: str) -> bytes:
    """The bytes of a data file of this package."""
    return files(PACKAGE).joinpath(*path.split("/")).read_bytes()
