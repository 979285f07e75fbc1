"""Being Meta, decided without a server: judgements, ratings, knobs, platform events."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.agenda import UnpauseTemplate
from localwaba.domain.clock import HOUR, SECOND
from localwaba.domain.events import Announced, Scheduled, TemplateJudged
from localwaba.domain.model import Template
from localwaba.domain.policy import Policy
from localwaba.domain.routing import FIELDS
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.operations.announcements import TIMED
from localwaba.operations.happening import happen
from localwaba.operations.meta import (
    LIMITS,
    patch_number,
    patch_policy,
    patch_template,
    read_policy,
)
from localwaba.operations.mistakes import Mistake
from localwaba.operations.platform_events import fire
from localwaba.operations.platform_samples import sampled
from neighbours import load

_parts = load("unit/announcing")
make = _parts.make

NOW = 1_790_000_000_000


@pytest.fixture
def world() -> World:
    """A world as it is seeded."""
    return new_world("default", 0, NOW)


def template(world: World) -> Template:
    return next(iter(world.templates.values()))


def judge(world: World, now: int = NOW, **changes: Any) -> list[tuple[str, dict[str, Any]]]:
    return make(world, patch_template(world, now, template(world).id, changes))


def rate(world: World, **changes: Any) -> list[tuple[str, dict[str, Any]]]:
    return make(world, patch_number(world, NOW, world.phone_number_id, changes))


def test_rejection(world: World) -> None:
    """A rejected template has its reason, and the webhook says it."""
    ((field, value),) = judge(world, status="REJECTED", reason="INCORRECT_CATEGORY")
    assert (field, value["event"], value["reason"]) == (
        "message_template_status_update",
        "REJECTED",
        "INCORRECT_CATEGORY",
    )
    assert (template(world).status, template(world).rejected_reason) == ("REJECTED", "INCORRECT_CATEGORY")


def test_rejection_with_advice(world: World) -> None:
    """What Meta recommends goes along with a rejection for its format."""
    info = {"reason": "two variables side by side", "recommendation": "put words between them"}
    ((_, value),) = judge(world, status="REJECTED", rejection_info=info)
    assert (value["reason"], value["rejection_info"]) == ("INVALID_FORMAT", info)


def test_pending_deletion_has_no_reason(world: World) -> None:
    """The reason of a template that waits for its deletion is null, as Meta documents."""
    ((_, value),) = judge(world, status="PENDING_DELETION")
    assert value["reason"] is None


@pytest.mark.parametrize(("pauses", "hours", "title"), [(0, 3, "FIRST_PAUSE"), (1, 6, "SECOND_PAUSE")])
def test_pauses(world: World, pauses: int, hours: int, title: str) -> None:
    """A pause lasts three hours the first time and six the second; then the template is approved again."""
    now = NOW
    for _ in range(pauses):
        judge(world, now, status="PAUSED")
        now += 6 * HOUR
        judge(world, now, status="APPROVED")
    events = patch_template(world, now, template(world).id, {"status": "PAUSED"})
    ((_, value),) = make(world, events)
    (planned,) = [event for event in events if isinstance(event, Scheduled)]
    assert (value["event"], value["other_info"]["title"]) == ("PAUSED", title)
    assert planned.due == now + hours * HOUR
    ((_, ended),) = make(world, happen(world, planned.item, planned.due, world.ids()))
    assert (template(world).status, ended["event"], ended["other_info"]["title"]) == ("APPROVED", "APPROVED", "UNPAUSE")


def test_a_pause_that_was_overtaken(world: World) -> None:
    """A pause's end does nothing once something else has become of the template."""
    judge(world, status="PAUSED")
    judge(world, NOW + SECOND, status="DISABLED")
    assert happen(world, UnpauseTemplate(template(world).id, NOW), NOW + 3 * HOUR, world.ids()) == []


def test_a_later_pause_lasts_its_time(world: World) -> None:
    """The end of a former pause does not cut a later one short."""
    judge(world, NOW, status="PAUSED")
    judge(world, NOW + SECOND, status="APPROVED")
    judge(world, NOW + 2 * SECOND, status="PAUSED")
    assert happen(world, UnpauseTemplate(template(world).id, NOW), NOW + 3 * HOUR, world.ids()) == []


