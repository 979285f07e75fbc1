"""Flows: what validation finds in their JSON, and the way from draft to retirement."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain import flows
from localwaba.domain.applying import apply
from localwaba.domain.clock import HOUR
from localwaba.domain.errors import Refused
from localwaba.domain.events import MessageAccepted, Put
from localwaba.domain.flow_json import judge
from localwaba.domain.flow_places import spell
from localwaba.domain.model import Flow
from localwaba.domain.seeding import new_world
from localwaba.domain.told import FlowChanged
from localwaba.domain.traffic import Message
from localwaba.domain.traits import Traits
from localwaba.domain.world import World, restore, snapshot
from localwaba.wire import webhooks
from neighbours import load

_parts = load("unit/flow_screens")
footer, screen, document = _parts.footer, _parts.screen, _parts.document

NOW = 1_790_000_000_000


def navigate(target: str, **members: Any) -> dict[str, Any]:
    return footer("navigate", next={"type": "screen", "name": target}, **members)


def mistakes(value: Any) -> list[tuple[str, str]]:
    """Code and first place of each mistake."""
    found = judge(json.dumps(value).encode()).errors
    return [(one["error"], one["pointers"][0]["path"] if one["pointers"] else "") for one in found]


ENDPOINT = {"data_api_version": "4.0", "routing_model": {"START": []}}
FORM = {"type": "Form", "name": "f", "children": [{"type": "TextInput", "name": "mail", "label": "Mail"}]}
TEXT = {"type": "string", "__example__": "x"}

RIGHT = [
    document(),
    document(version="5.1"),
    document(screen("A", {"type": "TextBody", "text": "${data.name}"}, footer(), data={"name": TEXT})),
    document(screen("A", FORM, footer(payload={"mail": "${form.mail}"}))),
    document(
        screen("A", FORM, navigate("B", payload={"mail": "${form.mail}"}), terminal=False),
        screen("B", data={"mail": TEXT}, success=True),
    ),
    document(screen("START", footer("data_exchange")), **ENDPOINT),
    document(screen("START", refresh_on_back=True), **ENDPOINT),
    document(
        screen("A", navigate("B", payload={"x": 1}), terminal=False),
        screen("B"),
        data_api_version="4.0",
        routing_model={"A": ["B"], "B": []},
    ),
    document(
        screen("A", {"type": "If", "condition": "${data.x}", "then": [footer()], "else": [footer()]}, data={"x": TEXT})
    ),
    document(
        screen(
            "CARS",
            {"type": "NavigationList", "name": "n", "list-items": [{"on-click-action": {"name": "complete"}}]},
            terminal=False,
        ),
        screen("DONE"),
    ),
]


@pytest.mark.parametrize("value", RIGHT)
def test_right_json_has_no_mistakes(value: Any) -> None:
    """What Meta takes is taken."""
    assert mistakes(value) == []


WRONG = [
    ({"screens": [screen()]}, "MISSING_FLOW_JSON_VERSION", ""),
    (document(version="2024.0"), "INVALID_FLOW_JSON_VERSION", "version"),
    (document(version=7.3), "INVALID_FLOW_JSON_VERSION", "version"),
    (document(colour="red"), "INVALID_PROPERTY_KEY", "colour"),
    (document(data_channel_uri="https://a.b"), "INVALID_PROPERTY_KEY", "data_channel_uri"),
    ({"version": "7.3"}, "MISSING_REQUIRED_PROPERTY", ""),
    ({"version": "7.3", "screens": []}, "MIN_ITEMS_REQUIRED", "screens"),
    ({"version": "7.3", "screens": {}}, "INVALID_PROPERTY_TYPE", "screens"),
    (document(*(screen("A" * (1 + index)) for index in range(101))), "MAX_SCREENS_NUMBER", "screens"),
    (document("A"), "INVALID_PROPERTY_TYPE", "screens[0]"),
    (document(screen("")), "MIN_CHARS_REQUIRED", "screens[0].id"),
    (document(screen("FIRST_1")), "PATTERN_MISMATCH", "screens[0].id"),
    (document(screen(terminal="yes")), "INVALID_PROPERTY_TYPE", "screens[0].terminal"),
    (document(screen(colour="red")), "INVALID_PROPERTY_KEY", "screens[0].colour"),
    (document({"id": "A", "terminal": True}), "MISSING_REQUIRED_PROPERTY", "screens[0]"),
    (document(screen(layout="x")), "INVALID_PROPERTY_TYPE", "screens[0].layout"),
    (document(screen(layout={"type": "x", "children": []})), "INVALID_PROPERTY_VALUE", "screens[0].layout.type"),
    (
        document(screen(layout={"type": "SingleColumnLayout", "children": {}})),
        "INVALID_PROPERTY_TYPE",
        "screens[0].layout.children",
    ),
    (document(screen("A", {"text": "x"})), "MISSING_REQUIRED_TYPE_PROPERTY", "screens[0].layout.children[0]"),
    (document(screen("A", {"type": "Text"})), "INVALID_PROPERTY_VALUE", "screens[0].layout.children[0].type"),
    (document(screen("A", {"type": "TextBody"})), "MISSING_REQUIRED_PROPERTY", "screens[0].layout.children[0]"),
    (
        document(screen("A", {"type": "Form", "name": "f", "children": [{"type": "Text"}]})),
        "INVALID_PROPERTY_VALUE",
        "screens[0].layout.children[0].children[0].type",
    ),
    (
        document(screen("A", {"type": "Switch", "value": "${data.x}", "cases": {"a": 1}})),
        "INVALID_PROPERTY_TYPE",
        "screens[0].layout.children[0].cases.a",
    ),
    (document(screen("SUCCESS")), "SCREEN_ID_IS_RESERVED_KEYWORD", "screens[0].id"),
    (document(screen("A"), screen("A")), "DUPLICATE_SCREEN_IDS", "screens[0].id"),
    (
        document(screen("A", {"type": "TextBody", "text": "x"}, terminal=False)),
        "MISSING_TERMINAL_SCREEN",
        "screens",
    ),
    (document(screen(success=False)), "INVALID_PROPERTY_VALUE", "screens[0].success"),
    (
        document(screen("A", {"type": "TextBody", "text": "x"}, terminal=False, success=True), screen("B")),
        "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
        "screens[0].success",
    ),
    (
        document(screen("A", {"type": "TextBody", "text": "x"})),
        "MISSING_FOOTER_ON_TERMINAL_SCREEN",
        "screens[0]",
    ),
    (document(screen("A", footer(), footer())), "MAX_FOOTER_PER_SCREEN", "screens[0].layout.children[0]"),
    (document(screen(refresh_on_back=True)), "INVALID_PROPERTY_VALUE", "screens[0].refresh_on_back"),
    (document(data_api_version="4.0"), "MISSING_REQUIRED_PROPERTY", ""),
    (document(data_api_version="4.0", routing_model={}), "INVALID_ROUTING_MODEL", "routing_model"),
    (document(data_api_version="4.0", routing_model={"START": ["X"]}), "INVALID_ROUTING_MODEL", "routing_model"),
    (
        document(
            screen("A", navigate("B"), terminal=False),
            screen("B"),
            data_api_version="4.0",
            routing_model={"A": [], "B": []},
        ),
        "INVALID_ROUTING_MODEL",
        "routing_model.A",
    ),
    (document(screen(data={"name": {}})), "INVALID_SCREEN_DATA", "screens[0].data.name"),
    (document(screen(data={"name": {"type": "array"}})), "INVALID_SCREEN_DATA", "screens[0].data.name"),
    (
        document(screen("A", FORM, FORM | {"name": "mail"}, footer())),
        "DUPLICATE_FORM_COMPONENT_NAMES",
        "screens[0].layout.children[0].children[0].name",
    ),
    (
        document(screen("A", {"type": "TextBody", "text": "${data.name}"}, footer())),
        "INVALID_SCREEN_DYNAMIC_DATA",
        "screens[0].layout.children[0].text",
    ),
    (
        document(screen("A", footer(payload={"x": "${data.name}"}))),
        "INVALID_ON_CLICK_ACTION_PAYLOAD",
        "screens[0].layout.children[0].on-click-action.payload.x",
    ),
    (
        document(screen("A", footer(payload={"x": "${form.name}"}))),
        "INVALID_ON_CLICK_ACTION_PAYLOAD",
        "screens[0].layout.children[0].on-click-action.payload.x",
    ),
    (
        document(screen("A", footer(), terminal=False), screen("B")),
        "INVALID_COMPLETE_ACTION",
        "screens[0].layout.children[0].on-click-action",
    ),
    (
        document(screen("A", footer("data_exchange"))),
        "MISSING_REQUIRED_PROPERTY",
        "screens[0].layout.children[0].on-click-action",
    ),
    (
        document(screen("A", navigate("A"))),
        "INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
        "screens[0].layout.children[0].on-click-action.next.name",
    ),
    (
        document(screen("A", navigate("X"))),
        "INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
        "screens[0].layout.children[0].on-click-action.next.name",
    ),
    *(
        (
            document(screen("A", navigate("B", payload=payload), terminal=False), screen("B", **data)),
            "INVALID_NAVIGATE_ACTION_PAYLOAD",
            "screens[0].layout.children[0].on-click-action",
        )
        for payload, data in (({"x": 1}, {}), ({"x": 1}, {"data": {}}), ({}, {"data": {"x": TEXT}}))
    ),
]


@pytest.mark.parametrize(("value", "error", "path"), WRONG)
def test_mistake_is_found_at_its_place(value: Any, error: str, path: str) -> None:
    """Each common mistake has Meta's code, and points at what has to be changed."""
    assert (error, path) in mistakes(value)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (mistakes(document(screen("A"), screen("A"))), 1),
        (mistakes(document(screen("A", {"type": "Text"}, {"type": "Footer"}))), 3),
    ],
)
def test_all_mistakes_are_told_at_once(found: Any, wanted: int) -> None:
    """One validation tells of each mistake, and of a double id once, with both places."""
    assert len(found) == wanted


