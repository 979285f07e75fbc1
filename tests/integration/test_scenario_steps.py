"""Steps of users that do what the Python API can do, played against an app that sends what it is told to send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from localwaba import Emulator, Waba
from localwaba.runtime.player import Result, play, world_options
from localwaba_scenarios.loader import read

BILL: dict[str, Any] = {
    "type": "interactive",
    "interactive": {
        "type": "order_details",
        "body": {"text": "Your bill"},
        "action": {
            "name": "review_and_pay",
            "parameters": {
                "reference_id": "r-1",
                "type": "digital-goods",
                "payment_settings": [
                    {"type": "payment_gateway", "payment_gateway": {"type": "razorpay", "configuration_name": "main"}}
                ],
                "currency": "INR",
                "total_amount": {"value": 100, "offset": 100},
                "order": {
                    "status": "pending",
                    "items": [
                        {"retailer_id": "1", "name": "Cup", "amount": {"value": 100, "offset": 100}, "quantity": 1}
                    ],
                    "subtotal": {"value": 100, "offset": 100},
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as found:
        yield found


def obedient(waba: Waba) -> Starlette:
    """An app that sends the JSON that users write; a text that is none it only reads, and begins to type."""

    async def hook(request: Request) -> Response:
        if request.method == "GET":
            return PlainTextResponse(request.query_params["hub.challenge"])
        value = (await request.json())["entry"][0]["changes"][0]["value"]
        head = {"Authorization": f"Bearer {waba.access_token}"}
        async with httpx.AsyncClient(base_url=waba.url, headers=head) as client:
            for message in value.get("messages", ()):
                text = message.get("text", {}).get("body", "")
                if text.startswith("{"):
                    body = {"to": message["from"], **json.loads(text)}
                else:
                    body = {"status": "read", "message_id": message["id"], "typing_indicator": {"type": "text"}}
                given = {"messaging_product": "whatsapp", **body}
                await client.post(f"/v23.0/{waba.phone_number_id}/messages", json=given)
        return PlainTextResponse("")

    return Starlette(routes=[Route("/webhook", hook, methods=["GET", "POST"])])


def played(emulator: Emulator, *steps: str) -> Result:
    (scenario,) = read("name: x\nusers: [ana]\nsteps:\n" + "".join(f"  - {step}\n" for step in steps))
    waba = emulator.new_world(**world_options(scenario))
    try:
        waba.webhook(obedient(waba)).settle(5)
        return play(scenario, waba)
    finally:
        waba.close()


def told(value: str) -> str:
    return f"expect webhook: {{value: {{messages: [{value}]}}, within: 1 s}}"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("ana sends contact: Bo Ek", told("{contacts: [{name: {formatted_name: Bo Ek}}]}")),
        (
            "ana sends contact: {name: Bo, phone: +1 650 555 0123}",
            told("{contacts: [{phones: [{wa_id: '16505550123'}]}]}"),
        ),
        (
            "ana sends order: {items: [C-1, {product_retailer_id: C-2, quantity: 2}], text: Please}",
            told("{order: {text: Please, product_items: [{product_retailer_id: C-1}, {quantity: 2}]}}"),
        ),
        ("ana asks about: C-1", told("{context: {referred_product: {product_retailer_id: C-1}}}")),
        ("ana asks about: {product: C-1, text: Is it fresh?}", told("{text: {body: Is it fresh?}}")),
        ("ana comes from an ad", told("{referral: {source_type: ad}}")),
        ("ana comes from an ad: {text: Hi, headline: News}", told("{text: {body: Hi}, referral: {headline: News}}")),
        ("ana forwards: Look", told("{text: {body: Look}, context: {forwarded: true}}")),
        ("ana sends audio: {voice: true}", told("{type: audio, audio: {voice: true}}")),
        ("ana edits: Hello", told("{type: unsupported}")),
        ("ana changes number: +1 650 555 0199", told("{type: system, system: {wa_id: '16505550199'}}")),
    ],
)
def test_what_users_do(emulator: Emulator, step: str, expected: str) -> None:
    """The app is told what the user has done; before that it was not."""
    assert played(emulator, "ana says: Hi", step, expected).headline == ""
    assert "there is no webhook" in played(emulator, "ana says: Hi", expected).headline


def test_typing(emulator: Emulator) -> None:
    """The phone shows that the business is typing, and no longer once it has sent something."""
    assert played(emulator, "ana says: Hi", "app is typing to ana").headline == ""
    late = played(emulator, "ana says: Hi", "25 hours pass", "app is typing to ana")
    assert late.headline.endswith("Ana does not see that the app is typing")
    send = """ana says: '{"type": "text", "text": {"body": "Hello"}}'"""
    ended = played(emulator, "ana says: Hi", send, "app replies to ana: Hello", "app is typing to ana")
    assert ended.headline.endswith("Ana does not see that the app is typing; its message has ended that")


def test_a_reaction_is_taken_back(emulator: Emulator) -> None:
    """What is taken back is the last reaction, whatever the app has sent since; without one there is nothing to do."""
    send = """ana says: '{"type": "text", "text": {"body": "Hello"}}'"""
    reacts = (send, "app replies to ana", "ana reacts: 👍", send, "app replies to ana")
    for steps, expected in ((reacts, [("👍",), ()]), ((*reacts, "ana takes back the reaction"), [(), ()])):
        result = played(emulator, *steps)
        (chat,) = result.chats
        found = [one.reactions for one in chat.bubbles if one.sender == "business" and one.type == "text"]
        assert (result.headline, found) == ("", expected)
    nothing = played(emulator, send, "app replies to ana", "ana takes back the reaction").headline
    assert nothing.endswith("there is nothing to take back: Ana has not reacted to anything")


@pytest.mark.parametrize(("step", "status"), [("ana pays", "captured"), ("ana pays: {status: failed}", "pending")])
def test_pays(emulator: Emulator, step: str, status: str) -> None:
    """The last bill is paid, and the app is told with which success."""
    bill = f"ana says: '{json.dumps(BILL)}'"
    payment = f"{{value: {{statuses: [{{type: payment, status: {status}}}]}}, within: 1 s}}"
    paid = f"expect webhook: {payment}"
    result = played(emulator, bill, "app replies to ana: {type: interactive}", step, paid)
    assert result.headline == ""
    assert "nothing to pay" in played(emulator, "ana says: Hi", step).headline


def test_listens(emulator: Emulator) -> None:
    """Without a voice message there is nothing to listen to."""
    assert "this user has none to play" in played(emulator, "ana says: Hi", "ana listens").headline


def test_a_changed_number_is_known(emulator: Emulator) -> None:
    """Behind the change the user's number is the new one."""
    steps = ("ana says: Hi", "ana changes number: +1 650 555 0199", "ana says: ${ana.number}")
    assert played(emulator, *steps, told("{text: {body: '16505550199'}}")).headline == ""
