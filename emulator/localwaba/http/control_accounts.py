"""Be Meta towards whoever calls: accounts and how they stand, tokens, codes."""

from __future__ import annotations

from typing import Any

from localwaba.http.control_requests import Ask, Row
from localwaba.operations.credentials import (
    new_code,
    new_token,
    patch_token,
    shown_token,
    token_in,
)
from localwaba.operations.enforcing import account_in, patch_account
from localwaba.wire import standings


async def list_accounts(ask: Ask) -> Any:
    """`GET /accounts`."""
    world, now = ask.host.world, ask.host.now()
    return {"accounts": [standings.account(world, waba, now) for waba in world.wabas.values()]}


async def show_account(ask: Ask) -> Any:
    """`GET /accounts/{id}`."""
    world = ask.host.world
    return standings.account(world, account_in(world, ask.part("id")), ask.host.now())


async def change_account(ask: Ask) -> Any:
    """`PATCH /accounts/{id}`."""
    body = await ask.body()
    world, ids, now = ask.host.world, ask.host.world.ids(), ask.host.now()
    ask.decide(patch_account(world, now, ask.part("id"), body), ids)
    return standings.account(world, world.wabas[ask.part("id")], now)


async def list_tokens(ask: Ask) -> Any:
    """`GET /tokens`."""
    world, now = ask.host.world, ask.host.now()
    return {"tokens": [shown_token(world, token, now) for token in world.tokens.values()]}


async def show_token(ask: Ask) -> Any:
    """`GET /tokens/{token}`."""
    world = ask.host.world
    return shown_token(world, token_in(world, ask.part("token")), ask.host.now())


async def change_token(ask: Ask) -> Any:
    """`PATCH /tokens/{token}`."""
    body = await ask.body()
    world, ids, now = ask.host.world, ask.host.world.ids(), ask.host.now()
    ask.decide(patch_token(world, now, ask.part("token"), body), ids)
    return shown_token(world, world.tokens[ask.part("token")], now)


async def create_token(ask: Ask) -> Any:
    """`POST /tokens`."""
    body = await ask.body()
    world, ids, now = ask.host.world, ask.host.world.ids(), ask.host.now()
    token, events = new_token(world, now, ids, body)
    ask.decide(events, ids)
    return shown_token(world, token, now)


async def create_code(ask: Ask) -> Any:
    """`POST /codes`."""
    body = await ask.body()
    world, ids, now = ask.host.world, ask.host.world.ids(), ask.host.now()
    code, events = new_code(world, now, ids, body)
    ask.decide(events, ids)
    grant = world.notes["codes"][code]
    return {"code": code, "app_id": grant["app_id"], "expires_in": (grant["expires_at"] - now) / 1000}


ROWS = (
    Row("GET", "/accounts", list_accounts),
    Row("GET", "/accounts/{id}", show_account),
    Row("PATCH", "/accounts/{id}", change_account),
    Row("GET", "/tokens", list_tokens),
    Row("POST", "/tokens", create_token),
    Row("GET", "/tokens/{token}", show_token),
    Row("PATCH", "/tokens/{token}", change_token),
    Row("POST", "/codes", create_code),
)
