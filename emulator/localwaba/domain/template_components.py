"""The components of a template as they come in: Graph's own checks, and their normal form.

This is the first stage of creation; nothing here knows of categories, names or wording.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from localwaba.domain.errors import refuse
from localwaba.domain.template_refusals import (
    not_one_of,
    required,
    too_long,
    unexpected_key,
    unfit,
    wrong_type,
)
from localwaba.domain.template_values import TemplatePolicy

COMPONENT_TYPES = (
    "BODY",
    "BUTTONS",
    "CALL_PERMISSION_REQUEST",
    "CAROUSEL",
    "FOOTER",
    "HEADER",
    "LIMITED_TIME_OFFER",
)
HEADER_FORMATS = ("DOCUMENT", "GIF", "IMAGE", "LOCATION", "PRODUCT", "TEXT", "VIDEO")
BUTTON_TYPES = (
    "APP",
    "CATALOG",
    "COPY_CODE",
    "FLOW",
    "MPM",
    "ORDER_DETAILS",
    "OTP",
    "PHONE_NUMBER",
    "QUICK_REPLY",
    "REQUEST_CONTACT_INFO",
    "SPM",
    "URL",
    "VOICE_CALL",
)
OTP_TYPES = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
FLOW_ACTIONS = ("DATA_EXCHANGE", "NAVIGATE")
FLOW_ICONS = ("DOCUMENT", "PROMOTION", "REVIEW")

_COMPONENT_KEYS = frozenset(
    [
        "type",
        "format",
        "text",
        "example",
        "buttons",
        "cards",
        "limited_time_offer",
        "add_security_recommendation",
        "code_expiration_minutes",
    ]
)
_BUTTON_KEYS = frozenset(
    [
        "type",
        "text",
        "url",
        "phone_number",
        "example",
        "flow_id",
        "flow_name",
        "flow_json",
        "flow_action",
        "navigate_screen",
        "icon",
        "ttl_minutes",
        "otp_type",
        "autofill_text",
        "zero_tap_terms_accepted",
        "supported_apps",
        "package_name",
        "signature_hash",
        "app_deep_link",
    ]
)
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{3,}")
_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{11}")


def read_components(value: object, policy: TemplatePolicy, path: str = "components") -> list[dict[str, Any]]:
    """The components in their normal form (types in capitals, examples nested, nulls gone), or Graph's refusal."""
    if not isinstance(value, list):
        raise wrong_type(path, "an array")
    read = [_component(item, policy, f"{path}[{place}]") for place, item in enumerate(value)]
    seen: set[str] = set()
    for component in read:
        kind = component["type"]
        if kind in seen:
            raise refuse(
                100,
                rule="template.components",
                why=f"there are two components of type {kind}",
                fix=f"join the {kind} components",
            )
        seen.add(kind)
    return read


