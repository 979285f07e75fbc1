"""Answers and webhooks: captured bodies keep the contracts, and faults are found."""

from __future__ import annotations

import pytest

from localwaba_contracts.validate import violation

WAMID = "wamid.HBgNNTczMjI4MTQ4OTc0OBUCABEYEkIyMzFDMjE1MkI3NjhDQTlGMgA="
ANSWERS = [
    (
        "answers/send_message",
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": "5732281489748", "wa_id": "5732281489748"}],
            "messages": [{"id": WAMID, "message_status": "accepted"}],
        },
    ),
    ("answers/success", {"success": True}),
    (
        "answers/media",
        {
            "url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
            "mime_type": "image/jpeg",
            "sha256": "a" * 64,
            "file_size": 61901,
            "id": "137524587935346",
            "messaging_product": "whatsapp",
        },
    ),
    (
        "answers/error",
        {
            "error": {
                "message": "(#133010) Account not registered",
                "code": 133010,
                "type": "OAuthException",
                "fbtrace_id": "ALQ2LOYa4QM62xFAHj4JKKD",
            }
        },
    ),
    (
        "answers/error",
        {
            "error": {
                "message": "Invalid parameter",
                "type": "OAuthException",
                "code": 100,
                "error_data": {"blame_field_specs": [["name"]]},
                "error_subcode": 2388046,
                "is_transient": False,
                "error_user_title": "Name Format is Incorrect",
                "error_user_msg": "x",
                "fbtrace_id": "ALQ2LOYa4QM62xFAHj4JKKD",
            }
        },
    ),
    ("answers/phone_number", {"id": "1", "throughput": {"level": "STANDARD"}, "quality_rating": "GREEN"}),
    ("answers/list_templates", {"data": []}),
    ("answers/debug_token", {"data": {"is_valid": False, "error": {"code": 190, "message": "x", "subcode": 463}}}),
]


@pytest.mark.parametrize(("contract", "body"), ANSWERS)
def test_captured_answer_keeps_its_contract(contract, body):
    """What the platform was seen to answer is what the contract describes."""
    assert violation(contract, body) is None


FAULTS = [
    ("answers/success", {"success": "true"}),
    ("answers/success", {}),
    ("answers/media", ANSWERS[2][1] | {"file_size": "61901"}),
    ("answers/send_message", ANSWERS[0][1] | {"success": True}),
    ("answers/error", {"error": {"message": "x", "type": "OAuthException", "code": 1}}),
    ("answers/phone_number", {"id": "1", "messaging_limit_tier": "TIER_1K"}),
]


@pytest.mark.parametrize(("contract", "body"), FAULTS)
def test_wrong_answer_is_found(contract, body):
    """A member that is missing, of a wrong type, or not Meta's is found."""
    assert violation(contract, body) is not None


def test_limit_of_a_number_has_two_names():
    """Up to v23.0 a number tells its tier, since v24.0 the limit of the portfolio."""
    old = {"id": "1", "messaging_limit_tier": "TIER_1K"}
    assert violation("answers/phone_number", old, "v23.0") is None
    assert violation("answers/phone_number", old, "v24.0") is not None


VALUE = {
    "messaging_product": "whatsapp",
    "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
}
USER = {"wa_id": "555100000000", "user_id": "BR.4800000000000001"}
BASE = {"from": "555100000000", "from_user_id": "BR.4800000000000001", "id": WAMID, "timestamp": "1776641287"}
FILE = {"mime_type": "image/jpeg", "sha256": "x", "id": "1", "url": "https://lookaside.fbsbx.com/x"}
UNSUPPORTED = [{"code": 131051, "title": "x", "message": "x", "error_data": {"details": "x"}}]
INBOUND = {
    "text": {"body": "hi"},
    "image": FILE,
    "video": FILE | {"caption": "c"},
    "audio": FILE | {"voice": True},
    "document": FILE | {"filename": "a.pdf"},
    "sticker": FILE | {"animated": False},
    "location": {"latitude": 37.4, "longitude": -122.1},
    "contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "1", "type": "Cellulare"}]}],
    "reaction": {"message_id": WAMID, "emoji": "👍"},
    "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Yes"}},
    "button": {"payload": "p", "text": "t"},
    "order": {
        "catalog_id": "1",
        "text": "",
        "product_items": [{"product_retailer_id": "1", "quantity": 1, "item_price": 7.99, "currency": "USD"}],
    },
    "system": {"body": "User A changed from 1 to 2", "wa_id": "2", "type": "user_changed_number"},
    "edit": {"original_message_id": WAMID, "message": {"type": "text", "text": {"body": "x"}}},
    "revoke": {"original_message_id": WAMID},
}


