"""An app that is down: what it misses comes later, all at once if wanted; without storage it is lost."""

from __future__ import annotations

from typing import Any

import pytest

URL = "http://127.0.0.1:9/webhook"


@pytest.fixture(autouse=True)
def subscribed(platform: Any) -> None:
    """The app has a callback."""
    platform.control("PUT", "webhook", {"url": URL})


def write(platform: Any, user: str = "16505551234") -> str:
    """A user writes; the message's id."""
    content = {"type": "text", "text": {"body": "hi"}}
    found = platform.control("POST", f"users/{user}/messages", content)["message_id"]
    platform.settle()
    return str(found)


def advance(platform: Any, seconds: float) -> None:
    platform.control("POST", "clock/advance", {"seconds": seconds})


def values(platform: Any) -> list[Any]:
    """The values that the app was told, in order of their first telling."""
    webhooks = platform.control("GET", "webhooks")["webhooks"]
    return [one["body"]["entry"][0]["changes"][0]["value"] for one in webhooks]


def test_the_backlog_comes_as_a_burst(platform: Any) -> None:
    """With the knob turned, all that waits comes once the app takes a webhook, in order, with the old timestamps."""
    platform.control("PATCH", "policy", {"webhook_backlog": "burst"})
    platform.network.status = 500
    ids = []
    for _ in range(5):
        ids.append(write(platform))
        advance(platform, 3_600)
    advance(platform, 86_400)
    platform.network.status = 200
    del platform.network.posted[:]
    while not platform.network.posted:
        advance(platform, 600)
    delivered = [one for one in platform.control("GET", "webhooks")["webhooks"] if one["state"] == "delivered"]
    assert len({one["attempts"][-1]["at"] for one in delivered}) == 1
    assert [one.message_id for one, _ in platform.network.posted[1:]] == [
        one for one in ids if one != platform.network.posted[0][0].message_id
    ]
    stamps = [int(value["messages"][0]["timestamp"]) for value in values(platform)]
    assert [stamp - stamps[0] for stamp in stamps] == [0, 3_600, 7_200, 10_800, 14_400]
    advance(platform, 8 * 86_400)
    assert len(platform.network.posted) == 5


def test_by_default_each_webhook_has_a_schedule_of_its_own(platform: Any) -> None:
    """Without the knob, one webhook that is taken does not bring the others along."""
    platform.network.status = 500
    for _ in range(2):
        write(platform)
        advance(platform, 20_000)
    platform.network.status = 200
    del platform.network.posted[:]
    while not platform.network.posted:
        advance(platform, 100)
    assert len(platform.network.posted) == 1


def test_what_is_given_up_is_counted_and_told(platform: Any) -> None:
    """A webhook that no try could deliver is in the journal as abandoned, and counted in the world."""
    platform.network.status = 503
    write(platform)
    advance(platform, 7 * 86_400)
    assert platform.control("GET", "world")["counts"]["abandoned"] == 1
    entries = platform.control("GET", "journal", query="limit=20000")["entries"]
    ended = [
        one["data"]
        for one in entries
        if one.get("event") == "DeliveryAttempted" and one["data"]["state"] == "abandoned"
    ]
    assert [one["delivery_id"] for one in ended] == [platform.control("GET", "webhooks")["webhooks"][0]["id"]]


def test_without_storage_a_message_is_lost_after_an_hour(platform: Any) -> None:
    """A number that stores nothing tries for an hour; then 131035 tells the app that something is gone."""
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"no_storage": True})
    platform.network.status = 500
    write(platform)
    advance(platform, 3_599)
    assert [one["state"] for one in platform.control("GET", "webhooks")["webhooks"]] == ["pending"]
    advance(platform, 1)
    lost, told = platform.control("GET", "webhooks")["webhooks"]
    assert (lost["state"], told["state"]) == ("abandoned", "pending")
    value = values(platform)[1]
    text = "Webhook could not be delivered within data retention limit"
    assert value == {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": platform.world.numbers[platform.number].digits,
            "phone_number_id": platform.number,
        },
        "errors": [{"code": 131035, "title": text, "message": text, "error_data": {"details": text}}],
    }
    platform.network.status = 200
    advance(platform, 86_400)
    assert platform.control("GET", "webhooks")["webhooks"][1]["state"] == "delivered"


def test_the_retention_can_be_set(platform: Any) -> None:
    """How long a number without storage tries is its own setting; with storage again it is seven days."""
    path = f"phone_numbers/{platform.number}"
    platform.control("PATCH", path, {"no_storage": True, "retention_minutes": 10})
    platform.network.status = 500
    write(platform)
    advance(platform, 700)
    assert [one["state"] for one in platform.control("GET", "webhooks")["webhooks"]][:1] == ["abandoned"]
    platform.control("PATCH", path, {"no_storage": False})
    write(platform)
    advance(platform, 86_400)
    assert platform.control("GET", "webhooks")["webhooks"][-1]["state"] == "pending"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"no_storage": "yes"}, "no_storage is true or false"),
        ({"no_storage": False, "retention_minutes": 5}, "retention_minutes goes with no_storage"),
        ({"retention_minutes": 0}, "retention_minutes lies between 1 and 1e+10, not 0"),
    ],
)
def test_mistakes_about_storage(platform: Any, given: dict[str, Any], expected: str) -> None:
    """What cannot be set is said in one line."""
    found = platform.ask("PATCH", f"/_localwaba/phone_numbers/{platform.number}", given)
    assert (found.status, found.body["error"]) == (400, expected)
