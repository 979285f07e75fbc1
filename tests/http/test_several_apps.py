"""Several apps on one account: each is told, in its turn, signed with its own secret, and tried on its own schedule."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from localwaba.wire.deliveries import delivery_headers

FIRST, SECOND = "http://127.0.0.1:9/first", "http://127.0.0.1:9/second"


@pytest.fixture
def apps(platform: Any) -> tuple[Any, Any]:
    """The world's own app and another one, both subscribed."""
    platform.control("PUT", "webhook", {"url": FIRST})
    added = platform.control("POST", "apps", {"name": "CRM", "webhook": {"url": SECOND}})
    return platform.control("GET", f"apps/{platform.world.app_id}"), added


def write(platform: Any) -> None:
    """A user writes."""
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    platform.settle()


def urls(platform: Any) -> list[str]:
    """The callbacks in the order in which they were called."""
    return [url.rpartition("/")[2] for _, url in platform.network.posted]


def states(platform: Any) -> list[str]:
    """What became of the webhooks, in the order of the apps."""
    return [one["state"] for one in platform.control("GET", "webhooks")["webhooks"]]


def test_an_app_is_added_with_all_of_its_own(platform: Any) -> None:
    """An app can be given its id, secret, token and fields, and is shown with them."""
    given = {"id": "777000111222333", "name": "CRM", "secret": "s3cret", "access_token": "EAAcrm", "mode": "live"}
    webhook = {"url": SECOND, "verify_token": "mine", "fields": ["messages"]}
    found = platform.control("POST", "apps", given | {"webhook": webhook})
    assert found == {
        "id": "777000111222333",
        "name": "CRM",
        "app_secret": "s3cret",
        "mode": "live",
        "webhook": webhook,
        "subscribed": [platform.world.waba_id],
        "access_token": "EAAcrm",
    }
    assert platform.network.handshakes[-1].verify_token == "mine"


def test_what_is_left_out_is_drawn_from_the_seed(platform: Any) -> None:
    """Without them, id, secret and token are made up, and differ from app to app."""
    one, other = (platform.control("POST", "apps", {}) for _ in range(2))
    assert all(one[name] != other[name] for name in ("id", "app_secret", "access_token"))
    assert (one["webhook"], one["subscribed"]) == (None, [])


def test_graph_lists_both(platform: Any, apps: Any) -> None:
    """`subscribed_apps` names all apps of the account, in the order of their subscription."""
    listed = platform.graph("GET", f"/{platform.world.waba_id}/subscribed_apps").body["data"]
    found = [(one["whatsapp_business_api_data"]["name"], one["whatsapp_business_api_data"]["id"]) for one in listed]
    assert found == [("Localhost App", apps[0]["id"]), ("CRM", apps[1]["id"])]


def test_its_token_calls_graph_in_its_name(platform: Any, apps: Any) -> None:
    """With its own token the app unsubscribes itself, and nobody else."""
    token = apps[1]["access_token"]
    path = f"/{platform.world.waba_id}/subscribed_apps"
    assert platform.graph("DELETE", path, token=token).body == {"success": True}
    write(platform)
    assert urls(platform) == ["first"]
    assert platform.graph("POST", path, token=token).body == {"success": True}
    write(platform)
    assert urls(platform) == ["first", "first", "second"]


def test_each_is_signed_with_its_own_secret(platform: Any, apps: Any) -> None:
    """The same bytes go to both; each app verifies them with its own secret."""
    write(platform)
    (one, first_url), (other, second_url) = platform.network.posted
    assert (one.body, first_url, second_url) == (other.body, FIRST, SECOND)
    for app, delivery in zip(apps, (one, other), strict=True):
        secret = app["app_secret"].encode()
        assert delivery.app_id == app["id"]
        expected = "sha256=" + hmac.new(secret, delivery.body, hashlib.sha256).hexdigest()
        shown = platform.control("GET", f"webhooks/{delivery.id}")
        assert shown["headers"]["X-Hub-Signature-256"] == expected
        assert dict(delivery_headers(secret, delivery.body))["X-Hub-Signature-256"] == expected


def test_they_are_called_in_turn(platform: Any, apps: Any) -> None:
    """Of each event the app that was subscribed first is told first."""
    for _ in range(3):
        write(platform)
    assert urls(platform) == ["first", "second"] * 3


def test_each_gets_only_its_fields(platform: Any, apps: Any) -> None:
    """An app that has not ticked a field is not told of it; the other is."""
    platform.control("PUT", f"apps/{apps[1]['id']}/webhook", {"url": SECOND, "fields": ["account_update"]})
    write(platform)
    assert urls(platform) == ["first"]
    platform.control("POST", "platform-events", {"field": "account_update"})
    platform.settle()
    assert urls(platform) == ["first", "first", "second"]


def test_a_failing_app_brings_a_duplicate_to_all(platform: Any, apps: Any) -> None:
    """As Meta says, the whole dispatch is tried again: the app that had answered 200 gets the webhook once more."""
    platform.network.statuses[SECOND] = 500
    write(platform)
    assert urls(platform) == ["first", "second"] * 2  # the second try follows at once
    platform.network.statuses.clear()
    platform.control("POST", "clock/advance", {"seconds": 10})
    assert urls(platform) == ["first", "second"] * 3
    platform.control("POST", "clock/advance", {"seconds": 8 * 86_400})
    assert urls(platform) == ["first", "second"] * 3
    assert states(platform) == ["delivered", "delivered"]


