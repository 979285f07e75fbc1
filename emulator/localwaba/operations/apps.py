"""The app as a node, and whom a token stands for."""

from __future__ import annotations

from localwaba.domain.errors import refuse
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import show
from localwaba.wire.accounts import APP, USER


def get_app(call: Call) -> Answer:
    """`GET /{app}`."""
    return show(call, APP, call.world.apps[call.node])


def get_me(call: Call) -> Answer:
    """`GET /me`: the system user or the person behind the token; an app is neither."""
    token = call.token
    if token is None or token.kind == "APP":
        raise refuse(
            2500,
            message="An active access token must be used to query information about the current user.",
            rule="token.user",
            why="an app token stands for no user" if token else "no access token",
            fix="send the access_token of GET /_localwaba/world",
        )
    return show(call, USER, token)
