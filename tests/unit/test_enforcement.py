"""How Meta deals with an account: the ladder, what each restriction stops, its end, bans, payment, misuse, health."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from localwaba.domain.account_state import (
    ADDING_NUMBERS,
    BUSINESS_INITIATED,
    CLEAN,
    RESTRICTION_TYPES,
    USER_INITIATED,
    UTILITY_RATE,
    UTILITY_TEMPLATES,
    Standing,
)
from localwaba.domain.clock import DAY, HOUR, MINUTE, SECOND
from localwaba.domain.enforcement import (
    LADDER,
    climbed,
    is_active,
    put_on_step,
    reinstated,
    restricted,
)
from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.events import Put
from localwaba.domain.policy import PROFILES, Policy
from localwaba.operations.enforcing import patch_account
from localwaba.operations.mistakes import Mistake
from localwaba.operations.platform_events import fire
from localwaba.wire import standings
from localwaba.wire.health import health_status
from localwaba.wire.moments import day, read_day

USER = "16505551234"
SOME = {BUSINESS_INITIATED, ADDING_NUMBERS}
ALL = {*SOME, USER_INITIATED}


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """A world with an approved template and a user who has written just now."""
    made = make_stage()
    made.approved()
    made.writes(USER)
    return made


def act(stage: Any, **changes: Any) -> list[dict[str, Any]]:
    """Meta acts on the account; the values of `account_update` that told of it."""
    before = len(stage.told)
    stage.happen(patch_account(stage.world, stage.now, stage.world.waba_id, changes))
    return [value for field, value in stage.told[before:] if field == "account_update"]


def standing(stage: Any) -> Standing:
    found: Standing = stage.world.standings.get(stage.world.waba_id, CLEAN)
    return found


def active(stage: Any) -> set[str]:
    """What the account may not do now."""
    return {kind for kind in RESTRICTION_TYPES if is_active(standing(stage), kind, stage.now)}


def text(stage: Any, to: str = USER) -> int | None:
    """Sends a text; the code with which it is refused at once."""
    params = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "hi"}}
    return tried(lambda: stage.call("send_message", stage.world.phone_number_id, "messages", **params))


def template(stage: Any, to: str = "447700900123", name: str = "booked") -> int | None:
    """Sends a template; the code with which it is refused at once."""
    return tried(lambda: stage.sends(name, to))


def tried(do: Any) -> int | None:
    """The code of a refusal; None if there is none."""
    found = refusal(do)
    return found.code if found else None


def refusal(do: Any) -> Refusal | None:
    try:
        do()
    except Refused as refused:
        return refused.refusal
    return None


def health(stage: Any, kind: str = "WABA") -> tuple[str, list[int], str]:
    """Level and codes of one entity, and the level of the whole."""
    world = stage.world
    number = world.numbers[world.phone_number_id]
    found = health_status(world, world.app_id, world.wabas[world.waba_id], now=stage.now, number=number)
    entity = next(one for one in found["entities"] if one["entity_type"] == kind)
    codes = [error["error_code"] for error in entity.get("errors", [])]
    return entity["can_send_message"], codes, found["can_send_message"]


# the ladder


@pytest.mark.parametrize(
    ("step", "kinds", "days", "outside", "inside"),
    [
        ("warning", set(), None, None, None),
        ("1-day", SOME, 1, 368, None),
        ("3-day", SOME, 3, 368, None),
        ("5-day", ALL, 5, 368, 368),
        ("7-day", ALL, 7, 368, 368),
        ("30-day", ALL, 30, 368, 368),
        ("lock", ALL, None, 131031, 131031),
        ("disable", set(), None, 131031, 131031),
    ],
)
def test_each_step_stops_what_it_says(
    stage: Any, step: str, kinds: set[str], days: int | None, outside: int | None, inside: int | None
) -> None:
    """First business-initiated messages and adding numbers, then all messages, then everything."""
    act(stage, enforcement=step)
    assert active(stage) == kinds
    ends = {one.until for one in standing(stage).restrictions.values()}
    assert ends == ({stage.now + (days or 0) * DAY if days else 0} if kinds else set())
    assert (template(stage), text(stage)) == (outside, inside)


def test_violations_climb_the_ladder_one_by_one(stage: Any) -> None:
    """Each violation is one step up, to the last one and no further."""
    names = []
    for _ in range(len(LADDER) + 2):
        act(stage, violation="SCAM")
        names.append(LADDER[standing(stage).step - 1].name)
    assert names == [*(step.name for step in LADDER), "disable", "disable"]


def test_a_violation_is_told_before_what_follows_from_it(stage: Any) -> None:
    """`violation_info` first, then `restriction_info` with its end in seconds, as Meta's account_update has them."""
    act(stage, violation="ALCOHOL")
    told = act(stage, violation="ALCOHOL", remediation="Remove the bottles.")
    end = (stage.now + DAY) // SECOND
    rows = [
        {"restriction_type": kind, "expiration": end, "remediation": "Remove the bottles."}
        for kind in (BUSINESS_INITIATED, ADDING_NUMBERS)
    ]
    assert told == [
        {
            "event": "ACCOUNT_VIOLATION",
            "violation_info": {"violation_type": "ALCOHOL", "remediation": "Remove the bottles."},
        },
        {"event": "ACCOUNT_RESTRICTION", "restriction_info": rows},
    ]


