"""Flows over Graph: what each operation answers, refuses and tells, and how flows are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.clock import DAY
from localwaba.domain.events import Put
from localwaba.domain.flow_urls import is_genuine_asset
from localwaba.domain.model import Waba
from localwaba.domain.told import FlowChanged
from localwaba.operations.call import Blob
from localwaba.operations.platform_events import fire
from localwaba_contracts.validate import violation

FLOW = {
    "version": "7.3",
    "screens": [
        {
            "id": "WELCOME",
            "terminal": True,
            "layout": {
                "type": "SingleColumnLayout",
                "children": [
                    {"type": "Footer", "label": "Done", "on-click-action": {"name": "complete", "payload": {}}}
                ],
            },
        }
    ],
}
RIGHT = json.dumps(FLOW)
WRONG = json.dumps(FLOW | {"version": "1"})
BASE = {"name": "booking", "categories": ["OTHER"]}


def create(call: Any, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = call("POST", call.world.waba_id, "flows", BASE | params).body
    return found


def published(call: Any, **params: Any) -> str:
    return str(create(call, flow_json=RIGHT, publish=True, **params)["id"])


def file(content: str, size: int = 0) -> dict[str, Blob]:
    raw = content.encode()
    return {"file": Blob("x", "x", size or len(raw), "application/json", "flow.json", raw)}


def told(call: Any) -> list[tuple[str, str]]:
    return [(event.before, event.status) for event in call.events if isinstance(event, FlowChanged)]


def test_a_new_flow_is_a_draft(call: Any) -> None:
    """It shows its five default fields."""
    body = create(call, categories=["sign_up", "SURVEY"])
    expected = {
        "id": body["id"],
        "name": "booking",
        "status": "DRAFT",
        "categories": ["SIGN_UP", "SURVEY"],
        "validation_errors": [],
    }
    assert body == {"id": body["id"], "success": True, "validation_errors": []}
    assert expected == call("GET", body["id"]).body
    assert told(call) == [("", "DRAFT")]


def test_a_flow_is_created_and_published_at_once(call: Any) -> None:
    """Both steps are told."""
    flow_id = published(call)
    assert call("GET", flow_id).body["status"] == "PUBLISHED"
    assert told(call) == [("", "DRAFT"), ("DRAFT", "PUBLISHED")]


def test_a_flow_with_mistakes_is_created_but_not_published(call: Any) -> None:
    """The mistakes are answered, the reason goes into the warning."""
    answer = call("POST", call.world.waba_id, "flows", BASE | {"flow_json": WRONG, "publish": True})
    assert (answer.body["success"], answer.body["validation_errors"][0]["error"]) == (
        False,
        "INVALID_FLOW_JSON_VERSION",
    )
    assert "not published" in answer.warning
    assert call("GET", answer.body["id"]).body["status"] == "DRAFT"


def test_a_name_is_taken_once_in_an_account(call: Any) -> None:
    """100, at creation and at a change; another account may have it, too."""
    create(call)
    other = create(call, name="other")["id"]
    own = {"name": "other"}
    assert call.error("POST", call.world.waba_id, "flows", BASE)["message"] == "(#100) Flow name is not unique"
    assert call.error("POST", other, "", BASE)["message"] == "(#100) Flow name is not unique"
    assert call("POST", other, "", own).body == {"success": True}
    call.happen([Put(at=call.now, thing=Waba(id="111", business_id=call.world.business_id, name="x", namespace="y"))])
    assert call("POST", "111", "flows", BASE).body["success"] is True


def test_a_clone_has_the_json_of_its_source(call: Any) -> None:
    """And may be published as it is."""
    source = published(call, endpoint_uri="https://a.b/c")
    copy = create(call, name="copy", clone_flow_id=source, publish=True)["id"]
    fields = {"fields": "json_version,endpoint_uri,status"}
    expected = {"json_version": "7.3", "endpoint_uri": "https://a.b/c", "status": "PUBLISHED", "id": copy}
    assert expected == call("GET", copy, "", fields).body


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"clone_flow_id": "1"}, "(#100) Flow with specified ID does not exist"),
        ({"clone_flow_id": "1", "clone_template": "x"}, "(#100) You may specify only one clone source"),
        ({"endpoint_uri": "nowhere"}, "(#100) Endpoint URI is not valid"),
    ],
)
def test_what_a_flow_is_not_created_from(call: Any, params: dict[str, str], message: str) -> None:
    """100 with Meta's words."""
    assert message == call.error("POST", call.world.waba_id, "flows", BASE | params)["message"]


