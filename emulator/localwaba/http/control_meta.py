"""Be Meta: templates, numbers, policy, platform events."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.http.control_requests import Ask, Row
from localwaba.operations.meta import patch_number, patch_policy, patch_template, template_in
from localwaba.operations.platform_events import fire
from localwaba.wire import views


async def list_templates(ask: Ask) -> Any:
    """`GET /templates`."""
    return {"templates": [views.template(one) for one in ask.host.world.templates.values()]}


async def change_template(ask: Ask) -> Any:
    """`PATCH /templates/{id}`."""
    body = await ask.body()
    world, ids, template_id = ask.host.world, ask.host.world.ids(), ask.part("id")
    ask.decide(patch_template(world, ask.host.now(), template_id, body), ids)
    return views.template(template_in(world, template_id))


async def change_number(ask: Ask) -> Any:
    """`PATCH /phone_numbers/{id}`."""
    body = await ask.body()
    world, ids, number_id = ask.host.world, ask.host.world.ids(), ask.part("id")
    ask.decide(patch_number(world, ask.host.now(), number_id, body), ids)
    return views.phone_number(world, world.numbers[number_id])


async def list_numbers(ask: Ask) -> Any:
    """`GET /phone_numbers`."""
    world = ask.host.world
    return {"phone_numbers": [views.phone_number(world, one) for one in world.numbers.values()]}


async def show_policy(ask: Ask) -> Any:
    """`GET /policy`."""
    return msgspec.to_builtins(ask.host.world.policy)


async def change_policy(ask: Ask) -> Any:
    """`PATCH /policy`."""
    body = await ask.body()
    ids = ask.host.world.ids()
    ask.decide(patch_policy(ask.host.world, ask.host.now(), body), ids)
    return msgspec.to_builtins(ask.host.world.policy)


async def fire_event(ask: Ask) -> Any:
    """`POST /platform-events`."""
    body = await ask.body()
    ids = ask.host.world.ids()
    fired = fire(ask.host.world, ask.host.now(), body, ids)
    ask.decide(fired.events, ids)
    return {"field": body["field"], "value": fired.value, "apps": fired.apps}


ROWS = (
    Row("GET", "/templates", list_templates),
    Row("PATCH", "/templates/{id}", change_template),
    Row("GET", "/phone_numbers", list_numbers),
    Row("PATCH", "/phone_numbers/{id}", change_number),
    Row("GET", "/policy", show_policy),
    Row("PATCH", "/policy", change_policy),
    Row("POST", "/platform-events", fire_event),
)
