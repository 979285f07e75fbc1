"""The app dashboard: apps, their mode, and where each takes its webhooks."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.http.control_requests import Ask, Row
from localwaba.http.control_worlds import read_webhook, subscribe, verify
from localwaba.operations.callbacks import subscribe_app
from localwaba.operations.credentials import app_in, new_app, patch_app, shown_app
from localwaba.operations.mistakes import Mistake, object_of


async def list_apps(ask: Ask) -> Any:
    """`GET /apps`."""
    world = ask.host.world
    return {"apps": [shown_app(world, app) for app in world.apps.values()]}


async def show_app(ask: Ask) -> Any:
    """`GET /apps/{id}`."""
    return shown_app(ask.host.world, app_in(ask.host.world, ask.part("id")))


async def create_app(ask: Ask) -> Any:
    """`POST /apps`: an app with id, secret and token of its own; with a `webhook` it is subscribed to the account."""
    body = await ask.body()
    webhook = read_webhook(object_of(body, "webhook"))
    options = {name: value for name, value in body.items() if name != "webhook"}
    new_app(ask.host.world, 0, ask.host.world.ids(), options)  # what is wrong is told before the handshake
    if webhook is not None:
        await verify(ask.host, *webhook[:2])
    world, ids, now = ask.host.world, ask.host.world.ids(), ask.host.now()
    app, token, events = new_app(world, now, ids, options)
    if ask.hosts.by_token(token.id) is not None:
        raise Mistake("another world has such an access token already", 409)
    ask.decide(events, ids)
    if webhook is not None:
        ask.decide(subscribe_app(world, now, *webhook, app_id=app.id), ids)
    return shown_app(world, world.apps[app.id]) | {"access_token": token.id}


async def change_app(ask: Ask) -> Any:
    """`PATCH /apps/{id}`."""
    body = await ask.body()
    world, ids = ask.host.world, ask.host.world.ids()
    ask.decide(patch_app(world, ask.host.now(), ask.part("id"), body), ids)
    return shown_app(world, app_in(world, ask.part("id")))


async def put_app_webhook(ask: Ask) -> Any:
    """`PUT /apps/{id}/webhook`: with handshake."""
    app = app_in(ask.host.world, ask.part("id"))
    webhook = read_webhook(await ask.body())
    if webhook is None:
        raise Mistake("a webhook needs its url")
    await subscribe(ask.host, *webhook, app_id=app.id)
    return shown_app(ask.host.world, ask.host.world.apps[app.id])


async def delete_app_webhook(ask: Ask) -> Any:
    """`DELETE /apps/{id}/webhook`: the app hears of nothing any more."""
    world, ids = ask.host.world, ask.host.world.ids()
    app = app_in(world, ask.part("id"))
    if app.webhook is not None:
        ask.decide([Put(at=ask.host.now(), thing=replace(app, webhook=None))], ids)
    return shown_app(world, world.apps[app.id])


ROWS = (
    Row("GET", "/apps", list_apps),
    Row("POST", "/apps", create_app),
    Row("GET", "/apps/{id}", show_app),
    Row("PATCH", "/apps/{id}", change_app),
    Row("PUT", "/apps/{id}/webhook", put_app_webhook),
    Row("DELETE", "/apps/{id}/webhook", delete_app_webhook),
)
