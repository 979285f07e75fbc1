"""Plays a scenario against a world, step by step, and keeps what is needed to tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass
from itertools import count
from time import sleep
from typing import Any, Literal

from localwaba.client import ControlError, GraphError, User, Waba
from localwaba.client.calls import Call
from localwaba.client.chat import Bubble, draw, media_of
from localwaba.client.failure import failed_later, listed, told
from localwaba.client.link import Unreachable
from localwaba.domain.faults import LOST
from localwaba.domain.ids import derive
from localwaba.domain.numbers import wa_id_of
from localwaba.domain.policy import INSTANT
from localwaba.runtime.people import People
from localwaba.runtime.performing import perform
from localwaba.runtime.scene import Scene, Scope
from localwaba.runtime.system import elapsed, milliseconds
from localwaba_scenarios.model import WITHIN, Person, Scenario, Step, Template

MORNING = "2026-01-05T09:00:00Z"
"""When scenarios begin that do not say when: a Monday."""

_QUIET = 0.1
_PATIENCE = 3.0
_UNSEEN = ("text", "reaction", "audio", "video", "document")
_PICTURES = ("image/png", "image/jpeg", "image/webp")
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Played:
    """A step that was played, or skipped behind one that failed. `at` is the world's time after it, in seconds."""

    step: Step
    outcome: Literal["passed", "failed", "skipped"]
    seconds: float = 0.0
    at: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """What was written between a user and the business; `pictures` are files by their media id."""

    key: str
    name: str
    number: str
    bubbles: tuple[Bubble, ...]
    pictures: dict[str, tuple[str, bytes]]

    def lines(self) -> list[str]:
        """The chat as plain text."""
        return draw(self.bubbles, self.name)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario. `problem` is what nobody expected, such as a refused call; empty if there is none.

    `output` is what the app printed meanwhile, if somebody knows it. `refused` are the app's calls that were refused,
    expected ones too. `began` is the machine's time, in milliseconds. `skipped` says why it was not played at all.
    """

    scenario: Scenario
    played: tuple[Played, ...]
    problem: str
    chats: tuple[Chat, ...]
    seconds: float
    output: str = ""
    refused: tuple[Call, ...] = ()
    began: int = 0
    skipped: str = ""

    @property
    def failed(self) -> Played | None:
        """The step that failed."""
        return next((one for one in self.played if one.outcome == "failed"), None)

    @property
    def has_passed(self) -> bool:
        """Whether everything was as expected."""
        return self.outcome == "passed"

    @property
    def outcome(self) -> Literal["passed", "failed", "skipped"]:
        """What became of it, in a word."""
        if self.failed is not None or self.problem:
            return "failed"
        return "skipped" if self.skipped else "passed"

    @property
    def headline(self) -> str:
        """In one line, where and why it failed; empty if it did not."""
        if self.failed is not None:
            step = self.failed.step
            return f"{step.place}: {step.sentence}: {self.failed.text.partition(chr(10))[0]}"
        return f"{self.scenario.place}: {self.problem.partition(chr(10))[0]}" if self.problem else ""


class Numbers:
    """Gives users numbers: always the same for a scenario, never one that another scenario of the run has had."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    @property
    def taken(self) -> frozenset[str]:
        """The wa_ids of all users so far."""
        return frozenset(self._taken)

    def draw(self, seed: int, country: str) -> str:
        """A number of a country that nobody has had yet."""
        people = People(seed)
        for n in count():
            number = people.new_number(country, n)
            if wa_id_of(number) not in self._taken:
                self._taken.add(wa_id_of(number))
                return number
        raise AssertionError  # count() does not end


def seed_of(scenario: Scenario) -> int:
    """A seed that is a scenario's own: its ids and people do not depend on what else is played."""
    return int.from_bytes(derive(scenario.seed, scenario.title, 5), "big")


def world_options(scenario: Scenario) -> dict[str, Any]:
    """What a world of its own needs to be for a scenario, as `POST /_localwaba/worlds` takes it."""
    clock = {"mode": "real"} if scenario.clock == "real" else {"mode": "frozen", "now": scenario.clock or MORNING}
    return {"seed": seed_of(scenario), "clock": clock, "policy": knobs_of(scenario)}


