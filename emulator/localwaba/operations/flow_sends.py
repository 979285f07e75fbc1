"""Flows inside messages and templates: they have to be there, and in a state that goes with the way they are sent."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import refuse
from localwaba.domain.flows import check_sendable, find_flow
from localwaba.domain.model import Flow, PhoneNumber
from localwaba.domain.world import World
from localwaba.operations.call import Call
from localwaba.operations.flows import unknown_flow


def check_flow_message(call: Call, number: PhoneNumber, interactive: dict[str, Any]) -> None:
    """Refuses a flow message whose flow is not there, or cannot be sent in its mode (131009, 132068, 132069)."""
    if str(interactive.get("type", "")).lower() != "flow":
        return
    parameters: dict[str, Any] = interactive["action"]["parameters"]
    flow = _named(call, number, str(parameters.get("flow_id", "")), str(parameters.get("flow_name", "")))
    check_sendable(call.world, flow, call.now, draft=parameters.get("mode") == "draft")


def check_flow_buttons(call: Call, number: PhoneNumber, buttons: list[dict[str, Any]]) -> None:
    """The same for the FLOW buttons of a template, which are never sent as drafts."""
    for button in buttons:
        flow_id, name = str(button.get("flow_id", "")), str(button.get("flow_name", ""))
        if flow_id or name:  # else the template brought the flow's JSON itself
            check_sendable(call.world, _named(call, number, flow_id, name), call.now, draft=False)


def _named(call: Call, number: PhoneNumber, flow_id: str, name: str) -> Flow:
    flow = find_flow(call.world, number.waba_id, flow_id, name)
    if flow is None:
        said = f"Flow ID: {flow_id}" if flow_id else f"Flow name: {name}"
        raise refuse(
            131009,
            f"Flow does not exist or does not belong to your WhatsApp Business Account. {said}",
            rule="flow",
            why=f"the account of this number has no flow {flow_id or name!r}",
            fix="take id or name from GET /{waba_id}/flows",
        )
    return flow


def resolve_flow_buttons(world: World, waba_id: str, components: list[Any]) -> list[Any]:
    """A template's components, each FLOW button with the id of its flow; refused (100) if there is no such flow."""
    return [_resolved(world, waba_id, component) for component in components]


def _resolved(world: World, waba_id: str, component: Any) -> Any:
    if not isinstance(component, dict):
        return component
    if component.get("type") == "FLOW":
        flow_id, name = str(component.get("flow_id") or ""), str(component.get("flow_name") or "")
        if not flow_id and not name:
            return component
        flow = find_flow(world, waba_id, flow_id, name)
        if flow is None:
            raise unknown_flow(f"this account has no flow {flow_id or name!r}")
        return {key: value for key, value in component.items() if key != "flow_name"} | {"flow_id": flow.id}
    inside = {key: component[key] for key in ("buttons", "cards", "components") if isinstance(component.get(key), list)}
    return component | {key: resolve_flow_buttons(world, waba_id, parts) for key, parts in inside.items()}
