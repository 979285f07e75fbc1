"""Tokens: made out of a secret, a code or another token, and looked into."""

from __future__ import annotations

import hmac
from typing import Any

from localwaba.domain.clock import SECOND
from localwaba.domain.errors import Refusal, Refused, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import App, Token
from localwaba.domain.seeding import SCOPES, access_token, app_token
from localwaba.domain.tokens import LONG_LIFE, fault, unreadable
from localwaba.domain.world import World
from localwaba.operations.call import Answer, Call, missing
from localwaba.wire.errors import envelope

CODES = "codes"
"""The note of a world that holds codes of Embedded Signup: code -> {"app_id"?, "user_id"?, "scopes"?,
"redirect_uri"?, "expires_at"?}. A code is spent once the token that is derived from it exists."""
_WHATSAPP = "whatsapp_business_"


def issue_access_token(call: Call) -> Answer:
    """`GET` or `POST /oauth/access_token`: for an app's secret, for a code, or for a token that is to live longer."""
    app = _client(call)
    grant = call.params.get("grant_type") or ("authorization_code" if call.params.get("code") else "")
    if grant == "client_credentials":
        token, known = app_token(app), False
    elif grant == "fb_exchange_token":
        token, known = _exchanged(call, app), True
    else:
        token, known = _for_code(call, app), True
    body: dict[str, Any] = {"access_token": token.id, "token_type": "bearer"}
    if known and token.expires_at:
        body["expires_in"] = (token.expires_at - call.now) // SECOND
    events: list[Event] = [] if token.id in call.world.tokens else [Put(at=call.now, thing=token)]
    return Answer(body=body, events=events)


def debug_token(call: Call) -> Answer:
    """`GET /debug_token`: what a token is; a bad one is an answer, not an error."""
    if call.token is None:
        raise refuse(
            100,
            message="You must provide an app access token, or a user access token that is an owner or developer of the "
            "app",
            rule="token.inspect",
            why="no access token",
        )
    given = call.text("input_token")
    token = call.world.tokens.get(given)
    if token is None:
        return Answer(body={"data": {"error": _error(unreadable()), "is_valid": False, "scopes": []}})
    if token.app_id != call.app.id:
        raise refuse(
            100,
            message="The App_id in the input_token did not match the Viewing App",
            rule="token.inspect",
            why=f"the token is one of app {token.app_id}",
        )
    return Answer(body={"data": _described(call.world, token, call.now)})


def _described(world: World, token: Token, now: int) -> dict[str, Any]:
    app = world.apps[token.app_id]
    dead = fault(token, now)
    if token.kind == "APP":
        return {"app_id": app.id, "type": "APP", "application": app.name, "is_valid": dead is None, "scopes": []}
    shown: dict[str, Any] = {
        "app_id": app.id,
        "type": token.kind,
        "application": app.name,
        "data_access_expires_at": 0,
    }
    if dead is not None:
        shown["error"] = _error(dead)
    shown["expires_at"] = token.expires_at // SECOND
    shown["is_valid"] = dead is None
    if token.issued_at:
        shown["issued_at"] = token.issued_at // SECOND
    shown["scopes"] = list(token.scopes)
    shown["granular_scopes"] = [
        {"scope": scope, "target_ids": list(world.wabas)} if scope.startswith(_WHATSAPP) else {"scope": scope}
        for scope in token.scopes
    ]
    shown["user_id"] = token.user_id
    return shown


def _error(refusal: Refusal) -> dict[str, Any]:
    found: dict[str, Any] = {"code": refusal.code, "message": envelope(refusal, "")["error"]["message"]}
    return found if refusal.subcode is None else found | {"subcode": refusal.subcode}


def _client(call: Call) -> App:
    """The app that `client_id` and `client_secret` prove."""
    app = call.world.apps.get(call.text("client_id"))
    if app is None:
        raise refuse(
            101,
            rule="token.client",
            why="there is no app with this client_id",
            fix="take app_id from GET /_localwaba/world",
        )
    if not hmac.compare_digest(app.secret.encode(), call.text("client_secret").encode("utf-8", "replace")):
        raise refuse(
            1,
            values={"variant": "client_secret"},
            rule="token.client",
            why="that is not the secret of the app",
            fix="take app_secret from GET /_localwaba/world",
        )
    return app


def _exchanged(call: Call, app: App) -> Token:
    """A token that lives longer than the one that is given; a system user's never ends unless that is asked for."""
    old = call.world.tokens.get(call.text("fb_exchange_token"))
    if old is None or old.kind == "APP":
        raise Refused(unreadable())
    dead = fault(old, call.now)
    if dead is not None:
        raise Refused(dead)
    if old.app_id != app.id:
        raise refuse(100, message="The App_id in the input_token did not match the Viewing App", rule="token.client")
    ends = old.kind == "USER" or bool(call.params.get("set_token_expires_in_60_days"))
    return Token(
        id=_new_token(call.world, call.ids.hexadecimal()),
        app_id=app.id,
        user_id=old.user_id,
        kind=old.kind,
        scopes=old.scopes,
        issued_at=call.now,
        expires_at=call.now + LONG_LIFE if ends else 0,
    )


def _for_code(call: Call, app: App) -> Token:
    """The business token behind a code of Embedded Signup; a code is good for one token."""
    code = call.params.get("code")
    if not code:
        raise missing("code")
    known: dict[str, Any] | None = call.world.notes.get(CODES, {}).get(str(code))
    if known is None or known.get("app_id", app.id) != app.id:
        raise _bad_code(None, "the emulator never gave this code")
    token_id = _new_token(call.world, f"code {code}")
    if token_id in call.world.tokens:
        raise _bad_code(36009, "a code is good for one token")
    if known.get("expires_at") and call.now >= known["expires_at"]:
        raise _bad_code(36007, "codes live for a few minutes")
    if known.get("redirect_uri") and known["redirect_uri"] != call.params.get("redirect_uri"):
        raise _bad_code(36008, "the code was given for another redirect_uri")
    owner = call.world.tokens.get(call.world.access_token)
    return Token(
        id=token_id,
        app_id=app.id,
        user_id=str(known.get("user_id") or (owner.user_id if owner else "")),
        scopes=tuple(known.get("scopes") or SCOPES),
        issued_at=call.now,
    )


def _new_token(world: World, purpose: str) -> str:
    return access_token(world.seed, world.name, purpose)


def _bad_code(subcode: int | None, why: str) -> Refused:
    return refuse(
        100,
        subcode=subcode,
        values={} if subcode else {"variant": "verification_code"},
        rule="token.code",
        why=why,
        fix="get another code; without Embedded Signup, use the access_token of GET /_localwaba/world",
    )
