"""Accounts, businesses, apps and users as nodes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba_contracts.validate import violation


def read(call: Any, fields: str, **kw: Any) -> dict[str, Any]:
    """The account of the world with some fields."""
    found: dict[str, Any] = call("GET", call.world.waba_id, "", {"fields": fields}, **kw).body
    return found


def test_default_fields_of_an_account(call: Any) -> None:
    """Id, name, time zone and namespace."""
    expected = ["id", "name", "timezone_id", "message_template_namespace"]
    assert expected == list(call("GET", call.world.waba_id).body)


def test_an_edge_is_paged_by_its_modifiers(call: Any) -> None:
    """`phone_numbers.limit(1){status}` shows one number and the way to the next."""
    params = {"cc": "1", "phone_number": "6315551000", "verified_name": "My Business"}
    call("POST", call.world.waba_id, "phone_numbers", params)
    found = read(call, "phone_numbers.limit(1){status}")["phone_numbers"]
    assert [list(item) for item in found["data"]] == [["status", "id"]]
    assert found["paging"]["next"].startswith(f"http://127.0.0.1:4080/v26.0/{call.world.waba_id}/phone_numbers?")


def test_templates_are_an_edge_too(call: Any) -> None:
    """The sample template is there, with the fields that are asked for."""
    [found] = read(call, "message_templates{name,status}")["message_templates"]["data"]
    assert (found["name"], found["status"]) == ("hello_world", "APPROVED")


def test_an_unknown_field_is_refused(call: Any) -> None:
    """The type of the node is WhatsAppBusinessAccount."""
    error = call.error("GET", call.world.waba_id, "", {"fields": "id,colour"})
    text = "(#100) Tried accessing nonexisting field (colour) on node type (WhatsAppBusinessAccount)"
    assert text == error["message"]


def test_a_field_without_a_value_is_left_out(call: Any) -> None:
    """Graph shows no empty members."""
    assert {"id": call.world.waba_id} == read(call, "purchase_order_number")


def test_an_account_that_is_banned_blocks(call: Any) -> None:
    """141014 says so, and the whole is as bad."""
    waba = call.world.wabas[call.world.waba_id]
    call.happen([Put(at=call.now, thing=replace(waba, status="BANNED"))])
    health = read(call, "health_status")["health_status"]
    assert (health["can_send_message"], health["entities"][0]["errors"][0]["error_code"]) == ("BLOCKED", 141014)


def test_a_business_that_is_not_verified_limits(call: Any) -> None:
    """141010."""
    business = call.world.businesses[call.world.business_id]
    call.happen([Put(at=call.now, thing=replace(business, verification_status="not_verified"))])
    health = read(call, "health_status")["health_status"]
    assert (health["can_send_message"], health["entities"][1]["errors"][0]["error_code"]) == ("LIMITED", 141010)


def test_name_and_time_zone_change(call: Any) -> None:
    """A change answers success and stays."""
    assert call("POST", call.world.waba_id, "", {"name": "Other", "timezone_id": 2}).body == {"success": True}
    assert {"name": "Other", "timezone_id": "2", "id": call.world.waba_id} == read(call, "name,timezone_id")


def test_insights_are_enabled_for_good(call: Any) -> None:
    """Enabling answers the id (A13); disabling is refused with 200006."""
    params = {"is_enabled_for_insights": True}
    assert {"id": call.world.waba_id} == call("POST", call.world.waba_id, "", params).body
    assert call.error("POST", call.world.waba_id, "", {"is_enabled_for_insights": False})["code"] == 200006
    assert read(call, "is_enabled_for_insights")["is_enabled_for_insights"] is True


def test_a_business_leads_to_its_accounts(call: Any) -> None:
    """By the node, by the edge, and by the edge as a field."""
    node = call.world.business_id
    [owned] = call("GET", node, "owned_whatsapp_business_accounts").body["data"]
    nested = call("GET", node, "", {"fields": "owned_whatsapp_business_accounts{id}"}).body
    assert (call.world.waba_id, [{"id": call.world.waba_id}]) == (
        owned["id"],
        nested["owned_whatsapp_business_accounts"]["data"],
    )
    assert call("GET", node, "client_whatsapp_business_accounts").body == {"data": []}


def test_an_app_shows_name_and_id(call: Any) -> None:
    """As Graph does, unasked."""
    expected = {"name": "Localhost App", "id": call.world.app_id}
    assert expected == call("GET", call.world.app_id).body


def test_me_is_whom_the_token_stands_for(call: Any) -> None:
    """A system user's token stands for that user."""
    token = call.world.tokens[call.world.access_token]
    assert {"name": "Localhost System User", "id": token.user_id} == call("GET", "", "me").body


def test_an_app_is_nobody(call: Any) -> None:
    """With an app token, or none, there is no current user (2500)."""
    for token in (call.app_token, None):
        error = call.error("GET", "", "me", token=token)
        text = "An active access token must be used to query information about the current user."
        assert (2500, text) == (error["code"], error["message"])


@pytest.mark.parametrize(
    ("contract", "node", "edge", "version"),
    [
        ("answers/waba", "waba_id", "", "v26.0"),
        ("answers/list_phone_numbers", "waba_id", "phone_numbers", "v26.0"),
        ("answers/list_subscribed_apps", "waba_id", "subscribed_apps", "v26.0"),
        ("answers/app", "app_id", "", "v26.0"),
        ("answers/business", "business_id", "", "v26.0"),
        ("answers/list_wabas", "business_id", "owned_whatsapp_business_accounts", "v26.0"),
        ("answers/business_profile", "phone_number_id", "whatsapp_business_profile", "v26.0"),
        ("answers/phone_number", "phone_number_id", "", "v23.0"),
        ("answers/phone_number", "phone_number_id", "", "v26.0"),
    ],
)
def test_answers_keep_their_contracts(call: Any, contract: str, node: str, edge: str, version: str) -> None:
    """What is answered with every readable field is what the contracts say is answered."""
    fields = {
        "answers/phone_number": "id,status,throughput,name_status,quality_score,is_pin_enabled,webhook_configuration",
        "answers/business_profile": "about,vertical,websites",
    }.get(contract, "")
    found = call("GET", getattr(call.world, node), edge, {"fields": fields}, version=version).body
    assert violation(contract, found, version) is None
