"""What the parts of a flow say of each other: names, terminal screens, actions, bindings, routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from localwaba.domain.flow_places import Path, walk
from localwaba.domain.flow_shape import Finding, branches

_ACTIONS = frozenset({"on-click-action", "on-select-action", "on-unselect-action"})
_BINDING = re.compile(r"\$\{(data|form)\.([A-Za-z0-9_-]+)[^}]*\}")
_INSIDE = frozenset({"children", "then", "else", "cases"})
_RESERVED = "success"


class Component(NamedTuple):
    """A component of a screen; `branch`: it is inside of an If or a Switch, so that it may not be shown."""

    path: Path
    value: dict[str, Any]
    branch: bool


class Action(NamedTuple):
    """What a component does when it is tapped or chosen."""

    path: Path
    value: dict[str, Any]
    component: str


class Screen(NamedTuple):
    """A screen, looked through."""

    id: str
    path: Path
    value: dict[str, Any]
    components: list[Component]
    actions: list[Action]

    @property
    def is_terminal(self) -> bool:
        return self.value.get("terminal") is True


def judge_links(document: dict[str, Any]) -> Iterator[Finding]:
    """The mistakes of a flow whose shape is right."""
    screens = [_looked_through(screen, ("screens", index)) for index, screen in enumerate(document["screens"])]
    yield from _judge_ids(screens)
    yield from _judge_terminals(screens)
    has_endpoint = "data_api_version" in document or "data_channel_uri" in document
    yield from _judge_endpoint(document, screens, has_endpoint)
    known = {screen.id: screen for screen in screens}
    for screen in screens:
        yield from _judge_data_model(screen)
        yield from _judge_names(screen)
        yield from _judge_bindings(screen)
        for action in screen.actions:
            yield from _judge_action(screen, action, known, has_endpoint)


def _looked_through(screen: dict[str, Any], path: Path) -> Screen:
    layout = (*path, "layout")
    components = list(_components(screen["layout"]["children"], (*layout, "children"), False))
    actions: list[Action] = []
    for component in components:
        inner = {
            key: value for key, value in component.value.items() if key not in ("children", "then", "else", "cases")
        }
        for place, value in walk(inner, component.path):
            if place and place[-1] in _ACTIONS and isinstance(value, dict):
                actions.append(Action(place, value, str(component.value["type"])))
    return Screen(screen["id"], path, screen, components, actions)


def _components(children: list[Any], path: Path, branch: bool) -> Iterator[Component]:
    for index, child in enumerate(children):
        where = (*path, index)
        yield Component(where, child, branch)
        for place, inner in branches(child, where):
            yield from _components(inner, place, branch or child["type"] in ("If", "Switch"))


def _judge_ids(screens: list[Screen]) -> Iterator[Finding]:
    seen: dict[str, list[Path]] = {}
    for screen in screens:
        seen.setdefault(screen.id, []).append((*screen.path, "id"))
        if screen.id.lower() == _RESERVED:
            message = f"Screen id cannot be '{screen.id}' since it is a reserved keyword."
            yield Finding("SCREEN_ID_IS_RESERVED_KEYWORD", message, ((*screen.path, "id"),))
    for name, paths in seen.items():
        if len(paths) > 1:
            yield Finding("DUPLICATE_SCREEN_IDS", f"Duplicate screen id found: '{name}'.", tuple(paths))


def _judge_terminals(screens: list[Screen]) -> Iterator[Finding]:
    """There is a terminal screen, it has a footer to end the flow by, and one end is a success."""
    terminals = [screen for screen in screens if screen.is_terminal]
    if not terminals:
        yield Finding("MISSING_TERMINAL_SCREEN", "Terminal screen is required but not provided.", (("screens",),))
    elif all(screen.value.get("success") is False for screen in terminals):
        message = "At least one terminal screen must have property 'success' set as true."
        yield Finding("INVALID_PROPERTY_VALUE", message, tuple((*screen.path, "success") for screen in terminals))
    for screen in screens:
        footers = [one for one in screen.components if one.value["type"] == "Footer"]
        certain = [one.path for one in footers if not one.branch]
        if len(certain) > 1:
            message = f"Maximum number of Footer allowed per screen is 1 but found {len(certain)}."
            yield Finding("MAX_FOOTER_PER_SCREEN", message, tuple(certain))
        if "success" in screen.value and not screen.is_terminal:
            message = "Property 'success' can only be specified on a terminal screen."
            yield Finding("NOT_KEYWORD_SCHEMA_VALIDATION_FAILED", message, ((*screen.path, "success"),))
        if screen.is_terminal and not footers:
            message = f"Footer component is missing on terminal screen '{screen.id}'."
            yield Finding("MISSING_FOOTER_ON_TERMINAL_SCREEN", message, (screen.path,))


def _judge_endpoint(document: dict[str, Any], screens: list[Screen], has_endpoint: bool) -> Iterator[Finding]:
    """A flow with an endpoint has a routing model of just its screens; one without refreshes nothing."""
    for screen in screens:
        if screen.value.get("refresh_on_back") and not has_endpoint:
            message = "Property 'refresh_on_back' can be true only when property 'data_api_version' is set."
            yield Finding("INVALID_PROPERTY_VALUE", message, ((*screen.path, "refresh_on_back"),))
    if has_endpoint and "routing_model" not in document:
        message = "The property 'routing_model' is required for property 'data_api_version'."
        yield Finding("MISSING_REQUIRED_PROPERTY", message, ((),))
    elif has_endpoint:
        yield from _judge_routing(document["routing_model"] or {}, screens)


def _judge_routing(model: dict[str, Any], screens: list[Screen]) -> Iterator[Finding]:
    """Every screen is in the routing model, nothing else is, and no action leaves its routes."""
    routing = {name: targets if isinstance(targets, list) else [] for name, targets in model.items()}
    names = {screen.id for screen in screens}
    missing = [screen.id for screen in screens if screen.id not in routing]
    if missing:
        message = f"Following screens are missing in the routing model: [{', '.join(missing)}]."
        yield Finding("INVALID_ROUTING_MODEL", message, (("routing_model",),))
    targets = [target for following in routing.values() for target in following]
    strange = list(dict.fromkeys(str(name) for name in (*routing, *targets) if name not in names))
    if strange:
        message = f"Invalid screens found in the routing model: [{', '.join(strange)}]."
        yield Finding("INVALID_ROUTING_MODEL", message, (("routing_model",),))
    for screen in screens:
        for action in screen.actions:
            target = _target(action)
            if target in names and screen.id in routing and target not in routing[screen.id]:
                message = (
                    f"Missing direct route from screen '{screen.id}' to screen '{target}' in the routing model, while "
                    f"it exists in the navigate screen action of screen '{screen.id}'."
                )
                yield Finding("INVALID_ROUTING_MODEL", message, (("routing_model", screen.id),))


def _judge_data_model(screen: Screen) -> Iterator[Finding]:
    for key, schema in (screen.value.get("data") or {}).items():
        path = (*screen.path, "data", key)
        if not isinstance(schema, dict) or "type" not in schema:
            yield Finding("INVALID_SCREEN_DATA", "Missing the definition of property 'type'.", (path,))
        elif schema["type"] == "array" and "items" not in schema:
            yield Finding("INVALID_SCREEN_DATA", "Missing the schema for property 'items' in array.", (path,))


def _judge_names(screen: Screen) -> Iterator[Finding]:
    """No two components that are shown together have one name."""
    seen: dict[str, list[Path]] = {}
    for component in screen.components:
        name = component.value.get("name")
        if isinstance(name, str) and not component.branch:
            seen.setdefault(name, []).append((*component.path, "name"))
    for name, paths in seen.items():
        if len(paths) > 1:
            message = f"Duplicate name found for Form components: '{name}'."
            yield Finding("DUPLICATE_FORM_COMPONENT_NAMES", message, tuple(paths))


def _judge_bindings(screen: Screen) -> Iterator[Finding]:
    """`${data.…}` names a field of the screen's data, `${form.…}` in a payload a component of the screen."""
    data = screen.value.get("data") or {}
    names = {component.value.get("name") for component in screen.components}
    for path, value in walk(screen.value["layout"], (*screen.path, "layout")):
        for found in _BINDING.finditer(value) if isinstance(value, str) else ():
            in_action = not _ACTIONS.isdisjoint(path)
            if found[1] == "data" and found[2] not in data:
                yield _unbound(screen, path, found[0], in_action)
            elif found[1] == "form" and in_action and found[2] not in names:
                message = f"Missing Form component {found[0]} for screen '{screen.id}'."
                yield Finding("INVALID_ON_CLICK_ACTION_PAYLOAD", message, (path,))


