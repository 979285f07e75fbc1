"""Whatever is tried in whatever order, PINs and registration keep their limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.domain.events import Put
from localwaba.domain.model import PhoneNumber
from localwaba.domain.registration import PIN_GUESSES, PIN_PAUSE, check_pin, deregister, register


def bare(**more: Any) -> PhoneNumber:
    """A verified number."""
    return PhoneNumber(id="1", waba_id="2", digits="3", display="+3", verified_name="n", **more)


@given(st.lists(st.tuples(st.sampled_from(["good", "bad"]), st.integers(0, PIN_PAUSE)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_no_number_of_guesses_gets_past_the_limit(guesses: list[tuple[str, int]]) -> None:
    """Within one pause, never more than so many wrong PINs are even looked at."""
    number, now, looked = bare(pin="good"), 1_000_000, []
    for pin, wait in guesses:
        now += wait
        try:
            check_pin(number, pin, now)
        except Refused as refused:
            for event in refused.events:
                looked.append(now)
                assert isinstance(event, Put)
                assert isinstance(event.thing, PhoneNumber)
                number = event.thing
    for first in looked:
        assert sum(first <= at < first + PIN_PAUSE for at in looked) <= 2 * PIN_GUESSES - 1
    assert number.pin_failures <= PIN_GUESSES


@given(st.lists(st.sampled_from(["on", "off"]), max_size=8))
@settings(max_examples=40, deadline=None)
def test_on_and_off_are_the_only_states(steps: list[str]) -> None:
    """Whatever the order of registering and deregistering, the last that was allowed decides."""
    number, on = bare(registered=False, status="PENDING"), False
    for step in steps:
        if step == "off" and not on:
            with pytest.raises(Refused):
                deregister(number, 1)
            continue
        for event in register(number, "1", 1) if step == "on" else deregister(number, 1):
            assert isinstance(event, Put)
            assert isinstance(event.thing, PhoneNumber)
            number = event.thing
        on = step == "on"
    assert (on, on) == (number.registered, number.status == "CONNECTED")
