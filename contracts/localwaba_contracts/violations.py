"""Turns what a validator found into the one error that Meta would answer, and says it in Meta's grammar."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

Path = tuple[str | int, ...]

MISSING = frozenset({"required", "dependentRequired"})
WRONG = frozenset({"type", "enum", "const"})
KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "a JSON object",
}
SHOWN = 200
"""Characters of a refused value that are echoed."""


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """The error that one value breaks a contract with.

    `code` and `subcode` name a row of the error catalogue. `message` replaces its title, without the `(#code) `
    prefix; None leaves the title. `details` is for `error_data`; None leaves it to the row. `path` is in Meta's
    syntax, `interactive['action']['buttons'][0]`. `rule`, `expected` and `fix` are for people, in our own words.
    """

    code: int
    message: str | None = None
    details: str | None = None
    subcode: int | None = None
    path: str = ""
    rule: str = ""
    expected: str = ""
    fix: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a validator found: where, by which keyword, and what the schema says about it.

    `path` ends with the member that is missing or not expected. `limit` is the keyword's value, `got` the instance,
    `around` the subschema with the keyword. `refusal` is its annotation in `x-refusal`, if any.
    """

    keyword: str
    path: Path
    limit: Any
    got: Any
    around: dict[str, Any]
    rule: str
    refusal: dict[str, Any]
    expected: str = ""
    fix: str = ""


def spell(path: Iterable[str | int]) -> str:
    """A path as Meta writes it: the first member bare, the others in brackets."""
    first, *rest = [*path] or [""]
    return str(first) + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in rest)


def choose(findings: Sequence[Finding]) -> Violation:
    """The error that is answered when there are many.

    What Graph's own layer refuses comes before what the messaging layer refuses; then the shallowest; then what is
    missing, of a wrong type, not expected, and the rest; then the order of the schema.
    """
    best = min(range(len(findings)), key=lambda place: (*_rank(findings[place]), place))
    return _violation(findings[best], findings)


def unreadable() -> Violation:
    """For a value that no validator can walk through, such as one nested a thousand deep."""
    return Violation(
        code=100,
        details="Parameter Invalid",
        rule="nesting",
        expected="JSON that is not nested this deep",
        fix="send the message as documented",
    )


def _rank(finding: Finding) -> tuple[int, int, int]:
    own = finding.refusal
    late = bool(own.get("details")) or own.get("code", 100) not in (100, 192)
    return int(late), len(finding.path), _kind(finding)


def _kind(finding: Finding) -> int:
    if finding.keyword in MISSING or _grammar(finding) == "required":
        return 0
    if finding.keyword in WRONG or (finding.keyword == "pattern" and "x-names" in finding.around):
        return 1
    return 2 if finding.keyword == "additionalProperties" else 3


def _grammar(finding: Finding) -> str:
    named = finding.refusal.get("grammar")
    if named:
        return str(named)
    if finding.keyword in MISSING or (finding.keyword == "minLength" and finding.limit == 1):
        return "required"
    if finding.keyword in ("enum", "const") or (finding.keyword in ("pattern", "type") and "x-names" in finding.around):
        return "one_of"
    return finding.keyword


def _violation(finding: Finding, findings: Sequence[Finding]) -> Violation:
    own, path = finding.refusal, finding.path
    if not path and finding.keyword == "type":
        return msgspec.structs.replace(
            unreadable(), rule=finding.rule, expected="a JSON object", fix="send a JSON object"
        )
    said = own.get("message"), own.get("details")
    # A code of its own without a text leaves both to the catalogue; without a code the grammar speaks.
    if said == (None, None) and ("code" not in own or "grammar" in own):
        said = _sentence(finding, path), None
    return Violation(
        code=own.get("code", 100),
        subcode=own.get("subcode"),
        message=said[0],
        details=said[1],
        path=spell(path),
        rule=finding.rule,
        expected=finding.expected or _expected(finding),
        fix=finding.fix or own.get("fix") or _fix(finding, path, findings),
    )


