"""Worlds, clocks, the webhook, snapshots, and how mistakes are answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refusal
from localwaba.domain.routing import FIELDS
from localwaba.http.control import ROWS

NOON = 1_767_268_800
USER = "16505551234"
HELLO = {"type": "text", "text": {"body": "hi"}}


def test_health(control: Any) -> None:
    """The server says that it is ready, and which version it is."""
    assert control.ok("GET", "health") == {"status": "ready", "version": "1.2.3"}


def test_world(control: Any) -> None:
    """A world tells everything that an app needs."""
    promised = {
        "access_token",
        "app_id",
        "app_secret",
        "business_id",
        "catalog_id",
        "clock",
        "display_phone_number",
        "graph_url",
        "phone_number_id",
        "seed",
        "verification_code",
        "verify_token",
        "waba_id",
        "world",
    }
    found = control.ok("GET", "world")
    assert promised == {name for name in promised if found.get(name) or found.get(name) == 0}


def test_worlds_are_apart(control: Any) -> None:
    """What happens in one world is not seen in another; the token chooses."""
    other = control.ok("POST", "worlds", {"name": "other", "seed": 7, "policy": {"read_after": None}})
    token = {"Authorization": f"Bearer {other['access_token']}"}
    control.ok("POST", f"users/{USER}/messages", HELLO, headers=token)
    assert (other["seed"], other["world"]) == (7, "other")
    assert control.ok("GET", "messages")["messages"] == []
    assert len(control.ok("GET", "messages", headers=token)["messages"]) == 1
    assert control.ok("GET", "policy", headers=token)["read_after"] is None


def test_world_of_its_own_clock(control: Any) -> None:
    """A new world's clock is set in ISO 8601 or in seconds, and stands still if it is to."""
    found = control.ok("POST", "worlds", {"clock": {"now": "2030-01-01T00:00:00Z", "mode": "manual"}})
    assert (found["clock"]["iso"], found["clock"]["mode"]) == ("2030-01-01T00:00:00.000Z", "frozen")


def test_world_with_a_webhook(control: Any) -> None:
    """A new world may have its webhook from the start, and keeps it over a reset."""
    webhook = {"url": "http://127.0.0.1:9/w", "verify_token": "t", "fields": ["messages"]}
    made = control.ok("POST", "worlds", {"webhook": webhook})
    token = {"Authorization": f"Bearer {made['access_token']}"}
    control.ok("POST", "reset", headers=token)
    assert webhook == control.ok("GET", "webhook", headers=token)


def test_world_whose_webhook_fails(control: Any) -> None:
    """A world whose webhook does not pass its handshake is not made."""
    control.network.refusal = Refusal(code=2200, message="no answer")
    assert "no answer" in control.error("POST", "worlds", {"name": "w", "webhook": {"url": "http://127.0.0.1:9"}})
    assert control.hosts.get("w") is None


def test_delete_world(control: Any) -> None:
    """A deleted world is gone with its token."""
    made = control.ok("POST", "worlds", {"name": "w"})
    assert control.ok("DELETE", "worlds/w") == {"deleted": "w"}
    control.error("GET", "world", status=401, headers={"Authorization": f"Bearer {made['access_token']}"})
    control.error("DELETE", "worlds/w", status=404)


def test_the_default_world_stays(control: Any) -> None:
    """The default world cannot be deleted."""
    assert "reset" in control.error("DELETE", "worlds/default")


def test_taken_name(control: Any) -> None:
    """Two worlds cannot have one name."""
    assert "already" in control.error("POST", "worlds", {"name": "default"}, status=409)


def test_reset(control: Any) -> None:
    """After a reset the world is as it was seeded: same ids, no users, no messages."""
    first = control.ok("POST", f"users/{USER}/messages", HELLO)
    control.ok("POST", "reset")
    assert control.ok("GET", "users")["users"] == []
    assert first == control.ok("POST", f"users/{USER}/messages", HELLO)


@pytest.mark.parametrize(("body", "seconds"), [({"seconds": 90_000}, 90_000), ({"by": "PT25H"}, 90_000)])
def test_advance(control: Any, body: dict[str, Any], seconds: int) -> None:
    """Time moves as far as told, in seconds or in ISO 8601."""
    assert NOON + seconds == control.ok("POST", "clock/advance", body)["now"]
    assert NOON + seconds == control.ok("GET", "clock")["now"]


