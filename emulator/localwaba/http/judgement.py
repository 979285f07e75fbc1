"""The contract of a request, checked; a breach becomes the refusal that Meta would give."""

from __future__ import annotations

import re
from typing import Any

from localwaba.domain.errors import Refused, refuse
from localwaba_contracts.validate import Violation, coerce, message_contract, violation

_FAMILY = "requests/messages"
_MEMBER = re.compile(r"\['([^']*)'\]")


def judge(contract: str, params: dict[str, Any], version: str, *, is_json: bool) -> dict[str, Any]:
    """The parameters with the types that the contract wants; refused if they break it.

    Forms and query strings carry text only: `coerce` reads numbers, booleans and JSON out of it. Management calls may
    carry numbers as text in JSON too; messages may not.
    """
    if not contract:
        return params
    if contract == _FAMILY:
        if not is_json:
            params = coerce(message_contract(params), params)
        contract = message_contract(params)
    else:
        params = coerce(contract, params)
    found = violation(contract, params, version)
    if found is None:
        return params
    lean: dict[str, Any] = without_nulls(params)
    if lean != params and violation(contract, lean, version) is None:
        return lean
    raise breach(found)


def without_nulls(value: Any) -> Any:
    """A value without the members that are null: Meta takes them as not given (pywa and heyoo send them)."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def breach(found: Violation) -> Refused:
    """The refusal of a request that breaks its contract."""
    path = _readable(found.path)
    contract = found.rule.partition("#")[0].removeprefix("requests/")
    return refuse(
        found.code,
        found.details,
        subcode=found.subcode,
        message=found.message,
        rule=f"contract of {contract}",
        why=f"{path}: {found.expected}" if path else found.expected,
        fix=found.fix.replace(found.path, path) if found.path else found.fix,
    )


def _readable(path: str) -> str:
    """`a['b'][0]['c']` as people write it: `a.b[0].c`."""
    return _MEMBER.sub(r".\1", path)
