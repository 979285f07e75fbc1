"""Requests besides sends: what passes, and what is answered to what does not."""

from __future__ import annotations

import pytest

from localwaba_contracts.validate import violation

WHATSAPP = {"messaging_product": "whatsapp"}
TEMPLATE = {
    "name": "sale",
    "language": "en_US",
    "category": "marketing",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Hi"},
        {"type": "body", "text": "Hello {{1}}!", "example": {"body_text": [["Ana"]]}},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Go", "url": "https://x.yz/{{1}}", "example": ["a"]},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550051310"},
            ],
        },
    ],
}
RIGHT = [
    ("register_phone_number", WHATSAPP | {"pin": "000000", "data_localization_region": "DE"}),
    ("request_code", {"code_method": "sms", "language": "en_US"}),
    ("verify_code", {"code": "123-456"}),
    ("update_phone_number", {"pin": "123456"}),
    ("update_phone_number", {"webhook_configuration": {"override_callback_uri": ""}}),
    ("update_phone_number", WHATSAPP | {"new_display_name": "x" * 75}),
    ("update_business_profile", WHATSAPP | {"about": "x" * 139, "vertical": "RETAIL", "websites": ["https://a.b"] * 2}),
    ("update_business_profile", WHATSAPP | {"address": "x" * 256, "description": "x" * 512, "email": "x" * 128}),
    ("create_phone_number", {"cc": "1", "phone_number": "5550001111", "verified_name": "Shop"}),
    ("create_phone_number", {"country_code": "1", "phone_number": "5550001111"}),
    ("subscribe_app", {}),
    ("subscribe_app", {"override_callback_uri": "https://a.b/c", "verify_token": "t"}),
    ("create_subscription", {"object": "whatsapp_business_account", "callback_url": "http://a.b", "verify_token": "t"}),
    ("create_upload_session", {"file_length": 5, "file_type": "image/png"}),
    ("issue_access_token", {"client_id": "1", "client_secret": "s", "grant_type": "client_credentials"}),
    ("issue_access_token", {"client_id": "1", "client_secret": "s", "code": "c"}),
    ("create_template", TEMPLATE),
    ("create_template", {"name": "x", "language": "en", "category": "UTILITY", "library_template_name": "y"}),
    ("edit_template", {"components": TEMPLATE["components"]}),
    ("delete_templates", {"name": "sale", "hsm_id": "1"}),
    ("delete_templates", {"hsm_ids": ["1"] * 100}),
]


@pytest.mark.parametrize(("request_", "body"), RIGHT)
def test_right_request_passes(request_, body):
    """What Meta takes is taken."""
    assert violation(f"requests/{request_}", body) is None


def button(**parts):
    return TEMPLATE | {"components": [{"type": "BUTTONS", "buttons": [parts]}]}


def without(body, member):
    return {key: value for key, value in body.items() if key != member}


WRONG = [
    ("register_phone_number", {"pin": "123456"}, 100, "The parameter messaging_product is required."),
    ("register_phone_number", WHATSAPP | {"pin": "12345"}, 131009, "Parameter 'pin' must be six digits"),
    ("request_code", {"code_method": "FAX", "language": "en"}, 100, 'must be one of {SMS, VOICE} - got "FAX".'),
    ("verify_code", {}, 100, "The parameter code is required."),
    (
        "update_phone_number",
        {"webhook_configuration": {"override_callback_uri": "https://x.y/" + "z" * 200}},
        100,
        "Param webhook_configuration['override_callback_uri'] must be at most 200 characters long.",
    ),
    (
        "update_phone_number",
        {"new_display_name": "x"},
        100,
        "must be at least 2 characters long.",
    ),
    ("update_phone_number", {"new_display_name": "x" * 76}, 100, "must be at most 75 characters long."),
    ("update_business_profile", WHATSAPP | {"about": ""}, 100, "Param about must be at least 1 character long."),
    (
        "update_business_profile",
        WHATSAPP | {"about": "x" * 140},
        100,
        "must be at most 139 characters long.",
    ),
    ("update_business_profile", WHATSAPP | {"address": "x" * 257}, 100, "must be at most 256 characters long."),
    ("update_business_profile", WHATSAPP | {"description": "x" * 513}, 100, "must be at most 512 characters long."),
    ("update_business_profile", WHATSAPP | {"email": "x" * 129}, 100, "must be at most 128 characters long."),
    ("update_business_profile", WHATSAPP | {"websites": ["https://a.b"] * 3}, 100, "must have at most 2 elements."),
    ("update_business_profile", WHATSAPP | {"websites": ["a.b"]}, 100, "Param websites[0] is not a valid URI."),
    (
        "update_business_profile",
        WHATSAPP | {"vertical": "SHOPS"},
        100,
        "Param vertical must be one of {UNDEFINED,",
    ),
    ("create_phone_number", {"phone_number": "5550001111"}, 100, "The parameter cc is required."),
    ("subscribe_app", {"override_callback_uri": "https://a.b"}, 100, "The parameter verify_token is required."),
    ("create_upload_session", {"file_length": 5, "file_type": "image/gif"}, 100, 'video/mp4} - got "image/gif".'),
    ("issue_access_token", {"client_id": "1", "client_secret": "s"}, 100, "The parameter code is required."),
    ("debug_token", {}, 100, "The parameter input_token is required."),
    ("delete_templates", {}, 100, "The parameter name is required."),
    *(
        ("create_template", without(TEMPLATE, member), 100, f"The parameter {member} is required.")
        for member in ("name", "language", "category", "components")
    ),
    (
        "create_template",
        TEMPLATE | {"category": "PROMO"},
        100,
        'Param category must be one of {UTILITY, MARKETING, AUTHENTICATION} - got "PROMO".',
    ),
    ("create_template", TEMPLATE | {"language": "pt"}, 100, 'vi, zu} - got "pt".'),
    ("create_template", TEMPLATE | {"components": {}}, 100, "Param components must be an array."),
    (
        "create_template",
        button(type="URL", text="Go", url="go"),
        100,
        "Param components[0]['buttons'][0]['url'] is not a valid URI.",
    ),
    (
        "create_template",
        button(type="PHONE_NUMBER", text="Call", phone_number="call me"),
        192,
        "Param components[0]['buttons'][0]['phone_number'] is not a valid phone number.",
    ),
    (
        "create_template",
        button(type="URL", link="x"),
        100,
        'Unexpected key "link" on param "components[0][\'buttons\'][0]".',
    ),
]


@pytest.mark.parametrize(("request_", "body", "code", "text"), WRONG)
def test_wrong_request_is_refused(request_, body, code, text):
    """What Meta refuses is refused with its code and its text."""
    found = violation(f"requests/{request_}", body)
    assert found is not None
    assert found.code == code
    assert (found.message or found.details or "").endswith(text) or text in (found.message or "")


def test_flat_app_of_an_otp_button_was_taken_before_v21():
    """The flat form of an app's name and hash passes up to v20.0 and is an unexpected key since."""
    body = button(type="OTP", otp_type="ONE_TAP", package_name="com.x.y", signature_hash="K8a/AINcGX7")
    assert violation("requests/create_template", body, "v20.0") is None
    assert violation("requests/create_template", body, "v21.0") is not None
