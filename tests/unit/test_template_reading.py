"""How templates are read back, and the texts that the platform fixes."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_reading import read_back
from localwaba.domain.template_texts import HELLO_WORLD, authentication_body, authentication_footer, language_name
from localwaba.domain.template_values import TemplatePolicy

APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}


def address(handle: str) -> str:
    return f"https://cdn.test/{handle}"


def read(*components: dict[str, Any], category: str = "MARKETING", language: str = "en_US") -> list[dict[str, Any]]:
    return read_back(list(components), category, language, address)


def test_sample_address() -> None:
    """A media header shows the address of its sample, and the stored handle stays as it is."""
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}}
    assert read(header)[0]["example"] == {"header_handle": ["https://cdn.test/4::x"]}
    assert header["example"] == {"header_handle": ["4::x"]}


def test_authentication() -> None:
    """Body and footer of an authentication template show rendered texts beside their switches."""
    body = {"type": "BODY", "add_security_recommendation": True}
    footer = {"type": "FOOTER", "code_expiration_minutes": 10}
    assert read(body, footer, category="AUTHENTICATION") == [
        {
            "type": "BODY",
            "text": "*{{1}}* is your verification code. For your security, do not share this code.",
            "add_security_recommendation": True,
            "example": {"body_text": [["123456"]]},
        },
        {"type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10},
    ]


def test_otp_button() -> None:
    """An OTP button is read as an address with the code at its end."""
    buttons = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}
    assert read(buttons, category="AUTHENTICATION")[0]["buttons"] == [
        {
            "type": "URL",
            "text": "Copy code",
            "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
            "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456"],
        }
    ]


def test_one_tap_button() -> None:
    """A one-tap button's address names the app between kind and code."""
    button = {"type": "OTP", "otp_type": "ONE_TAP", "text": "Copy", "supported_apps": [APP]}
    shown = read({"type": "BUTTONS", "buttons": [button]}, category="AUTHENTICATION")[0]["buttons"][0]
    assert shown["text"] == "Copy"
    assert shown["url"].startswith("https://www.whatsapp.com/otp/code/?otp_type=ONE_TAP&cta_display_name=Autofill&")
    assert shown["url"].endswith("&package_name=com.example.app&signature_hash=K8a%2FAINcGX7&code=otp{{1}}")


def test_cards() -> None:
    """The headers of cards show addresses too."""
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}}
    shown = read({"type": "CAROUSEL", "cards": [{"components": [header]}]})
    assert shown[0]["cards"][0]["components"][0]["example"]["header_handle"] == ["https://cdn.test/4::x"]


def test_coupon_button() -> None:
    """A coupon button is read with its fixed label and its example as a list."""
    body = {
        "name": "n",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {"type": "BODY", "text": "Hello you"},
            {"type": "BUTTONS", "buttons": [{"type": "copy_code", "example": "250FF"}]},
        ],
    }
    draft = check_creation(body, [], 0, TemplatePolicy())
    shown = read(*draft.components)[1]["buttons"]
    assert shown == [{"type": "COPY_CODE", "text": "Copy offer code", "example": ["250FF"]}]


@pytest.mark.parametrize(
    ("language", "body", "footer"),
    [
        (
            "en_US",
            "*{{1}}* is your verification code. For your security, do not share this code.",
            "This code expires in 5 minutes.",
        ),
        (
            "es_ES",
            "Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.",
            "Este código caduca en 5 minutos.",
        ),
        (
            "zu",
            "*{{1}}* is your verification code. For your security, do not share this code.",
            "This code expires in 5 minutes.",
        ),
    ],
)
def test_fixed_texts(language: str, body: str, footer: str) -> None:
    """Authentication texts follow the language, English where none is known."""
    assert authentication_body(language, True) == body
    assert authentication_footer(language, 5) == footer


def test_without_recommendation() -> None:
    """Without the recommendation the body ends after its first sentence."""
    assert authentication_body("en_US", False) == "*{{1}}* is your verification code."


def test_language_names() -> None:
    """Languages have the names that messages use."""
    assert [language_name(code) for code in ("en", "en_US", "pt_BR")] == ["English", "English (US)", "Portuguese (BR)"]


def test_hello_world() -> None:
    """The sample template has a header, its long body and a footer, and obeys the rules but for its name."""
    assert [one["type"] for one in HELLO_WORLD] == ["HEADER", "BODY", "FOOTER"]
    body = {"name": "hello", "language": "en_US", "category": "MARKETING", "components": HELLO_WORLD}
    assert check_creation(body, [], 0, TemplatePolicy()).components == HELLO_WORLD
