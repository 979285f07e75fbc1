"""A whole world, driven by chance, beside a model that knows the rules in plain dicts and nothing of the code.

The model says for every send why it may be refused; a send without a reason is taken, one with a reason is not. What
it counts it counts anew each time, out of lists of all that happened.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from localwaba.domain.applying import apply
from neighbours import load

Platform: Any = load("http/conftest").Platform
written_out: Any = load("properties/test_replay").written_out
DAY = 86_400_000
NEVER = 10**15
USERS = ("16505551234", "447700900123", "5511999990000", "919876543210")
STATES = {"16505551234"}
"""Users in the United States."""
UNCAPPED = {"447700900123"}
"""Users in a country where marketing is not capped."""
TEMPLATES = ("order", "offer")
TIERS = {"TIER_50": 50, "TIER_250": 250, "TIER_2K": 2_000, "TIER_UNLIMITED": None}
SPANS = (0.3, 1, 2, 6, 18, 60, 3_600, 10_800, 21_600, 43_200, 86_399, 86_400, 260_000, 2_700_000)
WAITING = ("accepted", "failed")
UNSENDABLE = {"PAUSED": 132015, "DISABLED": 132016}
LEGAL = {
    "accepted": {"sent", "failed"},
    "sent": {"delivered", "read"},
    "delivered": {"read"},
    "read": set(),
    "failed": set(),
}
BIZ, CUSTOMER = "RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"
KNOBS: tuple[dict[str, Any], ...] = (
    {"window_seconds": 86_400},
    {"window_seconds": 3_600},
    {"reaction_opens_window": True},
    {"reaction_opens_window": False},
    {"window_answer": "sync"},
    {"window_answer": "webhook"},
    {"restricted_templates": "all"},
    {"restriction_code": 131031},
    {"us_marketing": "block"},
    {"us_marketing": "allow"},
    {"marketing_cap": 2},
    {"marketing_cap": None},
    {"throughput_standard": 4},
    {"throughput_standard": 80},
    {"throughput_status": 429},
    {"messaging_limit_answer": "sync"},
    {"delivered_after": 30},
    {"read_after": None},
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "error", "code": 131000, "when": {"next": 2}},
    {"kind": "http_error", "status": 503, "when": {"next": 1}},
    {"kind": "fail", "code": 131049, "after": "sent", "when": {"next": 2}},
    {"kind": "stuck_at", "status": "sent", "when": {"every": 2}},
    {"preset": "duplicate-delivery"},
    {"preset": "statuses-shuffled-with-repeats"},
)
CALL_FAULTS = {"error", "http_error"}
START: dict[str, Any] = {
    "window_seconds": 86_400,
    "reaction_opens_window": False,
    "window_answer": "webhook",
    "restricted_templates": "outside-window",
    "restriction_code": 368,
    "us_marketing": "allow",
    "marketing_cap": None,
    "throughput_standard": 80,
    "messaging_limit_answer": "webhook",
}
"""The knobs that the model looks at, as they are by default."""
BODY = "Hello there {{1}}, your order is on its way to you."
OFFER = "Hello there {{1}}, we have a new offer for you today."


def contents(name: str) -> list[dict[str, Any]]:
    text = OFFER if name == "offer" else BODY
    return [{"type": "BODY", "text": text, "example": {"body_text": [["you"]]}}]


class PlatformMachine(RuleBasedStateMachine):
    """Everybody who does something to a world, and what has to be true of it then."""

    @initialize(
        pair_answer=st.sampled_from(["sync", "webhook"]),
        sent_after=st.sampled_from([0, 0, 0, 2]),
        growth=st.sampled_from([None, 21_600]),
        tier=st.sampled_from(["TIER_50", "TIER_50", "TIER_250"]),
    )
    def begin(self, pair_answer: str, sent_after: int, growth: int | None, tier: str) -> None:
        self.options = {
            "policy": {
                "pair_seconds": 6,
                "pair_burst": 4,
                "pair_answer": pair_answer,
                "sent_after": sent_after,
                "messaging_limit_growth": growth,
                "account_calls": None,
                "quality_from_feedback": False,
            }
        }
        self.platform = Platform(**self.options)
        self.world = self.platform.world
        self.knobs = dict(START)
        self.pair_late, self.sent_after, self.grows = pair_answer == "webhook", sent_after, growth is not None
        self.now = self.platform.host.now()
        self.inbound: list[tuple[int, str, bool]] = []  # when, who, whether it opens the window
        self.received: dict[str, str] = {}  # id of a user's message: who
        self.taken: dict[str, dict[str, Any]] = {}  # id of a business message: what the model knows
        self.waiting: list[str] = []  # ids of those that have neither left nor failed
        self.reached: list[tuple[int, str]] = []  # when, who was reached outside a window
        self.blocked: set[str] = set()
        self.stopped: set[str] = set()
        self.number, self.registered = "CONNECTED", True
        self.unpaid = self.disabled = False
        self.disable_at = NEVER
        self.until = {BIZ: 0, CUSTOMER: 0}  # when restrictions end
        self.revoked, self.expires = False, NEVER
        self.templates: dict[str, dict[str, Any]] = {}
        self.faults: list[dict[str, Any]] = []
        self.disturbed = False
        self.tier = "TIER_250"
        self.strangers = 0
        self.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook", "fields": ["messages"]})
        self.set_tier(tier)
        for name in ("order", "offer"):
            self.make_template(name)
        self.jump(5)

    # how calls are made

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a call of the control API; None if it was refused, which has to be told in words."""
        reply = self.platform.ask(method, f"/_localwaba/{path}", body)
        self.platform.settle()
        if reply.status == 200:
            return reply.body
        assert 400 <= reply.status < 500, reply
        assert reply.body["error"]
        return None

    def graph(self, method: str, path: str, body: Any = None) -> int | Any:
        """The JSON of a Graph call, or the code of its refusal, which has to say why."""
        reply = self.platform.graph(method, path, body)
        self.platform.settle()
        if reply.status == 200:
            assert 190 not in self.token_reasons(), "an answer to a token that is no good"
            return reply.body
        kinds = {fault.get("kind") for fault in self.faults}
        if reply.status >= 500:
            assert kinds & CALL_FAULTS, reply
        assert reply.headers.get("x-localwaba-why") or kinds & CALL_FAULTS, reply
        code = reply.body["error"]["code"]
        assert isinstance(code, int)
        if self.token_reasons() and not kinds & CALL_FAULTS:
            assert code == 190
        return code

    # what the model knows

    def token_reasons(self) -> set[int]:
        return {190} if self.revoked or self.now >= self.expires else set()

    def is_open(self, user: str) -> bool:
        """Whether the user wrote within the window."""
        span = self.knobs["window_seconds"] * 1000
        return any(who == user and opens and self.now - at < span for at, who, opens in self.inbound)

    def is_closed(self) -> bool:
        return self.disabled or self.now >= self.disable_at or all(end == NEVER for end in self.until.values())

    def is_fast(self) -> bool:
        """Whether the last second is full, in and out."""
        moments = [at for at, _, _ in self.inbound] + [one["at"] for one in self.taken.values()]
        return sum(self.now - at < 1000 for at in moments) >= self.knobs["throughput_standard"]

    def is_pressing(self, user: str) -> bool:
        """Whether one more message would be more than the burst, and one each six seconds, from any earlier one on."""
        moments = [one["at"] for one in self.taken.values() if one["user"] == user and not one["pressing"]]
        return any(len(moments) - n + 1 > 4 + (self.now - at) // 6_000 for n, at in enumerate(moments))

    def is_beyond(self, user: str, at: int) -> bool:
        """Whether the messaging limit has no room for one more user."""
        most = TIERS[self.tier]
        lately = {who for moment, who in self.reached if at - moment < DAY}
        return most is not None and user not in lately and len(lately) >= most

    def account_reasons(self, user: str = "", *, is_template: bool = False) -> set[int]:
        """Why the number or its account may not send."""
        found = set() if self.registered else {133010}
        if self.number == "BANNED" or self.is_closed():
            found.add(131031)
        if user:
            is_open = self.is_open(user)
            if self.number in ("RESTRICTED", "RATE_LIMITED") and not is_open:
                found.add(131048)
            kinds = {CUSTOMER if is_open else BIZ}
            if is_template and self.knobs["restricted_templates"] == "all":
                kinds.add(BIZ)
            for kind in kinds:
                if self.now < self.until[kind]:
                    found.add(131031 if self.until[kind] == NEVER else self.knobs["restriction_code"])
        return found

    def reasons(self, user: str, template: str = "") -> set[int]:
        """Every code with which Graph may refuse a send now."""
        found = self.token_reasons() | self.account_reasons(user, is_template=bool(template))
        if template:
            status = self.templates.get(template, {}).get("status")
            if status != "APPROVED":
                found.add(UNSENDABLE.get(str(status), 132001))
        elif self.knobs["window_answer"] == "sync" and not self.is_open(user):
            found.add(131047)
        if self.is_fast():
            found.add(130429)
        if not self.pair_late and self.is_pressing(user):
            found.add(131056)
        if self.knobs["messaging_limit_answer"] == "sync" and not self.is_open(user) and self.is_beyond(user, self.now):
            found.add(131048)
        return found

    def late_reasons(self, message: dict[str, Any]) -> set[int]:
        """Every code with which a message that was taken may fail at once."""
        user, is_open, is_marketing = message["user"], message["open"], message["category"] == "MARKETING"
        found = {131056} if message["pressing"] else set()
        if not message["category"] and not is_open:
            found.add(131047)
        if self.unpaid and (not is_open or is_marketing):
            found.add(131042)
        if is_marketing and user in self.stopped:
            found.add(131050)
        if is_marketing and user in STATES and self.knobs["us_marketing"] == "block":
            found.add(131049)
        cap = self.knobs["marketing_cap"]
        if is_marketing and not is_open and cap is not None and user not in UNCAPPED:
            got = [
                one
                for one in self.taken.values()
                if one["user"] == user
                and one["category"] == "MARKETING"
                and one["status"] not in ("accepted", "failed")
            ]
            if sum(self.now - one["at"] < DAY for one in got) >= cap:
                found.add(131049)
        if not is_open and self.is_beyond(user, self.now):
            found.add(131048)
        return found

    # what happens to messages

    def send(self, user: str, body: dict[str, Any], template: str = "") -> bool:
        """The business sends; holds the answer, and what becomes of the message, against the model."""
        reasons, is_faulty = self.reasons(user, template), any(one.get("kind") in CALL_FAULTS for one in self.faults)
        pressing, is_open = self.is_pressing(user), self.is_open(user)
        message = {"messaging_product": "whatsapp", "to": user} | body
        found = self.graph("POST", f"/{self.world.phone_number_id}/messages", message)
        if isinstance(found, int):
            assert found in reasons or is_faulty, (found, reasons, template, body)
            return False
        assert not reasons, (reasons, template, body)
        (item,) = found["messages"]
        category = self.templates[template]["category"] if template else ""
        known = {"at": self.now, "user": user, "open": is_open, "category": category, "pressing": pressing}
        known |= {"status": "accepted", "history": (), "disturbed": self.disturbed, "blocked": user in self.blocked}
        expected = self.late_reasons(known)
        self.taken[item["id"]] = known
        self.waiting.append(item["id"])
        self.look()
        if self.sent_after == 0 and not self.disturbed:
            status, refusal = known["status"], self.world.messages[item["id"]].refusal
            assert (status == "failed") == bool(expected), (status, expected)
            assert not expected or (refusal is not None and refusal.code in expected)
        return True

    def look(self) -> None:
        """Reads how far the messages have come; who leaves counts as reached, if the window was not open."""
        left: list[tuple[int, int, str]] = []
        for n, message_id in enumerate(self.waiting):
            message = self.world.messages[message_id]
            at = next((at for status, at in message.history if status == "sent"), None)
            self.taken[message_id]["status"] = message.status
            if at is not None:
                left.append((at, n, message_id))
        self.waiting = [one for one in self.waiting if self.taken[one]["status"] == "accepted"]
        for at, _, message_id in sorted(left):
            known = self.taken[message_id]
            if not known["open"]:
                assert not self.is_beyond(known["user"], at), "one user more than the messaging limit"
                self.reached.append((at, known["user"]))

    # users

    def note(self, found: Any, user: str, *, opens: bool = True) -> None:
        if found is not None and found.get("message_id"):
            self.inbound.append((self.now, user, opens))
            self.received[found["message_id"]] = user

    @rule(user=st.sampled_from(USERS))
    def write(self, user: str) -> None:
        found = self.control("POST", f"users/{user}/messages", {"type": "text", "text": {"body": "hi"}})
        assert (found is None) == (user in self.blocked or not self.registered)
        self.note(found, user)

    @rule(user=st.sampled_from(USERS))
    def react(self, user: str) -> None:
        got = [one for one, known in self.taken.items() if known["user"] == user and known["status"] != "failed"]
        if got:
            body = {"type": "reaction", "reaction": {"message_id": got[-1], "emoji": "😀"}}
            found = self.control("POST", f"users/{user}/messages", body)
            self.note(found, user, opens=self.knobs["reaction_opens_window"])

    @rule(user=st.sampled_from(USERS))
    def tap(self, user: str) -> None:
        self.note(self.control("POST", f"users/{user}/actions", {"action": "tap", "title": "One"}), user)

    @rule(
        user=st.sampled_from(USERS),
        action=st.sampled_from(["block", "unblock", "report", "stop_marketing", "resume_marketing", "read"]),
    )
    def act(self, user: str, action: str) -> None:
        self.control("POST", f"users/{user}/actions", {"action": action})
        if action == "block":
            self.blocked.add(user)
        elif action == "unblock":
            self.blocked.discard(user)
        elif action == "stop_marketing":
            self.stopped.add(user)
            self.probe(user)
        elif action == "resume_marketing":
            self.stopped.discard(user)

    # the business

    @rule(user=st.sampled_from(USERS), times=st.sampled_from([1, 1, 1, 6]))
    def text(self, user: str, times: int) -> None:
        for _ in range(times):
            self.send(user, {"type": "text", "text": {"body": "Hello"}})

    @rule(user=st.sampled_from(USERS))
    def buttons(self, user: str) -> None:
        action = {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "One"}}]}
        interactive = {"type": "button", "body": {"text": "Which?"}, "action": action}
        self.send(user, {"type": "interactive", "interactive": interactive})

    @rule(user=st.sampled_from(USERS))
    def reply_by_reaction(self, user: str) -> None:
        got = [one for one, who in self.received.items() if who == user]
        last = self.world.messages[got[-1]] if got else None
        if last is not None and self.now - last.at < 30 * DAY and last.type != "reaction":
            self.send(user, {"type": "reaction", "reaction": {"message_id": last.id, "emoji": "👍"}})

    @rule(user=st.sampled_from(USERS), name=st.sampled_from(TEMPLATES), times=st.sampled_from([1, 1, 3]))
    def template(self, user: str, name: str, times: int) -> None:
        for _ in range(times):
            self.send_template(user, name)

    def send_template(self, user: str, name: str) -> bool:
        parameters = [{"type": "body", "parameters": [{"type": "text", "text": "you"}]}]
        what = {"name": name, "language": {"code": "en_US"}, "components": parameters}
        return self.send(user, {"type": "template", "template": what}, name)

    @rule(count=st.sampled_from([5, 30, 55]), again=st.booleans())
    def campaign(self, count: int, again: bool) -> None:
        """Many people who have never written, perhaps those of the last time."""
        start = 0 if again else self.strangers
        for n in range(start, start + count):
            if not self.send_template(f"1650601{n:04}", "order") and n > start + 2:
                break
        self.strangers = max(self.strangers, start + count)

    @rule()
    def mark_as_read(self) -> None:
        if self.received:
            body = {"messaging_product": "whatsapp", "status": "read", "message_id": [*self.received][-1]}
            found = self.graph("POST", f"/{self.world.phone_number_id}/messages", body)
            reasons = self.token_reasons() | self.account_reasons()
            is_faulty = any(one.get("kind") in CALL_FAULTS for one in self.faults)
            assert found in reasons or is_faulty if isinstance(found, int) else not reasons

    # templates

    @rule(name=st.sampled_from(TEMPLATES))
    def make_template(self, name: str) -> None:
        category = "MARKETING" if name == "offer" else "UTILITY"
        body = {"name": name, "language": "en_US", "category": category, "components": contents(name)}
        found = self.graph("POST", f"/{self.world.waba_id}/message_templates", body)
        if not isinstance(found, int):
            assert name not in self.templates
            self.templates[name] = {"id": found["id"], "status": "PENDING", "category": category, "pauses": 0}
            self.templates[name] |= {"review": self.now + 5_000, "resume": NEVER}

    @rule(name=st.sampled_from(TEMPLATES))
    def edit_template(self, name: str) -> None:
        if name in self.templates:
            template = self.templates[name]
            found = self.graph("POST", f"/{template['id']}", {"components": contents(name)})
            if not isinstance(found, int):
                assert template["status"] in ("APPROVED", "REJECTED", "PAUSED")
                template |= {"status": "PENDING", "review": self.now + 5_000, "resume": NEVER}

    @rule(name=st.sampled_from(TEMPLATES), luck=st.integers(0, 3))
    def delete_template(self, name: str, luck: int) -> None:
        if luck == 0:
            found = self.graph("DELETE", f"/{self.world.waba_id}/message_templates?name={name}")
            if not isinstance(found, int):
                del self.templates[name]

    @rule(
        name=st.sampled_from(TEMPLATES),
        status=st.sampled_from(["APPROVED", "APPROVED", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING"]),
    )
    def judge(self, name: str, status: str) -> None:
        if name in self.templates:
            self.control("PATCH", f"templates/{self.templates[name]['id']}", {"status": status})
            self.templates[name] |= {"status": status, "review": NEVER, "resume": NEVER}
            if status == "PAUSED":
                self.pause(name)

    @rule(name=st.sampled_from(TEMPLATES), score=st.sampled_from(["GREEN", "YELLOW", "RED"]))
    def rate(self, name: str, score: str) -> None:
        if name in self.templates:
            template = self.templates[name]
            is_new = self.world.templates[template["id"]].quality_score != score
            self.control("PATCH", f"templates/{template['id']}", {"quality_score": score})
            if is_new and score == "RED" and template["status"] == "APPROVED":
                self.pause(name)

    def pause(self, name: str) -> None:
        """Three hours, then six, then the end."""
        template = self.templates[name]
        hours = {0: 3, 1: 6}.get(template["pauses"])
        template["status"] = "PAUSED" if hours else "DISABLED"
        template["resume"] = self.now + hours * 3_600_000 if hours else NEVER
        template["pauses"] += 1

    # Meta

    @rule(status=st.sampled_from(["ACTIVE", "ACTIVE", "LOCKED", "DISABLED"]))
    def account(self, status: str) -> None:
        self.control("PATCH", f"accounts/{self.world.waba_id}", {"status": status})
        if status == "ACTIVE":
            self.disabled, self.disable_at, self.until = False, NEVER, {BIZ: 0, CUSTOMER: 0}
        elif status == "LOCKED":
            self.until = {BIZ: NEVER, CUSTOMER: NEVER}
        elif not self.is_disabled():
            self.disabled, self.disable_at = True, NEVER

    def is_disabled(self) -> bool:
        return self.disabled or self.now >= self.disable_at

    @rule(
        kind=st.sampled_from([BIZ, CUSTOMER]),
        seconds=st.sampled_from([0, 3_600, 86_400, None]),
        is_crossed=st.booleans(),
    )
    def restrict(self, kind: str, seconds: int | None, is_crossed: bool) -> None:
        row = {"type": kind} | ({} if seconds is None else {"seconds": seconds})
        self.control("PATCH", f"accounts/{self.world.waba_id}", {"restrictions": [row]})
        self.until[kind] = NEVER if seconds is None else self.now + seconds * 1000
        self.probe()
        if is_crossed:
            self.cross(self.until[kind])

    @rule()
    def schedule_end(self) -> None:
        if not self.is_disabled():
            self.control("PATCH", f"accounts/{self.world.waba_id}", {"disable_in": 7_200})
            self.disable_at = self.now + 7_200_000

    @rule(payment=st.sampled_from(["failed", "ok"]))
    def charge(self, payment: str) -> None:
        self.control("PATCH", f"accounts/{self.world.waba_id}", {"payment": payment})
        self.unpaid = payment == "failed"
        self.probe()

    @rule(
        status=st.sampled_from(
            ["CONNECTED", "CONNECTED", "FLAGGED", "RESTRICTED", "RATE_LIMITED", "BANNED", "DISCONNECTED"]
        )
    )
    def number_status(self, status: str) -> None:
        assert self.control("PATCH", f"phone_numbers/{self.world.phone_number_id}", {"status": status})
        self.number = status
        if status != "BANNED":  # a ban leaves the number where it is, on the platform or off it
            self.registered = status != "DISCONNECTED"

    @rule(tier=st.sampled_from(sorted(TIERS)))
    def set_tier(self, tier: str) -> None:
        assert self.control("PATCH", f"phone_numbers/{self.world.phone_number_id}", {"messaging_limit": tier})
        self.tier = tier

    @rule(change=st.sampled_from([{"revoked": 460}, {"revoked": None}, {"expires_in": 3_600}, {"expires_in": None}]))
    def token(self, change: dict[str, Any]) -> None:
        assert self.control("PATCH", f"tokens/{self.world.access_token}", change)
        if "revoked" in change:
            self.revoked = change["revoked"] is not None
        else:
            self.expires = self.now + 3_600_000 if change["expires_in"] else NEVER
            self.cross(self.expires)

    @precondition(lambda self: bool(self.troubles()))
    @rule()
    def amend(self) -> None:
        """All is well again: without it few sends would be taken."""
        self.account("ACTIVE")
        self.charge("ok")
        self.number_status("CONNECTED")
        self.token({"revoked": None})
        self.token({"expires_in": None})
        for name in self.templates:
            self.judge(name, "APPROVED")

    def troubles(self) -> set[int]:
        return self.token_reasons() | self.account_reasons(USERS[0]) | ({131042} if self.unpaid else set())

    @rule(change=st.sampled_from(KNOBS))
    def turn(self, change: dict[str, Any]) -> None:
        assert self.control("PATCH", "policy", change)
        self.knobs |= change
        for user in USERS:
            for _ in range(3 if "marketing_cap" in change else 1):
                self.probe(user)

    @rule(fault=st.sampled_from(FAULTS), luck=st.integers(0, 4))
    def arm(self, fault: dict[str, Any], luck: int) -> None:
        if luck == 0:
            assert self.control("POST", "faults", fault)
            self.faults.append(fault)
            self.disturbed = True
            for known in self.taken.values():
                known["disturbed"] = True

    @precondition(lambda self: bool(self.faults))
    @rule()
    def clear(self) -> None:
        self.control("DELETE", "faults")
        self.faults = []

    # time

    @rule(seconds=st.sampled_from(SPANS))
    def jump(self, seconds: float) -> None:
        before = self.now
        self.now += round(seconds * 1000)
        assert self.control("POST", "clock/advance", {"seconds": seconds})
        assert self.platform.host.now() == self.now
        self.look_at_tier()
        self.look()
        for template in self.templates.values():
            if before < template["review"] <= self.now:
                assert template["status"] == "PENDING"
                template |= {"status": "APPROVED", "review": NEVER}
            if before < template["resume"] <= self.now:
                template |= {"status": "APPROVED", "resume": NEVER}

    @rule(user=st.sampled_from(USERS), luck=st.integers(0, 20), early=st.booleans(), name=st.sampled_from(TEMPLATES))
    def edge(self, user: str, luck: int, early: bool, name: str) -> None:
        """A send in the very moment in which something ends, or a millisecond before."""
        moments = self.ends(user)
        if moments:
            self.jump((moments[luck % len(moments)] - self.now - early) / 1000)
            self.send_template(user, name)
            self.send(user, {"type": "text", "text": {"body": "Just in time"}})

    def probe(self, user: str = "") -> None:
        """A text and an offer: what was just done has to show at once."""
        user = user or USERS[len(self.taken) % len(USERS)]
        self.send_template(user, "offer")
        self.send(user, {"type": "text", "text": {"body": "Is anybody there?"}})

    def cross(self, moment: int, user: str = "") -> None:
        """Sends a millisecond before a moment, and in it."""
        if self.now < moment < NEVER:
            self.jump((moment - self.now - 1) / 1000)
            self.probe(user)
            self.jump(0.001)
            self.probe(user)

    @rule(user=st.sampled_from(USERS))
    def press(self, user: str) -> None:
        """The whole burst at once, then up to the moment in which one more is free."""
        begun = self.now
        self.text(user, 6)
        self.cross(begun + 6_000, user)

    def ends(self, user: str) -> list[int]:
        """When windows, restrictions, tokens, pauses, and what limits count end."""
        mine = [at for at, who, _ in self.inbound if who == user]
        sent = [one["at"] for one in self.taken.values() if one["user"] == user]
        found = [at + self.knobs["window_seconds"] * 1000 for at in mine[-1:]]
        found += [at + span for at in sent[-4:] for span in (1_000, 6_000)]
        found += [at + DAY for at, _ in self.reached[:1]]
        found += [*self.until.values(), self.expires, self.disable_at]
        found += [one[name] for one in self.templates.values() for name in ("review", "resume")]
        return sorted({at for at in found if self.now < at < NEVER})

    def look_at_tier(self) -> None:
        """Only growth changes the limit by itself, and only upwards."""
        found = self.world.businesses[self.world.business_id].messaging_limit
        if found != self.tier:
            steps = [*TIERS]
            assert self.grows
            assert steps.index(found) > steps.index(self.tier)
            self.tier = found

    # what is always true

    @invariant()
    def statuses_move_along(self) -> None:
        """From accepted to sent or failed, and on in order, unless a fault was armed."""
        for message_id, known in self.taken.items():
            message = self.world.messages[message_id]
            if message.history == known["history"]:
                continue
            assert message.history[: len(known["history"])] == known["history"]
            known["history"], known["status"] = message.history, message.status
            moments = [at for _, at in message.history]
            assert moments == sorted(moments)
            if not known["disturbed"]:
                path = ["accepted", *(status for status, _ in message.history)]
                assert all(after in LEGAL[before] for before, after in pairwise(path)), path
            if known["blocked"]:
                assert "delivered" not in [status for status, _ in message.history]

    @invariant()
    def windows_hold(self) -> None:
        """Free-form messages got out only if the window was open when they were taken."""
        for known in self.taken.values():
            if not known["category"] and not known["open"]:
                assert known["status"] in ("accepted", "failed")

    @invariant()
    def templates_are_as_told(self) -> None:
        """The status of each template is the one that its story leads to."""
        for name, template in self.templates.items():
            assert (name, self.world.templates[template["id"]].status) == (name, template["status"])

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        again = Platform(**self.options)
        try:
            self.platform.settle()
            if not self.disturbed:
                self.holds_what_was_told()
            self.refusals_are_counted()
            base = again.world
            for event, drawn in self.platform.host.entries.events():
                apply(base, event)
                base.drawn = drawn
            assert written_out(base) == written_out(self.world)
        finally:
            again.close()
            self.platform.close()

    def refusals_are_counted(self) -> None:
        """Who hears of no refusal need not look for any: each refused call and each message that failed was counted."""
        entries = self.platform.host.entries
        refused = [one for one in entries.read(limit=100_000) if one["kind"] == "call" and one["status"] >= 400]
        failed = [one for one in self.world.messages.values() if one.status == "failed"]
        assert entries.refusals >= len(refused) + len(failed)
        assert self.disturbed or entries.refusals == len(refused) + len(failed)

    def holds_what_was_told(self) -> None:
        """The app was told each status once, in order."""
        told: dict[str, list[str]] = {}
        for delivery, _ in self.platform.network.posted:
            value = json.loads(delivery.body)["entry"][0]["changes"][0]["value"]
            for status in value.get("statuses", []):
                told.setdefault(status["id"], []).append(status["status"])
        for message_id, known in self.taken.items():
            assert told.get(message_id, []) == [status for status, _ in known["history"]]


PlatformMachine.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestPlatform = PlatformMachine.TestCase
