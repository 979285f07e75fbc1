"""Worlds, their clocks, their webhook, their snapshots."""

from __future__ import annotations

import binascii
import re
from typing import Any

import msgspec
from msgspec.structs import replace
from starlette.responses import Response

from localwaba.domain.events import Put
from localwaba.domain.model import App
from localwaba.domain.policy import Policy
from localwaba.domain.routing import FIELDS
from localwaba.domain.seeding import VERIFY_TOKEN
from localwaba.domain.world import restore
from localwaba.http.control_requests import Ask, Row
from localwaba.http.ports import ControlledHost
from localwaba.operations.call import Handshake
from localwaba.operations.callbacks import subscribe_app
from localwaba.operations.meta import read_policy
from localwaba.operations.mistakes import Mistake, choice_of, nearest, number_of, object_of, only, text_of
from localwaba.versions.table import serve
from localwaba.wire.errors import envelope, reason
from localwaba.wire.moments import LAST, read_moment, read_span

_MODES = ("frozen", "manual", "real", "scaled")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
_SNAPSHOT_LIMIT = 512 * 1024 * 1024


async def show_health(ask: Ask) -> Any:
    """`GET /health`."""
    return {"status": "ready", "version": ask.version}


async def show_world(ask: Ask) -> Any:
    """`GET /world`: everything that an app or a test needs to know."""
    return ask.host.describe()


async def create_world(ask: Ask) -> Any:
    """`POST /worlds`: an isolated world of its own."""
    body = await ask.body()
    options = read_options(body)
    webhook = read_webhook(object_of(body, "webhook"))
    name = options.get("name")
    if name is not None and ask.hosts.get(name) is not None:
        raise Mistake(f"there is a world {name!r} already", 409)
    try:
        host = ask.hosts.create(options)
    except ValueError as error:
        raise Mistake(str(error)) from None
    if webhook is not None:
        try:
            await subscribe(host, *webhook)
        except Mistake:
            ask.hosts.delete(host.world.name)
            raise
        host.seeded()
    return host.describe()


def read_options(body: dict[str, Any]) -> dict[str, Any]:
    """The options of a new world, each of the right kind."""
    only(body, ("name", "seed", "clock", "policy", "webhook"), "a world")
    options: dict[str, Any] = {}
    name = text_of(body, "name", limit=80)
    if name:
        if not _NAME.match(name):
            raise Mistake(f"a world's name is made of letters, digits, `_`, `.` and `-`, not {name!r}")
        options["name"] = name
    seed = body.get("seed")
    if seed is not None:
        if isinstance(seed, bool) or not isinstance(seed, int) or abs(seed) >= 2**63:
            raise Mistake(f"seed is a whole number, not {seed!r}")
        options["seed"] = seed
    clock = object_of(body, "clock")
    if clock:
        options["clock"] = read_clock(clock)
    policy = object_of(body, "policy")
    if policy:
        read_policy(Policy(), policy)
        options["policy"] = policy
    return options


def read_clock(given: dict[str, Any]) -> dict[str, Any]:
    """`{"now"?, "mode"?, "rate"?}`, judged."""
    only(given, ("now", "mode", "rate"), "a clock")
    mode = choice_of(given, "mode", _MODES)
    rate = number_of(given, "rate", 0, 1_000_000)
    if mode == "scaled" and not rate:
        raise Mistake("a scaled clock needs its rate: world seconds per second of the machine")
    if rate is not None and mode in ("frozen", "manual", "real"):
        raise Mistake(f"a {mode} clock has no rate: leave it out, or set the mode to scaled")
    found: dict[str, Any] = {}
    if given.get("now") is not None:
        _moment(given["now"])
        found["now"] = given["now"]
    return found | {name: value for name, value in (("mode", mode), ("rate", rate)) if value is not None}


def _moment(value: Any) -> int:
    try:
        return read_moment(value)
    except ValueError as error:
        raise Mistake(str(error)) from None


