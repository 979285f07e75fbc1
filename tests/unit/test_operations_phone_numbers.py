"""Numbers as nodes: what they show, how they are listed, added and changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.domain.model import App, Override, PhoneNumber, Subscription, Waba
from localwaba.domain.told import PinChanged
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire import webhooks

HOUR = 3_600_000


def read(call: Any, fields: str = "", **kw: Any) -> dict[str, Any]:
    """The number of the world with some fields."""
    found: dict[str, Any] = call("GET", call.world.phone_number_id, "", {"fields": fields}, **kw).body
    return found


def number(world: World) -> PhoneNumber:
    """The number of the world as it is now."""
    return world.numbers[world.phone_number_id]


def change(call: Any, **changes: Any) -> None:
    """The number of the world, made different."""
    call.happen([Put(at=call.now, thing=replace(number(call.world), **changes))])


def give_callback(call: Any) -> None:
    """The app of the world has a callback of its own."""
    app: App = call.world.apps[call.world.app_id]
    webhook = Subscription(url="http://127.0.0.1:9/app", verify_token="t", fields=("messages",))
    call.happen([Put(at=call.now, thing=replace(app, webhook=webhook))])


def add(call: Any, national: str = "6315551000", **more: Any) -> str:
    """Adds a number; its id."""
    params = {"cc": "1", "phone_number": national, "verified_name": "My Business"} | more
    return str(call("POST", call.world.waba_id, "phone_numbers", params).body["id"])


def free_limit(call: Any) -> None:
    """The business may have twenty numbers."""
    business = call.world.businesses[call.world.business_id]
    call.happen([Put(at=call.now, thing=replace(business, messaging_limit="TIER_UNLIMITED"))])


def test_default_fields_come_in_the_order_of_captures(call: Any) -> None:
    """Without `fields` a number shows seven things and, last, its id."""
    raw = call("GET", call.world.phone_number_id).body
    expected = {
        "verified_name": "Localhost Business",
        "code_verification_status": "VERIFIED",
        "display_phone_number": "+1 555-078-3881",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "last_onboarded_time": "2026-09-21T14:13:20+0000",
        "id": call.world.phone_number_id,
    }
    assert (expected, list(expected)) == (json.loads(raw), list(json.loads(raw)))


def test_default_fields_follow_every_change(call: Any) -> None:
    """What is kept of an answer never outlives the number it was made of."""
    call("GET", call.world.phone_number_id)
    change(call, quality_rating="RED")
    assert json.loads(call("GET", call.world.phone_number_id).body)["quality_rating"] == "RED"


def test_the_id_is_there_even_when_nobody_asked(call: Any) -> None:
    """`?fields=status` answers status and id (Meta: phone numbers page)."""
    expected = {"status": "CONNECTED", "id": call.world.phone_number_id}
    assert expected == read(call, "status")


def test_fields_keep_the_order_in_which_they_are_asked_for(call: Any) -> None:
    """A place for the id, too, where it is asked for."""
    assert list(read(call, "id,status,name_status")) == ["id", "status", "name_status"]


def test_an_unknown_field_is_refused_with_the_type_of_the_node(call: Any) -> None:
    """The text is that of captures, without error_data."""
    error = call.error("GET", call.world.phone_number_id, "", {"fields": "display_name"})
    text = "(#100) Tried accessing nonexisting field (display_name) on node type (WhatsAppBusinessPhoneNumber)"
    assert {"message": text, "type": "OAuthException", "code": 100} == error


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("v23.0", "messaging_limit_tier", "whatsapp_business_manager_messaging_limit"),
        ("v24.0", "whatsapp_business_manager_messaging_limit", "messaging_limit_tier"),
    ],
)
def test_the_limit_moved_to_another_field_in_v24(call: Any, version: str, there: str, gone: str) -> None:
    """The older field is gone where the newer one is there."""
    assert read(call, there, version=version)[there] == "TIER_250"
    error = call.error("GET", call.world.phone_number_id, "", {"fields": gone}, version=version)
    assert f"nonexisting field ({gone})" in error["message"]


def test_sub_selections_pick_members(call: Any) -> None:
    """`quality_score{score}` shows the member, `whatsapp_business_account{name}` a node with its id."""
    found = read(call, "quality_score{score},whatsapp_business_account{name}")
    expected = {
        "quality_score": {"score": "GREEN"},
        "whatsapp_business_account": {"name": "Localhost Business", "id": call.world.waba_id},
        "id": call.world.phone_number_id,
    }
    assert expected == found


def test_dates_can_be_seconds(call: Any) -> None:
    """`date_format=U` asks for unix seconds."""
    found = call("GET", call.world.phone_number_id, "", {"fields": "last_onboarded_time", "date_format": "U"}).body
    assert call.now // 1000 == found["last_onboarded_time"]


def test_a_number_that_is_not_registered_has_no_platform(call: Any) -> None:
    """Platform and throughput are NOT_APPLICABLE until registration."""
    call("POST", call.world.phone_number_id, "deregister")
    found = read(call, "platform_type,throughput,status")
    expected = ("NOT_APPLICABLE", {"level": "NOT_APPLICABLE"}, "DISCONNECTED")
    assert expected == (found["platform_type"], found["throughput"], found["status"])


def test_health_is_that_of_everything_on_the_way(call: Any) -> None:
    """A healthy number, its account, business and app are all available."""
    health = read(call, "health_status")["health_status"]
    kinds = ["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]
    assert ("AVAILABLE", kinds) == (health["can_send_message"], [one["entity_type"] for one in health["entities"]])


def test_health_is_as_bad_as_its_worst_part(call: Any) -> None:
    """An unregistered number blocks; a name that is not approved limits."""
    change(call, name_status="PENDING_REVIEW")
    limited = read(call, "health_status")["health_status"]
    change(call, registered=False)
    blocked = read(call, "health_status")["health_status"]
    assert (limited["can_send_message"], blocked["can_send_message"]) == ("LIMITED", "BLOCKED")
    assert "display name has not been approved" in limited["entities"][0]["additional_info"][0]


def test_webhook_configuration_shows_the_callbacks_that_are_set(call: Any) -> None:
    """Each level appears only if it exists, the most specific first."""
    assert "webhook_configuration" not in read(call, "webhook_configuration")
    give_callback(call)
    waba: Waba = call.world.wabas[call.world.waba_id]
    override = Override(url="http://127.0.0.1:9/waba", verify_token="t")
    call.happen([Put(at=call.now, thing=replace(waba, subscribed={call.world.app_id: override}))])
    expected = {"whatsapp_business_account": "http://127.0.0.1:9/waba", "application": "http://127.0.0.1:9/app"}
    assert expected == read(call, "webhook_configuration")["webhook_configuration"]


def test_a_list_shows_default_fields(call: Any) -> None:
    """Each item of the list is what the number itself shows."""
    found = call("GET", call.world.waba_id, "phone_numbers").body
    assert [json.loads(call("GET", call.world.phone_number_id).body)] == found["data"]


def test_lists_can_be_filtered(call: Any) -> None:
    """`filtering` picks by account mode, as Meta's example does."""
    for value, count in (("SANDBOX", 0), ("LIVE", 1)):
        filtering = json.dumps([{"field": "account_mode", "operator": "EQUAL", "value": value}])
        found = call("GET", call.world.waba_id, "phone_numbers", {"filtering": filtering}).body
        assert count == len(found["data"])


