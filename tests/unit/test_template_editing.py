"""Editing a template: which may be edited, what may change, how often."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_creation import check_edit
from localwaba.domain.template_values import CurrentTemplate, TemplatePolicy

BODY = {"type": "BODY", "text": "Your order is on its way."}
NEW = {"components": [{"type": "body", "text": "Your order has arrived."}]}


def current(**changes: Any) -> CurrentTemplate:
    known: dict[str, Any] = {
        "name": "order_sent",
        "language": "en_US",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [BODY],
        "ttl_seconds": 60,
    }
    return CurrentTemplate(**(known | changes))


def refusal(
    before: CurrentTemplate, body: dict[str, Any], policy: TemplatePolicy | None = None, **more: int
) -> Refusal:
    with pytest.raises(Refused) as caught:
        check_edit(before, body, 0, policy or TemplatePolicy(), **more)
    return caught.value.refusal


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "PAUSED"])
def test_editable(status: str) -> None:
    """Approved, rejected and paused templates take new components; the rest stays as it was."""
    draft = check_edit(current(status=status), NEW, 0, TemplatePolicy())
    assert draft.components == [{"type": "BODY", "text": "Your order has arrived."}]
    assert (draft.name, draft.category, draft.ttl_seconds) == ("order_sent", "UTILITY", 60)


@pytest.mark.parametrize(
    "status", ["PENDING", "IN_APPEAL", "DISABLED", "PENDING_DELETION", "ARCHIVED", "LIMIT_EXCEEDED"]
)
def test_not_editable(status: str) -> None:
    """Every other status is 2388039."""
    found = refusal(current(status=status), NEW)
    assert (found.code, found.subcode) == (100, 2388039)


def test_disabled_is_a_knob() -> None:
    """A disabled template may be edited where the policy follows the other page."""
    assert check_edit(current(status="DISABLED"), NEW, 0, TemplatePolicy(edit_disabled=True)).name == "order_sent"


@pytest.mark.parametrize("counts", [{"edits_last_24h": 1}, {"edits_last_24h": 0, "edits_last_30d": 10}])
def test_edits_of_approved(counts: dict[str, int]) -> None:
    """An approved template may be edited once a day and ten times in thirty days; others as often as you like."""
    assert refusal(current(), NEW, **counts).subcode == 2388039
    assert check_edit(current(status="PAUSED"), NEW, 0, TemplatePolicy(), **counts).name == "order_sent"


def test_edit_limits_can_be_off() -> None:
    """Without limits an approved template may be edited at any time."""
    policy = TemplatePolicy(edits_per_day=None, edits_per_month=None)
    assert check_edit(current(), NEW, 0, policy, edits_last_24h=9, edits_last_30d=99).name == "order_sent"


@pytest.mark.parametrize(("key", "value"), [("name", "other"), ("language", "es")])
def test_fixed_fields(key: str, value: str) -> None:
    """Name and language cannot change; saying what they are is no change."""
    assert refusal(current(), NEW | {key: value}).code == 100
    same = NEW | {"name": "order_sent", "language": "en_US", "category": "utility"}
    assert check_edit(current(), same, 0, TemplatePolicy()).language == "en_US"


def test_category_of_approved() -> None:
    """The category of an approved template cannot change, that of a rejected one can."""
    change = NEW | {"category": "MARKETING"}
    assert refusal(current(), change).values["variant"] == "category_mismatch"
    draft = check_edit(current(status="REJECTED"), change, 0, TemplatePolicy())
    assert (draft.category, draft.ttl_seconds) == ("MARKETING", None)


def test_category_without_components() -> None:
    """A change of category alone holds the stored components to the new category."""
    assert refusal(current(status="REJECTED"), {"category": "AUTHENTICATION"}).subcode == 2388042


def test_edit_follows_the_rules_of_creation() -> None:
    """New components are judged like those of a creation."""
    found = refusal(current(), {"components": [{"type": "BODY", "text": "{{1}}", "example": {"body_text": ["a"]}}]})
    assert found.subcode == 2388072


def test_new_time_to_live() -> None:
    """A time to live can change alone."""
    assert check_edit(current(), {"message_send_ttl_seconds": 90}, 0, TemplatePolicy()).ttl_seconds == 90


def test_other_fields_add_up() -> None:
    """Optional fields that an edit does not name stay."""
    before = current(other={"sub_category": "CUSTOM"})
    draft = check_edit(before, NEW | {"cta_url_link_tracking_opted_out": True}, 0, TemplatePolicy())
    assert draft.other == {"sub_category": "CUSTOM", "cta_url_link_tracking_opted_out": True}


def test_stored_components_survive() -> None:
    """An edit leaves the stored components of the template it meets as they were."""
    before = current()
    check_edit(before, {"message_send_ttl_seconds": 90}, 0, TemplatePolicy())
    assert before.components == [BODY]


def test_empty_edit() -> None:
    """An edit that names nothing to change is refused."""
    assert refusal(current(), {}).code == 100
