"""What users write and do, decided without a server."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.events import Event, PairChanged, Put
from localwaba.domain.magic import BEHAVIOURS
from localwaba.domain.model import Behaviour, User
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.operations.inbound_contents import complete
from localwaba.operations.mistakes import Mistake, nearest
from localwaba.operations.user_actions import act
from localwaba.operations.users import describe, meet, read_behaviour, wa_id_in, write
from localwaba.wire.moments import read_moment, read_span

NOW = 1_790_000_000_000
USER = "16505551234"
HELLO = {"type": "text", "text": {"body": "hi"}}


@pytest.fixture
def world() -> World:
    """A world as it is seeded."""
    return new_world("default", 0, NOW)


def make(world: World, events: list[Event]) -> None:
    for event in events:
        apply(world, event)


def known(world: World, wa_id: str = USER) -> User:
    user, events = meet(world, NOW, wa_id, lambda _: "Ann")
    make(world, events)
    return user


def test_a_user_is_met_once(world: World) -> None:
    """A user who is known and has a name is met without an event."""
    assert known(world).name == "Ann"
    assert meet(world, NOW, USER, lambda _: "Bob") == (world.users[USER], [])


def test_the_nameless_get_a_name(world: World) -> None:
    """A user whom the business wrote to first gets a name when it is needed, and stays who they are."""
    before = replace(known(world), name="")
    make(world, [Put(at=NOW, thing=before)])
    assert meet(world, NOW, USER, lambda _: "Bob")[0] == replace(before, name="Bob")


def test_a_business_is_no_user(world: World) -> None:
    """The number of the business itself cannot be a user."""
    with pytest.raises(Mistake, match="business number"):
        meet(world, NOW, world.numbers[world.phone_number_id].digits, str)


def test_magic_numbers_keep_their_behaviour(world: World) -> None:
    """A magic number behaves as it promises until it is told otherwise."""
    for wa_id, (behaviour, _) in BEHAVIOURS.items():
        assert describe(world, NOW, wa_id, {}, str)[0].behaviour == behaviour
        assert describe(world, NOW, wa_id, {"behaviour": {}}, str)[0].behaviour == Behaviour()


def test_behaviour_knows_never_from_unsaid() -> None:
    """Null as a time means never; a time that is not said is the policy's."""
    assert read_behaviour({"read_after": None}).read_after is None
    assert read_behaviour({}) == Behaviour()


@pytest.mark.parametrize("given", ["", "abc", "0049", "1", "١٢٣٤٥٦٧٨", "1" * 40])
def test_what_is_no_number(world: World, given: str) -> None:
    """What cannot be a number is refused."""
    with pytest.raises(Mistake, match="no phone number"):
        wa_id_in(world, given)


def test_the_platform_gives_ids(world: World) -> None:
    """What only the platform gives is not taken from a user, so a captured message can be pasted."""
    pasted = {"from": "1", "id": "wamid.A", "timestamp": "1", "from_user_id": "US.1"} | HELLO
    assert complete(world, NOW, known(world), pasted) == HELLO


def test_a_message_opens_the_window(world: World) -> None:
    """Writing opens the customer service window of the number that was written to."""
    user = known(world)
    make(world, write(world, world.ids(), NOW, user, HELLO).events)
    assert world.pair(world.phone_number_id, USER).inbound_at == NOW


def test_blocked_by_the_business(world: World) -> None:
    """What somebody whom the business has blocked writes gets an id and never arrives."""
    user = known(world)
    pair = replace(world.pair(world.phone_number_id, USER), blocked_by_business=True)
    make(world, [PairChanged(at=NOW, key=f"{world.phone_number_id}:{USER}", pair=pair)])
    written = write(world, world.ids(), NOW, user, HELLO)
    assert (written.events, written.message_id[:6]) == ([], "wamid.")
    assert "blocked" in written.why


def test_a_number_that_is_not_registered(world: World) -> None:
    """Nobody can write to a number that is not registered."""
    user = known(world)
    number = replace(world.numbers[world.phone_number_id], registered=False)
    make(world, [Put(at=NOW, thing=number)])
    with pytest.raises(Mistake, match="register"):
        write(world, world.ids(), NOW, user, HELLO)


def test_deciding_changes_nothing(world: World) -> None:
    """An action is decided on without touching the world."""
    user = known(world)
    before = world.sequence, dict(world.pairs), dict(world.users)
    for options in (
        {"action": "block"},
        {"action": "change_number", "to": "16505559999"},
        {"action": "stop_marketing"},
    ):
        assert act(world, world.ids(), NOW, user, options).events
    assert before == (world.sequence, world.pairs, world.users)


def test_the_chat_moves_with_the_number(world: World) -> None:
    """A user who changes the number keeps open windows and opt-outs, and gets another business-scoped id."""
    user = known(world)
    make(world, write(world, world.ids(), NOW, user, HELLO).events)
    make(world, act(world, world.ids(), NOW, user, {"action": "stop_marketing"}).events)
    before = world.pair(world.phone_number_id, USER)
    deed = act(world, world.ids(), NOW, user, {"action": "change_number", "to": "16505559999"})
    make(world, deed.events)
    assert world.pair(world.phone_number_id, "16505559999") == before
    assert world.users["16505559999"].user_id != user.user_id
    assert world.user_ids[world.users["16505559999"].user_id] == "16505559999"
    assert not world.users[USER].behaviour.on_whatsapp


def test_nearest() -> None:
    """A misspelt word is answered with what was meant, a strange one with what there is."""
    assert nearest("Tpa", ["tap", "read"]) == "; did you mean tap?"
    assert nearest("zzz", ["tap", "read"]) == "; known: read, tap"
    assert nearest("zzz", []) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT25H", 90_000), ("P1DT1H", 90_000), ("PT0.5S", 0.5), ("P2W", 1_209_600), ("pt1h30m", 5_400), ("PT0S", 0)],
)
def test_spans(text: str, seconds: float) -> None:
    """Durations are read as ISO 8601 writes them."""
    assert read_span(text) == seconds * 1_000


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1H", "PT1X", "P1M", "PT-1H", "PT1H ", "PT1H\n", "PT1e3S"])
def test_no_spans(text: str) -> None:
    """Anything else is refused: months have no length."""
    with pytest.raises(ValueError, match="ISO 8601"):
        read_span(text)


@pytest.mark.parametrize(
    "value", [None, "", True, [], {}, -1, 1e300, float("inf"), "2026-01-31", "soon", "0001-01-01T00:00:00Z"]
)
def test_no_moments(value: Any) -> None:
    """What is no time, has no zone or lies outside of the calendar is refused."""
    with pytest.raises(ValueError, match="time"):
        read_moment(value)