def test_disabled(world: World) -> None:
    """A disabled template says since when."""
    ((_, value),) = judge(world, status="DISABLED")
    assert value["disable_info"] == {"disable_date": NOW // SECOND}
    assert template(world).status == "DISABLED"


@pytest.mark.parametrize(("event", "status"), [("FLAGGED", "PAUSED"), ("LOCKED", "PAUSED"), ("REINSTATED", "APPROVED")])
def test_events_that_are_no_status(world: World, event: str, status: str) -> None:
    """Flagged and locked are only told; reinstated means approved."""
    judge(world, status="PAUSED")
    ((_, value),) = judge(world, status=event)
    assert (value["event"], template(world).status) == (event, status)


def test_quality_then_category_then_status(world: World) -> None:
    """All that is patched at once is told in Meta's order, quality before the pause that follows from it."""
    told = judge(world, status="PAUSED", category="MARKETING", quality_score="RED")
    assert [field for field, _ in told] == [
        "message_template_quality_update",
        "template_category_update",
        "message_template_status_update",
    ]
    assert told[0][1]["previous_quality_score"] == "UNKNOWN"
    assert (told[1][1]["previous_category"], told[1][1]["new_category"]) == ("UTILITY", "MARKETING")
    assert told[2][1]["message_template_category"] == "MARKETING"
    found = template(world)
    assert (found.status, found.category, found.quality_score) == ("PAUSED", "MARKETING", "RED")


def test_what_is_already_so(world: World) -> None:
    """A category that the template has is no change, and nobody is told."""
    assert judge(world, category="UTILITY", quality_score="UNKNOWN") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "approved"}, "APPROVED"),
        ({"status": 5}, "status"),
        ({"reason": "SCAM"}, "status"),
        ({"status": "REJECTED", "reason": "BAD"}, "reason"),
        ({"quality": "RED"}, "quality_score"),
        ({"status": "REJECTED", "rejection_info": {"reason": 5}}, "rejection_info"),
    ],
)
def test_judgements_refuse(world: World, changes: dict[str, Any], said: str) -> None:
    """A judgement that Meta has no words for is refused."""
    with pytest.raises(Mistake, match=said):
        judge(world, **changes)


def test_unknown_things(world: World) -> None:
    """A template or number that is not there is answered with those that are."""
    with pytest.raises(Mistake, match="hello_world") as found:
        patch_template(world, NOW, "1", {})
    assert found.value.status == 404
    with pytest.raises(Mistake, match=world.phone_number_id):
        patch_number(world, NOW, "1", {})


def test_rating(world: World) -> None:
    """A number's quality is rated without a webhook: Meta documents none."""
    assert rate(world, quality_rating="RED") == []
    assert world.numbers[world.phone_number_id].quality_rating == "RED"


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit != "TIER_250"])
def test_limit(world: World, limit: str) -> None:
    """The portfolio gets the limit, and is told both ways."""
    (capability, quality) = rate(world, messaging_limit=limit)
    assert capability == (
        "business_capability_update",
        {"max_daily_conversations_per_business": LIMITS[limit], "max_phone_numbers_per_waba": 25},
    )
    assert quality[1]["event"] == ("DOWNGRADE" if limit == "TIER_50" else "UPGRADE")
    assert (quality[1]["old_limit"], quality[1]["current_limit"]) == ("TIER_250", limit)
    assert world.businesses[world.business_id].messaging_limit == limit


def test_throughput(world: World) -> None:
    """A number that becomes fast at once is told so, once."""
    make(world, patch_policy(world, NOW, {"throughput_upgrade_seconds": 0}))
    assert [value["event"] for _, value in rate(world, throughput="HIGH")] == ["THROUGHPUT_UPGRADE"]
    assert rate(world, throughput="HIGH") == []
    assert world.numbers[world.phone_number_id].throughput_level == "HIGH"


def test_throughput_takes_time(world: World) -> None:
    """An upgrade takes a minute; asked for again it does not begin anew, and what ends it early leaves no trace."""
    events = patch_number(world, NOW, world.phone_number_id, {"throughput": "HIGH"})
    assert make(world, events) == rate(world, throughput="HIGH") == []
    (planned,) = [event for event in events if isinstance(event, Scheduled)]
    assert (planned.due, world.numbers[world.phone_number_id].throughput_level) == (NOW + 60 * SECOND, "STANDARD")
    rate(world, throughput="STANDARD")
    assert happen(world, planned.item, planned.due, world.ids()) == []
    again = list(patch_number(world, NOW + SECOND, world.phone_number_id, {"throughput": "HIGH"}))
    make(world, again)
    assert happen(world, planned.item, planned.due, world.ids()) == []
    (planned,) = [event for event in again if isinstance(event, Scheduled)]
    ((_, value),) = make(world, happen(world, planned.item, planned.due, world.ids()))
    assert (value["event"], value["current_limit"]) == ("THROUGHPUT_UPGRADE", "TIER_UNLIMITED")
    assert world.numbers[world.phone_number_id].throughput_level == "HIGH"


def test_flag(world: World) -> None:
    """A number is flagged and unflagged with the old notices."""
    told = rate(world, status="FLAGGED") + rate(world, status="CONNECTED")
    assert [value["event"] for _, value in told] == ["FLAGGED", "UNFLAGGED"]


