"""Numbers that a business keeps ready."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.validate import violation


def add(call: Any, number: str = "+1 (631) 555-1000") -> str:
    return str(call("POST", call.world.business_id, "add_phone_numbers", {"phone_number": number}).body["id"])


def test_a_number_is_added_and_listed(call: Any) -> None:
    """It is not verified yet, and in no account."""
    node = add(call)
    body = call("GET", call.world.business_id, "preverified_numbers").body
    assert violation("answers/list_preverified_numbers", body) is None
    expected = {"id": node, "display_phone_number": "+1 631-555-1000", "verification_status": "PENDING"}
    assert body["data"] == [expected]
    assert len(call.world.numbers) == 1


def test_a_node_says_that_its_id_is_right(call: Any) -> None:
    """Unasked no more than that."""
    node = add(call)
    assert call("GET", node).body == {"id": node, "is_input_id_valid": True}
    fields = {"fields": "country_prefix,display_phone_number"}
    expected = {"country_prefix": 1, "display_phone_number": "+1 631-555-1000", "id": node}
    assert expected == call("GET", node, "", fields).body


def test_a_number_is_added_once(call: Any) -> None:
    """100/2388012, for the numbers of accounts, too; after its deletion it is free again."""
    node, own = add(call), call.world.numbers[call.world.phone_number_id].digits
    for number in ("+16315551000", own):
        error = call.error("POST", call.world.business_id, "add_phone_numbers", {"phone_number": number})
        assert error["error_subcode"] == 2388012
    assert call("DELETE", node).body == {"success": True}
    assert add(call) in call.world.nodes
    assert node not in call.world.nodes


def test_a_number_that_no_country_has_is_refused(call: Any) -> None:
    """100."""
    assert call.error("POST", call.world.business_id, "add_phone_numbers", {"phone_number": "+999123"})["code"] == 100


@pytest.mark.parametrize(("number", "right"), [("+1 631-555-1000", True), ("a", False)])
def test_requests_keep_their_contract(number: str, right: bool) -> None:
    """Digits and what people write between them."""
    assert (violation("requests/add_preverified_number", {"phone_number": number}) is None) is right
