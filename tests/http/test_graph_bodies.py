"""Bodies: what is sent in whichever form means the same, and what cannot be read is refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


def call(platform: Any, way: str, path: str, params: dict[str, Any]) -> Any:
    """A POST of the same parameters as JSON, form, multipart or query."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    if way == "json":
        return platform.graph("POST", path, params)
    if way == "form":
        return platform.graph("POST", path, urlencode(texts).encode(), headers=FORM)
    if way == "query":
        return platform.graph("POST", path, query=urlencode(texts))
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in texts.items()]
    return platform.graph("POST", path, ("".join(parts) + "--x--\r\n").encode(), headers=MULTIPART)


WAYS = ["json", "form", "multipart", "query"]


@pytest.mark.parametrize("way", WAYS)
def test_send(platform: Any, way: str) -> None:
    """A message is the same message however it is sent, also for its reader."""
    text = {"body": "h\u00e9llo / & = 😀 %41", "preview_url": True}
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    reply = call(platform, way, f"/{platform.number}/messages", platform.text() | {"text": text})
    assert (reply.status, reply.body["contacts"]) == (200, [{"input": "16505551234", "wa_id": "16505551234"}])
    message = platform.world.messages[reply.body["messages"][0]["id"]]
    assert json.loads(message.body) == platform.text() | {"text": text}
    platform.settle()
    shown = platform.control("GET", "users/16505551234/inbox")["messages"][-1]
    assert shown["text"] == text["body"]
    assert platform.control("GET", "messages")["messages"][-1]["text"] == text["body"]


@pytest.mark.parametrize("way", WAYS)
def test_profile(platform: Any, way: str) -> None:
    """A profile is the same profile however it is sent, lists included."""
    given = {"messaging_product": "whatsapp", "about": "Now", "websites": ["https://a.example/", "https://b.example/"]}
    path = f"/{platform.number}/whatsapp_business_profile"
    assert call(platform, way, path, given).body == {"success": True}
    found = platform.graph("GET", f"{path}?fields=about,websites").body["data"][0]
    assert (found["about"], found["websites"]) == ("Now", given["websites"])


@pytest.mark.parametrize("way", WAYS)
def test_register(platform: Any, way: str) -> None:
    """A PIN is the same PIN however it is sent, leading zeros included."""
    number = platform.world.numbers[platform.number]
    platform.world.numbers[platform.number] = replace(number, registered=False, pin="012345")
    given = {"messaging_product": "whatsapp", "pin": "012345"}
    assert call(platform, way, f"/{platform.number}/register", given).body == {"success": True}
    assert platform.world.numbers[platform.number].registered


@pytest.mark.parametrize("way", ["form", "multipart", "query"])
def test_same_refusal(shared_platform: Any, way: str) -> None:
    """A message that is wrong is refused alike, however it is sent."""
    wrong = shared_platform.text() | {"text": {"body": "x" * 4097}}
    path = f"/{shared_platform.number}/messages"
    assert call(shared_platform, way, path, wrong).error == call(shared_platform, "json", path, wrong).error


def test_body_beside_query(platform: Any) -> None:
    """What a body and a query say together is one message; the body wins."""
    query = urlencode({"messaging_product": "whatsapp", "to": "16505550000", "type": "text"})
    body = {"to": "16505551234", "text": {"body": "both"}}
    reply = platform.graph("POST", f"/{platform.number}/messages", body, query=query)
    assert reply.body["contacts"][0]["input"] == "16505551234"
    message = platform.world.messages[reply.body["messages"][0]["id"]]
    assert json.loads(message.body) == platform.text() | {"text": {"body": "both"}}


def test_delete_with_body(platform: Any) -> None:
    """A DELETE may say in a JSON body what it deletes."""
    waba = platform.world.waba_id
    template = {
        "name": "gone",
        "language": "en_US",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello there, this is it."}],
    }
    created = platform.graph("POST", f"/{waba}/message_templates", template)
    assert created.status == 200, created.raw
    assert platform.graph("DELETE", f"/{waba}/message_templates", {"name": "gone"}).body == {"success": True}
    assert platform.graph("GET", f"/{created.body['id']}").error["error_subcode"] == 33