def test_flows_are_listed_newest_first_by_account(call: Any) -> None:
    """With the fields that are asked for."""
    ids = [create(call, name=name)["id"] for name in ("a", "b")]
    found = call("GET", call.world.waba_id, "flows", {"fields": "id,name"}).body
    assert [{"id": ids[1], "name": "b"}, {"id": ids[0], "name": "a"}] == found["data"]


def test_all_fields_can_be_asked_for(call: Any) -> None:
    """The account, the app and the health are nodes and objects of their own; dates may be seconds."""
    flow_id = published(call)
    fields = (
        "id,name,categories,preview,status,validation_errors,json_version,data_api_version,endpoint_uri,"
        "health_status,whatsapp_business_account{id},application,updated_at"
    )
    found = call("GET", flow_id, "", {"fields": fields, "date_format": "U"}).body
    world = call.world
    assert violation("answers/flow", found) is None
    assert (call.now // 1000, {"id": world.waba_id}, ["link", "name", "id"]) == (
        found["updated_at"],
        found["whatsapp_business_account"],
        list(found["application"]),
    )
    kinds = [entity["entity_type"] for entity in found["health_status"]["entities"]]
    assert kinds == ["FLOW", "WABA", "BUSINESS", "APP"]
    assert "endpoint_uri" not in found


def test_a_flow_without_its_endpoint_is_unhealthy(call: Any) -> None:
    """And so is the whole."""
    raw = json.dumps(FLOW | {"data_api_version": "4.0", "routing_model": {"WELCOME": []}})
    flow_id = create(call, flow_json=raw)["id"]
    health = call("GET", flow_id, "", {"fields": "health_status"}).body["health_status"]
    assert (health["can_send_message"], health["entities"][0]["errors"][0]["error_code"]) == ("BLOCKED", 131000)
    call("POST", flow_id, "", {"endpoint_uri": "https://a.b/c"})
    assert call("POST", flow_id, "publish").body == {"success": True}


def test_a_preview_lives_for_thirty_days(call: Any) -> None:
    """The same address until then, another one afterwards or when it is invalidated."""
    flow_id = create(call)["id"]

    def preview(fields: str = "preview.invalidate(false)") -> dict[str, Any]:
        found: dict[str, Any] = call("GET", flow_id, "", {"fields": fields}).body["preview"]
        return found

    first = preview()
    assert first["preview_url"].startswith(f"https://business.facebook.com/wa/manage/flows/{flow_id}/preview/?token=")
    call.now += 29 * DAY
    assert first == preview("preview")
    call.now += DAY
    second = preview()
    assert first["preview_url"] != second["preview_url"] != preview("preview.invalidate(true)")["preview_url"]


def test_metrics_have_not_enough_requests(call: Any) -> None:
    """139006, as for every flow with fewer than 250 of them."""
    fields = {"fields": "metric.name(ENDPOINT_REQUEST_COUNT).granularity(DAY)"}
    assert call.error("GET", create(call)["id"], "", fields)["code"] == 139006


def test_json_is_taken_with_its_mistakes(call: Any) -> None:
    """The answer and the flow tell of them; then they are gone."""
    flow_id = create(call)["id"]
    params = {"name": "flow.json", "asset_type": "FLOW_JSON"}
    body = call("POST", flow_id, "assets", params, files=file(WRONG)).body
    assert violation("answers/update_flow_json", body) is None
    assert body["validation_errors"] == call("GET", flow_id).body["validation_errors"] != []
    assert call.error("POST", flow_id, "publish")["code"] == 139002
    assert call("POST", flow_id, "assets", params, files=file(RIGHT)).body["validation_errors"] == []
    assert call("POST", flow_id, "publish").body == {"success": True}
    assert call.error("POST", flow_id, "assets", params, files=file(RIGHT))["code"] == 139001


@pytest.mark.parametrize("files", [{}, file(RIGHT, 70_000), file(RIGHT, 11 * 1024 * 1024)])
def test_a_file_that_cannot_be_read_whole_is_refused(call: Any, files: dict[str, Blob]) -> None:
    """100: none, one that does not call itself JSON, one that is too big."""
    params = {"name": "flow.json", "asset_type": "FLOW_JSON"}
    assert call.error("POST", create(call)["id"], "assets", params, files=files)["code"] == 100


def test_new_json_reopens_a_published_flow_if_the_policy_says_so(call: Any) -> None:
    """Then it is a draft again, and told of."""
    flow_id = published(call)
    call.world.policy = replace(call.world.policy, published_flow_update="draft")
    call("POST", flow_id, "assets", {"name": "flow.json", "asset_type": "FLOW_JSON"}, files=file(RIGHT))
    assert told(call)[-1] == ("PUBLISHED", "DRAFT")
    assert call("GET", flow_id).body["status"] == "DRAFT"


