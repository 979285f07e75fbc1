"""Each step of the library that expects something can fail: where the app stays silent, speaks, or nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from localwaba import Emulator
from localwaba.client import ControlError, GraphError, Waba
from localwaba.runtime.performing import perform
from localwaba.runtime.player import Numbers, _set_up, world_options
from localwaba.runtime.scene import Scene, Scope
from localwaba_scenarios import model
from localwaba_scenarios.loader import read
from localwaba_scenarios.model import Scenario, Step
from neighbours import load

pytestmark = pytest.mark.consumer
EXPECTS = (
    model.Replies, model.Silence, model.LastMessage, model.Fails, model.ExpectCall, model.ExpectWebhook,
    model.ExpectTemplate, model.ExpectNumber,
)  # fmt: skip
ALTERED = {
    "ad_entry": ("71 hours pass", "73 hours pass"),
    "delivered_never_read": ("read_after: never", "read_after: 1 hour"),
}
"""What would make a webhook come that a scenario expects never to come."""
TROUBLE = (AssertionError, ControlError, GraphError, LookupError, ValueError, OSError)


library = load("consumers/test_scenario_library")


class Gate:
    """An app that, while `shut`, takes everything that is posted with 200 and does nothing with it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.shut = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and self.shut:
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as found:
        yield found


@contextmanager
def stage(emulator: Emulator, scenario: Scenario) -> Iterator[tuple[Scene, Gate]]:
    """A world with the sample bot behind a gate, ready for the first step."""
    waba = emulator.new_world(**world_options(scenario))
    gates: list[Gate] = []

    def gated(app: Any) -> Gate:
        gates.append(Gate(app))
        return gates[-1]

    try:
        with library.serving(waba.env, around=gated) as url:
            waba.webhook(f"{url}/webhook").settle(5)
            users: dict[str, Any] = {}
            scene = Scene(waba, scenario, url, users, Scope(users), 0, frozenset())
            _set_up(scene, Numbers())
            scene.first_call = max((call.n for call in waba.calls), default=0)
            scene.before = frozenset(
                one["id"] for one in [*waba.deliveries(limit=20_000), *waba.messages(limit=20_000)]
            )
            yield scene, gates[0]
    finally:
        waba.close()


def failing(
    scene: Scene, steps: list[tuple[int, Step]], before: Callable[[Step], None] = lambda step: None
) -> set[int]:
    """The numbers of the steps that fail; the play goes on behind them."""
    found: set[int] = set()
    for n, step in steps:
        before(step)
        try:
            perform(step, scene)
        except TROUBLE:
            found.add(n)
    return found


def intrude(waba: Waba, user: Any) -> None:
    """The app sends somebody what nobody expects."""
    waba.link.call("DELETE", "faults")
    waba.policy(pair_burst=None)
    parameters = [{"type": "text", "text": text} for text in ("Ana", "1")]
    template = {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": parameters}],
    }
    body = {"messaging_product": "whatsapp", "type": "template", "template": template}
    to = {"recipient": user.user_id} if not user.wa_id else {"to": user.wa_id}
    waba.post(f"{waba.phone_number_id}/messages", body | to)
    waba.settle(2)


def patient(scenario: Scenario) -> Scenario:
    """The scenario with patience for what has to come, and next to none for silence."""
    steps = [
        replace(step, within=0.05 if isinstance(step, model.Silence) else 3.0) if hasattr(step, "within") else step
        for step in scenario.steps
    ]
    return replace(scenario, steps=tuple(steps))


def survivors(emulator: Emulator, scenario: Scenario) -> list[str]:
    """The expectations that hold whatever happens."""
    hasty = library.hasty(scenario, 0.05)
    steps = list(enumerate(hasty.steps))
    wanted = {n for n, step in steps if isinstance(step, EXPECTS)}
    killed: set[int] = set()
    with stage(emulator, hasty) as (scene, gate):
        gate.shut = True
        killed |= failing(scene, steps)
    left = wanted - killed
    if left:
        with stage(emulator, hasty) as (scene, gate):  # nobody does anything, and what is expected is not so
            killed |= failing(scene, [(n, step) for n, step in steps if n in left])
    left = wanted - killed
    if any(isinstance(steps[n][1], model.Silence) for n in left):
        with stage(emulator, patient(scenario)) as (scene, gate):

            def speak(step: Step) -> None:
                if isinstance(step, model.Silence):
                    intrude(scene.waba, scene.users[step.user])

            killed |= failing(scene, list(enumerate(scene.scenario.steps)), speak)
    for n in sorted(wanted - killed):
        start = max((m for m in range(n) if not isinstance(steps[m][1], EXPECTS)), default=0)
        with stage(emulator, patient(scenario)) as (scene, gate):  # without what was done just before it
            done = [(m, step) for m, step in enumerate(scene.scenario.steps) if m < start]
            failing(scene, done)
            killed |= failing(scene, [steps[n]])
    if scenario.place.file in ALTERED:
        (other,) = read(library.FILES[scenario.place.file].replace(*ALTERED[scenario.place.file]), "altered")[:1]
        with stage(emulator, patient(other)) as (scene, gate):
            killed |= failing(scene, list(enumerate(scene.scenario.steps)))
    return [f"{steps[n][1].place}: {steps[n][1].sentence}: {steps[n][1].argument}" for n in sorted(wanted - killed)]


@pytest.mark.parametrize("name", library.FILES)
def test_each_expectation_can_fail(emulator: Emulator, name: str) -> None:
    """Each of them fails where the bot stays silent, where nothing was done, or where somebody speaks out of turn."""
    scenario = read(library.FILES[name], name)[0]
    assert survivors(emulator, scenario) == []
