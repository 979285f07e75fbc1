"""The life of templates: pauses, categories, archive, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.clock import DAY, HOUR, MINUTE, SECOND
from localwaba.domain.errors import Refused
from localwaba.domain.template_categories import next_month

STATUS = "message_template_status_update"
CATEGORY = "template_category_update"


@pytest.fixture
def stage(make_stage: Any) -> Any:
    return make_stage()


# pauses


def test_the_ladder(stage: Any) -> None:
    """RED three times is a pause of 3 hours, one of 6, and the end, each told as Meta tells it."""
    one = stage.approved()
    for hours in (3, 6):
        stage.judges(one, quality_score="RED")
        stage.passes(hours * HOUR - 1)
        assert stage.template(one).status == "PAUSED"
        stage.passes(1)
        assert stage.template(one).status == "APPROVED"
    stage.judges(one, quality_score="RED")
    stage.passes(DAY)
    told = [(value["event"], value["other_info"]["title"]) for field, value in stage.told if field == STATUS]
    assert told == [
        ("PAUSED", "FIRST_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("PAUSED", "SECOND_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("DISABLED", "DISABLED"),
    ]
    assert stage.told[-1][1]["disable_info"] == {"disable_date": (stage.now - DAY) // SECOND}
    assert stage.events("message_template_quality_update") == ["RED", "UNKNOWN", "RED", "UNKNOWN", "RED"]


def test_paused_and_disabled_sends(stage: Any) -> None:
    """A paused template is refused with 132015, a disabled one with 132016; both say how far down the ladder it is."""
    one = stage.approved()
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR)
    found = stage.refused()
    assert (found.code, found.why) == (
        132015,
        "booked in en_US is paused for low quality (1 of 3 pauses, the last one disables it) for another 2 h",
    )
    stage.passes(2 * HOUR)
    stage.judges(one, quality_score="RED")
    assert "2 of 3 pauses" in stage.refused().why
    stage.passes(6 * HOUR)
    stage.judges(one, quality_score="RED")
    found = stage.refused()
    assert (found.code, found.why) == (132016, "booked in en_US is disabled for low quality (3 of 3 pauses)")


def test_a_pause_by_hand_is_a_step(stage: Any) -> None:
    """Meta's hand on the status goes down the same ladder."""
    one = stage.approved()
    for _ in range(3):
        stage.judges(one, status="PAUSED")
        stage.passes(6 * HOUR)
    assert stage.events() == ["PAUSED", "APPROVED", "PAUSED", "APPROVED", "DISABLED"]


def test_score_and_status_at_once_is_one_step(stage: Any) -> None:
    """A patch that says RED and PAUSED is one pause, not two."""
    one = stage.approved()
    stage.judges(one, quality_score="RED", status="PAUSED")
    assert (stage.template(one).pauses, stage.events()) == (1, ["PAUSED"])


def test_other_ladders(make_stage: Any) -> None:
    """How many pauses there are, and how long, is a knob; Meta has no title beyond the second."""
    stage = make_stage(template_pauses=[60, 120, 180])
    one = stage.approved()
    for _ in range(4):
        stage.judges(one, quality_score="RED")
        stage.passes(3 * MINUTE)
    told = [value["other_info"]["title"] for field, value in stage.told if field == STATUS]
    assert told[::2] == ["FIRST_PAUSE", "SECOND_PAUSE", "SECOND_PAUSE", "DISABLED"]
    assert "4 of 4 pauses" in stage.refused().why


def test_reinstated_begins_anew(stage: Any) -> None:
    """A template whose appeal was heard may be paused again before it is disabled."""
    one = stage.approved()
    stage.judges(one, status="DISABLED")
    stage.judges(one, status="REINSTATED")
    assert (stage.template(one).status, stage.template(one).pauses) == ("APPROVED", 0)


def test_only_an_appeal_begins_anew(stage: Any) -> None:
    """Pauses are remembered when a paused template is reinstated, or a disabled one approved by hand."""
    one = stage.approved()
    stage.judges(one, status="PAUSED")
    stage.judges(one, status="REINSTATED")
    assert stage.template(one).pauses == 1
    stage.judges(one, status="DISABLED")
    stage.judges(one, status="APPROVED")
    assert stage.template(one).pauses == 1


def test_flags_change_nothing(stage: Any) -> None:
    """FLAGGED and LOCKED are told, and a pause that is on ends when it should."""
    one = stage.approved()
    stage.judges(one, status="PAUSED")
    stage.passes(HOUR)
    stage.judges(one, status="FLAGGED")
    stage.passes(2 * HOUR)
    assert stage.events() == ["PAUSED", "FLAGGED", "APPROVED"]


def test_an_edit_ends_a_pause(stage: Any) -> None:
    """A paused template that is edited is reviewed, approved, and free of its score."""
    one = stage.approved()
    stage.judges(one, quality_score="RED")
    components = [{"type": "BODY", "text": "Your table is booked. See you soon."}]
    stage.call("edit_template", one, components=components)
    stage.passes(6 * HOUR)
    assert stage.events() == ["PAUSED", "APPROVED"]
    assert stage.template(one).quality_score == "UNKNOWN"


