"""Right calls with one thing wrong in them: Meta's error or a clear 4xx, never an accident."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neighbours import load

SENDS: dict[str, Any] = load("contract/test_limits").VALID
READ = {
    "messaging_product": "whatsapp",
    "status": "read",
    "message_id": "wamid.x",
    "typing_indicator": {"type": "text"},
}
TEMPLATES: dict[str, Any] = {
    "utility": {
        "name": "a1",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}", "example": {"header_text": ["x"]}},
            {
                "type": "BODY",
                "text": "Hello {{1}} and welcome to our place {{2}} today friend",
                "example": {"body_text": [["a", "b"]]},
            },
            {"type": "FOOTER", "text": "foot"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "a"},
                    {"type": "URL", "text": "b", "url": "https://x.com/{{1}}", "example": ["https://x.com/a"]},
                    {"type": "PHONE_NUMBER", "text": "c", "phone_number": "15550051310"},
                ],
            },
        ],
    },
    "authentication": {
        "name": "a2",
        "language": "en_US",
        "category": "AUTHENTICATION",
        "components": [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 5},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "x"}]},
        ],
    },
    "named": {
        "name": "a3",
        "language": "en",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "LOCATION"},
            {
                "type": "BODY",
                "text": "Hi {{name}} there friend",
                "example": {"body_text_named_params": [{"param_name": "name", "example": "x"}]},
            },
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "x", "has_expiration": True}},
        ],
    },
}
GRAPH: dict[str, tuple[str, str, Any]] = {
    "profile": (
        "POST",
        "/{number}/whatsapp_business_profile",
        {
            "messaging_product": "whatsapp",
            "about": "x",
            "email": "a@b.example",
            "websites": ["https://x.example"],
            "vertical": "RETAIL",
        },
    ),
    "register": ("POST", "/{number}/register", {"messaging_product": "whatsapp", "pin": "123456"}),
    "pin": ("POST", "/{number}", {"pin": "123456"}),
    "name": ("POST", "/{number}", {"new_display_name": "Another Name", "messaging_product": "whatsapp"}),
    "override": (
        "POST",
        "/{number}",
        {"webhook_configuration": {"override_callback_uri": "http://127.0.0.1:9/", "verify_token": "x"}},
    ),
    "request code": ("POST", "/{number}/request_code", {"code_method": "SMS", "language": "en"}),
    "verify code": ("POST", "/{number}/verify_code", {"code": "123456"}),
    "subscribe": (
        "POST",
        "/{waba}/subscribed_apps",
        {"override_callback_uri": "http://127.0.0.1:9/", "verify_token": "x"},
    ),
    "account": ("POST", "/{waba}", {"name": "x", "timezone_id": "1", "is_enabled_for_insights": True}),
    "new number": (
        "POST",
        "/{waba}/phone_numbers",
        {"cc": "1", "phone_number": "6505551111", "verified_name": "Some Name"},
    ),
    "subscription": (
        "POST",
        "/{app}/subscriptions",
        {
            "object": "whatsapp_business_account",
            "callback_url": "http://127.0.0.1:9/",
            "verify_token": "x",
            "fields": "messages,calls",
        },
    ),
    "upload": ("POST", "/{app}/uploads", {"file_name": "x", "file_length": 5, "file_type": "image/png"}),
    "delete": ("DELETE", "/{waba}/message_templates", {"name": "a1", "hsm_id": "1", "hsm_ids": ["1", "2"]}),
    "token": (
        "POST",
        "/oauth/access_token",
        {"grant_type": "fb_exchange_token", "client_id": "1", "client_secret": "x", "fb_exchange_token": "x"},
    ),
}
CONTROL: dict[str, tuple[str, str, Any]] = {
    "user": (
        "PUT",
        "users/16505551234",
        {
            "name": "x",
            "username": "abc",
            "behaviour": {"delivered_after": 1, "read_after": None, "answers": "{text}", "fails_with": 131026},
        },
    ),
    "text": (
        "POST",
        "users/16505551235/messages",
        {
            "type": "text",
            "text": {"body": "hi"},
            "context": {"id": "wamid.x"},
            "referral": {"source_url": "http://x", "source_type": "ad", "source_id": "1", "headline": "h"},
        },
    ),
    "image": ("POST", "users/16505551235/messages", {"type": "image", "image": {"caption": "x"}}),
    "reply": (
        "POST",
        "users/16505551235/messages",
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "x"}}},
    ),
    "contacts": (
        "POST",
        "users/16505551235/messages",
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "x"}, "phones": [{"phone": "1"}]}]},
    ),
    "order": (
        "POST",
        "users/16505551235/messages",
        {
            "type": "order",
            "order": {
                "catalog_id": "1",
                "product_items": [
                    {"product_retailer_id": "1", "quantity": 1, "item_price": 1.5, "currency": "USD"},
                ],
            },
        },
    ),
    "location": (
        "POST",
        "users/16505551235/messages",
        {"type": "location", "location": {"latitude": 1, "longitude": 2, "name": "x"}},
    ),
    "tap": ("POST", "users/16505551234/actions", {"action": "tap", "title": "x", "response": {"a": 1}}),
    "block": ("POST", "users/16505551236/actions", {"action": "block"}),
    "moved": ("POST", "users/16505551237/actions", {"action": "change_number", "to": "16505551299"}),
    "clock": ("PUT", "clock", {"now": "2026-01-01T12:00:00Z", "mode": "frozen"}),
    "advance": ("POST", "clock/advance", {"seconds": 1}),
    "span": ("POST", "clock/advance", {"by": "PT1S"}),
    "settle": ("POST", "settle", {"timeout": 0.1}),
    "webhook": (
        "PUT",
        "webhook",
        {"url": "http://127.0.0.1:9/x", "verify_token": "x", "fields": ["messages"], "version": "v23.0"},
    ),
    "world": (
        "POST",
        "worlds",
        {"name": "q", "seed": 1, "clock": {"now": 1, "mode": "frozen"}, "policy": {"read_after": 1}},
    ),
    "policy": ("PATCH", "policy", {"read_after": 1, "webhook_retries": [1, 2]}),
    "number": ("PATCH", "phone_numbers/{number}", {"quality_rating": "RED", "messaging_limit": "TIER_1K"}),
    "template": ("PATCH", "templates/{template}", {"status": "PAUSED", "quality_score": "RED"}),
    "event": (
        "POST",
        "platform-events",
        {"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT", "phone_number": "1"}},
    ),
    "name event": (
        "POST",
        "platform-events",
        {
            "field": "phone_number_name_update",
            "value": {
                "display_phone_number": "15550783881",
                "decision": "APPROVED",
                "requested_verified_name": "x",
                "rejection_reason": None,
            },
        },
    ),
}
WRONG: tuple[Any, ...] = (None, True, -1, 1.5, 2**70, "", "x" * 5000, "12", [], [None], {}, {"id": {"id": 1}})
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["text", "TEXT", "image", "{{1}}", "http://x\n", "wamid.x", "en_US", "٣", "\0", "😀" * 21]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "text", "body", "", "link", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path to a member of a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def wrongs(number: int) -> tuple[Any, ...]:
    """Three wrong values for the member of a number; neighbours get others."""
    return tuple(WRONG[(number * 5 + step * 4) % len(WRONG)] for step in range(3))


def changed(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    """A copy of a JSON value with another member at one place."""
    found = copy.deepcopy(value)
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    return found


def is_refusal(reply: Any) -> bool:
    """Whether a reply is a refusal of Graph's kind, well formed and without anything of ours in it."""
    if not (400 <= reply.status < 500 and list(reply.body) == ["error"]):
        return False
    found = reply.body["error"]
    kinds = {"message": str, "type": str, "code": int, "fbtrace_id": str}
    return all(type(found.get(name)) is kind for name, kind in kinds.items()) and b"Traceback" not in reply.raw


