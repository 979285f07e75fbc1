"""Every shape that a webhook's value is known to have, by field and name, with valid ids filled in.

The files are `samples/<field>.json`. What differs from world to world stands there as `$wa_id`, `$phone_number_id` and
the like; `PLACEHOLDERS` says what each becomes where nothing else is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Any

import msgspec

PACKAGE = "localwaba_contracts"

PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "display_phone_number": "15550783881",
        "phone_number_id": "106540352242922",
        "wa_id": "16505551234",
        "user_id": "US.13491208655302741918",
        "parent_user_id": "US.ENT.11815799212886844830",
        "name": "Ada Lovelace",
        "username": "ada.lovelace",
        "new_wa_id": "16505559999",
        "new_user_id": "US.13491208655302741920",
        "new_parent_user_id": "US.ENT.11815799212886844831",
        "group_id": "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD",
        "timestamp": "1767268800",
        "media_id": "2725000000000000",
        "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h",
        "message_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMQA=",
        "second_id": "wamid.HBgLMTY1MDU1NTExMTEVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMgA=",
        "first_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMAA=",
        "quoted_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJDMzQxMDAwMDAwMDAwMEEwMDEA",
        "sent_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJDMzQxMDAwMDAwMDAwMEEwMDIA",
        "call_id": "wacid.HBgLMTY1MDU1NTEyMzQVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMwA=",
    }
)
"""What can be filled in, and what stands there otherwise. `quoted_id` and `sent_id` are messages of the business,
`first_id` an earlier one of the user; `timestamp` is in seconds."""


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shape of a field's value.

    `how` it happens: `message` (a user writes), `action` (a user does something), `behaviour` (a user is like that),
    `rule` (it follows from a message of the business), or `platform` (only by an event of the platform). `confidence`
    is M (Meta says so), C (captured) or U (uncertain).
    """

    name: str
    title: str
    how: str
    source: str
    confidence: str
    value: dict[str, Any]

    def filled(self, **given: str) -> dict[str, Any]:
        """A fresh copy of the value; `given` replaces some of PLACEHOLDERS. KeyError for a name that is none."""
        for name in given:
            if name not in PLACEHOLDERS:
                raise KeyError(name)
        found: dict[str, Any] = _fill(self.value, {**PLACEHOLDERS, **given})
        return found


def samples(field: str = "messages") -> dict[str, Sample]:
    """Every known shape of a field's value by its name, in the order of the file; empty for a field without a file."""
    return dict(_samples(field))


def fields() -> tuple[str, ...]:
    """The fields of which shapes are listed."""
    folder = files(PACKAGE) / "samples"
    return tuple(sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")))


@cache
def _samples(field: str) -> dict[str, Sample]:
    file = files(PACKAGE) / "samples" / f"{field}.json"
    found = msgspec.json.decode(file.read_bytes(), type=list[Sample]) if file.is_file() else []
    return {sample.name: sample for sample in found}


def _fill(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).substitute(given) if "$" in value else value
    if isinstance(value, dict):
        return {key: _fill(member, given) for key, member in value.items()}
    return [_fill(member, given) for member in value] if isinstance(value, list) else value
