"""The delivery history of messages: which status each got to, and whether the apps took the webhook about it."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import refuse
from localwaba.domain.history import TOLD, Occurrence, find_message, messages_of, occurrences
from localwaba.operations.call import Answer, Call, unknown_object
from localwaba.operations.viewing import show_page, view_of
from localwaba.wire.fields import Field, read_fields
from localwaba.wire.message_history import HISTORY, OCCURRENCE
from localwaba.wire.nodes import Kind, nonexisting, render
from localwaba.wire.paging import cursor, page

_STATUSES = (*TOLD.values(), "DELETED")
_EDGE = (Field("cursor"), Field("node"))
_EDGE_KIND = Kind(node_type="WhatsAppMessageHistoryEventsEdge", default=("cursor", "node"), fields={}, edges={})


def list_message_history(call: Call) -> Answer:
    """`GET /{phone_number}/message_history`: the newest message first; `message_id` asks for one."""
    message_id = str(call.params.get("message_id") or "")
    return show_page(call, HISTORY, messages_of(call.world, call.node, message_id))


def list_message_history_events(call: Call) -> Answer:
    """`GET /{message_history}/events`: the oldest first; `status_filter` asks for one status."""
    message = find_message(call.world, call.node)
    if message is None:
        raise unknown_object(call.method, call.node)
    found = occurrences(call.world, [message])[message.id]
    wanted = call.params.get("status_filter")
    if wanted:
        if wanted not in _STATUSES:
            raise refuse(
                100,
                message=f'Param status_filter must be one of {{{", ".join(_STATUSES)}}} - got "{str(wanted)[:40]}".',
                rule="message_history.status",
                why=f"there is no delivery status {str(wanted)[:40]!r}",
                fix="for example status_filter=DELIVERED",
            )
        found = [one for one in found if TOLD[one.status] == wanted]
    view, selection = view_of(call), read_fields(call.params.get("fields")) or _EDGE
    places = {one.id: index for index, one in enumerate(found)}

    def show(one: Occurrence) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for field in selection:
            if field.name == "cursor":
                shown["cursor"] = cursor(places[one.id], one.id)
            elif field.name == "node":
                shown["node"] = render(OCCURRENCE, view, one, field.selection)
            else:
                raise nonexisting(_EDGE_KIND, field.name)
        return shown | ({} if "node" in shown else {"node": render(OCCURRENCE, view, one)})

    url = f"{view.url}/{call.node}/{call.edge}"
    return Answer(body=page(found, call.params, url, call.traits, render=show, access_token=view.access_token))
