"""Faults of messages and webhooks over the control API: armed, seen, cleared, and what an app is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.domain.fault_kinds import KINDS
from localwaba.operations.fault_presets import PRESETS

NOON = 1_767_268_800
USER = "16505551234"
OTHER = "16505554321"
TEXT = {"messaging_product": "whatsapp", "type": "text", "text": {"body": "hello"}}


@pytest.fixture
def app(control: Any) -> Any:
    """A world with a subscribed app and a user who has just written."""
    control.subscribe("messages", "message_template_status_update")
    control.ok("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
    control.ok("POST", "settle")
    control.network.posted.clear()
    return control


def arm(app: Any, kind: str, **given: Any) -> Any:
    """Arms a fault."""
    return app.ok("POST", "faults", {"kind": kind} | given)


def told(app: Any, seconds: float = 3_600) -> list[str]:
    """What the app was told within a time, in the order in which it went out: statuses, or types of messages."""
    app.ok("POST", "clock/advance", {"seconds": seconds})
    found = []
    for delivery, _ in app.network.posted:
        value = msgspec.json.decode(delivery.body)["entry"][0]["changes"][0]["value"]
        found += [one["status"] for one in value.get("statuses", [])]
        found += [one["type"] for one in value.get("messages", [])]
    return found


def fired(app: Any) -> list[dict[str, Any]]:
    """The firings in the journal."""
    entries = app.ok("GET", "journal?kind=event&limit=20000")["entries"]
    return [entry["data"] for entry in entries if entry["event"] == "FaultFired"]


def webhooks(app: Any) -> list[dict[str, Any]]:
    """The webhooks about statuses."""
    found: list[dict[str, Any]] = app.ok("GET", "webhooks")["webhooks"]
    return [one for one in found if b"statuses" in msgspec.json.encode(one["body"])]


# armed, seen, cleared


def test_arm(control: Any) -> None:
    """A fault is answered as it is armed, defaults included, with an id of its own and its counts."""
    assert arm(control, "latency", seconds=2, match={"operation": "send_message"}, when={"next": 3}) == {
        "id": "fault-1",
        "kind": "latency",
        "when": {"next": 3},
        "match": {"operation": ["send_message"]},
        "seconds": 2,
        "after_effect": False,
        "armed": True,
        "armed_at": NOON,
        "asked": 0,
        "fired": 0,
        "left": 3,
    }


def test_list(app: Any) -> None:
    """The list shows how often each fault was asked and fired, and what is left; a spent one comes last."""
    arm(app, "lose", when={"next": 2}, id="a")
    arm(app, "duplicate", when={"every": 2}, id="b")
    app.send(USER, TEXT)
    told(app)
    listed = app.ok("GET", "faults")
    assert listed["armed"] == 1
    assert [(one["id"], one["armed"], one["asked"], one["fired"], one["left"]) for one in listed["faults"]] == [
        ("b", True, 1, 0, None),
        ("a", False, 2, 2, 0),
    ]


def test_world_shows_its_faults(control: Any) -> None:
    """`GET /world` lists the armed faults, and every answer of the control API counts them."""
    assert control.ok("GET", "world")["faults"] == []
    assert "x-localwaba-faults" not in control.answer("GET", "world").headers
    armed = arm(control, "drop_after")
    assert control.ok("GET", "world")["faults"] == [armed]
    for path in ("world", "nothing-there", "health"):
        expected = None if path == "nothing-there" else "1 armed"
        assert control.answer("GET", path).headers.get("x-localwaba-faults") == expected
    assert control.answer("POST", "faults", json={"kind": "no"}).headers["x-localwaba-faults"] == "1 armed"


def test_clear(control: Any) -> None:
    """All faults are cleared at once, or one by its id; a new one never gets an old one's id."""
    for _ in range(3):
        arm(control, "lose")
    assert control.ok("DELETE", "faults/fault-2") == {"cleared": ["fault-2"]}
    assert control.ok("DELETE", "faults") == {"cleared": ["fault-1", "fault-3"]}
    assert control.ok("DELETE", "faults") == {"cleared": []}
    assert control.ok("GET", "faults") == {"armed": 0, "faults": [], "held_back": 0}
    assert arm(control, "lose")["id"] == "fault-4"
    assert "no fault" in control.error("DELETE", "faults/fault-2", status=404)


def test_reset_clears(control: Any) -> None:
    """After a reset nothing is armed."""
    arm(control, "lose")
    control.ok("POST", "reset")
    assert control.ok("GET", "faults")["armed"] == 0