def test_an_asset_has_a_signed_address(call: Any) -> None:
    """None before there is JSON; genuine only as it is, for this JSON, and for a while."""
    flow_id = create(call)["id"]
    assert call("GET", flow_id, "assets").body == {"data": []}
    flow_id = published(call, name="other")
    body = call("GET", flow_id, "assets").body
    assert violation("answers/list_flow_assets", body) is None
    query = dict(part.split("=") for part in body["data"][0]["download_url"].partition("?")[2].split("&"))
    flow, end, seal = call.world.flows[flow_id], query["oe"], query["oh"]
    later = replace(flow, json=b"{}")
    genuine = [
        is_genuine_asset(call.world, one, when, sign, call.now + 29 * DAY)
        for one, when, sign in ((flow, end, seal), (later, end, seal), (flow, f"{end}0", seal), (flow, "x", seal))
    ]
    assert genuine == [True, False, False, False]
    assert not is_genuine_asset(call.world, flow, end, seal, call.now + 30 * DAY)


def test_name_categories_endpoint_and_app_change(call: Any) -> None:
    """What is not named stays; an app has to be there."""
    flow_id = create(call)["id"]
    params = {"categories": ["survey"], "endpoint_uri": "https://a.b/c", "application_id": call.world.app_id}
    assert call("POST", flow_id, "", params).body == {"success": True}
    fields = {"fields": "name,categories,endpoint_uri"}
    expected = {"name": "booking", "categories": ["SURVEY"], "endpoint_uri": "https://a.b/c", "id": flow_id}
    assert expected == call("GET", flow_id, "", fields).body
    assert call.error("POST", flow_id, "", {"application_id": "1"})["code"] == 100


def test_a_draft_is_deleted_and_what_was_published_deprecated(call: Any) -> None:
    """139004 and 139003 the other way round; a deleted flow is unknown, and its name free."""
    draft, live = create(call)["id"], published(call, name="live")
    assert [call.error("DELETE", live)["code"], call.error("POST", draft, "deprecate")["code"]] == [139004, 139003]
    assert call("DELETE", draft).body == call("POST", live, "deprecate").body == {"success": True}
    assert draft not in call.world.nodes
    assert create(call)["success"] is True
    assert told(call)[-2] == ("PUBLISHED", "DEPRECATED")


def flow_message(**parameters: Any) -> dict[str, Any]:
    parameters = {"flow_message_version": "3", "flow_cta": "Open", **parameters}
    interactive = {"type": "flow", "body": {"text": "x"}, "action": {"name": "flow", "parameters": parameters}}
    return {"messaging_product": "whatsapp", "to": "16505551234", "type": "interactive", "interactive": interactive}


def test_a_flow_is_sent_by_id_and_by_name(call: Any) -> None:
    """What is published without a mode, a draft as a draft."""
    number, live, draft = call.world.phone_number_id, published(call), create(call, name="d", flow_json=RIGHT)["id"]
    messages = [
        {"flow_id": live},
        {"flow_name": "booking", "mode": "published"},
        {"flow_id": draft, "mode": "draft"},
        {"flow_name": "d", "mode": "draft"},
    ]
    answers = [call("POST", number, "messages", flow_message(**parameters)).body for parameters in messages]
    assert all(answer["messages"][0]["id"].startswith("wamid.") for answer in answers)


def test_a_flow_that_cannot_be_sent_is_named_in_the_details(call: Any) -> None:
    """131009 for one that is not there, and for the wrong mode."""
    number, live, draft = call.world.phone_number_id, published(call), create(call, name="d", flow_json=RIGHT)["id"]
    details = [
        call.error("POST", number, "messages", flow_message(**parameters))["error_data"]["details"]
        for parameters in ({"flow_id": "1"}, {"flow_name": "x"}, {"flow_id": live, "mode": "draft"}, {"flow_id": draft})
    ]
    unknown = "Flow does not exist or does not belong to your WhatsApp Business Account."
    assert details == [
        f"{unknown} Flow ID: 1",
        f"{unknown} Flow name: x",
        f"Invalid flow mode. Flow ID: {live}, status: PUBLISHED",
        f"Invalid flow mode. Flow ID: {draft}, status: DRAFT",
    ]


def test_meta_can_block_a_flow(call: Any) -> None:
    """A platform event changes the status, and sends are refused with 132068."""
    live = published(call)
    value = {"event": "FLOW_STATUS_CHANGE", "flow_id": live, "old_status": "PUBLISHED", "new_status": "BLOCKED"}
    call.happen(fire(call.world, call.now, {"field": "flows", "value": value}).events)
    error = call.error("POST", call.world.phone_number_id, "messages", flow_message(flow_id=live))
    assert (error["code"], error["error_data"]["details"]) == (132068, "Flow is in blocked state.")