def test_unpause_is_for_pacing(stage: Any) -> None:
    """`unpause` does not end a pause for quality, nor one that is not there."""
    one = stage.approved()
    assert stage.call("unpause_template", one, "unpause") == {"success": False, "reason": "Template is not paused"}
    stage.judges(one, quality_score="RED")
    stage.passes(HOUR)
    found = stage.call("unpause_template", one, "unpause")
    assert (found["success"], "quality" in found["reason"]) == (False, True)
    assert stage.template(one).status == "PAUSED"


# categories


def test_another_category_after_a_notice(stage: Any) -> None:
    """Meta announces the right category, and 24 hours later it is the template's."""
    one = stage.approved(category="UTILITY")
    stage.judges(one, correct_category="MARKETING")
    about = {
        "message_template_id": int(one),
        "message_template_name": "booked",
        "message_template_language": "en_US",
    }
    due = (stage.now + DAY) // SECOND
    assert stage.told == [
        (
            CATEGORY,
            about | {"correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": due},
        )
    ]
    assert (stage.template(one).category, stage.template(one).correct_category) == ("UTILITY", "MARKETING")
    stage.passes(DAY - 1)
    assert len(stage.told) == 1
    stage.passes(1)
    assert stage.told[1:] == [(CATEGORY, about | {"previous_category": "UTILITY", "new_category": "MARKETING"})]
    found = stage.template(one)
    assert (found.category, found.previous_category, found.correct_category) == ("MARKETING", "UTILITY", "")


def test_warned_businesses_get_no_notice(stage: Any) -> None:
    """Without a notice the category changes at once."""
    stage.turns(category_notice=0)
    one = stage.approved(category="UTILITY")
    stage.judges(one, correct_category="MARKETING")
    assert list(stage.told[0][1])[-2:] == ["previous_category", "new_category"]
    assert stage.template(one).category == "MARKETING"


def test_a_notice_called_off(stage: Any) -> None:
    """A change that came by hand in the meantime makes the notice void."""
    one = stage.approved(category="UTILITY")
    stage.judges(one, correct_category="MARKETING")
    stage.judges(one, category="MARKETING")
    stage.passes(2 * DAY)
    assert len(stage.told) == 2


def test_what_should_be_authentication(stage: Any) -> None:
    """It is rejected on the first day of the next month, for its category."""
    one = stage.approved(category="UTILITY")
    stage.judges(one, correct_category="AUTHENTICATION")
    stage.passes(next_month(stage.now) - stage.now - 1)
    assert stage.template(one).status == "APPROVED"
    stage.passes(1)
    found = stage.template(one)
    assert (found.status, found.rejected_reason, found.correct_category) == ("REJECTED", "INCORRECT_CATEGORY", "")
    assert stage.events() == ["REJECTED"]


def test_next_month() -> None:
    """The first moment of the month that follows, also after December."""
    december = 1_798_000_000_000  # 23 December 2026
    assert (next_month(december), next_month(next_month(december))) == (1_798_761_600_000, 1_801_440_000_000)


# archive


def test_idle_for_a_year(stage: Any) -> None:
    """A template that was not used for 12 months is archived, and deleted 28 days later."""
    one = stage.approved()
    stage.passes(364 * DAY)
    stage.sends()
    stage.passes(364 * DAY)
    assert stage.events() == []
    stage.passes(2 * DAY)
    assert (stage.template(one).status, stage.events()) == ("ARCHIVED", ["ARCHIVED"])
    assert (stage.refused().code, "unarchive" in stage.refused().fix) == (132001, True)
    stage.passes(28 * DAY)
    assert (stage.template(one).status, stage.events()) == ("DELETED", ["ARCHIVED", "DELETED"])


def test_archival_can_be_off(stage: Any) -> None:
    """An account that switched auto-archival off keeps its idle templates."""
    one = stage.approved()
    stage.call("update_waba", stage.world.waba_id, template_auto_archival_enabled=False)
    stage.passes(800 * DAY)
    assert stage.template(one).status == "APPROVED"


def test_archive_by_hand(stage: Any) -> None:
    """The archive takes what is approved, gives back what it has, and says why it does not."""
    one, waba = stage.approved(), stage.world.waba_id
    found = stage.call("archive_templates", waba, "message_templates", hsm_ids=f"{one},7")
    assert found == {"archived_templates": [one], "failed_templates": {"7": "Template does not exist"}}
    assert stage.call("archive_templates", waba, "message_templates", hsm_ids=[one])["archived_templates"] == []
    stage.passes(27 * DAY)
    found = stage.call("unarchive_templates", waba, "message_templates", hsm_ids=one)
    assert found == {"unarchived_templates": [one], "failed_templates": {}}
    stage.passes(2 * DAY)
    assert (stage.template(one).status, stage.events()) == ("APPROVED", ["ARCHIVED", "UNARCHIVED"])


