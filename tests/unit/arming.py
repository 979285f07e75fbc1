"""Faults, armed and asked in a world without a server."""

from __future__ import annotations

from localwaba.domain import faults
from localwaba.domain.applying import apply
from localwaba.domain.fault_kinds import KINDS
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.fault_state import Fault, FaultArmed, Match, When
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
