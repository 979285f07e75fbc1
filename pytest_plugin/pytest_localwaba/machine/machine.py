"""`IntegrationMachine`: all that users, networks and Meta do to an integration, as a state machine of Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from unittest import TestCase

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from localwaba import ControlError, Waba
from localwaba.client.user import User
from pytest_localwaba.machine.happenings import (
    FAULTS,
    FORMS,
    HAPPENINGS,
    MOMENTS,
    NAMES,
    NETWORK,
    NEWS,
    OTHER,
    SAYS,
    SHAPES,
    SPANS,
    SURPRISES,
)
from pytest_localwaba.machine.history import History, Sent, shorten
from pytest_localwaba.machine.invariants import DEFAULT, Invariant
from pytest_localwaba.machine.stage import Stage
from pytest_localwaba.machine.story import tell

_RUNAWAY = 25
_SPAN = st.sampled_from(sorted(SPANS))
_WHO, _WHAT, _WHICH = st.integers(0, 2), st.integers(0, 9), st.integers(0, 24)
_PAGE = 5_000


class IntegrationMachine(RuleBasedStateMachine):
    """An app, its users and the platform. `IntegrationMachine.against(app, …)` makes one for your app.

    Subclasses may add rules (`self.happens("Ana pays")` first, `self.look()` last) and read `self.waba`, `self.users`,
    `self.history`. An example is a world of its own.
    """

    app: ClassVar[Any] = None
    given_waba: ClassVar[Waba | None] = None
    holds: ClassVar[tuple[Invariant, ...]] = DEFAULT
    options: ClassVar[dict[str, Any]] = {}
    happenings: ClassVar[frozenset[str]] = frozenset(HAPPENINGS)
    says: ClassVar[Sequence[str]] = SAYS
    jobs: ClassVar[Mapping[str, Callable[[Any, User], object]]] = {}
    _stage: ClassVar[Stage | None] = None

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

    @classmethod
    def open_stage(cls) -> Stage:
        """The stage of this class, which its examples share one after the other; `close_stage` ends it."""
        if cls._stage is None:
            cls._stage = Stage(cls.app, cls.given_waba, **cls.options)
        return cls._stage

    @classmethod
    def close_stage(cls) -> None:
        """Ends the stage."""
        stage, cls._stage = cls._stage, None
        if stage is not None:
            stage.close()

    def __init__(self) -> None:
        super().__init__()
        self.stage = self.open_stage()
        self.waba = self.stage.waba
        self.history = History()
        self.users: dict[str, User] = {}
        self.is_open = False
        self.broken = ""
        self._seen = 0
        self._armed: dict[str, str] = {}
        self._tappable: dict[str, list[str]] = {}

    @initialize()
    def opens(self) -> None:
        """Nobody has written yet."""
        self.history.begin("Your app has started.")
        self.stage.open()
        self.is_open = True
        self.look()

    def teardown(self) -> None:
        """Faults end, time passes, and what has to hold in the end is looked at."""
        try:
            if self.is_open and not self.broken:
                self.waba.faults.clear()
                self.history.is_over = True
                self._pass(600, "In the end all trouble is over, and ten minutes pass.")
        finally:
            self.stage.end_app()

    # what a rule does

    def happens(self, said: str) -> None:
        """Begins a step of the story, in words."""
        self.history.begin(said)

    def user(self, who: int) -> User:
        """One of the users, met when first wanted. Cleo hides her number."""
        name = NAMES[who % len(NAMES)]
        if name not in self.users:
            user = self.users[name] = self.stage.user(name, hidden=name == "Cleo")
            self.history.people |= {user.wa_id: name, user.user_id: name}
        return self.users[name]

    def look(self, *, settled: bool = False) -> None:
        """Waits for the app, reads what came of it, and holds every invariant against it."""
        self.stage.settle(settled=settled)
        self._read()
        step = self.history.step
        if len(step.sent) > _RUNAWAY:
            self._fail(f"the app does not stop: it has made {len(step.sent)} calls", self._runs_away)
        for invariant in self.holds:
            found = invariant(self.history)
            if found is not None:
                self._fail(found, invariant)

    def _read(self) -> None:
        is_more = True
        while is_more:
            entries = self.waba.link.call("GET", "journal", query={"after": self._seen, "limit": _PAGE})["entries"]
            self._seen = entries[-1]["n"] if entries else self._seen
            self.history.take(entries)
            is_more = len(entries) == _PAGE
        step = self.history.step
        if any(sent.ordered for sent in step.sent):
            self._armed.pop("5xx", None)
        if any(sent.is_accepted for sent in step.sent):
            self._armed.pop("fail", None)
        for sent in step.sent:
            if sent.is_accepted and (choices := _choices(sent)):
                self._tappable[sent.user] = choices

    def _runs_away(self) -> None:
        """An app comes to an end with what it does for one thing that happened."""

    def _fail(self, found: str, rule: Callable[..., object]) -> None:
        self.broken = found
        said = " ".join((rule.__doc__ or rule.__name__).split("\n\n")[0].split())
        raise AssertionError(tell(found[0].upper() + found[1:] + ".", said, self.history, self.users.values()))

    def can(self, what: str) -> bool:
        """Whether something may happen in these examples."""
        return what in self.happenings and (what != "restart" or self.stage.can_restart)

    def enabled(self, names: Sequence[str]) -> list[str]:
        """Those that may happen."""
        return [name for name in names if self.can(name)]

    def _pass(self, seconds: float, said: str) -> None:
        """Time passes; first a little, so that what is late is answered, and loops are seen, before a day is over."""
        self.happens(said)
        passed = 0.0
        for moment in (*(one for one in MOMENTS if one < seconds), seconds):
            self.waba.advance(seconds=moment - passed)
            passed = moment
            self.look()

    def _does(self, user: User, deed: Callable[[], object]) -> bool:
        """A user does something; not if the emulator says that they cannot."""
        try:
            deed()
        except ControlError:
            self.history.steps.pop()
            return False
        self.look(settled=True)
        return True

    # users

    def _write(self, who: int, what: int) -> None:
        """A user writes a text."""
        user, text = self.user(who), self.says[what % len(self.says)]
        if user.name not in self.history.blocked:
            self.happens(f'{user.name} writes "{shorten(text)}".')
            self._armed.pop("late", None)
            self._does(user, lambda: user.sends(text))
            if text.upper() == "STOP":
                self.history.stopped.setdefault(user.name, self.history.step.n)

    # Users write more than anything else happens: a rule is drawn as often as any other.
    writes = precondition(lambda self: self.can("write"))(rule(who=_WHO, what=_WHAT)(_write))
    writes_more = precondition(lambda self: self.can("write"))(rule(who=_WHO, what=_WHAT)(_write))
    writes_on = precondition(lambda self: self.can("write"))(rule(who=_WHO, what=_WHAT)(_write))

    @precondition(lambda self: self.can("other"))
    @rule(who=st.integers(0, 2), what=st.integers(0, len(OTHER) + 3))
    def send(self, who: int, what: int) -> None:
        """A user sends something that is no text."""
        user = self.user(who)
        if user.name in self.history.blocked:
            return
        said, content = OTHER[what % len(OTHER)]
        if what >= len(OTHER):
            got = [sent for sent in self.history.sent if sent.user == user.name and sent.is_accepted and sent.id]
            if not got:
                return
            emoji = "👍" if what < len(OTHER) + 2 else ""
            said = "reacts with 👍" if emoji else "takes a reaction back"
            content = {"type": "reaction", "reaction": {"message_id": got[-1].id} | ({"emoji": emoji} if emoji else {})}
        self.happens(f"{user.name} {said}.")
        self._does(user, lambda: user.sends_message(content))

    @precondition(lambda self: self.can("tap") and self._tappable)
    @rule(who=st.integers(0, 2), which=st.integers(0, 9))
    def tap(self, who: int, which: int) -> None:
        """A user taps what the app has sent."""
        user = self.user(who)
        choices = self._tappable.get(user.name)
        if choices and user.name not in self.history.blocked:
            choice = choices[which % len(choices)]
            self.happens(f'{user.name} taps "{choice}".')
            self._does(user, lambda: user.taps(choice))

    @precondition(lambda self: self.can("read"))
    @rule(who=st.integers(0, 2))
    def read(self, who: int) -> None:
        """A user opens the chat."""
        user = self.user(who)
        if any(sent.user == user.name for sent in self.history.sent):
            self.happens(f"{user.name} reads.")
            self._does(user, user.reads)

    def _block(self, user: User) -> None:
        """A user blocks the business, or lets it write again."""
        blocked = self.history.blocked
        if user.name in blocked:
            self.happens(f"{user.name} lets you write again.")
            blocked.discard(user.name)
            self._does(user, user.unblocks)
        else:
            self.happens(f"{user.name} blocks you.")
            blocked.add(user.name)
            self._does(user, user.blocks)

    def _opt_out(self, user: User) -> None:
        """A user wants no marketing messages any more."""
        if user.name not in self.history.stopped:
            self.happens(f"{user.name} stops marketing messages.")
            self._does(user, user.stops_marketing)
            self.history.stopped.setdefault(user.name, self.history.step.n)

    # the network and the clock

    def _wait(self, span: int) -> None:
        """Time passes."""
        self._pass(span, f"{SPANS[span][0].upper()}{SPANS[span][1:]} pass.")

    waits = precondition(lambda self: self.can("time"))(rule(span=_SPAN)(_wait))
    waits_more = precondition(lambda self: self.can("time"))(rule(span=_SPAN)(_wait))

    @precondition(lambda self: self.can("again") and self.history.written)
    @rule(which=st.integers(0, 9))
    def again(self, which: int) -> None:
        """Meta delivers a webhook once more that your app has acknowledged."""
        known = self._told()
        if known:
            self.happens("A webhook that your app has acknowledged comes again.")
            self._redeliver(known[-1 - which % len(known)])

    def _told(self) -> list[str]:
        """The webhooks about messages of users that the app has acknowledged, by id."""
        return [
            one["id"]
            for one in self.waba.deliveries(state="delivered", limit=200)
            if one["attempts"] and "messages" in one["body"]["entry"][0]["changes"][0]["value"]
        ]

    def _redeliver(self, *which: str) -> None:
        for one in which:
            self.waba.link.call("POST", f"webhooks/{one}/redeliver")
        self.look()

    def _arm(self, name: str, said: str, kind: str, **fault: Any) -> None:
        if name not in self._armed:
            self._armed[name] = self.waba.faults.add(kind, **fault)["id"]
            self.happens(said)

    @precondition(lambda self: self.enabled(NETWORK))
    @rule(which=_WHICH, times=st.integers(1, 2))
    def network(self, which: int, times: int) -> None:
        """Webhooks come twice, late, in batches, in other shapes; messages fail; the platform has trouble."""
        names = self.enabled(NETWORK)
        name = names[which % len(names)]
        if name in FAULTS:
            said, kind, fault = FAULTS[name]
            self._arm(name, said, kind, **fault)
        elif name == "batch":
            form = FORMS[(which // len(names) + times) % len(FORMS)]
            said = f"From now on, webhooks of five seconds come in one POST, as several {form}."
            self._arm(name, said, "batch", of=form, seconds=5, match={"field": "messages"})
        elif name == "shape":
            how = SHAPES[(which // len(names) + times) % len(SHAPES)]
            said = f"From now on, webhooks come in another shape ({how.replace('_', ' ')})."
            self._arm(name, said, "reshape", how=how, match={"field": "messages"})
        else:
            said = f"The platform answers 503 to the next {'send' if times == 1 else 'two sends'}."
            match = {"operation": "send_message"}
            self._arm(name, said, "http_error", status=503, when={"next": times}, match=match)

    def _surprise(self, which: int, who: int) -> None:
        """A user blocks you or opts out, Meta pauses a template, a colleague writes, your app is restarted."""
        names = self.enabled(SURPRISES)
        name, user = names[which % len(names)], self.user(who)
        if name == "block":
            self._block(user)
        elif name == "opt out":
            self._opt_out(user)
        elif name == "pause":
            self._pause(who)
        elif name == "news":
            self._news(which // len(names))
        else:
            self._restart(is_hasty=which >= len(names))

    surprises = precondition(lambda self: self.enabled(SURPRISES))(rule(which=_WHICH, who=_WHO)(_surprise))
    surprises_more = precondition(lambda self: self.enabled(SURPRISES))(rule(which=_WHICH, who=_WHO)(_surprise))

    def _pause(self, which: int) -> None:
        """Meta pauses a template for its quality."""
        known = [one for one in self.waba.templates() if one["status"] == "APPROVED" and one["name"] != "hello_world"]
        if known:
            used = {sent.template for sent in self.history.sent}
            one = sorted(known, key=lambda one: one["name"] not in used)[which % len(known)]
            self.happens(f'Meta pauses the template "{one["name"]}".')
            self.waba.templates.pause(one["id"])
            self.look(settled=True)

    def _news(self, which: int) -> None:
        """A webhook comes that is no message and no status, such as of what a colleague wrote."""
        field, said = list(NEWS.items())[which % len(NEWS)]
        self.happens(f"{said}.")
        self.waba.link.call("POST", "platform-events", {"field": field})
        self.look()

    def _restart(self, is_hasty: bool) -> None:
        """Your app is restarted, and forgets what it kept in memory; perhaps Meta missed its last answer."""
        last = self._told()[-1:] if is_hasty else []
        self.happens("Your app is restarted" + (", and the last webhook comes again." if last else "."))
        self.stage.restart()
        self._redeliver(*last)

    def _job(self, who: int, what: int) -> None:
        """Something in your business makes the app write to a user."""
        user, name = self.user(who), sorted(self.jobs)[what % len(self.jobs)]
        self.happens(f"Your job {name} runs for {user.name}.")
        self.history.ask(user.name)
        self.jobs[name](self.stage.current, user)
        self.look()

    works = precondition(lambda self: self.can("job") and self.jobs)(rule(who=_WHO, what=_WHAT)(_job))
    works_more = precondition(lambda self: self.can("job") and self.jobs)(rule(who=_WHO, what=_WHAT)(_job))


def _choices(sent: Sent) -> list[str]:
    action = sent.body.get("interactive", {}).get("action", {}) if sent.type == "interactive" else {}
    titles = [one["reply"]["title"] for one in action.get("buttons", ()) if "reply" in one]
    return titles + [row["title"] for section in action.get("sections", ()) for row in section.get("rows", ())]


def run(machine: type[IntegrationMachine], how: settings) -> None:
    """Runs a machine, and ends its stage."""
    try:
        run_state_machine_as_test(machine, settings=how)
    finally:
        machine.close_stage()


PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but the explanation of Hypothesis: the story is one."""

CALM = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""Health checks of Hypothesis that say more of apps and machines than of examples."""


def _test_case(machine: type[IntegrationMachine]) -> type[TestCase]:
    class IntegrationTestCase(TestCase):
        """Collected by pytest; `settings` are Hypothesis's."""

        settings = settings(deadline=None, stateful_step_count=12, suppress_health_check=CALM, phases=PHASES)

        def runTest(self) -> None:
            run(machine, self.settings)

    IntegrationTestCase.__module__ = machine.__module__
    return IntegrationTestCase
