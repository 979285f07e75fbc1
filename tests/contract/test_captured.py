"""Bodies captured from the platform come out of the contracts and the catalogue byte for byte."""

from __future__ import annotations

import json

import pytest

from localwaba_contracts import error, find_error
from localwaba_contracts.validate import message_contract, violation

SEND = {"messaging_product": "whatsapp", "to": "15550001111"}


def buttons(*titles):
    made = [{"type": "reply", "reply": {"id": str(place), "title": title}} for place, title in enumerate(titles)]
    action = {"buttons": made}
    return SEND | {"type": "interactive", "interactive": {"type": "button", "body": {"text": "b"}, "action": action}}


def rows(*titles):
    made = [{"id": str(place), "title": title} for place, title in enumerate(titles)]
    action = {"button": "open", "sections": [{"title": "s", "rows": made}]}
    return SEND | {"type": "interactive", "interactive": {"type": "list", "body": {"text": "b"}, "action": action}}


def template(*parameters):
    components = [{"type": "header", "parameters": list(parameters)}]
    part = {"name": "sale", "language": {"code": "en"}, "components": components}
    return SEND | {"type": "template", "template": part}


def envelope(code, subcode=None, message=None, details=None, **values):
    """The body of an error as the catalogue says it, without the trace id."""
    row = find_error(code, subcode)
    text = message or row.title.format(**values)
    body = {"message": f"(#{code}) {text}" if row.prefix else text, "type": row.type, "code": code}
    details = details or (row.details if row.data == "always" else None)
    if details and row.data != "never":
        body["error_data"] = {"messaging_product": "whatsapp", "details": details.format(**values)}
    if row.subcode is not None:
        body["error_subcode"] = row.subcode
    return {key: body[key] for key in row.key_order if key in body} if row.key_order else body


def refusal(payload):
    found = violation(message_contract(payload), payload)
    return None if found is None else envelope(found.code, found.subcode, found.message, found.details)


def wire(text):
    body = json.loads(text)["error"]
    del body["fbtrace_id"]
    return body


def plain(message, code=100):
    return {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}


def detailed(message, code, details):
    return plain(message, code) | {"error_data": {"messaging_product": "whatsapp", "details": details}}


def invalid(details):
    return detailed("Parameter value is not valid", 131009, details)


