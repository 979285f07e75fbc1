"""Who gets webhooks: the app's callback, the account's apps, overrides."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.model import Override
from localwaba.domain.routing import target

CALLBACK = "http://127.0.0.1:9/app"
OVERRIDE = {"override_callback_uri": "http://127.0.0.1:9/waba", "verify_token": "mine"}


def subscribe(call: Any, **more: Any) -> Any:
    """The app gets a callback, as a client library would set it."""
    params = {
        "object": "whatsapp_business_account",
        "callback_url": CALLBACK,
        "verify_token": "theirs",
        "fields": "messages,account_update",
    } | more
    return call("POST", call.world.app_id, "subscriptions", params, token=call.app_token).body


def webhook(call: Any) -> Any:
    """The app's callback."""
    return call.world.apps[call.world.app_id].webhook


def test_a_callback_is_saved_with_a_handshake(call: Any) -> None:
    """URL, token, fields and version are the app's after the handshake that is asked for."""
    assert subscribe(call) == {"success": True}
    assert (call.handshake.url, call.handshake.verify_token) == (CALLBACK, "theirs")
    expected = (CALLBACK, "theirs", ("messages", "account_update"), "v26.0")
    assert expected == (webhook(call).url, webhook(call).verify_token, webhook(call).fields, webhook(call).version)


def test_subscriptions_are_listed(call: Any) -> None:
    """Each field is listed with its version."""
    nothing = call("GET", call.world.app_id, "subscriptions", token=call.app_token).body
    subscribe(call)
    found = call("GET", call.world.app_id, "subscriptions", token=call.app_token).body
    expected = {
        "object": "whatsapp_business_account",
        "callback_url": CALLBACK,
        "active": True,
        "fields": [{"name": "messages", "version": "v26.0"}, {"name": "account_update", "version": "v26.0"}],
    }
    assert ({"data": []}, {"data": [expected]}) == (nothing, found)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_only_the_app_itself_manages_its_subscriptions(call: Any, method: str) -> None:
    """Other tokens get (#15)."""
    params = {"object": "whatsapp_business_account", "callback_url": CALLBACK, "verify_token": "t", "fields": "calls"}
    error = call.error(method, call.world.app_id, "subscriptions", params)
    assert (error["code"], error["message"]) == (15, "(#15) This method must be called with an app access_token.")


@pytest.mark.parametrize("more", [{"fields": "messages,nonsense"}, {"object": "page"}])
def test_unknown_fields_and_objects_are_refused(call: Any, more: dict[str, str]) -> None:
    """The refusal names what would do."""
    with pytest.raises(Exception, match=r"no webhook field|has webhooks here"):
        subscribe(call, **more)
    assert webhook(call) is None


def test_fields_may_be_a_list(call: Any) -> None:
    """A JSON list means what commas mean; one field twice is one."""
    subscribe(call, fields=["messages", "calls", "messages"])
    assert webhook(call).fields == ("messages", "calls")


def test_another_callback_keeps_the_fields(call: Any) -> None:
    """Without `fields`, those that are subscribed stay."""
    subscribe(call)
    subscribe(call, callback_url="http://127.0.0.1:9/other", fields="")
    expected = ("http://127.0.0.1:9/other", ("messages", "account_update"))
    assert expected == (webhook(call).url, webhook(call).fields)


def test_fields_are_taken_away_one_by_one_or_all(call: Any) -> None:
    """DELETE with fields leaves the others; without, nothing is left."""
    subscribe(call)
    call("DELETE", call.world.app_id, "subscriptions", {"fields": "messages"}, token=call.app_token)
    assert webhook(call).fields == ("account_update",)
    call("DELETE", call.world.app_id, "subscriptions", token=call.app_token)
    assert webhook(call) is None


def test_subscribed_apps_are_listed(call: Any) -> None:
    """The seeded app is there, with the link that Graph gives every app."""
    app_id = call.world.app_id
    data = {"id": app_id, "link": f"https://www.facebook.com/games/?app_id={app_id}", "name": "Localhost App"}
    found = call("GET", call.world.waba_id, "subscribed_apps").body
    assert {"data": [{"whatsapp_business_api_data": data}]} == found


def test_unsubscribing_stops_webhooks_at_once(call: Any) -> None:
    """Nothing is routed to an app that has left; leaving twice is fine."""
    subscribe(call)
    world = call.world
    before = target(world, world.app_id, world.waba_id, world.phone_number_id, "messages")
    for _ in range(2):
        assert call("DELETE", world.waba_id, "subscribed_apps").body == {"success": True}
    after = target(world, world.app_id, world.waba_id, world.phone_number_id, "messages")
    assert (before, after) == (CALLBACK, None)


def test_an_override_is_saved_with_a_handshake(call: Any) -> None:
    """The account's webhooks go elsewhere, and the list says where."""
    subscribe(call)
    assert call("POST", call.world.waba_id, "subscribed_apps", OVERRIDE).body == {"success": True}
    assert (OVERRIDE["override_callback_uri"], "mine") == (call.handshake.url, call.handshake.verify_token)
    [listed] = call("GET", call.world.waba_id, "subscribed_apps").body["data"]
    assert OVERRIDE["override_callback_uri"] == listed["override_callback_uri"]


def test_subscribing_without_a_body_clears_the_override(call: Any) -> None:
    """No handshake is made for it."""
    subscribe(call)
    call("POST", call.world.waba_id, "subscribed_apps", OVERRIDE)
    call("POST", call.world.waba_id, "subscribed_apps")
    assert ({call.world.app_id: None}, None) == (call.world.wabas[call.world.waba_id].subscribed, call.handshake)


@pytest.mark.parametrize("lacking", ["callback", "subscription"])
def test_an_override_needs_an_app_that_gets_webhooks(call: Any, lacking: str) -> None:
    """An app without callback, or not subscribed, is told so in Meta's words."""
    if lacking == "subscription":
        subscribe(call)
        call("DELETE", call.world.waba_id, "subscribed_apps")
    text = (
        "(#100) Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp "
        "Business Account"
    )
    error = call.error("POST", call.world.waba_id, "subscribed_apps", OVERRIDE)
    assert {"message": text, "type": "OAuthException", "code": 100} == error


def test_an_override_needs_a_verify_token(call: Any) -> None:
    """There is nothing to verify without one."""
    subscribe(call)
    params = {"override_callback_uri": OVERRIDE["override_callback_uri"]}
    error = call.error("POST", call.world.waba_id, "subscribed_apps", params)
    assert error["message"] == "(#100) The parameter verify_token is required."


def test_an_app_token_subscribes_its_app(call: Any) -> None:
    """The calling app is the token's, whatever kind of token."""
    call("DELETE", call.world.waba_id, "subscribed_apps")
    call("POST", call.world.waba_id, "subscribed_apps", token=call.app_token)
    assert {call.world.app_id: None} == call.world.wabas[call.world.waba_id].subscribed


def test_overrides_keep_their_own_token(call: Any) -> None:
    """The verify token of an override is not the app's."""
    subscribe(call)
    call("POST", call.world.waba_id, "subscribed_apps", OVERRIDE)
    expected = Override(url=OVERRIDE["override_callback_uri"], verify_token="mine")
    assert expected == call.world.wabas[call.world.waba_id].subscribed[call.world.app_id]
    assert webhook(call).verify_token == "theirs"