def test_snapshot_keeps(app: Any) -> None:
    """A snapshot has the armed faults with their counts, and what they hold back."""
    arm(app, "reorder", order="reversed", seconds=60)
    app.send(USER, TEXT)
    raw = app.answer("GET", "snapshot").content
    app.ok("POST", "reset")
    app.answer("PUT", "snapshot", content=raw)
    assert app.ok("GET", "faults")["faults"][0]["fired"] == 1
    app.network.posted.clear()
    assert told(app) == ["read", "delivered", "sent"]


def test_observers_are_told(control: Any) -> None:
    """Whoever watches the server hears when faults are armed, fire for the last time, and are cleared."""
    heard: list[str] = []
    control.hosts.observe(lambda host, entry: heard.append(entry.get("event", "")))
    arm(control, "lose", when={"next": 1})
    control.subscribe()
    control.send(USER, TEXT | {"type": "template", "template": {"name": "hello_world"}})
    arm(control, "delay")
    control.ok("POST", "reset")
    assert [one for one in heard if one.startswith("Fault")] == [
        "FaultArmed",
        "FaultFired",
        "FaultArmed",
        "FaultsCleared",
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["kind", "latency"]),
        ({"kind": "latencey"}, ["did you mean latency"]),
        ({"kind": "latency", "second": 2}, ["no member 'second'", "seconds"]),
        ({"kind": "latency", "seconds": -1}, ["between 0 and 3600"]),
        ({"kind": "latency", "seconds": "1"}, ["number"]),
        ({"kind": "latency", "after_effect": 1}, ["true or false"]),
        ({"kind": "latency", "id": "a b"}, ["letters"]),
        ({"kind": "http_error", "status": 404}, ["500, 502, 503, 504"]),
        ({"kind": "error"}, ["needs its code"]),
        ({"kind": "error", "code": 131057_0}, ["nearest"]),
        ({"kind": "error", "code": 131066}, ["nearest"]),
        ({"kind": "error", "code": "131056"}, ["as a number"]),
        ({"kind": "error", "code": 190, "subcode": 12}, ["no subcode 12"]),
        ({"kind": "error", "code": 4, "details": "a\nb"}, ["one line"]),
        ({"kind": "duplicate", "times": 0}, ["from 1 to 100"]),
        ({"kind": "stuck_at", "status": "read"}, ["accepted, sent, delivered"]),
        ({"kind": "lose", "when": {"next": 0}}, ["whole number"]),
        ({"kind": "lose", "when": {"next": 1, "every": 2}}, ["one rule"]),
        ({"kind": "lose", "when": {"chance": 2}}, ["between 0 and 1"]),
        ({"kind": "lose", "when": {"always": False}}, ["always is true"]),
        ({"kind": "lose", "when": {"sometimes": 1}}, ["no member 'sometimes'"]),
        ({"kind": "lose", "match": {"operation": "send_message"}}, ["cannot match by 'operation'"]),
        ({"kind": "lose", "match": {"status": "deliverd"}}, ["did you mean delivered"]),
        ({"kind": "lose", "match": {"status": []}}, ["text or a list"]),
        ({"kind": "lose", "match": {"recipient": "12"}}, ["phone number or a user_id"]),
        ({"kind": "lose", "match": {"phone_number_id": "12"}}, ["phone_number_id cannot be '12'"]),
        ({"kind": "latency", "match": {"operation": "send_mesage"}}, ["send_message"]),
        ({"kind": "latency", "match": {"endpoint": "message"}}, ["messages"]),
        ({"kind": "drop_delivery", "match": {"field": "message"}}, ["messages"]),
        ({"kind": "error", "code": 131026}, ["by webhook only", '"kind":"fail","code":131026']),
        ({"kind": "error", "code": 131001}, ["131001 is retired"]),
        ({"kind": "fail", "code": 506}, ["506 is retired"]),
        ({"kind": "reshape"}, ["needs its how"]),
        ({"kind": "reshape", "how": "no_phones"}, ["did you mean no_phone"]),
        ({"kind": "handshake", "match": {"field": "messages"}}, ["cannot match by 'field'"]),
        ({"kind": "late-delivry"}, ["did you mean late-delivery"]),
        ({"preset": "statuses-reverse"}, ["did you mean statuses-reversed"]),
        ({"preset": "statuses-reversed", "kind": "lose"}, ["no member 'kind'"]),
    ],
)
def test_mistakes(control: Any, body: dict[str, Any], words: list[str]) -> None:
    """A fault that makes no sense is refused in one line that says what was probably meant."""
    text = control.error("POST", "faults", body)
    assert [word for word in words if word not in text] == []
    assert control.ok("GET", "faults")["faults"] == []


