"""The components of a template send as Graph reads them, and the values of their parameters."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.template_components import is_web_address
from localwaba.domain.template_refusals import not_one_of, required, unexpected_key, unfit, wrong_type
from localwaba.domain.template_values import MatchRules

COMPONENT_TYPES = (
    "BODY",
    "BUTTON",
    "CAROUSEL",
    "FOOTER",
    "HEADER",
    "LIMITED_TIME_OFFER",
    "ORDER_STATUS",
    "TAP_TARGET_CONFIGURATION",
)
SUB_TYPES = (
    "BOOKING_CONFIRMATION",
    "CATALOG",
    "COPY_CODE",
    "FLOW",
    "MPM",
    "ORDER_DETAILS",
    "QUICK_REPLY",
    "REMINDER",
    "URL",
    "VOICE_CALL",
)
PARAMETER_TYPES = (
    "ACTION",
    "COUPON_CODE",
    "CURRENCY",
    "DATE_TIME",
    "DOCUMENT",
    "GIF",
    "GROUP_ID",
    "IMAGE",
    "LIMITED_TIME_OFFER",
    "LOCATION",
    "ORDER_STATUS",
    "PAYLOAD",
    "PRODUCT",
    "TAP_TARGET_CONFIGURATION",
    "TEXT",
    "TTL_MINUTES",
    "VIDEO",
)
LOCALIZABLE = frozenset(("TEXT", "CURRENCY", "DATE_TIME", "GROUP_ID"))
MEDIA = frozenset(("IMAGE", "VIDEO", "DOCUMENT", "GIF"))
UNTIDY = re.compile(r"[\n\r\t]| {5,}")
BASE = "template['components']"

# In the order in which a captured answer names them.
_SCHEMA_FIELDS = {
    "CURRENCY": ("fallback_value", "code", "amount_1000"),
    "DATE_TIME": ("fallback_value",),
    "LOCATION": ("longitude", "latitude"),
    "PRODUCT": ("product_retailer_id", "catalog_id"),
}
_SPELT = {"QUICK_REPLY": "QuickReply", "OTP": "Url", "COPY_CODE": "copy_code"}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a send: its kind in capitals, its JSON, and where it stands."""

    kind: str
    value: dict[str, Any]
    path: str


class SentButton(msgspec.Struct, frozen=True):
    """What a send says of the button at one index."""

    index: int
    sub_type: str
    parameters: list[Parameter]
    path: str


class Sent(msgspec.Struct):
    """The components of a send, or of one of its cards, sorted by what they fill."""

    header: list[Parameter] = []
    body: list[Parameter] = []
    footer: list[Parameter] = []
    buttons: list[SentButton] = []
    offer: list[Parameter] = []
    order_status: list[Parameter] = []
    tap_target: list[Parameter] = []
    cards: list[Any] | None = None
    cards_path: str = ""


def read_sent(components: object, base: str = BASE) -> Sent:
    """The components of a send, or Graph's refusal of their shape (code 100)."""
    sent = Sent()
    if components is None:
        return sent
    if not isinstance(components, list):
        raise wrong_type(base, "an array")
    for place, component in enumerate(components):
        path = f"{base}[{place}]"
        if not isinstance(component, dict):
            raise wrong_type(path, "an object")
        kind = _one_of(component.get("type"), COMPONENT_TYPES, f"{path}['type']")
        if kind == "CAROUSEL":
            cards = component.get("cards")
            if not isinstance(cards, list):
                raise required(f"{path}['cards']") if cards is None else wrong_type(f"{path}['cards']", "an array")
            sent.cards, sent.cards_path = cards, f"{path}['cards']"
            continue
        parameters = _parameters(component.get("parameters"), kind, path)
        if kind == "BUTTON":
            sub_type = _one_of(component.get("sub_type"), SUB_TYPES, f"{path}['sub_type']")
            index = whole(component.get("index"), f"{path}['index']")
            sent.buttons = [*sent.buttons, SentButton(index, sub_type, parameters, path)]
        else:
            name = "offer" if kind == "LIMITED_TIME_OFFER" else _FIELD[kind]
            setattr(sent, name, getattr(sent, name) + parameters)
    return sent


_FIELD = {
    "HEADER": "header",
    "BODY": "body",
    "FOOTER": "footer",
    "ORDER_STATUS": "order_status",
    "TAP_TARGET_CONFIGURATION": "tap_target",
}


def _parameters(value: object, component: str, path: str) -> list[Parameter]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(f"{path}['parameters']", "an array")
    read: list[Parameter] = []
    for place, item in enumerate(value):
        where = f"{path}['parameters'][{place}]"
        if not isinstance(item, dict):
            raise wrong_type(where, "an object")
        # Meta takes a parameter that only has a text for one of type text.
        given = "text" if item.get("type") is None and "text" in item else item.get("type")
        parameter = Parameter(_one_of(given, PARAMETER_TYPES, f"{where}['type']"), item, where)
        _check_object(parameter, component)
        read.append(parameter)
    return read


