"""The delivery history of messages: what Graph says of statuses, and of the webhooks that told of them."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba_contracts.validate import violation

URL, OTHER = "http://127.0.0.1:9/webhook", "http://127.0.0.1:9/other"
NOON = 1_767_268_800
ALL = (
    "id,message_id,events{id,delivery_status,webhook_update_state,timestamp,application,webhook_uri,error_description}"
)


def send(platform: Any, to: str = "16505551234") -> str:
    """A message of the business to a user who wrote; its id."""
    platform.control("POST", f"users/{to}/messages", {"type": "text", "text": {"body": "hi"}})
    message_id = platform.send(platform.text(to)).body["messages"][0]["id"]
    platform.control("POST", "clock/advance", {"seconds": 5})
    return str(message_id)


def history(platform: Any, query: str = "") -> Any:
    """The answer of the list, which keeps its contract."""
    reply = platform.graph("GET", f"/{platform.number}/message_history", query=query)
    assert reply.status == 200, reply.body
    assert violation("answers/list_message_history", reply.body) is None
    return reply.body


def events(platform: Any, message_id: str) -> list[Any]:
    """What became of a message, with all that can be asked for."""
    (one,) = history(platform, f"message_id={message_id}&fields={ALL}")["data"]
    found: list[Any] = one["events"]["data"]
    return found


def test_messages_are_listed(platform: Any) -> None:
    """Unasked, ids are shown: of what the business sent, the newest first."""
    ids = [send(platform) for _ in range(3)]
    found = history(platform)["data"]
    assert [one["message_id"] for one in found] == ids[::-1]
    assert all(set(one) == {"id", "message_id"} and one["id"].isdigit() for one in found)


def test_pages(platform: Any) -> None:
    """The list comes in pages."""
    ids = [send(platform) for _ in range(3)]
    first = history(platform, "limit=2")
    after = first["paging"]["cursors"]["after"]
    second = history(platform, f"limit=2&after={after}")
    assert [one["message_id"] for page in (first, second) for one in page["data"]] == ids[::-1]


def test_of_nobody_else(platform: Any) -> None:
    """A message that is unknown, or came from a user, has no history."""
    send(platform)
    inbound = next(one.id for one in platform.world.messages.values() if not one.outbound)
    for message_id in (inbound, "wamid.none"):
        assert history(platform, f"message_id={message_id}") == {"data": []}


def test_what_became_of_a_message(platform: Any) -> None:
    """Each status is an event with the webhook that told of it."""
    platform.control("PUT", "webhook", {"url": URL})
    message_id = send(platform)
    found = events(platform, message_id)
    assert [(one["delivery_status"], one["webhook_update_state"]) for one in found] == [
        ("SENT", "DELIVERED"),
        ("DELIVERED", "DELIVERED"),
        ("READ", "DELIVERED"),
    ]
    assert {one["webhook_uri"] for one in found} == {URL}
    assert {one["application"]["id"] for one in found} == {platform.world.app_id}
    assert NOON <= found[0]["timestamp"] <= found[1]["timestamp"] <= found[2]["timestamp"]
    assert len({one["id"] for one in found}) == 3
    assert events(platform, message_id) == found


def test_without_a_callback(platform: Any) -> None:
    """Nobody is told, but the statuses are there."""
    found = events(platform, send(platform))
    assert [set(one) for one in found] == [{"id", "delivery_status", "timestamp"}] * 3


def test_a_webhook_that_is_not_taken(platform: Any) -> None:
    """While it is tried again the history says so, with what the app answered; in the end that it failed."""
    platform.control("PUT", "webhook", {"url": URL})
    platform.network.status = 500
    message_id = send(platform)
    said = "Webhook endpoint returned HTTP 500"
    assert {(one["webhook_update_state"], one["error_description"]) for one in events(platform, message_id)} == {
        ("RETRYING", said)
    }
    platform.control("POST", "clock/advance", {"seconds": 8 * 86_400})
    assert {(one["webhook_update_state"], one["error_description"]) for one in events(platform, message_id)} == {
        ("FAILED", said)
    }


def test_a_webhook_that_was_not_tried_yet(platform: Any) -> None:
    """What has not been sent yet is pending."""
    platform.control("PUT", "webhook", {"url": URL})
    platform.control("POST", "faults", {"kind": "delay_delivery", "seconds": 3600})
    assert {one["webhook_update_state"] for one in events(platform, send(platform))} == {"PENDING"}


def test_several_apps(platform: Any) -> None:
    """Each app that is told has an event of its own."""
    platform.control("PUT", "webhook", {"url": URL})
    other = platform.control("POST", "apps", {"webhook": {"url": OTHER}})["id"]
    platform.network.statuses[OTHER] = 404
    found = events(platform, send(platform))[:2]
    assert [(one["application"]["id"], one["webhook_uri"], one["webhook_update_state"]) for one in found] == [
        (platform.world.app_id, URL, "DELIVERED"),
        (other, OTHER, "RETRYING"),
    ]


def test_a_message_that_failed(platform: Any) -> None:
    """Why it failed is said."""
    platform.control("PUT", "users/16505559999", {"behaviour": {"fails_with": 131026}})
    message_id = send(platform, "16505559999")
    (found,) = events(platform, message_id)
    assert (found["delivery_status"], found["error_description"]) == ("FAILED", "Message Undeliverable.")


def occurrences(platform: Any, query: str = "") -> Any:
    """The events edge of the newest message's history, which keeps its contract."""
    node = history(platform)["data"][0]["id"]
    reply = platform.graph("GET", f"/{node}/events", query=query)
    assert reply.status == 200, reply.body
    assert violation("answers/list_message_history_events", reply.body) is None
    return reply.body


