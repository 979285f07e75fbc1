"""Platform events: every variant of every field is sent, what breaks a contract is refused, what is said is so."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from localwaba.domain.events import Announced
from localwaba.domain.policy import patch
from localwaba.domain.traffic import Message
from localwaba.operations.mistakes import Mistake
from localwaba.operations.platform_events import fire
from localwaba.wire import views, webhooks
from localwaba.wire.shapes import SHAPES
from localwaba_contracts.validate import violation
from localwaba_contracts.webhooks import NOW, fields, samples

ADA = "16505551234"
VARIANTS = [(row.field, one.variant) for row in fields() for one in row.variants]


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """A world with a user who has written, and nothing told yet."""
    stage = make_stage()
    stage.writes(ADA)
    stage.told.clear()
    return stage


def tell(stage: Any, field: str, **options: Any) -> dict[str, Any]:
    """Meta fires a webhook; the value that it was told with."""
    ids = stage.world.ids()
    fired = fire(stage.world, stage.now, {"field": field, **options}, ids)
    stage.world.drawn = ids.drawn
    stage.happen(fired.events)
    assert isinstance(fired.events[-1], Announced)
    return stage.told[-1][1] if field != "messages" else fired.value


def shape(value: Any) -> Any:
    """Members in order, and what kind of value each is."""
    if isinstance(value, dict):
        return [(name, shape(part)) for name, part in value.items()]
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value)


@pytest.mark.parametrize(("field", "variant"), VARIANTS)
def test_every_variant_is_sent(stage: Any, field: str, variant: str) -> None:
    """It is about this world, keeps the contract, has the order and types of the sample; the world can be restored."""
    told = tell(stage, field, variant=variant)
    assert violation(f"webhooks/{field}", told) is None
    (sample,) = (one for one in samples(field) if one.variant == variant)
    assert shape(told) == shape(sample.value)
    metadata = told.get("metadata", {"phone_number_id": stage.world.phone_number_id})
    assert metadata["phone_number_id"] == stage.world.phone_number_id
    stage.reloaded()


@pytest.mark.parametrize("row", [row for row in fields() if row.variants], ids=lambda row: row.field)
def test_without_a_variant_the_first_is_sent(stage: Any, row: Any) -> None:
    """With the knobs as they are by default."""
    assert shape(tell(stage, row.field)) == shape(samples(row.field)[0].value)


@pytest.mark.parametrize("field", ["consumer_profile", "message_echoes"])
def test_a_shape_that_nobody_knows_needs_a_value(stage: Any, field: str) -> None:
    """Without one it is refused with a clear line; with one it is sent as it is."""
    with pytest.raises(Mistake, match=f"nobody knows what {field} looks like: give a value"):
        tell(stage, field)
    assert tell(stage, field, value={"anything": [1]}) == {"anything": [1]}


def test_a_variant_that_does_not_exist(stage: Any) -> None:
    """The nearest is named; a value and a variant exclude each other."""
    with pytest.raises(Mistake, match=r"security has no variant 'PIN change'; did you mean PIN changed or PIN reset\?"):
        tell(stage, "security", variant="PIN change")
    with pytest.raises(Mistake, match="not both"):
        tell(stage, "security", variant="PIN changed", value=samples("security")[0].value)


def test_a_template_is_needed_for_a_sample_about_one(stage: Any) -> None:
    """In a world without templates the refusal says so."""
    stage.world.templates.clear()
    with pytest.raises(Mistake, match="is about a template, and this world has none"):
        tell(stage, "message_template_status_update")


BROKEN = [
    ("security", {"event": "PIN_CHANGED"}, "security: The parameter display_phone_number is required."),
    (
        "account_update",
        {"event": "DISABLED_UPDTE"},
        'account_update: Param event must be one of {ACCOUNT_DELETED, .*} - got "DISABLED_UPDTE". Did you mean DIS',
    ),
    ("account_update", {"event": "DISABLED_UPDATE"}, "The parameter ban_info is required. Add ban_info."),
    (
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_inf": {}},
        "The parameter ban_info is required. Rename ban_inf to ban_info.",
    ),
    (
        "flows",
        {"event": "ENDPOINT_AVAILABILITY", "flow_id": 12, "availability": 75, "threshold": 90, "alert_state": "ON"},
        "Param flow_id must be a string.",
    ),
    (
        "phone_number_name_update",
        {"display_phone_number": "1", "decision": "APPROVED", "requested_verified_name": "x"},
        "The parameter rejection_reason is required.",
    ),
    ("message_template_status_update", {"message_template_id": "1"}, "The parameter event is required."),
    ("messages", {}, "messages: The parameter messaging_product is required."),
    ("history", {"messaging_product": "whatsapp", "metadata": {}, "history": []}, "must have at least 1 elements"),
    (
        "user_preferences",
        {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "1", "phone_number_id": ""}},
        "The parameter contacts is required.",
    ),
    (
        "phone_number_quality_update",
        {"display_phone_number": "+1 555", "event": "ONBOARDING"},
        "display_phone_number does not match ^[0-9]+$",
    ),
    (
        "standby",
        {"messaging_product": "whatsapp", "standby": {"contacts": [{"wa_id": "1"}]}},
        "standby: standby needs one of messages | message_echoes | statuses.",
    ),
]


@pytest.mark.parametrize(("field", "value", "line"), BROKEN)
def test_a_value_that_breaks_the_contract_is_refused(stage: Any, field: str, value: Any, line: str) -> None:
    """In one line that names the member and ends with the way around; nothing happens."""
    with pytest.raises(Mistake, match=re.escape(line).replace(r"\.\*", ".*")) as refused:
        fire(stage.world, stage.now, {"field": field, "value": value})
    assert "\n" not in refused.value.text
    assert refused.value.text.endswith('"unchecked": true sends it all the same')
    assert stage.told == []


def test_unchecked_values_are_sent(stage: Any) -> None:
    """Shapes of tomorrow go out as they are; `unchecked` is true or false."""
    value = {"event": "SOMETHING_NEW", "info": {"since": 2027}}
    assert tell(stage, "account_update", value=value, unchecked=True) == value
    with pytest.raises(Mistake, match="unchecked is true or false"):
        tell(stage, "account_update", value=value, unchecked=1)


def test_values_are_sent_as_they_are_given(stage: Any) -> None:
    """No knob changes a value, nor a variant that was asked for by name."""
    stage.turns(limit_members="removed", template_category_told=False)
    value = {"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_1K"}
    assert tell(stage, "phone_number_quality_update", value=value) == value
    assert "message_template_category" in tell(stage, "message_template_status_update", variant="approved")
    assert "message_template_category" not in tell(stage, "message_template_status_update")


# the world afterwards


def message(stage: Any, message_id: str) -> Message:
    found: Message = stage.world.messages[message_id]
    return found


def test_history_makes_old_messages_known(stage: Any) -> None:
    """Both sides of an old chat stand in the world at their old times, and the user is met; no window opens."""
    other = "4915112345678"
    value = samples("history", {"wa_id": other, **about(stage)})[0].value
    tell(stage, "history", value=value)
    theirs, ours = (message(stage, one["id"]) for one in value["history"][0]["threads"][0]["messages"])
    assert (theirs.outbound, theirs.wa_id, theirs.status, theirs.at) == (False, other, "read", (NOW - 7_200) * 1_000)
    assert (ours.outbound, ours.wa_id, ours.status) == (True, other, "delivered")
    assert [one["text"] for one in views.inbox(stage.world, other)] == ["Are you open today?", "Until six."]
    assert not views.chat(stage.world, stage.world.phone_number_id, other, stage.now)["window_open"]
    stage.reloaded()
    assert other in stage.world.users


def about(stage: Any) -> dict[str, str]:
    """The names of the world's own number."""
    number = stage.world.numbers[stage.world.phone_number_id]
    return {"phone_number_id": number.id, "display_phone_number": number.digits, "user_id": "US.1"}


