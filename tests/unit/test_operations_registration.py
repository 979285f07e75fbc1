"""The ladder of registration: code, verification, PIN, registered, and down again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.domain.registration import PIN_GUESSES, PIN_PAUSE
from localwaba.operations.meta import patch_number
from localwaba.operations.platform_events import fire

PIN = "123456"


@pytest.fixture
def added(call: Any) -> str:
    """A number that was just added."""
    params = {"cc": "1", "phone_number": "6315551000", "verified_name": "My Business"}
    return str(call("POST", call.world.waba_id, "phone_numbers", params).body["id"])


def put_on_air(call: Any, node: str, pin: str = PIN) -> Any:
    """Asks for a code, gives it back and registers."""
    call("POST", node, "request_code", {"code_method": "SMS", "language": "en_US"})
    call("POST", node, "verify_code", {"code": "123-456"})
    return call("POST", node, "register", {"messaging_product": "whatsapp", "pin": pin}).body


def test_the_whole_ladder(call: Any, added: str) -> None:
    """Code, verification and registration make a pending number one that can send."""
    assert put_on_air(call, added, "246810") == {"success": True}
    number = call.world.numbers[added]
    expected = ("CONNECTED", True, "246810", "CLOUD_API", "STANDARD", call.now)
    assert expected == (
        number.status,
        number.registered,
        number.pin,
        number.platform_type,
        number.throughput_level,
        number.onboarded_at,
    )


def test_registration_comes_after_verification(call: Any, added: str) -> None:
    """A number that is not verified is refused with 133006."""
    assert call.error("POST", added, "register", {"pin": PIN})["code"] == 133006


def test_a_code_must_have_been_asked_for(call: Any, added: str) -> None:
    """Even the right code is refused when none was sent."""
    error = call.error("POST", added, "verify_code", {"code": "123456"})
    assert error == {"message": "(#136025) Verify code error", "type": "OAuthException", "code": 136025}


def test_a_wrong_code_is_refused(call: Any, added: str) -> None:
    """The number stays unverified."""
    call("POST", added, "request_code", {"code_method": "SMS", "language": "en_US"})
    assert call.error("POST", added, "verify_code", {"code": "000000"})["code"] == 136025
    assert call.world.numbers[added].code_verification_status == "NOT_VERIFIED"


def test_a_verified_number_needs_no_code(call: Any) -> None:
    """Asking again is refused with 136024."""
    params = {"code_method": "SMS", "language": "en_US"}
    assert call.error("POST", call.world.phone_number_id, "request_code", params)["code"] == 136024


def test_registering_again_with_the_pin_succeeds(call: Any) -> None:
    """A registered number may be registered again; nothing changes but the count."""
    assert call("POST", call.world.phone_number_id, "register", {"pin": PIN}).body == {"success": True}
    assert [type(event).__name__ for event in call.events] == ["RegistrationCounted"]


def test_a_wrong_pin_is_refused_and_counts(call: Any) -> None:
    """133005, and the number remembers the guess."""
    error = call.error("POST", call.world.phone_number_id, "register", {"pin": "000000"})
    assert error["message"] == "(#133005) Two step verification PIN Mismatch"
    assert call.world.numbers[call.world.phone_number_id].pin_failures == 1


def test_guessing_ends_for_a_while(call: Any) -> None:
    """After several wrong PINs even the right one is refused with 133008, until the pause is over."""
    node = call.world.phone_number_id
    codes = [call.error("POST", node, "register", {"pin": "000000"})["code"] for _ in range(PIN_GUESSES)]
    assert codes == [133005] * PIN_GUESSES
    error = call.error("POST", node, "register", {"pin": PIN})
    assert error["code"] == 133008
    assert "60 minutes" in error["error_data"]["details"]
    call.now += PIN_PAUSE
    assert call("POST", node, "register", {"pin": PIN}).body == {"success": True}


def test_another_pin_ends_the_pause(call: Any) -> None:
    """Who may set the PIN need not guess it (Meta: error 133005)."""
    node = call.world.phone_number_id
    for _ in range(PIN_GUESSES):
        call.error("POST", node, "register", {"pin": "000000"})
    call("POST", node, "", {"pin": "111111"})
    assert call("POST", node, "register", {"pin": "111111"}).body == {"success": True}


def test_deregistration_keeps_the_pin(call: Any) -> None:
    """The number is off, and comes back with the PIN that it had."""
    node = call.world.phone_number_id
    assert call("POST", node, "deregister").body == {"success": True}
    assert call.error("POST", node, "register", {"pin": "000000"})["code"] == 133005
    assert call("POST", node, "register", {"pin": PIN}).body == {"success": True}
    number = call.world.numbers[node]
    assert ("CONNECTED", call.now) == (number.status, number.onboarded_at)


def test_a_number_is_onboarded_once(call: Any) -> None:
    """Coming back later does not change when the number came first."""
    node, first = call.world.phone_number_id, call.now
    call("POST", node, "deregister")
    call.now += PIN_PAUSE
    call("POST", node, "register", {"pin": PIN})
    assert first == call.world.numbers[node].onboarded_at


def test_what_is_not_registered_cannot_be_deregistered(call: Any, added: str) -> None:
    """133010, without error_data, in the key order of the capture."""
    error = call.error("POST", added, "deregister")
    expected = {"message": "(#133010) Account not registered", "code": 133010, "type": "OAuthException"}
    assert (expected, list(expected)) == (error, list(error))


def test_local_storage_lasts_until_deregistration(call: Any) -> None:
    """The region is set by a registration and gone after the number was taken off."""
    node = call.world.phone_number_id
    call("POST", node, "register", {"pin": PIN, "data_localization_region": "in"})
    assert call.world.numbers[node].settings == {"data_localization_region": "IN"}
    call("POST", node, "deregister")
    assert call.world.numbers[node].settings == {}


def test_a_banned_number_stays_banned(call: Any) -> None:
    """Registration does not lift what Meta has decided."""
    node = call.world.phone_number_id
    call.happen([Put(at=call.now, thing=replace(call.world.numbers[node], status="BANNED"))])
    call("POST", node, "deregister")
    call("POST", node, "register", {"pin": PIN})
    assert call.world.numbers[node].status == "BANNED"


def test_half_a_deregistration_has_to_be_finished(call: Any) -> None:
    """133000 until the number was deregistered once more."""
    node = call.world.phone_number_id
    call.happen(patch_number(call.world, call.now, node, {"deregistration": "incomplete"}))
    error = call.error("POST", node, "register", {"pin": PIN})
    assert (error["code"], error["error_data"]["details"]) == (133000, "A previous deregistration attempt failed.")
    assert call("POST", node, "deregister").body == {"success": True}
    assert call("POST", node, "register", {"pin": PIN}).body == {"success": True}


def test_pins_can_come_too_fast(call: Any) -> None:
    """With the knob, 133009 within so many seconds after a wrong PIN, which is not counted as a guess."""
    node = call.world.phone_number_id
    call.world.policy = replace(call.world.policy, pin_guess_interval=2.0)
    assert call.error("POST", node, "register", {"pin": "000000"})["code"] == 133005
    call.now += 1_999
    error = call.error("POST", node, "register", {"pin": PIN})
    assert (error["code"], "in 1 s" in error["error_data"]["details"]) == (133009, True)
    assert call.world.numbers[node].pin_failures == 1
    call.now += 1
    assert call("POST", node, "register", {"pin": PIN}).body == {"success": True}


def test_a_deleted_number_can_be_added_again_after_a_while(call: Any) -> None:
    """It is no object of Graph's any more, and 133015 for five minutes under its new id."""
    node = call.world.phone_number_id
    call.happen(patch_number(call.world, call.now, node, {"status": "DELETED"}))
    assert node not in call.world.nodes
    params = {"cc": "1", "phone_number": "5550783881", "verified_name": "My Business", "preverified_id": "1"}
    added = call("POST", call.world.waba_id, "phone_numbers", params).body["id"]
    call.now += 5 * 60_000 - 1
    assert call.error("POST", added, "register", {"pin": PIN})["code"] == 133015
    call.now += 1
    assert call("POST", added, "register", {"pin": PIN}).body == {"success": True}


def test_a_number_that_is_not_verified_any_more(call: Any) -> None:
    """UNVERIFIED takes the verification away, EXPIRED as well: 133006."""
    node = call.world.phone_number_id
    for changes in ({"status": "UNVERIFIED"}, {"status": "DISCONNECTED", "code_verification_status": "EXPIRED"}):
        call.happen(patch_number(call.world, call.now, node, changes))
        assert call.error("POST", node, "register", {"pin": PIN})["code"] == 133006
        call.happen(patch_number(call.world, call.now, node, {"code_verification_status": "VERIFIED"}))
        assert call("POST", node, "register", {"pin": PIN}).body == {"success": True}


def test_two_step_verification_is_turned_off(call: Any) -> None:
    """Meta's mail does it: the next registration sets another PIN."""
    node = call.world.phone_number_id
    value = {"display_phone_number": "15550783881", "event": "PIN_REQUEST_SUCCESS"}
    call.happen(fire(call.world, call.now, {"field": "security", "value": value}).events)
    call("POST", node, "register", {"pin": "999999"})
    assert call.world.numbers[node].pin == "999999"
