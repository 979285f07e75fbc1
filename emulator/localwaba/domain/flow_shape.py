"""The shape of a flow's JSON: version, members and their types, screens, components.

Codes and sentences are those of Meta's flows error codes page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from localwaba.domain.flow_places import Path, spell

MOST_SCREENS = 100
VERSIONS = ("2.1", "3.0", "3.1", "4.0", "5.0", "5.1", "6.0", "6.1", "6.2", "6.3", "7.0", "7.1", "7.2", "7.3")
FROZEN = frozenset({"2.1", "3.0", "3.1", "4.0", "5.0"})
"""Versions that may still be sent, but not published (AWS end user messaging, flows: limitations)."""

_TOP_LEVEL = frozenset({"version", "data_api_version", "data_channel_uri", "routing_model", "screens"})
_SCREEN = frozenset({"id", "title", "data", "terminal", "success", "refresh_on_back", "layout", "sensitive"})
_SCREEN_ID = re.compile(r"[A-Za-z_]+\Z")
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    dict: "object",
    list: "array",
    int: "number",
    float: "number",
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "Form": ("children",),
    "TextHeading": ("text",),
    "TextSubheading": ("text",),
    "TextBody": ("text",),
    "TextCaption": ("text",),
    "RichText": ("text",),
    "TextInput": ("name", "label"),
    "TextArea": ("name", "label"),
    "CheckboxGroup": ("name", "data-source"),
    "RadioButtonsGroup": ("name", "data-source"),
    "Dropdown": ("name", "label", "data-source"),
    "ChipsSelector": ("name", "label", "data-source"),
    "OptIn": ("name", "label"),
    "DatePicker": ("name", "label"),
    "CalendarPicker": ("name", "label"),
    "EmbeddedLink": ("text", "on-click-action"),
    "NavigationList": ("name", "list-items"),
    "Image": ("src",),
    "ImageCarousel": ("images",),
    "PhotoPicker": ("name", "label"),
    "DocumentPicker": ("name", "label"),
    "If": ("condition", "then"),
    "Switch": ("value", "cases"),
    "Footer": ("label", "on-click-action"),
}


class Finding(NamedTuple):
    """One mistake: its code, its sentence, the places that make it up; `name`: what is wrong is a member's name."""

    error: str
    message: str
    paths: tuple[Path, ...]
    name: bool = False


def judge_shape(document: dict[str, Any]) -> Iterator[Finding]:
    """Version, members and their types, screens and components."""
    version = document.get("version")
    if version is None:
        yield Finding("MISSING_FLOW_JSON_VERSION", "Flow JSON version is not specified.", ((),))
        return
    if version not in VERSIONS:
        yield Finding("INVALID_FLOW_JSON_VERSION", "Invalid Flow JSON version.", (("version",),))
        return
    yield from _judge_top_level(document, VERSIONS.index(version) >= VERSIONS.index("3.0"))
    screens = document.get("screens")
    if not isinstance(screens, list):
        return
    if not screens:
        yield Finding("MIN_ITEMS_REQUIRED", "Property 'screens' should have at least '1' item.", (("screens",),))
    if len(screens) > MOST_SCREENS:
        message = f"Maximum number of screens allowed per Flow is {MOST_SCREENS} but found {len(screens)}."
        yield Finding("MAX_SCREENS_NUMBER", message, (("screens",),))
    for index, screen in enumerate(screens):
        yield from _judge_screen(screen, ("screens", index))


def _judge_top_level(document: dict[str, Any], since_3: bool) -> Iterator[Finding]:
    for key in document:
        if key == "data_channel_uri" and since_3:
            message = (
                "Property 'data_channel_uri' is no longer supported in Flow JSON as of version '3.0'. Please configure "
                "your endpoint URI using Flows API or Builder. Refer Flows documentation at "
                "https://developers.facebook.com/docs/whatsapp/flows for more information."
            )
            yield Finding("INVALID_PROPERTY_KEY", message, ((key,),), name=True)
        elif key not in _TOP_LEVEL:
            yield _unknown(key, (), "")
    yield from _members(document, (), {"data_api_version": str, "routing_model": dict, "screens": list}, ("screens",))


