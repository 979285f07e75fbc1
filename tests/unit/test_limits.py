"""How fast a number may send, to whom, and how often it may be registered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.clock import HOUR, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.events import Event, MessageAccepted, Put
from localwaba.domain.inbound import new_user, receive
from localwaba.domain.limits_state import RegistrationCounted
from localwaba.domain.model import PhoneNumber
from localwaba.domain.policy import PROFILES, Policy, patch
from localwaba.domain.statuses import dispatch
from localwaba.domain.world import World, restore, snapshot
from localwaba.operations.meta import patch_number
from localwaba.operations.mistakes import Mistake
from localwaba.wire.errors import status_of

from .conftest import NOW, Caller

USER = "16505551234"
PIN = "123456"


def number_of(world: World) -> PhoneNumber:
    return world.numbers[world.phone_number_id]


def turn(world: World, **knobs: Any) -> None:
    world.policy = patch(world.policy, knobs)


def text(to: str = USER) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hi"}}


def send(call: Caller, to: str = USER) -> str:
    """A text to a user; the id of the message."""
    answer = call("POST", call.world.phone_number_id, "messages", text(to))
    return str(answer.body["messages"][0]["id"])


def refused(call: Caller, to: str = USER) -> Any:
    """The refusal of a text."""
    with pytest.raises(Refused) as caught:
        send(call, to)
    return caught.value.refusal


def stranger(index: int) -> str:
    return f"1650556{index:04}"


def fill(call: Caller, count: int) -> None:
    """So many messages now, to as many users."""
    for index in range(count):
        send(call, stranger(index))


def write(call: Caller, wa_id: str = USER, kind: str = "text") -> None:
    """A user writes to the number."""
    world = call.world
    user = world.users.get(wa_id) or new_user(world.seed, wa_id, "US")
    happened: list[Event] = [Put(at=call.now, thing=user)]
    content = {"type": kind, kind: {"body": "Hello"}}
    happened += receive(world, world.ids(), call.now, user, world.phone_number_id, content)[1]
    call.happen(happened)


# throughput


@pytest.mark.parametrize(
    ("changes", "most"), [({}, 80), ({"throughput_level": "HIGH"}, 1_000), ({"coexistence": True}, 20)]
)
def test_throughput_of_levels(call: Caller, changes: dict[str, Any], most: int) -> None:
    """A number sends 80 messages within a second, 1,000 with HIGH throughput, 20 if its app is in use too."""
    apply(call.world, Put(at=NOW, thing=replace(number_of(call.world), **changes)))
    fill(call, most)
    refusal = refused(call)
    assert (refusal.code, status_of(refusal)) == (130429, 400)
    assert refusal.why.startswith(f"{most} of {most} messages within a second")


def test_throughput_is_free_again(call: Caller) -> None:
    """A second after the first of 80 messages there is room for one, not for two."""
    send(call, stranger(100))
    call.now += 400
    fill(call, 79)
    call.now += 599
    assert "the next is free in 1 ms" in refused(call).why
    call.now += 1
    send(call)
    assert "the next is free in 400 ms" in refused(call).why


def test_what_users_write_uses_throughput(call: Caller) -> None:
    """Messages of users count, and are never refused, even beyond the limit."""
    for index in range(90):
        write(call, stranger(index))
    assert refused(call).why.startswith("90 messages, more than 80 within a second")
    assert sum(not message.outbound for message in call.world.messages.values()) == 90


def test_notices_use_no_throughput(call: Caller) -> None:
    """The platform's own notices are no traffic."""
    turn(call.world, throughput_standard=1)
    write(call, kind="system")
    send(call)


def test_refused_sends_use_nothing(call: Caller) -> None:
    """Trying again and again does not make it worse."""
    fill(call, 80)
    for _ in range(20):
        refused(call)
    call.now += SECOND
    fill(call, 80)


def test_numbers_have_throughput_of_their_own(call: Caller) -> None:
    """What one number sends leaves another one alone."""
    other = replace(number_of(call.world), id="42", digits="15550783882")
    apply(call.world, Put(at=NOW, thing=other))
    fill(call, 80)
    call("POST", other.id, "messages", text())


def test_status_of_throughput(call: Caller) -> None:
    """A knob makes 130429 the HTTP status that some clients report."""
    turn(call.world, throughput_standard=1, throughput_status=429)
    send(call)
    assert status_of(refused(call, stranger(1))) == 429


def test_upgrading_refuses(call: Caller) -> None:
    """While throughput is upgraded nothing can be sent (131057); the level is still the old one."""
    call.happen(patch_number(call.world, NOW, call.world.phone_number_id, {"throughput": "HIGH"}))
    call.now += 59_999
    refusal = refused(call)
    assert (refusal.code, status_of(refusal), number_of(call.world).throughput_level) == (131057, 500, "STANDARD")
    assert "another 1 ms" in refusal.why
    call.now += 1
    send(call)


# pairs


def test_a_pair_has_a_burst(call: Caller) -> None:
    """45 messages to one user go at once; the next one is free six seconds later, and no other."""
    for _ in range(45):
        send(call)
    refusal = refused(call)
    assert (refusal.code, status_of(refusal)) == (131056, 400)
    assert refusal.why.startswith("45 of 45 burst used")
    assert refusal.why.endswith("the next is free in 6 s")
    call.now += 5_999
    assert refused(call).why.endswith("the next is free in 1 ms")
    call.now += 1
    send(call)
    refused(call)


def test_a_pair_that_keeps_its_pace(call: Caller) -> None:
    """One message every six seconds is never refused, after a whole burst either."""
    for _ in range(45):
        send(call)
    for _ in range(200):
        call.now += 6 * SECOND
        send(call)
    refused(call)


