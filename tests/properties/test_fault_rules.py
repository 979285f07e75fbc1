"""When faults fire, against counting."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain import faults
from localwaba.domain.applying import apply
from localwaba.domain.fault_kinds import KINDS
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.fault_state import Fault, FaultArmed, Match, When
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World

NOW = 1_790_000_000_000


def arm(world: World, rule: str = "always", number: float = 0, kind: str = "lose", **match: tuple[str, ...]) -> Fault:
    """Arms a fault in a world."""
    fault = Fault(
        id=f"f{world.fault_record.count}",
        kind=kind,
        when=When(rule, number),  # type: ignore[arg-type]
        match=Match(**match),
        parameters={one.name: one.default for one in KINDS[kind].parameters},
    )
    apply(world, FaultArmed(at=NOW, fault=fault))
    return fault


def ask(world: World, subjects: list[str], **occasion: tuple[str, ...]) -> list[bool]:
    """Whether a fault fires on each of some occasions, one after the other."""
    found = []
    for subject in subjects:
        ruling = faults.rule(world, "telling", Occasion("it", subject, **occasion), NOW)
        for event in ruling.events:
            apply(world, event)  # type: ignore[arg-type]
        found.append(bool(ruling.fired))
    return found


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