def test_advance_lets_things_happen(control: Any) -> None:
    """Advancing answers after everything due has happened, and lists it."""
    template = control.ok("GET", "templates")["templates"][0]["id"]
    control.ok("PATCH", f"templates/{template}", {"status": "PAUSED"})
    found = control.ok("POST", "clock/advance", {"by": "PT3H"})
    assert [item["item"] for item in found["fired"]] == ["UnpauseTemplate"]
    assert control.ok("GET", "templates")["templates"][0]["status"] == "APPROVED"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": -1},
        {"seconds": "5"},
        {"seconds": True},
        {"seconds": 1e18},
        {"seconds": 252_000_000_000},
        {"by": "25H"},
        {"by": "PT"},
        {"by": "P1Y"},
        {"by": "PT" + "9" * 40 + "H"},
        {"by": 5},
        {"seconds": 1, "by": "PT1S"},
        {"second": 1},
    ],
)
def test_advance_refuses(control: Any, body: dict[str, Any]) -> None:
    """A span that makes no sense is refused, and the clock stays."""
    control.error("POST", "clock/advance", body)
    assert control.ok("GET", "clock")["now"] == NOON


def test_set_clock(control: Any) -> None:
    """The clock can be set forward, and made to run at another rate."""
    found = control.ok("PUT", "clock", {"now": NOON + 60})
    assert (found["now"], found["mode"]) == (NOON + 60, "frozen")
    assert control.ok("PUT", "clock", {"mode": "scaled", "rate": 60})["mode"] == "scaled"


@pytest.mark.parametrize(
    "body",
    [
        {"now": NOON - 1},
        {"now": "yesterday"},
        {"now": "2027-01-01T00:00:00"},
        {"now": 1e300},
        {"now": []},
        {"mode": "slow"},
        {"mode": "scaled"},
        {"mode": "frozen", "rate": 2},
        {"rate": -1},
        {"rate": "2"},
    ],
)
def test_set_clock_refuses(control: Any, body: dict[str, Any]) -> None:
    """Time never goes back, and a clock that cannot be is refused."""
    control.error("PUT", "clock", body)


def test_subscribe(control: Any) -> None:
    """The webhook is saved after a handshake with its token, with all fields unless some are named."""
    found = control.ok("PUT", "webhook", {"url": "http://127.0.0.1:9/w"})
    assert [handshake.verify_token for handshake in control.network.handshakes] == ["localwaba-verify-token"]
    assert list(FIELDS) == found["fields"]
    assert found == control.ok("GET", "webhook")


def test_subscribe_refused(control: Any) -> None:
    """A callback that fails its verification is not saved, and the reason is told."""
    control.network.refusal = Refusal(code=2200, message="no answer", why="it is asleep")
    text = control.error("PUT", "webhook", {"url": "http://127.0.0.1:9/w"})
    assert "no answer" in text
    assert "it is asleep" in text
    assert control.ok("GET", "webhook")["url"] is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "url"),
        ({"url": "x"}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://127.0.0.1:9", "fields": ["message"]}, "messages"),
        ({"url": "http://127.0.0.1:9", "fields": "messages"}, "list"),
        ({"url": "http://127.0.0.1:9", "verify_token": ""}, "verify_token"),
        ({"url": "http://127.0.0.1:9", "verfy_token": "x"}, "verify_token"),
        ({"url": "http://127.0.0.1:9", "version": "23"}, "v23.0"),
    ],
)
def test_subscribe_refuses(control: Any, body: dict[str, Any], said: str) -> None:
    """A subscription that makes no sense is refused before any handshake, with what would do."""
    assert said in control.error("PUT", "webhook", body)
    assert control.network.handshakes == []


def test_unsubscribe(control: Any) -> None:
    """After DELETE webhook the app hears of nothing."""
    control.subscribe()
    control.ok("DELETE", "webhook")
    control.ok("POST", f"users/{USER}/messages", HELLO)
    assert control.told() == []


def test_snapshot(control: Any) -> None:
    """A snapshot brings a world back with its users, messages and files."""
    control.ok("POST", f"users/{USER}/messages", {"type": "image"})
    before = control.ok("GET", "messages")
    raw = control.answer("GET", "snapshot").content
    control.ok("POST", "reset")
    control.ok("PUT", "snapshot", content=raw)
    assert before == control.ok("GET", "messages")


def test_snapshot_of_another_world(control: Any) -> None:
    """The default world is still found by its callers after it took another world's snapshot."""
    made = control.ok("POST", "worlds", {"name": "other", "seed": 5})
    token = {"Authorization": f"Bearer {made['access_token']}"}
    raw = control.answer("GET", "snapshot", headers=token).content
    control.ok("DELETE", "worlds/other")
    control.ok("PUT", "snapshot", content=raw)
    found = control.ok("GET", "world")
    assert (found["seed"], found["world"]) == (5, "default")
    assert made["app_id"] == control.ok("GET", "world", headers=token)["app_id"]


