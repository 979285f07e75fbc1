"""pywa asks nodes for all the fields that it knows, and finds its enumerations in the answers; without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localwaba.domain.seeding import new_world
from neighbours import load

pytest.importorskip("pywa")

from pywa.types.flows import FlowDetails
from pywa.types.others import BusinessPhoneNumber, BusinessProfile, WhatsAppBusinessAccount

pytestmark = pytest.mark.consumer
near: Any = load("unit/conftest")


@pytest.fixture
def call() -> Any:
    """Calls operations on a world as it is seeded."""
    return near.Caller(new_world("test", 7, near.NOW))


def read(call: Any, node: str, fields: Any, **kw: Any) -> Any:
    """A node with some fields."""
    return call("GET", node, "", {"fields": ",".join(fields)}, **kw).body


def test_account(call: Any) -> None:
    """Status, verification and subscribed apps of an account are read."""
    answer = read(call, call.world.waba_id, WhatsAppBusinessAccount._api_fields())
    found = WhatsAppBusinessAccount.from_dict(answer)
    assert ("ACTIVE", "verified", call.world.app_id) == (
        found.status,
        found.business_verification_status,
        found.subscribed_apps[0].id,
    )


def test_number(call: Any) -> None:
    """Status, PIN and dial code of a number are read."""
    answer = read(call, call.world.phone_number_id, BusinessPhoneNumber._api_fields(), version="v25.0")
    found = BusinessPhoneNumber.from_dict(answer)
    assert (found.status, found.is_pin_enabled, found.country_dial_code) == ("CONNECTED", True, "1")


def test_profile(call: Any) -> None:
    """A fresh profile has an industry that pywa knows."""
    edge = "whatsapp_business_profile"
    fields = "about,address,description,email,profile_picture_url,websites,vertical"
    [found] = call("GET", call.world.phone_number_id, edge, {"fields": fields}).body["data"]
    assert BusinessProfile.from_dict(found).industry == "UNDEFINED"


def test_flow(call: Any) -> None:
    """A draft with a mistake shows it, and the health for a number."""
    wrong = json.dumps({"version": "1", "screens": []})
    params = {"name": "booking", "categories": ["OTHER"], "flow_json": wrong}
    flow_id = call("POST", call.world.waba_id, "flows", params).body["id"]
    answer = read(call, flow_id, FlowDetails._api_fields(False, call.world.phone_number_id))
    found = FlowDetails.from_dict(answer, None)  # type: ignore[arg-type]
    assert found.validation_errors
    assert (
        found.status,
        found.validation_errors[0].error,
        (found.health_status or {})["entities"][1]["entity_type"],
    ) == ("DRAFT", "INVALID_FLOW_JSON_VERSION", "PHONE_NUMBER")
