"""check_integration lets right apps of many styles pass, and finds what shows itself late or rarely."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import bots
from bots.playing import play, story
from pytest_localwaba import invariants
from pytest_localwaba.machine import History, Sent, Written, machine
from pytest_localwaba.machine.happenings import OF_FAILURE, OTHER, SHAPES
from pytest_localwaba.machine.story import tell


class AnyMode(bots.Bot):
    """Looks at the verify token alone, as some libraries do."""

    def verify(self, given: dict[str, str]) -> tuple[str, str]:
        return super().verify(given | {"hub.mode": "subscribe"})


def test_other_modes_may_be_answered() -> None:
    """Meta has one mode of handshakes only: whoever answers any is right."""
    play(AnyMode, only=["knock", "write"], examples=1)


class Returns(bots.Bot):
    """Tries once; what fails it leaves to Meta, whose webhook it does not acknowledge."""

    tries = 1


def test_a_webhook_may_be_left_to_come_again() -> None:
    """Who could not send because of a 5xx may answer 503: the webhook comes again, and is answered then."""
    play(Returns, only=["5xx", "write", "time"], examples=40)


class ComesBack(bots.Bot):
    """Keeps what met a 5xx, and sends it with what comes next."""

    tries = 1

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.later: list[tuple[str, str, Any]] = []

    def send(self, user: str, kind: str, content: Any) -> bool:
        self.later.append((user, kind, content))
        self.later = [one for one in self.later if not super(ComesBack, self).send(*one)]
        return True


def test_what_was_refused_may_come_later() -> None:
    """An answer that met a 5xx may come beside the next one: that is two for two, though in one step."""
    play(ComesBack, only=["5xx", "write"], says=["hi"], invariants=invariants.DEFAULT, examples=40)


class Collects(bots.Bot):
    """Collects what users say, and answers all of it once something else is the matter."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.waiting: dict[str, int] = {}

    def news(self, name: str, value: dict[str, Any]) -> None:
        super().news(name, value)
        for user in list(self.waiting):
            self.send(user, "text", {"body": f"You said {self.waiting.pop(user)} things."})

    def reply(self, user: str, said: str) -> bool:
        self.waiting[user] = self.waiting.get(user, 0) + 1
        return True


def test_an_answer_may_come_with_something_else() -> None:
    """Whoever has asked and got nothing may be answered later: not because of what comes then."""
    play(Collects, only=["write", "news"], invariants=invariants.DEFAULT, examples=40)


class Slow(bots.Bot):
    """Acknowledges first; a thread answers when the webhook has been acknowledged for a while."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.timers: list[threading.Timer] = []

    def reply(self, user: str, said: str) -> bool:
        self.timers.append(threading.Timer(0.02, self._reply, (user, said)))
        self.timers[-1].start()
        return True

    def _reply(self, user: str, said: str) -> None:
        with self.lock:
            super().reply(user, said)

    def close(self) -> None:
        for timer in self.timers:
            timer.join()
        super().close()


def test_threads_are_waited_for() -> None:
    """An app that works on in threads is not judged before it has answered, though nobody said how to wait for it."""
    play(Slow, only=["write"], steps=3, examples=4)


@pytest.mark.parametrize("only", [("late", "write", "job"), ("shape", "write", "job")])
def test_who_stops_is_known_once_the_app_was_told(only: tuple[str, ...]) -> None:
    """Marketing is no mistake as long as STOP is under way, or told of an id that no number is known of."""
    play(bots.Bot, only=only, says=["STOP", "Stop"], examples=90)


class Welcomes(bots.Bot):
    """Answers reactions."""

    def message(self, message: dict[str, Any]) -> bool:
        if message["type"] == "reaction" and message["id"] not in self.seen:
            self.seen.add(message["id"])
            return self.send(self.author(message), "text", {"body": "Thank you!"})
        return super().message(message)


def test_who_reacts_may_be_answered() -> None:
    """Nobody knows whether a reaction opens the window: whoever answers it is right."""
    play(Welcomes, only=["other", "time", "job"], examples=60)


@pytest.mark.parametrize(("told_in", "is_wrong"), [(2, False), (1, True)])
def test_the_clock_may_jump_while_an_app_answers(told_in: int, is_wrong: bool) -> None:
    """What the app was told while days passed may be answered after them; what it was told before them may not."""
    history = History()
    written = Written("wamid.1", "Ana", "text", "hi", 0, 1, told=1, taken=1, told_in=told_in)
    history.written[written.id] = written
    history.begin("Ana writes.")
    late = Sent("Ana", "text", "Hello!", {}, 25 * 3_600_000, history.begin("25 hours pass.").n, 200, failed=131047)
    history.step.sent.append(late)
    found = 'the app wrote "Hello!" to Ana, who wrote last 25 hours ago: that needs a template'
    assert invariants.inside_window(history) == (found if is_wrong else None)


class DropsOld(bots.Bot):
    """Passes over what is older than an hour, though Meta brings it up to a week later."""

    def message(self, message: dict[str, Any]) -> bool:
        return self.now() - int(message["timestamp"]) > 3_600 or super().message(message)


class ReadsDetails(bots.Bot):
    """Wants the details of whatever failed."""

    def status(self, status: dict[str, Any]) -> None:
        super().status(status)
        for error in status.get("errors", []):
            str(error["error_data"]["details"])


class CountsItems(bots.Bot):
    """Reads an order as its catalog's page showed it in 2021."""

    def message(self, message: dict[str, Any]) -> bool:
        items = message["order"]["product_items"] if message["type"] == "order" else []
        return all(item["quantity"] + item["price"] for item in items) and super().message(message)


