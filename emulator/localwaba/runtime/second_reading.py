"""What only the emulator can say of scenario files: whether knobs and faults make sense."""

from __future__ import annotations

from collections.abc import Iterable

from localwaba.domain.policy import Policy
from localwaba.domain.world import World
from localwaba.operations.faults import arm_faults
from localwaba.operations.meta import read_policy
from localwaba.operations.mistakes import Mistake
from localwaba_scenarios.model import Fault, Rule, Scenario


def mistakes_in(scenarios: Iterable[Scenario]) -> list[str]:
    """A line for each knob and each fault that makes no sense."""
    there = list(scenarios)
    return _bad_knobs(there) + _bad_faults(there)


def _bad_knobs(scenarios: list[Scenario]) -> list[str]:
    """Knobs whose values make no sense; only the emulator knows that."""
    lines: list[str] = []
    for scenario in scenarios:
        rules = [step for step in (scenario.policy, *scenario.steps) if isinstance(step, Rule)]
        for one, name, value in ((rule, *knob) for rule in rules for knob in rule.knobs.items()):
            try:
                read_policy(Policy(), {name: value})
            except Mistake as mistake:
                lines.append(f"{one.places[name]}: {name}: {mistake.text.removeprefix('policy: ')}")
    return list(dict.fromkeys(lines))


def _bad_faults(scenarios: list[Scenario]) -> list[str]:
    """Faults that make no sense, as far as that can be said without the world that they are to strike."""
    lines: list[str] = []
    for step in (step for scenario in scenarios for step in scenario.steps):
        fault = step.fault if isinstance(step, Fault) else None
        if fault is None or "${" in step.argument or "phone_number_id" in step.argument:
            continue
        try:
            arm_faults(World(name="", seed=0, created_at=0), 0, dict(fault))
        except Mistake as mistake:
            lines.append(f"{step.place}: {mistake.text}")
    return list(dict.fromkeys(lines))
