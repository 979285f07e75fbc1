"""Calls over HTTP: allowed, begun, taken, refused, ended, and what the app is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.validate import violation

from .conftest import CALLBACK, NOON, Platform, Reply

ANN, BOB = "16505551234", "16505554321"
WHATSAPP = {"messaging_product": "whatsapp"}
OFFER = {"sdp_type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"}
ANSWER = OFFER | {"sdp_type": "answer"}
DAY = 86_400


class App:
    """An app that calls; everything that it is told of calls is held against the contract."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.number = platform.number
        platform.control(
            "PUT", "webhook", {"url": CALLBACK, "fields": ["messages", "calls", "account_settings_update"]}
        )
        platform.control("PATCH", f"phone_numbers/{self.number}", {"messaging_limit": "TIER_10K"})

    def set(self, **calling: Any) -> Reply:
        return self.platform.graph("POST", f"/{self.number}/settings", {"calling": calling})

    def call(self, action: str, **more: Any) -> Reply:
        found = self.platform.graph("POST", f"/{self.number}/calls", WHATSAPP | {"action": action} | more)
        assert found.status != 200 or violation("answers/calls", found.body) is None
        return found

    def rings(self, to: str = ANN, **more: Any) -> str:
        """The business calls; the call's id."""
        return str(self.call("connect", to=to, session=OFFER, **more).body["calls"][0]["id"])

    def does(self, user: str, action: str, **options: Any) -> Any:
        return self.platform.control("POST", f"users/{user}/actions", {"action": action, **options})

    def allows(self, user: str = ANN, response: str = "accept", **more: Any) -> None:
        reply = {"response": response, "response_source": "user_action"} | more
        interactive = {"type": "call_permission_reply", "call_permission_reply": reply}
        self.platform.control("POST", f"users/{user}/messages", {"type": "interactive", "interactive": interactive})

    def asks(self, to: str = ANN) -> Reply:
        interactive = {"type": "call_permission_request", "action": {"name": "call_permission_request"}}
        return self.platform.send(WHATSAPP | {"to": to, "type": "interactive", "interactive": interactive})

    def permissions(self, query: str = f"user_wa_id={ANN}") -> Any:
        found = self.platform.graph("GET", f"/{self.number}/call_permissions?{query}").body
        assert violation("answers/call_permissions", found) is None
        return found

    def told(self) -> list[Any]:
        """What webhooks told of calls: events and statuses, in order."""
        values = self.values("calls")
        assert [violation("webhooks/calls", value) for value in values] == [None] * len(values)
        assert all(value["contacts"] for value in values)
        return [one for value in values for one in (*value.get("calls", ()), *value.get("statuses", ()))]

    def words(self) -> list[str]:
        return [one.get("event") or one["status"] for one in self.told()]

    def values(self, field: str) -> list[Any]:
        self.platform.settle()
        found = [one["body"]["entry"][0]["changes"][0] for one in self.platform.control("GET", "webhooks")["webhooks"]]
        return [change["value"] for change in found if change["field"] == field]

    def advance(self, seconds: float) -> None:
        self.platform.control("POST", "clock/advance", {"seconds": seconds})

    def state(self, call_id: str) -> Any:
        return self.platform.control("GET", f"calls/{call_id}")["state"]


@pytest.fixture
def app(platform: Platform) -> App:
    """An app of the default world with calling enabled; the clock stands at noon."""
    made = App(platform)
    assert made.set(status="ENABLED").body == {"success": True}
    return made


def test_a_user_calls(app: App) -> None:
    """A call of a user is told with the offer; the business takes it and hangs up, and its length is told."""
    call_id = app.does(ANN, "call")["call_id"]
    [told] = app.told()
    assert call_id.startswith("wacid.")
    assert told["session"]["sdp_type"] == "offer"
    assert {name: told[name] for name in ("id", "event", "direction", "from", "to", "timestamp")} == {
        "id": call_id,
        "event": "connect",
        "direction": "USER_INITIATED",
        "from": ANN,
        "to": app.platform.world.numbers[app.number].digits,
        "timestamp": str(NOON),
    }
    done = WHATSAPP | {"success": True}
    assert app.call("pre_accept", call_id=call_id, session=ANSWER).body == done
    assert app.call("accept", call_id=call_id, session=ANSWER, biz_opaque_callback_data="x").body == done
    app.advance(42)
    assert app.call("terminate", call_id=call_id).body == done
    last = app.told()[-1]
    assert {name: last[name] for name in ("event", "status", "start_time", "end_time", "duration")} == {
        "event": "terminate",
        "status": "COMPLETED",
        "start_time": str(NOON),
        "end_time": str(NOON + 42),
        "duration": 42,
    }
    assert (last["biz_opaque_callback_data"], app.state(call_id)) == ("x", "ended")