def test_media_take_the_place_of_their_placeholder(stage: Any) -> None:
    """The second webhook of the history fills in what the first left out."""
    left_out, of_users = (
        next(one.value for one in samples("history", about(stage)) if one.variant == name)
        for name in ("media left out", "media of users")
    )
    tell(stage, "history", value=left_out)
    (one,) = left_out["history"][0]["threads"][0]["messages"]
    assert message(stage, one["id"]).type == "media_placeholder"
    tell(stage, "history", value=of_users)
    assert message(stage, one["id"]).type == "image"


def test_declined_history_changes_nothing(stage: Any) -> None:
    """There is nothing to know."""
    before = dict(stage.world.messages)
    tell(stage, "history", variant="declined")
    assert stage.world.messages == before


def test_echoes_are_in_the_inbox(stage: Any) -> None:
    """What the business wrote in its Business app, edited there and took back."""
    (echo,) = tell(stage, "smb_message_echoes")["message_echoes"]
    assert views.inbox(stage.world, ADA)[-1]["text"] == "Sample"
    assert message(stage, echo["id"]).outbound
    tell(stage, "smb_message_echoes", variant="edited")
    assert views.inbox(stage.world, ADA)[-1]["text"] == "Sample, corrected"
    tell(stage, "smb_message_echoes", variant="revoked")
    assert message(stage, echo["id"]).status == "deleted"
    assert [one["from"] for one in views.inbox(stage.world, ADA)] == ["user"]