@pytest.mark.parametrize("kind", INBOUND)
def test_inbound_message_keeps_the_contract(kind):
    """Each type of message is described; without its object it is a fault."""
    message = BASE | {"type": kind, kind: INBOUND[kind]}
    assert violation("webhooks/messages", VALUE | {"contacts": [USER], "messages": [message]}) is None
    del message[kind]
    without = violation("webhooks/messages", VALUE | {"contacts": [USER], "messages": [message]})
    assert (without is None) == (kind == "interactive")


def test_message_from_a_user_without_visible_number():
    """A user may be known by the business-scoped id alone, but not by nothing."""
    nameless = {key: value for key, value in BASE.items() if key != "from"} | {"type": "text", "text": {"body": "x"}}
    value = VALUE | {"contacts": [USER], "messages": [nameless]}
    assert violation("webhooks/messages", value) is None
    del nameless["from_user_id"]
    assert violation("webhooks/messages", value) is not None


def test_unsupported_message_has_errors():
    """A message that cannot be shown says why."""
    message = BASE | {"type": "unsupported", "errors": UNSUPPORTED, "unsupported": {"type": "poll"}}
    value = VALUE | {"contacts": [USER], "messages": [message]}
    assert violation("webhooks/messages", value) is None
    del message["errors"]
    assert violation("webhooks/messages", value) is not None


STATUS = {
    "id": WAMID,
    "status": "sent",
    "timestamp": "1776641287",
    "recipient_id": "555100000000",
    "recipient_user_id": "BR.4800000000000001",
    "pricing": {"billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"},
}
FAILED = {
    "id": WAMID,
    "status": "failed",
    "timestamp": "1778251283",
    "recipient_id": "554100000000",
    "errors": [{"code": 131026, "title": "Message undeliverable", "message": "x", "error_data": {"details": "x"}}],
}
CONVERSATION = {"id": "b" * 32, "expiration_timestamp": "1778238932", "origin": {"type": "utility"}}


@pytest.mark.parametrize("status", [STATUS, STATUS | {"conversation": CONVERSATION}, FAILED])
def test_captured_status_keeps_the_contract(status):
    """Statuses as they were captured are described."""
    assert violation("webhooks/messages", VALUE | {"contacts": [USER], "statuses": [status]}) is None


@pytest.mark.parametrize(
    "status",
    [
        STATUS | {"timestamp": 1776641287},
        STATUS | {"status": "accepted"},
        STATUS | {"errors": FAILED["errors"]},
        FAILED | {"pricing": STATUS["pricing"]},
        {key: value for key, value in FAILED.items() if key != "errors"},
    ],
)
def test_wrong_status_is_found(status):
    """A number for a time, a status that is none, errors without failure and failure without errors are faults."""
    assert violation("webhooks/messages", VALUE | {"statuses": [status]}) is not None


def test_envelope_of_a_webhook():
    """Object, entry, changes, value and field are all there."""
    change = {"value": VALUE | {"statuses": [STATUS]}, "field": "messages"}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    assert violation("webhooks/envelope", body) is None
    assert violation("webhooks/envelope", body | {"object": "page"}) is not None
    assert violation("webhooks/envelope", {"object": "whatsapp_business_account"}) is not None