def _sentence(finding: Finding, path: Path) -> str:
    """The message in the grammar of Graph's parameter layer."""
    param, limit = spell(path), finding.limit
    match _grammar(finding):
        case "required":
            return f"The parameter {param} is required."
        case "one_of":
            return f'Param {param} must be one of {{{", ".join(_names(finding))}}} - got "{_shown(finding.got)}".'
        case "type":
            return f"Param {param} must be {_wanted(limit)}."
        case "additionalProperties":
            return f'Unexpected key "{path[-1]}" on param "{spell(path[:-1])}".'
        case "maxLength":
            return f"Param {param} must be at most {limit} characters long."
        case "minLength":
            return f"Param {param} must be at least {limit} characters long."
        case "maxItems":
            return f"Param {param} must have at most {limit} elements."
        case "minItems":
            return f"Param {param} must have at least {limit} elements."
        case "maximum":
            return f"Param {param} must be less than or equal to {limit}."
        case "minimum":
            return f"Param {param} must be greater than or equal to {limit}."
        case "uri":
            return f"Param {param} is not a valid URI."
        case "media_id":
            return f"Param {param} is not a valid whatsapp business account media attachment ID"
        case "phone_number":
            return f"Param {param} is not a valid phone number."
        case _:
            return f"Param {param} is not valid."


def _names(finding: Finding) -> list[str]:
    if "x-names" in finding.around:
        return list(finding.around["x-names"])
    values = finding.limit if finding.keyword == "enum" else [finding.limit]
    return [value if isinstance(value, str) else json.dumps(value) for value in values]


def _wanted(types: str | list[str]) -> str:
    return KINDS.get(types if isinstance(types, str) else types[0], "valid")


def _shown(got: object) -> str:
    if isinstance(got, str):
        return got[:SHOWN]
    try:
        return json.dumps(got, ensure_ascii=False, separators=(",", ":"), default=repr)[:SHOWN]
    except (RecursionError, ValueError):
        return type(got).__name__


def _expected(finding: Finding) -> str:
    """What would have been right, in plain words."""
    limit = finding.limit
    match _grammar(finding):
        case "required":
            return "a value that is not empty"
        case "one_of":
            return "one of " + ", ".join(_names(finding))
        case "type":
            return " or ".join(KINDS.get(kind, kind) for kind in ([limit] if isinstance(limit, str) else limit))
        case "additionalProperties":
            return "one of " + ", ".join(sorted(finding.around.get("properties", {})))
        case "maxLength" | "minLength" as side:
            length = f", got {len(finding.got)}" if isinstance(finding.got, str) else ""
            return f"{'at most' if side == 'maxLength' else 'at least'} {limit} characters{length}"
        case "maxItems" | "minItems" as side:
            count = f", got {len(finding.got)}" if isinstance(finding.got, list) else ""
            return f"{'at most' if side == 'maxItems' else 'at least'} {limit} elements{count}"
        case "maximum" | "minimum" as side:
            return f"{'at most' if side == 'maximum' else 'at least'} {limit}"
        case "uri":
            return "an http or https URL without spaces"
        case "media_id":
            return "the digits that an upload answered with"
        case "phone_number":
            return "a phone number with country code"
        case "oneOf" | "anyOf":
            return "exactly one of " + " | ".join("+".join(part.get("required", ())) for part in limit)
        case _:
            return "a value as documented"


def _fix(finding: Finding, path: Path, findings: Sequence[Finding]) -> str:
    """What to change, with the nearest match where something looks misspelt."""
    param, name = spell(path), str(path[-1]) if path else ""
    if _grammar(finding) == "required":
        strays = [str(other.path[-1]) for other in findings if _is_stray(other, path)]
        near = difflib.get_close_matches(name, strays, 1, 0.6)
        return f"rename {near[0]} to {name}" if near else f"add {param}"
    if finding.keyword == "additionalProperties":
        near = difflib.get_close_matches(name, list(finding.around.get("properties", {})), 1, 0.6)
        return f"rename {name} to {near[0]}" if near else f"leave {name} out"
    if _grammar(finding) == "one_of":
        known = _names(finding)
        lower = {option.lower(): option for option in known}
        near = difflib.get_close_matches(_shown(finding.got).lower(), list(lower), 1, 0.6)
        return f"did you mean {lower[near[0]]}?" if near else f"use one of {', '.join(known)}"
    if finding.keyword == "maxLength":
        return f"shorten {param} to {finding.limit} characters"
    return f"change {param}"


def _is_stray(other: Finding, path: Path) -> bool:
    return other.keyword == "additionalProperties" and other.path[:-1] == path[:-1]