def part(components: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The component of a type, None if there is none."""
    return next((component for component in components if component["type"] == kind), None)


def buttons_of(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The buttons of a template or a card."""
    found = part(components, "BUTTONS")
    return [] if found is None else found.get("buttons", [])


def is_web_address(value: str) -> bool:
    """Whether a text is an absolute http or https address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)


def _component(item: object, policy: TemplatePolicy, path: str) -> dict[str, Any]:
    component = _known(item, _COMPONENT_KEYS, policy, path)
    component["type"] = _choice(component, "type", COMPONENT_TYPES, path, needed=True)
    if "format" in component:
        component["format"] = _choice(component, "format", HEADER_FORMATS, path)
    _strings(component, ("text",), path)
    if "example" in component:
        component["example"] = _example(component["example"], f"{path}['example']")
    if "buttons" in component:
        _array(component, "buttons", path)
        component["buttons"] = [
            _button(button, policy, f"{path}['buttons'][{place}]") for place, button in enumerate(component["buttons"])
        ]
    if "cards" in component:
        _array(component, "cards", path)
        component["cards"] = [
            _card(card, policy, f"{path}['cards'][{place}]") for place, card in enumerate(component["cards"])
        ]
    if "limited_time_offer" in component:
        component["limited_time_offer"] = _offer(component["limited_time_offer"], f"{path}['limited_time_offer']")
    _authentication_fields(component, path)
    return component


def _card(item: object, policy: TemplatePolicy, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object")
    if item.get("components") is None:
        raise required(f"{path}['components']")
    return {"components": read_components(item["components"], policy, f"{path}['components']")}


def _offer(item: object, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object")
    offer = {key: value for key, value in item.items() if value is not None}
    _strings(offer, ("text",), path)
    if "has_expiration" in offer:
        offer["has_expiration"] = _truth(offer["has_expiration"], f"{path}['has_expiration']")
    return offer


def _authentication_fields(component: dict[str, Any], path: str) -> None:
    key = "add_security_recommendation"
    if key in component:
        component[key] = _truth(component[key], f"{path}['{key}']")
    key = "code_expiration_minutes"
    if key in component:
        component[key] = _whole(component[key], f"{path}['{key}']", 1, 90)


def _example(item: object, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object")
    example = {key: value for key, value in item.items() if value is not None}
    rows = example.get("body_text")
    # Meta's own page has both shapes, and gives back the nested one.
    if isinstance(rows, list) and rows and all(isinstance(row, str) for row in rows):
        example["body_text"] = [rows]
    for key in ("header_text", "header_handle"):
        if isinstance(example.get(key), str):
            example[key] = [example[key]]
    return example


def _button(item: object, policy: TemplatePolicy, path: str) -> dict[str, Any]:
    button = _known(item, _BUTTON_KEYS, policy, path)
    kind = button["type"] = _choice(button, "type", BUTTON_TYPES, path, needed=True)
    _strings(button, ("text", "url", "phone_number", "autofill_text", "flow_name", "navigate_screen"), path)
    if kind == "URL" and "url" in button:
        address = button["url"].replace("{{", "").replace("}}", "")
        if not is_web_address(address):
            raise unfit(f"{path}['url']", "is not a valid URI", rule="graph.uri")
    if kind == "PHONE_NUMBER" and "phone_number" in button:
        _check_phone(button["phone_number"], f"{path}['phone_number']")
    if kind == "FLOW":
        if "flow_action" in button:
            _choice(button, "flow_action", FLOW_ACTIONS, path)
        if "icon" in button:
            button["icon"] = _choice(button, "icon", FLOW_ICONS, path)
    if "ttl_minutes" in button:
        button["ttl_minutes"] = _whole(button["ttl_minutes"], f"{path}['ttl_minutes']", 1, 43_200)
    if isinstance(button.get("example"), str) and kind in ("URL", "COPY_CODE"):
        button["example"] = [button["example"]]
    if kind == "OTP":
        _read_otp(button, policy, path)
    return button


def _read_otp(button: dict[str, Any], policy: TemplatePolicy, path: str) -> None:
    if "otp_type" in button:
        button["otp_type"] = _choice(button, "otp_type", OTP_TYPES, path)
    if "zero_tap_terms_accepted" in button:
        key = "zero_tap_terms_accepted"
        button[key] = _truth(button[key], f"{path}['{key}']")
    flat = {key: button.pop(key) for key in ("package_name", "signature_hash") if key in button}
    if flat and policy.flat_supported_apps and "supported_apps" not in button:
        button["supported_apps"] = [flat]
    if "supported_apps" not in button:
        return
    _array(button, "supported_apps", path)
    apps = button["supported_apps"]
    where = f"{path}['supported_apps']"
    if not 1 <= len(apps) <= 5:
        raise unfit(where, "must have between 1 and 5 elements")
    for place, app in enumerate(apps):
        _check_app(app, f"{where}[{place}]")


def _check_app(app: object, path: str) -> None:
    if not isinstance(app, dict):
        raise wrong_type(path, "an object")
    for key in ("package_name", "signature_hash"):
        if app.get(key) is None:
            raise required(f"{path}['{key}']")
        if not isinstance(app[key], str):
            raise wrong_type(f"{path}['{key}']", "a string")
    if len(app["package_name"]) > 224:
        raise unfit(f"{path}['package_name']", "must be at most 224 characters long")
    if not _PACKAGE.fullmatch(app["package_name"]):
        raise unfit(f"{path}['package_name']", "is not a valid package name")
    if not _SIGNATURE.fullmatch(app["signature_hash"]):
        raise unfit(f"{path}['signature_hash']", "must be exactly 11 characters of [a-zA-Z0-9+/=]")


def _check_phone(number: str, path: str) -> None:
    if len(number) > 20:
        raise too_long("phone number", 20, len(number))
    if not _PHONE.fullmatch(number) or not 5 <= sum(character.isdigit() for character in number) <= 15:
        raise refuse(
            192,
            message=f"Param {path} is not a valid phone number.",
            rule="graph.phone_number",
            why=f"{number!r} is no phone number",
            fix="send country code and number, digits only",
        )


def _known(item: object, keys: frozenset[str], policy: TemplatePolicy, path: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise wrong_type(path, "an object")
    kind = item.get("type")
    if policy.unknown_keys and not (isinstance(kind, str) and kind.upper() == "APP"):
        for key in item:
            if key not in keys:
                raise unexpected_key(key, path)
    return {key: value for key, value in item.items() if value is not None}


def _choice(holder: dict[str, Any], key: str, allowed: tuple[str, ...], path: str, *, needed: bool = False) -> str:
    value = holder.get(key)
    if value is None and needed:
        raise required(f"{path}['{key}']")
    if not isinstance(value, str) or value.upper() not in allowed:
        raise not_one_of(f"{path}['{key}']", allowed, value)
    return value.upper()


def _strings(holder: dict[str, Any], keys: tuple[str, ...], path: str) -> None:
    for key in keys:
        if key in holder and not isinstance(holder[key], str):
            raise wrong_type(f"{path}['{key}']", "a string")


def _array(holder: dict[str, Any], key: str, path: str) -> None:
    if not isinstance(holder[key], list):
        raise wrong_type(f"{path}['{key}']", "an array")


def _truth(value: object, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1", "true", "false"):
        return value in (1, "1", "true")
    raise wrong_type(path, "a boolean")


def _whole(value: object, path: str, low: int, high: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(path, "an integer")
    if value < low:
        raise unfit(path, f"must be greater than or equal to {low}")
    if value > high:
        raise unfit(path, f"must be less than or equal to {high}")
    return value
