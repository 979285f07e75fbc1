"""The button "Test" of the app dashboard, as it was captured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localwaba.domain.routing import FIELDS
from localwaba.operations.announcements import TIMED

URL = "http://127.0.0.1:9/webhook"


def press(platform: Any, field: str) -> dict[str, Any]:
    """The button is pressed; the webhook that arrives."""
    platform.control("POST", "platform-events", {"field": field, "test": True})
    platform.control("POST", "settle")
    found: dict[str, Any] = json.loads(platform.network.posted[-1][0].body)
    return found


def test_a_message(platform: Any) -> None:
    """The captured message, with `field` before `value`, of an account with the id 0; nobody has written."""
    platform.control("PUT", "webhook", {"url": URL})
    body = press(platform, "messages")
    (entry,) = body["entry"]
    (change,) = entry["changes"]
    assert (entry["id"], list(entry), list(change)) == ("0", ["id", "changes"], ["field", "value"])
    (message,) = change["value"]["messages"]
    assert (message["id"], message["timestamp"], message["from"]) == ("ABGGFlA5Fpa", "1504902988", "16315551181")
    assert change["value"]["metadata"] == {"display_phone_number": "16505551111", "phone_number_id": "123456123"}
    assert platform.control("GET", "messages")["messages"] == []


def test_it_needs_no_subscription(platform: Any) -> None:
    """An app that forgot to subscribe to the account hears tests, and nothing else; an override does not lead away."""
    platform.control("PUT", "webhook", {"url": URL, "fields": ["messages"]})
    world = platform.host.world
    assert platform.graph("DELETE", f"{world.waba_id}/subscribed_apps").status == 200
    assert press(platform, "account_update")["entry"][0]["changes"][0]["value"] == {
        "event": "VERIFIED_ACCOUNT",
        "phone_number": "16505551111",
    }
    count = len(platform.network.posted)
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    platform.control("POST", "settle")
    assert len(platform.network.posted) == count


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in ("consumer_profile", "message_echoes")])
def test_every_field(platform: Any, field: str) -> None:
    """Each has a test; account fields carry the time."""
    platform.control("PUT", "webhook", {"url": URL})
    body = press(platform, field)
    assert body["entry"][0]["changes"][0]["field"] == field
    assert ("time" in body["entry"][0]) is (field in TIMED)


def test_a_test_is_a_field_and_nothing_else(platform: Any) -> None:
    """Values and numbers of one's own are no test; a shape that nobody knows has none."""
    for body, line in (
        ({"field": "security", "test": False}, "nothing else"),
        ({"field": "security", "test": True, "value": {}}, "nothing else"),
        ({"field": "consumer_profile", "test": True}, "nobody knows"),
    ):
        found = platform.ask("POST", "/_localwaba/platform-events", body)
        assert (found.status, line in str(found.body)) == (400, True)