@pytest.mark.parametrize("filtering", ["[", '[{"field":"colour","value":1}]', '[{"field":"status","operator":"LIKE"}]'])
def test_nonsense_in_filtering_is_refused(call: Any, filtering: str) -> None:
    """What cannot be a filter is told in the grammar of parameters."""
    error = call.error("GET", call.world.waba_id, "phone_numbers", {"filtering": filtering})
    assert error["code"] == 100
    assert error["message"].startswith("(#100) Param filtering")


def test_lists_are_sorted_by_onboarding(call: Any) -> None:
    """The last onboarded number comes first, unless the order is turned around."""
    added = add(call)
    call.happen([Put(at=call.now, thing=replace(call.world.numbers[added], onboarded_at=call.now + HOUR))])
    orders = {}
    for sort in ("", "['last_onboarded_time_ascending']", "last_onboarded_time.desc", "creation_time.asc"):
        data = call("GET", call.world.waba_id, "phone_numbers", {"sort": sort}).body["data"]
        orders[sort] = [item["id"] == added for item in data]
    assert list(orders.values()) == [[True, False], [False, True], [True, False], [False, True]]


@pytest.mark.parametrize(
    ("cc", "given", "digits"),
    [
        ("1", "6315551000", "16315551000"),
        ("1", "16315551000", "16315551000"),
        ("+1", "(631) 555-1000", "16315551000"),
        ("", "+1 631-555-1000", "16315551000"),
        ("44", "7911123456", "447911123456"),
        ("49", "4915112345678", "494915112345678"),
    ],
)
def test_a_number_may_repeat_its_calling_code(call: Any, cc: str, given: str, digits: str) -> None:
    """The calling code is put before a national number, but not twice where that would be too long."""
    added = add(call, given, cc=cc)
    assert digits == call.world.numbers[added].digits


def test_a_new_number_waits_for_verification(call: Any) -> None:
    """It is pending, neither verified nor registered, and has no quality yet."""
    found = call("GET", add(call), "", {"fields": "status,code_verification_status,quality_rating,verified_name"}).body
    del found["id"]
    assert list(found.values()) == ["PENDING", "NOT_VERIFIED", "UNKNOWN", "My Business"]


