"""A flow as a node (Meta: flows API; client library pywa 4.4)."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.flow_urls import asset_url, preview_url
from localwaba.domain.flows import errors_of, lacks_endpoint
from localwaba.domain.model import Flow
from localwaba.wire.accounts import ACCOUNT, APP
from localwaba.wire.fields import Field
from localwaba.wire.health import health_status
from localwaba.wire.nodes import ABSENT, Kind, Reader, View, render

_APP_FIELDS = (Field("link"), Field("name"), Field("id"))
_RANK = ("AVAILABLE", "LIMITED", "BLOCKED")
_NO_ENDPOINT = {
    "error_code": 131000,
    "error_description": "endpoint_uri: You need to set the endpoint URI before you can send or publish a flow.",
    "possible_solution": "https://developers.facebook.com/docs/whatsapp/flows/reference/flowjson"
    "#top-level-flow-json-properties",
}


def _plain(name: str) -> Reader:
    return lambda view, flow, field: getattr(flow, name) or ABSENT


def _preview(view: View, flow: Flow, field: Field) -> dict[str, Any]:
    return {"preview_url": preview_url(flow), "expires_at": view.date(flow.preview_until)}


def _account(view: View, flow: Flow, field: Field) -> dict[str, Any]:
    return render(ACCOUNT, view, view.world.wabas[flow.waba_id], field.selection)


def _application(view: View, flow: Flow, field: Field) -> Any:
    app = view.world.apps.get(flow.app_id)
    return render(APP, view, app, field.selection or _APP_FIELDS) if app is not None else ABSENT


def _health(view: View, flow: Flow, field: Field) -> dict[str, Any]:
    """The health of the flow and of all that its messages pass through; `phone_number(id)` adds a number."""
    world = view.world
    number = world.numbers.get(field.modifier("phone_number") or "")
    found = health_status(world, view.app_id, world.wabas[flow.waba_id], now=view.now, number=number)
    entity: dict[str, Any] = {"entity_type": "FLOW", "id": flow.id, "can_send_message": "AVAILABLE"}
    if flow.status == "THROTTLED":
        entity["can_send_message"] = "LIMITED"
    if flow.status in ("BLOCKED", "DEPRECATED") or lacks_endpoint(flow):
        entity["can_send_message"] = "BLOCKED"
    if lacks_endpoint(flow):
        entity["errors"] = [_NO_ENDPOINT]
    worst = max(found["can_send_message"], entity["can_send_message"], key=_RANK.index)
    return {"can_send_message": worst, "entities": [entity, *found["entities"]]}


def _metric(view: View, flow: Flow, field: Field) -> Refused:
    raise refuse(139006, rule="flow.metric", why="metrics need 250 requests to the flow's endpoint; none are simulated")


FLOW = Kind(
    node_type="WhatsAppFlow",
    default=("id", "name", "status", "categories", "validation_errors"),
    fields={
        "id": _plain("id"),
        "name": _plain("name"),
        "status": _plain("status"),
        "categories": lambda view, flow, field: list(flow.categories),
        "validation_errors": lambda view, flow, field: errors_of(flow),
        "json_version": _plain("json_version"),
        "data_api_version": _plain("data_api_version"),
        "endpoint_uri": _plain("endpoint_uri"),
        "data_channel_uri": _plain("endpoint_uri"),
        "updated_at": lambda view, flow, field: view.date(flow.updated_at),
        "preview": _preview,
        "health_status": _health,
        "metric": _metric,
    },
    edges={"whatsapp_business_account": _account, "application": _application},
)


def assets_of(view: View, flow: Flow) -> list[dict[str, Any]]:
    """The one asset of a flow, its JSON; none before there is any."""
    if not flow.json:
        return []
    url = asset_url(view.world, flow, view.now, view.url.rpartition("/")[0])
    return [{"id": flow.id, "name": "flow.json", "asset_type": "FLOW_JSON", "download_url": url}]
