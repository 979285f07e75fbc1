"""Accounts, tokens and apps over the wire: what Graph answers after what Meta's hand has done, end to end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from localwaba.domain.tokens import proof_of

DAY = 86_400
PERMISSIONS = {
    "whatsapp_business_messaging": ("POST", "/{number}/messages"),
    "whatsapp_business_management": ("GET", "/{waba}/message_templates"),
    "business_management": ("GET", "/{business}/owned_whatsapp_business_accounts"),
}


def account(platform: Any, **changes: Any) -> Any:
    """Meta acts on the account."""
    return platform.control("PATCH", f"accounts/{platform.world.waba_id}", changes)


def own_token(platform: Any, **changes: Any) -> Any:
    """The world's token is changed."""
    return platform.control("PATCH", f"tokens/{platform.world.access_token}", changes)


def written(platform: Any, wa_id: str = "16505551234") -> None:
    """A user writes."""
    platform.control("POST", f"users/{wa_id}/messages", {"type": "text", "text": {"body": "hi"}})


def subscribed(platform: Any, *fields: str) -> None:
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook", "fields": list(fields)})


def told(platform: Any) -> list[Any]:
    """Time and value of what the app was told."""
    platform.settle()
    entries = [json.loads(delivery.body)["entry"][0] for delivery, _ in platform.network.posted]
    return [(entry.get("time"), entry["changes"][0]["value"]) for entry in entries]


