"""Buttons at creation: fields, labels, addresses, codes, counts and grouping."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_values import TemplateDraft, TemplatePolicy

QUICK = {"type": "QUICK_REPLY", "text": "Stop"}
URL = {"type": "URL", "text": "Shop", "url": "https://shop.test/sale"}
PHONE = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "15550051310"}
CODE = {"type": "COPY_CODE", "example": "250FF"}
FLOW = {"type": "FLOW", "text": "Open", "flow_id": "1", "flow_action": "navigate", "navigate_screen": "A"}
VOICE = {"type": "VOICE_CALL", "text": "Call us"}
CATALOG = {"type": "CATALOG", "text": "View catalog"}


def create(*buttons: dict[str, Any], policy: TemplatePolicy | None = None) -> TemplateDraft:
    body = {
        "name": "n",
        "language": "en_US",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Hello you"}, {"type": "BUTTONS", "buttons": list(buttons)}],
    }
    return check_creation(body, [], 0, policy or TemplatePolicy())


def refusal(*buttons: dict[str, Any], policy: TemplatePolicy | None = None) -> Refusal:
    with pytest.raises(Refused) as caught:
        create(*buttons, policy=policy)
    return caught.value.refusal


def without(button: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in button.items() if name != key}


@pytest.mark.parametrize(
    "button",
    [
        QUICK,
        URL,
        URL | {"url": "https://shop.test/?p={{1}}", "example": ["summer"]},
        URL | {"url": "https://shop.test/{{1}}", "example": "summer"},
        PHONE,
        PHONE | {"phone_number": "+1 (555) 005-1310"},
        CODE,
        CODE | {"example": ["A" * 20]},
        FLOW,
        FLOW | {"flow_action": "DATA_EXCHANGE", "icon": "promotion"},
        VOICE | {"ttl_minutes": 1440},
        CATALOG,
        {"type": "MPM", "text": "View items"},
        {"type": "REQUEST_CONTACT_INFO"},
        {"type": "quick_reply", "text": "x" * 25},
    ],
)
def test_good_buttons(button: dict[str, Any]) -> None:
    """A button of each kind, with what its kind needs, is accepted."""
    assert create(button).components[1]["buttons"][0]["type"] == button["type"].upper()


@pytest.mark.parametrize(
    ("button", "field"),
    [
        (without(QUICK, "text"), "text"),
        (without(URL, "text"), "text"),
        (without(URL, "url"), "url"),
        (URL | {"url": "https://shop.test/{{1}}"}, "example"),
        (without(PHONE, "phone_number"), "phone_number"),
        (without(CODE, "example"), "example"),
        (without(FLOW, "flow_id"), "flow_id"),
        (without(VOICE, "text"), "text"),
    ],
)
def test_missing_fields(button: dict[str, Any], field: str) -> None:
    """A button without what its kind needs is 2388043 of type BUTTONS."""
    found = refusal(button)
    assert (found.code, found.subcode) == (100, 2388043)
    assert found.values == {"component": "BUTTONS", "fields": field}


@pytest.mark.parametrize("text", ["Buy {{1}}", "Buy\nnow", "Buy 🎉", "*Buy*", "Buy_now", "~Buy~", "`Buy`"])
def test_plain_labels(text: str) -> None:
    """A label has no variables, new lines, emojis or formatting characters."""
    found = refusal(QUICK | {"text": text})
    assert (found.code, found.subcode) == (100, 2388060)


@pytest.mark.parametrize(
    ("button", "field", "limit"),
    [
        (QUICK | {"text": "x" * 26}, "button text", "25"),
        (URL | {"url": "https://shop.test/" + "x" * 2000}, "button URL", "2000"),
        (CODE | {"example": "A" * 21}, "coupon code", "20"),
        (PHONE | {"phone_number": "1" * 21}, "phone number", "20"),
    ],
)
def test_lengths(button: dict[str, Any], field: str, limit: str) -> None:
    """Labels, addresses, codes and numbers have limits, told with field and number."""
    found = refusal(button)
    assert (found.code, found.subcode, found.values) == (100, 2388040, {"field": field, "limit": limit})


def test_copy_code_limit_is_a_knob() -> None:
    """The limit of coupon codes was 15 until December 2025."""
    assert refusal(CODE | {"example": "A" * 16}, policy=TemplatePolicy(copy_code_limit=15)).values["limit"] == "15"


@pytest.mark.parametrize("url", ["shop.test", "ftp://shop.test/x", "https://", "https://shop.test/a b", "javascript:0"])
def test_address_is_no_uri(url: str) -> None:
    """What is no absolute web address is refused in Graph's words, with its path."""
    found = refusal(QUICK, URL | {"url": url})
    assert (found.code, found.message) == (100, "Param components[1]['buttons'][1]['url'] is not a valid URI.")