def graph_calls() -> dict[str, tuple[str, str, Any]]:
    """All right calls of Graph whose members are made wrong."""
    sends = {kind: ("POST", "/{number}/messages", message) for kind, message in SENDS.items()}
    templates = {f"template {kind}": ("POST", "/{waba}/message_templates", one) for kind, one in TEMPLATES.items()}
    return sends | {"read": ("POST", "/{number}/messages", READ)} | templates | GRAPH


def filled(platform: Any, path: str) -> str:
    world = platform.world
    template = next(iter(world.templates))
    return path.format(number=platform.number, waba=world.waba_id, app=world.app_id, template=template)


def still_shows(platform: Any) -> None:
    """Fails if what was taken cannot be shown or told any more."""
    platform.control("POST", "clock/advance", {"seconds": 10})
    for view in ("messages", "journal?limit=20000", "webhooks", "users", "templates", "snapshot", "world"):
        platform.control("GET", view)
    platform.control("GET", "users/16505551234/inbox")
    assert platform.graph("GET", f"/{platform.world.waba_id}/message_templates").status == 200


@pytest.mark.parametrize("name", graph_calls())
def test_every_member(shared_platform: Any, name: str) -> None:
    """A right call with any one member of a wrong kind is taken or refused as Graph refuses."""
    method, path, right = graph_calls()[name]
    place = filled(shared_platform, path)
    accidents = []
    for number, where in enumerate(places(right)):
        for wrong in wrongs(number):
            body = changed(right, where, wrong)
            reply = shared_platform.graph(method, place, body)
            if reply.status != 200 and not is_refusal(reply):
                accidents.append((where, wrong, reply.status, reply.why or reply.raw[:200]))
    assert accidents == []
    reply = shared_platform.graph(method, place, right)
    limits = (4, 80007, 130429, 131056)
    assert reply.status == 200 or reply.error["code"] not in limits, "a limit hid what was to be seen"


@pytest.mark.parametrize("name", CONTROL)
def test_every_member_of_control(platform: Any, name: str) -> None:
    """A right call of the control API with any one member of a wrong kind is taken, or refused in one line."""
    method, path, right = CONTROL[name]
    accidents = []
    for number, where in enumerate(places(right)):
        for wrong in wrongs(number):
            reply = platform.ask(method, f"/_localwaba/{filled(platform, path)}", changed(right, where, wrong))
            ok = reply.status == 200 or (400 <= reply.status < 500 and list(reply.body) == ["error"])
            if not ok or b"Traceback" in reply.raw:
                accidents.append((where, wrong, reply.status, reply.raw[:200]))
    assert accidents == []


def test_any_member(shared_platform: Any) -> None:
    """Whatever JSON stands anywhere in a right call, it is taken and can be shown, or refused as Graph refuses."""
    calls = graph_calls()

    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        method, path, right = calls[data.draw(st.sampled_from(sorted(calls)))]
        body = right
        for _ in range(data.draw(st.integers(1, 3))):
            found = list(places(body))
            if found:
                body = changed(body, data.draw(st.sampled_from(found)), data.draw(JSON))
        reply = shared_platform.graph(method, filled(shared_platform, path), json.dumps(body).encode())
        assert reply.status == 200 or is_refusal(reply), (reply.status, reply.why)

    check()
    still_shows(shared_platform)
