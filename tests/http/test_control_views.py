"""What happened, as the control API shows it: messages, journal, its stream, webhooks."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

import pytest

from localwaba.domain.media_samples import sample
from localwaba.http.control_views import server_sent
from localwaba.wire.deliveries import delivery_headers

USER, OTHER = "16505551234", "16505551235"
HELLO = {"type": "text", "text": {"body": "hi"}}


def write(control: Any, wa_id: str = USER, text: str = "hi") -> str:
    found: str = control.ok("POST", f"users/{wa_id}/messages", {"type": "text", "text": {"body": text}})["message_id"]
    return found


def texts(control: Any, query: str = "") -> list[str]:
    return [message["text"] for message in control.ok("GET", f"messages?{query}")["messages"]]


def test_messages_are_filtered(control: Any) -> None:
    """Messages can be asked for by user, direction, type and status."""
    write(control, USER, "a")
    write(control, OTHER, "b")
    control.send(USER, {"type": "text", "text": {"body": "c"}})
    assert texts(control) == ["a", "b", "c"]
    assert texts(control, "user=%2B1 650 555 1235&limit=5") == ["b"]
    assert texts(control, "direction=outbound") == ["c"]
    assert texts(control, "direction=in") == ["a", "b"]
    assert texts(control, f"status=sent&type=text&user={USER}") == ["c"]
    assert texts(control, "type=image") == []


def test_messages_in_pages(control: Any) -> None:
    """Without `after` the last messages come, with it those behind it."""
    ids = [write(control, USER, text) for text in "abcd"]
    assert texts(control, "limit=2") == ["c", "d"]
    assert texts(control, f"limit=2&after={ids[0]}".replace("+", "%2B")) == ["b", "c"]


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "limit=1e3", "limit=²", "direction=up", "after=x", "usr=1"])
def test_messages_refuse(control: Any, query: str) -> None:
    """A query that makes no sense is refused."""
    control.error("GET", f"messages?{query}")


def test_journal(control: Any) -> None:
    """The journal numbers what happened, and can be read on from a number."""
    write(control)
    control.host.note_call("GET", "/v26.0/1", 400, b"", b"{}", "[rule] why", "operation")
    entries = control.ok("GET", "journal")["entries"]
    assert [entry["n"] for entry in entries] == list(range(1, len(entries) + 1))
    assert control.ok("GET", f"journal?after={len(entries) - 1}")["entries"] == entries[-1:]
    assert [entry["why"] for entry in control.ok("GET", "journal?kind=call")["entries"]] == ["[rule] why"]
    assert control.ok("GET", "journal?limit=1")["entries"] == entries[:1]


def test_journal_since_a_time(control: Any) -> None:
    """The journal can be read on from a time, too: what happened just then is in it, what was before is not."""
    write(control)
    before = control.ok("GET", "journal")["entries"]
    control.ok("POST", "clock/advance", {"seconds": 60})
    write(control)
    entries = control.ok("GET", "journal")["entries"]
    later = next(entry["at"] for entry in entries if entry["at"] > before[-1]["at"])
    assert control.ok("GET", f"journal?since={later}")["entries"] == [one for one in entries if one["at"] >= later]
    assert control.ok("GET", f"journal?since={before[0]['at']}")["entries"] == entries
    assert control.ok("GET", f"journal?since={entries[-1]['at'] + 1}")["entries"] == []


def test_events_are_streamed(control: Any) -> None:
    """The stream repeats the journal from a number on, goes on with what comes, and shows that it lives."""

    async def follow() -> list[bytes]:
        stream = server_sent(control.host, after=1, heartbeat=0.01)
        found = [await anext(stream) for _ in range(4)]
        control.host.note_call("GET", "/new", 200, b"", b"{}", "", "")
        while b"/new" not in found[-1]:
            found.append(await anext(stream))
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    write(control)
    count = control.ok("GET", "world")["counts"]["journal"]
    assert count == 3
    found = control.run(follow())
    assert [part.partition(b"\n")[0] for part in found[:4]] == [b": localwaba", b"id: 2", b"id: 3", b": still here"]
    assert found[-1].startswith(b"id: 4\nevent: call\ndata: {")
    assert found[-1].endswith(b"}\n\n")


def test_events_over_http(control: Any) -> None:
    """The stream is one of server-sent events, begins at once, and ends when the client leaves."""
    sent: list[Any] = []

    async def ask() -> None:
        left = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message.get("body"):
                left.set()

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/_localwaba/events",
            "raw_path": b"/_localwaba/events",
            "query_string": b"after=0",
            "headers": [(b"host", b"localhost")],
        }
        await asyncio.wait_for(control.app(scope, receive, send), 5)

    control.run(ask())
    assert sent[0]["status"] == 200
    assert dict(sent[0]["headers"])[b"content-type"].startswith(b"text/event-stream")
    assert sent[1]["body"] == b": localwaba\n\n"


def test_webhooks(control: Any) -> None:
    """A delivery is shown with every attempt and what the app answered."""
    control.subscribe()
    control.network.status = 500
    write(control)
    control.ok("POST", "settle")
    (webhook,) = control.ok("GET", "webhooks?field=messages&state=pending")["webhooks"]
    assert [(attempt["status"], attempt["answer"]) for attempt in webhook["attempts"]] == [(500, "answer")] * 2
    assert control.ok("GET", "webhooks?state=delivered")["webhooks"] == []
    assert "messages" in control.error("GET", "webhooks?field=message")


def test_webhook_in_full(control: Any) -> None:
    """A delivery shows its exact bytes, the headers that go with them, and a command that sends the same."""
    control.subscribe()
    write(control, text="ü/<%@'")
    control.ok("POST", "settle")
    (webhook,) = control.ok("GET", "webhooks")["webhooks"]
    found = control.ok("GET", f"webhooks/{webhook['id']}")
    delivery, url = control.network.posted[0]
    secret = control.ok("GET", "world")["app_secret"].encode()
    assert found["raw"].encode() == delivery.body
    assert found["headers"] == dict(delivery_headers(secret, delivery.body))
    words = shlex.split(found["as_curl"])
    assert words[:4] == ["curl", "-X", "POST", url]
    assert words[-1].encode() == delivery.body


def test_redeliver(control: Any) -> None:
    """A webhook can be delivered once more, with the same bytes."""
    control.subscribe()
    write(control)
    control.ok("POST", "settle")
    (webhook,) = control.ok("GET", "webhooks")["webhooks"]
    control.ok("POST", f"webhooks/{webhook['id']}/redeliver")
    control.ok("POST", "settle")
    bodies = [delivery.body for delivery, _ in control.network.posted]
    assert bodies == bodies[:1] * 2
    assert len(control.ok("GET", f"webhooks/{webhook['id']}")["attempts"]) == 2
    assert "webhooks" in control.error("POST", "webhooks/x/redeliver", status=404)


def test_template_is_judged(control: Any) -> None:
    """A template that Meta rejects is rejected, and the app is told."""
    control.subscribe()
    template = control.ok("GET", "templates")["templates"][0]
    found = control.ok("PATCH", f"templates/{template['id']}", {"status": "REJECTED", "reason": "SCAM"})
    assert (found["status"], found["rejected_reason"]) == ("REJECTED", "SCAM")
    (told,) = control.told("message_template_status_update")
    assert (told["event"], told["reason"], told["message_template_id"]) == ("REJECTED", "SCAM", int(template["id"]))


def test_number_is_rated(control: Any) -> None:
    """A number is what Meta made of it, and its portfolio's new limit is told."""
    control.subscribe()
    number = control.ok("GET", "world")["phone_number_id"]
    found = control.ok("PATCH", f"phone_numbers/{number}", {"quality_rating": "RED", "messaging_limit": "TIER_2K"})
    assert (found["quality_rating"], found["messaging_limit"]) == ("RED", "TIER_2K")
    assert control.told("business_capability_update")[0]["max_daily_conversations_per_business"] == 2_000


def test_policy(control: Any) -> None:
    """A knob can be turned; an unknown one is answered with the nearest."""
    assert control.ok("PATCH", "policy", {"read_after": None})["read_after"] is None
    assert "read_after" in control.error("PATCH", "policy", {"read_aftr": 1})


def test_platform_event(control: Any) -> None:
    """A platform event reaches the app with the value that was given."""
    control.subscribe()
    value = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}}
    assert control.ok("POST", "platform-events", {"field": "account_update", "value": value})["apps"] == 1
    assert control.told("account_update") == [value]


def test_files(control: Any) -> None:
    """The bytes of a file come as they are; no app has called for that."""
    found = control.ok("POST", f"users/{USER}/messages", {"type": "image"})["message_id"]
    (message,) = [one for one in control.ok("GET", "messages")["messages"] if one["id"] == found]
    before = control.ok("GET", "journal?kind=call")
    answer = control.answer("GET", f"media/{message['body']['image']['id']}")
    assert answer.content == sample("image").content
    assert answer.headers["content-type"] == "image/jpeg"
    assert control.ok("GET", "journal?kind=call") == before
    assert control.call("GET", "media/1")[0] == 404
