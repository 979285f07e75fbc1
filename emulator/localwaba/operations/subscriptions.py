"""Who gets webhooks, and where: the app's own callback, the account's apps, overrides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from localwaba.domain.errors import refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import App, Override, Subscription, Waba
from localwaba.domain.routing import FIELDS
from localwaba.operations.call import SUCCESS, Answer, Call, Handshake, missing
from localwaba.operations.viewing import view_of
from localwaba.wire.accounts import subscribed_apps

_OBJECT = "whatsapp_business_account"


def list_subscribed_apps(call: Call) -> Answer:
    """`GET /{waba}/subscribed_apps`."""
    return Answer(body={"data": subscribed_apps(view_of(call), call.world.wabas[call.node])})


def subscribe_app(call: Call) -> Answer:
    """`POST /{waba}/subscribed_apps`: with a callback, an override after a handshake; without, none any more."""
    waba = call.world.wabas[call.node]
    url = call.text("override_callback_uri", "")
    if not url:
        return Answer(body=SUCCESS, events=[_link(call, waba, None)])
    check_overridable(call, waba)
    if not call.params.get("verify_token"):
        raise missing("verify_token")
    override = Override(url=url, verify_token=call.text("verify_token"))
    handshake = Handshake(override.url, override.verify_token)
    return Answer(body=SUCCESS, events=[_link(call, waba, override)], handshake=handshake)


def unsubscribe_app(call: Call) -> Answer:
    """`DELETE /{waba}/subscribed_apps`: the calling app gets nothing of this account any more."""
    waba = call.world.wabas[call.node]
    left = {app_id: override for app_id, override in waba.subscribed.items() if app_id != call.app.id}
    if left == waba.subscribed:
        return Answer(body=SUCCESS)
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=replace(waba, subscribed=left))])


def check_overridable(call: Call, waba: Waba) -> None:
    """Refuses an override of an app that gets no webhooks of the account anyway, or has no callback of its own."""
    if call.app.id in waba.subscribed and call.app.webhook is not None:
        return
    missing_one = "has no callback of its own" if call.app.id in waba.subscribed else "is not subscribed"
    raise refuse(
        100,
        values={"variant": "override_before_subscription"},
        rule="webhooks.override",
        why=f"app {call.app.id} {missing_one}",
        fix="POST /{app}/subscriptions with the app token, POST /{waba}/subscribed_apps without a body, then override",
    )


def list_subscriptions(call: Call) -> Answer:
    """`GET /{app}/subscriptions`: needs the app token."""
    webhook = _own_app(call).webhook
    if webhook is None:
        return Answer(body={"data": []})
    version = webhook.version or call.traits.version
    shown = {
        "object": _OBJECT,
        "callback_url": webhook.url,
        "active": webhook.active,
        "fields": [{"name": name, "version": version} for name in webhook.fields],
    }
    return Answer(body={"data": [shown]})


def create_subscription(call: Call) -> Answer:
    """`POST /{app}/subscriptions`: callback and fields of the app, after a handshake; needs the app token."""
    app = _own_app(call)
    _check_object(call.text("object"))
    url, verify_token = call.text("callback_url"), call.text("verify_token")
    fields = _fields(call.params.get("fields"))
    if not fields and app.webhook is not None:
        fields = app.webhook.fields
    webhook = Subscription(url=url, verify_token=verify_token, fields=fields, version=call.traits.version)
    events: list[Event] = [Put(at=call.now, thing=replace(app, webhook=webhook))]
    return Answer(body=SUCCESS, events=events, handshake=Handshake(url, verify_token))


def delete_subscription(call: Call) -> Answer:
    """`DELETE /{app}/subscriptions`: some fields, or all of it; needs the app token."""
    app = _own_app(call)
    if call.params.get("object"):
        _check_object(call.text("object"))
    if app.webhook is None:
        return Answer(body=SUCCESS)
    gone = _fields(call.params.get("fields")) or app.webhook.fields
    left = tuple(name for name in app.webhook.fields if name not in gone)
    webhook = replace(app.webhook, fields=left) if left else None
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=replace(app, webhook=webhook))])


def _link(call: Call, waba: Waba, override: Override | None) -> Put:
    return Put(at=call.now, thing=replace(waba, subscribed={**waba.subscribed, call.app.id: override}))


def _own_app(call: Call) -> App:
    token = call.token
    if token is not None and token.kind == "APP" and token.app_id == call.node:
        return call.world.apps[call.node]
    raise refuse(
        15,
        rule="token.app",
        why="this is not the token of the app",
        fix="use {app id}|{app secret}, or what GET /oauth/access_token?grant_type=client_credentials gives",
    )


def _check_object(name: str) -> None:
    if name != _OBJECT:
        raise refuse(
            100,
            message=f'Param object must be one of {{{_OBJECT.upper()}}} - got "{name}".',
            rule="webhooks.object",
            why=f"only {_OBJECT} has webhooks here",
            fix=f"object={_OBJECT}",
        )


def _fields(value: Any) -> tuple[str, ...]:
    """Names of fields, as a list or with commas between them."""
    names: Sequence[Any] = value if isinstance(value, (list, tuple)) else str(value or "").strip("[]").split(",")
    found = tuple(dict.fromkeys(name for name in (str(item).strip(" \"'") for item in names) if name))
    for index, name in enumerate(found):
        if name not in FIELDS:
            raise refuse(
                100,
                message=f'Param fields[{index}] must be one of {{{", ".join(FIELDS)}}} - got "{name}".',
                rule="webhooks.fields",
                why=f"there is no webhook field {name!r}",
                fix="for example fields=messages,message_template_status_update",
            )
    return found
