"""WhatsApp Flows: create, list, read, change, publish, deprecate, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from localwaba.domain import flows
from localwaba.domain.errors import Refused, invalid_parameter, refuse
from localwaba.domain.events import Event, Put
from localwaba.domain.model import Flow
from localwaba.operations.call import SUCCESS, Answer, Call, missing
from localwaba.operations.viewing import show, show_page, view_of
from localwaba.wire.errors import reason
from localwaba.wire.fields import Selection, read_fields
from localwaba.wire.flows import FLOW, assets_of
from localwaba.wire.paging import page


def create_flow(call: Call) -> Answer:
    """`POST /{waba}/flows`: a draft, with JSON of its own or of the flow it is cloned from; published if asked for."""
    params, world, now = call.params, call.world, call.now
    name = call.text("name")
    flows.check_name(world, call.node, name)
    source = _source(call)
    flow = Flow(
        id=call.ids.number(),
        waba_id=call.node,
        name=name,
        categories=_categories(params),
        endpoint_uri=source.endpoint_uri if source else "",
        app_id=call.app.id,
        created_at=now,
        updated_at=now,
    )
    raw = params.get("flow_json")
    if raw is not None:
        flow = flows.with_json(flow, str(raw).encode(), now)
    elif source is not None and source.json:
        flow = flows.with_json(flow, source.json, now)
    flow = _with_endpoint(flow, params)
    events, body = flows.create(flow), {"id": flow.id, "success": True, "validation_errors": flows.errors_of(flow)}
    warning = ""
    if params.get("publish"):
        found = flows.obstacle(world, flow)
        if found is None:
            events += flows.change_status(flow, "PUBLISHED", now)
        else:
            body["success"] = False
            warning = f"created, but not published: {reason(found)}"
    return Answer(body=body, events=events, warning=warning)


def _source(call: Call) -> Flow | None:
    """The flow that is to be cloned, if one is."""
    params = call.params
    flow_id = params.get("clone_flow_id")
    if params.get("clone_template"):
        if flow_id:
            values = {"variant": "flow_clone_source"}
            raise refuse(100, values=values, rule="flow.clone", why="clone_flow_id and clone_template are both given")
        raise refuse(100, "Parameter Invalid", rule="flow.clone", why="clone_template is a known gap of localwaba")
    if not flow_id:
        return None
    found = call.world.flows.get(str(flow_id))
    if found is None:
        raise unknown_flow(f"no flow {flow_id}")
    return found


def unknown_flow(why: str) -> Refused:
    """The refusal of a flow that is named, and is not there."""
    values = {"variant": "flow_not_found"}
    return refuse(100, values=values, rule="flow", why=why, fix="list the flows with GET /{waba_id}/flows")


def _categories(params: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name).upper() for name in params["categories"]))


def _with_endpoint(flow: Flow, params: dict[str, Any]) -> Flow:
    endpoint_uri = params.get("endpoint_uri")
    if not endpoint_uri:
        return flow
    flows.check_endpoint(flow, str(endpoint_uri))
    return replace(flow, endpoint_uri=str(endpoint_uri))


def list_flows(call: Call) -> Answer:
    """`GET /{waba}/flows`: the newest first."""
    found = [flow for flow in call.world.flows.values() if flow.waba_id == call.node]
    shown, events = _with_previews(call, found[::-1])
    answer = show_page(call, FLOW, shown)
    answer.events = events
    return answer


def get_flow(call: Call) -> Answer:
    """`GET /{flow}`; asking for `preview` makes one where there is none, or with `invalidate(true)` another."""
    shown, events = _with_previews(call, [call.world.flows[call.node]])
    answer = show(call, FLOW, shown[0])
    answer.events = events
    return answer


def _with_previews(call: Call, found: Sequence[Flow]) -> tuple[list[Flow], list[Event]]:
    """The flows, each with a preview that is alive if the call asks for previews."""
    selection: Selection = read_fields(call.params.get("fields"))
    wanted = next((field for field in selection if field.name == "preview"), None)
    if wanted is None:
        return list(found), []
    renew = (wanted.modifier("invalidate") or "").lower() == "true"
    shown: list[Flow] = []
    events: list[Event] = []
    for flow in found:
        if renew or call.now >= flow.preview_until:
            text = call.ids.hexadecimal()
            token = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
            flow = replace(flow, preview=token, preview_until=call.now + flows.PREVIEW_LIFE)
            events.append(Put(at=call.now, thing=flow))
        shown.append(flow)
    return shown, events


def update_flow(call: Call) -> Answer:
    """`POST /{flow}`: name, categories, endpoint, connected app of a draft."""
    params, flow = call.params, call.world.flows[call.node]
    flows.check_editable(call.world, flow)
    if params.get("name"):
        flows.check_name(call.world, flow.waba_id, str(params["name"]), flow.id)
        flow = replace(flow, name=str(params["name"]))
    if params.get("categories"):
        flow = replace(flow, categories=_categories(params))
    if params.get("application_id"):
        flow = replace(flow, app_id=_app(call, str(params["application_id"])))
    flow = replace(_with_endpoint(flow, params), updated_at=call.now)
    return Answer(body=SUCCESS, events=[Put(at=call.now, thing=flow)])


def _app(call: Call, app_id: str) -> str:
    if app_id in call.world.apps:
        return app_id
    raise invalid_parameter(
        rule="flow.application_id",
        why=f"this world has no app {app_id}",
        fix=f"use {call.app.id}",
    )


def list_flow_assets(call: Call) -> Answer:
    """`GET /{flow}/assets`: where the flow's JSON can be downloaded."""
    view = view_of(call)
    found = assets_of(view, call.world.flows[call.node])
    url = f"{view.url}/{call.node}/{call.edge}"
    body = page(found, call.params, url, call.traits, render=_asset, access_token=view.access_token)
    return Answer(body=body)


def _asset(asset: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asset.items() if name != "id"}


def update_flow_json(call: Call) -> Answer:
    """`POST /{flow}/assets`: other JSON for a draft; taken with all its mistakes, which are answered."""
    flow = call.world.flows[call.node]
    file = call.files.get("file")
    if file is None:
        raise missing("file")
    flows.check_editable(call.world, flow)
    flows.check_size(file.size)
    if file.size != len(file.head):  # of what does not call itself JSON only the beginning is read
        raise invalid_parameter(
            rule="flow.file",
            why=f"a part of {file.size} bytes is called {file.filename!r} and {file.mime_type}, which is no JSON",
            fix="call the file flow.json, and its type application/json",
        )
    flow = flows.with_json(flow, file.head, call.now)
    events: list[Event] = [Put(at=call.now, thing=flow)]
    if flow.status != "DRAFT":
        events = flows.change_status(flow, "DRAFT", call.now)
    return Answer(body={"success": True, "validation_errors": flows.errors_of(flow)}, events=events)


def publish_flow(call: Call) -> Answer:
    """`POST /{flow}/publish`: for good; refused with 139002 while anything is wrong."""
    return Answer(body=SUCCESS, events=flows.publish(call.world, call.world.flows[call.node], call.now))


def deprecate_flow(call: Call) -> Answer:
    """`POST /{flow}/deprecate`: for good; the flow can no longer be sent or opened."""
    return Answer(body=SUCCESS, events=flows.deprecate(call.world.flows[call.node], call.now))


def delete_flow(call: Call) -> Answer:
    """`DELETE /{flow}`: drafts only."""
    return Answer(body=SUCCESS, events=flows.delete(call.world.flows[call.node], call.now))
