"""The world of one test: what its markers ask for, and what is told of it when the test fails."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from hashlib import blake2b
from typing import Any

import pytest

from localwaba import ControlError, Waba
from localwaba.client.chat import draw
from localwaba.client.failure import listed, told
from pytest_localwaba.server import Server

NOON = "2026-01-01T12:00:00Z"
INSTANT: dict[str, Any] = {"sent_after": 0.0, "delivered_after": 0.0, "read_after": 0.0, "review_after": 0.0}
"""Everything happens at once unless a test wants it otherwise."""

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Marks:
    """What the markers of a test ask for. `strict_statuses`: messages that fail later count as refusals."""

    seed: int
    clock: dict[str, Any]
    policy: dict[str, Any] = field(default_factory=dict)
    strict: bool = True
    strict_statuses: bool = False


_KNOWN = ("seed", "policy", "clock", "strict", "strict_statuses")


def read_marks(node: pytest.Item) -> Marks:
    """The markers of a test, its class and its module in one, the nearest first; fails the test for a slip."""
    given: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for mark in node.iter_markers("waba"):
        if mark.args:
            pytest.fail(f"@pytest.mark.waba takes names only, such as seed=1, not {mark.args[0]!r}", pytrace=False)
        for name, value in mark.kwargs.items():
            if name not in _KNOWN:
                near = get_close_matches(name, _KNOWN, n=1)
                hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(_KNOWN)}"
                pytest.fail(f"@pytest.mark.waba takes no {name!r}; {hint}", pytrace=False)
            given.setdefault(name, value)
        policy = {**mark.kwargs.get("policy", {}), **policy}
    return Marks(
        seed=given.get("seed", _ini_seed(node.config)),
        clock=read_clock(given.get("clock", NOON)),
        policy=INSTANT | policy,
        strict=given.get("strict", node.config.getini("waba_strict")),
        strict_statuses=given.get("strict_statuses", False),
    )


def _ini_seed(config: pytest.Config) -> int:
    text = str(config.getini("waba_seed"))
    try:
        return int(text)
    except ValueError:
        pytest.fail(f"waba_seed is a whole number, not {text!r}", pytrace=False)


def read_clock(given: Any) -> dict[str, Any]:
    """A clock for a new world: a time at which it stands still, `real`, or a whole clock."""
    if isinstance(given, dict):
        return given
    if given == "real":
        return {"mode": "real"}
    if isinstance(given, datetime):
        given = given.isoformat()
    return {"mode": "frozen", "now": given}


@dataclass(slots=True)
class Held:
    """A world that a test holds."""

    waba: Waba
    strict: bool
    strict_statuses: bool
    is_open: bool = True

    def close(self) -> None:
        """Ends the world."""
        self.is_open = False
        self.waba.close()

    def story(self, already: str = "") -> str:
        """What happened, for the report of a failure; `already` is what the report says by itself."""
        waba = self.waba
        try:
            lines = [f"seed {waba.seed}, world {waba.name}, {waba.now:%Y-%m-%d %H:%M:%S} UTC, {waba.url}"]
            for user in waba.users:
                chat = draw(user.chat, user.name)
                if chat and f"Chat of {user.name}" not in already:
                    lines += ["", f"Chat of {user.name} ({user.wa_id})", *(f"  {line}" for line in chat)]
            lines += _unless(already, "Refused calls of the app", [str(call) for call in waba.refusals])
            untaken = [one for one in waba.deliveries() if one["state"] != "delivered" and one["attempts"]]
            lines += _unless(already, "Webhooks that the app did not answer with 200", [told(one) for one in untaken])
        except (OSError, ControlError) as error:  # the report must not fail over it
            return f"seed {waba.seed}; what happened cannot be told: {error}"
        return "\n".join(lines)


def _unless(already: str, title: str, items: list[str]) -> list[str]:
    return [] if title in already else listed(title, items)


def make_world(server: Server, nodeid: str, marks: Marks) -> Held:
    """A world for a test, named after it: the same test gets the same tokens in every run."""
    options: dict[str, Any] = {"seed": marks.seed, "clock": marks.clock, "policy": marks.policy}
    problem = ""
    for name in (name_of(nodeid), None):  # without a name if somebody runs the same test on the same server
        try:
            return Held(server.new_world(name=name, **options), marks.strict, marks.strict_statuses)
        except ControlError as error:
            problem = str(error)
            if error.status != 409:
                break
    pytest.fail(f"@pytest.mark.waba: {problem}", pytrace=False)


def name_of(nodeid: str) -> str:
    """A name that a world may have, out of a test's; different tests have different ones."""
    end = "-" + blake2b(nodeid.encode(), digest_size=4).hexdigest()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", nodeid)[-(_LONGEST_NAME - len(end)) :] + end
