"""One error out of many, always the same one; and nothing that is sent can break the judge."""

from __future__ import annotations

import pytest

from localwaba_contracts.validate import message_contract, violation

SEND = {"messaging_product": "whatsapp", "to": "15550001111"}


def said(message, version=""):
    found = violation(message_contract(message), message, version)
    return None if found is None else found.message or found.details


ORDER = [
    ({}, "The parameter messaging_product is required."),
    ({"messaging_product": "whatsapp"}, "The parameter to is required."),
    ({"messaging_product": "whatsapp", "type": "image"}, "The parameter to is required."),
    (SEND | {"type": "image"}, "The parameter image is required."),
    (SEND | {"type": "picture", "image": {}}, "Param type must be one of {AUDIO, CONTACTS,"),
    ({"to": 5, "text": {"body": 5}}, "The parameter messaging_product is required."),
    (SEND | {"text": {"body": 5, "boddy": "x"}}, "Param text['body'] must be a string."),
    (SEND | {"text": {"boddy": "x"}}, "The parameter text['body'] is required."),
    (SEND | {"to": ["1"], "text": {}}, "Param to must be a string."),
    (SEND | {"text": "hi"}, "Param text must be a JSON object."),
    (SEND | {"text": None}, "The parameter text is required."),
    (SEND | {"type": None}, "Param type must be one of {"),
    (SEND | {"context": {"message_id": "wamid.x", "from": "1"}, "text": {"body": "x"}}, 'Unexpected key "from" on'),
]


@pytest.mark.parametrize(("message", "start"), ORDER)
def test_first_error_of_many(message, start):
    """Shallow before deep, missing before wrong, and messaging_product, to, type and the object in this order."""
    assert (said(message) or "").startswith(start)


def test_what_graph_refuses_comes_before_what_messaging_refuses():
    """An unexpected key deep within is answered before a text that is too long further up."""
    button = {"type": "reply", "reply": {"id": "1", "title": "t", "emoji": "x"}}
    inner = {
        "type": "button",
        "body": {"text": "x" * 1025},
        "header": {"type": "text"},
        "action": {"buttons": [button]},
    }
    message = SEND | {"type": "interactive", "interactive": inner}
    assert said(message) == "Unexpected key \"emoji\" on param \"interactive['action']['buttons'][0]['reply']\"."


def test_misspelt_member_is_recognised():
    """What is missing and what is not expected are brought together if they look alike."""
    found = violation("requests/messages/text", SEND | {"text": {"boddy": "x"}})
    assert found is not None
    assert (found.path, found.fix) == ("text['body']", "rename boddy to body")


def test_misspelt_type_is_recognised():
    """The nearest type is offered."""
    found = violation("requests/messages/any", SEND | {"type": "templates"})
    assert found is not None
    assert found.fix == "did you mean TEMPLATE?"


def test_rule_says_where_in_the_schema():
    """The rule leads to the keyword of the file that says no."""
    found = violation("requests/messages/text", SEND | {"text": {"body": ""}})
    assert found is not None
    assert found.rule == "requests/messages/text#/properties/text/properties/body/minLength"


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


DEPTHS = [(depth, member) for depth in (100, 20_000) for member in ("to", "text", "type", "unknown", "context")]


@pytest.mark.parametrize(("depth", "member"), [*DEPTHS, (1_000_000, "text")])
def test_deep_nesting_is_refused_not_fatal(depth, member):
    """Megabytes of `[` are answered, whichever member they are in."""
    message = SEND | {"text": {"body": "x"}, member: nested(depth)}
    found = violation(message_contract(message), message)
    assert (found is None) == (member == "unknown")


@pytest.mark.parametrize("value", [[], "x", 5, None, True])
def test_body_that_is_no_object_is_refused(value):
    """A body that is valid JSON and no object is an invalid parameter."""
    found = violation("requests/messages/text", value)
    assert found is not None
    assert (found.code, found.message, found.details) == (100, None, "Parameter Invalid")


@pytest.mark.parametrize("value", ["\ud83d", float("nan"), float("inf"), 10**400, -(10**400), b"x", object()])
def test_odd_value_is_judged(value):
    """What JSON cannot hold, or holds badly, gets an answer and no exception."""
    message = SEND | {"text": {"body": value}}
    assert (violation("requests/messages/text", message) is None) == isinstance(value, str)


def test_many_errors_cost_little():
    """A list of a hundred thousand wrong items is answered by its first few."""
    message = SEND | {"type": "contacts", "contacts": [{}] * 100_000}
    assert said(message) == "The parameter contacts[0]['name'] is required."


@pytest.mark.parametrize(
    ("message", "contract"),
    [
        ({}, "text"),
        ({"type": "TEXT"}, "text"),
        ({"type": "telegram"}, "any"),
        ({"type": 5}, "any"),
        ({"status": "read"}, "read"),
        ({"type": "gif"}, "unsupported"),
        ({"type": "interactive"}, "interactive"),
        ({"type": "interactive", "interactive": {"type": "parts"}}, "interactive"),
        ({"type": "interactive", "interactive": {"type": ["list"]}}, "interactive"),
        ({"type": "interactive", "interactive": {"type": "list"}}, "interactive/list"),
        ({"type": "envelope"}, "any"),
        ({"type": "media"}, "any"),
    ],
)
def test_contract_of_a_message(message, contract):
    """A message is judged by the contract of its type, and of its kind if it is interactive."""
    assert message_contract(message) == f"requests/messages/{contract}"
