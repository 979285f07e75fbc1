"""How what arrives with a fault differs from what arrives without: changes of a run, and looks at two of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

from localwaba.domain.errors import Refusal
from localwaba.wire.encoding import encode_plain
from localwaba.wire.errors import webhook_error
from localwaba.wire.signature import sign, sign_legacy
from neighbours import load

on: Any = load("http/anomaly_stage")
DAY, WEBHOOK, NOON = 86_400, on.CALLBACK, on.NOON


class Tell(NamedTuple):
    """A webhook: so many seconds after noon, at a URL, with a body."""

    seconds: float
    url: str
    body: Any

    @property
    def value(self) -> Any:
        return self.body["entry"][0]["changes"][0]["value"]

    @property
    def kind(self) -> str:
        """The status, or the type of the message."""
        item = (self.value.get("statuses") or self.value.get("messages"))[0]
        return str(item.get("status") or item["type"])

    @property
    def item(self) -> Any:
        return (self.value.get("statuses") or self.value.get("messages"))[0]


Tells = list[Tell]
Change = Callable[[Tells], Any]


class Row(NamedTuple):
    """What is different: `change` makes what has to come of a normal run; where it cannot, `look` judges both runs."""

    sentence: str
    story: Any
    change: Change | None = None
    look: Callable[[Any, Any], None] | None = None
    answers: list[Any] | None = None
    is_signed: bool = True


def told(stage: Any) -> Tells:
    return [Tell(one.seconds, one.url, one.body) for one in stage.arrivals()]


def in_time(tells: Tells) -> Tells:
    return sorted(tells, key=lambda tell: tell.seconds)


def later(seconds: float, *kinds: str) -> Change:
    """Everything, or what is of these kinds, comes so many seconds later."""
    return lambda tells: in_time(
        [tell._replace(seconds=tell.seconds + seconds) if not kinds or tell.kind in kinds else tell for tell in tells]
    )


def twice(spacing: float) -> Change:
    """Everything comes once more, so many seconds after the first time."""
    return lambda tells: in_time(
        [one for tell in tells for one in (tell, tell._replace(seconds=tell.seconds + spacing))]
    )


def same(tells: Tells) -> Tells:
    return tells


def without(*kinds: str) -> Change:
    return lambda tells: [tell for tell in tells if tell.kind not in kinds]


def changed(edit: Callable[[Any], Any], *kinds: str, entry: bool = False) -> Change:
    """Each value, or those of these kinds, is edited; with `entry` the entry is."""

    def change(tells: Tells) -> Tells:
        found = deepcopy(tells)
        for tell in found:
            if not kinds or tell.kind in kinds:
                edit(tell.body["entry"][0] if entry else tell.value)
        return found

    return change


def item(edit: Callable[[Any], Any], *kinds: str) -> Change:
    """Each message or status, or those of these kinds, is edited."""
    return changed(lambda value: edit((value.get("statuses") or value.get("messages"))[0]), *kinds)


def put(**members: Any) -> Callable[[Any], Any]:
    return lambda thing: thing.update(members)


def drop(*names: str) -> Callable[[Any], Any]:
    return lambda thing: [thing.pop(name, None) for name in names]


def only(*members: str, **more: Any) -> Callable[[Any], Any]:
    """What is left are the head of a message and these."""

    def edit(message: Any) -> None:
        head = {
            name: message[name] for name in ("context", "from", "from_user_id", "id", "timestamp") if name in message
        }
        message.clear()
        message.update(head | more)

    return edit


def error(code: int, title: str, details: str) -> Any:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}


def failing(code: int, after: str = "", seconds: float = 0, **members: Any) -> Change:
    """`failed` instead of `sent`, or so many seconds after another status, and nothing follows."""

    def change(tells: Tells) -> Tells:
        kinds = [tell.kind for tell in tells]
        kept = tells[: kinds.index(after) + 1] if after else []
        last = deepcopy(kept[-1] if kept else tells[0])
        at = last.seconds + seconds
        last.value["contacts"][0].pop("user_id")
        for name in ("recipient_user_id", "pricing"):
            last.item.pop(name)
        last.item.update({"status": "failed", "timestamp": str(NOON + int(at))})
        last.item.update({"errors": [webhook_error(Refusal(code=code))]} | members)
        return [*kept, last._replace(seconds=at)]

    return change


def of_message(place: int) -> Change:
    """What is told of the message that was sent so many messages later."""
    return lambda tells: [
        tell for tell in tells if tell.item["id"] == list(dict.fromkeys(t.item["id"] for t in tells))[place]
    ]


def of_first(count: int) -> Change:
    def change(tells: Tells) -> Tells:
        ids = list(dict.fromkeys(tell.item["id"] for tell in tells))[:count]
        return [tell for tell in tells if tell.item["id"] in ids]

    return change


def no_phone(value: Any) -> None:
    for contact in value["contacts"]:
        wa_id = contact.pop("wa_id")
        if "profile" in contact:
            contact["profile"]["username"] = f"user.{wa_id[-4:]}"
    for one in (*value.get("messages", []), *value.get("statuses", [])):
        one.pop("from", None)
        one.pop("recipient_id", None)


def other_form(value: Any) -> None:
    text = json.dumps(value).replace('"554187654321"', '"5541987654321"')
    value.update(json.loads(text))


def expired(message: Any) -> None:
    url = message["image"]["url"]
    stamp = int(re.search(r"ext=(\d+)", url)[1])  # type: ignore[index]
    assert stamp == NOON + 60 + 300
    message["image"]["url"] = "expired"


def retyped(value: Any) -> None:
    if "max_phone_numbers_per_waba" in value:
        value.update({"max_daily_conversations_per_business": 2_000, "max_phone_numbers_per_waba": "25"})


AWKWARD = ' caf\u00e9 \u00e4\u00f6\u00e5 / 50% a@b.c <tag> & "\u00bfs\u00ed?" \U0001f62e'


def awkward(value: Any) -> None:
    value["contacts"][0]["profile"]["name"] += AWKWARD
    value["messages"][0]["text"]["body"] += AWKWARD


def novel(value: Any) -> None:
    for thing in (value, *value["contacts"], *value["messages"]):
        thing["novelty"] = {"since": "2030-01-01", "flags": [True, None]}


# what cannot be said as a change


def ids_of(tells: Tells) -> list[str]:
    return [f"{tell.kind} {tell.item['id']}" for tell in tells]


def is_permuted(seconds: float) -> Callable[[Any, Any], None]:
    """The same in another order, all at one moment."""

    def look(normal: Any, armed: Any) -> None:
        before, after = told(normal), told(armed)
        assert {tell.seconds for tell in after} == {seconds}
        assert sorted(ids_of(before)) == sorted(ids_of(after))
        assert ids_of(before) != ids_of(after)

    return look


def comes_at_once(seconds: float) -> Callable[[Any, Any], None]:
    """The same in the same order, all at one moment, side by side."""

    def look(normal: Any, armed: Any) -> None:
        assert told(armed) == [tell._replace(seconds=seconds) for tell in told(normal)]
        lanes = [one.lane for one in armed.arrivals()]
        assert len(lanes) == len(set(lanes)) > 1

    return look


def repeats_in_any_order(normal: Any, armed: Any) -> None:
    before, after = ids_of(told(normal)), ids_of(told(armed))
    assert sorted(after) == sorted(before * 2)
    assert [one for one in after if one in before] != [one for one in before for _ in range(2)]


def updates(tells: Tells) -> list[str]:
    """All updates, whichever level they share."""
    found = []
    for tell in tells:
        for change in [change for entry in tell.body["entry"] for change in entry["changes"]]:
            value = change["value"]
            found += [f"message {one['id']}" for one in value.get("messages", [])]
            found += [f"{one['status']} {one['id']}" for one in value.get("statuses", [])]
    return found


def joined(*shape: tuple[int, ...]) -> Callable[[Any, Any], None]:
    """One POST for all within five seconds: for each entry, how many updates each of its changes has."""

    def look(normal: Any, armed: Any) -> None:
        (batch,) = told(armed)
        assert batch.seconds == 65
        assert sorted(updates([batch])) == sorted(updates(told(normal)))
        counts = []
        for entry in batch.body["entry"]:
            values = [change["value"] for change in entry["changes"]]
            counts.append(tuple(len(value.get("messages", value.get("statuses", []))) for value in values))
        assert counts == list(shape)

    return look


def joined_in_another_order(*shape: tuple[int, ...]) -> Callable[[Any, Any], None]:
    def look(normal: Any, armed: Any) -> None:
        joined(*shape)(normal, armed)
        assert updates(told(armed)) != updates(told(normal))

    return look


def with_a_stranger(normal: Any, armed: Any) -> None:
    (batch,) = told(armed)
    (entry,) = batch.body["entry"]
    fields = [change["field"] for change in entry["changes"]]
    assert fields == ["messages", "message_novelties", "messages", "message_novelties", "messages"]
    assert [change["value"] for change in entry["changes"]] == [tell.value for tell in told(normal)]


def tells_first(normal: Any, armed: Any) -> None:
    """`sent` goes out before the answer, and everything is as it was."""
    order = [[one if one == "answer" else "webhook" for one in stage.listening.log] for stage in (normal, armed)]
    assert order == [["answer", "webhook", "webhook", "webhook"], ["webhook", "answer", "webhook", "webhook"]]
    assert told(armed) == told(normal)


def strangers_first(count: int) -> Callable[[Any, Any], None]:
    """Before each webhook comes one that is the same but for the id that it is about."""

    def look(normal: Any, armed: Any) -> None:
        before, after = told(normal), told(armed)
        assert after[1::2] == before
        assert len(after) == 2 * count
        known = {tell.item["id"] for tell in before}
        for stranger, tell in zip(after[::2], before, strict=True):
            assert stranger.item["id"] not in known
            assert stranger.item["id"].startswith("wamid.HBgLMTY1MDU1NTEyMzQV")
            stranger.item["id"] = tell.item["id"]
            assert stranger == tell

    return look


def foreign_first(normal: Any, armed: Any) -> None:
    other, mine = told(armed)
    assert [mine] == told(normal)
    assert other.item["text"] == mine.item["text"]
    for name in ("id",):
        assert other.body["entry"][0][name] != mine.body["entry"][0][name]
        assert other.item[name] != mine.item[name]
    assert other.value["metadata"] != mine.value["metadata"]


def ghost_first(normal: Any, armed: Any) -> None:
    ghost, real = told(armed)
    (message,) = told(normal)
    assert real == message._replace(seconds=60.2)
    assert ghost.seconds == 60
    content = {
        "errors": [error(131060, "This message is unavailable.", "This message is currently unavailable.")],
        "type": "unsupported",
        "unsupported": {"type": "unknown"},
    }
    assert [ghost] == item(only(**content))([message])


def every_other_has_a_conversation(normal: Any, armed: Any) -> None:
    before, after = told(normal), told(armed)
    conversation = after[1].item.pop("conversation")
    assert (sorted(conversation), conversation["origin"]) == (["id", "origin"], {"type": "service"})
    assert re.fullmatch("[0-9a-f]{32}", conversation["id"])
    assert after == before


def some_are_late(normal: Any, armed: Any) -> None:
    before = {id_: tell.seconds for id_, tell in zip(ids_of(told(normal)), told(normal), strict=True)}
    after = {id_: tell.seconds for id_, tell in zip(ids_of(told(armed)), told(armed), strict=True)}
    assert before.keys() == after.keys()
    assert {after[one] - before[one] for one in after} == {0, 20}


def in_chunks(normal: Any, armed: Any) -> None:
    chunks = [tell.value["history"][0] for tell in told(armed)]
    assert [chunk["metadata"] for chunk in chunks] == [
        {"phase": 0, "chunk_order": order, "progress": progress} for order, progress in ((2, 66), (1, 33), (3, 100))
    ]
    first, second, third, picture = told(normal)[0].value["history"][0]["threads"][0]["messages"]
    del picture["image"]
    picture["type"] = "media_placeholder"
    assert [chunk["threads"][0]["messages"] for chunk in chunks] == [[second], [first, picture], [third]]


def in_one_huge_body(normal: Any, armed: Any) -> None:
    (huge,) = armed.arrivals()
    assert 2_800_000 < len(huge.raw) < 3_000_000
    messages = huge.value["history"][0]["threads"][0]["messages"]
    assert messages[:4] == told(normal)[0].value["history"][0]["threads"][0]["messages"]
    assert len({one["id"] for one in messages}) == len(messages) > 5_000


def in_another_order(normal: Any, armed: Any) -> None:
    """The same JSON, other bytes: no object begins as it did."""
    assert told(armed) == told(normal)
    for before, after in zip(normal.arrivals(), armed.arrivals(), strict=True):
        assert list(before.body) != list(after.body)
        assert list(before.value) != list(after.value)
        assert list(before.value["messages"][0]) != list(after.value["messages"][0])


def field_comes_first(normal: Any, armed: Any) -> None:
    assert told(armed) == told(normal)
    assert [list(one.body["entry"][0]["changes"][0]) for one in armed.arrivals()] == [["field", "value"]]


def is_expired(normal: Any, armed: Any) -> None:
    (tell,) = told(armed)
    stamp = int(re.search(r"ext=(\d+)", tell.item["image"]["url"])[1])  # type: ignore[index]
    assert stamp < NOON + 60
    assert tell.item["image"]["url"] != told(normal)[0].item["image"]["url"]
    tell.item["image"]["url"] = "expired"
    assert [tell] == item(expired)(told(normal))


def is_escaped(normal: Any, armed: Any) -> None:
    """The text is there, and its bytes are such that a body that is serialised again differs."""
    assert told(armed) == changed(awkward)(told(normal))
    (arrival,) = armed.arrivals()
    for escape in (rb"\u003Ctag>", rb"a\u0040b.c", rb"50\u0025", rb"\ud83d\ude2e", rb" \/ ", rb"caf\u00e9"):
        assert arrival.raw.count(escape) >= 2
    assert json.dumps(arrival.body, separators=(",", ":")).encode() != arrival.raw


def is_plain(normal: Any, armed: Any) -> None:
    assert told(armed) == told(normal)
    assert [one.raw for one in armed.arrivals()] == [encode_plain(one.body) for one in normal.arrivals()]
    assert "caf\u00e9 / 50%".encode() in armed.arrivals()[0].raw


def headers(expected: Callable[[bytes, str], dict[str, str]]) -> Callable[[Any, Any], None]:
    """Bodies are as they were; the signatures are these, of the body and the app's secret."""

    def look(normal: Any, armed: Any) -> None:
        secret = armed.world.apps[armed.world.app_id].secret
        for before, after in zip(normal.arrivals(), armed.arrivals(), strict=True):
            found = {name: value for name, value in after.headers.items() if name.startswith("X-Hub")}
            assert (after.raw, found) == (before.raw, expected(before.raw, secret))

    return look


