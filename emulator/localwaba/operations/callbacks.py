"""The app's own callback, as the app dashboard sets it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from localwaba.domain.events import Event, Put
from localwaba.domain.model import Subscription
from localwaba.domain.routing import FIELDS
from localwaba.domain.world import World


def subscribe_app(
    world: World,
    now: int,
    url: str,
    verify_token: str,
    fields: Sequence[str] = (),
    version: str = "",
    app_id: str = "",
) -> list[Event]:
    """Subscribes an app, the world's own if none is named, to webhook fields (all, if none are) and to the account."""
    app = world.apps[app_id or world.app_id]
    waba = world.wabas[world.waba_id]
    webhook = Subscription(url=url, verify_token=verify_token, fields=tuple(fields or FIELDS), version=version)
    events: list[Event] = [Put(at=now, thing=replace(app, webhook=webhook))]
    if app.id not in waba.subscribed:
        events.append(Put(at=now, thing=replace(waba, subscribed={**waba.subscribed, app.id: None})))
    return events
