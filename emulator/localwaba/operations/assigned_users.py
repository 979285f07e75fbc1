"""The people of an account and what they may do there (`assigned_users`)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import invalid_parameter
from localwaba.domain.events import Put
from localwaba.domain.model import Waba
from localwaba.operations.call import SUCCESS, Answer, Call, missing
from localwaba.operations.viewing import show_page
from localwaba.wire.assigned_users import ASSIGNED_ACCOUNT, ASSIGNED_USER, Assigned, AssignedAccount, assigned


def list_assigned_users(call: Call) -> Answer:
    """`GET /{waba}/assigned_users`: those of the portfolio `business`, which has to be named."""
    waba = call.world.wabas[call.node]
    business = call.params.get("business")
    if not business:
        raise missing("business")
    found = assigned(call.world, waba) if str(business) == waba.business_id else []
    return show_page(call, ASSIGNED_USER, found)


def add_assigned_user(call: Call) -> Answer:
    """`POST /{waba}/assigned_users`: the tasks replace those that the person had."""
    waba = call.world.wabas[call.node]
    tasks = [str(task).upper() for task in call.params["tasks"]]
    return _done(call, waba, _kept(call, waba) | {call.text("user"): tasks})


def remove_assigned_user(call: Call) -> Answer:
    """`DELETE /{waba}/assigned_users`."""
    waba = call.world.wabas[call.node]
    kept, user = _kept(call, waba), call.text("user")
    if user not in kept:
        raise invalid_parameter(
            rule="assigned_users",
            why=f"{user} is not assigned to this account",
            fix="take the id from GET /{waba}/assigned_users?business=…",
        )
    return _done(call, waba, {name: tasks for name, tasks in kept.items() if name != user})


def list_assigned_wabas(call: Call) -> Answer:
    """`GET /{user}/assigned_whatsapp_business_accounts`: the accounts in which a person has tasks."""
    found = [
        AssignedAccount(waba.id, waba, one.tasks)
        for waba in call.world.wabas.values()
        for one in assigned(call.world, waba)
        if one.id == call.node
    ]
    return show_page(call, ASSIGNED_ACCOUNT, found)


def _kept(call: Call, waba: Waba) -> dict[str, Any]:
    people: list[Assigned] = assigned(call.world, waba)
    return {one.id: list(one.tasks) for one in people}


def _done(call: Call, waba: Waba, people: dict[str, Any]) -> Answer:
    changed = replace(waba, settings=waba.settings | {"assigned_users": people})
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=changed)])
