"""The world of one test: what its markers ask for, and how it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from localwaba import AsyncWaba, ControlError, Waba
from localwaba.client.interception import Interception
from pytest_localwaba.options import Options, nearest

if TYPE_CHECKING:
    from pytest_localwaba.server import Server

NOON = "2026-01-01T12:00:00Z"

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Marks:
    """What the markers of a test ask for. `strict_statuses`: messages that fail later count as refusals."""

    seed: int
    clock: dict[str, Any]
    policy: dict[str, Any] = field(default_factory=dict)
    strict: bool = True
    strict_statuses: bool = False
    version: str = ""
    timeout: float | None = None
    intercept: bool = False


_KNOWN = ("seed", "policy", "profile", "clock", "version", "timeout", "strict", "strict_statuses", "intercept")
_CLOCKS = ("real", "frozen")
_BOOLEAN = ("strict", "strict_statuses", "intercept")


def read_marks(node: pytest.Item, options: Options) -> Marks:
    """The markers of a test, its class and its module in one, the nearest first; fails the test for a slip."""
    given: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for mark in node.iter_markers("waba"):
        if mark.args:
            _refuse(f"@pytest.mark.waba takes names only, such as seed=1, not {mark.args[0]!r}")
        for name, value in mark.kwargs.items():
            if name not in _KNOWN:
                hint = nearest(name, _KNOWN).replace("; there are", "; it takes")
                _refuse(f"@pytest.mark.waba takes no {name!r}{hint}")
            _check(name, value)
            given.setdefault(name, value)
        policy = {**mark.kwargs.get("policy", {}), **policy}
    profile = given.get("profile", options.profile)
    return Marks(
        seed=given.get("seed", options.seed),
        clock=read_clock(given.get("clock", NOON)),
        policy=({"profile": profile} if profile else {}) | policy,
        strict=given.get("strict", options.strict),
        strict_statuses=given.get("strict_statuses", options.strict_statuses),
        version=given.get("version", options.version),
        timeout=given.get("timeout", options.timeout),
        intercept=given.get("intercept", False),
    )


def _refuse(text: str) -> None:
    pytest.fail(text, pytrace=False)


def _check(name: str, value: Any) -> None:
    """Fails the test for a value that makes no sense; of seed, clock and knobs the emulator is the judge."""
    from localwaba.domain.policy import PROFILES
    from localwaba.versions.table import serve

    if name in _BOOLEAN and not isinstance(value, bool):
        _refuse(f"@pytest.mark.waba: {name} is True or False, not {value!r}")
    if name == "policy" and not isinstance(value, dict):
        _refuse(f"@pytest.mark.waba: policy is a dict of knobs, such as {{'read_after': None}}, not {value!r}")
    if name == "profile" and value not in PROFILES:
        _refuse(f"@pytest.mark.waba: there is no profile {value!r}{nearest(str(value), PROFILES)}")
    if name == "timeout" and (isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0):
        _refuse(f"@pytest.mark.waba: timeout is a number of seconds above 0, not {value!r}")
    if name == "version" and (not isinstance(value, str) or serve(value) is None):
        _refuse(f"@pytest.mark.waba: version is a Graph version such as 'v23.0', not {value!r}")
    if name == "clock" and isinstance(value, str) and value.isalpha() and value not in _CLOCKS:
        near = nearest(value, _CLOCKS)
        _refuse(
            f"@pytest.mark.waba: there is no clock {value!r}{near}{'' if near[-1] == '?' else f', or a time as {NOON}'}"
        )
    if name == "clock" and not isinstance(value, (str, dict, datetime, int, float)):
        _refuse(f"@pytest.mark.waba: clock is a time such as '{NOON}', 'real' or a dict, not {value!r}")


def read_clock(given: Any) -> dict[str, Any]:
    """A clock for a new world: a time at which it stands still, `real`, `frozen`, or a whole clock."""
    if isinstance(given, dict):
        return given
    if given == "real":
        return {"mode": "real"}
    if given == "frozen":
        given = NOON
    if isinstance(given, datetime):
        given = given.isoformat()
    return {"mode": "frozen", "now": given}


class Report(NamedTuple):
    """The sections of a report, by their titles, and the properties of a test in JUnit XML."""

    sections: list[tuple[str, str]]
    properties: list[tuple[str, str]]


@dataclass(slots=True)
class Held:
    """A world that a test holds; `aio` is how an `async def` test sees it.

    `is_passed`: the test has, and so has what the app did until then. `told` is what there was to tell at the end.
    """

    waba: Waba
    marks: Marks
    is_open: bool = True
    is_passed: bool = False
    told: Report | None = None
    aio: AsyncWaba | None = None
    interception: Interception | None = None

    def close(self) -> None:
        """Ends the world, with the apps that live in it."""
        self.is_open = False
        if self.interception is not None:
            self.interception.__exit__(None, None, None)
        self.waba.close()


def make_world(server: Server, nodeid: str, marks: Marks) -> Held:
    """A world for a test, named after it: the same test gets the same tokens in every run."""
    options: dict[str, Any] = {"seed": marks.seed, "clock": marks.clock, "policy": marks.policy}
    problem = ""
    for name in (name_of(nodeid), None):  # without a name if somebody runs the same test on the same server
        try:
            return _held(server.new_world(name=name, **options), marks)
        except ControlError as error:
            problem = str(error)
            if error.status != 409:
                break
    pytest.fail(f"@pytest.mark.waba: {problem}", pytrace=False)


def _held(waba: Waba, marks: Marks) -> Held:
    if marks.version:
        waba.version = marks.version
    if marks.timeout is not None:
        waba.timeout = float(marks.timeout)
    held = Held(waba, marks)
    if marks.intercept:
        held.interception = waba.intercept()
        held.interception.__enter__()
    return held


def name_of(nodeid: str) -> str:
    """A name that a world may have, out of a test's; different tests have different ones."""
    end = "-" + blake2b(nodeid.encode(), digest_size=4).hexdigest()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", nodeid)[-(_LONGEST_NAME - len(end)) :] + end
