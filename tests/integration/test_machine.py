"""IntegrationMachine passes what is right, and finds what is wrong with a story that says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import bots
import receivers
from bots.playing import play, story
from localwaba import Waba
from pytest_localwaba import IntegrationMachine, check_integration, invariants
from pytest_localwaba.machine import History


def test_the_right_bot_passes() -> None:
    """Whatever happens, a bot without a mistake keeps all invariants."""
    play(bots.Bot, examples=40)


class Thanks(bots.Bot):
    """Has something to say to whatever it gets: to a placeholder that it cannot read, and to the picture after it."""

    def message(self, message: dict[str, Any]) -> bool:
        kind, seen = message["type"], (message["id"], message["type"])
        if kind not in ("image", "audio", "video", "document", "unsupported") or "group_id" in message:
            return bool(super().message(message))
        said = "Sorry, I cannot read that." if kind == "unsupported" else "Thank you!"
        if seen not in self.seen and self.send(self.author(message), "text", {"body": said}):
            self.seen.add(seen)
        return seen in self.seen


def test_what_follows_a_placeholder_may_be_answered() -> None:
    """A bot that answers `unsupported`, and then the picture that comes with the same id, is right."""
    play(Thanks, only=("shape", "other", "write", "time"), examples=60)


@pytest.mark.parametrize(
    ("name", "only", "said"),
    [
        ("WritesLate", ("job", "write", "time"), 'app wrote "Your order arrives tomorrow." to '),
        ("MiscountsParameters", (), "was refused with 132000: [template.parameter_count]"),
        ("IgnoresTrouble", ("5xx", "write"), "the platform answered 503, and the app gave up"),
        ("AnswersTwice", ("twice", "write"), "twice for one message"),
        ("ForgetsWhenRestarted", ("restart", "write"), "because a webhook came again"),
        ("BelievesTheLastStatus", ("disorder", "write", "time"), "of a message and takes it for sent"),
        ("IgnoresOptOut", ("opt out", "job", "write"), 'marketing template "spring_sale" to'),
        ("InsistsOnPausedTemplate", ("pause", "job"), "of whose pause it had been told"),
        ("AnswersStatuses", ("write", "time"), 'sent "Did you get it?" to'),
        ("AnswersEchoes", ("news", "write"), "and all that had come was the field smb_message_echoes"),
        ("NeedsNumbers", (), "answered 500 to a webhook of a message"),
        ("MakesLongButtons", (), "was refused with 131009"),
        ("GivesUpSilently", (), "and got nothing"),
    ],
)
def test_bugs_of_sending_are_found(name: str, only: tuple[str, ...], said: str) -> None:
    """A bot that is wrong in one way is found out, and the first sentence says in which."""
    found = story(getattr(bots, name), only=only or None, shrink=False, examples=300)
    assert said in found.splitlines()[0]


def test_the_story_is_short_and_plain() -> None:
    """What is told is the least that has to happen, what came of it, and the chat; no step list of Hypothesis."""
    found = story(bots.AnswersTwice, only=("twice", "write"))
    told = found.partition("\n\nChat of Ana")
    assert told[0].splitlines() == [
        'The app sent "You said: hi" to Ana twice for one message.',
        "  rule: The app never answers one message twice, however often and in whatever company its webhook comes.",
        "",
        "What happened:",
        "  1. Your app has started.",
        "  2. From now on, what users write is told twice.",
        '  3. Ana writes "hi".',
        "       webhook: message -> 200",
        "       webhook: message, again -> 200",
        '       app to Ana: "You said: hi"',
        '       app to Ana: "You said: hi"',
    ]
    chat = [line.strip() for line in told[2].splitlines()[1:]]
    assert [line.partition("  (")[0] for line in chat] == [
        "12:00:00 Ana: hi",
        "12:00:00 the app: You said: hi",
        "12:00:00 the app: You said: hi",
    ]


def test_what_comes_to_the_door_is_told() -> None:
    """A hole in the door is found before anybody writes, and told with the request and the answer."""
    assert story(bots.BelievesAnybody).splitlines() == [
        "A webhook signed with another secret was answered with 200 OK. Expected: a 4xx (401 or 403), and no effect.",
        "  rule: The handshake is answered with the challenge, Meta's signature is known, and who has none is refused.",
        "",
        "What happened:",
        "  1. Your app has started.",
        "  2. Somebody calls your webhook.",
        "       a webhook signed with another secret -> 200 OK",
    ]


def test_the_door_may_be_left_out() -> None:
    """Who does not want the door to be tried says so; the rest is played."""
    play(bots.BelievesAnybody, examples=6, without=["knock"])


def test_a_failed_handshake_is_told() -> None:
    """An app that cannot be subscribed is a story too, with what it answered."""

    class Silent(bots.Bot):
        def verify(self, given: dict[str, str]) -> tuple[str, str]:
            return "200 OK", "hello"

    first, why, fix, rule, *_, last = story(Silent).splitlines()
    assert first.startswith("The handshake failed: (#2201) response does not match challenge, expected value=")
    assert why.startswith("    why: the callback answered 200, but its body is not the challenge ")
    assert fix == "    fix: Answer 200 with the value of hub.challenge as the whole body, as plain text."
    assert rule == "  rule: A GET with the right verify token is answered with 200 and the challenge as the whole body."
    assert last == "  1. Your app has started."


def test_what_does_not_happen_again_is_told() -> None:
    """An app whose mistakes cannot be repeated is told of, and that they cannot."""
    times: list[str] = []

    class Moody(bots.Bot):
        def reply(self, user: str, said: str) -> bool:
            times.append(said)
            return True if len(times) == 2 else super().reply(user, said)

    found = story(Moody, only=["write"])
    assert " and got nothing.\n  rule: Every text of a user gets an answer" in found
    assert found.endswith(
        "\n\nPlayed again, the same steps went otherwise: what the app does depends on something else too, such as "
        "threads, real time, or what it kept of earlier examples."
    )


class Pool(ThreadPoolExecutor):
    """Remembers what it was given, so that a test can wait for it."""

    def __init__(self) -> None:
        super().__init__(4)
        self.given: list[Future[Any]] = []

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given.append(super().submit(*args, **kwargs))
        return self.given[-1]


def play_receiver(name: str, **options: Any) -> None:
    """Plays against a receiver that listens on a port and answers in the background."""
    current: dict[str, Any] = {}

    @contextmanager
    def make(env: dict[str, str]) -> Iterator[str]:
        receiver = receivers.make(name, receivers.Config.read(env))
        receiver.pool.shutdown()
        current["receiver"] = receiver
        receiver.pool = Pool()
        with receivers.serve(receiver) as served:
            yield served.url

    holds = (
        *invariants.DEFAULT,
        invariants.stays_calm,
        invariants.answers_everyone,
        invariants.acknowledges_soon(),
        invariants.keeps_status(lambda message_id: current["receiver"].statuses.get(message_id)),
    )
    given = {"without": ("restart",), "examples": 60} | options
    if "only" in given:
        del given["without"]
    check_integration(
        make,
        invariants=holds,
        idle=lambda: wait(current["receiver"].pool.given, 20),
        seeded=True,
        **({"shrink": False} | given),
    )


def test_the_right_receiver_passes() -> None:
    """A receiver that works in the background is waited for."""
    play_receiver("correct", examples=36)


HINTS: dict[str, dict[str, Any]] = {
    "hangs": {"policy": {"webhook_timeout": 0.5}},
    "needs-profile-later": {"only": ("shape", "write")},
    "needs-known-type": {"only": ("other",)},
    "needs-known-status": {"only": ("shape", "write", "time")},
    "needs-media-url": {"only": ("shape", "other")},
    "needs-emoji-in-reaction": {"only": ("other", "write")},
    "refuses-unknown-members": {"only": ("shape", "write")},
    "first-message-only": {"only": ("backlog",)},
    "first-change-only": {"only": ("batch", "write", "time")},
    "first-entry-only": {"only": ("batch", "write", "time")},
    "batch-stops-at-unknown": {"only": ("backlog",)},
    "notes-unsupported": {"only": ("shape", "write", "time")},
    "answers-standby": {"only": ("news", "write")},
    "downgrades-status": {"only": ("disorder", "write", "time")},
    "drops-older-messages": {"only": ("late", "burst", "time")},
    "duplicates-race": {"only": ("twice", "write")},
    "remembers-the-last": {"only": ("again", "write")},
    "loses-failures": {"only": ("fail", "write", "time")},
    "blocks": {"only": ("write",)},
    "loses-concurrent": {"only": ("burst",)},
    "busy": {"only": ("burst",)},
    "small-bodies": {"only": ("backlog",)},
    "dies-of-big-bodies": {"only": ("backlog",)},
}
"""What is left out to be quick; without, a hundred examples find them, too."""


@pytest.mark.parametrize("name", list(receivers.BUGS))
def test_bugs_of_receiving_are_found(name: str) -> None:
    """A receiver that is wrong in one way is found out."""
    with pytest.raises(AssertionError, match="What happened:"):
        play_receiver(name, examples=72, **HINTS.get(name, {}))


def play_sample(folder: Path, **options: Any) -> None:
    """Plays against the sample bot, whose memory lasts for an example."""
    from localwaba.samples.bot import make_app

    worlds: list[Path] = []

    def make(env: dict[str, str]) -> Any:
        return make_app(env | {"MEMORY": str(worlds[-1])})

    def setup(_: Waba) -> None:
        worlds.append(folder / f"{len(worlds)}.sqlite")

    check_integration(make, answers=True, setup=setup, seeded=True, **options)


def test_tasks_of_an_app_are_waited_for(tmp_path: Path) -> None:
    """The sample bot answers webhooks first and users later, in tasks: it is waited for, and keeps every rule."""
    play_sample(tmp_path, without=["5xx"], examples=20)


def test_the_sample_bot_remembers(tmp_path: Path) -> None:
    """Which templates are stopped and what was answered the sample bot knows after a restart, too."""
    only = ["write", "tap", "time", "pause", "restart"]
    play_sample(tmp_path, only=only, says=("Where is my order?", "hi"), examples=20, steps=8)


def test_mistakes_of_options() -> None:
    """What cannot happen is named, with what can."""
    with pytest.raises(ValueError, match="nothing is called writes; there are knock, write, other"):
        IntegrationMachine.against(bots.Bot, only=["writes"])


def test_own_invariants() -> None:
    """An invariant of one's own is a function of the history; its docstring is the rule of the story."""

    def is_polite(history: History) -> str | None:
        """The app says please."""
        rude = [sent for sent in history.step.sent if sent.type == "text" and "please" not in sent.text]
        return f'the app said "{rude[0].text}"' if rude else None

    found = story(bots.Bot, invariants=[is_polite], only=["write"])
    assert found.startswith('The app said "You said: hi".\n  rule: The app says please.')


