"""What holds of every strategy: typed, drawn anew each time, the same for the same seed, small at its smallest."""

from __future__ import annotations

import copy
import inspect
import random
from typing import Any, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.strategies import SearchStrategy

from pytest_localwaba import strategies as wa

DEFINITION = {
    "name": "hello",
    "language": "en_US",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hello {{1}}, welcome here", "example": {"body_text": [["Ana"]]}}],
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "broken_read_receipts": (["wamid.A"],),
    "read_receipts": (["wamid.A"],),
    "template_sends": (DEFINITION,),
    "texts": (30,),
    "webhooks": ("secret",),
}
NO_STRATEGIES = {"highest", "webhook"}
STRATEGIES = sorted(name for name in wa.__all__ if name.islower() and name not in NO_STRATEGIES)
LARGEST = {"broken_template_sends": 700, "conversations": 750, "nasty_status_sequences": 700, "webhooks": 500}
"""How many characters the smallest example may have, where 420 are not enough."""

smallest = settings(max_examples=100, database=None, phases=[Phase.generate, Phase.shrink])
few = settings(max_examples=8, database=None, phases=[Phase.generate], deadline=None)


def made(name: str) -> SearchStrategy[Any]:
    """The strategy of a name, with as few arguments as it takes."""
    strategy: SearchStrategy[Any] = getattr(wa, name)(*ARGUMENTS.get(name, ()))
    return strategy


def spoil(value: Any) -> None:
    """Empties everything that can be emptied, the innermost first."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        spoil(part)
    if isinstance(value, dict | list):
        value.clear()


def examples(name: str, other: int) -> list[str]:
    """Some examples for one seed, while what else is random differs."""
    random.seed(other)
    found: list[str] = []

    @seed(7)
    @settings(few, suppress_health_check=[HealthCheck.too_slow])  # says more of what else the machine does
    @given(made(name))
    def collect(one: Any) -> None:
        found.append(str(one))

    collect()
    return found


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_are_typed(name: str) -> None:
    """Type checkers see a strategy of something known, and the options by their names."""
    function = inspect.unwrap(getattr(wa, name))
    hints = get_type_hints(function)
    assert get_origin(hints["return"]) is SearchStrategy
    assert hints["return"].__args__ != (Any,)
    assert set(inspect.signature(function).parameters) <= set(hints)
    assert function.__doc__


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_smallest_is_small_and_fresh(name: str) -> None:
    """The smallest example is short, and what a test does to it is not seen in the next one."""
    first = find(made(name), lambda one: True, settings=smallest)
    kept = copy.deepcopy(first)
    shown = first.body if isinstance(first, wa.Webhook) else str(first)
    assert len(shown) <= LARGEST.get(name, 420), shown
    spoil(first)
    assert find(made(name), lambda one: True, settings=smallest) == kept


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same(name: str) -> None:
    """Nothing but Hypothesis decides: the same seed gives the same examples, whatever else is random."""
    assert examples(name, 1) == examples(name, 2)
