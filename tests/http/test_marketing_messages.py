"""Marketing templates by the Marketing Messages API, and what happens where the Cloud API takes none."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.validate import violation

from .conftest import CALLBACK, Platform, Reply

USER = "12025550147"


def sale(platform: Platform, category: str = "MARKETING", **given: Any) -> None:
    """An approved template named sale."""
    parts = [{"type": "BODY", "text": "Our summer sale has begun"}]
    body = {"name": "sale", "language": "en_US", "category": category, "components": parts} | given
    assert platform.graph("POST", f"/{platform.world.waba_id}/message_templates", body).status == 200
    platform.control("POST", "clock/advance", {"seconds": 10})


def send(platform: Platform, edge: str = "marketing_messages", version: str = "", **given: Any) -> Reply:
    """The template to the user; `given` are more members, or others."""
    template = {"name": "sale", "language": {"code": "en_US"}}
    body = {"messaging_product": "whatsapp", "to": USER, "type": "template", "template": template} | given
    return platform.graph("POST", f"{version}/{platform.number}/{edge}", body)


def statuses(platform: Platform) -> list[dict[str, Any]]:
    """What the app was told of its messages."""
    platform.control("POST", "clock/advance", {"seconds": 5})
    told = [one["body"]["entry"][0]["changes"][0]["value"] for one in platform.control("GET", "webhooks")["webhooks"]]
    return [status for value in told for status in value.get("statuses", ())]


def test_a_marketing_template_is_taken(platform: Platform) -> None:
    """It is answered as a send is, arrives, and is charged as marketing_lite."""
    platform.control("PUT", "webhook", {"url": CALLBACK})
    sale(platform)
    found = send(platform, product_policy="STRICT", message_activity_sharing=True, recipient_type="individual")
    assert (found.status, violation("answers/send_message", found.body)) == (200, None)
    assert found.body["messages"][0]["message_status"] == "accepted"
    told = statuses(platform)
    assert [one["status"] for one in told] == ["sent", "delivered", "read"]
    assert {one["pricing"]["category"] for one in told} == {"marketing_lite"}
    [shown] = platform.control("GET", f"users/{USER}/inbox")["messages"]
    assert "Our summer sale has begun" in str(shown)


def test_the_cloud_api_stays_marketing(platform: Platform) -> None:
    """The same template by /messages is charged as marketing."""
    platform.control("PUT", "webhook", {"url": CALLBACK})
    sale(platform)
    assert send(platform, "messages").status == 200
    assert {one["pricing"]["category"] for one in statuses(platform)} == {"marketing"}


@pytest.mark.parametrize("given", [{"type": "text", "text": {"body": "Sale!"}}, {"type": "image"}, {"type": None}])
def test_templates_only(shared_platform: Platform, given: dict[str, Any]) -> None:
    """Whatever is no template is refused in Meta's words."""
    error = send(shared_platform, **given).error
    assert (error["code"], error["message"]) == (100, "(#100) Invalid parameter")
    assert error["error_data"]["details"] == "Message must be a template message."


@pytest.mark.parametrize(("version", "code"), [("/v22.0", 131055), ("/v23.0", 134100), ("", 134100)])
def test_marketing_only(shared_platform: Platform, version: str, code: int) -> None:
    """A utility template is refused, before v23 with another code."""
    error = send(shared_platform, version=version, template={"name": "hello_world", "language": {"code": "en_US"}})
    assert (error.status, error.error["code"]) == (400, code)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"product_policy": "NONE"}, "(#100) Param product_policy must be one of"),
        ({"recipient_type": "group"}, "(#100) Param recipient_type must be one of {INDIVIDUAL}"),
        ({"template": {"name": "sale"}}, "(#100) The parameter template['language'] is required."),
        ({"to": None}, "(#100) The parameter to is required."),
        ({"message_activity_sharing": "often"}, "(#100) Param message_activity_sharing must be a boolean"),
    ],
)
def test_contract(shared_platform: Platform, given: dict[str, Any], message: str) -> None:
    """Members are judged as those of a template send are, with two of its own."""
    assert send(shared_platform, **given).error["message"].startswith(message)


