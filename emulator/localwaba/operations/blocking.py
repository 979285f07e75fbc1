"""`/{phone}/block_users`: block, unblock, list."""

from __future__ import annotations

from typing import Any

from localwaba.domain.blocking import Done, Failed, Outcome, block, blocked, unblock
from localwaba.domain.errors import refuse
from localwaba.domain.model import User
from localwaba.domain.senders import check_registered
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import view_of
from localwaba.wire.paging import page


def block_users(call: Call) -> Answer:
    """`POST`: answered with 139100 beside the list as soon as one of them could not be blocked."""
    number = call.world.numbers[call.node]
    check_registered(number)
    return _answer("added_users", block(call.world, number, call.params["block_users"], call.now))


def unblock_users(call: Call) -> Answer:
    """`DELETE`."""
    number = call.world.numbers[call.node]
    check_registered(number)
    return _answer("removed_users", unblock(call.world, number, call.params["block_users"], call.now))


def list_blocked_users(call: Call) -> Answer:
    """`GET`: a page of whom the number has blocked."""
    view = view_of(call)
    found = page(
        blocked(call.world, call.node),
        call.params,
        f"{view.url}/{call.node}/{call.edge}",
        call.traits,
        render=_shown,
        access_token=view.access_token,
        key=lambda user: user.wa_id,
    )
    return Answer(body=found)


def _shown(user: User) -> dict[str, str]:
    who = {"wa_id": user.wa_id} if user.behaviour.phone_visible else {}
    return {"messaging_product": "whatsapp", **who, "user_id": user.user_id}


def _answer(name: str, outcome: Outcome) -> Answer:
    lists: dict[str, list[dict[str, Any]]] = {}
    if outcome.done:
        lists[name] = [_done(one) for one in outcome.done]
    if outcome.failed:
        lists["failed_users"] = [_failed(one) for one in outcome.failed]
    body: dict[str, Any] = {"messaging_product": "whatsapp", "block_users": lists}
    if not outcome.failed:
        return Answer(body=body, events=outcome.events)
    refused = refuse(
        139100,
        rule="block users",
        why="; ".join(f"{one.refusal.code}: {one.refusal.why}" for one in outcome.failed),
        fix="look at block_users.failed_users; the others were done",
    )
    refused.events, refused.beside = outcome.events, body
    raise refused


def _done(one: Done) -> dict[str, str]:
    return {"input": one.given} | ({"user_id": one.user.user_id} if one.by_user_id else {"wa_id": one.user.wa_id})


def _failed(one: Failed) -> dict[str, Any]:
    who = {"wa_id": one.wa_id} if one.wa_id else {}
    refusal = one.refusal
    error = {
        "message": refusal.message,
        "code": refusal.code,
        "error_data": {"details": refusal.details},
    }
    return {"input": one.given, **who, "errors": [error]}
