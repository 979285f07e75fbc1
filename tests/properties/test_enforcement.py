"""Whatever Meta does to an account and however time jumps: what is blocked is refused, and what has ended is not."""

from __future__ import annotations

from math import inf
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from localwaba.domain.account_state import ADDING_NUMBERS, BUSINESS_INITIATED, USER_INITIATED, UTILITY_RATE
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refused
from localwaba.operations.enforcing import patch_account
from localwaba.operations.platform_events import fire
from localwaba.wire.health import health_status
from neighbours import load

Stage: Any = load("unit/stage").Stage
USERS = {"16505551234": "US", "5511987654321": "BR", "447700900123": "GB"}
SOME, ALL = (BUSINESS_INITIATED, ADDING_NUMBERS), (BUSINESS_INITIATED, ADDING_NUMBERS, USER_INITIATED)
STEPS: dict[str, tuple[tuple[str, ...], float]] = {
    "warning": ((), 0),
    "1-day": (SOME, DAY),
    "3-day": (SOME, 3 * DAY),
    "5-day": (ALL, 5 * DAY),
    "7-day": (ALL, 7 * DAY),
    "30-day": (ALL, 30 * DAY),
    "lock": (ALL, inf),
    "disable": ((), 0),
}
LADDER = [*STEPS]
ABSENT = {"PENDING", "DISCONNECTED", "UNVERIFIED", "UNKNOWN", "MIGRATED"}
jumps = st.one_of(
    st.sampled_from([0, 1, SECOND, DAY - 1, DAY, DAY + 1, 3 * DAY, 5 * DAY, 30 * DAY]), st.integers(0, 40 * DAY)
)
users = st.sampled_from(sorted(USERS))


