"""The quality of numbers and templates: what users' feedback makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.consequences import RULES
from localwaba.domain.quality_state import NumberDowngradeDue

FIELD = "message_template_quality_update"


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """Ten deliveries are enough for a score."""
    return make_stage(quality_minimum=10)


def number(stage: Any) -> Any:
    return stage.world.numbers[stage.world.phone_number_id]


def test_no_score_without_enough_deliveries(stage: Any) -> None:
    """One block among few deliveries says nothing: nobody is rated."""
    template_id = stage.approved()
    (user, *_) = stage.delivers(9)
    stage.does(user, "block")
    assert (stage.template(template_id).quality_score, number(stage).quality_rating) == ("UNKNOWN", "GREEN")
    assert stage.told == []


def test_good_deliveries_make_green(stage: Any) -> None:
    """A template that reached enough users and displeased none is GREEN, and the app is told once."""
    template_id = stage.approved()
    stage.delivers(10)
    assert stage.told == [
        (
            FIELD,
            {
                "previous_quality_score": "UNKNOWN",
                "new_quality_score": "GREEN",
                "message_template_id": int(template_id),
                "message_template_name": "booked",
                "message_template_language": "en_US",
            },
        )
    ]
    assert stage.template(template_id).quality_at == stage.now - 10_000 + 300


@pytest.mark.parametrize(
    ("actions", "score"),
    [
        (["archive"], "GREEN"),
        (["mute", "archive"], "GREEN"),
        (["stop_marketing"], "YELLOW"),
        (["block"], "RED"),
        (["report"], "RED"),
    ],
)
def test_what_feedback_weighs(stage: Any, actions: list[str], score: str) -> None:
    """Of ten messages, an archived chat is nothing, stopped marketing is a warning, a block or report is the end."""
    template_id = stage.approved()
    for user, action in zip(stage.delivers(10), actions, strict=False):
        stage.does(user, action)
    assert stage.template(template_id).quality_score == score
    assert number(stage).quality_rating == score


def test_feedback_is_about_the_template_that_came_last(stage: Any) -> None:
    """A block counts for the template that the user got last, and for the number."""
    old, new = stage.approved("old"), stage.approved("new", text="Hello {{1}}, here is what you have asked us for.")
    user = stage.delivers(10, "old")[0]
    stage.delivers(10, "new")
    stage.does(user, "block")
    assert list(stage.world.quality.feedback) == [stage.world.phone_number_id, new]
    assert stage.template(old).quality_score == "GREEN"


def test_feedback_is_about_what_one_has_got_oneself(stage: Any) -> None:
    """Neither another user's template nor one that did not arrive is blamed."""
    old = stage.approved("old")
    new = stage.approved("new", text="Hello {{1}}, here is what you have asked us for.")
    users = stage.delivers(2, "old")
    stage.delivers(1, "new", first=5)
    stage.sends("new", users[0])
    stage.does(users[0], "report")
    stage.passes()
    stage.does(users[1], "report")
    assert [len(stage.world.quality.feedback.get(one, [])) for one in (old, new)] == [2, 0]


def test_one_review_for_all_feedback(stage: Any) -> None:
    """However many users complain, a number and a template are looked at again one at a time."""
    stage.approved()
    for user in stage.delivers(5):
        stage.does(user, "mute")
    planned = [item.subject for _, _, item in stage.world.agenda if type(item).__name__ == "ReviewQuality"]
    assert len(planned) == len(set(planned)) == 2


def test_feedback_without_a_template(stage: Any) -> None:
    """Whoever got no template, or got it more than seven days ago, gives feedback on the number alone."""
    stage.approved()
    user = stage.delivers(1)[0]
    stage.passes(7 * DAY)
    for one in (user, "16505559999"):
        assert stage.does(one, "report", reason="SPAM")["template_id"] is None
    assert list(stage.world.quality.feedback) == [stage.world.phone_number_id]


def test_the_same_again_counts_once(stage: Any) -> None:
    """A user who reports twice weighs as much as one who reports once."""
    stage.turns(quality_red=0.3)
    template_id = stage.approved()
    user = stage.delivers(10)[0]
    stage.does(user, "report")
    stage.does(user, "report")
    assert stage.template(template_id).quality_score == "YELLOW"


def test_scores_recover_with_time(stage: Any) -> None:
    """Feedback weighs less day by day: the number gets better without anybody doing anything."""
    stage.turns(quality_red=0.2)
    stage.approved()
    stage.does(stage.delivers(20)[0], "block")
    assert number(stage).quality_rating == "YELLOW"
    stage.passes(6 * DAY)
    stage.delivers(20, first=100)
    stage.passes(DAY)
    assert number(stage).quality_rating == "GREEN"
    stage.passes(8 * DAY)
    assert not [item for item in stage.world.agenda if type(item[2]).__name__ == "ReviewQuality"]


def test_red_pauses_and_says_so_in_order(stage: Any) -> None:
    """The score is told first, the pause that follows from it second."""
    template_id = stage.approved()
    stage.does(stage.delivers(10)[0], "block")
    assert [(field, stage.template(template_id).status) for field, _ in stage.told[-2:]] == [
        (FIELD, "PAUSED"),
        ("message_template_status_update", "PAUSED"),
    ]