def _check_object(parameter: Parameter, component: str) -> None:
    key = parameter.kind.lower()
    value = parameter.value.get(key)
    if value is None and not (component == "BUTTON" and key == "text"):
        raise mandatory(key, key)
    fields = _SCHEMA_FIELDS.get(parameter.kind)
    if fields is None:
        return
    if not isinstance(value, dict):
        raise wrong_type(f"{parameter.path}['{key}']", "an object")
    missing = [field for field in fields if value.get(field) is None]
    if missing:
        place = _dotted(f"{parameter.path}['{key}']")
        raise refuse(
            100,
            message=", ".join(_SCHEMA.format(path=place, field=field) for field in missing),
            rule="template.parameter_fields",
            why=f"{key} lacks {', '.join(missing)}",
            fix=f"give {key} its {', '.join(missing)}",
        )


_SCHEMA = (
    "Your request has violated JSON schema constraint 'required' for the JSON field '{path}', please check the JSON "
    "schema for the JSON field '{path}' and make sure your request is valid for missing : '{field}'"
)


def _dotted(path: str) -> str:
    return path.replace("['", ".").replace("']", "").replace("[", ".").replace("]", "")


def mandatory(field: str, kind: str, *, button: bool = False) -> Refused:
    """A parameter object lacks its value; wire sentence as captured (code 100)."""
    sentence = f"Parameter '{field}' is mandatory for component parameter type '{kind}'"
    return refuse(
        100,
        f"button: {sentence} and cannot be empty" if button else sentence,
        rule="template.parameter_value",
        why=f"a parameter of type {kind} has no {field}",
        fix=f"give the parameter its {field}",
    )


def text_of(parameter: Parameter, prefix: str, rules: MatchRules) -> str:
    """The text that a localizable parameter puts in place of its variable."""
    kind, value = parameter.kind, parameter.value
    if kind in ("CURRENCY", "DATE_TIME"):
        text = value[kind.lower()]["fallback_value"]
        path = f"{parameter.path}['{kind.lower()}']['fallback_value']"
    elif kind == "GROUP_ID":
        text, path = value["group_id"], f"{parameter.path}['group_id']"
    else:
        text, path = value["text"], f"{parameter.path}['text']"
    if not isinstance(text, str):
        raise wrong_type(path, "a string")
    if not text:
        raise refuse(
            131008,
            "Parameter of type text is missing text value",
            rule="template.parameter_empty",
            why=f"{path} is empty",
            fix="send a text, a dash if you have none",
        )
    if UNTIDY.search(text):
        raise untidy(text, prefix, rules)
    return text


def untidy(text: str, prefix: str, rules: MatchRules) -> Refused:
    """A value has a new line, a tab or five spaces in a row."""
    sentence = "cannot have new-line/tab characters or more than 4 consecutive spaces"
    details = (
        f"Param text {sentence}" if rules.param_error_code == 132018 else f"{prefix}: Param text: {text} {sentence}"
    )
    return refuse(
        rules.param_error_code,
        details,
        rule="template.parameter_whitespace",
        why=f"a value of the {prefix} has a new line, a tab or more than 4 spaces in a row",
        fix="join its lines before sending",
    )


def media_of(parameter: Parameter, rules: MatchRules) -> tuple[dict[str, Any], dict[str, str]]:
    """A media object as the phone shows it, and the reference that the caller has to look up."""
    key = parameter.kind.lower()
    path, value = f"{parameter.path}['{key}']", parameter.value[key]
    if not isinstance(value, dict):
        raise wrong_type(path, "an object")
    allowed = ("id", "link", "filename") if key == "document" else ("id", "link")
    for one in value:
        if one not in (*allowed, "caption", "provider"):
            raise unexpected_key(one, path)
    for one in allowed:
        if value.get(one) is not None and not isinstance(value[one], str | int):
            raise wrong_type(f"{path}['{one}']", "a string")
    if value.get("id"):
        return dict(value), {"id": str(value["id"]), "kind": key, "path": f"{path}['id']"}
    link = value.get("link")
    if not link:
        raise refuse(
            rules.param_error_code,
            "Either one of media ID or link must be present",
            rule="template.media_reference",
            why=f"{path} has neither id nor link",
            fix="send the id of uploaded media, or a link",
        )
    if not is_web_address(str(link)):
        raise unfit(f"{path}['link']", "is not a valid URI", rule="graph.uri")
    return dict(value), {"link": str(link), "kind": key, "path": f"{path}['link']"}


def check_location(parameter: Parameter, rules: MatchRules) -> dict[str, Any]:
    """A location with its coordinates and, as captured, its address."""
    value: dict[str, Any] = parameter.value["location"]
    if rules.location_address and not value.get("address"):
        raise mandatory("address", "location")
    for key, most in (("latitude", 90.0), ("longitude", 180.0)):
        path = f"{parameter.path}['location']['{key}']"
        try:
            number = float(value[key])
        except (TypeError, ValueError):
            raise wrong_type(path, "a number") from None
        if not -most <= number <= most:
            raise unfit(path, f"must be between -{most:.0f} and {most:.0f}")
    return value


def spelt(kind: str) -> str:
    """A button's kind as the answers to sends spell it."""
    return _SPELT.get(kind) or "".join(word.capitalize() for word in kind.split("_"))


def whole(value: object, path: str) -> int:
    """A whole number from 0, as number or digits."""
    if value is None:
        raise required(path)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong_type(path, "an integer")
    return value


def _one_of(value: object, allowed: tuple[str, ...], path: str) -> str:
    if value is None:
        raise required(path)
    capitals = value.upper() if isinstance(value, str) else ""
    if capitals not in allowed:
        raise not_one_of(path, allowed, value)
    return capitals