class Enforcement(RuleBasedStateMachine):
    """Meta's hand and the clock on one account, and a reference that only knows when what ends."""

    @initialize()
    def begin(self) -> None:
        self.stage = Stage()
        self.stage.approved("offer", "MARKETING")
        self.ends: dict[str, float] = {}
        self.step = 0
        self.disabled = False
        self.disable_at = inf
        self.rejected = False
        self.unpaid = False
        self.countries: set[str] = set()
        self.status = "CONNECTED"
        self.written: dict[str, int] = {}

    # Meta

    def act(self, **changes: Any) -> None:
        stage = self.stage
        stage.happen(patch_account(stage.world, stage.now, stage.world.waba_id, changes))

    def takes(self, name: str) -> None:
        kinds, length = STEPS[name]
        for kind in kinds:
            self.ends[kind] = max(self.ends.get(kind, 0), self.stage.now + length)
        self.step = LADDER.index(name) + 1
        if name == "disable":
            self.disabled, self.disable_at = True, inf

    def of_misuse(self) -> dict[str, float]:
        """What the other ladder has taken, which no reinstatement gives back."""
        return {kind: end for kind, end in self.ends.items() if kind == UTILITY_RATE}

    @rule(name=st.sampled_from(LADDER))
    def enforce(self, name: str) -> None:
        self.act(enforcement=name)
        self.ends = self.of_misuse()
        self.disabled, self.disable_at = False, inf
        self.takes(name)

    @rule()
    def violate(self) -> None:
        self.act(violation="SCAM")
        self.ends = {kind: end for kind, end in self.ends.items() if end > self.stage.now}
        self.takes(LADDER[min(self.step, len(LADDER) - 1)])

    @rule(
        kind=st.sampled_from([*ALL, UTILITY_RATE, "RESTRICTED_USER_INITIATED_CALLING"]),
        seconds=st.none() | st.integers(0, 20 * 86_400),
        by_webhook=st.booleans(),
    )
    def restrict(self, kind: str, seconds: int | None, by_webhook: bool) -> None:
        if by_webhook:
            row: dict[str, Any] = {"restriction_type": kind}
            if seconds is not None:
                row["expiration"] = self.stage.now // SECOND + seconds
            value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [row]}
            options = {"field": "account_update", "value": value}
            self.stage.happen(fire(self.stage.world, self.stage.now, options).events)
            end = inf if seconds is None else (self.stage.now // SECOND + seconds) * SECOND
        else:
            row = {"type": kind} if seconds is None else {"type": kind, "seconds": seconds}
            self.act(restrictions=[row])
            end = inf if seconds is None else self.stage.now + seconds * SECOND
        self.ends[kind] = end

    @rule()
    def reinstate(self) -> None:
        self.act(status="ACTIVE")
        self.ends = self.of_misuse()
        self.disabled, self.disable_at = False, inf

    @rule()
    def lock(self) -> None:
        self.act(status="LOCKED")
        self.ends |= dict.fromkeys(ALL, inf)

    @rule(seconds=st.integers(0, 20 * 86_400))
    def schedule(self, seconds: int) -> None:
        self.act(disable_in=seconds)
        self.disable_at = self.stage.now + seconds * SECOND

    @rule(decision=st.sampled_from(["APPROVED", "REJECTED"]))
    def review(self, decision: str) -> None:
        self.act(review_status=decision)
        self.rejected = decision == "REJECTED"

    @rule(payment=st.sampled_from(["ok", "failed"]))
    def charge(self, payment: str) -> None:
        self.act(payment=payment)
        self.unpaid = payment == "failed"

    @rule(countries=st.sets(st.sampled_from(sorted(USERS.values()))))
    def close(self, countries: set[str]) -> None:
        self.act(blocked_countries=sorted(countries))
        self.countries = countries

    @rule(status=st.sampled_from(["CONNECTED", "FLAGGED", "RESTRICTED", "RATE_LIMITED", "BANNED", *sorted(ABSENT)]))
    def connect(self, status: str) -> None:
        self.stage.rates(status=status)
        self.status = status

    # time and people

    @rule(span=jumps)
    def wait(self, span: int) -> None:
        self.stage.passes(span)

    @rule(wa_id=users)
    def write(self, wa_id: str) -> None:
        self.stage.writes(wa_id)
        self.written[wa_id] = self.stage.now

    @rule()
    def reload(self) -> None:
        self.stage.reloaded()

    @rule(wa_id=users, is_template=st.booleans())
    def send(self, wa_id: str, is_template: bool) -> None:
        """A send is taken or refused with the code that the reference says, and fails only if nobody pays for it."""
        self.settle()
        inside = self.is_open(wa_id)
        message, refusal = self.tried(wa_id, is_template)
        assert (refusal.code if refusal else None) == self.expected(wa_id)
        if refusal is not None:
            assert refusal.why
            assert refusal.fix
            return
        self.stage.passes(0)
        late = 131042 if self.unpaid and (is_template or not inside) else None
        if late is None and not is_template and not inside:
            late = 131047
        assert self.stage.outcome(message)[1] == late

    def tried(self, wa_id: str, is_template: bool) -> tuple[Any, Any]:
        """The message, or why there is none."""
        stage = self.stage
        text = {"messaging_product": "whatsapp", "to": wa_id, "type": "text", "text": {"body": "hi"}}
        try:
            if is_template:
                return stage.sends("offer", wa_id), None
            answer = stage.call("send_message", stage.world.phone_number_id, "messages", **text)
        except Refused as refused:
            return None, refused.refusal
        return answer["messages"][0], None

    def is_open(self, wa_id: str) -> bool:
        return wa_id in self.written and self.stage.now - self.written[wa_id] < DAY

    def settle(self) -> None:
        """What was due by now has happened."""
        if self.disable_at <= self.stage.now:
            self.stage.passes(0)
            self.disabled, self.disable_at = True, inf

    def is_closed(self) -> bool:
        locked = all(self.ends.get(kind) == inf for kind in (BUSINESS_INITIATED, USER_INITIATED))
        return self.disabled or self.rejected or locked

    def expected(self, wa_id: str) -> int | None:
        inside = self.is_open(wa_id)
        if self.status in ABSENT:
            return 133010
        if self.status == "BANNED":
            return 131031
        if self.status in ("RESTRICTED", "RATE_LIMITED") and not inside:
            return 131048
        if self.is_closed():
            return 131031
        if USERS[wa_id] in self.countries:
            return 130497
        end = self.ends.get(USER_INITIATED if inside else BUSINESS_INITIATED, 0)
        if end > self.stage.now:
            return 131031 if end == inf else 368
        return None

    # what always holds

    @invariant()
    def health_is_as_bad_as_sending(self) -> None:
        """An account that can send nothing is BLOCKED; one that Meta has nothing against is not."""
        stage = getattr(self, "stage", None)
        if stage is None:
            return
        self.settle()
        world = stage.world
        found = health_status(world, world.app_id, world.wabas[world.waba_id], now=stage.now)
        level = found["entities"][0]["can_send_message"]
        both = all(self.ends.get(kind, 0) > stage.now for kind in (BUSINESS_INITIATED, USER_INITIATED))
        assert (level == "BLOCKED") == (self.is_closed() or both or self.unpaid)
        if not any(end > stage.now for end in self.ends.values()) and not self.countries and level != "BLOCKED":
            assert level == "AVAILABLE"

    @invariant()
    def what_has_ended_is_forgotten(self) -> None:
        """Once its time has come and was acted upon, no restriction is left behind."""
        stage = getattr(self, "stage", None)
        if stage is None:
            return
        stage.passes(0)
        standing = stage.world.standings.get(stage.world.waba_id)
        left = set(standing.restrictions) if standing else set()
        assert left == {kind for kind, end in self.ends.items() if end > stage.now}
        status = stage.world.wabas[stage.world.waba_id].status
        assert (status == "DISABLED") == self.disabled


Enforcement.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestEnforcement = Enforcement.TestCase
