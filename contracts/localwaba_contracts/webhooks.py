"""Every webhook field: what it is like, and a sample of each of its variants.

The samples are data, `samples/<field>.json`, with {placeholders}: `{name}` stands for a text, `{#name}` for an integer,
and a number of seconds may follow, as in `{#now+86400}`. `samples` fills them with made-up ids, `fill` with anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from localwaba_contracts import registry

MESSAGES = "messages"
NOW = 1_790_000_000
"""The moment of the samples, in seconds: September 2026."""

NAMES: Mapping[str, str | int] = {
    "ad_account_id": "120210000000000001",
    "app_id": "670843887433847",
    "business_id": "2729063490586005",
    "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0",
    "display_phone_number": "15550783881",
    "flow_id": "6627390910605886",
    "flow_name": "sample",
    "group_id": "Y2FwaV9ncm91cDoxNTU1MDc4Mzg4MToxMjAzNjM0MDQ2OTQyMzM4MjAZD",
    "invite_link": "https://chat.whatsapp.com/IqK8ReSSDRBLMvUSwpKgA7",
    "join_request_id": "MTY1MDU1NTEyMzQ6MTIwMzYzNDA0Njk0MjMzODIw",
    "media_id": "2754859441498128",
    "media_url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=2754859441498128",
    "meta_user_id": "10158000000000001",
    "name": "Ada Lovelace",
    "new_name": "Lucky Shrub",
    "new_wa_id": "16505559999",
    "next_parent_user_id": "US.ENT.11815799212886844831",
    "next_user_id": "US.23491208655302741919",
    "now": NOW,
    "other_category": "UTILITY",
    "parent_user_id": "US.ENT.11815799212886844830",
    "partner_app_id": "670843887433848",
    "partner_business_id": "506914307656634",
    "phone_number_id": "106540352242922",
    "request_id": "gBGGFlB5YjhvAgnhuF1qIUvCo7A",
    "sha256": "SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=",
    "solution_id": "774485461512159",
    "template_category": "MARKETING",
    "template_id": 1689556908129832,
    "template_language": "en_US",
    "template_name": "order_confirmation",
    "template_quality": "GREEN",
    "user_id": "US.13491208655302741918",
    "username": "ada.lovelace",
    "waba_id": "102290129340398",
    "wa_id": "16505551234",
    "wacid": "wacid.HBgLMTY1MDU1NTEyMzQVAgASGCA0MjU0MjM2QkY4NzQ0MjEzOTEyM0Y5QjM2RDU5QTA2OQA=",
    "wamid": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=",
    "wamid_first": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMAA=",
    "wamid_in": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=",
    "wamid_out": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI4MjZGRDA0OUE2OTQ3RkEyMzcA",
    "wamid_quoted": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJDMzQxMDAwMDAwMDAwMEEwMDEA",
    "wamid_sent": "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJDMzQxMDAwMDAwMDAwMEEwMDIA",
    "wamid_second": "wamid.HBgLMTY1MDU1NTExMTEVAgASGCA0QzM0MTAwMDAwMDAwMDBBMDAwMDAwMDAwMDAwMDAwMgA=",
}
"""What the samples are about where nobody says otherwise; times are derived from `now`. `wamid_out` is a new
message of the business, `wamid_quoted` and `wamid_sent` are such that users know, `wamid_in` is a new one of the user,
`wamid_first` an earlier one, `wamid_second` one of somebody else."""

_FOLDER = "samples"
_PLACEHOLDER = re.compile(r"\{(#?)([a-z][a-z0-9_]*)([+-][0-9]+)?\}")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shape or event of a field: `how` it happens by itself, if it does; `value` holds {placeholders}.

    In the field `messages`, `how` is `message` (a user writes), `action` (a user does something), `behaviour` (a user
    is like that) or `rule` (it follows from a message of the business). `title` says what it is where `variant` does
    not. `source` and `confidence` are the field's where they are empty.
    """

    variant: str
    value: dict[str, Any]
    title: str = ""
    how: str = ""
    source: str = ""
    confidence: str = ""

    @property
    def name(self) -> str:
        """The variant."""
        return self.variant

    def filled(self, **given: str | int) -> dict[str, Any]:
        """A fresh copy of the value; `given` replaces some of NAMES. KeyError for a name that is none."""
        for name in given:
            if name not in NAMES:
                raise KeyError(name)
        found: dict[str, Any] = fill(self.value, {**NAMES, **given})
        return found


class FieldRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook field: whether its entry has a `time`, whose id the entry has, what an event of it `changes`.

    A field whose shape nobody knows has no variants. `confidence` is M (Meta says so), C (captured) or U (uncertain).
    """

    field: str
    timed: bool
    entry: str
    source: str
    confidence: str
    variants: tuple[Variant, ...]
    changes: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A valid `value` of a field, with made-up ids; `timed`: its entry has a `time`."""

    field: str
    variant: str
    value: dict[str, Any]
    timed: bool


def row(field: str) -> FieldRow | None:
    """What is known of a field; None for one that nobody can subscribe to."""
    return _row(field) if field in _names() else None


@cache
def fields() -> tuple[FieldRow, ...]:
    """Every field that an app can subscribe to, but `messages`; by name."""
    return tuple(_row(name) for name in _names() if name != MESSAGES)


def variants(field: str = MESSAGES) -> dict[str, Variant]:
    """Every known shape of a field's value by its name, in the order of the data; empty for a field without one."""
    found = row(field)
    return {one.variant: one for one in found.variants} if found else {}


def samples(field: str = "", names: Mapping[str, str | int] | None = None) -> tuple[Sample, ...]:
    """A sample of every variant of one field, or of all but `messages`; `names` replaces some of `NAMES`.

    Each is a fresh value. `{"field": one.field, "value": one.value}` is a change as webhooks have it.
    """
    known = {**NAMES, **(names or {})}
    found = row(field) if field else None
    return tuple(
        Sample(field=about.field, variant=one.variant, value=fill(one.value, known), timed=about.timed)
        for about in ((found,) if found else () if field else fields())
        for one in about.variants
    )


def contract_of(field: str) -> str | None:
    """The name of the contract for the `value` of a field; None for a field that nobody knows."""
    return f"webhooks/{field}" if field in _names() else None


@cache
def _row(field: str) -> FieldRow:
    return msgspec.json.decode(registry.read(f"{_FOLDER}/{field}.json"), type=FieldRow)


@cache
def _names() -> tuple[str, ...]:
    folder = files(registry.PACKAGE) / _FOLDER
    return tuple(sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json")))


def dashboard_test(field: str) -> dict[str, Any] | None:
    """The value that the button "Test" of the app dashboard sends; None for a field whose shape nobody knows.

    That of `messages` was captured in June 2025, others in August 2026; the rest are samples about the same number.
    """
    if field == MESSAGES:
        found: dict[str, Any] = msgspec.json.decode(_TEST_MESSAGE)
        return found
    known = list(variants(field).values())
    seen = [one for one in known if one.source.startswith("dashboard test")]
    return (seen or known)[0].filled(**_DASHBOARD) if known else None


_DASHBOARD = {
    "display_phone_number": "16505551111",
    "phone_number_id": "123456123",
    "name": "test user name",
    "wa_id": "16315551181",
}
_TEST_MESSAGE = (
    b'{"messaging_product":"whatsapp","metadata":{"display_phone_number":"16505551111","phone_number_id":"123456123"},'
    b'"contacts":[{"profile":{"name":"test user name"},"wa_id":"16315551181"}],"messages":[{"from":"16315551181",'
    b'"id":"ABGGFlA5Fpa","timestamp":"1504902988","type":"text","text":{"body":"this is a text message"}}]}'
)


def wanted(value: Any) -> set[str]:
    """The names of the placeholders within a value."""
    if isinstance(value, str):
        return {found[2] for found in _PLACEHOLDER.finditer(value)}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for part in parts for name in wanted(part)}


def fill(value: Any, names: Mapping[str, str | int]) -> Any:
    """A copy of a value with its placeholders filled; `now` is in seconds. KeyError for a name that is not there."""
    if isinstance(value, dict):
        return {key: fill(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, names) for part in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole and whole[1]:
        return int(_word(whole, names))
    return _PLACEHOLDER.sub(lambda found: str(_word(found, names)), value)


def _word(found: re.Match[str], names: Mapping[str, str | int]) -> str | int:
    name, shift = found[2], int(found[3] or 0)
    if name == "date":
        day = datetime.fromtimestamp(int(names["now"]) + shift, UTC)
        return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
    if name == "month":
        return datetime.fromtimestamp(int(names["now"]) + shift, UTC).strftime("%Y-%m")
    return int(names[name]) + shift if shift else names[name]
