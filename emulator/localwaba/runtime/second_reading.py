"""What only the emulator can say of scenario files: whether knobs, faults, users and codes make sense."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

from localwaba.domain.policy import Policy
from localwaba.domain.world import World
from localwaba.operations.faults import arm_faults
from localwaba.operations.meta import read_policy
from localwaba.operations.mistakes import Mistake, nearest
from localwaba.operations.users import read_behaviour, wa_id_in
from localwaba_contracts import errors
from localwaba_scenarios.model import Acts, Fails, Fault, Person, Place, Rule, Scenario

_NOWHERE = World(name="", seed=0, created_at=0)


def mistakes_in(scenarios: Iterable[Scenario]) -> list[str]:
    """A line for each knob and each fault that makes no sense."""
    there = list(scenarios)
    return _bad_knobs(there) + _bad_faults(there) + _bad_people(there) + _bad_codes(there)


def _bad_knobs(scenarios: list[Scenario]) -> list[str]:
    """Knobs whose values make no sense; only the emulator knows that."""
    lines: list[str] = []
    for scenario in scenarios:
        rules = [step for step in (scenario.policy, *scenario.steps) if isinstance(step, Rule)]
        for one, name, value in ((rule, *knob) for rule in rules for knob in rule.knobs.items()):
            try:
                read_policy(Policy(), {name: value})
            except Mistake as mistake:
                lines.append(f"{one.places[name]}: {name}{_plain(mistake.text.removeprefix('policy: '), value)}")
    return list(dict.fromkeys(lines))


_KINDS = {
    "int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false", "null": "null",
    "array": "a list", "object": "a mapping",
}  # fmt: skip


def _plain(text: str, value: Any) -> str:
    """What is wrong with a value, in the words of people who do not write code."""
    found = re.match(r"Expected ([a-z |]+), got \w+", text)
    if found is None:
        return f": {text}"
    kinds = [_KINDS.get(kind, kind) for kind in found[1].split(" | ")]
    shown = value if isinstance(value, str) else json.dumps(value)
    return f" is {' or '.join(kinds)}, not {shown}"


def _bad_people(scenarios: list[Scenario]) -> list[str]:
    """Users whose country or number there is not, or whose behaviour makes no sense."""
    lines: list[str] = []
    for person in (person for scenario in scenarios for person in scenario.users):
        if person.number is None and person.country not in SUPPORTED_REGIONS:
            place = person.places.get("country", person.place)
            lines.append(f"{place}: there is no country {person.country}; codes are such as BR, US, DE")
        lines += _bad_behaviour(person)
        if person.number is not None:
            lines += _bad_number(person.number, person.places["number"])
    for scenario in scenarios:
        lines += _shared_numbers(scenario.users)
        for step in scenario.steps:
            if isinstance(step, Acts) and step.deed == "changes_number" and isinstance(step.given[0], str):
                lines += _bad_number(step.given[0], step.place)
    return list(dict.fromkeys(lines))


def _bad_behaviour(person: Person) -> list[str]:
    """What makes no sense of how a user behaves."""
    lines: list[str] = []
    for name, value in person.behaviour.items():
        try:
            read_behaviour({name: value})
        except Mistake as mistake:
            text, at, item = mistake.text.removeprefix("behaviour: ").partition(f" at {name}")
            subject = f"each of the {name}" if item else name
            lines.append(f"{person.places[name]}: {subject + _plain(text, value) if at else text}")
    return lines


def _bad_number(number: str, place: Place) -> list[str]:
    """What makes a number none."""
    try:
        wa_id_in(_NOWHERE, number)
    except Mistake as mistake:
        return [f"{place}: {mistake.text}"]
    return []


def _shared_numbers(users: Iterable[Person]) -> list[str]:
    """Numbers that two users of a scenario are to have."""
    lines: list[str] = []
    owners: dict[str, str] = {}
    for person in users:
        if person.number is None or _bad_number(person.number, person.place):
            continue
        owner = owners.setdefault(wa_id_in(_NOWHERE, person.number), person.key)
        if owner != person.key:
            lines.append(f"{person.places['number']}: {owner} has this number already; each user has one of their own")
    return lines


def _bad_codes(scenarios: list[Scenario]) -> list[str]:
    """Codes that an app is to fail with and that nobody knows: neither the catalogue nor the scenario itself."""
    lines: list[str] = []
    for scenario in scenarios:
        own = repr([one.fault for one in scenario.steps if isinstance(one, Fault)])
        own += repr([person.behaviour for person in scenario.users])
        for step in (one for one in scenario.steps if isinstance(one, Fails)):
            known = {str(row.code) for row in errors()}
            strange = [str(code) for code in step.codes if str(code) not in known and str(code) not in own]
            lines += [f"{step.place}: there is no error code {code}{nearest(code, known)}" for code in strange]
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