@pytest.mark.parametrize("number", ["call me", "12", "1555005131x"])
def test_bad_phone(number: str) -> None:
    """What is no phone number has code 192."""
    found = refusal(PHONE | {"phone_number": number})
    assert found.code == 192
    assert found.message == "Param components[1]['buttons'][0]['phone_number'] is not a valid phone number."


@pytest.mark.parametrize(
    "url",
    ["https://wa.me/15550051310", "http://WA.ME/1", "https://api.whatsapp.com/send?phone=1", "https://whatsapp.com"],
)
def test_whatsapp_link(url: str) -> None:
    """Links to WhatsApp are refused."""
    assert refusal(URL | {"url": url}).subcode == 2388081


def test_whatsapp_in_the_path() -> None:
    """Only the host makes a link to WhatsApp."""
    assert create(URL | {"url": "https://shop.test/wa.me"}).rejected_reason is None


def test_example_before_link() -> None:
    """Of a missing example and a link to WhatsApp the example is told first, as captured."""
    assert refusal(URL | {"url": "https://wa.me/{{1}}"}).subcode == 2388043


@pytest.mark.parametrize("url", ["https://shop.test/{{1}}/end", "https://shop.test/{{1}}{{2}}", "https://s.test/?{{1"])
def test_variable_of_an_address(url: str) -> None:
    """An address has one variable, at its very end."""
    assert refusal(URL | {"url": url, "example": ["x"]}).subcode == 2388060


@pytest.mark.parametrize(
    "buttons",
    [
        [QUICK, QUICK],
        [QUICK, QUICK, URL, PHONE],
        [URL, PHONE, QUICK, QUICK],
        [URL, URL, PHONE, CODE, FLOW, VOICE],
        [QUICK] * 10,
    ],
)
def test_good_groups(buttons: list[dict[str, Any]]) -> None:
    """Quick replies beside each other go with other buttons, before or after them."""
    assert len(create(*buttons).components[1]["buttons"]) == len(buttons)


@pytest.mark.parametrize(
    "buttons",
    [
        [QUICK, URL, QUICK],
        [QUICK, PHONE, URL, QUICK],
        [URL, URL, URL],
        [PHONE, PHONE],
        [CODE, CODE],
        [FLOW, FLOW],
        [VOICE, VOICE],
        [CATALOG, CATALOG],
    ],
)
def test_bad_groups(buttons: list[dict[str, Any]]) -> None:
    """Quick replies apart, or too many buttons of a kind, are an invalid combination."""
    found = refusal(*buttons)
    assert (found.code, found.values) == (100, {"variant": "button_combination"})


def test_eleven_buttons() -> None:
    """A template has ten buttons at most."""
    assert refusal(*[QUICK] * 11).code == 100


def test_flow_named_twice() -> None:
    """A flow is named by id, by name or by its JSON, not by two of them."""
    found = refusal(FLOW | {"flow_name": "x"})
    assert (found.subcode, found.values["fields"]) == (2388042, "flow_name")


def test_unknown_flow_action() -> None:
    """A flow's action is one of two."""
    found = refusal(FLOW | {"flow_action": "jump"})
    expected = (
        "Param components[1]['buttons'][0]['flow_action'] must be one of {DATA_EXCHANGE, NAVIGATE} - got \"jump\"."
    )
    assert found.message == expected


def test_unknown_button_type() -> None:
    """An unknown kind of button is told with all the known ones."""
    found = refusal({"type": "REPLY", "text": "x"})
    assert found.message is not None
    assert found.message.startswith("Param components[1]['buttons'][0]['type'] must be one of {APP, CATALOG, ")
    assert found.message.endswith(' - got "REPLY".')


def test_unknown_key() -> None:
    """An unknown key of a button is told with its path."""
    found = refusal(QUICK | {"payload": "x"})
    assert found.message == 'Unexpected key "payload" on param "components[1][\'buttons\'][0]".'


def test_otp_elsewhere() -> None:
    """An OTP button belongs to authentication templates."""
    found = refusal({"type": "OTP", "otp_type": "COPY_CODE"})
    assert found.message is not None
    assert "invalid combination" in found.message
