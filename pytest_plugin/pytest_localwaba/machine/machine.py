"""`IntegrationMachine`: all that users, networks and Meta do to an integration, as a state machine of Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import TestCase

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from localwaba import Waba
from localwaba.client.user import User
from pytest_localwaba.machine.happenings import HAPPENINGS, SAYS, WEATHERS
from pytest_localwaba.machine.invariants import DEFAULT, Invariant
from pytest_localwaba.machine.platform import PlatformRules
from pytest_localwaba.machine.playing import SHORTER, ShortEnough


class IntegrationMachine(PlatformRules):
    """An app, its users and the platform. `IntegrationMachine.against(app, …)` makes one for your app.

    Subclasses may add rules (`self.happens("Ana pays")` first, `self.look()` last) and read `self.waba`, `self.users`,
    `self.history`. An example is a world of its own.
    """

    @classmethod
    def against(
        cls,
        app: Any,
        *,
        waba: Waba | None = None,
        invariants: Sequence[Invariant] = DEFAULT,
        only: Sequence[str] | None = None,
        without: Sequence[str] = (),
        says: Sequence[str] = SAYS,
        jobs: Mapping[str, Callable[[Any, User], object]] | None = None,
        **options: Any,
    ) -> type[IntegrationMachine]:
        """A machine for an app; its `TestCase` is collected by pytest. See `check_integration` for the options."""
        unknown = {*(only or ()), *without} - set(HAPPENINGS)
        if unknown:
            raise ValueError(f"nothing is called {', '.join(sorted(unknown))}; there are {', '.join(HAPPENINGS)}")
        made: dict[str, Any] = {
            "app": staticmethod(app) if callable(app) else app,
            "given_waba": waba,
            "holds": tuple(invariants),
            "options": options,
            "happenings": frozenset(HAPPENINGS if only is None else only) - frozenset(without),
            "says": tuple(says),
            "jobs": jobs or {},
            "__module__": cls.__module__,
        }
        machine: Any = type(f"{cls.__name__}OfApp", (cls,), made)
        machine.TestCase = _test_case(machine)
        return machine  # type: ignore[no-any-return]


_ONCE = (
    "Played again, the same steps went otherwise: what the app does depends on something else too, such as threads, "
    "real time, or what it kept of earlier examples."
)


def run(machine: type[IntegrationMachine], how: settings) -> None:
    """Tries the door of the app, then plays the examples of a machine in every weather, and ends its stage."""
    turns = [machine]
    try:
        machine.open_stage()
        machine.knock()
        turns = _turns(machine)
        each = settings(how, max_examples=max(1, how.max_examples // len(turns)))
        for turn in turns:
            run_state_machine_as_test(turn, settings=each)
    except (ShortEnough, Flaky) as error:
        story = next((turn.shortest for turn in turns if turn.shortest), "")
        if not story:
            raise
        note = "" if isinstance(error, ShortEnough) else f"\n\n{_ONCE}"
        raise AssertionError(story + note) from None
    finally:
        machine.close_stage()


def _turns(machine: type[IntegrationMachine]) -> list[type[IntegrationMachine]]:
    """The machine in each weather that can make a difference; by the names Hypothesis knows them apart."""
    each = {"patience": SHORTER, "shortest": "", "__module__": machine.__module__}
    weathers = [weather for weather in WEATHERS if any(name in machine.happenings for name, _ in weather)]
    return [
        type(f"{machine.__name__}{place}", (machine,), {"weather": weather, **each})
        for place, weather in enumerate(weathers)
    ] or [type(machine.__name__, (machine,), each)]


PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but the explanation of Hypothesis: the story is one."""

CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""Health checks of Hypothesis that say more of apps and machines than of examples."""


def _test_case(machine: type[IntegrationMachine]) -> type[TestCase]:
    class IntegrationTestCase(TestCase):
        """Collected by pytest; `settings` are Hypothesis's."""

        settings = settings(
            deadline=None,
            stateful_step_count=12,
            suppress_health_check=CALM,
            phases=PHASES,
            report_multiple_bugs=False,
        )

        def runTest(self) -> None:
            run(machine, self.settings)

    IntegrationTestCase.__module__ = machine.__module__
    return IntegrationTestCase