def test_red_for_long_enough(stage: Any) -> None:
    """Where a template has to be RED for a while, it is paused then, and not if it got better."""
    stage.turns(red_before_pause=3600)
    one = stage.approved()
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR - 1)
    assert stage.template(one).status == "APPROVED"
    stage.judges(one, quality_score="YELLOW")
    stage.passes(HOUR)
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR - 1)
    assert stage.template(one).status == "APPROVED"
    stage.passes(1)
    assert stage.template(one).status == "PAUSED"


def test_red_again_counts_from_then(stage: Any) -> None:
    """A template that was better for a moment is RED for long enough only from when it was RED again."""
    stage.turns(red_before_pause=3600)
    one = stage.approved()
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR // 2)
    stage.judges(one, quality_score="YELLOW")
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR - 1)
    assert stage.template(one).status == "APPROVED"
    stage.passes(1)
    assert stage.template(one).status == "PAUSED"


def test_red_long_enough_but_gone(stage: Any) -> None:
    """What was disabled or deleted meanwhile is not paused."""
    stage.turns(red_before_pause=3600)
    one = stage.approved()
    stage.judges(one, quality_score="RED")
    stage.judges(one, status="DISABLED")
    two = stage.approved("other", text="Hello {{1}}, this is quite another text for you to read.")
    stage.judges(two, quality_score="RED")
    del stage.world.templates[two]
    stage.passes(2 * HOUR)
    assert stage.events() == []
    assert stage.template(one).status == "DISABLED"


def test_feedback_can_be_off(stage: Any) -> None:
    """Where only Meta's hand rates, users' feedback changes nothing."""
    stage.turns(quality_from_feedback=False)
    template_id = stage.approved()
    stage.does(stage.delivers(10)[0], "report")
    assert (stage.template(template_id).quality_score, number(stage).quality_rating) == ("UNKNOWN", "GREEN")


def test_numbers_are_not_flagged_any_more(stage: Any) -> None:
    """Today a RED number stays connected, and nobody is told."""
    stage.rates(quality_rating="RED")
    assert (number(stage).status, stage.told) == ("CONNECTED", [])


def test_red_numbers_were_flagged(make_stage: Any) -> None:
    """Before October 2025 a RED number is flagged, and no longer once it is better."""
    stage = make_stage(profile="before-2025-10")
    stage.rates(quality_rating="RED")
    assert number(stage).status == "FLAGGED"
    stage.rates(quality_rating="YELLOW")
    assert number(stage).status == "CONNECTED"
    assert [(field, value["event"]) for field, value in stage.told] == [
        ("phone_number_quality_update", "FLAGGED"),
        ("phone_number_quality_update", "UNFLAGGED"),
    ]


def test_only_connected_numbers_were_flagged(make_stage: Any) -> None:
    """A number that is restricted stays so when it is rated RED, and one that is not flagged is not unflagged."""
    stage = make_stage(profile="before-2025-10")
    stage.rates(status="RESTRICTED")
    stage.rates(quality_rating="RED")
    stage.rates(quality_rating="YELLOW")
    assert (number(stage).status, stage.told) == ("RESTRICTED", [])


def test_a_number_without_a_rating_gets_one(stage: Any) -> None:
    """A number that is UNKNOWN is GREEN once it has reached enough users and displeased none."""
    stage.approved()
    stage.rates(quality_rating="UNKNOWN")
    stage.delivers(9)
    assert number(stage).quality_rating == "UNKNOWN"
    stage.delivers(1, first=9)
    assert number(stage).quality_rating == "GREEN"


def test_the_bounds_belong_to_the_worse_score(stage: Any) -> None:
    """A share that is exactly that of YELLOW or RED is YELLOW or RED."""
    stage.turns(quality_yellow=0.05, quality_red=0.1)
    stage.approved()
    first, second = stage.delivers(20)[:2]
    stage.does(first, "block")
    assert number(stage).quality_rating == "YELLOW"
    stage.does(second, "block")
    assert number(stage).quality_rating == "RED"


def test_a_number_flagged_for_a_week(make_stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After seven days flagged the number is connected again, and its limit is one step lower, once."""
    due: list[int] = []
    rule = lambda world, event, ids: due.append(event.at) or []  # noqa: E731
    monkeypatch.setitem(RULES, NumberDowngradeDue, (rule,))
    stage = make_stage(profile="before-2025-10")
    stage.rates(messaging_limit="TIER_10K")
    stage.rates(quality_rating="RED")
    stage.passes(DAY)
    stage.rates(quality_rating="GREEN")
    stage.rates(quality_rating="RED")
    stage.passes(7 * DAY - 1)
    assert (number(stage).status, due) == ("FLAGGED", [])
    stage.passes(1)
    assert (number(stage).status, due) == ("CONNECTED", [stage.now])
    stage.passes(30 * DAY)
    told = [value for field, value in stage.told if field == "phone_number_quality_update"]
    assert [value["event"] for value in told] == ["UPGRADE", "FLAGGED", "UNFLAGGED", "FLAGGED", "DOWNGRADE"]
    assert (told[-1]["old_limit"], told[-1]["current_limit"]) == ("TIER_10K", "TIER_1K")


def test_preferences(stage: Any) -> None:
    """Whoever stops marketing is announced with the wish, and so is whoever resumes."""
    stage.does("16505551234", "stop_marketing")
    stage.does("16505551234", "resume_marketing")
    assert [value["user_preferences"][0]["value"] for _, value in stage.told] == ["stop", "resume"]
    assert stage.told[0][1]["user_preferences"][0]["category"] == "marketing_messages"