@pytest.mark.parametrize("who", ["business", "user", "nobody"])
def test_a_call_that_is_not_taken(app: App, who: str) -> None:
    """Refused, given up, or left ringing for a minute: the call ends as failed, without a length."""
    call_id = app.does(ANN, "call")["call_id"]
    if who == "business":
        app.call("reject", call_id=call_id)
    elif who == "user":
        app.does(ANN, "hang_up")
    app.advance(61)
    assert app.words() == ["connect", "terminate"]
    last = app.told()[-1]
    assert (last["status"], "duration" in last, "start_time" in last) == ("FAILED", False, False)
    assert app.platform.control("GET", f"calls/{call_id}")["ended_by"] == who


def test_a_call_opens_the_window(app: App) -> None:
    """A user's call opens the 24-hour window, taken or not; a call of the business only if it is taken."""
    app.does(ANN, "call")
    app.platform.send(app.platform.text(ANN))
    assert app.values("messages")[-1]["statuses"][0]["status"] == "sent"
    app.allows(BOB)
    app.advance(DAY + 1)
    app.rings(BOB)
    app.platform.send(app.platform.text(BOB))
    assert app.values("messages")[-1]["statuses"][0]["errors"][0]["code"] == 131047
    app.does(BOB, "answer_call")
    app.platform.send(app.platform.text(BOB))
    assert app.values("messages")[-1]["statuses"][0]["status"] == "sent"


def test_the_business_calls(app: App) -> None:
    """A call to a user rings, is taken with an answer, and ends when the user hangs up."""
    app.allows()
    call_id = app.rings(biz_opaque_callback_data="x")
    app.does(ANN, "answer_call")
    app.advance(5)
    app.does(ANN, "hang_up")
    told = app.told()
    assert app.words() == ["RINGING", "connect", "ACCEPTED", "terminate"]
    assert {one["id"] for one in told} == {call_id}
    assert {one["biz_opaque_callback_data"] for one in told} == {"x"}
    assert (told[0]["type"], told[0]["recipient_id"]) == ("call", ANN)
    assert (told[1]["direction"], told[1]["to"], told[1]["session"]["sdp_type"]) == (
        "BUSINESS_INITIATED",
        ANN,
        "answer",
    )
    assert (told[3]["status"], told[3]["duration"]) == ("COMPLETED", 5)


def test_a_user_declines(app: App) -> None:
    """Who declines is told as REJECTED, then the call ends."""
    app.allows()
    app.rings()
    app.does(ANN, "decline_call")
    assert app.words() == ["RINGING", "REJECTED", "terminate"]
    assert app.told()[-1]["status"] == "FAILED"


def test_a_user_who_takes_calls(app: App) -> None:
    """A user whose behaviour says so takes a call after so many seconds."""
    app.platform.control("PUT", f"users/{ANN}", {"behaviour": {"takes_calls_after": 4}})
    app.allows()
    call_id = app.rings()
    app.advance(3)
    assert app.state(call_id) == "ringing"
    app.advance(1)
    assert app.state(call_id) == "connected"


def test_no_permission(app: App) -> None:
    """Without permission a call is refused (138006, HTTP 401); a rejection takes the permission away."""
    refused = app.call("connect", to=ANN, session=OFFER)
    assert (refused.status, refused.error["code"]) == (401, 138006)
    app.allows()
    app.allows(response="reject")
    assert app.call("connect", to=ANN, session=OFFER).error["code"] == 138006


def test_permission_ends(app: App) -> None:
    """A permission lasts for seven days, one for good for ever."""
    app.allows()
    app.allows(BOB, is_permanent=True)
    assert app.permissions()["permission"] == {"status": "temporary", "expiration_time": NOON + 7 * DAY}
    assert app.permissions(f"user_wa_id={BOB}")["permission"] == {"status": "permanent"}
    app.advance(7 * DAY)
    assert app.permissions()["permission"] == {"status": "no_permission"}
    assert app.permissions(f"user_wa_id={BOB}")["permission"] == {"status": "permanent"}


def test_asking(app: App) -> None:
    """A user is asked once a day and twice a week (138009), not at all once it is for good (138017)."""
    app.does(ANN, "call")
    app.does(ANN, "hang_up")
    assert app.asks().status == 200
    assert app.asks().error["code"] == 138009
    asking = app.permissions()["actions"][0]
    assert asking["can_perform_action"] is False
    assert [(one["current_usage"], one["max_allowed"]) for one in asking["limits"]] == [(1, 1), (1, 2)]
    assert asking["limits"][0]["limit_expiration_time"] == NOON + DAY
    app.advance(DAY)
    assert app.asks().status == 200
    app.advance(DAY)
    assert app.asks().error["code"] == 138009
    app.allows(is_permanent=True)
    assert app.asks().error["code"] == 138017


