"""Solutions of several partners, schedules, activities, people's accounts, copies of flows, over Graph."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.events import Put
from localwaba.domain.model import Flow
from localwaba_contracts.registry import routes
from localwaba_contracts.validate import violation

from .conftest import CALLBACK, Platform, Reply

ROUTES = {(row.method, row.node, row.edge): row for row in routes()}
PARTNER = "9876543210987654"
HOURS = {"name": "Hours", "schedule_type": "BUSINESS_HOURS", "start_time": "09:00", "end_time": "17:00"}


def ask(platform: Platform, method: str, node: str, edge: str = "", body: Any = None, query: str = "") -> Reply:
    """A call of an edge, whose answer keeps its contract."""
    found = platform.graph(method, f"/{node}/{edge}" if edge else f"/{node}", body, query=query)
    kind = platform.world.nodes.get(node, "user")
    assert found.status != 200 or violation(str(ROUTES[method, kind, edge].answer), found.body) is None
    return found


def offer(platform: Platform, **given: Any) -> Reply:
    """A solution that this app offers to another."""
    body = {"solution_name": "Shop", "owner_permissions": ["MESSAGING"], "partner_permissions": []}
    body |= {"partner_app_id": PARTNER} | given
    return ask(platform, "POST", platform.world.app_id, "whatsapp_business_solution", body)


def state(platform: Platform, node: str) -> tuple[str, str]:
    found = ask(platform, "GET", node).body
    return found["status"], found["status_for_pending_request"]


def test_a_solution_is_accepted_and_ended(platform: Platform) -> None:
    """Both sides have to agree to its beginning and to its end, and the app is told of each step."""
    platform.control("PUT", "webhook", {"url": CALLBACK, "fields": ["partner_solutions"]})
    node = offer(platform).body["solution_id"]
    seen = [state(platform, node)]
    for edge, body in (
        ("accept", {"partner_app_id": PARTNER}),
        ("send_deactivation_request", {}),
        ("reject_deactivation_request", {"reject_deactivation_request": True}),
        ("send_deactivation_request", {"reason": "no longer needed"}),
        ("accept_deactivation_request", {}),
    ):
        assert ask(platform, "POST", node, edge, body).status == 200
        seen.append(state(platform, node))
    assert seen == [
        ("INITIATED", "PENDING_ACTIVATION"),
        ("ACTIVE", "NONE"),
        ("ACTIVE", "PENDING_DEACTIVATION"),
        ("ACTIVE", "NONE"),
        ("ACTIVE", "PENDING_DEACTIVATION"),
        ("DEACTIVATED", "NONE"),
    ]
    platform.settle()
    bodies = [one["body"]["entry"][0] for one in platform.control("GET", "webhooks")["webhooks"]]
    assert {body["id"] for body in bodies} == {platform.world.business_id}
    told = [body["changes"][0]["value"]["solution_status"] for body in bodies]
    assert sorted(told) == sorted(
        ["INITIATED", "ACTIVE", "PENDING_DEACTIVATION", "ACTIVE", "PENDING_DEACTIVATION", "DEACTIVATED"]
    )


def test_a_solution_is_rejected(platform: Platform) -> None:
    """After that it can be neither accepted nor ended; another wish than the one that waits cannot be rejected."""
    node = offer(platform).body["solution_id"]
    assert ask(platform, "POST", node, "reject", {"request_type": "DEACTIVATION_REQUEST"}).error["code"] == 100
    assert ask(platform, "POST", node, "accept", {"partner_app_id": "1"}).error["code"] == 100
    rejected = ask(platform, "POST", node, "reject", {"request_type": "PARTNERSHIP_REQUEST", "partner_app_id": PARTNER})
    assert rejected.body["partner_app_id"] == PARTNER
    assert state(platform, node) == ("REJECTED", "NONE")
    assert ask(platform, "POST", node, "accept", {"partner_app_id": PARTNER}).error["code"] == 100
    assert ask(platform, "POST", node, "send_deactivation_request", {}).error["code"] == 100


def test_solutions_are_listed(platform: Platform) -> None:
    """By the app, by its role, and those that are active by the account."""
    world = platform.world
    node = offer(platform).body["solution_id"]
    app, edge = world.app_id, "whatsapp_business_solutions"
    asked = [ask(platform, "GET", app, edge, query=query).body["data"] for query in ("", "role=OWNER", "role=PARTNER")]
    assert [[one["id"] for one in found] for found in asked] == [[node], [node], []]
    assert ask(platform, "GET", world.waba_id, "solutions").body == {"data": []}
    ask(platform, "POST", node, "accept", {"partner_app_id": PARTNER})
    found = ask(platform, "GET", world.waba_id, "solutions", query="fields=owner_app,owner_permissions").body["data"]
    app_of = {"id": app, "name": world.apps[app].name}
    assert found == [{"owner_app": app_of, "owner_permissions": ["MESSAGING"], "id": node}]


@pytest.mark.parametrize(
    "given", [{"solution_name": "x"}, {"partner_app_id": "app"}, {"owner_permissions": ["ALL"]}, {"partner_app_id": ""}]
)
def test_solutions_that_cannot_be(shared_platform: Platform, given: dict[str, Any]) -> None:
    """A name that is too short, a partner that is no app, a permission that there is not."""
    assert offer(shared_platform, **given).error["code"] == 100
    assert offer(shared_platform, partner_app_id=shared_platform.world.app_id).error["code"] == 100


def test_schedules(platform: Platform) -> None:
    """They are kept with what Meta adds to them, and listed in either order."""
    waba = platform.world.waba_id
    first = ask(platform, "POST", waba, "schedules", HOURS | {"days_of_week": ["MONDAY"]}).body["id"]
    second = ask(platform, "POST", waba, "schedules", HOURS | {"name": "Pause", "is_active": False}).body["id"]
    found = ask(platform, "GET", waba, "schedules").body["data"]
    assert [(one["id"], one["status"], one["timezone"]) for one in found] == [
        (first, "ACTIVE", "UTC"),
        (second, "INACTIVE", "UTC"),
    ]
    assert found[0]["days_of_week"] == ["MONDAY"]
    turned = ask(platform, "GET", waba, "schedules", query="sort=created_time.desc").body["data"]
    assert [one["id"] for one in turned] == [second, first]


@pytest.mark.parametrize(
    "given", [{"name": ""}, {"schedule_type": "SIESTA"}, {"start_time": "9 o'clock"}, {"days_of_week": ["FUNDAY"]}]
)
def test_schedules_that_cannot_be(shared_platform: Platform, given: dict[str, Any]) -> None:
    """100, each."""
    assert ask(shared_platform, "POST", shared_platform.world.waba_id, "schedules", HOURS | given).error["code"] == 100


def test_activities(platform: Platform) -> None:
    """The newest first; by type, and by time in seconds or as a date."""
    waba = platform.world.waba_id
    platform.control("POST", "clock/advance", {"seconds": 3600})
    parts = [{"type": "BODY", "text": "Our summer sale has begun"}]
    body = {"name": "sale", "language": "en_US", "category": "MARKETING", "components": parts}
    platform.graph("POST", f"/{waba}/message_templates", body)
    now = platform.host.now() // 1000

    def kinds(query: str = "") -> list[str]:
        return [one["activity_type"] for one in ask(platform, "GET", waba, "activities", query=query).body["data"]]

    assert kinds()[0] == "TEMPLATE_CREATED"
    assert sorted(kinds()[1:]) == ["ACCOUNT_CREATED", "PHONE_NUMBER_ADDED", "TEMPLATE_CREATED"]
    assert kinds("activity_type=ACCOUNT_CREATED") == ["ACCOUNT_CREATED"]
    assert kinds(f"since={now - 60}") == ["TEMPLATE_CREATED"]
    assert len(kinds("until=2026-01-01T12:30:00")) == 3
    assert ask(platform, "GET", waba, "activities", query="since=yesterday").error["code"] == 100


def test_the_accounts_of_a_person(platform: Platform) -> None:
    """Whoever has tasks in the account sees it; an id of nobody is no object."""
    world = platform.world
    own = world.tokens[world.access_token].user_id
    edge = "assigned_whatsapp_business_accounts"
    expected = {
        "id": world.waba_id,
        "name": world.wabas[world.waba_id].name,
        "status": "ACTIVE",
        "permissions": ["FULL_CONTROL"],
        "business_id": world.business_id,
    }
    assert ask(platform, "GET", own, edge).body["data"] == [expected]
    people = {"user": "777", "tasks": ["DEVELOP"]}
    platform.graph("POST", f"/{world.waba_id}/assigned_users", people)
    assert ask(platform, "GET", "777", edge).body["data"] == [expected | {"permissions": ["DEVELOP"]}]
    assert ask(platform, "GET", "778", edge).error["error_subcode"] == 33


def test_lists_of_nobody(shared_platform: Platform) -> None:
    """A world has no client businesses, credit lines and requests to act on behalf."""
    world = shared_platform.world
    found = [
        ask(shared_platform, "GET", world.app_id, "connected_client_businesses").body,
        ask(shared_platform, "GET", world.business_id, "extendedcredits").body,
        ask(shared_platform, "GET", world.waba_id, "in_progress_onbehalf_request").body,
    ]
    assert found == [{"data": []}] * 3


def put(platform: Platform, thing: Any) -> None:
    apply(platform.world, Put(at=platform.host.now(), thing=thing))


def test_flows_are_copied(platform: Platform) -> None:
    """Each is a draft under its old name; what is not there, or is here already, fails by itself."""
    world = platform.world
    put(platform, replace(world.wabas[world.waba_id], id="111"))
    for node, waba, name in (("21", "111", "shop"), ("22", "111", "club"), ("23", world.waba_id, "club")):
        put(platform, Flow(id=node, waba_id=waba, name=name, categories=("OTHER",), status="PUBLISHED"))
    given = {"source_waba_id": "111", "source_flow_names": '["shop","club","none"]'}
    found = ask(platform, "POST", world.waba_id, "migrate_flows", given).body
    [copied] = found["migrated_flows"]
    assert (copied["source_name"], copied["source_id"]) == ("shop", "21")
    assert world.flows[copied["migrated_id"]].status == "DRAFT"
    assert [(one["source_name"], one["error_code"]) for one in found["failed_flows"]] == [
        ("club", "4233041"),
        ("none", "4233041"),
    ]
    again = ask(platform, "POST", world.waba_id, "migrate_flows", {"source_waba_id": "111"}).body
    assert (again["migrated_flows"], len(again["failed_flows"])) == ([], 2)


def test_flows_that_cannot_be_copied(platform: Platform) -> None:
    """From the account itself, from one that is not there, and more than a hundred."""
    world = platform.world
    put(platform, replace(world.wabas[world.waba_id], id="111"))
    many = {"source_waba_id": "111", "source_flow_names": [str(one) for one in range(101)]}
    for given in ({"source_waba_id": world.waba_id}, {"source_waba_id": "1"}, {}, many):
        assert ask(platform, "POST", world.waba_id, "migrate_flows", given).error["code"] == 100