def test_too_many(control: Any) -> None:
    """There is a limit to how many faults can be armed, and no two have one id."""
    arm(control, "lose", id="a")
    assert "already" in control.error("POST", "faults", {"kind": "lose", "id": "a"}, status=409)
    for _ in range(99):
        arm(control, "lose")
    assert "100" in control.error("POST", "faults", {"kind": "lose"}, status=409)


def test_kinds(control: Any) -> None:
    """Every kind is listed with a sentence, its parameters, and what it can match."""
    listed = control.ok("GET", "faults/kinds")["kinds"]
    assert [one["kind"] for one in listed] == list(KINDS)
    assert all(one["text"].endswith(".") for one in listed)
    assert [one["kind"] for one in listed if not one["match"]] == ["handshake"]


@pytest.mark.parametrize("name", PRESETS)
def test_presets(control: Any, name: str) -> None:
    """Every preset can be armed, by others' matches too, and says which reports motivate it."""
    listed = {one["preset"]: one for one in control.ok("GET", "faults/presets")["presets"]}
    assert listed[name]["reports"]
    assert all("#" in report or report.startswith(("Meta: ", "captured: ")) for report in listed[name]["reports"])
    match = {"match": {"recipient": USER}} if "handshake" not in name else {}
    armed = control.ok("POST", "faults", {"preset": name, "when": {"next": 2}} | match)
    assert [one["kind"] for one in armed["faults"]] == [one["kind"] for one in listed[name]["faults"]]
    assert all(
        one["preset"] == name and one["match"].get("recipient", USER) in (USER, [USER]) for one in armed["faults"]
    )
    assert len({one["id"] for one in armed["faults"]}) == len(armed["faults"])


# what happens to messages


def test_without_faults(app: Any) -> None:
    """Without faults each status is told once and in order."""
    app.send(USER, TEXT)
    assert told(app) == ["sent", "delivered", "read"]
    assert fired(app) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["failed"]),
        ({"after": "sent"}, ["sent", "failed"]),
        ({"after": "delivered"}, ["sent", "delivered", "failed"]),
        ({"after": "read"}, ["sent", "delivered", "read", "failed"]),
        ({"then": "delivered"}, ["failed", "delivered"]),
        ({"after": "sent", "then": "read"}, ["sent", "failed", "read"]),
    ],
)
def test_fail(app: Any, given: dict[str, Any], expected: list[str]) -> None:
    """A message fails instead of being sent, later, or in contradiction to what comes after."""
    arm(app, "fail", code=131049, **given)
    app.send(USER, TEXT)
    assert told(app) == expected
    bodies = msgspec.json.encode([one["body"] for one in webhooks(app)])
    assert bodies.count(b'"code":131049') == 1
    assert [data["kind"] for data in fired(app)] == ["fail"]


def test_failed_then_delivered_has_its_price(app: Any) -> None:
    """A message that is delivered after it failed is told with its pricing, as any delivered one."""
    arm(app, "fail", then="delivered")
    app.send(USER, TEXT)
    told(app)
    assert "pricing" in webhooks(app)[-1]["body"]["entry"][0]["changes"][0]["value"]["statuses"][0]


def test_fail_without_errors(app: Any) -> None:
    """A `failed` status may come without saying why."""
    arm(app, "fail", without_errors=True)
    app.send(USER, TEXT)
    assert told(app) == ["failed"]
    assert "errors" not in webhooks(app)[0]["body"]["entry"][0]["changes"][0]["value"]["statuses"][0]


@pytest.mark.parametrize(
    ("status", "expected"), [("accepted", []), ("sent", ["sent"]), ("delivered", ["sent", "delivered"])]
)
def test_stuck_at(app: Any, status: str, expected: list[str]) -> None:
    """Beyond that status nothing comes, not even when the user opens the chat; others' messages go on."""
    arm(app, "stuck_at", status=status, match={"recipient": USER})
    app.send(USER, TEXT)
    assert told(app, 90_000) == expected
    app.ok("POST", f"users/{USER}/actions", {"action": "read"})
    assert told(app) == expected


def test_read_without_delivered(app: Any) -> None:
    """`read` comes, `delivered` does not."""
    arm(app, "read_without_delivered")
    app.send(USER, TEXT)
    assert told(app) == ["sent", "read"]


def test_read_without_delivered_by_a_user_who_never_reads(app: Any) -> None:
    """`read` comes even if the user would not have opened the chat."""
    app.ok("PUT", f"users/{USER}", {"behaviour": {"read_after": None}})
    arm(app, "read_without_delivered", seconds=5)
    app.send(USER, TEXT)
    assert told(app) == ["sent", "read"]


