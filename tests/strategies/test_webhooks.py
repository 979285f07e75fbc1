"""Webhooks that the strategies make keep their contracts, to the byte; what users write is taken by the platform."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from typing import Any

import phonenumbers
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from localwaba.domain.numbers import country_of, wa_id_of
from localwaba_contracts.validate import is_valid, violation
from localwaba_contracts.webhooks import fields
from pytest_localwaba import strategies as wa
from pytest_localwaba.strategies.people import ANA, RANGES, _number
from pytest_localwaba.strategies.statuses import RANKS

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
unexplained = settings(quick, max_examples=200, phases=[Phase.generate, Phase.shrink])
unshrunk = settings(quick, max_examples=300, phases=[Phase.generate])
SECRET = "a secret"


def value_of(*messages: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    contacts = [{"profile": {"name": "Ana"}, "wa_id": "16505551234"}]
    return {"messaging_product": "whatsapp", "metadata": metadata, "contacts": contacts, "messages": list(messages)}


# users


@quick
@given(user=wa.users())
def test_users(user: wa.Person) -> None:
    """A user has a valid number of their country, an account and a user id that webhooks may carry."""
    number = phonenumbers.parse(f"+{user.number}")
    assert phonenumbers.is_valid_number(number)
    assert (wa_id_of(user.number), country_of(user.wa_id)) == (user.wa_id, user.country)
    assert user.user_id.startswith(f"{user.country}.")
    assert 1 <= len(user.name) <= 25
    assert is_valid("webhooks/messages", value_of(find_plain()) | {"contacts": [user.contact]})


def find_plain() -> dict[str, Any]:
    """A message that nobody needs to draw."""
    return {"from": "16505551234", "id": "wamid.A", "timestamp": "1", "type": "text", "text": {"body": "hi"}}


def test_numbers_of_all_countries() -> None:
    """There are numbers of nearly all countries that the telephone network has, each of its own country."""
    assert len(RANGES) > 230
    for country in RANGES:
        for n in (0, 5_555_555):
            number = _number(country, n)
            assert phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}")), (country, number)
            assert country_of(wa_id_of(number)) == country


@settings(quick, max_examples=40)
@given(dialled=wa.dialled_numbers())
def test_dialled_numbers_reach_somebody(stage: Any, dialled: str) -> None:
    """However a number is written, the platform finds an account."""
    reply = stage.send(stage.platform.text(to=dialled))
    assert reply.status == 200, dialled
    assert reply.body["contacts"][0]["wa_id"].isdigit()


# what users send


@quick
@given(message=wa.inbound_messages())
def test_messages_keep_their_contract(message: dict[str, Any]) -> None:
    """Every message of a user may stand in a webhook."""
    assert violation("webhooks/messages", value_of(message)) is None


@pytest.mark.parametrize("kind", wa.INBOUND_TYPES)
def test_each_type_is_taken(stage: Any, kind: str) -> None:
    """A user of the emulator can send what the strategy makes, of every type."""

    @settings(quick, max_examples=5)
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
    """Legal statuses are of one message, go forward, and keep their contract; nothing follows `failed`."""
    assert len({one["id"] for one in statuses}) == 1
    ranks = [RANKS.get(one["status"], 9) for one in statuses]
    assert ranks == sorted(set(ranks))
    stamps = [int(one["timestamp"]) for one in statuses]
    assert stamps == sorted(stamps)
    value = value_of() | {"statuses": statuses}
    del value["messages"], value["contacts"]
    assert violation("webhooks/messages", value) is None


@pytest.mark.parametrize("way", wa.NASTY)
def test_nasty_statuses(way: str) -> None:
    """Each nasty way is what it says; all but the two that say otherwise keep the contract."""
    shown = {
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
    }[way]

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


@settings(quick, max_examples=40)
@given(shape=wa.message_shapes())
def test_known_shapes(shape: tuple[str, dict[str, Any]]) -> None:
    """Every known shape keeps its contract, whoever the user is."""
    assert violation("webhooks/messages", shape[1]) is None, shape[0]


def test_every_field_comes() -> None:
    """Every field of which a shape is known can be asked for, and only it comes."""
    for row in fields():
        if row.variants:
            found = find(wa.field_values(row.field), lambda one: True, settings=unexplained)
            assert found[0] == row.field


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


def test_webhooks_shrink() -> None:
    """The smallest webhook, the smallest conversation and the smallest user are Ana, who writes "hi"."""
    plain = unexplained
    ((field, value),) = find(wa.webhooks(SECRET), lambda one: True, settings=plain).values
    assert (field, value["messages"][0]["text"]["body"], value["messages"][0]["from"]) == ("messages", "hi", ANA.wa_id)
    (turn,) = find(wa.conversations(), lambda one: True, settings=plain).turns
    assert turn.value["messages"][0]["text"] == {"body": "hi"}
    assert find(wa.users(), lambda one: True, settings=plain) == ANA
    two = find(wa.conversations(), lambda one: len(one.turns) > 1, settings=plain)
    assert [turn.kind for turn in two.turns] == ["user", "user"]


def draw_from(strategy: Any) -> Any:
    """Draws once, outside of a test of Hypothesis."""
    return find(strategy, lambda one: True, settings=unshrunk)


def test_slips() -> None:
    """What there is not is an error that names what there is."""
    with pytest.raises(ValueError, match="users send no txt; there are text, image"):
        draw_from(wa.inbound_contents(["txt"]))
    with pytest.raises(ValueError, match="there is no nasty way late; there are duplicates"):
        draw_from(wa.nasty_status_sequences(["late"]))
    with pytest.raises(ValueError, match="there is no kind status; there are messages, statuses, shapes, fields"):
        draw_from(wa.webhooks(SECRET, ["status"]))
    with pytest.raises(ValueError, match="no values of the field 'nothing' are known; there are account_alerts"):
        wa.field_values("nothing")
    with pytest.raises(ValueError, match="no mobile numbers of 'Brazil' are known"):
        wa.phone_numbers("Brazil")


def test_lazy() -> None:
    """Whoever imports the plugin does not import Hypothesis."""
    script = "import sys, pytest_localwaba, pytest_localwaba.plugin; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False"