def test_a_mistake_looks_as_in_the_sample_of_meta() -> None:
    """Lines and columns count from 1, and the end is the last character itself."""
    value = {
        "version": "7.3",
        "screens": [{"id": "A", "layout": {"type": "SingleColumnLayout", "children": [{"type": "TextHeadings"}]}}],
    }
    where = {"line_start": 10, "line_end": 10, "column_start": 21, "column_end": 34}
    expected = {
        "error": "INVALID_PROPERTY_VALUE",
        "error_type": "FLOW_JSON_ERROR",
        "message": "Invalid value found for property 'type'.",
        **where,
        "pointers": [{**where, "path": "screens[0].layout.children[0].type"}],
    }
    assert [expected] == judge(json.dumps(value, indent=2).encode()).errors


def test_a_name_that_is_wrong_is_pointed_at_itself() -> None:
    """An unknown member's place is its name, not its value."""
    [found] = judge(
        b'{"version": "7.3",\n  "colour": "red", "screens": [' + json.dumps(screen()).encode() + b"]}"
    ).errors
    assert (found["line_start"], found["column_start"], found["column_end"]) == (2, 3, 10)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"version": "7.3",,}', b"[]", b"1", b"\xff", b"[" * 5_000])
def test_what_cannot_be_read_is_one_mistake(raw: bytes) -> None:
    """INVALID_FLOW_JSON, with places that exist."""
    [found] = judge(raw).errors
    assert (found["error"], found["message"]) == ("INVALID_FLOW_JSON", "Flow JSON is not valid.")
    assert min(found["line_start"], found["column_start"]) >= 1