def test_a_lock_has_no_expiration(stage: Any) -> None:
    """What only Meta can end is told without a date."""
    assert all("expiration" not in row for row in act(stage, enforcement="lock")[1]["restriction_info"])


def test_a_ban_is_told_with_its_day(stage: Any) -> None:
    """`ban_info` has the state and a day in words."""
    told = act(stage, enforcement="disable")[-1]
    assert told == {
        "event": "DISABLED_UPDATE",
        "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "September 21, 2026"},
    }
    assert stage.world.wabas[stage.world.waba_id].status == "DISABLED"


def test_a_shorter_step_does_not_end_a_longer_restriction(stage: Any) -> None:
    """Climbing never helps."""
    act(stage, restrictions=[{"type": BUSINESS_INITIATED, "seconds": 400 * 86_400}])
    act(stage, violation="SCAM")
    act(stage, violation="SCAM")
    assert standing(stage).restrictions[BUSINESS_INITIATED].until == stage.now + 400 * DAY


@pytest.mark.parametrize(("step", "days"), [("1-day", 1), ("3-day", 3), ("5-day", 5), ("7-day", 7), ("30-day", 30)])
def test_a_restriction_ends_by_the_clock(stage: Any, step: str, days: int) -> None:
    """To the millisecond; then everything goes as before, and nobody is told."""
    act(stage, enforcement=step)
    stage.passes(days * DAY - 1)
    assert template(stage) == 368
    told = len(stage.told)
    stage.passes(1)
    assert (template(stage), active(stage), len(stage.told)) == (None, set(), told)
    assert standing(stage).restrictions == {}


def test_an_end_counts_even_if_nothing_was_done_about_it(stage: Any) -> None:
    """The gate looks at the clock, not at the agenda."""
    act(stage, enforcement="1-day")
    stage.now += DAY
    assert template(stage) is None


def test_a_changed_restriction_keeps_its_new_end(stage: Any) -> None:
    """The end of the former one does nothing."""
    act(stage, enforcement="1-day")
    act(stage, enforcement="30-day")
    stage.passes(2 * DAY)
    assert template(stage) == 368


def test_refusals_tell_what_led_to_them(stage: Any) -> None:
    """Since when, why, for how long, and how to end it."""
    act(stage, enforcement="5-day", violation="GAMBLING")
    stage.passes(2 * DAY)
    found = stage.refused()
    assert found.why == f"the account has had {BUSINESS_INITIATED} for 2 d because of GAMBLING, for another 3 d"
    assert found.fix == f'wait 3 d, or PATCH /_localwaba/accounts/{stage.world.waba_id} {{"status":"ACTIVE"}}'