def test_the_events_edge(platform: Any) -> None:
    """The history of one message is an edge of its own, each event with its cursor."""
    send(platform)
    found = occurrences(platform)
    assert [set(one) for one in found["data"]] == [{"cursor", "node"}] * 3
    assert [set(one["node"]) for one in found["data"]] == [{"id", "delivery_status", "occurrence_timestamp"}] * 3
    after = found["data"][0]["cursor"]
    rest = occurrences(platform, f"after={after}")["data"]
    assert [one["node"]["delivery_status"] for one in rest] == ["DELIVERED", "READ"]


def test_fields_of_the_events_edge(platform: Any) -> None:
    """The app is named where it is asked for."""
    platform.control("PUT", "webhook", {"url": URL})
    send(platform)
    fields = "fields=node{id,delivery_status,application,status_timestamp}&status_filter=READ"
    (found,) = occurrences(platform, fields)["data"]
    assert found["node"]["application"] == {"id": platform.world.app_id, "name": "Localhost App"}
    assert (found["node"]["delivery_status"], set(found)) == ("READ", {"node"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status_filter=PLAYED", "Param status_filter must be one of {SENT, DELIVERED, READ, FAILED, DELETED}"),
        ("fields=nod", "(#100) Tried accessing nonexisting field (nod)"),
        ("fields=node{sent}", "(#100) Tried accessing nonexisting field (sent)"),
    ],
)
def test_what_the_edge_does_not_have(platform: Any, query: str, expected: str) -> None:
    """A status or a field that there is not is refused as everywhere on Graph."""
    send(platform)
    node = history(platform)["data"][0]["id"]
    reply = platform.graph("GET", f"/{node}/events", query=query)
    assert (reply.status, expected in reply.error["message"]) == (400, True), reply.body


def test_a_history_that_is_not_there(platform: Any) -> None:
    """An id of no history is an unknown object."""
    for node in ("9" * 17, "91234567890123456"):
        assert platform.graph("GET", f"/{node}/events").error["error_subcode"] == 33