def _judge_screen(screen: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(screen, dict):
        yield _mistyped(path, dict, screen)
        return
    yield from (_unknown(key, path, "") for key in screen if key not in _SCREEN)
    kinds: dict[str, type] = {"id": str, "data": dict, "layout": dict, "sensitive": list}
    flags = dict.fromkeys(("terminal", "success", "refresh_on_back"), bool)
    yield from _members(screen, path, kinds | flags, ("id", "layout"))
    name = screen.get("id")
    if name == "":
        message = "Property 'id' should have at least '1' character."
        yield Finding("MIN_CHARS_REQUIRED", message, ((*path, "id"),))
    elif isinstance(name, str) and not _SCREEN_ID.match(name):
        message = "Property 'id' should only consist of alphabets and underscores."
        yield Finding("PATTERN_MISMATCH", message, ((*path, "id"),))
    layout = screen.get("layout")
    if isinstance(layout, dict):
        yield from _judge_layout(layout, (*path, "layout"))


def _judge_layout(layout: dict[str, Any], path: Path) -> Iterator[Finding]:
    yield from (_unknown(key, path, "") for key in layout if key not in ("type", "children"))
    yield from _members(layout, path, {"type": str}, ("type", "children"))
    if isinstance(layout.get("type"), str) and layout["type"] != "SingleColumnLayout":
        yield Finding("INVALID_PROPERTY_VALUE", "Invalid value found for property 'type'.", ((*path, "type"),))
    yield from _judge_children(layout.get("children"), (*path, "children"))


def _judge_children(children: Any, path: Path) -> Iterator[Finding]:
    if children is None:
        return
    if not isinstance(children, list):
        yield _mistyped(path, list, children)
        return
    for index, child in enumerate(children):
        yield from _judge_component(child, (*path, index))


def _judge_component(component: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(component, dict):
        yield _mistyped(path, dict, component)
        return
    kind = component.get("type")
    if kind is None:
        yield Finding("MISSING_REQUIRED_TYPE_PROPERTY", "Required property 'type' is missing.", (path,))
        return
    if not isinstance(kind, str) or kind not in _NEEDED:
        yield Finding("INVALID_PROPERTY_VALUE", "Invalid value found for property 'type'.", ((*path, "type"),))
        return
    yield from _members(component, path, {"cases": dict}, _NEEDED[kind])
    for place, children in branches(component, path):
        yield from _judge_children(children, place)


def branches(component: dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """The lists of components inside a component, each with its path."""
    for key in ("children", "then", "else"):
        if key in component:
            yield (*path, key), component[key]
    cases = component.get("cases")
    for key, children in cases.items() if isinstance(cases, dict) else ():
        yield (*path, "cases", key), children


def _members(value: dict[str, Any], path: Path, kinds: dict[str, type], needed: tuple[str, ...]) -> Iterator[Finding]:
    """What is missing among the members, and what has a wrong type."""
    for key in needed:
        if value.get(key) is None:
            yield Finding("MISSING_REQUIRED_PROPERTY", f"Required property '{key}' is missing.", (path,))
    for key, kind in kinds.items():
        if value.get(key) is not None and not isinstance(value[key], kind):
            yield _mistyped((*path, key), kind, value[key])


def _unknown(key: str, path: Path, component: str) -> Finding:
    where = f" in '{component}' component" if component else ""
    return Finding("INVALID_PROPERTY_KEY", f"Property '{key}' is not allowed{where}.", ((*path, key),), name=True)


def _mistyped(path: Path, kind: type, got: Any) -> Finding:
    found = _TYPES.get(type(got), "null")
    message = f"Expected property '{spell(path)}' to be of type '{_TYPES[kind]}' but found '{found}'."
    return Finding("INVALID_PROPERTY_TYPE", message, (path,))