def knobs_of(scenario: Scenario, beside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The knobs of a scenario; those `beside` it hold where it says nothing itself."""
    own = dict(scenario.policy.knobs) if scenario.policy else {}
    return ({} if scenario.clock == "real" else INSTANT) | dict(beside or {}) | own


class Audience:
    """Who watches a scenario while it is played; does nothing unless somebody makes more of it."""

    def meet(self, scene: Scene) -> None:
        """The users are known, the first step is about to begin."""

    def hear(self, played: Played) -> None:
        """A step is over."""

    def leave(self) -> None:
        """The last step is over and the app is quiet."""


def unplayed(scenario: Scenario, why: str) -> Result:
    """What there is to tell of a scenario that is not played."""
    return Result(scenario, tuple(Played(step, "skipped") for step in scenario.steps), "", (), 0.0, skipped=why)


def play(
    scenario: Scenario,
    waba: Waba,
    *,
    app: str = "",
    numbers: Numbers | None = None,
    audience: Audience | None = None,
) -> Result:
    """Plays a scenario in a world that is as it needs it. `app` is the origin of the app, for steps that call it."""
    began, audience, moment = elapsed(), audience or Audience(), milliseconds()
    waba.patience = min(waba.patience, WITHIN)  # an app that hangs is not waited for longer than for an answer of it
    calls, numbers = waba.calls, numbers or Numbers()
    users: dict[str, User] = {}
    scene = Scene(waba, scenario, app.rstrip("/"), users, Scope(users), 0, frozenset(), numbers.taken)
    played: list[Played] = []
    problem = ""
    try:
        _set_up(scene, numbers)
        calls = waba.calls
        scene.first_call = calls[-1].n if calls else 0
        scene.before = frozenset(one["id"] for one in [*waba.deliveries(limit=20_000), *waba.messages(limit=20_000)])
        audience.meet(scene)
        for one in _steps(scene):
            played.append(one)
            audience.hear(one)
    except (ControlError, GraphError, LookupError, ValueError) as error:
        problem = f"the scenario could not begin: {error}"
    calm(waba)
    audience.leave()
    if not problem and scenario.strict and all(one.outcome == "passed" for one in played):
        problem = _surprises(scene)
    refused = tuple(call for call in scene.calls if call.is_refused)
    chats = tuple(_chats(scene))
    return Result(scenario, tuple(played), problem, chats, elapsed() - began, refused=refused, began=moment)


def _set_up(scene: Scene, numbers: Numbers) -> None:
    waba = scene.waba
    scene.scope |= {
        "phone_number_id": waba.phone_number_id,
        "waba_id": waba.waba_id,
        "business_number": waba.display_phone_number,
    }
    for template in scene.scenario.templates:
        _seed_template(waba, template)
    seed = seed_of(scene.scenario)
    for person in scene.scenario.users:
        scene.meet(person.key, _user(waba, person, numbers, seed))


def _user(waba: Waba, person: Person, numbers: Numbers, seed: int) -> User:
    number = person.number or numbers.draw(seed, person.country)
    return waba.user(person.name, wa_id=number, username=person.username, **person.behaviour)


def _seed_template(waba: Waba, template: Template) -> None:
    """An approved template, unless the account has it."""
    there = [one for one in waba.templates() if (one["name"], one["language"]) == (template.name, template.language)]
    if not there:
        body = {
            "name": template.name,
            "language": template.language,
            "category": template.category,
            "components": list(template.components),
        }
        try:
            waba.post(f"{waba.waba_id}/message_templates", body)
        except GraphError as error:
            raise ValueError(f"{template.place}: the template {template.name}: {error}") from None
    if not there or there[0]["status"] != "APPROVED":
        waba.templates.approve(template.name, template.language)


def _steps(scene: Scene) -> Iterator[Played]:
    steps = iter(scene.scenario.steps)
    for step in steps:
        began = elapsed()
        try:
            perform(step, scene)
        except Unreachable:
            raise
        except (AssertionError, ControlError, GraphError, LookupError, ValueError, OSError) as error:
            yield Played(step, "failed", elapsed() - began, scene.waba.now.timestamp(), str(error) or repr(error))
            break
        yield Played(step, "passed", elapsed() - began, scene.waba.now.timestamp())
    for step in steps:
        yield Played(step, "skipped")


def calm(waba: Waba, quiet: float = _QUIET, patience: float = _PATIENCE) -> None:
    """Waits until the app has been quiet for a moment: it may be at work after it has answered its webhooks."""
    until, last = elapsed() + patience, -1
    while elapsed() < until:
        waba.settle(max(0.01, until - elapsed()))
        newest = waba.link.call("GET", "world")["counts"]["journal"]
        if newest == last:
            return
        last = newest
        sleep(quiet)


def _surprises(scene: Scene) -> str:
    """What went wrong without being expected."""
    waba = scene.waba
    refused = [call for call in waba.unexpected_refusals if call.n > scene.first_call and str(call.n) not in scene.told]
    refused = [call for call in refused if not scene.is_of_others(call)]
    tried = [one for one in scene.deliveries if one["attempts"] and one["id"] not in scene.told]
    late = [one for one in waba.unexpected_mistakes if one["id"] not in scene.told | scene.before]
    late = [one for one in late if one["user"] not in scene.others]
    lost = [one for one in tried if (one["attempts"][-1].get("error") or "").startswith(LOST)]
    untaken = [one for one in tried if one["state"] != "delivered" and one not in lost]
    lines = listed("Refused calls of the app", [str(call) for call in refused])
    lines += listed("Messages that failed later, by the app's mistake", [failed_later(one) for one in late])
    lines += listed("Webhooks that the app did not answer with 200", [told(one) for one in untaken])
    if not lines:
        return ""
    what = [f"{len(refused)} of the app's calls {_were(refused)} refused"] if refused else []
    what += [f"{len(late)} of its messages failed"] if late else []
    noun = "webhook" if len(untaken) == 1 else "webhooks"
    what += [f"{len(untaken)} {noun} {_were(untaken)} not answered with 200"] if untaken else []
    head = f"{' and '.join(what)}, which no step expects (strict: false allows it)"
    return "\n".join([head, *lines])


def _were(what: Sized) -> str:
    return "was" if len(what) == 1 else "were"


def _chats(scene: Scene) -> Iterator[Chat]:
    for key, user in scene.users.items():
        bubbles = tuple(user.chat)
        pictures: dict[str, tuple[str, bytes]] = {}
        for media_id in (found for one in bubbles if one.type not in _UNSEEN for found in media_of(one)):
            picture = _picture(scene.waba, media_id) if media_id not in pictures else None
            if picture is not None:
                pictures[media_id] = picture
        yield Chat(key, user.name, user.wa_id, bubbles, pictures)


def _picture(waba: Waba, media_id: str) -> tuple[str, bytes] | None:
    """A picture for the report; None if it is gone, or too large to be shown."""
    try:
        described = waba.get(media_id)
    except GraphError:
        return None
    url, mime_type = str(described["url"]), str(described["mime_type"])
    if mime_type not in _PICTURES or int(described["file_size"]) > _LARGEST or not url.startswith(waba.url):
        return None
    reply = waba.link.graph("GET", url.removeprefix(waba.url))
    return (mime_type, reply.raw) if reply.status == 200 else None