def test_a_locked_account_through_a_client(platform: Any) -> None:
    """131031 with 403, its title and details, for a client that only knows HTTP; and why beside it."""
    account(platform, status="LOCKED")

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(platform.app)
        headers = {"Authorization": f"Bearer {platform.world.access_token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.post(f"/v26.0/{platform.number}/messages", json=platform.text())

    answer = platform._runner.run(send())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (403, 131031, "OAuthException")
    assert error["message"] == "(#131031) Account has been locked"
    assert error["error_data"]["details"].startswith("The WhatsApp Business Account associated with the app has been")
    assert "the account was locked" in answer.headers["x-localwaba-why"]


def test_an_expired_token_through_a_client(platform: Any) -> None:
    """190 with 463 and 401, the dates of the capture's form, and WWW-Authenticate."""
    own_token(platform, expires_in=3_600)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(platform.app)
        headers = {"Authorization": f"Bearer {platform.world.access_token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.post(f"/v26.0/{platform.number}/messages", json=platform.text())

    assert platform._runner.run(send()).status_code == 200
    platform.control("POST", "clock/advance", {"seconds": 3_600})
    answer = platform._runner.run(send())
    error = answer.json()["error"]
    text = (
        "Error validating access token: Session has expired on Thursday, 01-Jan-26 05:00:00 PST. "
        "The current time is Thursday, 01-Jan-26 05:00:00 PST."
    )
    assert (answer.status_code, error["code"], error["error_subcode"], error["message"]) == (401, 190, 463, text)
    assert answer.headers["www-authenticate"] == f'OAuth "Facebook Platform" "invalid_token" "{text}"'
    own_token(platform, expires_in=None)
    assert platform._runner.run(send()).status_code == 200


@pytest.mark.parametrize("subcode", [458, 460, 467])
def test_a_revoked_token(platform: Any, subcode: int) -> None:
    """It still selects its world for whoever drives the emulator, but not for the app."""
    assert own_token(platform, revoked=subcode)["valid"] is False
    found = platform.send()
    assert (found.status, found.error["code"], found.error["error_subcode"]) == (401, 190, subcode)
    assert f"subcode {subcode}" in found.why
    assert platform.control("GET", "world", token=platform.world.access_token)["world"] == "default"
    assert own_token(platform, revoked=None)["valid"] is True
    assert platform.send().status == 200


@pytest.mark.parametrize("lost", sorted(PERMISSIONS))
def test_each_route_needs_its_permission(platform: Any, lost: str) -> None:
    """Without messaging 10, without the others 200; what the token still has goes on."""
    own_token(platform, scopes=[scope for scope in PERMISSIONS if scope != lost])
    world = platform.world
    for scope, (method, path) in PERMISSIONS.items():
        node = path.format(number=world.phone_number_id, waba=world.waba_id, business=world.business_id)
        found = platform.graph(method, node, platform.text() if method == "POST" else None)
        if scope == lost:
            code = 10 if scope == "whatsapp_business_messaging" else 200
            assert (found.status, found.error["code"]) == (403, code)
            assert lost in found.why
        else:
            assert found.status == 200


def test_an_apps_own_token_stands_for_nobody(platform: Any) -> None:
    """It may read the app and look into tokens, but not send or manage."""
    world = platform.world
    token = f"{world.app_id}|{world.apps[world.app_id].secret}"
    found = platform.graph("POST", f"/{platform.number}/messages", platform.text(), token=token)
    assert (found.status, found.error["code"]) == (403, 200)
    assert "send messages on behalf" in found.error["message"]
    assert platform.graph("GET", f"/{world.waba_id}/message_templates", token=token).error["code"] == 200
    assert platform.graph("GET", f"/{world.app_id}/subscriptions", token=token).status == 200
    path = f"/debug_token?input_token={world.access_token}"
    assert platform.graph("GET", path, token=token).body["data"]["is_valid"] is True


def test_proofs(platform: Any) -> None:
    """In the query or in the body; a wrong one is refused, none where it is required too, and none of it is kept."""
    world = platform.world
    good = proof_of(world.access_token, world.apps[world.app_id].secret)
    path = f"/{platform.number}/messages"
    assert platform.graph("POST", f"{path}?appsecret_proof={good}", platform.text()).status == 200
    assert platform.send(platform.text(appsecret_proof=good)).status == 200
    wrong = platform.send(platform.text(appsecret_proof="0"))
    assert (wrong.status, wrong.error["code"], wrong.error["type"]) == (400, 100, "GraphMethodException")
    platform.control("PATCH", "policy", {"require_appsecret_proof": True})
    missing = platform.send()
    assert missing.error["message"] == "API calls from the server require an appsecret_proof argument"
    assert platform.graph("GET", f"/{platform.number}?appsecret_proof={good}").status == 200
    assert not any("appsecret_proof" in str(message) for message in platform.control("GET", "messages")["messages"])


def test_a_code_becomes_a_token_in_its_own_world(platform: Any) -> None:
    """The app's secret says in which world; a code is good for one token, of another app if it was given for it."""
    other = platform.control("POST", "worlds", {"name": "other"})
    code = platform.control("POST", "codes", {}, token=other["access_token"])["code"]
    path = f"/oauth/access_token?client_id={other['app_id']}&client_secret={other['app_secret']}&code={code}"
    found = platform.graph("GET", path, token=None)
    assert found.status == 200
    seen = platform.control("GET", "world", token=found.body["access_token"])
    assert seen["world"] == "other"
    assert platform.graph("GET", path, token=None).error["error_subcode"] == 36009


def test_a_token_for_another_app(platform: Any) -> None:
    """It sends for the same account, and looks into its own app's tokens only."""
    made = platform.control("POST", "tokens", {"app": "Other app", "scopes": ["whatsapp_business_messaging"]})
    assert (
        platform.graph("POST", f"/{platform.number}/messages", platform.text(), token=made["access_token"]).status
        == 200
    )
    listed = {one["app_id"] for one in platform.control("GET", "tokens")["tokens"]}
    assert {made["app_id"], platform.world.app_id} == listed
    path = f"/debug_token?input_token={platform.world.access_token}"
    assert platform.graph("GET", path, token=made["access_token"]).error["code"] == 100


def test_an_app_in_development_hears_nothing(platform: Any) -> None:
    """Unless the knob delivers; sends go on."""
    subscribed(platform, "messages")
    platform.control("PATCH", f"apps/{platform.world.app_id}", {"mode": "development"})
    written(platform)
    assert (platform.send().status, told(platform)) == (200, [])
    platform.control("PATCH", "policy", {"development_webhooks": "deliver"})
    written(platform)
    assert told(platform) != []


def test_account_update_goes_to_the_app(platform: Any) -> None:
    """With the time of the entry in seconds, violation first."""
    subscribed(platform, "account_update")
    account(platform, enforcement="3-day", violation="SCAM")
    now = int(platform.control("GET", "clock")["now"])
    expected = [
        {"restriction_type": kind, "expiration": now + 3 * DAY}
        for kind in ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_ADD_PHONE_NUMBER_ACTION")
    ]
    assert told(platform) == [
        (now, {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}}),
        (now, {"event": "ACCOUNT_RESTRICTION", "restriction_info": expected}),
    ]


def test_a_platform_event_changes_the_world(platform: Any) -> None:
    """What account_update says is so, until it ends on the world's clock; and health says it as well."""
    now = int(platform.control("GET", "clock")["now"])
    kinds = ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING")
    rows = [{"restriction_type": kind, "expiration": now + DAY} for kind in kinds]
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": rows}
    platform.control("POST", "platform-events", {"field": "account_update", "value": value})
    written(platform)
    found = platform.send()
    assert (found.status, found.error["code"]) == (403, 368)
    assert found.error["message"] == "(#368) Temporarily blocked for policies violations"
    path = f"/{platform.number}?fields=health_status"
    assert platform.graph("GET", path).body["health_status"]["can_send_message"] == "BLOCKED"
    platform.control("POST", "clock/advance", {"seconds": DAY})
    written(platform)
    assert platform.send().status == 200
    assert platform.graph("GET", path).body["health_status"]["can_send_message"] == "AVAILABLE"


def test_a_deleted_number_is_no_object(platform: Any) -> None:
    """100 with 33, as for any id that is not there; connected again, it is back."""
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"status": "DELETED"})
    found = platform.send()
    assert (found.status, found.error["code"], found.error["error_subcode"]) == (400, 100, 33)
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"status": "CONNECTED"})
    assert platform.send().status == 200


