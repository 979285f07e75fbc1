"""How many management calls an app may make on an account, and what of that is told."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.budgets import account_of, account_usage, app_usage, charge, hourly
from localwaba.domain.clock import HOUR, MINUTE
from localwaba.domain.errors import Refused
from localwaba.domain.events import Put
from localwaba.domain.policy import patch
from localwaba.domain.world import World
from localwaba.http.headers import account_usage as account_header
from localwaba.http.headers import app_usage as app_header

from .conftest import NOW, Caller


def turn(world: World, **knobs: Any) -> None:
    world.policy = patch(world.policy, knobs)


def ask(world: World, now: int = NOW, *, app: str = "1", node: str = "", edge: str = "", times: int = 1) -> int:
    """Makes calls; how many of them were counted."""
    counted = 0
    for _ in range(times):
        event = charge(world, app, node or world.waba_id, edge, now)
        if event is not None:
            apply(world, event)
            counted += 1
    return counted


def refused(world: World, now: int = NOW, **call: Any) -> Any:
    with pytest.raises(Refused) as caught:
        ask(world, now, **call)
    return caught.value.refusal


def test_an_account_has_5000_calls_an_hour(world: World) -> None:
    """The 5,001st management call within an hour is refused with 80007; an hour after the first there is room."""
    ask(world)
    ask(world, NOW + 30 * MINUTE, times=4_999)
    refusal = refused(world, NOW + 40 * MINUTE)
    assert refusal.code == 80007
    assert refusal.why.startswith("5000 of 5000 management calls")
    assert refusal.why.endswith("the next is free in 20 min")
    assert refused(world, NOW + HOUR - 1).code == 80007
    assert ask(world, NOW + HOUR) == 1


def test_an_account_without_a_number_has_200(world: World) -> None:
    """An account none of whose numbers is registered has 200 calls."""
    number = world.numbers[world.phone_number_id]
    apply(world, Put(at=NOW, thing=replace(number, registered=False)))
    assert hourly(world, world.waba_id) == 200
    ask(world, times=200)
    assert '"idle_account_calls":null' in refused(world).fix


def test_apps_have_budgets_of_their_own(world: World) -> None:
    """What one app uses of an account's calls leaves another app alone."""
    turn(world, account_calls=3)
    ask(world, times=3)
    refused(world)
    assert ask(world, app="2") == 1


@pytest.mark.parametrize("edge", ["messages", "media"])
def test_messages_are_no_management(world: World, edge: str) -> None:
    """Messages and media use nothing of the calls."""
    assert ask(world, node=world.phone_number_id, edge=edge, times=10) == 0


def test_what_belongs_to_an_account(world: World) -> None:
    """Numbers and templates use their account's calls; apps, businesses and files use none."""
    template = next(iter(world.templates))
    assert [account_of(world, node) for node in (world.waba_id, world.phone_number_id, template)] == [world.waba_id] * 3
    assert [account_of(world, node) for node in (world.app_id, world.business_id, "1", "")] == [""] * 4
    assert ask(world, node=world.app_id) == 0


@pytest.mark.parametrize("off", [None, 0])
def test_no_budget(world: World, off: int | None) -> None:
    """Turned off, nothing is counted and no percentage told."""
    turn(world, account_calls=off)
    assert ask(world, times=10) == 0
    assert account_usage(world, "1", world.waba_id, NOW) == (0, 0)


def test_an_app_limit_counts_everything(world: World) -> None:
    """With the app's knob turned, messages count as well, and code 4 comes before 80007."""
    turn(world, app_calls=4, account_calls=4)
    ask(world, times=2)
    ask(world, node=world.phone_number_id, edge="messages", times=2)
    assert app_usage(world, "1", NOW) == 100
    refusal = refused(world, node=world.phone_number_id, edge="messages")
    assert (refusal.code, refusal.why[:28]) == (4, "4 of 4 calls of this app in ")
    assert ask(world, app="2") == 1


@pytest.mark.parametrize(("calls", "percent"), [(0, 0), (1, 1), (50, 1), (51, 2), (2_500, 50), (4_999, 100)])
def test_percentages(world: World, calls: int, percent: int) -> None:
    """Usage is told in whole percent, rounded up."""
    ask(world, times=calls)
    assert account_usage(world, "1", world.waba_id, NOW) == (percent, 0)


def test_regaining_access(world: World) -> None:
    """Once all is used, the minutes until a call is free are told, and nothing an hour later."""
    turn(world, account_calls=10)
    ask(world, times=9)
    assert account_usage(world, "1", world.waba_id, NOW) == (90, 0)
    ask(world)
    used = [account_usage(world, "1", world.waba_id, NOW + after) for after in (0, 30 * MINUTE + 1, HOUR)]
    assert used == [(100, 60), (100, 30), (0, 0)]


def test_headers() -> None:
    """The headers are those of Meta's samples, with the percentages in them."""
    name, value = account_header("102290129340398", 28, 0)
    assert (name, value) == (
        b"x-business-use-case-usage",
        b'{"102290129340398":[{"type":"whatsapp_business_management","call_count":28,"total_cputime":28,'
        b'"total_time":28,"estimated_time_to_regain_access":0},{"type":"whatsapp","call_count":1,"total_cputime":1,'
        b'"total_time":1,"estimated_time_to_regain_access":0}]}',
    )
    assert app_header(28) == (b"x-app-usage", b'{"call_count":28,"total_cputime":28,"total_time":28}')
    assert account_header("102290129340398", 28, 0) is account_header("102290129340398", 28, 0)


def test_template_creations(call: Caller) -> None:
    """An account creates as many templates in an hour as the knob says; beyond, 80008."""
    turn(call.world, template_creations=2)
    for name in ("one", "two"):
        create(call, name)
    assert call.error("POST", call.world.waba_id, "message_templates", template("three"))["code"] == 80008
    call.now += HOUR
    create(call, "three")
    turn(call.world, template_creations=None)
    create(call, "four")
    create(call, "five")


def template(name: str) -> dict[str, Any]:
    body = {"type": "BODY", "text": "Your table is booked."}
    return {"name": name, "language": "en_US", "category": "UTILITY", "components": [body]}


def create(call: Caller, name: str) -> None:
    call("POST", call.world.waba_id, "message_templates", template(name))