class WantsCapitals(bots.Bot):
    """Knows no word but STOP."""

    def message(self, message: dict[str, Any]) -> bool:
        stopped = set(self.stopped)
        is_done = super().message(message)
        if message["type"] == "text" and message["text"]["body"] != "STOP":
            self.stopped.intersection_update(stopped)
        return is_done


@pytest.mark.parametrize(
    ("kind", "only", "said"),
    [
        (DropsOld, ("late", "write"), " and got "),
        (ReadsDetails, ("fail", "shape", "job", "time"), "answered 500 to a webhook of the status failed"),
        (CountsItems, ("other",), "answered 500 to a webhook of a message"),
        (WantsCapitals, ("write", "job"), 'marketing template "spring_sale" to'),
    ],
)
def test_rare_bugs_are_found(kind: Any, only: tuple[str, ...], said: str) -> None:
    """What takes hours, a failure in an old shape, or a word as people write it, happens too."""
    assert said in story(kind, only=only, shrink=False, examples=150).splitlines()[0]


def test_what_matters_happens_in_most_examples() -> None:
    """Hypothesis leaves half of all rules out of each example; in most of them somebody writes all the same."""
    wrote: list[bool] = []

    def count(history: History) -> None:
        """Nothing is wrong."""
        if history.is_over:
            wrote.append(any(one.type == "text" for one in history.written.values()))

    play(bots.Bot, only=["write", "time", "read", "pause"], invariants=[count], examples=80)
    assert sum(wrote) > 0.66 * len(wrote)


def test_one_of_each_kind_comes_in_one_step() -> None:
    """A user sends all that is no text, so that what an app cannot read of it is found in a few examples."""
    kinds: set[str] = set()

    def collect(history: History) -> None:
        """Nothing is wrong."""
        if history.step.said == "Ana sends a message of each kind.":
            kinds.update(one.type for one in history.written.values() if one.step == history.step.n)

    play(bots.Bot, only=["other"], invariants=[collect], examples=12)
    assert kinds == {content["type"] for _, content in OTHER}


def test_jobs_run_for_who_stopped() -> None:
    """Where one of three has stopped marketing, most jobs that run are about them: there bugs would show."""
    ran = {True: 0, False: 0}

    def count(history: History) -> None:
        """Nothing is wrong."""
        if history.step.said.startswith("Your job") and len(history.stopped) == 1:
            ran[any(name in history.step.said for name in history.stopped)] += 1

    play(bots.Bot, only=["opt out", "job"], invariants=[count], examples=80)
    assert ran[True] > 0.8 * ran[False] > 20


def test_odd_failures_come_with_a_failure() -> None:
    """A shape that only failures have comes together with a message that fails."""
    told = tuple(SHAPES[name] for name in OF_FAILURE)

    def has_failure(history: History) -> str | None:
        """Something fails."""
        said = [step.said for step in history.steps]
        is_odd = any(one.endswith(f"{shape}.") for one in said for shape in told)
        return "nothing fails" if is_odd and history.is_over and not any(" will fail" in one for one in said) else None

    play(bots.Bot, only=["shape", "fail"], invariants=[has_failure], steps=2, examples=90)


def test_a_shorter_story_is_sought_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some tries the shortest story so far is told, and not taken for one that cannot be repeated."""
    made: list[bots.AnswersTwice] = []

    class Counted(bots.AnswersTwice):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(machine, "SHORTER", 5)
    found = story(Counted, only=["twice", "write", "time"])
    assert found.splitlines()[0].endswith(" for one message.")
    assert "Played again" not in found
    assert len(made) < 20


def test_one_failure_is_told() -> None:
    """An app that is wrong in two ways is told of one of them, and of that alone."""

    class Breaks(bots.AnswersTwice):
        def remind(self, user: str) -> None:
            raise LookupError

        advertise = remind

    with pytest.raises((AssertionError, LookupError)):
        play(Breaks, only=["twice", "write", "job"])


def test_what_is_the_same_is_told_once() -> None:
    """A hundred times the same in a row is one line of the story, with the number; three times are three lines."""
    history = History()
    for count in (100, 3):
        step = history.begin("Ana writes.")
        step.sent = [Sent("Ana", "text", "a", {}, 0, step.n, 200) for _ in range(count)]
    assert tell("It broke.", "It holds.", history, []).splitlines()[4:] == [
        "  1. Ana writes.",
        '       app to Ana: "a" (and 99 more like it)',
        "  2. Ana writes.",
        *['       app to Ana: "a"'] * 3,
    ]