class Loops(bots.Bot):
    """Answers every status, also those of its answers."""

    def status(self, status: dict[str, Any]) -> None:
        self.send(status["recipient_id"], "text", {"body": "a"}) if "recipient_id" in status else None


def test_apps_that_do_not_stop() -> None:
    """An app that answers the statuses of its answers is stopped before it has a day for it."""
    found = story(Loops, invariants=[], only=["write", "time"], shrink=False)
    assert found.startswith("The app does not stop: it has made ")


def test_a_url_and_a_world(waba: Waba) -> None:
    """An app that runs already is given as its URL, with the world whose environment it has."""
    config = receivers.Config.read(waba.env)
    receiver = receivers.make("duplicates-handled", config)
    with receivers.serve(receiver) as served, pytest.raises(AssertionError, match="What happened:"):
        check_integration(
            served.url, waba=waba, only=["twice", "write"], idle=0.05, seeded=True, shrink=False, examples=30
        )
    waba.reset()


def test_one_line_in_a_test_file(pytester: pytest.Pytester) -> None:
    """`IntegrationMachine.against(app).TestCase` is collected, and fails with the story."""
    source = Path(bots.__file__).read_text(encoding="utf-8")
    pytester.makepyfile(
        bots=source,
        test_bot="""
        from contextlib import contextmanager

        import bots
        from hypothesis import Phase, settings
        from pytest_localwaba import IntegrationMachine

        @contextmanager
        def right(env):
            bot = bots.Bot(env, bots.Kept())
            yield bot
            bot.close()

        @contextmanager
        def wrong(env):
            bot = bots.MakesLongButtons(env, bots.Kept())
            yield bot
            bot.close()

        TestRight = IntegrationMachine.against(right, only=["write", "time"]).TestCase
        TestRight.settings = settings(TestRight.settings, max_examples=5)
        TestWrong = IntegrationMachine.against(wrong, only=["write"]).TestCase
        TestWrong.settings = settings(TestWrong.settings, derandomize=True, phases=[Phase.generate])
        """,
    )
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*A message of the app to * was refused with 131009*"])


def test_own_rules() -> None:
    """Rules of one's own belong to the story."""
    from hypothesis import settings
    from hypothesis.stateful import rule

    class Shop(IntegrationMachine):
        @rule()
        def pays(self) -> None:
            """Somebody pays."""
            self.happens("Ana pays.")
            self.history.ask("Ana")
            self.user(0).sends("PAID")
            self.look()

    @contextmanager
    def make(env: dict[str, str]) -> Iterator[Any]:
        bot = bots.Bot(env, bots.Kept())
        yield bot
        bot.close()

    def never_paid(history: History) -> str | None:
        """Nobody pays."""
        return "somebody paid" if any(one.text == "PAID" for one in history.written.values()) else None

    case: Any = Shop.against(make, invariants=[never_paid], only=["write"]).TestCase
    case.settings = settings(case.settings, max_examples=20, derandomize=True, database=None)
    with pytest.raises(AssertionError, match=r"2\. Ana pays\."):
        case("runTest").runTest()