def test_an_unregistered_number(platform: Any) -> None:
    """133010 in the key order of the capture."""
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"status": "DISCONNECTED"})
    found = platform.send()
    assert found.status == 400
    assert list(found.body["error"]) == ["message", "code", "type", "fbtrace_id"]
    assert found.error["code"] == 133010


def test_payment_fails_late(platform: Any) -> None:
    """HTTP 200 and a wamid, then failed with 131042."""
    subscribed(platform, "messages")
    account(platform, payment="failed")
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    sent = {"messaging_product": "whatsapp", "to": "16505551234", "type": "template", "template": template}
    assert platform.send(sent).status == 200
    (_, value), *_ = told(platform)
    status = value["statuses"][0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131042)
    assert status["errors"][0]["title"] == "Business eligibility payment issue"


def test_a_display_name_over_the_wire(platform: Any) -> None:
    """Asked for, reviewed on the clock, told, and taken by a registration."""
    subscribed(platform, "phone_number_name_update")
    assert platform.graph("POST", f"/{platform.number}?new_display_name=Lucky%20Shrub").status == 200
    path = f"/{platform.number}?fields=verified_name,new_display_name,new_name_status"
    assert platform.graph("GET", path).body["new_name_status"] == "PENDING_REVIEW"
    platform.control("POST", "clock/advance", {"seconds": 5})
    (_, value), *_ = told(platform)
    assert (value["decision"], value["requested_verified_name"]) == ("APPROVED", "Lucky Shrub")
    registration = {"messaging_product": "whatsapp", "pin": "123456"}
    assert platform.graph("POST", f"/{platform.number}/register", registration).status == 200
    assert platform.graph("GET", path).body["verified_name"] == "Lucky Shrub"


def test_accounts_are_listed(platform: Any) -> None:
    """Each with how it stands; an unknown one is 404."""
    account(platform, violation="SCAM")
    (found,) = platform.control("GET", "accounts")["accounts"]
    assert (found["id"], found["enforcement"]) == (platform.world.waba_id, "warning")
    assert found == platform.control("GET", f"accounts/{found['id']}")
    missing = platform.ask("GET", "/_localwaba/accounts/1")
    assert (missing.status, list(missing.body)) == (404, ["error"])


def test_a_standing_survives_a_snapshot(platform: Any) -> None:
    """Restrictions, codes and what is due are parts of the world."""
    account(platform, enforcement="5-day")
    platform.control("POST", "codes", {})
    raw = platform.ask("GET", "/_localwaba/snapshot").raw
    platform.control("POST", "reset")
    assert platform.send().status == 200
    assert platform.ask("PUT", "/_localwaba/snapshot", raw).status == 200
    assert platform.send().error["code"] == 368
    platform.control("POST", "clock/advance", {"seconds": 5 * DAY})
    assert (platform.send().status, len(platform.world.notes["codes"])) == (200, 1)
