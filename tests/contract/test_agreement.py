"""The compiled validator and the reference say yes and no to the same messages."""

from __future__ import annotations

import copy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localwaba_contracts.messages import message_contracts
from localwaba_contracts.validate import findings, is_valid, message_contract, violation
from neighbours import load

VALID = list(load("contract/test_limits").VALID.values())
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 50000),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=30),
    st.sampled_from(["", "x" * 25, "x" * 5000, "TEXT", "http://x\n", "wamid.x\n", "1\n", "٣", "ſ", "K", "😀" * 21]),
    st.lists(st.integers(0, 3), max_size=12),
    st.dictionaries(st.sampled_from(["id", "link", "text", "type", "x"]), st.text(max_size=3), max_size=3),
)


def places(value, path=()):
    """Every path into a message."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


@st.composite
def mutated(draw):
    """A right message after up to three changes anywhere in it."""
    message = copy.deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([path for path in places(message) if path]))
        place = message
        for step in parents:
            place = place[step]
        how = draw(st.sampled_from(["replace", "delete", "add", "repeat"]))
        if how == "replace":
            place[last] = draw(JUNK)
        elif how == "delete":
            del place[last]
        elif how == "add" and isinstance(place, dict):
            place[draw(st.sampled_from(["id", "link", "text", "header", "extra", "parameters"]))] = draw(JUNK)
        elif how == "repeat" and isinstance(place, list):
            place.append(place[last])
    return message


@settings(max_examples=300, deadline=None)
@given(mutated())
@example(VALID[0] | {"type": "image", "image": {"id": "1\n"}})
@example(VALID[0] | {"messaging_product": "whatſapp"})
@example(VALID[0] | {"to": None, "recipient": "US.1"})
def test_both_validators_agree(message):
    """Whatever is done to a message, compiled schema and reference judge it alike, by its contract."""
    contract = message_contract(message)
    assert is_valid(contract, message) == (not findings(contract, message))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(message_contracts()), mutated())
def test_both_validators_agree_on_any_contract(contract, message):
    """They agree too where a message is judged by the contract of another type."""
    assert is_valid(contract, message) == (not findings(contract, message))


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_an_invalid_message_has_one_error(message):
    """A message that is refused gets an error with a code, a text, a place in the schema and a way out."""
    contract = message_contract(message)
    found = violation(contract, message)
    assert (found is None) == is_valid(contract, message)
    if found is not None:
        assert (found.code, violation(contract, copy.deepcopy(message))) == (found.code, found)
        assert all((found.code, found.rule, found.expected, found.fix))
        assert found.message or found.details or found.code == 131051


@pytest.mark.parametrize("message", VALID)
def test_right_messages_have_no_findings(message):
    """The reference finds nothing in what the compiled schema takes."""
    assert findings(message_contract(message), message) == []
