"""The contracts as an OpenAPI 3.1 document: every operation, its request, its answers, its webhooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from localwaba_contracts import registry
from localwaba_contracts.messages import message_contracts
from localwaba_contracts.webhooks import MESSAGES, contract_of, fields

_PARAMETER = re.compile(r"\{(\w+)\}")
_SECURITY: list[dict[str, list[str]]] = [{"access_token": []}]


def document(version: str, server: str = "https://graph.facebook.com") -> dict[str, Any]:
    """The document for a Graph version such as "v26.0"; operations that are not imitated say so."""
    paths: dict[str, dict[str, Any]] = {}
    uses = Counter(row.operation for row in registry.routes())
    for row in registry.routes():
        path = f"/{version}{_path(row)}"
        name = row.operation if uses[row.operation] == 1 else f"{row.operation}_{row.method.lower()}_{row.node}"
        paths.setdefault(path, {})[row.method.lower()] = {"operationId": name, **_operation(row, version)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "WhatsApp Cloud API, as localwaba imitates it", "version": version},
        "servers": [{"url": server}],
        "paths": paths,
        "webhooks": {field: _webhook(field, contract) for field, contract in _fields()},
        "components": {
            "schemas": {_component(name): _schema(name, version) for name in registry.names()},
            "securitySchemes": {"access_token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _fields() -> Iterator[tuple[str, str]]:
    known = registry.names()
    for field in (MESSAGES, *(row.field for row in fields())):
        contract = contract_of(field)
        if contract in known:
            yield field, contract


def _path(row: registry.RouteRow) -> str:
    path = row.path.partition("?")[0].rstrip("/") or "/"
    return path.replace("*", "{id}")


def _operation(row: registry.RouteRow, version: str) -> dict[str, Any]:
    names = _PARAMETER.findall(_path(row))
    found: dict[str, Any] = {"summary": row.summary, "security": _SECURITY}
    found["x-status"], found["x-source"], found["x-confidence"] = row.status, row.source, row.confidence
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    if row.request and row.method in ("POST", "PUT", "DELETE"):
        found["requestBody"] = {"content": {"application/json": {"schema": _request(row.request)}}}
    elif row.request:
        found.setdefault("parameters", []).extend(_query(row.request, version))
    answer = {"content": {"application/json": {"schema": _answer(row)}}} if row.answer else {}
    found["responses"] = {
        "200": {"description": "What Graph answers"} | answer,
        "default": {
            "description": "A refusal",
            "content": {"application/json": {"schema": _reference("answers/error")}},
        },
    }
    return found


def _answer(row: registry.RouteRow) -> dict[str, Any]:
    """What an operation answers; to mark a message as read is answered otherwise than to send one."""
    assert row.answer
    if row.request == "requests/messages":
        return {"anyOf": [_reference(row.answer), _reference("answers/success")]}
    return _reference(row.answer)


def _request(name: str) -> dict[str, Any]:
    if name == "requests/messages":
        return {"anyOf": [_reference(member) for member in message_contracts()]}
    return _reference(name)


def _query(name: str, version: str) -> Iterator[dict[str, Any]]:
    schema = registry.schema(name, version)
    needed = schema.get("required", [])
    for member in schema.get("properties", {}):
        place = f"{_reference(name)['$ref']}/properties/{member}"
        yield {"name": member, "in": "query", "required": member in needed, "schema": {"$ref": place}}


def _webhook(field: str, contract: str) -> dict[str, Any]:
    change = {
        "type": "object",
        "properties": {"field": {"const": field}, "value": _reference(contract)},
    }
    entry = {"type": "object", "properties": {"changes": {"type": "array", "items": change}}}
    body = {
        "allOf": [
            _reference("webhooks/envelope"),
            {"properties": {"entry": {"type": "array", "items": entry}}},
        ]
    }
    return {
        "post": {
            "summary": f"The webhook of field {field}",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": {"description": "Taken; anything else is tried again"}},
        }
    }


def _component(name: str) -> str:
    return name.replace("/", ".")


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{_component(name)}"}


def _schema(name: str, version: str) -> Any:
    """One contract as a component: references lead to the other components, our own keywords stay as extensions."""
    found = registry.schema(name, version)
    found.pop("$schema", None)
    found.pop("$id", None)
    return _moved(found, name)


def _moved(value: Any, home: str) -> Any:
    if isinstance(value, dict):
        return {
            key: _address(member, home) if key == "$ref" and isinstance(member, str) else _moved(member, home)
            for key, member in value.items()
        }
    return [_moved(item, home) for item in value] if isinstance(value, list) else value


def _address(reference: str, home: str) -> str:
    from urllib.parse import urldefrag, urljoin

    address, fragment = urldefrag(urljoin(f"{registry.BASE}{home}.json", reference))
    name = address.removeprefix(registry.BASE).removesuffix(".json")
    return f"{_reference(name)['$ref']}{fragment}"