def test_json_that_is_nested_too_deeply_is_not_valid() -> None:
    """However deep: it is a verdict, not an accident."""
    inner = footer()
    for _ in range(600):
        inner = {"type": "Form", "children": [inner]}
    raw = b'{"version": "7.3", "screens": [{"id": "A", "layout": {"type": "SingleColumnLayout", "children": [%b]}}]}'
    assert judge(raw % encoded(inner)).errors[0]["error"] == "INVALID_FLOW_JSON"


def encoded(value: Any) -> bytes:
    """A value that is nested deeper than json.dumps goes."""
    text, ends = "", ""
    while value["type"] == "Form":
        text, ends, value = text + '{"type": "Form", "children": [', "]}" + ends, value["children"][0]
    return (text + json.dumps(value) + ends).encode()


def test_a_path_is_spelt_as_in_the_sample() -> None:
    """Members with dots, elements in brackets."""
    assert spell(("screens", 0, "layout", "children", 1)) == "screens[0].layout.children[1]"


@pytest.fixture
def world() -> World:
    """A world as it is seeded."""
    return new_world("test", 7, NOW)


def flow(world: World, value: Any = None, **members: Any) -> Flow:
    """A flow of the world's account, with right JSON unless told otherwise."""
    made = Flow(id="123456789012345", waba_id=world.waba_id, name="booking", categories=("OTHER",), created_at=NOW)
    made = replace(flows.with_json(made, json.dumps(value or document()).encode(), NOW), **members)
    apply(world, Put(at=NOW, thing=made))
    return made