def test_name(world: World) -> None:
    """A declined name is told with its reason."""
    ((field, value),) = rate(world, name_status="DECLINED", rejection_reason="NAME_NOT_CONSISTENT")
    assert field == "phone_number_name_update"
    assert (value["decision"], value["rejection_reason"]) == ("REJECTED", "NAME_NOT_CONSISTENT")


def test_policy(world: World) -> None:
    """A knob is turned, the others stay."""
    make(world, patch_policy(world, NOW, {"webhook_retries": [1, 2], "read_after": None}))
    assert (world.policy.webhook_retries, world.policy.read_after) == ((1.0, 2.0), None)
    assert world.policy.delivered_after == Policy().delivered_after


@pytest.mark.parametrize(
    "changes",
    [
        {"read_aftr": 1},
        {"read_after": "1"},
        {"read_after": -1},
        {"read_after": 1e300},
        {"webhook_retries": [1, -1]},
        {"webhook_success": "201"},
        {"retained_messages": -5},
        {"body_limit": None},
    ],
)
def test_policy_refuses(changes: dict[str, Any]) -> None:
    """A knob that is not there, or cannot be turned that far, is refused by its name."""
    with pytest.raises(Mistake, match=next(iter(changes))):
        read_policy(Policy(), changes)


@pytest.mark.parametrize("field", sampled())
def test_samples(world: World, field: str) -> None:
    """Every sample is fired as a webhook of its field, about this world, with a time where Meta has one."""
    fired = fire(world, NOW, {"field": field})
    (event,) = [event for event in fired.events if isinstance(event, Announced)]
    told = make(world, fired.events)
    assert told[-1] == (field, fired.value)
    assert event.timed is (field in TIMED)
    assert world.numbers[world.phone_number_id].status == "CONNECTED"


def test_fields_without_a_sample(world: World) -> None:
    """Only fields whose shape nobody knows, and messages, need a value."""
    assert {*FIELDS} - {*sampled()} == {"consumer_profile", "message_echoes", "messages"}
    for field in ("consumer_profile", "message_echoes", "messages"):
        with pytest.raises(Mistake, match="give a value"):
            fire(world, NOW, {"field": field})


def test_portfolio_events(world: World) -> None:
    """Events of the portfolio carry its id in the entry."""
    value = {"event": "PARTNER_ADDED", "waba_info": {"waba_id": world.waba_id, "owner_business_id": "1"}}
    for options in ({"field": "account_update", "value": value}, {"field": "partner_solutions"}):
        event = fire(world, NOW, options).events[-1]
        assert isinstance(event, Announced)
        assert event.entry_id == world.business_id


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("account_review_update", {"decision": "REJECTED"}, lambda w: w.wabas[w.waba_id].review_status == "REJECTED"),
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "April 17, 2025"}},
            lambda w: w.wabas[w.waba_id].status == "DISABLED",
        ),
        (
            "business_capability_update",
            {"max_daily_conversations_per_business": -1},
            lambda w: w.businesses[w.business_id].messaging_limit == "TIER_UNLIMITED",
        ),
        (
            "phone_number_quality_update",
            {"display_phone_number": "15550783881", "event": "FLAGGED"},
            lambda w: w.numbers[w.phone_number_id].status == "FLAGGED",
        ),
        (
            "phone_number_name_update",
            {
                "display_phone_number": "15550783881",
                "decision": "APPROVED",
                "requested_verified_name": "New",
                "rejection_reason": None,
            },
            lambda w: w.numbers[w.phone_number_id].new_name == "New",
        ),
    ],
)
def test_what_an_event_says_is_so(world: World, field: str, value: dict[str, Any], read: Any) -> None:
    """The world becomes what a platform event says of it."""
    make(world, fire(world, NOW, {"field": field, "value": value}).events)
    assert read(world)


def test_what_an_event_says_of_templates(world: World) -> None:
    """A template becomes what a platform event says of it, and the value goes out as it was given."""
    about = {
        "message_template_id": int(template(world).id),
        "message_template_name": template(world).name,
        "message_template_language": template(world).language,
    }
    for field, value in (
        ("message_template_status_update", {"event": "DISABLED", "reason": "SCAM"}),
        ("message_template_quality_update", {"previous_quality_score": "GREEN", "new_quality_score": "RED"}),
        ("template_category_update", {"previous_category": "UTILITY", "new_category": "MARKETING"}),
    ):
        fired = fire(world, NOW, {"field": field, "value": value | about})
        assert make(world, fired.events)[-1] == (field, value | about)
    found = template(world)
    assert (found.status, found.quality_score, found.category) == ("DISABLED", "RED", "MARKETING")
    assert not [event for event in fired.events if isinstance(event, TemplateJudged)]
