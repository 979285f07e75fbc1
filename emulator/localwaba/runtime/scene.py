"""A scenario while it is played: what its steps work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localwaba.client import User, Waba
from localwaba.client.calls import Call
from localwaba_scenarios.model import Scenario


class Missed(AssertionError):
    """Something that a scenario expects is not so; the text says what was expected and what there was."""


class Scope(dict[str, str]):
    """What names stand for. The code that a phone shows is asked for when it is needed."""

    def __init__(self, users: Mapping[str, User]) -> None:
        super().__init__()
        self._users = users

    def __missing__(self, name: str) -> str:
        key, _, member = name.partition(".")
        if member != "code" or key not in self._users:
            raise KeyError(name)
        code = self._users[key].code
        if code is None:
            raise Missed(f"${{{name}}} has no value: {self._users[key].name} has got no code to log in with")
        return code


@dataclass(slots=True)
class Scene:
    """A scenario while it is played: who takes part, what names stand for, and what was there before.

    `told` is what steps have expected: refused calls (trace or number), failed messages, webhooks that were not taken.
    `past` are the users of scenarios that were played before: what an app sends them late is not this scenario's fault.
    """

    waba: Waba
    scenario: Scenario
    app: str
    users: dict[str, User]
    scope: Scope
    first_call: int
    before: frozenset[str]
    past: frozenset[str] = frozenset()
    told: set[str] = field(default_factory=set)

    @property
    def calls(self) -> list[Call]:
        """The app's calls since the beginning."""
        return [call for call in self.waba.calls if call.n > self.first_call]

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """The webhooks since the beginning."""
        return [one for one in self.waba.deliveries(limit=20_000) if one["id"] not in self.before]

    @property
    def others(self) -> frozenset[str]:
        """The users of other scenarios only."""
        return self.past - {user.wa_id for user in self.users.values()}

    def is_of_others(self, call: Call) -> bool:
        """Whether a call was meant for a user of another scenario."""
        request = call.request if isinstance(call.request, dict) else {}
        return str(request.get("to", "")).lstrip("+") in self.others

    def meet(self, key: str, user: User) -> None:
        """Makes a user known by name."""
        self.users[key] = user
        self.scope |= {f"{key}.number": user.wa_id, f"{key}.name": user.name, f"{key}.user_id": user.user_id}