def test_the_failing_app_alone_can_be_tried_again(platform: Any, apps: Any) -> None:
    """With the knob turned, only the app that failed is called again."""
    platform.control("PATCH", "policy", {"webhook_redelivery": "failed_app"})
    platform.network.statuses[SECOND] = 500
    write(platform)
    assert urls(platform) == ["first", "second", "second"]


def test_two_failing_apps_bring_one_duplicate(platform: Any, apps: Any) -> None:
    """If several apps are due at the same moment, the one that had answered 200 gets one duplicate, not several."""
    third = "http://127.0.0.1:9/third"
    platform.control("POST", "apps", {"webhook": {"url": third}})
    platform.network.statuses |= {SECOND: 500, third: 500}
    write(platform)
    assert sorted(urls(platform)) == sorted(["first", "second", "third"] * 2)


def test_what_was_taken_stays_delivered(platform: Any, apps: Any) -> None:
    """An app that took a webhook, and refuses its duplicates for seven days, is not said to have missed it."""
    platform.network.statuses[SECOND] = 500
    write(platform)
    platform.network.statuses[FIRST] = 500
    platform.control("POST", "clock/advance", {"seconds": 8 * 86_400})
    assert states(platform) == ["delivered", "abandoned"]
    assert platform.control("GET", "world")["counts"]["abandoned"] == 1


def test_overrides_are_per_app(platform: Any, apps: Any) -> None:
    """An override of a number or an account diverts the app that set it, and no other."""
    number = {"override_callback_uri": "http://127.0.0.1:9/number", "verify_token": "t"}
    account = {"override_callback_uri": "http://127.0.0.1:9/account", "verify_token": "t"}
    token = apps[1]["access_token"]
    platform.graph("POST", f"/{platform.number}", {"webhook_configuration": number}, token=token)
    platform.graph("POST", f"/{platform.world.waba_id}/subscribed_apps", account)
    write(platform)
    assert urls(platform) == ["account", "number"]
    shown = platform.graph("GET", f"/{platform.number}?fields=webhook_configuration", token=token).body
    expected = {"phone_number": number["override_callback_uri"], "application": SECOND}
    assert shown["webhook_configuration"] == expected
    nothing = {"webhook_configuration": {"override_callback_uri": ""}}
    platform.graph("POST", f"/{platform.number}", nothing)  # the first app has none to take away
    write(platform)
    assert urls(platform)[2:] == ["account", "number"]
    platform.graph("POST", f"/{platform.number}", nothing, token=token)
    write(platform)
    assert urls(platform)[4:] == ["account", "second"]


def test_a_webhook_is_taken_away(platform: Any, apps: Any) -> None:
    """An app without a callback hears of nothing, and what waits for it says why it ends."""
    platform.network.statuses[SECOND] = 500
    write(platform)
    assert platform.control("DELETE", f"apps/{apps[1]['id']}/webhook")["webhook"] is None
    platform.control("POST", "clock/advance", {"seconds": 8 * 86_400})
    (_, lost) = platform.control("GET", "webhooks")["webhooks"]
    assert (lost["state"], lost["attempts"][-1]["error"]) == ("abandoned", "no app is subscribed any more")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"id": "0123"}, "an app's id is made of digits, not '0123'"),
        ({"id": "{waba}"}, "there is a node {waba} already: waba"),
        ({"access_token": "{token}"}, "there is such an access token already"),
        ({"nam": "CRM"}, "an app has no member 'nam'; did you mean name?"),
        ({"webhook": {"url": "ftp://x"}}, "a webhook needs its url"),
        ({"mode": "dead"}, "mode cannot be 'dead'"),
    ],
)
def test_mistakes(platform: Any, given: dict[str, Any], expected: str) -> None:
    """What cannot be is said in one line, and no app comes about."""
    names = {"{waba}": platform.world.waba_id, "{token}": platform.world.access_token}
    text = json.dumps(given)
    for name, value in names.items():
        text, expected = text.replace(name, value), expected.replace(name, value)
    found = platform.ask("POST", "/_localwaba/apps", json.loads(text))
    assert found.status in (400, 409)
    assert found.body["error"].startswith(expected)
    assert len(platform.control("GET", "apps")["apps"]) == 1


def test_a_snapshot_keeps_them(platform: Any, apps: Any) -> None:
    """Apps, their callbacks and what waits for them are part of a snapshot."""
    platform.network.statuses[SECOND] = 500
    write(platform)
    snapshot = platform.control("GET", "snapshot")
    platform.control("POST", "reset")
    platform.control("PUT", "snapshot", snapshot)
    platform.network.statuses.clear()
    del platform.network.posted[:]
    platform.control("POST", "clock/advance", {"seconds": 10})
    assert urls(platform) == ["first", "second"]
    assert states(platform) == ["delivered", "delivered"]
