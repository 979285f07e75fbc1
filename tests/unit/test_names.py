"""Display names: asked for, reviewed, taken by a registration, expired; and what depends on verification."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.model import PhoneNumber
from localwaba.domain.names import CHANGES
from localwaba.domain.verification import may_authenticate, template_limit
from localwaba.operations.enforcing import patch_account
from localwaba.operations.platform_events import fire

FIELD = "phone_number_name_update"
PIN = {"messaging_product": "whatsapp", "pin": "123456"}


@pytest.fixture
def stage(make_stage: Any) -> Any:
    return make_stage()


def number(stage: Any) -> PhoneNumber:
    found: PhoneNumber = stage.world.numbers[stage.world.phone_number_id]
    return found


def ask(stage: Any, name: str = "Lucky Shrub") -> None:
    """The business asks for another name."""
    stage.call("update_phone_number", stage.world.phone_number_id, new_display_name=name)


def register(stage: Any) -> None:
    stage.call("register_phone_number", stage.world.phone_number_id, "register", **PIN)


def told(stage: Any) -> list[tuple[str, str, str | None]]:
    """Decision, name and reason of what was told."""
    values = [value for field, value in stage.told if field == FIELD]
    return [(one["decision"], one["requested_verified_name"], one["rejection_reason"]) for one in values]


def names(stage: Any) -> tuple[str, str, str]:
    """Name, its status, and that of the new one."""
    found = number(stage)
    return found.verified_name, found.name_status, found.new_name_status


def test_a_name_is_reviewed_and_taken_by_a_registration(stage: Any) -> None:
    """Pending, approved and told after the knob's time, shown from the next registration on."""
    ask(stage)
    assert names(stage) == ("Localhost Business", "APPROVED", "PENDING_REVIEW")
    stage.passes(5 * SECOND - 1)
    assert told(stage) == []
    stage.passes(1)
    assert told(stage) == [("APPROVED", "Lucky Shrub", None)]
    assert names(stage) == ("Localhost Business", "APPROVED", "APPROVED")
    register(stage)
    assert names(stage) == ("Lucky Shrub", "APPROVED", "NONE")


def test_a_registration_before_the_decision_takes_nothing(stage: Any) -> None:
    """Only approved names are taken."""
    ask(stage)
    register(stage)
    assert names(stage) == ("Localhost Business", "APPROVED", "PENDING_REVIEW")


def test_a_name_may_show_at_once(stage: Any) -> None:
    """With the knob, approval is enough."""
    stage.turns(name_takes_effect="approval")
    ask(stage)
    stage.passes()
    assert names(stage) == ("Lucky Shrub", "APPROVED", "NONE")


def test_a_name_that_nobody_registers_expires(stage: Any) -> None:
    """Fourteen days after its approval it has to be asked for again."""
    ask(stage)
    stage.passes(5 * SECOND)
    stage.passes(14 * DAY - 1)
    assert number(stage).new_name_status == "APPROVED"
    stage.passes(1)
    assert number(stage).new_name_status == "EXPIRED"
    register(stage)
    assert number(stage).verified_name == "Localhost Business"
    ask(stage)
    stage.passes()
    register(stage)
    assert number(stage).verified_name == "Lucky Shrub"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AB", "NAME_FORMAT_UNACCEPTABLE"),
        ("12345", "NAME_FORMAT_UNACCEPTABLE"),
        ("https://shrub.example", "NAME_FORMAT_UNACCEPTABLE"),
        ("WhatsApp Support", "NAME_ENDCLIENT_NOTRELATED"),
    ],
)
def test_names_that_cannot_be(stage: Any, name: str, reason: str) -> None:
    """They are declined whatever the knob says, and the present one stays."""
    ask(stage, name)
    stage.passes()
    assert told(stage) == [("REJECTED", name, reason)]
    assert names(stage) == ("Localhost Business", "APPROVED", "DECLINED")


def test_the_outcome_is_a_knob(stage: Any) -> None:
    """Declined with a reason of Meta's, or never looked at."""
    stage.turns(name_review_outcome="decline")
    ask(stage)
    stage.passes()
    assert told(stage) == [("REJECTED", "Lucky Shrub", "NAME_NOT_CONSISTENT")]
    stage.turns(name_review_outcome="pending")
    ask(stage, "Other Shrub")
    stage.passes(30 * DAY)
    assert number(stage).new_name_status == "PENDING_REVIEW"


def test_a_later_name_has_a_review_of_its_own(stage: Any) -> None:
    """The end of the former review decides nothing."""
    ask(stage)
    stage.passes(3 * SECOND)
    ask(stage, "Other Shrub")
    stage.passes(3 * SECOND)
    assert told(stage) == []
    stage.passes(2 * SECOND)
    assert told(stage) == [("APPROVED", "Other Shrub", None)]


def test_going_back_to_the_present_name_calls_off(stage: Any) -> None:
    """Nothing is left to be decided."""
    ask(stage)
    ask(stage, "Localhost Business")
    stage.passes()
    assert (told(stage), names(stage)) == ([], ("Localhost Business", "APPROVED", "NONE"))


def test_ten_names_in_thirty_days(stage: Any) -> None:
    """The eleventh is refused, until the first is thirty days ago."""
    for index in range(CHANGES):
        ask(stage, f"Shrub number {index}")
        stage.passes(DAY)
    with pytest.raises(Refused) as caught:
        ask(stage, "Too many")
    assert caught.value.refusal.code == 100
    assert "the next may be in 20 d" in caught.value.refusal.why
    stage.passes(20 * DAY)
    ask(stage, "In time")
    assert number(stage).new_name == "In time"


