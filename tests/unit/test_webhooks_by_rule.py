"""What docs/webhooks.md says to happen by a rule, a call or a user's action: each is caused, in the sample's shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.events import Put
from localwaba.domain.model import CallPermission, Subscription
from localwaba.operations.enforcing import patch_account
from localwaba.operations.group_actions import patch_group
from localwaba_contracts.validate import violation
from localwaba_contracts.webhooks import fields, samples

ADA = "16505551234"
FOOTER = {"type": "Footer", "label": "Done", "on-click-action": {"name": "complete", "payload": {}}}
SCREEN = {
    "id": "A",
    "title": "Sample",
    "terminal": True,
    "layout": {"type": "SingleColumnLayout", "children": [FOOTER]},
}
BODY = {"type": "BODY", "text": "Hello {{1}}, your order is on its way.", "example": {"body_text": [["Ana"]]}}
EDITED = [
    {"type": "HEADER", "format": "TEXT", "text": "Your order"},
    BODY,
    {"type": "FOOTER", "text": "The roastery"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Track", "url": "https://example.com/track"},
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550783881"},
            {"type": "QUICK_REPLY", "text": "Thanks"},
        ],
    },
]
OFFER = {"sdp_type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"}
WORDS = (
    "event",
    "status",
    "direction",
    "sdp_type",
    "decision",
    "reason",
    "type",
    "title",
    "value",
    "rejection_reason",
    "waba_ban_state",
    "new_status",
)
"""Members that tell variants of the same shape apart."""


def account(**changes: Any) -> Callable[[Any], None]:
    """Meta acts on the account."""
    return lambda stage: stage.happen(patch_account(stage.world, stage.now, stage.world.waba_id, changes))


def number(**changes: Any) -> Callable[[Any], None]:
    """Meta acts on the number."""
    return lambda stage: stage.rates(**changes)


def judged(*steps: dict[str, Any], **knobs: Any) -> Callable[[Any], None]:
    """Meta acts on a template."""

    def cause(stage: Any) -> None:
        one = stage.approved()
        stage.turns(**knobs)
        for step in steps:
            stage.judges(one, **step)

    return cause


def reviewed(body: str = "", **knobs: Any) -> Callable[[Any], None]:
    """A template is reviewed."""

    def cause(stage: Any) -> None:
        stage.turns(**knobs)
        stage.makes(**({"text": body} if body else {}))
        stage.passes(HOUR)

    return cause


def templates(operation: str, **params: Any) -> Callable[[Any], None]:
    """Templates are archived, taken out of the archive, deleted."""

    def cause(stage: Any) -> None:
        one = stage.approved()
        if operation == "unarchive_templates":
            stage.call("archive_templates", stage.world.waba_id, "message_templates", hsm_ids=[one])
        given = params or {"hsm_ids": [one]}
        stage.call(operation, stage.world.waba_id, "message_templates", **given)
        stage.passes(60 * DAY)

    return cause


def deleted_in_use(stage: Any) -> None:
    """A template is deleted while a message of it is on its way."""
    stage.turns(delivered_after=3_600.0)
    stage.approved()
    stage.sends()
    stage.call("delete_templates", stage.world.waba_id, "message_templates", name="booked")


def edited(components: list[dict[str, Any]]) -> Callable[[Any], None]:
    return lambda stage: stage.call("edit_template", stage.approved(), components=components)


def paced(stage: Any) -> None:
    """The first users of a campaign do not like it."""
    stage.turns(template_pacing=True, pacing_batch=1, pacing_outcome="bad")
    stage.approved()
    stage.delivers(3)
    stage.passes(DAY)


def flow(*steps: str) -> Callable[[Any], None]:
    """The business makes a flow, publishes it, and gives it up."""

    def cause(stage: Any) -> None:
        given = json.dumps({"version": "7.2", "screens": [SCREEN]})
        waba_id = stage.world.waba_id
        answer = stage.call("create_flow", waba_id, "flows", name="sample", categories=["OTHER"], flow_json=given)
        for step in steps:
            stage.call(f"{step}_flow", str(answer["id"]), step)

    return cause


def named(outcome: str) -> Callable[[Any], None]:
    """The business asks for another name."""

    def cause(stage: Any) -> None:
        stage.turns(name_review_outcome=outcome)
        stage.call("update_phone_number", stage.world.phone_number_id, new_display_name="Lucky Shrub")
        stage.passes(10 * DAY)

    return cause


def group(*steps: tuple[str, dict[str, Any]], mode: str = "auto_approve") -> Callable[[Any], None]:
    """The business makes a group, and something is done to it."""

    def cause(stage: Any) -> None:
        given = {"messaging_product": "whatsapp", "subject": "Sample", "join_approval_mode": mode}
        described = {"description": "A group of samples"}
        stage.call("create_group", stage.world.phone_number_id, "groups", **given, **described)
        stage.passes(HOUR)
        (group_id,) = stage.world.groups
        for step, params in steps:
            if step.endswith("join_group") or step == "leave_group":
                stage.does(ADA, step, group_id=group_id)
            elif step == "suspend":
                stage.happen(patch_group(stage.world, stage.now, group_id, params))
            else:
                stage.call(step, group_id, "", messaging_product="whatsapp", **params)

    return cause


def listens(stage: Any, **settings: Any) -> None:
    """The app has ticked the field, and the number takes calls."""
    stage.rates(messaging_limit="TIER_10K")
    app = next(iter(stage.world.apps.values()))
    ticked = Subscription(url="http://127.0.0.1:9/", verify_token="x", fields=("calls",))
    stage.happen([Put(at=stage.now, thing=replace(app, webhook=ticked))])
    given = {"status": "ENABLED"} | settings
    stage.call("update_settings", stage.world.phone_number_id, "settings", calling=given)


def calls(*steps: Callable[[Any], Any]) -> Callable[[Any], None]:
    """The number takes calls, Ada lets it call her, and something is done."""

    def cause(stage: Any) -> None:
        listens(stage)
        allowed = CallPermission(id=f"{stage.world.phone_number_id}:{ADA}", status="permanent")
        stage.happen([Put(at=stage.now, thing=allowed)])
        for step in steps:
            step(stage)

    return cause


def rings(stage: Any) -> None:
    """The business calls Ada."""
    handles(stage, "connect", session=OFFER, to=ADA, biz_opaque_callback_data="order-77")


def handles(stage: Any, action: str, **more: Any) -> None:
    """The business starts, takes or ends a call."""
    named = {} if action == "connect" else {"call_id": next(iter(stage.world.calls))}
    number = stage.world.phone_number_id
    stage.call("manage_call", number, "calls", messaging_product="whatsapp", action=action, **named, **more)


def talked(stage: Any) -> None:
    """Ada calls, the business takes it, and hangs up after a minute."""
    stage.does(ADA, "call")
    handles(stage, "accept", session=OFFER | {"sdp_type": "answer"})
    stage.passes(60_000)
    handles(stage, "terminate")


def calling(**settings: Any) -> Callable[[Any], None]:
    """The business changes settings of calling that is enabled."""

    def cause(stage: Any) -> None:
        listens(stage, callback_permission_status="ENABLED")
        stage.call("update_settings", stage.world.phone_number_id, "settings", calling=settings)

    return cause


def flagged(stage: Any) -> None:
    """A number that is RED is flagged for a week."""
    stage.turns(flag_red_numbers=True)
    stage.rates(messaging_limit="TIER_2K")
    stage.rates(quality_rating="RED")
    stage.rates(quality_rating="GREEN")
    stage.passes(8 * DAY)


def crossed(stage: Any) -> None:
    """The first delivered message of a tier."""
    stage.turns(volume_tiers=[1])
    stage.approved("useful", "UTILITY")
    for user in ("919812345670", "919812345671", "919812345672"):
        stage.sends("useful", user)
    stage.passes(HOUR)


def pin_set(stage: Any) -> None:
    stage.call("update_phone_number", stage.world.phone_number_id, pin="654321")


def does(*actions: str, **knobs: Any) -> Callable[[Any], None]:
    def cause(stage: Any) -> None:
        stage.turns(**knobs)
        for action in actions:
            stage.does(ADA, action, **({"to": "16505559999"} if action == "change_number" else {}))

    return cause


SAID = "Please go on."
CAUSES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "account_review_update": {
        "approved": lambda stage: (account(review_status="PENDING")(stage), account(review_status="APPROVED")(stage)),
        "rejected": account(review_status="REJECTED"),
        "pending": account(review_status="PENDING"),
    },
    "account_settings_update": {
        "calling disabled": calling(
            status="DISABLED", call_icon_visibility="DISABLE_ALL", callback_permission_status="DISABLED"
        ),
    },
    "account_update": {
        "restriction": account(restrictions=[{"type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "seconds": 86_400}]),
        "restriction without end": account(
            restrictions=[
                {"type": "RESTRICTED_BIZ_INITIATED_MESSAGING"},
                {"type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"},
            ],
            remediation=SAID,
        ),
        "restriction of calling": account(
            restrictions=[{"type": "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN"}]
        ),
        "utility templates misused": account(utility_misuse="warning"),
        "violation": account(violation="SCAM"),
        "disabled": account(enforcement="disable"),
        "reinstated": lambda stage: (account(status="DISABLED")(stage), account(status="ACTIVE")(stage)),
        "to be disabled": account(disable_in=604_800),
        "volume tier": crossed,
    },
    "business_capability_update": {
        "number": number(messaging_limit="TIER_2K"),
        "starting": lambda stage: (
            number(messaging_limit="TIER_2K")(stage),
            stage.told.clear(),
            number(messaging_limit="TIER_250")(stage),
        ),
        "unlimited": number(messaging_limit="TIER_UNLIMITED"),
        "tier": lambda stage: (stage.turns(capability_values="tier"), stage.rates(messaging_limit="TIER_2K")),
        "until 2026": lambda stage: (stage.turns(limit_members="until-2026"), stage.rates(messaging_limit="TIER_2K")),
    },
    "calls": {
        "user calls": calls(lambda stage: stage.does(ADA, "call")),
        "user calls by a button": calls(
            lambda stage: stage.does(ADA, "call", deeplink_payload="from-the-shop", cta_payload="call-us")
        ),
        "user calls, older shape": calls(
            lambda stage: (stage.turns(call_session="connection"), stage.does(ADA, "call"))
        ),
        "user takes a call": calls(rings, lambda stage: stage.does(ADA, "answer_call")),
        "call ends": calls(talked),
        "call ends, older shape": calls(lambda stage: stage.turns(call_end_status="capitalised"), talked),
        "call unanswered": calls(lambda stage: stage.does(ADA, "call"), lambda stage: stage.passes(HOUR)),
        "call ringing": calls(rings),
        "call accepted": calls(rings, lambda stage: stage.does(ADA, "answer_call")),
        "call rejected": calls(rings, lambda stage: stage.does(ADA, "decline_call")),
    },
    "flows": {"created": flow(), "published": flow("publish"), "deprecated": flow("publish", "deprecate")},
    "group_lifecycle_update": {"created": group(), "deleted": group(("delete_group", {}))},
    "group_participants_update": {
        "joined": group(("join_group", {})),
        "removed": group(("join_group", {}), ("remove_group_participants", {"participants": [{"user": ADA}]})),
        "left": group(("join_group", {}), ("leave_group", {})),
        "asks to join": group(("join_group", {}), mode="approval_required"),
        "takes the question back": group(("join_group", {}), ("leave_group", {}), mode="approval_required"),
    },
    "group_settings_update": {"subject": group(("update_group", {"subject": "Other"}))},
    "group_status_update": {
        "suspended": group(("suspend", {"suspended": True})),
        "freed": group(("suspend", {"suspended": True}), ("suspend", {"suspended": False})),
    },
    "message_template_components_update": {"body": edited([BODY]), "everything": edited(EDITED)},
    "message_template_quality_update": {
        "yellow": judged({"quality_score": "YELLOW"}),
        "red": judged({"quality_score": "RED"}),
        "green": judged({"quality_score": "GREEN"}),
        "unknown": judged({"quality_score": "GREEN"}, {"quality_score": "UNKNOWN"}),
    },
    "message_template_status_update": {
        "flagged": judged({"status": "FLAGGED"}),
        "approved": reviewed(),
        "rejected": judged({"status": "REJECTED", "reason": "INCORRECT_CATEGORY"}),
        "rejected for its format": reviewed(
            "Look at https://bit.ly/3abc for the menu of today, please.", review_rules=["url_shorteners"]
        ),
        "rejected, abusive content": judged({"status": "REJECTED", "reason": "ABUSIVE_CONTENT"}),
        "rejected, promotional": judged({"status": "REJECTED", "reason": "PROMOTIONAL"}),
        "rejected, scam": judged({"status": "REJECTED", "reason": "SCAM"}),
        "rejected, tag content mismatch": judged({"status": "REJECTED", "reason": "TAG_CONTENT_MISMATCH"}),
        "pending": judged({"status": "PENDING"}),
        "paused first": judged({"quality_score": "RED"}),
        "paused again": judged({"quality_score": "RED"}, {"status": "REINSTATED"}, {"status": "PAUSED"}),
        "paused by pacing": paced,
        "unpaused": lambda stage: (judged({"quality_score": "RED"})(stage), stage.passes(6 * HOUR)),
        "reinstated": judged({"status": "DISABLED"}, {"status": "REINSTATED"}),
        "disabled": lambda stage: (stage.turns(template_pauses=[]), judged({"quality_score": "RED"})(stage)),
        "in appeal": judged({"status": "IN_APPEAL"}),
        "locked": judged({"status": "LOCKED"}),
        "limit exceeded": judged({"status": "LIMIT_EXCEEDED"}),
        "archived": templates("archive_templates"),
        "unarchived": templates("unarchive_templates"),
        "being deleted": deleted_in_use,
        "deleted": templates("delete_templates", name="booked"),
        "until 2025": reviewed(template_category_told=False, template_no_reason="null"),
    },
    "phone_number_name_update": {
        "approved": named("approve"),
        "rejected": number(name_status="DECLINED"),
        "pending": number(name_status="PENDING_REVIEW"),
    },
    "phone_number_quality_update": {
        "throughput upgrade": lambda stage: (stage.rates(throughput="HIGH"), stage.passes(HOUR)),
        "throughput upgrade, since 2026": lambda stage: (
            stage.turns(limit_members="removed"),
            stage.rates(throughput="HIGH"),
            stage.passes(HOUR),
        ),
        "upgrade": number(messaging_limit="TIER_10K"),
        "downgrade": lambda stage: (stage.rates(messaging_limit="TIER_10K"), stage.rates(messaging_limit="TIER_2K")),
        "flagged": flagged,
        "unflagged": flagged,
    },
    "security": {"PIN changed": pin_set},
    "template_category_update": {
        "done": judged({"category": "UTILITY"}),
        "impending": judged({"correct_category": "UTILITY"}),
    },
    "user_id_update": {"changed": does("change_number", user_id_update=True)},
    "user_preferences": {"stop": does("stop_marketing"), "resume": does("stop_marketing", "resume_marketing")},
}
VARIANTS = [(field, variant) for field, causes in CAUSES.items() for variant in causes]


def shape(value: Any) -> Any:
    """Members in order, what kind of value each is, and the words that tell variants apart."""
    if isinstance(value, dict):
        return [(name, part if name in WORDS and _is_word(part) else shape(part)) for name, part in value.items()]
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value)


def _is_word(part: Any) -> bool:
    return isinstance(part, str) and " " not in part


def test_nothing_is_promised_that_is_not_caused() -> None:
    """Each variant that is said to happen by itself is caused below, and no other."""
    said = {(row.field, one.variant) for row in fields() for one in row.variants if one.how}
    assert said == set(VARIANTS)


@pytest.mark.parametrize(("field", "variant"), VARIANTS)
def test_what_happens_is_told(make_stage: Any, field: str, variant: str) -> None:
    """In the order, the types and the words of the sample, and within the contract."""
    stage = make_stage()
    stage.writes(ADA)
    CAUSES[field][variant](stage)
    (sample,) = (one.value for one in samples(field) if one.variant == variant)
    told = [value for name, value in stage.told if name == field]
    assert [violation(f"webhooks/{field}", value) for value in told] == [None] * len(told)
    assert shape(sample) in [shape(value) for value in told]
