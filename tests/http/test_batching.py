"""Several updates in one POST, as the policy has it: what goes together, in which shape, within which limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

FIRST, SECOND = "http://127.0.0.1:9/first", "http://127.0.0.1:9/second"


def write(platform: Any, user: str, body: str = "hi") -> str:
    """A user writes, and nothing else happens; the message's id."""
    content = {"type": "text", "text": {"body": body}}
    return str(platform.control("POST", f"users/{user}/messages", content)["message_id"])


def advance(platform: Any, seconds: float) -> None:
    platform.control("POST", "clock/advance", {"seconds": seconds})


def batched(platform: Any, **knobs: Any) -> None:
    """The app is subscribed and webhooks go out in batches."""
    platform.control("PUT", "webhook", {"url": FIRST})
    platform.control("PATCH", "policy", {"webhook_batch": "always"} | knobs)


def bodies(platform: Any) -> list[Any]:
    """What was posted, in order."""
    return [json.loads(delivery.body) for delivery, _ in platform.network.posted]


def told(body: Any) -> list[str]:
    """The ids of all that a POST tells, in order."""
    values = [change["value"] for entry in body["entry"] for change in entry["changes"]]
    return [one["id"] for value in values for one in (*value.get("messages", ()), *value.get("statuses", ()))]


@pytest.mark.parametrize(
    ("shape", "expected"), [("entries", (4, [1, 1, 1, 1])), ("changes", (1, [4])), ("items", (1, [1]))]
)
def test_a_window_comes_in_one_post(platform: Any, shape: str, expected: tuple[int, list[int]]) -> None:
    """All that happens within a window comes in one POST, in order, at the level that the knob names."""
    batched(platform, webhook_batch_shape=shape)
    ids = [write(platform, f"1650555{number:04}") for number in range(4)]
    platform.settle()
    assert platform.network.posted == []
    advance(platform, 1)
    (body,) = bodies(platform)
    assert told(body) == ids
    assert expected == (len(body["entry"]), [len(entry["changes"]) for entry in body["entry"]])


def test_one_alone_is_as_ever(platform: Any) -> None:
    """A webhook with no other in its window has the bytes that it would have had."""
    batched(platform)
    write(platform, "16505551234")
    advance(platform, 1)
    (body,) = bodies(platform)
    assert [len(entry["changes"]) for entry in body["entry"]] == [1]


def test_the_bytes_stay_escaped(platform: Any) -> None:
    """What is put together keeps Meta's escapes, and the signature is over the whole."""
    batched(platform, webhook_batch_shape="items")
    for text in ("\u00e4 / < % @ \U0001f62e", "plain"):
        write(platform, "16505551234", text)
    advance(platform, 1)
    ((delivery, _),) = platform.network.posted
    assert rb"\u00e4 \/ \u003C \u0025 \u0040 \ud83d\ude2e" in delivery.body
    shown = platform.control("GET", f"webhooks/{delivery.id}")
    assert shown["raw"].encode() == delivery.body


def test_messages_and_statuses_never_share_a_value(platform: Any) -> None:
    """A value has messages or statuses; both in one batch are two changes."""
    batched(platform, webhook_batch_shape="items", webhook_batch_seconds=60)
    write(platform, "16505551234")
    platform.send()
    advance(platform, 60)
    (body,) = bodies(platform)
    values = [change["value"] for entry in body["entry"] for change in entry["changes"]]
    assert [sorted({"messages", "statuses"} & set(value)) for value in values] == [["messages"], ["statuses"]]
    assert [one["status"] for one in values[1]["statuses"]] == ["sent", "delivered", "read"]


def test_more_than_fits_is_split(platform: Any) -> None:
    """No POST has more updates than the limit; what is beyond comes in another one, in order."""
    batched(platform, webhook_batch_updates=3)
    ids = [write(platform, f"1650555{number:04}") for number in range(7)]
    advance(platform, 1)
    assert [told(body) for body in bodies(platform)] == [ids[:3], ids[3:6], ids[6:]]