def test_a_taken_call_resets_the_asking(app: App) -> None:
    """A call that is taken resets how often a user was asked."""
    app.does(ANN, "call")
    app.does(ANN, "hang_up")
    app.asks()
    app.allows()
    app.rings()
    app.does(ANN, "answer_call")
    assert [one["current_usage"] for one in app.permissions()["actions"][0]["limits"]] == [0, 0]


def test_the_answer_to_a_request(app: App) -> None:
    """The user taps on the request: the reply quotes it, and calls are allowed."""
    app.does(ANN, "call")
    app.does(ANN, "hang_up")
    message_id = app.asks().body["messages"][0]["id"]
    app.platform.settle()
    app.does(ANN, "tap", title="accept")
    message = app.values("messages")[-1]["messages"][0]
    assert (message["context"]["id"], message["interactive"]["call_permission_reply"]["response"]) == (
        message_id,
        "accept",
    )
    assert app.permissions()["permission"]["status"] == "temporary"


def test_limit_of_calls(app: App) -> None:
    """So many calls a day are taken by one user and no more (138012)."""
    app.platform.control("PATCH", "policy", {"calls_per_day": 1})
    app.allows()
    call_id = app.rings()
    app.does(ANN, "answer_call")
    app.call("terminate", call_id=call_id)
    refused = app.call("connect", to=ANN, session=OFFER).error
    assert (refused["code"], str(NOON + DAY) in refused["error_data"]["details"]) == (138012, True)
    assert app.permissions()["actions"][1]["can_perform_action"] is False
    app.advance(DAY)
    assert app.rings().startswith("wacid.")


def test_unanswered_calls(app: App) -> None:
    """Four calls in a row that nobody takes end the permission; one that is taken begins the count anew."""
    app.allows()
    for _ in range(3):
        app.rings()
        app.advance(60)
    app.rings()
    app.does(ANN, "answer_call")
    app.does(ANN, "hang_up")
    for _ in range(3):
        app.rings()
        app.advance(60)
    assert app.permissions()["permission"]["status"] == "temporary"
    app.rings()
    app.advance(60)
    assert app.permissions()["permission"]["status"] == "no_permission"


def test_one_call_at_a_time(app: App) -> None:
    """A second call with the same user is refused (138003), and so many calls at once (138002, HTTP 429)."""
    app.allows()
    app.allows(BOB)
    app.rings()
    assert app.call("connect", to=ANN, session=OFFER).error["code"] == 138003
    app.platform.control("PATCH", "policy", {"concurrent_calls": 1})
    refused = app.call("connect", to=BOB, session=OFFER)
    assert (refused.status, refused.error["code"]) == (429, 138002)


def test_who_cannot_be_called(app: App) -> None:
    """Nobody is called who is not on WhatsApp or has blocked the business (138001)."""
    app.allows()
    app.does(ANN, "block")
    app.platform.control("PUT", f"users/{BOB}", {"behaviour": {"on_whatsapp": False}})
    assert [app.call("connect", to=user, session=OFFER).error["code"] for user in (ANN, BOB)] == [138001] * 2


def test_restricted(app: App) -> None:
    """While Meta has restricted calls, the business calls nobody (138014) and still takes calls."""
    app.allows()
    kind = "RESTRICTED_BUSINESS_INITIATED_CALLING"
    waba = app.platform.world.waba_id
    app.platform.control("PATCH", f"accounts/{waba}", {"restrictions": [{"type": kind, "seconds": 60}]})
    assert app.call("connect", to=ANN, session=OFFER).error["code"] == 138014
    call_id = app.does(ANN, "call")["call_id"]
    assert app.call("accept", call_id=call_id, session=ANSWER).status == 200


def test_unpaid(app: App) -> None:
    """An account that cannot pay is told so when the call ends at once (131044)."""
    app.allows()
    app.platform.control("PATCH", f"accounts/{app.platform.world.waba_id}", {"payment": "failed"})
    app.rings()
    [value] = app.values("calls")
    assert (value["calls"][0]["event"], value["errors"][0]["code"]) == ("terminate", 131044)


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"action": "connect", "to": ANN}, 100, "session"),
        ({"action": "connect", "session": OFFER}, 100, "to"),
        ({"action": "connect", "to": ANN, "session": ANSWER}, 131009, ""),
        ({"action": "connect", "to": ANN, "session": OFFER | {"sdp": "hello"}}, 131009, ""),
        ({"action": "accept", "session": ANSWER}, 100, "call_id"),
        ({"action": "accept", "call_id": "wacid.X"}, 100, "session"),
        ({"action": "terminate", "call_id": "wacid.X"}, 100, ""),
        ({"action": "hold", "call_id": "wacid.X"}, 100, "action"),
    ],
)
def test_contract(app: App, body: dict[str, Any], code: int, word: str) -> None:
    """What a call needs is asked for, in Graph's words."""
    error = app.platform.graph("POST", f"/{app.number}/calls", WHATSAPP | body).error
    assert (error["code"], word in error["message"]) == (code, True)