async def delete_world(ask: Ask) -> Any:
    """`DELETE /worlds/{world}`."""
    name = ask.part("world")
    if ask.hosts.get(name) is None:
        raise Mistake(f"there is no world {name!r}", 404)
    try:
        ask.hosts.delete(name)
    except ValueError as error:
        raise Mistake(str(error)) from None
    return {"deleted": name}


async def reset_world(ask: Ask) -> Any:
    """`POST /reset`: the world as it was seeded."""
    ask.host.reset()
    return ask.host.describe()


async def show_clock(ask: Ask) -> Any:
    """`GET /clock`."""
    return ask.host.clock()


async def set_clock(ask: Ask) -> Any:
    """`PUT /clock`."""
    given = read_clock(await ask.body())
    now = _moment(given["now"]) if "now" in given else None
    try:
        return ask.host.set_clock(now=now, mode=given.get("mode"), rate=given.get("rate"))
    except ValueError as error:
        raise Mistake(str(error)) from None


async def advance_clock(ask: Ask) -> Any:
    """`POST /clock/advance`: answers after everything due has happened."""
    body = await ask.body()
    only(body, ("seconds", "by"), "an advance")
    seconds = number_of(body, "seconds", 0, LAST / 1000)
    by = text_of(body, "by")
    if (seconds is None) == (not by):
        raise Mistake('say how far, once: {"seconds":3600} or {"by":"PT1H"}')
    try:
        span = read_span(by) if seconds is None else round(seconds * 1000)
        if ask.host.now() + span > LAST:
            raise ValueError("that is beyond the year 9999")
        return await ask.host.advance(span)
    except ValueError as error:
        raise Mistake(str(error)) from None


async def settle(ask: Ask) -> Any:
    """`POST /settle`: runs until nothing is due now and no delivery is in flight.

    `refusals` are the calls that were refused and the messages that failed since the world began: 0 needs no look.
    `strangers` are those of the default world, which has the calls without a token that any world knows.
    """
    body = await ask.body()
    only(body, ("timeout",), "settle")
    found = await ask.host.settle(number_of(body, "timeout", 0, 3_600))
    return found | {"strangers": ask.hosts.default.refusals}


Webhook = tuple[str, str, tuple[str, ...], str]
"""URL, verify token, fields, Graph version."""


def read_webhook(given: dict[str, Any] | None) -> Webhook | None:
    """`{"url", "verify_token"?, "fields"?, "version"?}`, judged."""
    if given is None:
        return None
    only(given, ("url", "verify_token", "fields", "version"), "a webhook")
    url = text_of(given, "url")
    if not url.lower().startswith(("http://", "https://")):
        raise Mistake(f'a webhook needs its url: {{"url":"http://127.0.0.1:8000/webhook"}}, not {url!r}')
    token = text_of(given, "verify_token", VERIFY_TOKEN)
    if not token:
        raise Mistake("verify_token must not be empty")
    fields = given.get("fields")
    if fields is None:
        fields = []
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise Mistake('fields is a list of texts, as in ["messages"]')
    for field in fields:
        if field not in FIELDS:
            raise Mistake(f"there is no webhook field {field!r}{nearest(field, FIELDS)}")
    version = text_of(given, "version", limit=16)
    if version and serve(version) is None:
        raise Mistake(f"version is a Graph version such as v23.0, not {version!r}")
    return url, token, tuple(dict.fromkeys(fields)), version


async def subscribe(
    host: ControlledHost, url: str, token: str, fields: tuple[str, ...], version: str, app_id: str = ""
) -> None:
    """Subscribes an app, the world's own if none is named, once the callback has passed its verification."""
    await verify(host, url, token)
    ids = host.world.ids()
    host.commit(subscribe_app(host.world, host.now(), url, token, fields, version, app_id), ids)
    host.wake()


async def verify(host: ControlledHost, url: str, token: str) -> None:
    """Performs the verification of a callback; a Mistake if it fails."""
    refusal = await host.shake_hands(Handshake(url, token))
    if refusal is not None:
        message = envelope(refusal, "")["error"]["message"]
        raise Mistake(f"{message} {reason(refusal)}")


