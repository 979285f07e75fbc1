"""Webhooks that the strategies make keep their contracts, to the byte; what users write is taken by the platform."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from localwaba_contracts.validate import is_valid, violation
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.contents import NOW
from pytest_localwaba.strategies.people import ANA
from pytest_localwaba.strategies.statuses import RANKS, status_value

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
unexplained = settings(quick, max_examples=200, phases=[Phase.generate, Phase.shrink])
unshrunk = settings(quick, max_examples=300, phases=[Phase.generate])
SECRET = "a secret"
METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}


def value_of(*messages: Any) -> dict[str, Any]:
    contacts = [{"profile": {"name": "Ana"}, "wa_id": "16505551234"}]
    return {"messaging_product": "whatsapp", "metadata": METADATA, "contacts": contacts, "messages": list(messages)}


# what users send


@quick
@given(message=wa.inbound_messages())
def test_messages_keep_their_contract(message: dict[str, Any]) -> None:
    """Every message of a user may stand in a webhook."""
    assert violation("webhooks/messages", value_of(message)) is None


@pytest.mark.parametrize("kind", wa.INBOUND_TYPES)
def test_each_type_is_taken(stage: Any, kind: str) -> None:
    """A user of the emulator can send what the strategy makes, of every type."""

    @settings(quick, max_examples=15)
    @given(content=wa.inbound_contents([kind]))
    def holds(content: dict[str, Any]) -> None:
        assert content["type"] == kind
        found = stage.platform.control("POST", f"users/{ANA.wa_id}/messages", content)
        assert found["message_id"].startswith("wamid.")

    holds()


# statuses


@quick
@given(statuses=wa.status_sequences())
def test_legal_statuses(statuses: list[dict[str, Any]]) -> None:
    """Legal statuses are of one message and go forward; nothing follows `failed`."""
    assert len({one["id"] for one in statuses}) == 1
    ranks = [RANKS.get(one["status"], 9) for one in statuses]
    assert ranks == sorted(set(ranks))


@settings(quick, max_examples=100)
@given(statuses=wa.status_sequences(["message", "group", "payment"]), contacts=st.booleans())
def test_all_kinds_of_statuses(statuses: list[dict[str, Any]], contacts: bool) -> None:
    """Statuses of messages, in groups and of payments keep their contract, with contacts or not; time goes on."""
    stamps = [int(one["timestamp"]) for one in statuses]
    assert stamps == sorted(stamps)
    assert violation("webhooks/messages", status_value(statuses, METADATA, contacts=contacts)) is None


def test_statuses_in_groups() -> None:
    """In a group each member has statuses of their own; a payment that fails says why."""
    found = find(wa.status_sequences("group", group_id="G"), lambda statuses: len(statuses) > 3, settings=unshrunk)
    assert {one["recipient_id"] for one in found} == {"G"}
    paid = find(wa.status_sequences("payment"), lambda statuses: len(statuses) == 3, settings=unexplained)
    assert [one["status"] for one in paid] == ["pending", "pending", "captured"]
    assert paid[1]["payment"]["transaction"]["error"]["reason"] == "payment_failed"


@pytest.mark.parametrize("way", wa.NASTY)
def test_nasty_statuses(way: str) -> None:
    """Each nasty way is what it says; all but the two that say otherwise keep the contract."""
    ways: dict[str, Callable[[list[str]], bool]] = {
        "duplicates": lambda names: len(names) == 2 * len(set(names)),
        "reversed": lambda names: names == ["read", "delivered", "sent"],
        "shuffled": lambda names: sorted(names) == ["delivered", "read", "sent"],
        "missing sent": lambda names: "sent" not in names,
        "read without delivered": lambda names: names == ["sent", "read"],
        "failed after delivered": lambda names: names == ["sent", "delivered", "failed"],
        "delivered after failed": lambda names: names == ["sent", "failed", "delivered"],
        "failed only": lambda names: names == ["failed"],
        "failed without errors": lambda names: names == ["failed"],
        "bare": lambda names: names == ["sent", "delivered", "read"],
        "unknown status": lambda names: names[-1] not in RANKS,
    }
    shown = ways[way]

    @settings(quick, max_examples=8)
    @given(statuses=wa.nasty_status_sequences([way]))
    def holds(statuses: list[dict[str, Any]]) -> None:
        assert shown([one["status"] for one in statuses])
        value = value_of() | {"statuses": statuses}
        del value["messages"], value["contacts"]
        assert is_valid("webhooks/messages", value) == (way not in ("failed without errors", "unknown status"))

    holds()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], None),
        (["read", "sent"], "read"),
        (["sent", "failed"], "failed"),
        (["sent", "delivered", "failed"], "delivered"),
        (["failed", "sent"], "failed"),
    ],
)
def test_highest(names: list[str], expected: str | None) -> None:
    """The highest status is the furthest that was told; a failure counts unless the message was delivered."""
    assert wa.highest([{"status": name} for name in names]) == expected


# whole webhooks


@quick
@given(one=wa.webhooks(SECRET))
def test_webhooks(one: wa.Webhook) -> None:
    """A webhook is signed over its bytes, pure ASCII, and keeps the contracts of the envelope and of each field."""
    expected = hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest()
    assert one.headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert one.body.isascii()
    assert b"/" not in one.body.replace(b"\\/", b"")
    assert violation("webhooks/envelope", one.json) is None
    for field, value in one.values:
        assert violation(f"webhooks/{field}", value) is None


def test_batches() -> None:
    """Batches have several entries, changes or messages; without them a body has one of each."""
    big = find(wa.webhooks(SECRET), lambda one: len(one.values) > 2, settings=unshrunk)
    assert len(big.values) > 2

    @settings(quick, max_examples=30)
    @given(one=wa.webhooks(SECRET, ["messages", "statuses"], batches=False, nasty=True))
    def holds(one: wa.Webhook) -> None:
        assert len(one.values) == 1

    holds()


@settings(quick, max_examples=30)
@given(data=st.data())
def test_conversations(data: st.DataObject) -> None:
    """A conversation begins with its user, is told in order of time, and keeps the contract throughout."""
    nasty = data.draw(st.booleans())
    found = data.draw(wa.conversations(nasty=nasty))
    assert found.turns[0].kind == "user"
    stamps = [turn.at for turn in found.turns]
    assert stamps == sorted(stamps)
    for turn, one in zip(found.turns, found.webhooks(SECRET), strict=True):
        assert one.values == [("messages", json.loads(json.dumps(turn.value)))]
        if not nasty:
            assert violation("webhooks/messages", turn.value) is None
    ids = [turn.value["messages"][0]["id"] for turn in found.turns if turn.kind == "user"]
    assert len(ids) == len(set(ids))


def test_windows() -> None:
    """A conversation ends with the window open or closed, as was asked for; the last message of the user decides."""

    @settings(quick, max_examples=25)
    @given(closed=wa.conversations(window="closed"), opened=wa.conversations(window="open"))
    def holds(closed: wa.Conversation, opened: wa.Conversation) -> None:
        for found in (closed, opened):
            last = max(turn.at for turn in found.turns if turn.kind == "user")
            assert found.is_open == (found.ends < last + 24 * 3600)
            assert found.ends >= found.turns[-1].at
        assert (closed.is_open, opened.is_open) == (False, True)

    holds()
    with pytest.raises(ValueError, match="there is no window 'close': did you mean 'closed'"):
        wa.conversations(window="close")  # type: ignore[arg-type]


def test_webhooks_shrink() -> None:
    """The smallest webhook, message, conversation and user are Ana, who writes "hi"; the smallest shape is a text."""
    plain = unexplained
    for messages in (wa.inbound_messages(), wa.inbound_messages(["request_welcome", "text"])):
        message = find(messages, lambda one: True, settings=plain)
        assert (message["from"], message["timestamp"], message["text"]) == (ANA.wa_id, str(NOW), {"body": "hi"})
    name, value = find(wa.message_shapes(), lambda one: True, settings=plain)
    assert (name, value["messages"][0]["from"], value["messages"][0]["timestamp"]) == ("text", ANA.wa_id, str(NOW))
    ((field, value),) = find(wa.webhooks(SECRET), lambda one: True, settings=plain).values
    assert (field, value["messages"][0]["text"]["body"], value["messages"][0]["from"]) == ("messages", "hi", ANA.wa_id)
    (turn,) = find(wa.conversations(), lambda one: True, settings=plain).turns
    assert turn.value["messages"][0]["text"] == {"body": "hi"}
    assert find(wa.users(), lambda one: True, settings=plain) == ANA
    two = find(wa.conversations(), lambda one: len(one.turns) > 1, settings=plain)
    assert [turn.kind for turn in two.turns] == ["user", "user"]


def test_webhooks_of_what_was_asked_for() -> None:
    """The number, the account, the user, the types and the fields can be pinned; nothing else comes."""

    @settings(quick, max_examples=12)
    @given(
        one=wa.webhooks(
            SECRET,
            "messages",
            types="location",
            user=ANA,
            metadata={"display_phone_number": "1", "phone_number_id": "2"},
        ),
        news=wa.webhooks(SECRET, fields=["calls", "flows"], waba_id="77"),
    )
    def holds(one: wa.Webhook, news: wa.Webhook) -> None:
        for _, value in one.values:
            assert value["metadata"]["phone_number_id"] == "2"
            assert {(message["type"], message["from"]) for message in value["messages"]} == {("location", ANA.wa_id)}
        assert {field for field, _ in news.values} <= {"calls", "flows"}
        assert {entry["id"] for entry in news.json["entry"]} == {"77"}

    holds()


def test_slips() -> None:
    """What there is not is an error that names what there is."""
    with pytest.raises(
        ValueError, match="no type of a user's message 'txt': did you mean 'text'\\? There are text, image"
    ):
        wa.inbound_contents(["txt"])
    with pytest.raises(ValueError, match="no nasty way 'late'; there are duplicates, reversed"):
        wa.nasty_status_sequences(["late"])
    with pytest.raises(ValueError, match="no kind of webhooks 'status': did you mean 'statuses'\\?"):
        wa.webhooks(SECRET, "status")
    with pytest.raises(ValueError, match="'call': did you mean 'calls'\\?"):
        wa.webhooks(SECRET, fields="call")
    with pytest.raises(ValueError, match="no kind of statuses 'groups': did you mean 'group'\\?"):
        wa.status_sequences("groups")
    with pytest.raises(ValueError, match="name a type of a user's message at least"):
        wa.conversations([])


def test_lazy() -> None:
    """Whoever imports the plugin does not import Hypothesis."""
    script = "import sys, pytest_localwaba, pytest_localwaba.plugin; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False"