def told(world: World, events: Any) -> list[dict[str, Any]]:
    changes = [event for event in events if isinstance(event, FlowChanged)]
    return [webhooks.value(world, event, Traits(version="v26.0")) for event in changes]


def test_creation_is_told_without_an_old_status(world: World) -> None:
    """As in Meta's sample."""
    expected = {
        "event": "FLOW_STATUS_CHANGE",
        "message": "Flow booking has been created with DRAFT status",
        "flow_id": "123456789012345",
        "new_status": "DRAFT",
    }
    assert [expected] == told(world, flows.create(flow(world)))


def test_publishing_is_told(world: World) -> None:
    """With the old status and the new one."""
    expected = {
        "event": "FLOW_STATUS_CHANGE",
        "message": "Flow booking changed status from DRAFT to PUBLISHED",
        "flow_id": "123456789012345",
        "old_status": "DRAFT",
        "new_status": "PUBLISHED",
    }
    assert [expected] == told(world, flows.publish(world, flow(world), NOW))


@pytest.mark.parametrize(
    ("value", "members", "details"),
    [
        (None, {"status": "PUBLISHED"}, "Publishing Flow in invalid state"),
        (None, {"json": b""}, "Publishing Flow with validation errors"),
        (document(version="1"), {}, "Publishing Flow with validation errors"),
        (document(version="5.0"), {}, "Versions in Flow JSON file are not available for publishing"),
        (document(**ENDPOINT), {}, "Publishing without specifying endpoint_uri is forbidden"),
    ],
)
def test_what_keeps_a_flow_from_being_published(world: World, value: Any, members: Any, details: str) -> None:
    """139002 with Meta's words for the reason."""
    with pytest.raises(Refused) as caught:
        flows.publish(world, flow(world, value, **members), NOW)
    assert (139002, details) == (caught.value.refusal.code, caught.value.refusal.details)


def test_a_business_that_is_not_verified_publishes_nothing(world: World) -> None:
    """139000."""
    business = world.businesses[world.business_id]
    apply(world, Put(at=NOW, thing=replace(business, verification_status="not_verified")))
    with pytest.raises(Refused) as caught:
        flows.publish(world, flow(world), NOW)
    assert caught.value.refusal.code == 139000