def _unbound(screen: Screen, path: Path, expression: str, in_action: bool) -> Finding:
    if in_action:
        message = f"Missing dynamic data '{expression}' in the data model for screen {screen.id}."
        return Finding("INVALID_ON_CLICK_ACTION_PAYLOAD", message, (path,))
    message = f"Missing dynamic data '{expression}' in the screen data model."
    return Finding("INVALID_SCREEN_DYNAMIC_DATA", message, (path,))


def _target(action: Action) -> str:
    """The screen that an action leads to; empty if it leads to none."""
    following = action.value.get("next")
    name = following.get("name") if isinstance(following, dict) else None
    return name if action.value.get("name") == "navigate" and isinstance(name, str) else ""


def _judge_action(screen: Screen, action: Action, known: dict[str, Screen], has_endpoint: bool) -> Iterator[Finding]:
    name = action.value.get("name")
    if name == "complete" and action.component == "Footer" and not screen.is_terminal:
        message = "On-click-action 'complete' can only be configured on a terminal screen."
        yield Finding("INVALID_COMPLETE_ACTION", message, (action.path,))
    if name == "data_exchange" and not has_endpoint:
        message = "The property 'data_api_version' is required for data_exchange action."
        yield Finding("MISSING_REQUIRED_PROPERTY", message, (action.path,))
    target = _target(action)
    where = (*action.path, "next", "name")
    if not target:
        return
    if target == screen.id:
        message = f"Same screen navigation is not allowed. Loop detected at [{target}]."
        yield Finding("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", message, (where,))
    elif target not in known:
        message = f"Unknown screen ids found: [{target}]."
        yield Finding("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", message, (where,))
    elif not has_endpoint:
        yield from _judge_payload(action, known[target])


def _judge_payload(action: Action, target: Screen) -> Iterator[Finding]:
    """Without an endpoint, a screen gets just what its data model declares."""
    payload, data = action.value.get("payload") or {}, target.value.get("data")
    if not isinstance(payload, dict):
        return
    unknown = [key for key in payload if key not in (data or {})]
    lacking = [key for key in data or {} if key not in payload]
    if unknown and data is None:
        message = f"No data model is defined in the next screen '{target.id}'."
        yield Finding("INVALID_NAVIGATE_ACTION_PAYLOAD", message, (action.path,))
    elif unknown:
        message = f"Following fields are missing in the next screen's data model: [{', '.join(unknown)}]."
        yield Finding("INVALID_NAVIGATE_ACTION_PAYLOAD", message, (action.path,))
    if lacking:
        message = (
            "Following fields are expected in the next screen's data model but missing in payload: "
            f"[{', '.join(lacking)}]."
        )
        yield Finding("INVALID_NAVIGATE_ACTION_PAYLOAD", message, (action.path,))