UNREADABLE = {
    "empty text": b" ",
    "cut": b'{"to":',
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "not a number": b'{"to":NaN}',
    "infinity": b'{"to":-Infinity}',
    "beyond floats": b'{"to":1e999}',
    "very long number": b'{"to":' + b"9" * 5000 + b"}",
    "brackets": b"[" * 7_000_000,
    "braces": b'{"a":' * 1_400_000,
    "deep": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bad UTF-8": b'{"to":"\xff\xfe"}',
    "surrogate in UTF-8": b'{"to":"\xed\xa0\x80"}',
    "bad UTF-8 key": b'{"\xff":1}',
    "lone surrogate": rb'{"to":"\ud800"}',
    "lone low surrogate": rb'{"to":"\udc00 "}',
    "lone surrogate key": rb'{"\ud800":1}',
    "raw control": b'{"to":"\0"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "two values": b"{}{}",
    "form": b"to=1&type=text",
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(shared_platform: Any, raw: bytes) -> None:
    """A body that is no JSON object is refused with Meta's error for an invalid parameter, and a reason."""
    reply = shared_platform.graph("POST", f"/{shared_platform.number}/messages", raw)
    details = {"messaging_product": "whatsapp", "details": "Parameter Invalid"}
    wanted = {"message": "(#100) Invalid parameter", "type": "OAuthException", "code": 100, "error_data": details}
    assert (reply.status, reply.error) == (400, wanted)
    assert "the body is not a JSON object" in reply.why


@pytest.mark.parametrize("raw", [b"", b"{}"])
def test_empty(shared_platform: Any, raw: bytes) -> None:
    """An empty body lacks what a message needs."""
    reply = shared_platform.graph("POST", f"/{shared_platform.number}/messages", raw)
    assert reply.error["message"] == "(#100) The parameter messaging_product is required."


def test_duplicate_keys(platform: Any) -> None:
    """Of a key that is there twice the last one counts."""
    raw = b'{"to":"1","to":"16505551234","messaging_product":"whatsapp","type":"text","text":{"body":"x"}}'
    assert platform.graph("POST", f"/{platform.number}/messages", raw).body["contacts"][0]["wa_id"] == "16505551234"


@pytest.mark.parametrize("text", ["a\0b", "😀", "\u202e\u200d", "ſK", "</script>", "\\ud800", "\x7f", "\u2028"])
def test_strange_text(platform: Any, text: str) -> None:
    """Any text that is Unicode is taken, and shown as it was sent: in inbox, messages, journal and echoed webhook."""
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": text}})
    assert platform.send(platform.text(body=text)).status == 200
    platform.settle()
    inbox = platform.control("GET", "users/16505551234/inbox")["messages"]
    assert [text, text] == [one["text"] for one in inbox]
    told = json.loads(platform.network.posted[0][0].body)
    assert told["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == text
    calls = platform.control("GET", "journal?kind=call&limit=5")["entries"]
    assert calls[-1]["request"]["text"]["body"] == text


@pytest.mark.parametrize("beside", [{"extra": 10**40}, {"extra": [[[10**30]]]}])
def test_huge_numbers(platform: Any, beside: dict[str, Any]) -> None:
    """Integers beyond 64 bits, where nobody reads them, break nothing."""
    assert platform.send(platform.text(**beside)).status == 200
    for view in ("journal", "messages", "snapshot"):
        platform.control("GET", view)


def test_huge_numbers_in_events(platform: Any) -> None:
    """Integers beyond 64 bits in what Meta tells are told, journalled, and replayed."""
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook", "fields": ["security"]})
    platform.control("POST", "platform-events", {"field": "security", "value": {"n": 10**30}, "unchecked": True})
    platform.settle()
    assert b'"n":%d' % 10**30 in platform.network.posted[-1][0].body
    told = [event for event, _ in platform.host.entries.events() if getattr(event, "field", "") == "security"]
    assert told[0].value == {"n": 10**30}
    assert platform.control("GET", "journal")["entries"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/JSON; charset=utf-8", 200),
        ("", 200),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=y", 400),
        ("application/x-www-form-urlencoded", 400),
    ],
)
def test_content_type(shared_platform: Any, content_type: str, status: int) -> None:
    """JSON is read as what its Content-Type says it is."""
    headers = {"content-type": content_type}
    path = f"/{shared_platform.number}/messages"
    reply = shared_platform.graph("POST", path, shared_platform.text(), headers=headers)
    assert (reply.status, "x-localwaba-warning" in reply.headers) == (status, False)


def test_strange_content_type(shared_platform: Any) -> None:
    """JSON of a type that Graph does not name is taken, with a warning."""
    headers = {"content-type": "text/plain;charset=UTF-8"}
    path = f"/{shared_platform.number}/messages"
    reply = shared_platform.graph("POST", path, shared_platform.text(), headers=headers)
    assert reply.status == 200
    assert "text/plain" in reply.headers["x-localwaba-warning"]


@pytest.mark.parametrize(
    "raw",
    [b"a=1&" * 2000, b"to=%ff&text=%zz&=&&&", b"text=" + b"[" * 200_000, b"messaging_product=whatsapp&text=%5Cud800"],
    ids=["many fields", "bad escapes", "brackets", "surrogate"],
)
def test_strange_form(shared_platform: Any, raw: bytes) -> None:
    """A form that makes no sense is refused, never an accident; so is the same as a query."""
    path = f"/{shared_platform.number}/messages"
    assert shared_platform.graph("POST", path, raw, headers=FORM).status == 400
    assert shared_platform.graph("POST", path, query=raw.decode()).status == 400


def test_too_large(platform: Any) -> None:
    """A body of more than 8 MB is answered with 413 in Graph's envelope, and stands in the journal."""
    reply = platform.send(platform.text(body="x" * 9_000_000))
    assert (reply.status, reply.error["code"]) == (413, 100)
    assert "larger than 8388608 bytes" in reply.why
    assert platform.control("GET", "journal?kind=call")["entries"][-1]["status"] == 413
    assert platform.send().status == 200