def template(**button: Any) -> dict[str, Any]:
    buttons = [{"type": "FLOW", "text": "Open", "flow_action": "navigate", "navigate_screen": "WELCOME", **button}]
    components = [{"type": "BODY", "text": "Hello"}, {"type": "BUTTONS", "buttons": buttons}]
    return {"name": "tour", "language": "en_US", "category": "MARKETING", "components": components}


def test_a_template_names_a_flow_that_is_there(call: Any) -> None:
    """By name it gets the id; else it is refused (100)."""
    live = published(call)
    for button in ({"flow_id": "1"}, {"flow_name": "x"}):
        error = call.error("POST", call.world.waba_id, "message_templates", template(**button))
        assert error["message"] == "(#100) Flow with specified ID does not exist"
    made = call("POST", call.world.waba_id, "message_templates", template(flow_name="booking")).body["id"]
    button = json.loads(call.world.templates[made].components)[1]["buttons"][0]
    assert (live, False) == (button["flow_id"], "flow_name" in button)


def test_a_template_is_refused_with_its_flow(call: Any) -> None:
    """While its flow is published it is sent; when that is deprecated, 131009."""
    live = published(call)
    made = call("POST", call.world.waba_id, "message_templates", template(flow_id=live)).body["id"]
    call.happen([Put(at=call.now, thing=replace(call.world.templates[made], status="APPROVED"))])
    button = {"type": "button", "sub_type": "flow", "index": "0", "parameters": [{"type": "action", "action": {}}]}
    message = {
        "messaging_product": "whatsapp",
        "to": "16505551234",
        "type": "template",
        "template": {"name": "tour", "language": {"code": "en_US"}, "components": [button]},
    }
    assert call("POST", call.world.phone_number_id, "messages", message).body["messages"]
    call("POST", live, "deprecate")
    assert call.error("POST", call.world.phone_number_id, "messages", message)["code"] == 131009


@pytest.mark.parametrize(
    ("contract", "body", "message"),
    [
        ("create_flow", BASE | {"flow_json": RIGHT, "publish": True}, None),
        ("create_flow", {"name": "x"}, "The parameter categories is required."),
        ("create_flow", BASE | {"categories": []}, "Param categories must have at least 1 elements."),
        ("create_flow", BASE | {"categories": ["PROMO"]}, "Param categories[0] must be one of {SIGN_UP, SIGN_IN"),
        ("update_flow", {"name": "x", "application_id": 1}, None),
        ("update_flow_json", {"name": "flow.json", "asset_type": "FLOW_JSON", "messaging_product": "whatsapp"}, None),
        ("update_flow_json", {"asset_type": "FLOW_JSON"}, "The parameter name is required."),
        ("update_flow_json", {"name": "x.json", "asset_type": "FLOW_JSON"}, "Param name must be one of {flow.json}"),
    ],
)
def test_requests_keep_their_contracts(contract: str, body: Any, message: str | None) -> None:
    """Right parameters pass, wrong ones are named."""
    found = violation(f"requests/{contract}", body)
    assert (found is None) == (message is None)
    assert found is None or str(found.message).startswith(str(message))


def test_a_profile_has_an_id_of_its_own(call: Any) -> None:
    """It shows what the number's edge shows, and changes it."""
    world = call.world
    [edge] = call("GET", world.phone_number_id, "whatsapp_business_profile", {"fields": "id"}).body["data"]
    node = edge["id"]
    assert call("POST", node, "", {"messaging_product": "whatsapp", "about": "Open"}).body == {"success": True}
    assert {"about": "Open", "vertical": "UNDEFINED", "id": node} == call("GET", node).body
    assert call("GET", node, "", {"fields": "account_name"}).body["account_name"] == "Localhost Business"
    assert world.numbers[world.phone_number_id].profile.about == "Open"


def test_each_number_has_its_own_profile(call: Any) -> None:
    """A change reaches the number of the profile, and no other."""
    world = call.world
    params = {"cc": "1", "phone_number": "6315551000", "verified_name": "Other"}
    other = call("POST", world.waba_id, "phone_numbers", params).body["id"]
    [edge] = call("GET", other, "whatsapp_business_profile", {"fields": "id"}).body["data"]
    call("POST", edge["id"], "", {"messaging_product": "whatsapp", "about": "Open"})
    assert [world.numbers[id].profile.about for id in (world.phone_number_id, other)] == ["", "Open"]
