"""A world knows what an app under check is sent, though nobody sent it through the world."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localwaba.domain import windows
from localwaba.domain.applying import apply
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.arrivals import arrive
from localwaba.operations.checks.model import Scene

NOW = 1_790_000_000_000


@pytest.fixture
def world() -> World:
    return new_world("default", 0, NOW, None)


def greeting(world: World) -> bytes:
    """The plainest webhook, for this world."""
    number = world.numbers[world.phone_number_id]
    scene = Scene(
        run="a run",
        host="a",
        target="/",
        secret=b"",
        verify_token="",
        waba_id=world.waba_id,
        phone_number_id=number.id,
        digits=number.digits,
        seed=world.seed,
        now=NOW,
    )
    return catalogue.FIRST.script(scene)[0].requests[0].body


def happen(world: World, body: bytes) -> int:
    events = arrive(world, NOW, body)
    for event in events:
        apply(world, event)
    return len(events)


def test_a_message_and_its_author_are_known_and_the_window_is_open(world: World) -> None:
    """The app may mark the message, quote it, and answer freely for 24 hours."""
    body = greeting(world)
    happen(world, body)
    item = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
    assert world.messages[item["id"]].wa_id == item["from"]
    assert world.users[item["from"]].user_id == item["from_user_id"]
    assert windows.is_open(world.pair(world.phone_number_id, item["from"]), NOW, world.policy)


def test_a_message_that_comes_twice_arrives_once(world: World) -> None:
    """Duplicates change nothing."""
    body = greeting(world)
    assert happen(world, body) > 0
    assert happen(world, body) == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'{"entry":"no"}',
        b'{"entry":[{"changes":[null,{"field":"messages","value":[]}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"messages":[{"id":1}]}}]}]}',
    ],
)
def test_what_is_no_message_to_this_world_changes_nothing(world: World, payload: bytes) -> None:
    """Garbage, and messages to other numbers, are for the app to judge, not for the world."""
    before: dict[str, Any] = dict(world.messages)
    assert happen(world, payload) == 0
    assert world.messages == before
