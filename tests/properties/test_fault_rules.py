"""When faults fire, against counting."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.seeding import new_world
from neighbours import load

_parts = load("unit/arming")
arm, ask = _parts.arm, _parts.ask

NOW = 1_790_000_000_000


@given(subjects=st.lists(st.sampled_from("abc"), max_size=30), n=st.integers(1, 6))
@settings(max_examples=50)
def test_rules(subjects: list[str], n: int) -> None:
    """Each rule fires exactly where counting says: the next n, each nth, the first n of each."""
    reference = {
        "always": [True for _ in subjects],
        "next": [place < n for place, _ in enumerate(subjects)],
        "every": [(place + 1) % n == 0 for place, _ in enumerate(subjects)],
        "first": [subjects[:place].count(subject) < n for place, subject in enumerate(subjects)],
    }
    for rule, expected in reference.items():
        world = new_world("w", 1, NOW)
        arm(world, rule, n)
        assert ask(world, subjects) == expected


@given(seed=st.integers(0, 2**31))
@settings(max_examples=20)
def test_chance(seed: int) -> None:
    """Chance depends on the seed and on how often it was asked, on nothing else, and is as probable as told."""
    runs = []
    for _ in range(2):
        world = new_world("w", seed, NOW)
        arm(world, "chance", 0.5)
        runs.append(ask(world, ["x"] * 400))
    assert runs[0] == runs[1]
    assert 130 < sum(runs[0]) < 270