def test_the_code_of_a_restriction_that_ends_is_a_knob(stage: Any) -> None:
    """Meta's table has two codes for the same state."""
    stage.turns(restriction_code=131031)
    act(stage, enforcement="1-day")
    assert template(stage) == 131031


def test_templates_inside_the_window_are_answers(stage: Any) -> None:
    """Unless a knob says that the restriction stops all templates."""
    act(stage, enforcement="1-day")
    assert template(stage, USER) is None
    stage.turns(restricted_templates="all")
    assert (template(stage, USER), text(stage)) == (368, None)


def test_answers_alone_can_be_stopped(stage: Any) -> None:
    """Customer-initiated messaging is the answer within the window."""
    act(stage, restrictions=[{"type": USER_INITIATED, "seconds": 60}])
    assert (text(stage), template(stage, USER), template(stage)) == (368, 368, None)
    stage.passes(MINUTE)
    assert text(stage) is None


def test_what_is_not_taken_stays(stage: Any) -> None:
    """Restrictions of calling and of templates stop no message."""
    others = [kind for kind in RESTRICTION_TYPES if kind not in ALL]
    act(stage, restrictions=[{"type": kind} for kind in others])
    assert (text(stage), template(stage)) == (None, None)


def test_seconds_of_zero_end_a_restriction(stage: Any) -> None:
    """Meta may change its mind, and says so with an expiration that is over."""
    act(stage, restrictions=[{"type": BUSINESS_INITIATED}])
    told = act(stage, restrictions=[{"type": BUSINESS_INITIATED, "seconds": 0}])
    assert told[0]["restriction_info"] == [{"restriction_type": BUSINESS_INITIATED, "expiration": stage.now // SECOND}]
    assert (template(stage), standing(stage)) == (None, CLEAN)


def test_numbers_cannot_be_added_while_that_is_restricted(stage: Any) -> None:
    """From the second step on."""
    params = {"cc": "1", "phone_number": "6315551000", "verified_name": "My Business"}
    act(stage, enforcement="1-day")
    assert tried(lambda: stage.call("create_phone_number", stage.world.waba_id, "phone_numbers", **params)) == 368
    stage.passes(DAY)
    assert tried(lambda: stage.call("create_phone_number", stage.world.waba_id, "phone_numbers", **params)) is None


@pytest.mark.parametrize("step", ["lock", "disable"])
def test_a_closed_account_can_do_nothing(stage: Any, step: str) -> None:
    """Neither templates nor registrations nor read receipts."""
    world = stage.world
    received = next(message.id for message in world.messages.values() if not message.outbound)
    act(stage, enforcement=step)
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": received}
    body = {"name": "other", "language": "en_US", "category": "MARKETING", "components": []}
    calls = [
        ("create_template", world.waba_id, body),
        ("register_phone_number", world.phone_number_id, {"pin": "123456"}),
        ("send_message", world.phone_number_id, read),
    ]
    assert [tried(lambda call=call: stage.call(call[0], call[1], **call[2])) for call in calls] == [131031] * 3


def test_what_was_accepted_before_a_ban_fails_late(stage: Any) -> None:
    """The account is looked at again when a message leaves."""
    stage.turns(sent_after=60.0)
    sent = stage.sends()
    act(stage, enforcement="disable")
    stage.passes(MINUTE)
    assert stage.outcome(sent) == (["failed"], 131031)


# the way down


def test_an_active_account_is_as_before_but_remembered(stage: Any) -> None:
    """Reinstated, it can do everything; the next violation goes on where the last one was."""
    act(stage, enforcement="lock")
    assert act(stage, status="ACTIVE") == []
    assert (text(stage), template(stage), active(stage)) == (None, None, set())
    act(stage, violation="SCAM")
    assert LADDER[standing(stage).step - 1].name == "disable"


def test_the_end_of_a_ban_is_told(stage: Any) -> None:
    """REINSTATE, with the day."""
    act(stage, status="DISABLED")
    stage.passes(3 * DAY)
    told = act(stage, status="ACTIVE")
    assert told[0]["ban_info"] == {"waba_ban_state": "REINSTATE", "waba_ban_date": "September 24, 2026"}
    assert (stage.world.wabas[stage.world.waba_id].status, template(stage)) == ("ACTIVE", None)


def test_enforcement_none_forgets(stage: Any) -> None:
    """The account is as clean as it was, and costs no time on the way of a send."""
    act(stage, enforcement="30-day")
    act(stage, enforcement="none")
    assert stage.world.standings == {}


def test_a_disabling_that_was_announced_comes(stage: Any) -> None:
    """Until then everything goes; then DISABLE is told."""
    told = act(stage, disable_in=86_400)
    assert told[0]["ban_info"] == {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "September 22, 2026"}
    stage.passes(DAY - 1)
    assert template(stage) is None
    stage.passes(1)
    assert template(stage) == 131031
    assert stage.told[-1][1]["ban_info"]["waba_ban_state"] == "DISABLE"
    assert (standing(stage).disable_at, standing(stage).disabled_at) == (0, stage.now)


def test_a_disabling_can_be_called_off_or_moved(stage: Any) -> None:
    """Only the last announcement counts."""
    act(stage, disable_in=60)
    act(stage, disable_in=3_600)
    stage.passes(HOUR - 1)
    assert template(stage) is None
    act(stage, status="ACTIVE")
    stage.passes(DAY)
    assert template(stage) is None


# other reasons


def test_countries_can_be_closed(stage: Any) -> None:
    """130497, windows or not; others are reached."""
    act(stage, blocked_countries=["us", "BR"])
    assert (text(stage), template(stage, USER), template(stage, "447700900123")) == (130497, 130497, None)
    act(stage, blocked_countries=[])
    assert (text(stage), stage.world.standings) == (None, {})


@pytest.mark.parametrize(
    ("name", "category", "to", "expected"),
    [
        ("paid", "UTILITY", "447700900123", 131042),
        ("paid", "MARKETING", USER, 131042),
        ("paid", "UTILITY", USER, None),
    ],
)
def test_what_costs_fails_while_nobody_pays(
    stage: Any, name: str, category: str, to: str, expected: int | None
) -> None:
    """HTTP 200 first; what is free goes through (health: business-initiated conversations are blocked)."""
    stage.approved(name, category)
    act(stage, payment="failed")
    sent = stage.sends(name, to)
    stage.passes()
    assert stage.outcome(sent)[1] == expected
    act(stage, payment="ok")
    sent = stage.sends(name, to)
    stage.passes()
    assert stage.outcome(sent)[1] is None


def test_texts_inside_the_window_are_free(stage: Any) -> None:
    """Service messages cost nothing, so nobody has to pay."""
    act(stage, payment="failed")
    assert text(stage) is None
    stage.passes()
    assert stage.refusals == {}


def test_a_rejected_review_closes_the_account(stage: Any) -> None:
    """And is told; an approval opens it again."""
    act(stage, review_status="REJECTED")
    assert stage.told[-1] == ("account_review_update", {"decision": "REJECTED"})
    assert text(stage) == 131031
    act(stage, review_status="APPROVED")
    assert (text(stage), stage.world.standings) == (None, {})


def test_by_default_a_bad_rating_costs_nothing(stage: Any) -> None:
    """The knob is off: quality has its own consequences."""
    stage.rates(quality_rating="RED")
    assert stage.world.standings == {}


def test_with_the_knob_a_red_number_costs_a_step(stage: Any) -> None:
    """Each time a number becomes RED, and only then."""
    stage.turns(enforcement="quality")
    for rating in ("RED", "YELLOW", "GREEN", "RED"):
        stage.rates(quality_rating=rating)
    assert standing(stage).step == 2
    assert template(stage) == 368


# misuse of utility templates


def test_a_warning_for_misuse_restricts_nothing(stage: Any) -> None:
    """It is told without restriction_info; from then on categories change without notice."""
    one = stage.approved("order", "UTILITY")
    told = act(stage, utility_misuse="warning")
    assert told == [{"event": "ACCOUNT_RESTRICTION", "violation_info": {"violation_type": "UTILITY_TEMPLATE_ABUSE"}}]
    stage.judges(one, correct_category="MARKETING")
    assert stage.template(one).category == "MARKETING"


def test_utility_messages_are_capped(stage: Any) -> None:
    """131064 beyond the cap of a rolling day; marketing goes on; after seven days it is over, and told."""
    stage.approved("order", "UTILITY")
    stage.turns(utility_cap=3)
    told = act(stage, utility_misuse="rate-limit")
    assert told[0] == {
        "event": "ACCOUNT_RESTRICTION",
        "violation_info": {"violation_type": "UTILITY_TEMPLATE_ABUSE_RATE_LIMIT"},
        "restriction_info": [{"restriction_type": UTILITY_RATE, "expiration": (stage.now + 7 * DAY) // SECOND}],
    }
    assert [template(stage, name="order") for _ in range(4)] == [None, None, None, 131064]
    assert template(stage) is None
    stage.passes(DAY)
    assert [template(stage, name="order") for _ in range(4)] == [None, None, None, 131064]
    stage.passes(6 * DAY)
    assert stage.told[-1][1]["violation_info"] == {"violation_type": "UTILITY_TEMPLATE_ABUSE_RATE_LIMIT_RECOVERY"}
    assert [template(stage, name="order") for _ in range(4)] == [None] * 4


@pytest.mark.parametrize(("step", "days"), [("7-day", 7), ("30-day", 30), ("portfolio", 30)])
def test_utility_templates_are_taken_away(stage: Any, step: str, days: int) -> None:
    """Approved ones become marketing, new ones are refused with 10/2388185; the end is told and restores that."""
    one = stage.approved("order", "UTILITY")
    act(stage, utility_misuse=step)
    assert stage.template(one).category == "MARKETING"
    found = refusal(lambda: stage.makes("other", "UTILITY", text="Your order {{1}} is on its way to you."))
    assert found is not None
    assert (found.code, found.subcode) == (10, 2388185)
    assert tried(lambda: stage.makes("third", "MARKETING")) is None
    stage.passes(days * DAY)
    ends = [value for field, value in stage.told if field == "account_update"]
    assert ends[-1]["violation_info"] == {"violation_type": "UTILITY_TEMPLATE_ABUSE_UNBAN"}
    assert tried(lambda: stage.makes("other", "UTILITY", text="Your order {{1}} is on its way to you.")) is None
    assert stage.template(one).category == "MARKETING"


def test_the_last_step_of_misuse_is_the_portfolios(stage: Any) -> None:
    """All accounts of the business are restricted."""
    world = stage.world
    other = replace(world.wabas[world.waba_id], id="555")
    stage.happen([Put(at=stage.now, thing=other)])
    act(stage, utility_misuse="portfolio")
    assert all(UTILITY_TEMPLATES in world.standings[waba_id].restrictions for waba_id in (world.waba_id, "555"))


def test_with_the_knob_each_wrong_category_is_a_step(stage: Any) -> None:
    """What the restriction itself changes is none."""
    stage.turns(utility_misuse="categories")
    ids = [stage.approved(f"order_{index}", "UTILITY") for index in range(4)]
    steps = []
    for one in ids:
        stage.judges(one, category="MARKETING")
        steps.append(standing(stage).misuse)
    assert steps == [1, 2, 3, 3]
    assert {stage.template(one).category for one in ids} == {"MARKETING"}


def test_misuse_is_forgiven(stage: Any) -> None:
    """Nothing of it is left."""
    stage.approved("order", "UTILITY")
    act(stage, utility_misuse="rate-limit")
    act(stage, utility_misuse="none")
    assert stage.world.standings == {}


# what a webhook says is so


def believe(stage: Any, **value: Any) -> None:
    """Meta's webhook is fired with that value, whole or not."""
    options = {"field": "account_update", "value": value, "unchecked": True}
    stage.happen(fire(stage.world, stage.now, options).events)


def test_a_restriction_that_is_told_holds(stage: Any) -> None:
    """Until its expiration."""
    row = {"restriction_type": BUSINESS_INITIATED, "expiration": stage.now // SECOND + 3_600}
    believe(stage, event="ACCOUNT_RESTRICTION", restriction_info=[row])
    assert (template(stage), text(stage)) == (368, None)
    stage.passes(HOUR)
    assert template(stage) is None


def test_a_restriction_without_an_end_locks(stage: Any) -> None:
    """131031 where nothing says when it ends."""
    rows = [{"restriction_type": kind} for kind in (BUSINESS_INITIATED, USER_INITIATED)]
    believe(stage, event="ACCOUNT_RESTRICTION", restriction_info=rows)
    assert (template(stage), text(stage)) == (131031, 131031)


def test_an_expiration_that_is_over_lifts(stage: Any) -> None:
    """Meta tells a recovery so."""
    act(stage, enforcement="1-day")
    row = {"restriction_type": BUSINESS_INITIATED, "expiration": stage.now // SECOND - 1}
    believe(stage, event="ACCOUNT_RESTRICTION", restriction_info=[row])
    assert template(stage) is None


def test_misuse_that_is_told_changes_templates(stage: Any) -> None:
    """As if it had been patched; its end as well."""
    one = stage.approved("order", "UTILITY")
    row = {"restriction_type": UTILITY_TEMPLATES, "expiration": str((stage.now + DAY) // SECOND)}
    info = {"violation_type": "UTILITY_TEMPLATE_ABUSE"}
    believe(stage, event="ACCOUNT_RESTRICTION", violation_info=info, restriction_info=[row])
    assert stage.template(one).category == "MARKETING"
    assert active(stage) == {UTILITY_TEMPLATES}
    believe(stage, event="ACCOUNT_RESTRICTION", violation_info={"violation_type": "UTILITY_TEMPLATE_ABUSE_UNBAN"})
    assert active(stage) == set()


def test_bans_that_are_told_hold(stage: Any) -> None:
    """DISABLE and REINSTATE at once, SCHEDULE_FOR_DISABLE on its day."""
    believe(stage, event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
    assert text(stage) == 131031
    believe(stage, event="DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE"})
    assert text(stage) is None
    date = day(stage.now + 2 * DAY)
    believe(stage, event="DISABLED_UPDATE", ban_info={"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": date})
    assert text(stage) is None
    stage.passes(2 * DAY)
    assert text(stage) == 131031


def test_a_violation_that_is_told_is_a_warning(stage: Any) -> None:
    """It is remembered, and restricts nothing by itself."""
    believe(stage, event="ACCOUNT_VIOLATION", violation_info={"violation_type": "TOBACCO"})
    assert (standing(stage).step, standing(stage).violations) == (1, ((stage.now, "TOBACCO"),))
    assert template(stage) is None


def test_a_deleted_account_is_gone(stage: Any) -> None:
    """Neither it nor its numbers are objects any more; nothing brings it back but a reset."""
    world = stage.world
    believe(stage, event="ACCOUNT_DELETED")
    assert world.waba_id not in world.nodes
    assert world.phone_number_id not in world.nodes
    with pytest.raises(Mistake, match="reset"):
        act(stage, status="ACTIVE")


def test_an_account_moves_and_leaves(stage: Any) -> None:
    """Country and coexistence follow the events."""
    believe(stage, event="BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", country="IN")
    assert stage.world.wabas[stage.world.waba_id].country == "IN"
    believe(stage, event="ACCOUNT_OFFBOARDED", phone_number="15550783881")
    assert text(stage) == 133010
    believe(stage, event="ACCOUNT_RECONNECTED", phone_number="15550783881")
    assert text(stage) is None


# what the control API takes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"violation": "SPAM"}, "SCAM"),
        ({"enforcement": "2-day"}, "3-day"),
        ({"restrictions": []}, "list"),
        ({"restrictions": ["x"]}, "object"),
        ({"restrictions": [{}]}, "type"),
        ({"restrictions": [{"type": "RESTRICTED_BIZ"}]}, "RESTRICTED_BIZ_INITIATED_MESSAGING"),
        ({"restrictions": [{"type": BUSINESS_INITIATED, "days": 1}]}, "seconds"),
        ({"disable_in": -1}, "disable_in"),
        ({"payment": "late"}, "failed"),
        ({"blocked_countries": "BR"}, "ISO"),
        ({"blocked_countries": ["BRA"]}, "ISO"),
        ({"utility_misuse": "7-day", "payment": "ok"}, "alone"),
        ({"business_verification_status": "VERIFIED"}, "verified"),
        ({"banned": True}, "banned"),
    ],
)
def test_accounts_refuse_what_makes_no_sense(stage: Any, changes: dict[str, Any], said: str) -> None:
    """In one line, with what was probably meant; nothing has happened then."""
    with pytest.raises(Mistake, match=said):
        act(stage, **changes)
    assert stage.world.standings == {}


def test_an_account_that_is_not_there(stage: Any) -> None:
    """404, with those that are."""
    with pytest.raises(Mistake, match=stage.world.waba_id) as found:
        patch_account(stage.world, stage.now, "1", {})
    assert found.value.status == 404


def test_an_account_shows_how_it_stands(stage: Any) -> None:
    """Only what is in force, with its end; and whether it can send."""
    act(stage, enforcement="1-day", violation="SCAM", payment="failed", blocked_countries=["BR"])
    world = stage.world
    found = standings.account(world, world.wabas[world.waba_id], stage.now)
    assert (found["enforcement"], found["payment"], found["blocked_countries"]) == ("1-day", "failed", ["BR"])
    assert {row["type"] for row in found["restrictions"]} == SOME
    assert found["restrictions"][0]["until"] == (stage.now + DAY) / SECOND
    assert found["can_send_message"] == "BLOCKED"
    stage.passes(DAY)
    assert standings.account(world, world.wabas[world.waba_id], stage.now)["restrictions"] == []


# health


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"enforcement": "warning"}, ("AVAILABLE", [], "AVAILABLE")),
        ({"enforcement": "1-day"}, ("LIMITED", [], "LIMITED")),
        ({"enforcement": "5-day"}, ("BLOCKED", [368], "BLOCKED")),
        ({"enforcement": "lock"}, ("BLOCKED", [141014], "BLOCKED")),
        ({"status": "DISABLED"}, ("BLOCKED", [141014], "BLOCKED")),
        ({"disable_in": 60}, ("AVAILABLE", [], "AVAILABLE")),
        ({"payment": "failed"}, ("BLOCKED", [141006], "BLOCKED")),
        ({"review_status": "REJECTED"}, ("BLOCKED", [141014], "BLOCKED")),
        ({"blocked_countries": ["BR"]}, ("LIMITED", [], "LIMITED")),
        ({"utility_misuse": "rate-limit"}, ("LIMITED", [], "LIMITED")),
    ],
)
def test_health_of_an_account(stage: Any, changes: dict[str, Any], expected: Any) -> None:
    """As its sends would fare; the worst entity wins."""
    act(stage, **changes)
    assert health(stage) == expected


def test_health_is_well_again_after_the_end(stage: Any) -> None:
    """By the clock."""
    act(stage, enforcement="5-day")
    stage.now += 5 * DAY
    assert health(stage) == ("AVAILABLE", [], "AVAILABLE")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CONNECTED", ("AVAILABLE", [])),
        ("FLAGGED", ("AVAILABLE", [])),
        ("RESTRICTED", ("LIMITED", [])),
        ("RATE_LIMITED", ("LIMITED", [])),
        ("BANNED", ("BLOCKED", [131031])),
        ("DISCONNECTED", ("BLOCKED", [133010])),
        ("PENDING", ("BLOCKED", [133010])),
    ],
)
def test_health_of_a_number(stage: Any, status: str, expected: Any) -> None:
    """As its sends would fare."""
    stage.rates(status=status)
    assert health(stage, "PHONE_NUMBER")[:2] == expected


