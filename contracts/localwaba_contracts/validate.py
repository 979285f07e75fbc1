"""Judges values by the contracts: compiled schemas say yes at once, the reference says why not.

The only module that imports jsonschema and jsonschema_rs, each on first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from localwaba_contracts import checks, registry
from localwaba_contracts.forms import coerce
from localwaba_contracts.messages import message_contract
from localwaba_contracts.violations import Finding, Violation, choose, unreadable

__all__ = ["Violation", "coerce", "findings", "is_valid", "message_contract", "violation"]

FINDINGS = 300
"""How many findings are looked at before one is chosen; more would only cost time."""

_accepting: dict[tuple[str, str], Callable[[Any], bool]] = {}


def violation(contract: str, value: object, version: str = "") -> Violation | None:
    """The error that Meta would answer to a value, or None if it keeps the contract.

    `contract` is a name such as "requests/messages/text", `version` a Graph version such as "v23.0" (none: the
    newest). KeyError for a contract that does not exist.
    """
    accepts = _accepting.get((contract, version))
    if accepts is None:
        accepts = _accepting[contract, version] = _compiled(contract, registry.epoch(version))
    try:
        if accepts(value):
            return None
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass  # a value that is not JSON, or not finite: the reference knows what to say about it
    try:
        found = findings(contract, value, version)
        return choose(found) if found else None
    except RecursionError:
        return unreadable()


def is_valid(contract: str, value: object, version: str = "") -> bool:
    """Whether the compiled schema accepts a value."""
    return _compiled(contract, registry.epoch(version))(value)


def findings(contract: str, value: object, version: str = "") -> list[Finding]:
    """What the reference validator finds, in the order of the schema; at most FINDINGS of them."""
    reference = _reference(contract, registry.epoch(version))
    return [_finding(contract, error) for error in islice(reference.iter_errors(value), FINDINGS)]


@cache
def _compiled(contract: str, epoch: str) -> Callable[[Any], bool]:
    import jsonschema_rs

    keywords: Any = {"x-check": _CheckKeyword}
    validator = jsonschema_rs.Draft202012Validator(
        registry.schema(contract, epoch),
        retriever=lambda uri: _retrieved(uri, epoch),
        keywords=keywords,
    )
    accepts: Callable[[Any], bool] = validator.is_valid
    return accepts


class _CheckKeyword:
    """`x-check` for jsonschema_rs, which makes one for each place and calls it with each instance."""

    def __init__(self, parent: dict[str, Any], names: Any, path: list[str | int]) -> None:
        self.names = names

    def validate(self, instance: Any) -> None:
        if (found := checks.breach(self.names, instance)) is not None:
            raise ValueError(found.details)


def _retrieved(uri: str, epoch: str) -> dict[str, Any]:
    return registry.schema(uri.removeprefix(registry.BASE).removesuffix(".json"), epoch)


@cache
def _reference(contract: str, epoch: str) -> Any:
    import referencing
    from jsonschema import validators
    from referencing.jsonschema import DRAFT202012

    extend: Any = validators.extend
    registry_of: Any = referencing.Registry
    judge = extend(
        validators.Draft202012Validator,
        {
            "required": _missing,
            "dependentRequired": _dependent,
            "additionalProperties": _unexpected,
            "pattern": _pattern,
            "x-check": _checked,
        },
    )
    resources = registry_of(retrieve=lambda uri: DRAFT202012.create_resource(_undated(_retrieved(uri, epoch))))
    return judge(_undated(registry.schema(contract, epoch)), registry=resources)


def _undated(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without `$schema`, at sight of which jsonschema would go back to its own keywords."""
    del schema["$schema"]
    return schema


def _error(said: str) -> Any:
    import jsonschema

    return jsonschema.ValidationError(said)


def _missing(validator: Any, names: list[str], instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    """`required`, naming the member; null counts as missing, as it does at Meta."""
    if isinstance(instance, dict):
        yield from (_error(name) for name in names if instance.get(name) is None)


def _dependent(validator: Any, needs: dict[str, list[str]], instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    if isinstance(instance, dict):
        for member, names in needs.items():
            if member in instance:
                yield from (_error(name) for name in names if name not in instance)


def _unexpected(validator: Any, allowed: bool, instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    if isinstance(instance, dict) and allowed is False:
        yield from (_error(name) for name in instance if name not in schema.get("properties", {}))


def _pattern(validator: Any, pattern: str, instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    if isinstance(instance, str) and not _regex(pattern).search(instance):
        yield _error("does not match")


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    # `$` of JSON Schema is the very end; Python's also matches before a last newline.
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


def _checked(validator: Any, names: list[str], instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    if (found := checks.breach(names, instance)) is not None:
        yield _error(found.details)


def _finding(contract: str, error: Any) -> Finding:
    keyword, around = str(error.validator), error.schema if isinstance(error.schema, dict) else {}
    path, refusals = tuple(error.absolute_path), around.get("x-refusal", {})
    rule = f"{contract}#/{'/'.join(map(str, error.absolute_schema_path))}"
    if keyword == "x-check":
        found = checks.breach(error.validator_value, error.instance)
        if found is not None:
            return Finding(
                keyword=keyword,
                path=(*path, *found.path),
                limit=error.validator_value,
                got=error.instance,
                around=around,
                rule=rule,
                refusal={"code": found.code, "details": found.details},
                expected=found.expected,
                fix=found.fix,
            )
    refusal = refusals.get(keyword, {})
    if keyword in ("required", "dependentRequired", "additionalProperties"):
        path = (*path, error.message)
        refusal = refusals.get(f"{keyword}.{error.message}", refusal)
    if "param" in refusal:
        path = (*path, refusal["param"])
    return Finding(
        keyword=keyword,
        path=path,
        limit=error.validator_value,
        got=error.instance,
        around=around,
        rule=rule,
        refusal=refusal,
    )