CAPTURED = {
    "button title of 21": (
        buttons("x" * 21),
        wire(
            r'{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,'
            r'"error_data":{"messaging_product":"whatsapp","details":"Button title length invalid. Min length: 1, '
            r'Max length: 20"},"fbtrace_id":"ALfhCiNWtld8enTUJyg0FFo"}}'
        ),
    ),
    "eleven rows": (
        rows(*"abcdefghijk"),
        wire(
            r'{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,'
            r'"error_data":{"messaging_product":"whatsapp","details":"Total row count exceed max allowed count: 10"},'
            r'"fbtrace_id":"AIuaBG7oaIH0NkT5zP_khJH"}}'
        ),
    ),
    "no messaging_product": (
        {"to": "15550001111", "text": {"body": "hi"}},
        wire(
            r'{"error":{"message":"(#100) The parameter messaging_product is required.","type":"OAuthException",'
            r'"code":100,"fbtrace_id":"ABuwLf-MvFCEZAEGKA-c8m_"}}'
        ),
    ),
    "four buttons": (
        buttons("a", "b", "c", "d"),
        invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"),
    ),
    "no button": (buttons(), invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")),
    "row title of 25": (rows("x" * 25), invalid("Row title is too long. Max length is 24")),
    "empty row title": (
        rows(""),
        plain("The parameter interactive['action']['sections'][0]['rows'][0]['title'] is required."),
    ),
    "no body text": (
        SEND
        | {
            "type": "interactive",
            "interactive": {"type": "button", "body": {}, "action": {"buttons": [{"type": "reply"}]}},
        },
        plain("The parameter interactive['body']['text'] is required."),
    ),
    "no text of a text header": (
        SEND | {"type": "interactive", "interactive": rows("a")["interactive"] | {"header": {"type": "text"}}},
        invalid("Text cannot be null for header type text"),
    ),
    "no to": (
        {"messaging_product": "whatsapp", "text": {"body": "hi"}},
        plain("The parameter to is required."),
    ),
    "other product": (
        SEND | {"messaging_product": "x", "text": {"body": "hi"}},
        plain('Param messaging_product must be one of {WHATSAPP} - got "x".'),
    ),
    "type jpeg": (
        SEND | {"type": "jpeg"},
        plain(
            "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, GIF, IMAGE, INTERACTIVE, LINK_PREVIEW, LOCATION, "
            'PIN, REACTION, STICKER, TEMPLATE, TEXT, VIDEO} - got "jpeg".'
        ),
    ),
    "body of 4097": (
        SEND | {"text": {"body": "x" * 4097}},
        plain("Param text['body'] must be at most 4096 characters long."),
    ),
    "body that is no string": (SEND | {"text": {"body": ["x"]}}, plain("Param text['body'] must be a string.")),
    "empty body": (SEND | {"text": {"body": ""}}, plain("The parameter text['body'] is required.")),
    "link that is no URI": (
        SEND | {"type": "image", "image": {"link": "no uri"}},
        plain("Param image['link'] is not a valid URI."),
    ),
    "id that is no media id": (
        SEND | {"type": "image", "image": {"id": "abc"}},
        plain("Param image['id'] is not a valid whatsapp business account media attachment ID"),
    ),
    "media id in a template": (
        template({"type": "image", "image": {"id": "https://x.yz/a.jpg"}}),
        plain(
            "Param template['components'][0]['parameters'][0]['image']['id'] is not a valid whatsapp business account "
            "media attachment ID"
        ),
    ),
    "unexpected key": (
        SEND | {"type": "interactive", "interactive": rows("a")["interactive"] | {"templateId": "1"}},
        plain('Unexpected key "templateId" on param "interactive".'),
    ),
    "filename of an image": (
        SEND | {"type": "image", "image": {"id": "1", "filename": "a.jpg"}},
        plain('Unexpected key "filename" on param "image".'),
    ),
    "parameter without its value": (
        template({"type": "text"}),
        detailed("Invalid parameter", 100, "Parameter 'text' is mandatory for component parameter type 'text'"),
    ),
    "no language code": (
        SEND | {"type": "template", "template": {"name": "sale", "language": {}}},
        plain("The parameter template['language']['code'] is required."),
    ),
    "sub_type phone_number": (
        SEND
        | {
            "type": "template",
            "template": {
                "name": "sale",
                "language": {"code": "en"},
                "components": [{"type": "body"}, {"type": "button", "sub_type": "phone_number", "index": "0"}],
            },
        },
        plain(
            "Param template['components'][1]['sub_type'] must be one of {BOOKING_CONFIRMATION, CATALOG, COPY_CODE, "
            'FLOW, MPM, ORDER_DETAILS, QUICK_REPLY, REMINDER, URL, VOICE_CALL} - got "phone_number".'
        ),
    ),
}


@pytest.mark.parametrize("name", CAPTURED)
def test_captured_refusal_is_given(name):
    """What the platform was seen to answer to this fault is what the contract answers."""
    payload, body = CAPTURED[name]
    assert refusal(payload) == body


def test_captured_bodies_of_the_catalogue():
    """Captured errors that rules raise, not contracts, are in the catalogue word for word."""
    listed = "Recipient phone number not in allowed list"
    full = f"{listed}: Add recipient phone number to recipient list and try again."
    assert envelope(131030) == detailed(listed, 131030, full)
    assert envelope(132001, name="review_notification", language="en") == detailed(
        "Template name does not exist in the translation",
        132001,
        "template name (review_notification) does not exist in en",
    )
    assert envelope(132000, component="body", given=0, expected=1) == detailed(
        "Number of parameters does not match the expected number of params",
        132000,
        "body: number of localizable_params (0) does not match the expected number of params (1)",
    )
    assert envelope(100, details="Parameter Invalid") == detailed("Invalid parameter", 100, "Parameter Invalid")
    assert envelope(190) == {
        "message": "Invalid OAuth access token - Cannot parse access token",
        "type": "OAuthException",
        "code": 190,
    }
    assert envelope(100, 33, method="post", id="111687571665026") == {
        "message": "Unsupported post request. Object with ID '111687571665026' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        "type": "GraphMethodException",
        "code": 100,
        "error_subcode": 33,
    }
    assert list(envelope(133010)) == ["message", "code", "type"]
    assert error("133010").key_order[-1] == "fbtrace_id"
