"""Answers with errors are whole, of every code that calls can meet; what tests print of such values is short."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from localwaba_contracts import errors
from localwaba_contracts.validate import violation
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.people import ANA

once = settings(max_examples=1, database=None, phases=[Phase.generate])
plain = settings(max_examples=100, database=None, phases=[Phase.generate, Phase.shrink])


def test_error_answers() -> None:
    """An answer with an error of any code that calls can meet keeps its contract and has no gap in its texts."""
    known = sorted({row.code for row in errors() if row.channel != "webhook" and not row.retired})
    assert len(known) > 80
    groups = [[wa.error_answers(code) for code in known[place : place + 8]] for place in range(0, len(known), 8)]

    for group in groups:
        for answer in find(st.tuples(*group), lambda _: True, settings=once):
            assert violation("answers/error", answer.json) is None
            assert not re.search(r"\{[a-z_]+\}", answer.body.decode())
            assert (answer.error.status, answer.status == 200) == (answer.status, False)


def test_error_answers_of_codes() -> None:
    """Codes can be asked for, the smallest answer is the commonest; a code that calls do not meet is refused."""
    assert find(wa.error_answers(), lambda one: True, settings=plain).error.code == 100
    found = find(wa.error_answers([131056, 80007]), lambda one: one.error.code == 131056, settings=plain)
    assert found.json["error"]["message"].startswith("(#131056)")
    with pytest.raises(ValueError, match="no call is answered with 7"):
        wa.error_answers(7)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            ANA,
            "Person(wa_id='16505551234',\n number='16505551234',\n name='Ana',\n"
            " country='US',\n user_id='US.1000000000')",
        ),
        (wa.webhook({"object": "o"}, "secret"), "webhook({'object': 'o'}, app_secret)"),
        (
            wa.MetaError(400, 100, "(#100) Invalid parameter"),
            "MetaError(status=400, code=100, message='(#100) Invalid parameter')",
        ),
    ],
)
def test_what_is_printed(value: Any, expected: str) -> None:
    """A failing test shows a value as the call that makes it, without what nobody has said."""
    assert pretty(value) == expected


@pytest.mark.parametrize(
    "strategy",
    [
        wa.sends(),
        wa.broken_sends(),
        wa.templates(),
        wa.templates_with_sends(),
        wa.broken_templates(),
        wa.broken_template_sends(),
        wa.inbound_messages(),
        wa.message_values(),
        wa.message_shapes(),
        wa.field_values(),
        wa.status_sequences(),
        wa.webhooks("secret"),
        wa.conversations(),
        wa.users(),
        wa.error_answers(),
    ],
    ids=lambda one: repr(one)[:20],
)
def test_strategies_are_named_shortly(strategy: Any) -> None:
    """The name of a strategy, which Hypothesis prints with many errors, is not a page long."""
    assert len(repr(strategy)) < 500