@pytest.mark.parametrize("raw", [b"", b"{}", b"[", b'{"world":{},"now":1,"rate":1}', b"\xff"])
def test_snapshot_refuses(control: Any, raw: bytes) -> None:
    """What is no snapshot is refused, and the world stays as it is."""
    before = control.ok("GET", "world")
    control.error("PUT", "snapshot", content=raw)
    assert before == control.ok("GET", "world")


def test_torn_snapshot(control: Any) -> None:
    """A snapshot whose parts do not belong together is refused, and the world stays as it is."""
    found = json.loads(control.answer("GET", "snapshot").content)
    found["world"]["numbers"] = {}
    assert "whole" in control.error("PUT", "snapshot", found)
    control.ok("GET", "world")


def test_unknown_token(control: Any) -> None:
    """A token that no world has is not taken for the default world."""
    control.error("GET", "world", status=401, headers={"Authorization": "Bearer EAAnobody"})
    control.error("GET", "world", status=401, headers={"Authorization": "Basic eDp5"})
    control.error("GET", "world", status=401, headers={"Authorization": "Bearer "})


def test_unknown_path(control: Any) -> None:
    """A misspelt path is answered with the one that was meant."""
    assert "/_localwaba/webhooks" in control.error("GET", "webhoks", status=404)
    assert "/_localwaba/users/{wa_id}/inbox" in control.error("GET", f"user/{USER}/inbox", status=404)


def test_wrong_method(control: Any) -> None:
    """A path tells by which methods it is called."""
    assert "GET, HEAD, PUT" in control.error("POST", "clock", status=405)


def test_huge_body(control: Any) -> None:
    """A body beyond the limit is refused with 413."""
    assert "larger" in control.error("POST", "worlds", status=413, content=b" " * (9 * 1024 * 1024))


_PATHS = [(row.method, row.path.strip("/")) for row in ROWS if row.path not in ("/events", "/settle")]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_WORDS = (
    "name", "seed", "clock", "policy", "webhook", "now", "mode", "rate", "seconds", "by", "url", "fields", "type",
    "text", "context", "action", "status", "title", "message_id", "field", "value", "behaviour", "category",
)  # fmt: skip
_BODIES = st.one_of(
    st.binary(max_size=20),
    _VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(_WORDS), _VALUES, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 2_000),
    st.just(b'{"a":' * 300 + b"1" + b"}" * 300),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(_PATHS), part=st.text(alphabet="0123456789abc+.%é", min_size=1, max_size=12), body=_BODIES)
def test_nothing_breaks_it(control: Any, where: tuple[str, str], part: str, body: bytes) -> None:
    """Whatever is sent, the answer is 200 or a 4xx with one line, never a 5xx."""
    method, path = where
    for name in ("{world}", "{wa_id}", "{id}"):
        path = path.replace(name, part.replace("%", "%25"))
    found = control.answer(method, path, content=body)
    assert found.status_code in (200, 400, 404, 405, 409, 413)
    if found.status_code != 200:
        assert list(found.json()) == ["error"]


def test_settle_counts_refusals(platform: Any) -> None:
    """Settling says how often the app was refused, at once or later, here or in the world that was restored."""

    def counted() -> int:
        found: int = platform.control("POST", "settle")["refusals"]
        return found

    assert counted() == 0
    assert platform.send({"messaging_product": "whatsapp"}).status == 400
    assert counted() == 1
    platform.control("POST", "users/15550131026/messages", {"type": "text", "text": {"body": "hi"}})
    assert platform.send(platform.text("15550131026")).status == 200
    platform.control("POST", "clock/advance", {"seconds": 60})
    assert counted() == 2
    platform.host.restore(platform.host.snapshot())
    assert counted() == 1
    platform.control("POST", "reset")
    assert counted() == 0


def test_tokens_of_worlds_that_have_ended(platform: Any) -> None:
    """A call with the token of a world that has ended is told that, and counted among those that no world knows."""
    token = platform.control("POST", "worlds", {"name": "gone"})["access_token"]
    platform.control("DELETE", "worlds/gone")
    found = platform.graph("GET", "/v26.0/me", token=token)
    assert (found.status, found.error["code"]) == (401, 190)
    assert found.why.startswith("[token] this access token was of a world that has ended, gone Fix: make the app anew")
    assert platform.control("POST", "settle")["strangers"] == 1
    again = platform.control("POST", "worlds", {"name": "gone"})["access_token"]
    assert again == token
    assert platform.graph("GET", f"/v26.0/{platform.number}", token=token).status == 200
