"""Pacing: the first batch goes out, the rest is held until its quality is known."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.clock import DAY, HOUR, MINUTE
from localwaba.domain.errors import Refused

HELD = "held_for_quality_assessment"


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """Two messages go out, what follows is held for half an hour."""
    return make_stage(template_pacing=True, pacing_batch=2)


def campaign(stage: Any, count: int, name: str = "booked") -> list[Any]:
    sent = [stage.sends(name, f"1650555{number:04}") for number in range(count)]
    stage.passes()
    return sent


def test_what_follows_the_batch_is_held(stage: Any) -> None:
    """Held messages are answered so, and nothing is told of them."""
    stage.approved()
    sent = campaign(stage, 4)
    assert [message["message_status"] for message in sent] == ["accepted", "accepted", HELD, HELD]
    assert [len(stage.outcome(message)[0]) for message in sent] == [3, 3, 0, 0]


def test_good_campaigns_are_released(stage: Any) -> None:
    """After the hold everything goes out, and what is sent from then on goes out at once."""
    stage.approved()
    sent = campaign(stage, 4)
    stage.passes(30 * MINUTE)
    assert [len(stage.outcome(message)[0]) for message in sent] == [3, 3, 3, 3]
    assert campaign(stage, 1)[0]["message_status"] == "accepted"


def test_bad_campaigns_are_dropped(stage: Any) -> None:
    """What is held fails with 132015, and the template is RED and paused until somebody ends the pause."""
    one = stage.approved()
    sent = campaign(stage, 4)
    stage.does("16505550000", "report")
    stage.passes(30 * MINUTE)
    assert [stage.outcome(message)[1] for message in sent] == [None, None, 132015, 132015]
    assert [stage.outcome(message)[0] for message in sent[2:]] == [["failed"], ["failed"]]
    assert [(field, value.get("other_info", {}).get("title")) for field, value in stage.told] == [
        ("message_template_quality_update", None),
        ("message_template_status_update", "RATE_LIMITING_PAUSE"),
    ]
    stage.passes(10 * DAY)
    assert (stage.template(one).status, stage.template(one).pauses) == ("PAUSED", 0)
    assert "pacing" in stage.refused().why


def test_unpausing(stage: Any) -> None:
    """A pause of pacing can be ended, but not within five minutes; then the template is looked at anew."""
    stage.turns(pacing_outcome="bad")
    one = stage.approved()
    campaign(stage, 3)
    stage.passes(30 * MINUTE - 10_000)
    found = stage.call("unpause_template", one, "unpause")
    assert (found["success"], "5 minutes" in found["reason"]) == (False, True)
    stage.passes(5 * MINUTE)
    assert stage.call("unpause_template", one, "unpause") == {"success": True}
    assert (stage.template(one).status, stage.events()) == ("APPROVED", ["PAUSED", "APPROVED"])
    assert [message["message_status"] for message in campaign(stage, 3)] == ["accepted", "accepted", HELD]


def test_paused_in_the_meantime(stage: Any) -> None:
    """A template that is paused for its quality while messages are held drops them, and is not paused twice."""
    stage.turns(pacing_outcome="good")
    one = stage.approved()
    sent = campaign(stage, 3)
    stage.judges(one, quality_score="RED")
    stage.passes(30 * MINUTE)
    assert stage.outcome(sent[2]) == (["failed"], 132015)
    assert stage.events() == ["PAUSED"]


def test_green_templates_are_free(stage: Any) -> None:
    """What users like is not held."""
    one = stage.approved()
    stage.judges(one, quality_score="GREEN")
    assert {message["message_status"] for message in campaign(stage, 5)} == {"accepted"}


def test_utility_is_watched_after_a_pause(stage: Any) -> None:
    """Utility templates are free, unless one of them was paused within seven days."""
    stage.approved("useful", "UTILITY")
    other = stage.approved("other", "UTILITY", text="Hello {{1}}, this is quite another text for you to read.")
    assert {message["message_status"] for message in campaign(stage, 3, "useful")} == {"accepted"}
    stage.judges(other, status="PAUSED")
    assert [message["message_status"] for message in campaign(stage, 3, "useful")][-1] == HELD
    stage.approved("third", "UTILITY", text="Hello {{1}}, there is news about what you have asked us for.")
    stage.passes(7 * DAY - 20_001)
    assert campaign(stage, 3, "third")[-1]["message_status"] == HELD
    stage.approved("fourth", "UTILITY", text="Hello {{1}}, we are writing to you because you wanted us to.")
    assert {message["message_status"] for message in campaign(stage, 3, "fourth")} == {"accepted"}


def test_off_by_default(make_stage: Any) -> None:
    """Without the knob nothing is held."""
    stage = make_stage()
    stage.approved()
    assert {message["message_status"] for message in campaign(stage, 30)} == {"accepted"}
    assert stage.world.quality.pacing == {}


def test_the_other_word(stage: Any) -> None:
    """The answer's word for held can be `paused`, as Meta's file has it."""
    stage.turns(held_status="paused")
    stage.approved()
    assert campaign(stage, 3)[-1]["message_status"] == "paused"


def test_portfolios_are_released_batch_by_batch(make_stage: Any) -> None:
    """All templates of a portfolio count together; what is held goes out batch by batch."""
    stage = make_stage(portfolio_pacing=True, pacing_batch=2, pacing_outcome="good")
    stage.approved("one", "UTILITY")
    stage.approved("two", text="Hello {{1}}, this is quite another text for you to read.")
    sent = campaign(stage, 1, "one") + campaign(stage, 5, "two")
    counts = []
    for _ in range(4):
        counts.append(sum(bool(stage.outcome(message)[0]) for message in sent))
        stage.passes(30 * MINUTE)
    assert counts == [2, 4, 6, 6]
    assert campaign(stage, 1, "one")[0]["message_status"] == "accepted"


def test_portfolios_are_judged_by_their_numbers(make_stage: Any) -> None:
    """A number that is RED is a bad signal for all that the portfolio holds; one that users like is a good one."""
    for rating, code in (("YELLOW", None), ("RED", 132015)):
        stage = make_stage(portfolio_pacing=True, pacing_batch=1)
        stage.approved()
        sent = campaign(stage, 2)
        stage.rates(quality_rating=rating)
        stage.passes(HOUR)
        assert stage.outcome(sent[1])[1] == code


def test_an_edit_begins_another_campaign(stage: Any) -> None:
    """What was held before an edit is decided no more by the old look: it is gone with its campaign."""
    one = stage.approved()
    campaign(stage, 3)
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR)
    assert stage.template(one).status == "PAUSED"
    stage.passes(2 * HOUR)
    assert [message["message_status"] for message in campaign(stage, 3)] == ["accepted", "accepted", HELD]


def test_portfolios_are_barred(make_stage: Any) -> None:
    """A bad signal drops everything, and for a day the portfolio may neither send nor create templates."""
    stage = make_stage(portfolio_pacing=True, pacing_batch=1, pacing_outcome="bad")
    stage.approved()
    sent = campaign(stage, 3)
    stage.passes(HOUR)
    assert [stage.outcome(message)[1] for message in sent] == [None, 132015, 132015]
    assert stage.refused().code == 368
    with pytest.raises(Refused) as caught:
        stage.makes("new")
    assert caught.value.refusal.code == 368
    stage.passes(DAY)
    assert [message["message_status"] for message in campaign(stage, 2)] == ["accepted", HELD]
