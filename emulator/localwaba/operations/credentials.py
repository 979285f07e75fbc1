"""Be the one who hands out credentials: tokens and their end, codes of Embedded Signup, apps and their mode."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain.account_state import CodeIssued
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, Put
from localwaba.domain.ids import Ids
from localwaba.domain.model import App, Token
from localwaba.domain.seeding import SCOPES, access_token, app_token
from localwaba.domain.tokens import REVOCATIONS, fault
from localwaba.domain.world import World
from localwaba.operations.mistakes import Mistake, choice_of, nearest, number_of, only, text_of
from localwaba.wire.errors import reason

KNOWN_SCOPES = (*SCOPES, "whatsapp_business_manage_events")
_LONGEST = 3_650 * 86_400.0


def patch_token(world: World, now: int, token_id: str, changes: dict[str, Any]) -> list[Event]:
    """`{"expires_in"?, "revoked"?, "scopes"?}`: null takes an end back, 0 seconds mean that it has expired."""
    token = token_in(world, token_id)
    only(changes, ("expires_in", "revoked", "scopes"), "a token's patch")
    if "expires_in" in changes:
        token = replace(token, expires_at=_end(changes, now))
    if "revoked" in changes:
        token = replace(token, revoked_subcode=_subcode(changes["revoked"]))
    if "scopes" in changes:
        token = replace(token, scopes=_scopes(changes["scopes"]))
    return [Put(at=now, thing=token)] if token != world.tokens[token_id] else []


def new_token(world: World, now: int, ids: Ids, options: dict[str, Any]) -> tuple[Token, list[Event]]:
    """`{"scopes"?, "expires_in"?, "kind"?, "user_id"?, "app_id"?, "app"?}`; `app` names a new app of its own."""
    only(options, ("scopes", "expires_in", "kind", "user_id", "app_id", "app"), "a token")
    events: list[Event] = []
    name = text_of(options, "app", limit=200)
    if name and options.get("app_id") is not None:
        raise Mistake("a token is one of a new app (app) or of one that is there (app_id), not of both")
    if name:
        secret = ids.hexadecimal()
        app = App(id=ids.number(), name=name, secret=secret, business_id=world.business_id)
        events += [Put(at=now, thing=app), Put(at=now, thing=app_token(app))]
    else:
        app = app_in(world, text_of(options, "app_id") or world.app_id)
    owner = world.tokens.get(world.access_token)
    token = Token(
        id=access_token(world.seed, world.name, ids.hexadecimal()),
        app_id=app.id,
        user_id=text_of(options, "user_id") or (owner.user_id if owner else ""),
        kind=choice_of(options, "kind", ("SYSTEM_USER", "USER")) or "SYSTEM_USER",
        scopes=_scopes(options["scopes"]) if "scopes" in options else SCOPES,
        issued_at=now,
        expires_at=_end(options, now),
    )
    return token, [*events, Put(at=now, thing=token)]


def new_code(world: World, now: int, ids: Ids, options: dict[str, Any]) -> tuple[str, list[Event]]:
    """`{"app_id"?, "scopes"?, "user_id"?, "redirect_uri"?, "expires_in"?}`: what Embedded Signup gives a browser."""
    only(options, ("app_id", "scopes", "user_id", "redirect_uri", "expires_in"), "a code")
    grant: dict[str, Any] = {"app_id": app_in(world, text_of(options, "app_id") or world.app_id).id}
    if "scopes" in options:
        grant["scopes"] = list(_scopes(options["scopes"]))
    for name in ("user_id", "redirect_uri"):
        if text_of(options, name):
            grant[name] = text_of(options, name)
    lasts = number_of(options, "expires_in", 0, _LONGEST)
    grant["expires_at"] = now + int((world.policy.code_seconds if lasts is None else lasts) * SECOND)
    code = "AQ" + ids.text(42) + ids.text(42)
    return code, [CodeIssued(at=now, code=code, grant=grant)]


def patch_app(world: World, now: int, app_id: str, changes: dict[str, Any]) -> list[Event]:
    """`{"mode": "live" | "development"}`, as in the app dashboard."""
    app = app_in(world, app_id)
    only(changes, ("mode",), "an app's patch")
    mode = choice_of(changes, "mode", ("development", "live"))
    if mode is None:
        raise Mistake('an app is patched with its mode: {"mode":"development"}')
    changed = replace(app, in_development=mode == "development")
    return [Put(at=now, thing=changed)] if changed != app else []


def new_app(world: World, now: int, ids: Ids, options: dict[str, Any]) -> tuple[App, Token, list[Event]]:
    """`{"id"?, "name"?, "secret"?, "access_token"?, "mode"?}`: an app and a token for it; what is left out is drawn."""
    only(options, ("id", "name", "secret", "access_token", "mode"), "an app")
    app_id, drawn, secret = text_of(options, "id", limit=40), ids.number(), ids.hexadecimal()
    if app_id and not (app_id.isascii() and app_id.isdigit() and app_id[0] != "0"):
        raise Mistake(f"an app's id is made of digits, not {app_id!r}")
    if app_id in world.nodes:
        raise Mistake(f"there is a node {app_id} already: {world.nodes[app_id]}", 409)
    app = App(
        id=app_id or drawn,
        name=text_of(options, "name", limit=200) or "Another App",
        secret=text_of(options, "secret", limit=200) or secret,
        business_id=world.business_id,
        in_development=choice_of(options, "mode", ("development", "live")) == "development",
    )
    given = text_of(options, "access_token")
    if given in world.tokens:
        raise Mistake("there is such an access token already", 409)
    owner = world.tokens.get(world.access_token)
    token = Token(
        id=given or access_token(world.seed, world.name, ids.hexadecimal()),
        app_id=app.id,
        user_id=owner.user_id if owner else "",
        scopes=SCOPES,
        issued_at=now,
    )
    return app, token, [Put(at=now, thing=thing) for thing in (app, app_token(app), token)]


def token_in(world: World, token_id: str) -> Token:
    """The token of a text."""
    token = world.tokens.get(token_id)
    if token is None:
        raise Mistake("this world has no such token; GET /_localwaba/tokens lists them", 404)
    return token


def app_in(world: World, app_id: str) -> App:
    """The app of an id."""
    app = world.apps.get(app_id)
    if app is None:
        raise Mistake(f"this world has no app {app_id!r}; it has {', '.join(world.apps)}", 404)
    return app


def shown_token(world: World, token: Token, now: int) -> dict[str, Any]:
    """A token as the control API shows it."""
    dead = fault(token, now)
    return {
        "access_token": token.id,
        "app_id": token.app_id,
        "app_secret": world.apps[token.app_id].secret,
        "user_id": token.user_id or None,
        "kind": token.kind,
        "scopes": list(token.scopes),
        "issued_at": token.issued_at / SECOND if token.issued_at else None,
        "expires_at": token.expires_at / SECOND if token.expires_at else None,
        "revoked": token.revoked_subcode,
        "valid": dead is None,
        "why": reason(dead) if dead else None,
    }


def shown_app(world: World, app: App) -> dict[str, Any]:
    """An app as the control API shows it."""
    mode = "development" if app.in_development else "live"
    webhook = app.webhook
    return {
        "id": app.id,
        "name": app.name,
        "app_secret": app.secret,
        "mode": mode,
        "webhook": {"url": webhook.url, "verify_token": webhook.verify_token, "fields": list(webhook.fields)}
        if webhook
        else None,
        "subscribed": [waba.id for waba in world.wabas.values() if app.id in waba.subscribed],
    }


def _end(given: dict[str, Any], now: int) -> int:
    seconds = number_of(given, "expires_in", 0, _LONGEST)
    return 0 if seconds is None else now + int(seconds * SECOND)


def _subcode(given: Any) -> int | None:
    if given is None or given is False:
        return None
    if given is True:
        return 460
    if isinstance(given, int) and given in REVOCATIONS:
        return given
    raise Mistake(f"revoked is one of {', '.join(map(str, REVOCATIONS))} (190's subcode) or null, not {given!r}")


def _scopes(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Mistake('scopes is a list of permissions, as in ["whatsapp_business_messaging"]')
    for one in given:
        if one not in KNOWN_SCOPES:
            raise Mistake(f"there is no permission {one!r}{nearest(one, KNOWN_SCOPES)}")
    return tuple(dict.fromkeys(given))
