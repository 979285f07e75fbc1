"""The default world of a server, made ready for one scenario after another, while the app keeps its token all along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localwaba.client import Link, Waba
from localwaba.client.lodging import Lodging
from localwaba.domain.clock import HOUR
from localwaba.runtime.player import MORNING, calm, knobs_of, seed_of
from localwaba.runtime.server import Running
from localwaba.runtime.system import milliseconds
from localwaba.wire.moments import read_moment
from localwaba_scenarios.model import Scenario

_IDS_EACH = 20
"""Each scenario draws its ids from a range of its own, 2 ** 20 wide: an app that drops duplicates must not take the
first message of one for the first message of another."""
STOPPED = ("PAUSED", "DISABLED", "REJECTED")
"""A template with one of these is not sent by an app that listens."""


def moment_of(scenario: Scenario) -> int:
    """When a scenario begins, in milliseconds since the epoch."""
    return milliseconds() if scenario.clock == "real" else read_moment(scenario.clock or MORNING)


def opening(scenarios: Iterable[Scenario]) -> int:
    """When the world has to open, so that the app is set up an hour before the earliest scenario; milliseconds."""
    return max(0, min(map(moment_of, scenarios), default=milliseconds()) - HOUR)


class Rounds:
    """One world, one app, many scenarios: `settle_in` once, then `begin` before each.

    `knobs` hold for every scenario unless it turns them itself. ControlError if the app fails its handshake.
    """

    def __init__(self, running: Running, knobs: Mapping[str, Any] | None = None) -> None:
        self._running = running
        self._host = running.hosts.default
        self._knobs = dict(knobs or {})
        self._link = Link(running.url, residents=running.network.residents, inside=running.inside())
        self._lodging = Lodging(self._link, self._host.world.name)
        self._webhook: dict[str, Any] = {}
        self._approved: frozenset[str] = frozenset()

    def close(self) -> None:
        """Ends the app of this process, if there is one, and the connection; the server stays."""
        try:
            self._lodging.close()
        finally:
            self._link.close()

    def take_in(self, app: Any, origin: str) -> None:
        """Starts an ASGI or WSGI object, which is from now on what answers at an origin. TypeError for what is neither.

        Webhooks that come at the same moment are handled at the same time, as a server does it. Whatever else an app's
        startup raises is raised here.
        """
        self._lodging.take_in(app, "/", raises=False, in_turn=False, at=origin)

    def errors(self) -> list[BaseException]:
        """What that app has raised since somebody last asked."""
        return self._lodging.errors()

    def settle_in(self, url: str, verify_token: str, fields: Iterable[str] = ()) -> None:
        """Subscribes the app and lets an hour pass, in which templates that it has created are reviewed."""
        self._webhook = {"url": url, "verify_token": verify_token, "fields": list(fields)}
        self._link.call("PUT", "webhook", self._webhook)
        waba = Waba.default(self._link, self._lodging)
        calm(waba)
        self._running.call(self._age())
        self._approved = frozenset(one["id"] for one in waba.templates() if one["status"] == "APPROVED")

    async def _age(self) -> None:
        await self._host.advance(HOUR)
        self._host.seeded()

    def begin(self, scenario: Scenario) -> Waba:
        """The world as the app has set it up, at the time and with the knobs of a scenario."""
        self._give_back()
        self._running.call(self._freshen(scenario))
        waba = Waba.default(self._link, self._lodging)
        waba.policy(**knobs_of(scenario, self._knobs))
        if scenario.version:
            self._link.call("PUT", "webhook", self._webhook | {"version": scenario.version})
        return waba

    def _give_back(self) -> None:
        """Approves the templates that a scenario has left stopped: the app has heard of that, but hears of no reset."""
        waba = Waba.default(self._link, self._lodging)
        stopped = [one for one in waba.templates() if one["id"] in self._approved and one["status"] in STOPPED]
        if stopped:
            waba.faults.clear()
            for one in stopped:
                waba.templates.approve(one["id"])
            calm(waba)

    async def _freshen(self, scenario: Scenario) -> None:
        host = self._host
        host.reset()
        host.world.drawn += seed_of(scenario) << _IDS_EACH
        await host.advance(max(0, moment_of(scenario) - host.now()))
        if scenario.clock == "real":
            host.set_clock(now=None, mode="real", rate=None)
