"""What becomes of a message after it was accepted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from localwaba.domain import inbound, magic
from localwaba.domain.applying import apply
from localwaba.domain.clock import DAY, HOUR, SECOND
from localwaba.domain.events import Event, MessageAccepted, Put, Scheduled, StatusReached
from localwaba.domain.model import Behaviour, User
from localwaba.domain.seeding import new_world
from localwaba.domain.sending import accept
from localwaba.domain.statuses import read_all
from localwaba.domain.traffic import Message
from localwaba.domain.world import World
from localwaba.operations.happening import happen

START = 1_767_268_800_000
WA_ID = "16505551234"


class Stage:
    """A world, its clock, and everything that happened in it."""

    def __init__(self, **behaviour: Any) -> None:
        self.world: World = new_world("test", 1, START)
        self.now = START
        self.statuses: list[tuple[str, int]] = []
        self.refusal: Any = None
        self.user = inbound.new_user(1, WA_ID, "US", "Ana")
        self.user = msgspec.structs.replace(self.user, behaviour=Behaviour(**behaviour))
        self.happen([Put(at=self.now, thing=self.user)])

    def happen(self, events: list[Event]) -> None:
        for event in events:
            apply(self.world, event)
            if isinstance(event, StatusReached):
                self.statuses.append((event.status, event.at - START))
                self.refusal = event.refusal or self.refusal

    def hears(self, content: dict[str, Any] | None = None) -> None:
        ids = self.world.ids()
        content = content or {"type": "text", "text": {"body": "hi"}}
        number = self.world.phone_number_id
        self.happen(inbound.receive(self.world, ids, self.now, self.user, number, content)[1])
        self.world.drawn = ids.drawn

    def sends(self, kind: str = "text", category: str = "", **members: Any) -> Message:
        ids = self.world.ids()
        message = Message(
            id=ids.wamid(WA_ID, outbound=True),
            phone_number_id=self.world.phone_number_id,
            wa_id=WA_ID,
            outbound=True,
            type=kind,
            at=self.now,
            body=b'{"text":{"body":"hello"}}',
            template_id="1" if category else "",
            category=category,
            **members,
        )
        self.world.drawn = ids.drawn
        self.happen(accept(self.world, message, self.user, self.now, is_new=False, free_form=not category))
        return message

    def passes(self, milliseconds: int = 10 * SECOND) -> list[tuple[str, int]]:
        until = self.now + milliseconds
        while (found := self.world.pop_due(until)) is not None:
            ids = self.world.ids()
            self.now = found[0]
            self.happen(happen(self.world, found[2], found[0], ids))
            self.world.drawn = ids.drawn
        self.now = until
        return self.statuses


def test_an_ordinary_message_is_sent_delivered_and_read() -> None:
    """Inside the window, statuses follow at the times of the policy."""
    stage = Stage()
    stage.hears()
    stage.sends()
    assert stage.passes() == [("sent", 0), ("delivered", 300), ("read", 1_800)]


def test_free_form_outside_the_window_fails_late() -> None:
    """HTTP 200 first, then failed with 131047 and the time since when the window is closed."""
    stage = Stage()
    stage.hears()
    stage.passes(DAY + 2 * HOUR)
    stage.statuses.clear()
    stage.sends()
    assert [status for status, _ in stage.passes()] == ["failed"]
    assert (stage.refusal.code, stage.refusal.why) == (131047, "the 24-hour window closed 2 h ago")


def test_a_template_needs_no_window() -> None:
    """Outside the window an approved template goes through."""
    stage = Stage()
    stage.sends(category="utility")
    assert [status for status, _ in stage.passes()] == ["sent", "delivered", "read"]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"delivered_after": None}, ["sent"]),
        ({"read_after": None}, ["sent", "delivered"]),
        ({"skips_delivered": True}, ["sent", "read"]),
        ({"fails_with": 131026, "fails_after_delivery": True}, ["sent", "delivered", "failed"]),
        ({"fails_with": 131049}, ["failed"]),
        ({"on_whatsapp": False}, ["failed"]),
    ],
)
def test_users_behave_as_told(behaviour: dict[str, Any], expected: list[str]) -> None:
    """Each behaviour gives its sequence of statuses."""
    stage = Stage(**behaviour)
    stage.hears()
    stage.sends()
    assert [status for status, _ in stage.passes()] == expected


def test_a_reaction_is_only_sent() -> None:
    """Reactions give `sent` and nothing after it."""
    stage = Stage()
    stage.hears()
    target = stage.sends()
    stage.passes()
    stage.statuses.clear()
    stage.sends("reaction", context_id=target.id)
    assert [status for status, _ in stage.passes()] == ["sent"]


def test_a_reaction_to_nothing_fails_late() -> None:
    """A reaction to a message that is not there fails with 131009, by webhook."""
    stage = Stage()
    stage.hears()
    stage.sends("reaction", context_id="wamid.none")
    assert [status for status, _ in stage.passes()] == ["failed"]
    assert stage.refusal.code == 131009


def test_a_reaction_to_an_old_message_fails() -> None:
    """After 30 days nothing can be reacted to."""
    stage = Stage()
    stage.hears()
    target = stage.sends()
    stage.passes(30 * DAY + 1)
    stage.hears()
    stage.sends("reaction", context_id=target.id)
    stage.passes()
    assert stage.refusal.why == "the message is older than 30 days"


def test_opening_the_chat_reads_everything() -> None:
    """`read` without `delivered` is legal: the chat was open when the message came."""
    stage = Stage(delivered_after=3600.0)
    stage.hears()
    stage.sends()
    stage.passes(SECOND)
    stage.happen(read_all(stage.world, stage.world.phone_number_id, WA_ID, stage.now))
    assert [status for status, _ in stage.passes(2 * HOUR)] == ["sent", "read"]


def test_a_user_who_answers_does() -> None:
    """A behaviour with an answer sends it back after reading."""
    stage = Stage(answers="You wrote: {text}")
    stage.hears()
    stage.sends()
    stage.passes()
    answers = [message for message in stage.world.messages.values() if not message.outbound]
    assert msgspec.json.decode(answers[-1].body)["text"] == {"body": "You wrote: hello"}


def test_nothing_is_told_after_the_last_status() -> None:
    """What is final is counted as finished, so that retention may drop it."""
    stage = Stage()
    stage.hears()
    message = stage.sends()
    stage.passes()
    assert message.id in stage.world.finished
    assert not stage.world.agenda


def test_every_magic_number_has_a_different_outcome_from_an_ordinary_one() -> None:
    """Numbers in the table behave otherwise than anybody else; all others are ordinary."""
    ordinary = magic.behaviour_of("16505551234")
    assert all(magic.behaviour_of(number) != ordinary for number in magic.BEHAVIOURS)
    assert all(magic.behaviour_of(f"15550{code}").fails_with == code for code in magic.FAILS_LATER)
    assert all(magic.refused_at_once(f"15550{code:06}") == code for code in magic.REFUSED_AT_ONCE)


def test_identity_key_mismatch_fails_late() -> None:
    """A send with another identity key hash than the user's fails with 137000."""
    stage = Stage(identity_key_hash="DF2lS5v2W6x=")
    stage.hears()
    stage.sends(identity_key_hash="OTHER")
    stage.passes()
    assert stage.refusal.code == 137000


def test_scheduling_counts_from_acceptance() -> None:
    """The first appointment of a message is its dispatch."""
    stage = Stage()
    stage.hears()
    message = Message(
        id="wamid.x",
        phone_number_id=stage.world.phone_number_id,
        wa_id=WA_ID,
        outbound=True,
        type="text",
        at=START,
        body=b"{}",
    )
    events = accept(stage.world, message, stage.user, START, is_new=True, free_form=True)
    assert [type(event) for event in events] == [Put, MessageAccepted, Scheduled]
    assert isinstance(events[0].thing, User)