def test_health_of_an_unapproved_name(stage: Any) -> None:
    """It limits, as Meta's page has it; where sends are refused for it, it blocks."""
    stage.rates(name_status="DECLINED")
    assert health(stage, "PHONE_NUMBER")[:2] == ("LIMITED", [])
    stage.turns(unapproved_name="refuse")
    assert health(stage, "PHONE_NUMBER")[:2] == ("BLOCKED", [131037])


def test_health_of_a_portfolio_under_review(stage: Any) -> None:
    """Pacing bars the business from templates for a time."""
    stage.world.quality.barred[stage.world.business_id] = stage.now + DAY
    assert health(stage, "BUSINESS")[0] == "LIMITED"
    stage.now += DAY
    assert health(stage, "BUSINESS")[0] == "AVAILABLE"


def test_health_of_an_app_in_development(stage: Any) -> None:
    """It gets no webhooks of production data."""
    world = stage.world
    stage.happen([Put(at=stage.now, thing=replace(world.apps[world.app_id], in_development=True))])
    assert health(stage, "APP")[0] == "LIMITED"


# numbers


@pytest.mark.parametrize(
    ("status", "outside", "inside"),
    [
        ("CONNECTED", None, None),
        ("FLAGGED", None, None),
        ("RESTRICTED", 131048, None),
        ("RATE_LIMITED", 131048, None),
        ("BANNED", 131031, 131031),
        ("DISCONNECTED", 133010, 133010),
        ("PENDING", 133010, 133010),
        ("UNVERIFIED", 133010, 133010),
        ("UNKNOWN", 133010, 133010),
        ("MIGRATED", 133010, 133010),
    ],
)
def test_statuses_of_numbers(stage: Any, status: str, outside: int | None, inside: int | None) -> None:
    """What is connected or flagged sends; what is restricted answers; the others are not there, or banned."""
    stage.rates(status=status)
    assert (template(stage), text(stage)) == (outside, inside)
    stage.rates(status="CONNECTED")
    assert (template(stage), text(stage)) == (None, None)


