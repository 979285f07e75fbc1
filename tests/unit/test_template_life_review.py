"""What the review of templates finds, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

ALL = ("one_time_passwords", "url_shorteners", "duplicates", "promotional_utility")
PLAIN = "Hello {{1}}, your table is booked and we look forward to your visit."
REVIEWED = 10_000


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """All rules are asked."""
    return make_stage(review_rules=ALL)


def reviewed(stage: Any, **template: Any) -> tuple[str, str, str]:
    """Status, reason and category after the review."""
    one = stage.makes(**template)
    stage.passes(REVIEWED)
    found = stage.template(one)
    return found.status, found.rejected_reason, found.category


@pytest.mark.parametrize(
    "text",
    [
        "Hello, {{1}} is your verification code. Do not share it with anybody.",
        "Hello there, your OTP is {{1}}. It is good for ten minutes from now on.",
        "Use the one-time password {{1}} to log in to your account with us today.",
        "Hola, tu código de verificación es {{1}}. No lo compartas con nadie, por favor.",
        "Dein Bestätigungscode lautet {{1}}. Gib ihn bitte auf keinen Fall an andere weiter.",
    ],
)
def test_passwords_belong_to_authentication(stage: Any, text: str) -> None:
    """Wording of a one-time password in another category is rejected for the category."""
    assert reviewed(stage, category="UTILITY", text=text) == ("REJECTED", "INCORRECT_CATEGORY", "UTILITY")


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "Hello {{1}}, please enter the code on your voucher at the till when you pay.",
        "Hello {{1}}, somebody has changed your password. If it was not you, please call us.",
        "Your pickup code is {{1}}. Show it at the counter and we will bring your parcel.",
        "Our new security code policy applies from May. Hello {{1}}, please read it.",
    ],
)
def test_other_codes_are_fine(stage: Any, text: str) -> None:
    """What only has a code in it, or a password but no variable near it, is approved."""
    assert reviewed(stage, category="UTILITY", text=text) == ("APPROVED", "NONE", "UTILITY")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Hello {{1}}, see everything at https://bit.ly/3xYz whenever you like to.", "REJECTED"),
        ("Hello {{1}}, see everything at TINYURL.com/abc whenever you like to.", "REJECTED"),
        ("Hello {{1}}, see everything at https://rabbit.ly/menu whenever you like to.", "APPROVED"),
    ],
)
def test_shortened_links(stage: Any, text: str, status: str) -> None:
    """A link that hides where it leads is rejected, with advice; a domain that only looks alike is not."""
    assert reviewed(stage, text=text)[0] == status
    value = stage.told[-1][1]
    assert value["event"] == status
    assert ("rejection_info" in value) == (status == "REJECTED")


def test_shortened_links_of_buttons(stage: Any) -> None:
    """Buttons are looked at as well."""
    button = {"type": "URL", "text": "Menu", "url": "https://bit.ly/3xYz"}
    components = [{"type": "BODY", "text": "Have a look at our menu."}, {"type": "BUTTONS", "buttons": [button]}]
    assert reviewed(stage, components=components)[0] == "REJECTED"


def test_duplicates(stage: Any) -> None:
    """The same body and footer again is rejected, however it is named; the first one stays."""
    assert reviewed(stage, name="one")[0] == "APPROVED"
    assert reviewed(stage, name="two")[0] == "REJECTED"
    footed = [
        {"type": "BODY", "text": PLAIN, "example": {"body_text": [["Ana"]]}},
        {"type": "FOOTER", "text": "The team"},
    ]
    assert reviewed(stage, name="three", components=footed)[0] == "APPROVED"


def test_duplicates_of_the_same_moment(stage: Any) -> None:
    """Of two that wait for their review, the one that was made first is approved."""
    one, two = stage.makes("one"), stage.makes("two")
    stage.passes(REVIEWED)
    assert (stage.template(one).status, stage.template(two).status) == ("APPROVED", "REJECTED")


def test_duplicates_made_by_an_edit(stage: Any) -> None:
    """An older template that is edited into a newer one's wording is the duplicate; words of deleted ones are free."""
    first, second = stage.makes("first"), stage.makes("second", text="Hello {{1}}, this is quite another text to read.")
    stage.passes(REVIEWED)
    same = [{"type": "BODY", "text": "Hello {{1}}, this is quite another text to read."}]
    same[0]["example"] = {"body_text": [["Ana"]]}  # type: ignore[assignment]
    stage.call("edit_template", first, components=same)
    stage.passes(REVIEWED)
    assert (stage.template(first).status, stage.template(second).status) == ("REJECTED", "APPROVED")
    stage.call("delete_templates", stage.world.waba_id, name="second")
    stage.call("edit_template", first, components=same)
    stage.passes(REVIEWED)
    assert stage.template(first).status == "APPROVED"


def test_an_edit_puts_the_review_off(stage: Any) -> None:
    """A review that began before an edit finds nothing any more; Meta's hand during a review goes before it."""
    one = stage.makes()
    stage.passes(3_000)
    stage.judges(one, status="REJECTED", reason="SCAM")
    stage.call("edit_template", one, components=[{"type": "BODY", "text": "Your table is booked. See you soon."}])
    stage.passes(4_999)
    assert stage.template(one).status == "PENDING"
    stage.passes(1)
    assert stage.template(one).status == "APPROVED"


def test_promotion_is_marketing(stage: Any) -> None:
    """A utility template that promotes is approved as MARKETING; only the approval is told, and says so."""
    found = reviewed(stage, category="UTILITY", text="Hello {{1}}, everything is 20% off until Sunday. Come and see!")
    assert found == ("APPROVED", "NONE", "MARKETING")
    assert [(field, value["event"], value["message_template_category"]) for field, value in stage.told] == [
        ("message_template_status_update", "APPROVED", "MARKETING")
    ]
    assert next(one for one in stage.world.templates.values() if one.name == "booked").previous_category == "UTILITY"


def test_rules_can_be_left_out(make_stage: Any) -> None:
    """A rule that the knob does not name finds nothing."""
    stage = make_stage(review_rules=())
    text = "Hello, {{1}} is your verification code. Do not share it with anybody."
    assert reviewed(stage, category="UTILITY", text=text)[0] == "APPROVED"


def test_the_draft_knows_best(stage: Any) -> None:
    """What creation has seen already goes before all rules."""
    text = "Hello {{1}}{{2}}, your verification code is on its way to you right now, please wait."
    components = [{"type": "BODY", "text": text, "example": {"body_text": [["a", "b"]]}}]
    assert reviewed(stage, category="UTILITY", components=components)[:2] == ("REJECTED", "INVALID_FORMAT")


def test_a_share_is_rejected(make_stage: Any) -> None:
    """A share of templates is rejected by lot, always the same ones for a seed."""

    def rejected(seed: int) -> list[str]:
        stage = make_stage(seed, review_rejects=0.5)
        for number in range(20):
            stage.makes(f"number_{number}")
        stage.passes(REVIEWED)
        return [one.name for one in stage.world.templates.values() if one.status == "REJECTED"]

    assert rejected(1) == rejected(1)
    assert rejected(1) != rejected(2)
    assert 3 < len(rejected(1)) < 17


def test_nobody_reviews(make_stage: Any) -> None:
    """Where nobody reviews, templates wait for ever."""
    stage = make_stage(review_outcome="pending")
    assert reviewed(stage)[0] == "PENDING"