def test_no_post_is_larger_than_the_limit(platform: Any) -> None:
    """No POST has more bytes than the limit, which is 3 MB unless the knob is turned."""
    assert platform.control("GET", "world")["policy"]["webhook_batch_bytes"] == 3_000_000
    batched(platform, webhook_batch_bytes=4_000)
    ids = [write(platform, "16505551234", "x" * 1_000) for _ in range(6)]
    advance(platform, 1)
    assert [one for body in bodies(platform) for one in told(body)] == ids
    assert len(platform.network.posted) == 3
    assert all(len(delivery.body) <= 4_000 for delivery, _ in platform.network.posted)


def test_a_batch_is_tried_again_as_a_whole(platform: Any) -> None:
    """A batch that was not taken comes again with the same bytes; what it carries says who carries it."""
    batched(platform)
    for number in range(3):
        write(platform, f"1650555{number:04}")
    platform.network.status = 500
    advance(platform, 1)
    platform.network.status = 200
    advance(platform, 10)
    assert len(platform.network.posted) == 3
    assert len({delivery.body for delivery, _ in platform.network.posted}) == 1
    carrier, *carried = platform.control("GET", "webhooks")["webhooks"]
    assert [one["state"] for one in (carrier, *carried)] == ["delivered", "carried", "carried"]
    assert {one["carrier"] for one in carried} == {carrier["id"]}
    assert platform.control("GET", "webhooks?state=carried")["webhooks"] == carried


def test_each_app_has_batches_of_its_own(platform: Any) -> None:
    """Two apps get the same batch each; when one fails, both get it again."""
    batched(platform)
    platform.control("POST", "apps", {"webhook": {"url": SECOND}})
    ids = [write(platform, f"1650555{number:04}") for number in range(3)]
    platform.network.statuses[SECOND] = 500
    advance(platform, 1)
    platform.network.statuses.clear()
    advance(platform, 10)
    assert [told(body) for body in bodies(platform)] == [ids] * len(platform.network.posted)
    assert [url.rpartition("/")[2] for _, url in platform.network.posted] == ["first", "second"] * 3


def test_a_backlog_comes_in_one_post(platform: Any) -> None:
    """Turned to `backlog`, only what is tried again at the same moment is put together, old timestamps and all."""
    platform.control("PUT", "webhook", {"url": FIRST})
    platform.control("PATCH", "policy", {"webhook_batch": "backlog", "webhook_backlog": "burst"})
    platform.network.status = 500
    ids = []
    for number in range(4):
        ids.append(write(platform, f"1650555{number:04}"))
        advance(platform, 3_737 + 131 * number)
    platform.network.status = 200
    del platform.network.posted[:]
    while not platform.network.posted:
        advance(platform, 600)
    single, batch = bodies(platform)
    assert (len(told(single)), len(told(batch))) == (1, 3)
    assert sorted(told(single) + told(batch)) == sorted(ids)
    assert told(batch) == [one for one in ids if one not in told(single)]
    write(platform, "16505551234")
    platform.settle()
    assert len(told(bodies(platform)[-1])) == 1


def test_the_history_knows_who_carried_it(platform: Any) -> None:
    """`message_history` says of a status in a batch what became of the batch."""
    batched(platform, webhook_batch_seconds=60)
    write(platform, "16505551234")
    platform.send()
    advance(platform, 60)
    path = f"/{platform.number}/message_history?fields=events{{delivery_status,webhook_update_state}}"
    (one,) = platform.graph("GET", path).body["data"]
    found = [(event["delivery_status"], event["webhook_update_state"]) for event in one["events"]["data"]]
    assert found == [("SENT", "DELIVERED"), ("DELIVERED", "DELIVERED"), ("READ", "DELIVERED")]


def test_what_must_not_be_kept_is_not_mixed(platform: Any) -> None:
    """A webhook of a number without storage stays alone: its batch could not be thrown away after an hour."""
    batched(platform)
    platform.control("PATCH", f"phone_numbers/{platform.number}", {"no_storage": True})
    for number in range(3):
        write(platform, f"1650555{number:04}")
    advance(platform, 1)
    assert [len(told(body)) for body in bodies(platform)] == [1, 1, 1]


def test_off_by_default(platform: Any) -> None:
    """Unless the knob is turned, each update has a POST of its own."""
    platform.control("PUT", "webhook", {"url": FIRST})
    for number in range(3):
        write(platform, f"1650555{number:04}")
    platform.settle()
    assert [len(told(body)) for body in bodies(platform)] == [1, 1, 1]