def test_a_number_is_added_once(call: Any) -> None:
    """A number that is on the platform cannot be added again (2388012)."""
    add(call)
    params = {"cc": "1", "phone_number": "6315551000", "verified_name": "Other"}
    assert call.error("POST", call.world.waba_id, "phone_numbers", params)["error_subcode"] == 2388012


def test_a_small_business_has_two_numbers(call: Any) -> None:
    """At a messaging limit of 250 a business has two numbers, above it more."""
    add(call)
    params = {"cc": "1", "phone_number": "6315551001", "verified_name": "Other"}
    assert call.error("POST", call.world.waba_id, "phone_numbers", params)["code"] == 100
    free_limit(call)
    assert add(call, "6315551001") in call.world.numbers


@pytest.mark.parametrize("given", ["12", "631555100", "99999999999999"])
def test_an_impossible_number_is_refused(call: Any, given: str) -> None:
    """No country has such a number."""
    params = {"cc": "1", "phone_number": given, "verified_name": "My Business"}
    assert call.error("POST", call.world.waba_id, "phone_numbers", params)["code"] == 100


def test_a_new_number_needs_a_name(call: Any) -> None:
    """Only a pre-verified or migrated number comes without one."""
    error = call.error("POST", call.world.waba_id, "phone_numbers", {"cc": "1", "phone_number": "6315551000"})
    assert error["message"] == "(#100) The parameter verified_name is required."


def test_another_pin_is_told_by_the_webhook_security(call: Any) -> None:
    """PIN_CHANGED is announced for the account, with a time, when the PIN is another one."""
    assert call("POST", call.world.phone_number_id, "", {"pin": "654321"}).body == {"success": True}
    call("POST", call.world.phone_number_id, "", {"pin": "654321"})
    (event,) = [event for event in call.events if isinstance(event, PinChanged)]
    where = webhooks.notice(call.world, event)
    assert where is not None
    assert (where.field, where.timed) == ("security", True)
    value = {"display_phone_number": "15550783881", "event": "PIN_CHANGED"}
    assert webhooks.value(call.world, event, Traits(version="v26.0")) == value
    assert number(call.world).pin == "654321"


def test_another_display_name_is_reviewed_first(call: Any) -> None:
    """The name stays until the new one is approved and the number is registered again."""
    call("POST", call.world.phone_number_id, "", {"new_display_name": "Other Name", "messaging_product": "whatsapp"})
    waiting = read(call, "verified_name,name_status,new_name_status")
    assert list(waiting.values())[:3] == ["Localhost Business", "APPROVED", "PENDING_REVIEW"]
    change(call, new_name_status="APPROVED")
    call("POST", call.world.phone_number_id, "register", {"pin": "123456"})
    renamed = read(call, "verified_name,name_status,new_name_status")
    assert list(renamed.values())[:3] == ["Other Name", "APPROVED", "NONE"]


def test_visibility_and_notifications_are_kept(call: Any) -> None:
    """What the OpenAPI file lets a business set beside is stored."""
    params = {"search_visibility": "hidden", "whatsapp_business_api_data": {"show_security_notifications": True}}
    call("POST", call.world.phone_number_id, "", params)
    assert read(call, "search_visibility")["search_visibility"] == "HIDDEN"


def test_a_number_gets_a_callback_of_its_own_after_a_handshake(call: Any) -> None:
    """The override is saved with the handshake that it needs, and an empty address takes it away again."""
    give_callback(call)
    configuration = {"override_callback_uri": "http://127.0.0.1:9/number", "verify_token": "mine"}
    call("POST", call.world.phone_number_id, "", {"webhook_configuration": configuration})
    assert (call.handshake.url, call.handshake.verify_token) == ("http://127.0.0.1:9/number", "mine")
    expected = {call.world.app_id: Override(url="http://127.0.0.1:9/number", verify_token="mine")}
    assert expected == number(call.world).overrides
    call("POST", call.world.phone_number_id, "", {"webhook_configuration": {"override_callback_uri": ""}})
    assert (number(call.world).overrides, call.handshake) == ({}, None)


def test_an_override_needs_a_callback_to_override(call: Any) -> None:
    """Without a callback of the app the override is refused in Meta's words."""
    configuration = {"override_callback_uri": "http://127.0.0.1:9/number", "verify_token": "mine"}
    error = call.error("POST", call.world.phone_number_id, "", {"webhook_configuration": configuration})
    assert error["message"].startswith("(#100) Before override the current callback uri, your app must be subscribed")


def test_a_change_of_nothing_changes_nothing(call: Any) -> None:
    """An empty body succeeds and leaves the number as it was."""
    before = number(call.world)
    assert call("POST", call.world.phone_number_id).body == {"success": True}
    assert before == number(call.world)
