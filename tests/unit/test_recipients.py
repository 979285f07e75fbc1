"""Why an accepted message fails for its recipient's sake, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.clock import DAY, HOUR, MINUTE
from localwaba.domain.events import PairChanged, Put
from localwaba.domain.inbound import new_user
from localwaba.domain.model import Behaviour

US, BRAZIL, GERMANY = "16505551234", "5511999990000", "4915112345678"


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """A marketing template is approved."""
    made = make_stage(marketing_cap=2)
    made.approved()
    return made


def code(stage: Any, to: str = US, name: str = "booked") -> int | None:
    """The code with which a template fails; None if it arrives."""
    message = stage.sends(name, to)
    stage.passes()
    statuses, found = stage.outcome(message)
    assert statuses == (["failed"] if found else ["sent", "delivered", "read"])
    return found


def pair(stage: Any, wa_id: str = US, **changes: Any) -> None:
    number_id = stage.world.phone_number_id
    changed = replace(stage.world.pair(number_id, wa_id), **changes)
    stage.happen([PairChanged(at=stage.now, key=f"{number_id}:{wa_id}", pair=changed)])


def behaves(stage: Any, wa_id: str = US, **behaviour: Any) -> None:
    user = replace(new_user(7, wa_id, "US"), behaviour=Behaviour(**behaviour))
    stage.happen([Put(at=stage.now, thing=user)])


def test_the_cap(stage: Any) -> None:
    """Two marketing messages within 24 hours arrive, the third fails with 131049 and says when the next is free."""
    assert [code(stage), code(stage), code(stage)] == [None, None, 131049]
    (refusal,) = stage.refusals.values()
    assert refusal.why == f"{US} has got 2 of 2 marketing messages within 24 hours, from all businesses"
    assert refusal.fix == "wait for 23 h 59 min, or until the user writes"
    stage.passes(DAY - 30_001)
    assert code(stage) == 131049
    stage.passes(1)
    assert code(stage) is None


def test_the_cap_ends_to_the_millisecond(stage: Any) -> None:
    """What left exactly 24 hours ago counts no more, a millisecond less and it does."""
    start = stage.now
    sent = [stage.sends(), stage.sends()]
    stage.passes(DAY - 1)
    sent.append(stage.sends())
    stage.passes(1)
    sent.append(stage.sends())
    stage.passes(0)
    assert stage.now == start + DAY
    assert [stage.outcome(message)[1] for message in sent] == [None, None, 131049, None]


def test_identity(stage: Any) -> None:
    """A user with an identity key gets what names no key, or theirs."""
    behaves(stage, identity_key_hash="KEY")
    assert code(stage) is None


def test_the_cap_counts_what_is_on_its_way(stage: Any) -> None:
    """Three sends at once do not slip under the cap."""
    sent = [stage.sends() for _ in range(3)]
    stage.passes()
    assert [stage.outcome(message)[1] for message in sent] == [None, None, 131049]


def test_failed_messages_do_not_count(stage: Any) -> None:
    """What failed was not delivered: it uses up nothing."""
    stage.does(US, "stop_marketing")
    assert [code(stage) for _ in range(3)] == [131050] * 3
    stage.does(US, "resume_marketing")
    assert [code(stage), code(stage), code(stage)] == [None, None, 131049]


def test_the_cap_is_each_users_own(stage: Any) -> None:
    """Another user, and another category, are free."""
    stage.approved("useful", "UTILITY", text="Hello {{1}}, this is quite another text for you to read.")
    assert [code(stage) for _ in range(3)][-1] == 131049
    assert (code(stage, BRAZIL), code(stage, US, "useful")) == (None, None)
    assert [code(stage, BRAZIL, "useful") for _ in range(3)] == [None] * 3
    assert (code(stage, BRAZIL), code(stage, BRAZIL)) == (None, 131049)


def test_no_cap_in_an_open_window(stage: Any) -> None:
    """Whoever has written gets as much as the business likes, and that does not count."""
    stage.writes(US)
    assert [code(stage) for _ in range(4)] == [None] * 4
    stage.passes(DAY)
    assert [code(stage) for _ in range(3)] == [None, None, 131049]


def test_no_cap_in_some_countries(stage: Any) -> None:
    """Users of the European Economic Area are not capped, nor is whoever sends from there."""
    assert [code(stage, GERMANY) for _ in range(4)] == [None] * 4
    number = stage.world.numbers[stage.world.phone_number_id]
    stage.happen([Put(at=stage.now, thing=replace(number, country="JP"))])
    assert [code(stage) for _ in range(4)] == [None] * 4


def test_no_cap_unless_wanted(make_stage: Any) -> None:
    """Without the knob there is no cap."""
    stage = make_stage()
    stage.approved()
    assert [code(stage) for _ in range(6)] == [None] * 6


def test_marketing_to_the_united_states(stage: Any) -> None:
    """Where it is blocked, numbers of the US get no marketing, whatever is open; others do."""
    stage.turns(us_marketing="block")
    stage.writes(US)
    assert (code(stage), code(stage, BRAZIL), code(stage, "14165551234")) == (131049, None, None)


def test_opted_out(stage: Any) -> None:
    """131050, inside the window too."""
    stage.writes(US)
    stage.does(US, "stop_marketing")
    assert code(stage) == 131050
    stage.does(US, "resume_marketing")
    assert code(stage) is None


def test_the_experiment(stage: Any) -> None:
    """Listed users get no marketing, unless a window is open."""
    stage.turns(experiment_users=[US])
    assert (code(stage), code(stage, BRAZIL)) == (130472, None)
    stage.writes(US)
    assert code(stage) is None
    stage.passes(2 * DAY)
    pair(stage, entry_until=stage.now + HOUR)
    assert code(stage) is None


def test_the_experiment_by_lot(make_stage: Any) -> None:
    """A share of users is in it, always the same ones for a seed."""

    def chosen(seed: int) -> list[bool]:
        stage = make_stage(seed, experiment_share=0.5)
        stage.approved()
        return [code(stage, f"1650555{number:04}") == 130472 for number in range(20)]

    assert chosen(1) == chosen(1) != chosen(2)
    assert 3 < sum(chosen(1)) < 17


def test_blocked_by_the_business(stage: Any) -> None:
    """130403 for whomever the business has blocked."""
    pair(stage, blocked_by_business=True)
    assert code(stage) == 130403


def test_blocked_by_the_user(stage: Any) -> None:
    """Messages to whoever has blocked the business stay at `sent`, without a word."""
    stage.does(US, "block")
    message = stage.sends()
    stage.passes(31 * DAY)
    assert stage.outcome(message) == (["sent"], None)


def test_the_order(stage: Any) -> None:
    """Of all reasons at once, the first in the table is told; take it away, and the next one is."""
    stage.turns(experiment_users=[US], us_marketing="block", marketing_cap=0)
    stage.does(US, "stop_marketing")
    pair(stage, blocked_by_business=True)
    behaves(stage, on_whatsapp=False, fails_with=131000)
    found = [code(stage)]
    for end in (
        lambda: behaves(stage, fails_with=131000),
        lambda: behaves(stage),
        lambda: pair(stage, blocked_by_business=False),
        lambda: stage.does(US, "resume_marketing"),
        lambda: stage.turns(us_marketing="allow"),
        lambda: stage.turns(experiment_users=[]),
        lambda: stage.turns(marketing_cap=None),
    ):
        end()
        found.append(code(stage))
    assert found == [131026, 131000, 130403, 131050, 131049, 130472, 131049, None]


# what expires


def test_authentication_expires(stage: Any) -> None:
    """A password that does not arrive within ten minutes never does, and nobody is told."""
    otp = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]
    stage.makes("otp", "AUTHENTICATION", components=otp)
    stage.world.users.clear()
    stage.approved("useful", "UTILITY", text="Hello {{1}}, this is quite another text for you to read.")
    template = next(one for one in stage.world.templates.values() if one.name == "otp")
    late = "15550900005"  # gets everything after an hour
    sent = [stage.sends("useful", late), send_code(stage, template, late)]
    stage.passes(2 * HOUR)
    assert [stage.outcome(message)[0] for message in sent] == [["sent", "delivered", "read"], ["sent"]]
    stage.does(late, "read")
    assert stage.outcome(sent[1])[0] == ["sent"]


def send_code(stage: Any, template: Any, to: str) -> Any:
    code = [{"type": "text", "text": "123456"}]
    components = [
        {"type": "body", "parameters": code},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
    ]
    sent = {"name": template.name, "language": {"code": "en_US"}, "components": components}
    answer = stage.call(
        "send_message",
        stage.world.phone_number_id,
        "messages",
        messaging_product="whatsapp",
        to=to,
        type="template",
        template=sent,
    )
    return answer["messages"][0]


@pytest.mark.parametrize(
    ("ttl", "category", "arrives"),
    [(3599, "UTILITY", False), (3601, "UTILITY", True), (-1, "UTILITY", True), (43_200, "MARKETING", True)],
)
def test_time_to_live(stage: Any, ttl: int, category: str, arrives: bool) -> None:
    """A template's own time to live decides; -1 stands for 30 days."""
    text = "Hello {{1}}, this is quite another text for you to read."
    stage.approved("short", category, text=text, message_send_ttl_seconds=ttl)
    message = stage.sends("short", "15550900005")
    stage.passes(2 * HOUR)
    assert ("delivered" in stage.outcome(message)[0]) == arrives


def test_opened_too_late(stage: Any) -> None:
    """Whoever opens the chat after 30 days does not find what was not delivered by then."""
    behaves(stage, delivered_after=None)
    message = stage.sends()
    stage.passes(30 * DAY - MINUTE)
    other = stage.sends()
    stage.passes(MINUTE)
    assert stage.does(US, "read") == {"read": [other["id"]]}
    assert stage.outcome(message)[0] == ["sent"]


def test_held_for_too_long(make_stage: Any) -> None:
    """A password that was held for longer than it may wait is dropped when it is released."""
    stage = make_stage(portfolio_pacing=True, pacing_batch=0, pacing_outcome="good")
    otp = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]
    stage.makes("otp", "AUTHENTICATION", components=otp)
    message = send_code(stage, next(one for one in stage.world.templates.values() if one.name == "otp"), US)
    stage.passes(HOUR)
    assert (stage.outcome(message), message["message_status"]) == (([], None), "held_for_quality_assessment")
    assert message["id"] in stage.world.finished
