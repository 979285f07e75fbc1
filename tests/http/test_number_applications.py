"""Numbers that are verified ahead and shared, official accounts, and what businesses in India tell, over Graph."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.registry import routes
from localwaba_contracts.validate import violation

from .conftest import Platform, Reply

ANSWERS = {row.operation: row.answer for row in routes()}
COMPLIANCE = {
    "messaging_product": "whatsapp",
    "entity_name": "Lucky Shrub",
    "entity_type": "PARTNERSHIP",
    "is_registered": True,
    "grievance_officer_details": {"name": "Chandra", "email": "chandra@example.com", "mobile_number": "+913854559033"},
    "customer_care_details": {"email": "care@example.com"},
}


def holds(operation: str, reply: Reply) -> Any:
    """The body of an answer, which has to succeed and to keep its contract."""
    assert (reply.status, violation(str(ANSWERS[operation]), reply.body)) == (200, None)
    return reply.body


def preverified(platform: Platform) -> str:
    """The id of a number that waits for its verification."""
    path = f"/{platform.world.business_id}/add_phone_numbers"
    return str(platform.graph("POST", path, {"phone_number": "+16315551000"}).body["id"])


def share(platform: Platform, node: str, partner: str = "9876543210987654") -> Reply:
    body = {"preverified_id": node, "partner_business_id": partner}
    return platform.graph("POST", f"/{platform.world.business_id}/share_preverified_numbers", body)


def verify(platform: Platform, node: str) -> None:
    asked = platform.graph("POST", f"/{node}/request_code", {"code_method": "SMS", "language": "en_US"})
    holds("request_preverified_number_code", asked)
    given = platform.graph("POST", f"/{node}/verify_code", {"code": "123-456"})
    assert holds("verify_preverified_number_code", given) == {"success": True, "id": node}


def test_a_number_is_verified_ahead(platform: Platform) -> None:
    """With the code that was asked for it is verified and available; then no other code is sent."""
    node = preverified(platform)
    verify(platform, node)
    fields = "verification_status,availability_status"
    [shown] = platform.graph("GET", f"/{platform.world.business_id}/preverified_numbers?fields={fields}").body["data"]
    assert shown == {"verification_status": "VERIFIED", "availability_status": "AVAILABLE", "id": node}
    again = platform.graph("POST", f"/{node}/request_code", {"code_method": "SMS", "language": "en_US"})
    assert again.error["code"] == 136024
    assert platform.graph("POST", f"/{node}/verify_code", {"code": "123456"}).status == 200


def test_a_code_that_is_wrong_or_was_not_asked_for(platform: Platform) -> None:
    """136025, and the number stays as it was."""
    node = preverified(platform)
    assert platform.graph("POST", f"/{node}/verify_code", {"code": "123456"}).error["code"] == 136025
    platform.graph("POST", f"/{node}/request_code", {"code_method": "VOICE", "language": "es_ES"})
    assert platform.graph("POST", f"/{node}/verify_code", {"code": "000000"}).error["code"] == 136025
    assert platform.world.preverified[node].status == "PENDING"


def test_a_number_is_shared(platform: Platform) -> None:
    """Partners are listed in the order in which they came, each once."""
    node = preverified(platform)
    for partner in ("9876543210987654", "1234567890123456", "9876543210987654"):
        holds("share_preverified_number", share(platform, node, partner))
    found = holds("list_preverified_number_partners", platform.graph("GET", f"/{node}/partners"))
    assert [one["id"] for one in found["data"]] == ["9876543210987654", "1234567890123456"]


def test_what_cannot_be_shared(platform: Platform) -> None:
    """A number that is not there, oneself as the partner, and what is no id: 100."""
    node = preverified(platform)
    found = [share(platform, "1"), share(platform, node, platform.world.business_id), share(platform, node, "x")]
    assert [one.error["code"] for one in found] == [100, 100, 100]
    assert platform.graph("GET", f"/{node}/partners").body == {"data": []}


def official(platform: Platform, action: str = "", **given: Any) -> Reply:
    """Applies with an action, or reads how far it is."""
    body = {"action": action} | given if action else None
    return platform.graph("POST" if action else "GET", f"/{platform.number}/official_business_account", body)


def test_nobody_has_applied(platform: Platform) -> None:
    """Then it has not begun, and nothing can be withdrawn or sent again."""
    found = holds("get_official_business_account", official(platform))
    assert (found["id"], found["oba_status"]) == (platform.number, "NOT_STARTED")
    refused = [official(platform, f"{one}_APPLICATION").error["code"] for one in ("WITHDRAW", "RESUBMIT", "CANCEL")]
    assert refused == [100, 100, 100]


def test_an_application_is_approved(platform: Platform) -> None:
    """It is under review until Meta approves it, which makes the number official; no other can be sent."""
    data = {"business_name": "Roastery", "website_url": "https://example.com"}
    found = holds("request_official_business_account", official(platform, "SUBMIT_APPLICATION", application_data=data))
    assert found["updated_status"]["oba_status"] == "PENDING"
    assert found["tracking_id"].startswith("oba_req_")
    assert official(platform, "SUBMIT_APPLICATION").error["code"] == 100
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"oba_status": "APPROVED"})
    fields = "official_business_account{oba_status},is_official_business_account"
    assert platform.graph("GET", f"/{platform.number}", query=f"fields={fields}").body == {
        "official_business_account": {"oba_status": "APPROVED"},
        "is_official_business_account": True,
        "id": platform.number,
    }
    assert official(platform, "WITHDRAW_APPLICATION").error["code"] == 100


def test_an_application_is_sent_again_and_withdrawn(platform: Platform) -> None:
    """After a rejection it may be sent again, and taken back as long as it is pending; the number is not official."""
    official(platform, "SUBMIT_APPLICATION")
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"oba_status": "REJECTED"})
    seen = []
    for action in ("RESUBMIT_APPLICATION", "WITHDRAW_APPLICATION", "SUBMIT_APPLICATION"):
        found = holds("request_official_business_account", official(platform, action))
        seen.append(found["updated_status"]["oba_status"])
    assert seen == ["PENDING", "CANCELLED", "PENDING"]
    shown = platform.graph("GET", f"/{platform.number}?fields=is_official_business_account").body
    assert shown["is_official_business_account"] is False


def compliance(platform: Platform, **given: Any) -> Reply:
    body = {name: value for name, value in (COMPLIANCE | given).items() if value is not None}
    return platform.graph("POST", f"/{platform.number}/business_compliance_info", body)


def told(platform: Platform, query: str = "") -> dict[str, Any]:
    path = f"/{platform.number}/business_compliance_info"
    [found] = holds("get_business_compliance_info", platform.graph("GET", path, query=query))["data"]
    return dict(found)


def test_nothing_is_told_yet(platform: Platform) -> None:
    """Members are there, and null."""
    found = told(platform)
    assert found["whatsapp_business_account_id"] == platform.world.waba_id
    assert (found["entity_name"], found["is_registered"], found["customer_care_details"]) == (None, False, None)


def test_what_a_business_tells(platform: Platform) -> None:
    """It is read back as it was sent, or as much of it as is asked for; the next takes its place."""
    holds("update_business_compliance_info", compliance(platform))
    found = told(platform)
    assert {name: found[name] for name in COMPLIANCE} == COMPLIANCE
    assert told(platform, "fields=entity_name") == {"entity_name": "Lucky Shrub"}
    compliance(platform, entity_type="OTHER", entity_type_custom="Trust", is_registered=None)
    found = told(platform)
    assert (found["entity_type_custom"], found["is_registered"]) == ("Trust", False)


@pytest.mark.parametrize(
    ("given", "details"),
    [
        ({"entity_name": "x"}, "entity_name"),
        ({"entity_type": "CLUB"}, "entity_type"),
        ({"entity_type": "OTHER"}, "entity_type_custom is required"),
        ({"entity_type_custom": "Trust"}, "entity_type_custom is for"),
        ({"entity_type": "PUBLIC_COMPANY"}, "is_registered is for"),
        ({"grievance_officer_details": {"email": "a@b.c"}}, "name"),
        ({"customer_care_details": {}}, "email"),
        ({"customer_care_details": {"email": "nobody"}}, "email"),
        ({"customer_care_details": {"email": "a@b.c", "landline_number": "0301234"}}, "landline_number"),
    ],
)
def test_what_a_business_may_not_tell(shared_platform: Platform, given: dict[str, Any], details: str) -> None:
    """Each breach of the contract or of the rules between members is 100, and the reason names the member."""
    found = compliance(shared_platform, **given)
    assert (found.status, found.error["code"]) == (400, 100)
    assert details in found.why or details in found.error["message"]