async def put_webhook(ask: Ask) -> Any:
    """`PUT /webhook`: as the app dashboard would, with handshake."""
    webhook = read_webhook(await ask.body())
    if webhook is None:
        raise Mistake("a webhook needs its url")
    await subscribe(ask.host, *webhook)
    return show_subscription(ask.host)


async def show_webhook(ask: Ask) -> Any:
    """`GET /webhook`."""
    return show_subscription(ask.host)


def show_subscription(host: ControlledHost) -> dict[str, Any]:
    """The callback of the world's app."""
    webhook = _app(host).webhook
    if webhook is None:
        return {"url": None, "verify_token": VERIFY_TOKEN, "fields": []}
    return {"url": webhook.url, "verify_token": webhook.verify_token, "fields": list(webhook.fields)}


def _app(host: ControlledHost) -> App:
    return host.world.apps[host.world.app_id]


async def delete_webhook(ask: Ask) -> Any:
    """`DELETE /webhook`: the app hears of nothing any more."""
    app, ids = _app(ask.host), ask.host.world.ids()
    if app.webhook is not None:
        ask.decide([Put(at=ask.host.now(), thing=replace(app, webhook=None))], ids)
    return show_subscription(ask.host)


async def take_snapshot(ask: Ask) -> Any:
    """`GET /snapshot`: the whole world out."""
    return Response(ask.host.snapshot(), media_type="application/json")


async def put_snapshot(ask: Ask) -> Any:
    """`PUT /snapshot`: the whole world in."""
    raw = await ask.raw(_SNAPSHOT_LIMIT)
    check_snapshot(raw)
    try:
        ask.host.restore(raw)
    except (msgspec.DecodeError, ValueError, binascii.Error, RecursionError) as error:
        raise Mistake(f"this is no snapshot: {error}") from None
    return ask.host.describe()


class _Outer(msgspec.Struct):
    world: msgspec.Raw
    now: int
    rate: float


def check_snapshot(raw: bytes) -> None:
    """Refuses a snapshot that is none, or whose parts do not belong together."""
    try:
        outer = msgspec.json.decode(raw, type=_Outer)
        world = restore(bytes(outer.world))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Mistake(f"this is no snapshot: {error}") from None
    if not (0 <= outer.now <= LAST and 0 <= outer.rate <= 1_000_000):
        raise Mistake("this is no snapshot: its clock cannot be")
    whole = (
        world.app_id in world.apps
        and world.phone_number_id in world.numbers
        and world.waba_id in world.wabas
        and all(waba.business_id in world.businesses for waba in world.wabas.values())
        and all(number.waba_id in world.wabas for number in world.numbers.values())
        and all(one.phone_number_id in world.numbers for one in world.messages.values())
        and all(one.wa_id in world.users or one.group_id == one.wa_id for one in world.messages.values())
        and all(wa_id in world.users for group in world.groups.values() for wa_id in group.participants)
        and all(one.app_id in world.apps for one in world.deliveries.values())
    )
    if not whole:
        raise Mistake("this is no whole snapshot: some of its parts name others that are not there")


ROWS = (
    Row("GET", "/health", show_health),
    Row("GET", "/world", show_world),
    Row("POST", "/worlds", create_world),
    Row("DELETE", "/worlds/{world}", delete_world),
    Row("POST", "/reset", reset_world),
    Row("GET", "/clock", show_clock),
    Row("PUT", "/clock", set_clock),
    Row("POST", "/clock/advance", advance_clock),
    Row("POST", "/settle", settle),
    Row("GET", "/webhook", show_webhook),
    Row("PUT", "/webhook", put_webhook),
    Row("DELETE", "/webhook", delete_webhook),
    Row("GET", "/snapshot", take_snapshot),
    Row("PUT", "/snapshot", put_snapshot),
)
