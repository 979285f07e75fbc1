"""What the operations that read nodes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localwaba.operations.call import Answer, Call
from localwaba.wire.fields import read_fields
from localwaba.wire.nodes import Kind, View, render
from localwaba.wire.paging import page


def view_of(call: Call) -> View:
    """How the caller looks at the world."""
    token = call.token
    return View(
        world=call.world,
        traits=call.traits,
        app_id=token.app_id if token else call.world.app_id,
        url=f"{call.base_url}/{call.traits.version}",
        now=call.now,
        access_token=token.id if token else "",
        unix_dates=call.params.get("date_format") == "U",
    )


def show(call: Call, kind: Kind, thing: Any) -> Answer:
    """A node with the fields that the call asks for."""
    return Answer(body=render(kind, view_of(call), thing, read_fields(call.params.get("fields"))))


def show_page(call: Call, kind: Kind, things: Sequence[Any]) -> Answer:
    """A page of the nodes that an edge leads to, each with the fields that the call asks for."""
    view = view_of(call)
    selection = read_fields(call.params.get("fields"))
    body = page(
        things,
        call.params,
        f"{view.url}/{call.node}/{call.edge}",
        call.traits,
        render=lambda thing: render(kind, view, thing, selection),
        access_token=view.access_token,
    )
    return Answer(body=body)