def test_the_rules_of_sending_hold(platform: Platform) -> None:
    """What a send can be refused for holds here: an unknown template, a user who has stopped marketing."""
    platform.control("PUT", "webhook", {"url": CALLBACK})
    assert send(platform).error["code"] == 132001
    sale(platform)
    platform.control("POST", f"users/{USER}/messages", {"type": "text", "text": {"body": "hi"}})
    platform.control("POST", f"users/{USER}/actions", {"action": "stop_marketing"})
    assert send(platform).status == 200
    assert [one["errors"][0]["code"] for one in statuses(platform)] == [131050]


def test_a_young_template(platform: Platform) -> None:
    """With the knob, a template is not known here until it is synced; /messages takes it."""
    platform.control("PATCH", "policy", {"marketing_sync_seconds": 600})
    sale(platform)
    assert send(platform).error["code"] == 134101
    assert send(platform, "messages").status == 200
    platform.control("POST", "clock/advance", {"seconds": 600})
    assert send(platform).status == 200


def test_an_account_that_is_not_onboarded(platform: Platform) -> None:
    """STRICT is refused with 134102 and HTTP 500; otherwise the Cloud API takes it."""
    platform.control("PUT", "webhook", {"url": CALLBACK})
    platform.control("PATCH", "policy", {"marketing_messages_onboarding": "ELIGIBLE"})
    sale(platform)
    strict = send(platform, product_policy="STRICT")
    assert (strict.status, strict.error["code"]) == (500, 134102)
    assert send(platform, product_policy="CLOUD_API_FALLBACK").status == 200
    assert {one["pricing"]["category"] for one in statuses(platform)} == {"marketing"}
    fields = platform.graph("GET", f"/{platform.world.waba_id}?fields=marketing_messages_onboarding_status").body
    assert fields["marketing_messages_onboarding_status"] == "ELIGIBLE"


def test_marketing_that_is_switched_off_at_the_cloud_api(platform: Platform) -> None:
    """131063 by /messages and for what falls back; nothing changes for the Marketing Messages API and for utility."""
    sale(platform)
    waba = f"/{platform.world.waba_id}"
    assert platform.graph("POST", waba, {"disable_marketing_messages_on_cloud_api": True}).status == 200
    assert send(platform, "messages").error["code"] == 131063
    hello = {"name": "hello_world", "language": {"code": "en_US"}}
    assert (send(platform).status, send(platform, "messages", template=hello).status) == (200, 200)
    platform.control("PATCH", "policy", {"marketing_messages_onboarding": "INELIGIBLE"})
    assert send(platform).error["code"] == 131063


def test_time_to_live(platform: Platform) -> None:
    """A marketing template's time to live counts here, and not by the Cloud API."""
    sale(platform, message_send_ttl_seconds=43_200)
    ids = [send(platform, edge).body["messages"][0]["id"] for edge in ("marketing_messages", "messages")]
    assert [bool(platform.world.messages[one].expires_at) for one in ids] == [True, False]


def test_figures(platform: Platform) -> None:
    """Each product has its own figures of a template."""
    waba = f"/{platform.world.waba_id}"
    platform.graph("POST", waba, {"is_enabled_for_insights": True})
    sale(platform)
    send(platform)
    platform.control("POST", "clock/advance", {"seconds": 60})
    [template] = [one for one in platform.world.templates.values() if one.name == "sale"]
    day = platform.host.now() // 86_400_000 * 86_400
    query = f"start={day}&end={day + 86_400}&granularity=DAILY&template_ids=[{template.id}]"
    sent = []
    for product in ("CLOUD_API", "MARKETING_MESSAGES_API_FOR_WHATSAPP"):
        [found] = platform.graph("GET", f"{waba}/template_analytics?{query}&product_type=[{product}]").body["data"]
        sent.append((found["product_type"], [one["sent"] for one in found["data_points"]]))
    assert sent == [("cloud_api", [0]), ("marketing_messages_api_for_whatsapp", [1])]