def test_a_burst_comes_back(call: Caller) -> None:
    """After 45 times six seconds of quiet the whole burst is there again."""
    for _ in range(45):
        send(call)
    call.now += 45 * 6 * SECOND
    for _ in range(45):
        send(call)
    assert refused(call).code == 131056


def test_pairs_are_apart(call: Caller) -> None:
    """What one user got leaves another one alone."""
    turn(call.world, pair_burst=1)
    send(call)
    send(call, stranger(1))
    refused(call)


def test_a_pair_limit_told_later(call: Caller) -> None:
    """With the knob turned, HTTP 200 comes first and the message fails with 131056; it uses no burst."""
    turn(call.world, pair_burst=1, pair_answer="webhook")
    write(call)
    send(call)
    late = [send(call) for _ in range(3)]
    for message_id in late:
        (failed,) = dispatch(call.world, message_id, call.now)
        assert (failed.status, failed.refusal.code) == ("failed", 131056)
    call.now += 6 * SECOND
    (sent, *_) = dispatch(call.world, send(call), call.now)
    assert sent.status == "sent"


def test_pairs_take_little_memory(call: Caller) -> None:
    """Pairs whose burst is whole again are forgotten, no other ones; a pair is one number."""
    turn(call.world, throughput_standard=None, pair_burst=1)
    for index in range(2_500):
        call.now += 20
        send(call, f"16505{index:06}")
        assert refused(call, f"16505{index:06}").code == 131056
    paced = call.world.limits.traffic[call.world.phone_number_id].paced
    assert len(paced) < 1_100
    assert all(isinstance(until, int) for until in paced.values())


# test numbers


def test_a_test_number_writes_to_its_recipients(call: Caller) -> None:
    """A public test number reaches nobody but its recipients."""
    call.happen(
        patch_number(
            call.world,
            NOW,
            call.world.phone_number_id,
            {"is_test_number": True, "allowed_recipients": ["+1 650-555-1234"]},
        )
    )
    send(call)
    refusal = refused(call, stranger(1))
    assert (refusal.code, status_of(refusal)) == (131030, 400)
    assert f'"allowed_recipients":["{stranger(1)}"]' in refusal.fix


@pytest.mark.parametrize("written", ["541112345678", "5491112345678"])
def test_recipients_in_any_form(call: Caller, written: str) -> None:
    """A recipient is allowed in whichever form the list has the number."""
    turn(call.world, test_number=True, allowed_recipients=[written])
    send(call, "541112345678")
    send(call, "5491112345678")
    assert refused(call, "541112345679").code == 131030


def test_a_test_number_has_five_recipients(world: World) -> None:
    """A sixth recipient is refused, as the app dashboard does."""
    for given in ([stranger(index) for index in range(6)], "16505551234", [1]):
        with pytest.raises(Mistake, match="recipients"):
            patch_number(world, NOW, world.phone_number_id, {"allowed_recipients": given})


# registrations


def test_ten_registrations_in_72_hours(call: Caller) -> None:
    """The eleventh try within 72 hours is refused with 133016, and is free when the first is that long ago."""
    node = call.world.phone_number_id
    for index in range(5):
        call.now = NOW + index * HOUR
        call("POST", node, "deregister")
        call("POST", node, "register", {"pin": PIN})
    error = call.error("POST", node, "deregister")
    assert error["code"] == 133016
    call.now = NOW + 72 * HOUR - 1
    assert call.error("POST", node, "register", {"pin": PIN})["code"] == 133016
    call.now += 1
    call("POST", node, "register", {"pin": PIN})


def test_failed_registrations_count(call: Caller) -> None:
    """What is refused for another reason counts, what is refused for the limit does not."""
    turn(call.world, registrations=1)
    node = call.world.phone_number_id
    assert call.error("POST", node, "register", {"pin": "000000"})["code"] == 133005
    assert call.error("POST", node, "register", {"pin": PIN})["code"] == 133016
    assert sum(isinstance(event, RegistrationCounted) for event in call.events) == 1


# all of them


def test_relaxed_turns_limits_off(call: Caller) -> None:
    """The relaxed profile has no limit at all, and counts nothing."""
    turn(call.world, profile="relaxed")
    for _ in range(1_500):
        send(call)
    node = call.world.phone_number_id
    for _ in range(20):
        call("POST", node, "register", {"pin": PIN})
    found = call.world.limits
    assert (found.traffic, found.reached, found.calls) == ({}, {}, {})


@pytest.mark.parametrize("off", [None, 0])
def test_zero_is_off(call: Caller, off: int | None) -> None:
    """A limit of nothing is no limit: nobody wants a number that can never send."""
    turn(call.world, throughput_standard=off, pair_burst=off, registrations=off)
    for _ in range(100):
        send(call)


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_are_policies(profile: str) -> None:
    """Every ready profile is a policy of known knobs."""
    assert isinstance(patch(Policy(), {"profile": profile}), Policy)


def test_counts_survive_a_snapshot(call: Caller) -> None:
    """A world that comes back out of its snapshot has counted as much."""
    for _ in range(45):
        send(call)
    call.world = restore(snapshot(call.world))
    assert refused(call).code == 131056
    assert call.world.limits.traffic[call.world.phone_number_id].second.within(SECOND, NOW) == 45


def test_events_are_all_there_is(call: Caller) -> None:
    """Replaying what happened counts the same: the journal is a complete record."""
    before = restore(snapshot(call.world))
    for index in range(3):
        write(call, stranger(index))
        send(call)
        call.now += 300
    assert any(isinstance(event, MessageAccepted) for event in call.events)
    for event in call.events:
        apply(before, event)
    assert before.limits == call.world.limits