def test_lose(app: Any) -> None:
    """A status of the given kinds is never told; the webhook says that it was lost on purpose, and the world knows."""
    arm(app, "lose", match={"status": ["sent", "read"]}, id="gap")
    app.send(USER, TEXT)
    assert told(app) == ["delivered"]
    lost = [one for one in webhooks(app) if one["state"] == "abandoned"]
    assert [one["attempts"][0]["error"] for one in lost] == ["lost on purpose: gap (lose)"] * 2
    assert app.ok("GET", "messages?direction=outbound")["messages"][0]["status"] == "read"


def test_status_faults_leave_messages_of_users_alone(app: Any) -> None:
    """What is told of messages of users is hit only if it is asked for."""
    arm(app, "lose")
    app.ok("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
    assert told(app) == ["text"]
    arm(app, "duplicate", match={"direction": "inbound"})
    app.ok("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
    assert told(app) == ["text"] * 3


def test_duplicate(app: Any) -> None:
    """The same bytes come as often as told, so many seconds apart."""
    arm(app, "duplicate", times=3, spacing=10, match={"status": "sent"})
    app.send(USER, TEXT)
    assert told(app) == ["sent", "delivered", "read", "sent", "sent"]
    same = [one for one in webhooks(app) if "sent" in str(one["body"])]
    assert [one["attempts"][0]["at"] - NOON for one in same] == [0, 10, 20]
    assert len({msgspec.json.encode(one["body"]) for one in same}) == 1


def test_duplicates_at_once_may_overtake_each_other(app: Any) -> None:
    """A pair without spacing does not wait for each other's answer: an app has to take both at the same moment."""
    arm(app, "duplicate_delivery", match={"status": "sent"})
    app.send(USER, TEXT)
    lanes = {delivery.lane for delivery, _ in app.network.posted}
    assert (len(app.network.posted), len(lanes)) == (2, 2)


def test_reversed(app: Any) -> None:
    """The last status comes first."""
    arm(app, "reorder", order="reversed", seconds=10)
    app.send(USER, TEXT)
    assert told(app, 9) == []
    assert told(app) == ["read", "delivered", "sent"]


def test_shuffled_with_repeats(app: Any) -> None:
    """All that came within the window goes out, repeats included, in another order."""
    app.ok("POST", "faults", {"preset": "statuses-shuffled-with-repeats"})
    app.send(USER, TEXT)
    found = told(app)
    assert sorted(found) == ["delivered", "delivered", "read", "read", "sent", "sent"]
    assert found != ["sent", "sent", "delivered", "delivered", "read", "read"]


def test_held_back_comes_after_clearing(app: Any) -> None:
    """What a cleared fault holds back comes all the same; what it orders after that does not."""
    arm(app, "reorder", order="reversed", seconds=1)
    app.send(USER, TEXT)
    assert app.ok("GET", "faults")["held_back"] == 1
    app.ok("DELETE", "faults")
    assert told(app) == ["delivered", "sent", "read"]
    assert app.ok("GET", "faults")["held_back"] == 0


def test_delay(app: Any) -> None:
    """A status comes later, with the timestamp that it had."""
    arm(app, "delay", seconds=600, match={"status": "sent"})
    app.send(USER, TEXT)
    assert told(app, 599) == ["delivered", "read"]
    assert told(app) == ["delivered", "read", "sent"]
    late = next(one for one in webhooks(app) if one["attempts"][0]["at"] - NOON == 600)
    assert late["body"]["entry"][0]["changes"][0]["value"]["statuses"][0]["timestamp"] == str(NOON)


# webhooks


def test_drop_delivery(app: Any) -> None:
    """A lost webhook never comes, and says so."""
    arm(app, "drop_delivery", when={"next": 1})
    app.send(USER, TEXT)
    assert told(app) == ["delivered", "read"]
    assert [one["state"] for one in webhooks(app)] == ["abandoned", "delivered", "delivered"]


def test_drop_delivery_retried(app: Any) -> None:
    """N tries of each webhook get lost, the next one arrives: it is tried again as if it had not been acknowledged."""
    arm(app, "drop_delivery", retried=True, when={"first": 2}, match={"status": "sent"})
    app.send(USER, TEXT)
    assert told(app) == ["delivered", "read", "sent"]
    tries = webhooks(app)[0]["attempts"]
    assert [bool(one.get("error")) for one in tries] == [True, True, False]


def test_backlog_after_downtime(app: Any) -> None:
    """While the preset is armed nothing comes; once it is cleared everything does, with old timestamps."""
    app.ok("POST", "faults", {"preset": "backlog-after-downtime"})
    app.send(USER, TEXT)
    assert told(app, 100_000) == []
    app.ok("DELETE", "faults")
    assert sorted(told(app, 200_000)) == ["delivered", "read", "sent"]


def test_delay_delivery(app: Any) -> None:
    """Any webhook can be late, by its field."""
    arm(app, "delay_delivery", seconds=60, match={"field": "message_template_status_update"})
    template = app.ok("GET", "templates")["templates"][0]["id"]
    app.ok("PATCH", f"templates/{template}", {"status": "PAUSED"})
    app.ok("POST", "clock/advance", {"seconds": 59})
    assert app.network.posted == []
    app.ok("POST", "clock/advance", {"seconds": 1})
    assert [delivery.field for delivery, _ in app.network.posted] == ["message_template_status_update"]


@pytest.mark.parametrize("kind", ["wrong_signature", "missing_signature", "old_signature_only", "plain_bytes"])
def test_forged(app: Any, kind: str) -> None:
    """What is about to be sent is forged as often as told, each try anew."""
    arm(app, kind, when={"next": 2})
    app.send(USER, TEXT)
    told(app)
    ids = [one["id"] for one in webhooks(app)]
    assert app.network.forgeries == [(ids[0], kind), (ids[1], kind)]
    assert [data["delivery_id"] for data in fired(app)] == ids[:2]


# by rule and by chance


def test_every(app: Any) -> None:
    """Each second occasion is hit, the others are not."""
    arm(app, "lose", when={"every": 2}, match={"status": "sent"})
    for _ in range(4):
        app.send(USER, TEXT)
    assert told(app).count("sent") == 2


def test_first(app: Any) -> None:
    """The first status of each message is hit."""
    arm(app, "lose", when={"first": 1})
    for _ in range(2):
        app.send(USER, TEXT)
    assert sorted(told(app)) == ["delivered", "delivered", "read", "read"]


def test_chance(app: Any) -> None:
    """Chance comes from the seed: the same commands give the same losses again."""
    found = []
    for _ in range(2):
        app.ok("POST", "reset")
        app.subscribe("messages")
        app.ok("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
        arm(app, "lose", when={"chance": 0.5})
        for _ in range(5):
            app.send(USER, TEXT)
        app.ok("POST", "clock/advance", {"seconds": 60})
        found.append(fired(app))
    assert found[0] == found[1]
    assert 0 < len(found[0]) < 15


def test_two_apps_are_told_alike(app: Any) -> None:
    """A lost status is lost for every app, and counts once."""
    app.run(_subscribe_another(app.host))
    arm(app, "lose", when={"next": 1})
    app.send(USER, TEXT)
    told(app)
    assert len(fired(app)) == 1
    states = [(one["app_id"], one["state"]) for one in webhooks(app)]
    assert len({app_id for app_id, _ in states}) == 2
    assert [state for _, state in states] == ["abandoned", "abandoned", *["delivered"] * 4]


async def _subscribe_another(host: Any) -> None:
    """Another app is subscribed to the same account."""
    world, ids = host.world, host.world.ids()
    first, waba = world.apps[world.app_id], world.wabas[world.waba_id]
    other = replace(first, id="4711")
    apps = {**waba.subscribed, "4711": None}
    host.commit([Put(at=host.now(), thing=other), Put(at=host.now(), thing=replace(waba, subscribed=apps))], ids)


def test_ids_are_the_same_with_faults(app: Any) -> None:
    """Faults draw no ids: what an app sees is the same but for what they hit."""
    plain = app.send(USER, TEXT)
    app.ok("POST", "reset")
    app.subscribe("messages", "message_template_status_update")
    app.ok("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
    arm(app, "duplicate", times=5, when={"chance": 0.9})
    assert plain == app.send(USER, TEXT)


@pytest.mark.parametrize("value", [{"statuses": [1, {"id": [2]}]}, {"messages": {"a": 1}}, {}])
def test_values_that_somebody_made_up(app: Any, value: dict[str, Any]) -> None:
    """Faults of webhooks can be asked about whatever is announced."""
    arm(app, "duplicate_delivery", match={"field": "messages"})
    app.ok("POST", "platform-events", {"field": "messages", "value": value, "unchecked": True})
    app.ok("POST", "settle")
    assert [msgspec.json.decode(one.body)["entry"][0]["changes"][0]["value"] for one, _ in app.network.posted] == [
        value
    ] * 2
