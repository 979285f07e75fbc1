"""Whatever a scenario file holds, it is read or its mistakes are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localwaba_scenarios.loader import BadScenario, read
from localwaba_scenarios.reading import UNITS, span_of


@given(
    st.lists(
        st.tuples(st.integers(0, 9_999), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "])),
        min_size=1,
        max_size=4,
    )
)
def test_spans(parts: list[tuple[int, str, str]]) -> None:
    """A time is the sum of its parts, however they are joined."""
    expected = pytest.approx(sum(number * UNITS[unit] for number, unit, _ in parts))
    for joint in (" ", " and "):
        assert expected == span_of(joint.join(f"{number}{gap}{unit}" for number, unit, gap in parts))


def told(text: str) -> tuple[str, ...]:
    """The mistakes of a text, if it has any."""
    try:
        read(text)
    except BadScenario as bad:
        return bad.mistakes
    return ()


@given(st.text(max_size=200))
def test_any_text_is_told_or_read(text: str) -> None:
    """No file makes the loader fall over."""
    assert all(line.startswith("scenario.yaml:") and "\n" not in line for line in told(text))


@given(st.text(alphabet="ansy:{}[],'\"?/-#&*!|>%@` \n~0$", max_size=60))
def test_any_step_is_told_or_read(text: str) -> None:
    """No step makes the loader fall over."""
    lines = told(f"name: x\nusers: [ana]\nsteps:\n  - ana says: {text}\n")
    assert all(line.startswith("scenario.yaml:") and "\n" not in line for line in lines)