# values


@given(st.lists(st.sampled_from(["climb", "reinstate", "step", "restrict"]), max_size=12), st.data())
@settings(max_examples=60, deadline=None)
def test_a_standing_is_what_the_last_changes_made_of_it(deeds: list[str], data: st.DataObject) -> None:
    """Against an obvious reference: ends by kind, and the step."""
    found, now = CLEAN, 1_000_000
    ends: dict[str, float] = {}
    step = 0
    for deed in deeds:
        now += data.draw(st.integers(0, 40 * DAY))
        ends = {kind: end for kind, end in ends.items() if end > now}
        if deed == "reinstate":
            found, ends = reinstated(found), {}
        elif deed == "restrict":
            length = data.draw(st.integers(0, 9 * DAY))
            found = restricted(found, USER_INITIATED, now + length if length else 0, now)
            ends[USER_INITIATED] = now + length if length else float("inf")
        else:
            if deed == "climb":
                step = min(step + 1, len(LADDER))
                found = climbed(found, now, "SCAM")
            else:
                step, ends = data.draw(st.integers(1, len(LADDER))), {}
                found = put_on_step(found, step, now, "SCAM")
            rule = LADDER[step - 1]
            for kind in rule.takes:
                ends[kind] = max(ends.get(kind, 0), now + rule.length if rule.length else float("inf"))
        assert {kind for kind in ALL if is_active(found, kind, now)} == {
            kind for kind, end in ends.items() if end > now
        }
    assert found.step == step


@given(st.integers(0, 4_000_000_000))
def test_days_of_bans_are_read_as_they_are_written(second: int) -> None:
    """A day in words is its first moment, UTC."""
    moment = read_day(day(second * SECOND))
    assert moment == second // 86_400 * DAY


@pytest.mark.parametrize("text", ["", "17 April 2025", "Avril 17, 2025", "April 32, 2025", "April, 2025"])
def test_other_days_are_none(text: str) -> None:
    """Only Meta's own form is read."""
    assert read_day(text) is None


def test_ready_profiles_know_the_knobs() -> None:
    """The strict profile refuses unapproved names."""
    assert (PROFILES["strict"]["unapproved_name"], Policy().unapproved_name) == ("refuse", "send")
