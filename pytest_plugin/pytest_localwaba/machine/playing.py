"""The life of an example: a world, an app in it, a history, and the invariants that are held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from localwaba import ControlError, Waba
from localwaba.client.user import User
from pytest_localwaba.machine import door
from pytest_localwaba.machine.happenings import (
    HAPPENINGS,
    MOMENTS,
    NAMES,
    OF_FAILURE,
    SAYS,
    TROUBLES,
    Trouble,
    Weather,
)
from pytest_localwaba.machine.history import History, Sent
from pytest_localwaba.machine.invariants import DEFAULT, Invariant
from pytest_localwaba.machine.stage import HandshakeFailed, Stage
from pytest_localwaba.machine.story import tell


def _conditions(machine: Playing) -> st.SearchStrategy[list[tuple[str, Trouble]]]:
    """Two thirds of the weather: one trouble may hide another."""
    known = [one for one in machine.weather if machine.can(one[0])]
    drawn = st.tuples(*(st.sampled_from([None, one, one]) for one in known))
    return drawn.map(lambda found: [one for one in found if one is not None])


_CONDITIONS: st.SearchStrategy[list[tuple[str, Trouble]]] = st.runner().flatmap(_conditions)
_RUNAWAY = 25
SHORTER = 250
"""So many examples are spent on a shorter story: some 20 seconds, where Hypothesis would take five minutes."""
_PAGE = 5_000


class ShortEnough(BaseException):
    """Enough has been tried for a shorter story. No exception of a test, so that Hypothesis lets it through."""


class Playing(RuleBasedStateMachine):
    """An app, its users and the platform, without any rule of what happens."""

    app: ClassVar[Any] = None
    given_waba: ClassVar[Waba | None] = None
    holds: ClassVar[tuple[Invariant, ...]] = DEFAULT
    options: ClassVar[dict[str, Any]] = {}
    happenings: ClassVar[frozenset[str]] = frozenset(HAPPENINGS)
    says: ClassVar[Sequence[str]] = SAYS
    jobs: ClassVar[Mapping[str, Callable[[Any, User], object]]] = {}
    weather: ClassVar[Weather] = ()
    """What may hold from the beginning of an example."""
    patience: ClassVar[int | None] = None
    """How many examples may be played after one that went wrong."""
    shortest: ClassVar[str] = ""
    """The shortest story so far of an example that went wrong."""
    _stage: ClassVar[Stage | None] = None

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

    @classmethod
    def knock(cls) -> None:
        """Tries the door of the app, once before all examples: it does not depend on what happened before."""
        if "knock" in cls.happenings:
            machine = cls()
            try:
                machine.opens()
                for one in door.knock(machine.waba, machine.stage.patience):
                    machine.history.begin("Somebody calls your webhook.").knocks.append(one)
                    machine.judge()
                    machine.history.steps.pop()
                machine.stage.settle()
            finally:
                machine.stage.end_app()

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

    @initialize(conditions=_CONDITIONS)
    def opens(self, conditions: Sequence[tuple[str, Trouble]] = ()) -> None:
        """Nobody has written yet; some troubles are there from the beginning."""
        self.history.begin("Your app has started.")
        try:
            self.stage.open()
        except HandshakeFailed as error:
            self._fail(f"the handshake failed: {error}", self._shakes_hands)
        self.is_open = True
        self.look()
        for name, trouble in conditions:
            self.arm(name, trouble)

    def _end(self) -> None:
        """Ends the search for a shorter story in time; after an example, or Hypothesis would take it for another."""
        kind = type(self)
        if kind.shortest and kind.patience is not None:
            kind.patience -= 1
            if kind.patience < 0:
                raise ShortEnough

    def teardown(self) -> None:
        """Faults end, time passes, and what has to hold in the end is looked at."""
        try:
            if self.is_open and not self.broken:
                self.waba.faults.clear()
                self._pass(5 * 3_600, "In the end all trouble is over, and five hours pass.", is_last=True)
        finally:
            self.stage.end_app()
            self._end()

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
        if len(step.sent) > _RUNAWAY + 4 * sum(step.fresh.values()):
            self._fail(f"the app does not stop: it has made {len(step.sent)} calls", self._runs_away)
        self.judge()

    def judge(self) -> None:
        """Holds every invariant against the history."""
        wrong = self._wrong()
        if wrong is not None and self.stage.was_hasty():
            self._read()
            wrong = self._wrong()
        if wrong is not None:
            self._fail(*wrong)

    def _wrong(self) -> tuple[str, Invariant] | None:
        for invariant in self.holds:
            found = invariant(self.history)
            if found is not None:
                return found, invariant
        return None

    def can(self, what: str) -> bool:
        """Whether something may happen in these examples."""
        return what in self.happenings and (what != "restart" or self.stage.can_restart)

    def arm(self, name: str, trouble: Trouble) -> None:
        """A trouble from now on; not twice."""
        mark = name if name != "shape" else trouble.said
        if mark not in self._armed:
            self._armed[mark] = self.waba.faults.add(trouble.kind, **trouble.options)["id"]
            self.happens(trouble.said)
            if trouble.options.get("how") in OF_FAILURE and self.can("fail"):
                self.arm("fail", TROUBLES["fail"][0])

    def enabled(self, names: Sequence[str]) -> list[str]:
        """Those that may happen."""
        return [name for name in names if self.can(name)]

    # what is behind it

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

    def _shakes_hands(self) -> None:
        """A GET with the right verify token is answered with 200 and the challenge as the whole body."""

    def _fail(self, found: str, rule: Callable[..., object]) -> None:
        self.broken = found
        said = " ".join((rule.__doc__ or rule.__name__).split("\n\n")[0].split())
        story = tell(found[0].upper() + found[1:].removesuffix(".") + ".", said, self.history, self.users.values())
        kind = type(self)
        kind.shortest = min((kind.shortest or story), story, key=lambda one: (one.count("\n"), len(one)))
        raise AssertionError(story)

    def _pass(self, seconds: float, said: str, *, is_last: bool = False) -> None:
        """Time passes; first a little, so that what is late is answered, and loops are seen, before a day is over."""
        self.happens(said)
        passed = 0.0
        for moment in (*(one for one in MOMENTS if one < seconds), seconds):
            self.waba.advance(seconds=moment - passed)
            passed = moment
            self.history.is_over = is_last and moment == seconds
            self.look(settled=True)

    def _does(self, user: User, deed: Callable[[], object]) -> bool:
        """A user does something; not if the emulator says that they cannot."""
        try:
            deed()
        except ControlError:
            self.history.steps.pop()
            return False
        self.look(settled=True)
        return True


def called(name: str, deed: Callable[..., None]) -> Callable[..., None]:
    """A deed by another name: Hypothesis leaves out of each example half of the rules, those of one name together."""

    @wraps(deed)
    def doing(self: Playing, **given: Any) -> None:
        deed(self, **given)

    doing.__name__ = name
    return doing


def _choices(sent: Sent) -> list[str]:
    action = sent.body.get("interactive", {}).get("action", {}) if sent.type == "interactive" else {}
    titles = [one["reply"]["title"] for one in action.get("buttons", ()) if "reply" in one]
    return titles + [row["title"] for section in action.get("sections", ()) for row in section.get("rows", ())]