def test_an_echo_to_a_username(stage: Any) -> None:
    """The user is found by their business-scoped id; one that nobody knows changes nothing."""
    (echo,) = tell(stage, "smb_message_echoes", variant="to a username")["message_echoes"]
    assert message(stage, echo["id"]).wa_id == ADA
    (value,) = (one.value for one in samples("smb_message_echoes", about(stage)) if one.variant == "to a username")
    tell(stage, "smb_message_echoes", value=value)
    assert value["message_echoes"][0]["id"] not in stage.world.messages


def test_new_samples_have_new_ids(stage: Any) -> None:
    """Two echoes are two messages."""
    ids = {tell(stage, "smb_message_echoes")["message_echoes"][0]["id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_user_gets_another_id(stage: Any) -> None:
    """user_id_update changes it, and the parent's."""
    (change,) = tell(stage, "user_id_update", variant="with a parent")["user_id_update"]
    user = stage.world.users[ADA]
    assert (user.user_id, user.parent_user_id) == (change["user_id"]["current"], change["parent_user_id"]["current"])
    assert stage.world.user_ids[user.user_id] == ADA


def test_nobody_gets_the_id_of_somebody_else(stage: Any) -> None:
    """An id that is taken stays with its owner."""
    stage.writes("16505550001")
    first, second = (stage.world.users[one].user_id for one in (ADA, "16505550001"))
    value = samples("user_id_update", {**about(stage), "user_id": first, "next_user_id": second})[0].value
    tell(stage, "user_id_update", value=value)
    assert stage.world.users[ADA].user_id == first


def test_settings_of_calling(stage: Any) -> None:
    """account_settings_update changes what it names, and keeps the rest."""
    tell(stage, "account_settings_update", variant="calling with hours and SIP")
    tell(stage, "account_settings_update", variant="calling disabled")
    calling = stage.world.numbers[stage.world.phone_number_id].settings["calling"]
    assert (calling["status"], calling["srtp_key_exchange_protocol"]) == ("DISABLED", "SDES")


def test_a_template_is_edited_elsewhere(stage: Any) -> None:
    """Its body has the text that the webhook says."""
    told = tell(stage, "message_template_components_update")
    parts = msgspec.json.decode(stage.template(str(told["message_template_id"])).components)
    assert [part["text"] for part in parts if part["type"] == "BODY"] == ["Sample text"]


def pin_after(stage: Any, pin: str, variant: str) -> str:
    """The number's PIN after an event of the field security."""
    world = stage.world
    world.numbers[world.phone_number_id] = msgspec.structs.replace(world.numbers[world.phone_number_id], pin=pin)
    tell(stage, "security", variant=variant)
    found: str = world.numbers[world.phone_number_id].pin
    return found


def test_a_pin_is_changed(stage: Any) -> None:
    """By somebody else: the old one is wrong. A number without a PIN stays so; a reset takes it away."""
    changed = pin_after(stage, "123456", "PIN changed")
    assert (len(changed), changed.isdigit(), changed != "123456") == (6, True, True)
    assert pin_after(stage, "", "PIN changed") == ""
    assert pin_after(stage, "123456", "PIN reset asked for") == "123456"
    assert pin_after(stage, "123456", "PIN reset") == ""


@pytest.mark.parametrize(("variant", "limit"), [("upgrade", "TIER_10K"), ("downgrade", "TIER_2K")])
def test_limits_of_numbers(stage: Any, variant: str, limit: str) -> None:
    """They belong to the portfolio, or to the number as until October 2025."""
    tell(stage, "phone_number_quality_update", variant=variant)
    assert stage.world.businesses[stage.world.business_id].messaging_limit == limit
    stage.turns(messaging_limit_model="number")
    tell(stage, "phone_number_quality_update", variant=variant)
    assert stage.world.numbers[stage.world.phone_number_id].messaging_limit == limit


def test_signing_up_for_marketing(stage: Any) -> None:
    """A user who signs up takes marketing messages again."""
    pair = lambda: stage.world.pair(stage.world.phone_number_id, ADA)  # noqa: E731
    tell(stage, "user_preferences")
    assert pair().marketing_stopped
    tell(stage, "user_preferences", variant="signup")
    assert not pair().marketing_stopped


# older and newer shapes


def member(value: Any, *path: Any) -> Any:
    for step in path:
        value = value[step] if isinstance(value, list) else value.get(step)
    return value


OLDER = [
    ("limit_members", "until-2026", "business_capability_update", ("max_daily_conversation_per_phone",), 2000),
    ("limit_members", "removed", "phone_number_quality_update", ("current_limit",), None),
    ("template_category_told", False, "message_template_status_update", ("message_template_category",), None),
    ("template_no_reason", "null", "message_template_status_update", ("reason",), None),
    ("template_language_form", "hyphen", "template_category_update", ("message_template_language",), "en-US"),
    ("call_session", "connection", "calls", ("calls", 0, "session"), None),
    ("business_scoped_ids", False, "user_preferences", ("user_preferences", 0, "user_id"), None),
    ("business_scoped_ids", False, "calls", ("calls", 0, "from_user_id"), None),
]


@pytest.mark.parametrize(("knob", "setting", "field", "path", "expected"), OLDER)
def test_older_shapes(stage: Any, knob: str, setting: Any, field: str, path: tuple[Any, ...], expected: Any) -> None:
    """A knob puts an older shape in the place of today's; it keeps the contract too."""
    assert member(tell(stage, field), *path) != expected
    stage.turns(**{knob: setting})
    told = tell(stage, field)
    assert member(told, *path) == expected
    assert violation(f"webhooks/{field}", told) is None


def test_older_ends_of_calls(stage: Any) -> None:
    """The status of an ended call is spelt as the knob says."""
    value = next(one.value for one in samples("calls") if one.variant == "call ends")
    event = Announced(at=stage.now, field="calls", value=value, waba_id=stage.world.waba_id)
    stage.turns(call_end_status="capitalised")
    stage.happen([event])
    assert stage.told[-1][1]["calls"][0]["status"] == "Completed"
    assert value["calls"][0]["status"] == "COMPLETED"


def test_every_shape_is_one_of_a_knob(stage: Any) -> None:
    """Each row names a setting that the knob has, which is not its default, and fields that exist."""
    known = {row.field for row in fields()}
    for row in SHAPES:
        assert getattr(stage.world.policy, row.knob) != row.setting
        patch(stage.world.policy, {row.knob: row.setting})
        assert {*row.fields} <= known


def test_another_id_is_told_in_its_own_field_too(stage: Any) -> None:
    """Only with the knob: Meta has withdrawn the field."""
    stage.does(ADA, "change_number", to="16505559999")
    assert stage.told == []
    stage.turns(user_id_update=True)
    before = stage.world.users["16505559999"].user_id
    stage.does("16505559999", "change_number", to="16505559998")
    ((field, value),) = stage.told
    assert (field, violation(f"webhooks/{field}", value)) == ("user_id_update", None)
    assert value["user_id_update"][0]["user_id"] == {
        "previous": before,
        "current": stage.world.users["16505559998"].user_id,
    }
    assert shape(value) == shape(samples("user_id_update")[0].value)


def test_what_is_told_is_held_to_its_contract(stage: Any, request: pytest.FixtureRequest) -> None:
    """The tests notice a webhook that breaks its contract."""
    broken = request.getfixturevalue("_broken_webhooks")
    event = Announced(at=stage.now, field="security", value={"event": "x"}, waba_id=stage.world.waba_id)
    webhooks.value(stage.world, event, msgspec.UNSET)  # type: ignore[arg-type]
    assert len(broken) == 1
    broken.clear()
