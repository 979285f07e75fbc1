"""Forms and queries carry text: what a contract wants otherwise is read from it."""

from __future__ import annotations

import pytest

from localwaba_contracts.validate import coerce, message_contract, violation

CASES = [
    ("requests/update_waba", {"is_enabled_for_insights": "true"}, {"is_enabled_for_insights": True}),
    ("requests/update_waba", {"is_enabled_for_insights": "0"}, {"is_enabled_for_insights": False}),
    ("requests/update_waba", {"is_enabled_for_insights": "yes"}, {"is_enabled_for_insights": "yes"}),
    ("requests/update_waba", {"name": "true"}, {"name": "true"}),
    ("requests/upload_media", {"ttl_minutes": "60"}, {"ttl_minutes": 60}),
    ("requests/verify_code", {"code": "123456"}, {"code": "123456"}),
    ("requests/register_phone_number", {"pin": "012345"}, {"pin": "012345"}),
    (
        "requests/update_phone_number",
        {"webhook_configuration": '{"override_callback_uri":""}'},
        {"webhook_configuration": {"override_callback_uri": ""}},
    ),
    ("requests/update_phone_number", {"webhook_configuration": "{broken"}, {"webhook_configuration": "{broken"}),
    ("requests/update_phone_number", {"webhook_configuration": "[1]"}, {"webhook_configuration": "[1]"}),
    ("requests/delete_templates", {"hsm_ids": '["1","2"]'}, {"hsm_ids": ["1", "2"]}),
    ("requests/create_subscription", {"fields": "messages,calls"}, {"fields": "messages,calls"}),
    ("requests/messages", {"text": '{"body":"5"}', "to": "5"}, {"text": {"body": "5"}, "to": "5"}),
    ("requests/messages", {"interactive": '{"type":"list"}'}, {"interactive": {"type": "list"}}),
    ("requests/messages", {"unknown": "5"}, {"unknown": "5"}),
    ("requests/messages/image", {"image": '{"id":"1"}'}, {"image": {"id": "1"}}),
    ("requests/messages/text", {"text": {"body": "x"}}, {"text": {"body": "x"}}),
    ("requests/messages/text", {"text": "[" * 100_000}, {"text": "[" * 100_000}),
]


@pytest.mark.parametrize(("contract", "params", "read"), CASES)
def test_text_is_read_where_the_contract_wants_more(contract, params, read):
    """Objects, lists, numbers and truth values are read out of text, and only where they are wanted."""
    assert coerce(contract, params) == read


def test_message_of_a_form_is_judged_as_json():
    """A send by form, its object as JSON in a string, passes."""
    params = {"messaging_product": "whatsapp", "to": "1555", "type": "image", "image": '{"id":"1"}'}
    read = coerce("requests/messages", params)
    assert violation(message_contract(read), read) is None
