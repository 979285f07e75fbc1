"""Parameters of forms and queries, which are all strings, as the values that a contract wants."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urldefrag, urljoin

import msgspec

from localwaba_contracts import registry
from localwaba_contracts.messages import message_contracts

KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}


def coerce(contract: str, params: dict[str, object], version: str = "") -> dict[str, object]:
    """The parameters with JSON in strings read where the contract does not want a string.

    "true" becomes a truth value, "5" a number, "{…}" and "[…]" an object and a list; what is no JSON, or JSON of
    another kind than the contract wants, stays a string and is the validator's to refuse. `contract` may be the
    family "requests/messages", because the type of a message is known only after its parts are read.
    """
    wanted = _wanted(contract, registry.epoch(version))
    return {name: _read(value, wanted.get(name, frozenset())) for name, value in params.items()}


def _read(value: object, kinds: frozenset[str]) -> object:
    if not isinstance(value, str) or not kinds or "string" in kinds:
        return value
    try:
        found: object = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value
    if kinds == frozenset({"boolean"}) and type(found) is int and found in (0, 1):
        return bool(found)
    kind = KINDS.get(type(found))
    return found if kind in kinds or (kind == "integer" and "number" in kinds) else value


@cache
def _wanted(contract: str, epoch: str) -> dict[str, frozenset[str]]:
    """The JSON types of each parameter of a contract, an empty set where anything goes."""
    if contract == "requests/messages":
        found: dict[str, frozenset[str]] = {}
        for name in message_contracts():
            found |= _members(registry.schema(name, epoch), name, epoch)
        return found
    return _members(registry.schema(contract, epoch), contract, epoch)


def _members(schema: dict[str, Any], contract: str, epoch: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for part in schema.get("allOf", ()):
        if "$ref" in part:
            found |= _members(*_resolved(part["$ref"], contract, epoch), epoch)
    for name, member in schema.get("properties", {}).items():
        found[name] = _kinds(member, contract, epoch)
    return found


def _kinds(member: Any, contract: str, epoch: str) -> frozenset[str]:
    if not isinstance(member, dict):
        return frozenset()
    if "$ref" in member:
        target, home = _resolved(member["$ref"], contract, epoch)
        return _kinds(target, home, epoch)
    if "type" in member:
        kinds = member["type"]
        return frozenset([kinds] if isinstance(kinds, str) else kinds)
    values = member.get("enum", [member["const"]] if "const" in member else [])
    return frozenset(KINDS.get(type(value), "string") for value in values)


def _resolved(reference: str, contract: str, epoch: str) -> tuple[dict[str, Any], str]:
    """The schema that a reference in a contract points to, and the contract it stands in."""
    address, fragment = urldefrag(urljoin(f"{registry.BASE}{contract}.json", reference))
    home = address.removeprefix(registry.BASE).removesuffix(".json")
    target: Any = registry.schema(home, epoch)
    for step in fragment.split("/")[1:]:
        target = target[step]
    return target, home
