"""What only the emulator can say of scenario files is told before anything is played."""

from __future__ import annotations

import pytest

from localwaba.runtime.second_reading import mistakes_in
from localwaba_scenarios.loader import read


def told(head: str, *steps: str) -> list[str]:
    lines = "".join(f"  - {step}\n" for step in steps or ("no faults",))
    return mistakes_in(read(f"name: x\n{head}\nsteps:\n{lines}", "f.yaml"))


@pytest.mark.parametrize(
    ("head", "steps", "expected"),
    [
        ("policy: {pair_burst: many}", [], "f.yaml:2:22: pair_burst is a whole number or null, not many"),
        ("policy: {pair_burst: -1}", [], "f.yaml:2:22: pair_burst: pair_burst lies between 0 and "),
        ("users: {ana: {country: XX}}", [], "f.yaml:2:24: there is no country XX; codes are such as BR, US, DE"),
        ("users: {ana: {number: '123'}}", [], "f.yaml:2:23: '123' is no phone number: 3 digits"),
        ("users: {ana: {on_whatsapp: maybe}}", [], "f.yaml:2:28: on_whatsapp is true or false, not maybe"),
        ("users: {ana: {apps: [true]}}", [], "f.yaml:2:21: each of the apps is a text, not [true]"),
        ("users: {ana: {apps: [a b]}}", [], "f.yaml:2:21: apps are names such as 'com.example.shop'"),
        (
            "users: {ana: {number: +5541991234567}, bob: {number: +55 41 9123-4567}}",
            [],
            "f.yaml:2:54: ana has this number already; each user has one of their own",
        ),
        ("users: [ana]", ["ana changes number: abc"], "f.yaml:4:5: 'abc' is no phone number: 'a' is not allowed"),
        ("users: {ana: {fails_with: soon}}", [], "f.yaml:2:27: fails_with is a whole number or null, not soon"),
        ("users: []", ["app fails with: 131074"], "f.yaml:4:5: there is no error code 131074; did you mean 131"),
        ("users: []", ["fault: {kind: http_error, status: 9}"], "f.yaml:4:5: "),
    ],
)
def test_mistakes(head: str, steps: list[str], expected: str) -> None:
    """A value that makes no sense is one line with its place, in plain words."""
    (line,) = told(head, *steps)
    assert expected in line
    assert "Expected" not in line


def test_codes_that_a_scenario_makes_up() -> None:
    """A code that no catalogue has is fine where the scenario itself lets it happen."""
    assert not told("users: {ana: {fails_with: 99999}}", "app fails with: 99999")
