"""The contracts of all webhook fields but `messages`, and the samples that keep them."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain import routing
from localwaba.operations.announcements import TIMED
from localwaba_contracts import registry
from localwaba_contracts.validate import findings, violation
from localwaba_contracts.webhooks import NAMES, Sample, contract_of, fields, fill, samples, wanted

SAMPLES = samples()
SHAPELESS = {"consumer_profile", "message_echoes"}


def named(sample: Sample) -> str:
    return f"{sample.field}: {sample.variant}"


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every member of a value, the deepest last."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in pairs for found in ((*path, key), *places(part, (*path, key)))]


def test_every_field_has_a_row_and_a_contract() -> None:
    """What an app can subscribe to is described, each field once and by name, and has a contract."""
    assert [row.field for row in fields()] == sorted({*routing.FIELDS} - {"messages"})
    assert [name for name in routing.FIELDS if contract_of(name) not in registry.names()] == []
    assert contract_of("message_reactions") is None


def test_only_what_nobody_knows_has_no_sample() -> None:
    """A field without a variant is one whose shape nobody knows; the names of the variants of one field differ."""
    assert {row.field for row in fields() if not row.variants} == SHAPELESS
    assert len({(one.field, one.variant) for one in SAMPLES}) == len(SAMPLES)


def test_rows_agree_with_the_emulator() -> None:
    """The fields whose entry has a time are those for which the emulator sends one."""
    assert {row.field for row in fields() if row.timed} == TIMED


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_sample_keeps_its_contract(sample: Sample) -> None:
    """Both validators take every sample."""
    contract = f"webhooks/{sample.field}"
    assert (violation(contract, sample.value), findings(contract, sample.value)) == (None, [])


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_sample_names_nothing_unknown(sample: Sample) -> None:
    """No placeholder is left in a sample."""
    assert wanted(sample.value) == set()


@pytest.mark.parametrize("row", [row for row in fields() if row.variants], ids=lambda row: row.field)
def test_misspelt_members_are_found(row: Any) -> None:
    """A first-level member that does not exist is refused by name, in every field whose shape is known."""
    value = samples(row.field)[0].value | {"unheard_of": 1}
    found = violation(f"webhooks/{row.field}", value)
    if row.field == "business_status_update":
        assert found is None
    else:
        assert found is not None
        assert "unheard_of" in str(found.message)


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_types_are_those_of_the_facts(sample: Sample) -> None:
    """Ids are texts but for templates', times are texts or integers field by field, and neither the other way."""
    contract = f"webhooks/{sample.field}"
    for path in places(sample.value):
        value = fill(sample.value, NAMES)
        *head, last = path
        part = value
        for step in head:
            part = part[step]
        old = part[last]
        is_id = isinstance(last, str) and (last.endswith("_id") or last == "timestamp") and isinstance(old, (int, str))
        if not is_id or (last == "timestamp" and sample.field.startswith("group_")):
            continue
        if isinstance(old, str) and not old.isdigit():
            continue
        if last == "request_id":
            continue
        part[last] = int(old) if isinstance(old, str) else str(old)
        assert violation(contract, value) is not None, path


def test_names_replace_made_up_ids() -> None:
    """Samples can be about anybody's number and moment."""
    (first, *_) = samples("security", {"display_phone_number": "4930123456"})
    assert first.value["display_phone_number"] == "4930123456"
    assert fill({"a": ["{#now+10}", "{now-1}", "x {name}{{1}}"]}, {"now": 90, "name": "Ada"}) == {
        "a": [100, "89", "x Ada{{1}}"]
    }
    assert fill("{date+86400} {month}", {"now": 1_790_000_000}) == "September 22, 2026 2026-09"
    with pytest.raises(KeyError):
        fill("{nobody}", NAMES)