@pytest.mark.parametrize("status", flows.STATUSES)
def test_which_status_can_be_left_how(world: World, status: str) -> None:
    """Only drafts are changed, published and deleted, only what was published is deprecated."""
    one = flow(world, status=status)
    is_draft = status == "DRAFT"
    ways = {
        "change": lambda: flows.check_editable(world, one),
        "publish": lambda: flows.publish(world, one, NOW),
        "delete": lambda: flows.delete(one, NOW),
        "deprecate": lambda: flows.deprecate(one, NOW),
    }
    expected = {"change": is_draft, "publish": is_draft, "delete": is_draft}
    assert expected | {"deprecate": not is_draft and status != "DEPRECATED"} == {
        name: succeeds(way) for name, way in ways.items()
    }


def succeeds(way: Any) -> bool:
    try:
        way()
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("status", "published", "draft"),
    [
        ("DRAFT", 131009, 0),
        ("PUBLISHED", 0, 131009),
        ("DEPRECATED", 131009, 131009),
        ("BLOCKED", 132068, 132068),
        ("THROTTLED", 0, 131009),
    ],
)
def test_which_status_is_sent_in_which_mode(world: World, status: str, published: int, draft: int) -> None:
    """Drafts as drafts, what is published as published, nothing that is blocked or retired."""
    one = flow(world, status=status)
    assert [published, draft] == [refused(world, one, draft=False), refused(world, one, draft=True)]


def refused(world: World, one: Flow, now: int = NOW, *, draft: bool = False) -> int:
    try:
        flows.check_sendable(world, one, now, draft=draft)
    except Refused as caught:
        return caught.refusal.code
    return 0


def test_a_flow_with_mistakes_is_not_sent(world: World) -> None:
    """Nor one without JSON."""
    assert refused(world, flow(world, document(version="1")), draft=True) == 131009
    assert refused(world, flow(world, json=b""), draft=True) == 131009


def test_a_throttled_flow_is_sent_ten_times_an_hour(world: World) -> None:
    """By id, by name and by template; other messages do not count; after an hour it goes on."""
    one = flow(world, status="THROTTLED")
    bodies = [
        ("interactive", {"interactive": {"action": {"parameters": {"flow_id": one.id}}}}),
        ("interactive", {"interactive": {"action": {"parameters": {"flow_name": one.name}}}}),
        ("text", {"text": {"body": one.id}}),
    ]
    found = []
    for index in range(18):
        kind, body = bodies[index % 3]
        send(world, f"m{index}", kind, body)
        found.append(refused(world, one))
    assert found == [0] * 13 + [132069] * 5
    assert refused(world, one, NOW + HOUR) == 0


def send(world: World, id: str, kind: str, body: Any, shown: bytes = b"") -> None:
    message = Message(
        id=id,
        phone_number_id=world.phone_number_id,
        wa_id="16505551234",
        outbound=True,
        type=kind,
        at=NOW,
        body=json.dumps(body).encode(),
        shown=shown,
    )
    apply(world, MessageAccepted(at=NOW, message=message))


def test_templates_with_a_throttled_flow_count(world: World) -> None:
    """They show their flow's id."""
    one = flow(world, status="THROTTLED")
    for index in range(10):
        send(world, f"t{index}", "template", {}, b'{"buttons":[{"flow_id":"%s"}]}' % one.id.encode())
    assert refused(world, one) == 132069


def test_a_published_flow_can_be_reopened_by_policy(world: World) -> None:
    """The knob `published_flow_update` takes one side of Meta's pages."""
    one = flow(world, status="PUBLISHED")
    world.policy = replace(world.policy, published_flow_update="draft")
    assert succeeds(lambda: flows.check_editable(world, one))


def test_json_beyond_ten_megabytes_is_refused(world: World) -> None:
    """100."""
    assert not succeeds(lambda: flows.with_json(flow(world), b" " * (flows.MOST_BYTES + 1), NOW))


def test_flows_survive_a_snapshot(world: World) -> None:
    """JSON, mistakes and status come back."""
    one = flow(world, document(version="1"))
    assert restore(snapshot(world)).flows == {one.id: one}