def test_the_archive_keeps_the_status(stage: Any) -> None:
    """A rejected template comes back rejected; what waits for its review cannot be archived."""
    one, waba = stage.approved(), stage.world.waba_id
    stage.judges(one, status="REJECTED", reason="SCAM")
    stage.call("archive_templates", waba, "message_templates", hsm_ids=one)
    stage.call("unarchive_templates", waba, "message_templates", hsm_ids=one)
    assert (stage.template(one).status, stage.template(one).archived_from) == ("REJECTED", "")
    two = stage.makes("other", text="Hello {{1}}, this is quite another text for you to read.")
    for operation in ("archive_templates", "unarchive_templates"):
        assert two in stage.call(operation, waba, "message_templates", hsm_ids=two)["failed_templates"]


def test_the_archive_takes_nothing_that_is_gone(stage: Any) -> None:
    """A year after it was made, a deleted template is still deleted, and one in the archive is archived once."""
    one, two = stage.approved(), stage.approved("two", text="Hello {{1}}, this is quite another text for you to read.")
    waba = stage.world.waba_id
    stage.call("delete_templates", waba, name="booked")
    stage.passes(364 * DAY)
    stage.call("archive_templates", waba, "message_templates", hsm_ids=two)
    stage.passes(2 * DAY)
    assert stage.events() == ["DELETED", "ARCHIVED"]
    assert stage.call("archive_templates", waba, "message_templates", hsm_ids=one)["archived_templates"] == []


def test_archive_needs_ids(stage: Any) -> None:
    """Nothing, or more than a hundred, is refused."""
    for ids in ("", ",".join(map(str, range(101)))):
        with pytest.raises(Refused) as caught:
            stage.call("archive_templates", stage.world.waba_id, "message_templates", hsm_ids=ids)
        assert caught.value.refusal.code == 100


# deletion


def test_deleted_at_once(stage: Any) -> None:
    """A template without messages on their way is gone, its name stays locked."""
    one = stage.approved()
    stage.delivers(1)
    stage.call("delete_templates", stage.world.waba_id, name="booked")
    assert stage.events() == ["DELETED"]
    assert (stage.template(one).status, stage.template(one).deleted_at) == ("DELETED", stage.now)
    with pytest.raises(Refused) as caught:
        stage.makes()
    assert caught.value.refusal.subcode == 2388023


def test_what_was_never_approved_is_forgotten_soon(stage: Any) -> None:
    """The name of a template that only ever was rejected is free after a minute."""
    one = stage.makes(
        text="Hello there, your OTP is {{1}}. It is good for ten minutes from now on.", category="UTILITY"
    )
    stage.passes()
    assert (stage.template(one).status, stage.template(one).was_approved) == ("REJECTED", False)
    stage.call("delete_templates", stage.world.waba_id, name="booked")
    stage.passes(MINUTE)
    assert stage.makes() != one


def test_deletion_waits_for_messages(stage: Any) -> None:
    """While messages are on their way it is PENDING_DELETION, without a reason; then DELETED."""
    one = stage.approved()
    stage.sends()
    stage.sends(to="16505559999")
    stage.call("delete_templates", stage.world.waba_id, name="booked")
    assert [(value["event"], value["reason"]) for _, value in stage.told] == [("PENDING_DELETION", None)]
    assert stage.refused().code == 132001
    stage.passes(299)
    assert stage.template(one).status == "PENDING_DELETION"
    stage.passes(1)
    assert stage.events() == ["PENDING_DELETION", "DELETED"]
    stage.passes(31 * DAY)
    assert stage.events() == ["PENDING_DELETION", "DELETED"]


def test_deletion_waits_thirty_days_at_most(stage: Any) -> None:
    """What nobody gets within 30 days is dropped, and then the template is gone."""
    one = stage.approved()
    stage.sends(to="15550900001")  # never gets anything
    stage.passes(DAY)
    stage.call("delete_templates", stage.world.waba_id, name="booked")
    stage.passes(29 * DAY - MINUTE)
    assert stage.template(one).status == "PENDING_DELETION"
    stage.passes(MINUTE)
    assert stage.template(one).status == "DELETED"


def test_the_world_survives_a_snapshot(stage: Any) -> None:
    """Pauses, pending deletions and feedback go on after the world was taken out and put back."""
    one, two = stage.approved(), stage.approved("other", text="Hello {{1}}, this is another text for another time.")
    user = stage.delivers(1)[0]
    stage.does(user, "report")
    stage.judges(one, quality_score="RED")
    stage.sends("other", "15550900005")
    stage.call("delete_templates", stage.world.waba_id, name="other")
    stage.reloaded()
    stage.passes(3 * HOUR)
    assert (stage.template(one).status, stage.template(two).status) == ("APPROVED", "DELETED")
    assert len(stage.world.quality.feedback[stage.world.phone_number_id]) == 1