def test_meta_decides_by_hand(stage: Any) -> None:
    """On the new name where there is one, else on the present one; told with the reason."""
    stage.turns(name_review_outcome="pending")
    ask(stage)
    stage.rates(name_status="DECLINED", rejection_reason="NAME_INDIVIDUAL_ISSUE")
    assert names(stage) == ("Localhost Business", "APPROVED", "DECLINED")
    stage.rates(name_status="APPROVED")
    assert names(stage) == ("Localhost Business", "APPROVED", "APPROVED")
    register(stage)
    stage.rates(name_status="DECLINED")
    assert names(stage) == ("Lucky Shrub", "DECLINED", "NONE")
    assert [decision for decision, *_ in told(stage)] == ["REJECTED", "APPROVED", "REJECTED"]


def test_what_a_webhook_says_of_a_name_is_so(stage: Any) -> None:
    """An approved name waits for its registration, whoever asked for it."""
    value = {"decision": "APPROVED", "requested_verified_name": "New Shrub", "display_phone_number": "15550783881"}
    stage.happen(fire(stage.world, stage.now, {"field": FIELD, "value": value | {"rejection_reason": None}}).events)
    assert (number(stage).new_name, number(stage).new_name_status) == ("New Shrub", "APPROVED")
    register(stage)
    assert number(stage).verified_name == "New Shrub"


@pytest.mark.parametrize("status", ["DECLINED", "EXPIRED", "PENDING_REVIEW", "NONE"])
def test_provided_numbers_need_an_approved_name(stage: Any, status: str) -> None:
    """With the knob, 131037 names the state of the name; what may be used without review may send."""
    stage.approved()
    stage.rates(name_status=status)
    stage.sends()
    stage.turns(unapproved_name="refuse")
    found = stage.refused()
    assert (found.code, status in found.why) == (131037, True)
    stage.rates(name_status="AVAILABLE_WITHOUT_REVIEW")
    stage.sends()


def test_other_numbers_send_under_any_name(stage: Any) -> None:
    """Only numbers that Meta gave need the approval."""
    stage.approved()
    stage.turns(unapproved_name="refuse")
    stage.rates(name_status="DECLINED")
    world = stage.world
    world.numbers[world.phone_number_id] = _elsewhere(number(stage))
    stage.sends()


def _elsewhere(one: PhoneNumber) -> PhoneNumber:
    from msgspec.structs import replace

    return replace(one, digits="16505550001")


# verification


def verify(stage: Any, status: str) -> None:
    changes = {"business_verification_status": status}
    stage.happen(patch_account(stage.world, stage.now, stage.world.waba_id, changes))


def business(stage: Any) -> Any:
    return stage.world.businesses[stage.world.business_id]


def test_verification_raises_the_limit_at_once(stage: Any) -> None:
    """From 250 to 2,000, told; losing it does not take the limit back."""
    verify(stage, "not_verified")
    verify(stage, "verified")
    assert (business(stage).verification_status, business(stage).messaging_limit) == ("verified", "TIER_2K")
    assert "business_capability_update" in [field for field, _ in stage.told]
    verify(stage, "revoked")
    assert business(stage).messaging_limit == "TIER_2K"


def test_a_pending_verification_waits_for_a_hand(stage: Any) -> None:
    """Or for the knob's time, unless something else became of it."""
    verify(stage, "pending")
    stage.passes(90 * DAY)
    assert business(stage).verification_status == "pending"
    verify(stage, "not_verified")
    stage.turns(verification_after=3_600.0)
    verify(stage, "pending")
    stage.passes(3_600 * SECOND)
    assert (business(stage).verification_status, business(stage).messaging_limit) == ("verified", "TIER_2K")
    verify(stage, "pending")
    verify(stage, "rejected")
    stage.passes(3_600 * SECOND)
    assert business(stage).verification_status == "rejected"


def test_verification_begins_the_review_of_names(stage: Any) -> None:
    """Names that were used without review are looked at."""
    verify(stage, "not_verified")
    stage.rates(name_status="AVAILABLE_WITHOUT_REVIEW")
    verify(stage, "verified")
    assert number(stage).name_status == "PENDING_REVIEW"
    stage.passes()
    assert (number(stage).name_status, told(stage)) == ("APPROVED", [("APPROVED", "Localhost Business", None)])


def test_how_many_templates_an_account_may_have(stage: Any) -> None:
    """6,000 for a verified business with an approved name, 250 for others; both are knobs."""
    world = stage.world
    assert template_limit(world, world.waba_id) == 6_000
    stage.rates(name_status="DECLINED")
    assert template_limit(world, world.waba_id) == 250
    stage.rates(name_status="APPROVED")
    verify(stage, "not_verified")
    stage.turns(template_limit_unverified=2)
    stage.makes("one")
    with pytest.raises(Refused) as caught:
        stage.makes("two")
    assert caught.value.refusal.subcode == 2388019


def test_who_may_have_authentication_templates(stage: Any) -> None:
    """Verified businesses and those with 2,000 users; no account of test numbers (10/2388185)."""
    world = stage.world
    assert may_authenticate(world, world.waba_id)
    verify(stage, "not_verified")
    body = {"type": "BODY", "add_security_recommendation": True}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}
    with pytest.raises(Refused) as caught:
        stage.makes("code", "AUTHENTICATION", components=[body, buttons])
    assert (caught.value.refusal.code, caught.value.refusal.subcode) == (10, 2388185)
    stage.rates(messaging_limit="TIER_2K")
    assert may_authenticate(world, world.waba_id)
    stage.rates(is_test_number=True)
    assert not may_authenticate(world, world.waba_id)