def test_what_cannot_be_done_with_a_call(app: App) -> None:
    """A call of the business is not its own to take, one that is over nobody's, one that is taken not to refuse."""
    app.allows()
    own = app.rings()
    assert app.call("accept", call_id=own, session=ANSWER).error["code"] == 100
    app.call("terminate", call_id=own)
    assert "is over" in app.call("terminate", call_id=own).why
    theirs = app.does(ANN, "call")["call_id"]
    app.call("accept", call_id=theirs, session=ANSWER)
    assert "connected already" in app.call("reject", call_id=theirs).why


@pytest.mark.parametrize("action", ["answer_call", "decline_call", "hang_up"])
def test_users_need_a_call(app: App, action: str) -> None:
    """Without a call there is nothing to take, to decline or to end."""
    body = {"action": action}
    assert "has no call" in app.platform.ask("POST", f"/_localwaba/users/{ANN}/actions", body).body["error"]


def test_calling_is_off(platform: Platform) -> None:
    """Until calling is enabled nobody calls anybody (138000, HTTP 401)."""
    app = App(platform)
    refused = [app.call("connect", to=ANN, session=OFFER), app.asks()]
    assert [(one.status, one.error["code"]) for one in refused] == [(401, 138000)] * 2
    assert (
        "takes no calls" in platform.ask("POST", f"/_localwaba/users/{ANN}/actions", {"action": "call"}).body["error"]
    )


def test_enabling(platform: Platform) -> None:
    """Calling needs a messaging limit of 2,000 users (138015) and an app that listens (138018)."""
    app = App(platform)
    platform.control("PATCH", f"phone_numbers/{app.number}", {"messaging_limit": "TIER_250"})
    assert app.set(status="ENABLED").error["code"] == 138015
    platform.control("PATCH", f"phone_numbers/{app.number}", {"messaging_limit": "TIER_2K"})
    platform.control("PUT", "webhook", {"url": CALLBACK, "fields": ["messages"]})
    assert app.set(status="ENABLED").error["code"] == 138018


def test_sip(app: App) -> None:
    """With SIP, Graph's calls cannot be used (131055)."""
    app.set(sip={"status": "ENABLED", "servers": [{"hostname": "sip.example"}]})
    assert app.call("connect", to=ANN, session=OFFER).error["code"] == 131055


def test_a_call_allows_calls(app: App) -> None:
    """With the setting, a user's call allows the business to call back, and that is told as automatic."""
    app.set(callback_permission_status="ENABLED")
    call_id = app.does(ANN, "call")["call_id"]
    message = app.values("messages")[-1]["messages"][0]
    reply = message["interactive"]["call_permission_reply"]
    assert (message["context"]["id"], reply["response"], reply["response_source"]) == (call_id, "accept", "automatic")
    assert app.permissions()["permission"]["status"] == "temporary"


def test_by_user_id(app: App) -> None:
    """A business-scoped id is called, and asked about, as a phone number is."""
    app.allows()
    user_id = app.platform.world.users[ANN].user_id
    assert app.call("connect", recipient=user_id, session=OFFER).status == 200
    assert app.permissions(f"recipient={user_id}")["permission"]["status"] == "temporary"


def test_permissions_of_whom(app: App) -> None:
    """Somebody has to be asked about."""
    error = app.platform.graph("GET", f"/{app.number}/call_permissions").error
    assert error["message"] == "(#100) The parameter user_wa_id is required."


def test_a_new_number_takes_the_permission_along(app: App) -> None:
    """Whoever changes the number ends the call, and what was allowed goes along."""
    app.allows()
    app.rings()
    app.does(ANN, "change_number", to=BOB)
    assert app.words()[-1] == "terminate"
    assert app.permissions(f"user_wa_id={BOB}")["permission"]["status"] == "temporary"


def test_snapshot(app: App) -> None:
    """A call that rings outlives a snapshot, and stops ringing when its time has come."""
    app.allows()
    call_id = app.rings()
    kept = app.platform.ask("GET", "/_localwaba/snapshot").raw
    app.call("terminate", call_id=call_id)
    assert app.platform.ask("PUT", "/_localwaba/snapshot", kept).status == 200
    assert app.state(call_id) == "ringing"
    app.advance(60)
    assert app.state(call_id) == "ended"
