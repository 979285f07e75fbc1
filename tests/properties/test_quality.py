"""Quality and the life of templates, against references that are slow and obvious."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from localwaba.domain.clock import DAY, HOUR, MINUTE
from localwaba.domain.policy import Policy
from localwaba.domain.quality import score_of, weigh
from localwaba.domain.quality_state import FeedbackGiven, QualityState, count_delivery, give_feedback
from localwaba.domain.world import snapshot
from neighbours import load

KINDS = ("block", "report", "mute", "archive", "stop_marketing")
WEEK = 7 * DAY


Stage: Any = load("unit/stage").Stage
moments = st.integers(1_700_000_000_000, 1_700_000_000_000 + 20 * DAY)
happenings = st.lists(
    st.tuples(moments, st.sampled_from(("delivery", *KINDS)), st.sampled_from("abcde"), st.sampled_from("TU")),
    max_size=60,
)


def recount(history: list[tuple[int, str, str, str]], subject: str, now: int, policy: Policy) -> str:
    """The score by looking at everything that ever happened, one by one."""
    weight = {
        "block": policy.feedback_block,
        "report": policy.feedback_report,
        "mute": policy.feedback_mute,
        "archive": policy.feedback_archive,
        "stop_marketing": policy.feedback_stop_marketing,
    }
    good = sample = 0
    bad = Fraction(0)
    newest: dict[tuple[str, str], int] = {}
    for at, what, user, template in history:
        hours_ago = now // HOUR - at // HOUR
        if hours_ago >= 168 or subject not in ("number", template):
            continue
        if what == "delivery":
            sample += 1
            good += 168 - hours_ago
        else:
            newest[user, what] = max(newest.get((user, what), 0), at)
    for (_, what), at in newest.items():
        bad += Fraction(str(weight[what])) * (168 - (now // HOUR - at // HOUR))
    if sample < policy.quality_minimum:
        return "UNKNOWN"
    share = float(bad / good)
    if share >= policy.quality_red:
        return "RED"
    return "YELLOW" if share >= policy.quality_yellow else "GREEN"


@settings(max_examples=150, deadline=None)
@given(happenings, st.integers(0, 8 * DAY), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_a_score_is_what_a_recount_finds(
    history: list[tuple[int, str, str, str]], later: int, yellow: float, red: float
) -> None:
    """Whatever was delivered and whoever was displeased, the score is that of the naive recount."""
    policy = Policy(quality_minimum=3, quality_yellow=min(yellow, red), quality_red=max(yellow, red))
    state = QualityState()
    history.sort()
    for at, what, user, template in history:
        if what == "delivery":
            for subject in ("number", template):
                count_delivery(state, subject, at)
        else:
            event: Any = FeedbackGiven(at=at, phone_number_id="number", wa_id=user, kind=what, template_id=template)  # type: ignore[arg-type]
            give_feedback(state, event)
    now = (history[-1][0] if history else 0) + later
    for subject in ("number", "T", "U"):
        assert score_of(weigh(state, policy, subject, now), policy) == recount(history, subject, now, policy)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9 * HOUR), st.booleans()), max_size=12), st.integers(1, 3))
def test_the_cap_is_a_rolling_day(sends: list[tuple[int, bool]], cap: int) -> None:
    """At no moment has a user got more than the cap in the 24 hours before, and nothing fails without need."""
    stage = Stage(marketing_cap=cap, window_seconds=4 * 3600)
    stage.approved()
    arrived: list[int] = []
    for wait, writes in sends:
        stage.passes(wait)
        if writes:
            stage.writes("16505551234")
        is_open = stage.world.pair(stage.world.phone_number_id, "16505551234").inbound_at > stage.now - 4 * HOUR
        sent_at = stage.now
        message = stage.sends()
        stage.passes(2_000)
        is_capped = sum(sent_at - at < DAY for at in arrived) >= cap and not is_open
        assert stage.outcome(message)[1] == (131049 if is_capped else None)
        if not is_capped and not is_open:
            arrived.append(sent_at)


class Ladder(RuleBasedStateMachine):
    """A template between Meta and its users; the reference counts pauses in one number."""

    @initialize()
    def begin(self) -> None:
        self.stage = Stage()
        self.template = self.stage.approved()
        self.status, self.pauses, self.until, self.score = "APPROVED", 0, 0, "UNKNOWN"

    def _rest(self) -> None:
        if self.status == "PAUSED" and self.stage.now >= self.until:
            self.status = "APPROVED"
            self.score = "UNKNOWN" if self.score == "RED" else self.score

    def _worsen(self) -> None:
        if self.pauses >= 2:
            self.status, self.pauses = "DISABLED", 3
            return
        self.until = self.stage.now + (3 * HOUR, 6 * HOUR)[self.pauses]
        self.status, self.pauses = "PAUSED", self.pauses + 1

    @rule(score=st.sampled_from(("GREEN", "YELLOW", "RED", "UNKNOWN")))
    def is_rated(self, score: str) -> None:
        if score != self.score and score == "RED" and self.status == "APPROVED":
            self._worsen()
        self.score = score
        self.stage.judges(self.template, quality_score=score)

    @rule(minutes=st.sampled_from((1, 179, 180, 360, 1440)))
    def time_passes(self, minutes: int) -> None:
        self.stage.passes(minutes * MINUTE)
        self._rest()

    @rule()
    def is_reinstated(self) -> None:
        if self.status == "DISABLED":
            self.status, self.pauses = "APPROVED", 0
            self.stage.judges(self.template, status="REINSTATED")

    @rule()
    def is_stored(self) -> None:
        self.stage.reloaded()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "stage"):
            return
        found = self.stage.template(self.template)
        assert (found.status, found.pauses, found.quality_score) == (self.status, self.pauses, self.score)
        expected = {"APPROVED": None, "PAUSED": 132015, "DISABLED": 132016}[self.status]
        assert (self.stage.refused().code if expected else None) == expected
        told = self.stage.events()
        since = told[max((at for at, event in enumerate(told) if event == "REINSTATED"), default=-1) + 1 :]
        assert since.count("PAUSED") <= 2
        assert since.count("DISABLED") == (self.status == "DISABLED")


TestLadder = Ladder.TestCase
TestLadder.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(0, 5)),
            st.tuples(st.just("pass"), st.sampled_from((1, HOUR, DAY))),
            st.tuples(st.sampled_from(KINDS), st.integers(0, 5)),
        ),
        max_size=25,
    )
)
def test_the_same_happens_again(deeds: list[tuple[str, int]]) -> None:
    """The same deeds give the same world, scores, pauses and holds included."""

    def play() -> bytes:
        stage = Stage(quality_minimum=2, template_pacing=True, pacing_batch=2, marketing_cap=3)
        one = stage.approved()
        for what, number in deeds:
            if what == "send":
                if stage.template(one).status == "APPROVED":
                    stage.sends(to=f"1650555000{number}")
            elif what == "pass":
                stage.passes(number)
            else:
                stage.does(f"1650555000{number}", what)
        return snapshot(stage.world)

    assert play() == play()


def test_the_reference_tells_scores_apart() -> None:
    """All four scores are found by the recount, or the property would say little."""
    policy = Policy(quality_minimum=3)
    good = [(1, "delivery", "a", "T")] * 100

    def found(*more: tuple[int, str, str, str]) -> str:
        return recount([*good, *more], "T", 2, policy)

    assert recount(good[:2], "T", 2, policy) == "UNKNOWN"
    scores = [
        found(),
        found(*[(1, "block", user, "T") for user in "abcd"]),
        found(*[(1, "report", u, "T") for u in "abcde"]),
    ]
    assert scores == ["GREEN", "YELLOW", "RED"]


@pytest.mark.parametrize("kind", KINDS)
def test_more_displeasure_is_never_better(kind: str) -> None:
    """One more unhappy user never improves a score."""
    order = ["GREEN", "YELLOW", "RED"]
    policy, state = Policy(quality_minimum=1), QualityState()
    for _ in range(20):
        count_delivery(state, "number", WEEK)
    before = 0
    for user in range(30):
        event = FeedbackGiven(at=WEEK, phone_number_id="number", wa_id=str(user), kind=kind)  # type: ignore[arg-type]
        give_feedback(state, event)
        now = order.index(score_of(weigh(state, policy, "number", WEEK), policy))
        assert now >= before
        before = now
