"""Webhooks of the field `messages` are, byte for byte, what was captured of the platform."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from localwaba.domain.errors import Refusal
from localwaba.domain.events import MessageReceived, StatusReached
from localwaba.domain.model import Behaviour, PhoneNumber, User
from localwaba.domain.seeding import new_world
from localwaba.domain.traffic import Message, Pricing
from localwaba.domain.world import World
from localwaba.versions.table import traits_of
from localwaba.wire import webhooks
from localwaba.wire.encoding import encode
from localwaba_contracts.validate import violation

SECOND = 1_000
IMAGE = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"952300000000001","changes":[{"value":{"messaging_product":'
    rb'"whatsapp","metadata":{"display_phone_number":"15556390000","phone_number_id":"1025700000000001"},"contacts":['
    rb'{"profile":{"name":"Nombre Apellido"},"wa_id":"51900000000","user_id":"PE.900000000000001"}],"messages":[{"from"'
    rb':"51900000000","from_user_id":"PE.900000000000001","id":"wamid.HBgLNTE5MDAwMDAwMDAVAgASGCBBQ0YwMDAwMDAwMDAwMDAw'
    rb'MDAwMDAwMDAwMDAwMQA=","timestamp":"1778766865","type":"image","image":{"caption":"Hola quiero un caf\u00e9",'
    rb'"mime_type":"image\/jpeg","sha256":"HCaHabZ6\/4V\/SPm3c=","id":"27250000000000001"}}]},"field":"messages"}]}]}'
)
TEXT = (
    rb'{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15556390000","phone_number_id":'
    rb'"1025700000000001"},"contacts":[{"profile":{"name":"Nombre Apellido"},"wa_id":"51900000000","user_id":'
    rb'"PE.900000000000001"}],"messages":[{"from":"51900000000","from_user_id":"PE.900000000000001","id":"wamid.A",'
    rb'"timestamp":"1778766865","text":{"body":"\u00e4 \/ 50\u0025 a\u0040b.c \u003Ctag> & \ud83d\ude2e"},"type":'
    rb'"text"}]}'
)
HEAD = (
    rb'{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15556390000","phone_number_id":'
    rb'"1025700000000001"},'
)
SENT = (
    rb'"contacts":[{"wa_id":"555100000000","user_id":"BR.4800000000000001"}],"statuses":[{"id":"wamid.HBgMNTU1MTAwMDAw'
    rb'MDAwFQIAERgSQzM0MTAwMDAwMDAwMDBBMDAxAA==","status":"sent","timestamp":"1776641287","recipient_id":'
    rb'"555100000000","recipient_user_id":"BR.4800000000000001","pricing":{"billable":false,"pricing_model":"PMP",'
    rb'"category":"service","type":"free_customer_service"}}]}'
)
CONVERSATION = (
    rb'"contacts":[{"wa_id":"555100000000","user_id":"BR.4800000000000001"}],"statuses":[{"id":"wamid.A","status":"sent",'
    rb'"timestamp":"1778238932","recipient_id":"555100000000","recipient_user_id":"BR.4800000000000001","conversation":'
    rb'{"id":"%b","expiration_timestamp":"1778238932","origin":{"type":"utility"}},"pricing":{"billable":true,'
    rb'"pricing_model":"PMP","category":"utility","type":"regular"}}]}'
)
DELIVERED = (
    rb'"contacts":[{"wa_id":"555100000000","user_id":"BR.4800000000000001"}],"statuses":[{"id":"wamid.A","status":'
    rb'"delivered","timestamp":"1778238932","recipient_id":"555100000000","recipient_user_id":"BR.4800000000000001",'
    rb'"biz_opaque_callback_data":"{\"order\":77}","conversation":{"id":"%b","origin":{"type":"utility"}},"pricing":'
    rb'{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}]}'
)
FAILED = (
    rb'"contacts":[{"wa_id":"554100000000"}],"statuses":[{"id":"wamid.A","status":"failed","timestamp":"1778251283",'
    rb'"recipient_id":"554100000000","errors":[{"code":131026,"title":"Message undeliverable","message":'
    rb'"Message undeliverable","error_data":{"details":"Message Undeliverable."}}]}]}'
)
FREE = Pricing(False, "PMP", "service", "free_customer_service")
UTILITY = Pricing(True, "PMP", "utility", "regular")


@pytest.fixture
def world() -> World:
    """A world with the number and the users of the captures."""
    made = new_world("bytes", 0, 0)
    made.policy = replace(made.policy, error_href="none", inbound_media_url=False)
    number = made.numbers[made.phone_number_id]
    fields = {name: getattr(number, name) for name in PhoneNumber.__struct_fields__}
    made.numbers["1025700000000001"] = PhoneNumber(**fields | {"id": "1025700000000001", "digits": "15556390000"})
    for wa_id, user_id, name in (
        ("51900000000", "PE.900000000000001", "Nombre Apellido"),
        ("555100000000", "BR.4800000000000001", ""),
        ("554100000000", "BR.4800000000000002", ""),
    ):
        made.users[wa_id] = User(wa_id=wa_id, user_id=user_id, name=name, behaviour=Behaviour())
    return made


def message(wa_id: str, body: Any, *, outbound: bool, at: int, **more: Any) -> Message:
    given: dict[str, Any] = {"id": "wamid.A", "phone_number_id": "1025700000000001"}
    return Message(
        **given | {"wa_id": wa_id, "outbound": outbound, "type": body["type"], "at": at * SECOND}
        | {"body": msgspec.json.encode(body)} | more
    )  # fmt: skip


def test_captured_image(world: World) -> None:
    """The picture of May 2026 comes out as its bytes were, with every escape and in its order."""
    picture = {"caption": "Hola quiero un café", "mime_type": "image/jpeg", "sha256": "HCaHabZ6/4V/SPm3c="}
    wamid = "wamid.HBgLNTE5MDAwMDAwMDAVAgASGCBBQ0YwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMQA="
    body = {"type": "image", "image": picture | {"id": "27250000000000001"}}
    one = message("51900000000", body, outbound=False, at=1_778_766_865, id=wamid, media_id="27250000000000001")
    value = webhooks.value(world, MessageReceived(at=one.at, message=one), traits_of("v26.0"))
    assert encode(webhooks.envelope("952300000000001", "messages", value)) == IMAGE
    assert json.loads(IMAGE)["entry"][0]["changes"][0]["value"] == value


def test_escaped_text(world: World) -> None:
    """In texts, `text` stands before `type`, and what Graph escapes is escaped."""
    body = {"type": "text", "text": {"body": "ä / 50% a@b.c <tag> & 😮"}}
    one = message("51900000000", body, outbound=False, at=1_778_766_865)
    assert encode(webhooks.value(world, MessageReceived(at=one.at, message=one), traits_of("v26.0"))) == TEXT


@pytest.mark.parametrize(
    ("version", "expected", "at", "status", "more"),
    [
        (
            "v24.0",
            SENT,
            1_776_641_287,
            "sent",
            {"id": "wamid.HBgMNTU1MTAwMDAwMDAwFQIAERgSQzM0MTAwMDAwMDAwMDBBMDAxAA==", "pricing": FREE},
        ),
        ("v23.0", CONVERSATION, 1_778_238_932, "sent", {"pricing": UTILITY}),
        ("v23.0", DELIVERED, 1_778_238_932, "delivered", {"pricing": UTILITY, "callback_data": '{"order":77}'}),
        ("v26.0", FAILED, 1_778_251_283, "failed", {"wa_id": "554100000000", "pricing": UTILITY}),
    ],
)
def test_captured_statuses(
    world: World, version: str, expected: bytes, at: int, status: str, more: dict[str, Any]
) -> None:
    """The four statuses of spring 2026 come out as they were, each for the Graph version of its app."""
    more = dict(more)
    one = message(more.pop("wa_id", "555100000000"), {"type": "text"}, outbound=True, at=at, **more)
    world.messages[one.id] = one
    refusal = Refusal(code=131026) if status == "failed" else None
    event = StatusReached(at=one.at, message_id=one.id, status=status, refusal=refusal)
    value = webhooks.value(world, event, traits_of(version))
    conversation = value["statuses"][0].get("conversation", {}).get("id", "").encode()
    assert encode(value) == HEAD + (expected % conversation if b"%b" in expected else expected)
    assert violation("webhooks/messages", value) is None
