"""`check_integration`: an app against everything that can happen, in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import settings

from localwaba import Waba
from localwaba.client.user import User
from pytest_localwaba.machine.happenings import SAYS
from pytest_localwaba.machine.invariants import ALL, DEFAULT, Invariant
from pytest_localwaba.machine.machine import CALM, PHASES, IntegrationMachine, run


def check_integration(
    app: Any,
    *,
    answers: bool = False,
    invariants: Sequence[Invariant] | None = None,
    waba: Waba | None = None,
    jobs: Mapping[str, Callable[[Any, User], object]] | None = None,
    only: Sequence[str] | None = None,
    without: Sequence[str] = (),
    says: Sequence[str] = SAYS,
    setup: Callable[[Waba], object] | None = None,
    policy: Mapping[str, Any] | None = None,
    path: str = "/webhook",
    idle: float | Callable[[], object] = 0.0,
    examples: int = 100,
    steps: int = 12,
    seeded: bool = False,
    shrink: bool = True,
) -> None:
    """Plays `examples` of up to `steps` happenings against an app; AssertionError tells the shortest bad story.

    `app` is a function of the environment (`GRAPH_URL`, `WHATSAPP_TOKEN`, …) that makes an ASGI or WSGI app, a URL, or
    a context manager that gives one of these: it is called for every example and after every restart. Or it is the app,
    or its URL, itself: then give the `waba` whose environment it has, and nothing is restarted.

    `answers`: the app answers every text, so `invariants.ALL` hold, else `invariants.DEFAULT`; or say which.
    `jobs` are what makes your app write first, by name: functions of what `app` made, and of a user.
    `only` and `without` are some of HAPPENINGS. `says` is what users write. `setup` prepares each world, say its
    templates. `path` is where an object is called. `idle`: how an app of another process is known to have done its
    work: so many real seconds without a call, or a function that waits. `seeded`: the same examples each time.
    `shrink`: look for a shorter story once one is found.
    """
    holds = invariants if invariants is not None else ALL if answers else DEFAULT
    machine = IntegrationMachine.against(
        app,
        waba=waba,
        invariants=holds,
        only=only,
        without=without,
        says=says,
        jobs=jobs,
        setup=setup,
        policy=policy,
        path=path,
        idle=idle,
    )
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seeded,
        suppress_health_check=CALM,
        print_blob=False,
        report_multiple_bugs=False,
        phases=PHASES if shrink else PHASES[:-1],
    )
    if seeded:
        how = settings(how, database=None)
    try:
        run(machine, how)
    except AssertionError as error:
        error.__notes__ = []  # the story says it better than the list of rules
        raise error from None