def both(key: bytes, body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature": sign_legacy(key, body), "X-Hub-Signature-256": sign(key, body)}


def has_one_more_byte(normal: Any, armed: Any) -> None:
    assert told(armed) == told(normal)
    for before, after in zip(normal.arrivals(), armed.arrivals(), strict=True):
        assert (after.raw, after.headers) == (before.raw + b" ", before.headers)


def in_capitals(body: bytes, secret: str) -> dict[str, str]:
    found = both(secret.encode(), body)
    return {
        name: value[: value.index("=") + 1] + value[value.index("=") + 1 :].upper() for name, value in found.items()
    }


UNSUPPORTED = error(131051, "Message type unknown", "Message type is currently not supported.")
OLD = {"code": 131051, "details": "Message type is not currently supported", "title": "Unsupported message type"}
LOST = "Webhook could not be delivered within data retention limit"
GENERAL = webhook_error(Refusal(code=131000, details="Message failed to send because of an unknown error."), "none")
UNDELIVERABLE = webhook_error(Refusal(code=131026))
FINE = [(200, 0)]


def is_vcard(cards: Any) -> None:
    ((card,),) = (cards,)
    assert card["vcard"].startswith("BEGIN:VCARD\n")
    assert (list(card), card["origin"]) == (["origin", "vcard"], "other")


def has_two_values(normal: Any, armed: Any) -> None:
    (batch,) = told(armed)
    (entry,) = batch.body["entry"]
    values = sorted((change["value"] for change in entry["changes"]), key=lambda value: "statuses" in value)
    assert [len(values[0]["messages"]), len(values[1]["statuses"])] == [2, 3]
    assert sorted(updates([batch])) == sorted(updates(told(normal)))
    writers = [one["from"] for one in values[0]["messages"]]
    assert [one["wa_id"] for one in values[0]["contacts"]] == writers[::-1]
    assert len(values[1]["contacts"]) == 1


def has_kinds(stage: Any, kinds: list[str]) -> None:
    assert [tell.kind for tell in told(stage)] == kinds


def is_of_portfolio(business_id: str, normal: Tells, armed: Tells) -> None:
    expected = changed(lambda entry: entry.update(id=business_id), entry=True)(normal)
    assert armed == expected
