"""The buttons of a template send: each value meets the button at its index."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.template_parameters import (
    UNTIDY,
    Parameter,
    SentButton,
    mandatory,
    spelt,
    untidy,
    whole,
)
from localwaba.domain.template_placeholders import ANY_PLACEHOLDER
from localwaba.domain.template_reading import COPY_CODE_TEXT
from localwaba.domain.template_refusals import unfit, wrong_type
from localwaba.domain.template_texts import AuthenticationTexts
from localwaba.domain.template_values import MatchRules

Button = dict[str, Any]

_SUB_TYPE = {"OTP": "URL", "APP": "URL"}  # the others are sent under their own name
_VALUE = {"URL": "TEXT", "QUICK_REPLY": "PAYLOAD", "COPY_CODE": "COUPON_CODE", "VOICE_CALL": "TTL_MINUTES"}


def shown_button(button: Button, index: int, texts: AuthenticationTexts, minutes: int | None = None) -> Button:
    """A button as the phone shows it before its value is known; `minutes` is how long a code is said to be good."""
    kind = button["type"]
    shown: Button = {"type": kind, "text": button.get("text", ""), "index": index}
    if kind == "OTP":
        shown |= {"text": shown["text"] or texts.copy, "otp_type": button.get("otp_type", "COPY_CODE")}
        if button.get("supported_apps"):
            shown |= {"autofill_text": button.get("autofill_text") or texts.autofill}
            shown["supported_apps"] = button["supported_apps"]
        shown |= {} if minutes is None else {"minutes": minutes}
    elif kind == "COPY_CODE":
        shown["text"] = shown["text"] or COPY_CODE_TEXT
    elif kind == "QUICK_REPLY":
        shown["payload"] = shown["text"]
    for key in ("url", "phone_number", "flow_id", "flow_name", "flow_action", "navigate_screen", "ttl_minutes"):
        if key in button:
            shown[key] = button[key]
    return shown


def needs_value(button: Button) -> bool:
    """Whether a send has to say something of this button."""
    kind = button["type"]
    return kind in ("OTP", "COPY_CODE", "MPM") or (kind == "URL" and "{{" in button.get("url", ""))


def missing_value(button: Button, index: int, in_card: bool) -> Refused:
    """A button that needs a value got none (131008; in a card 100)."""
    kind: str = button["type"]
    sub_type = _SUB_TYPE.get(kind, kind)
    if in_card:
        return refuse(
            100,
            f"Parameter value for {sub_type} was expected but was not found",
            rule="template.card_value",
            why=f"the button at index {index} of a card needs a value",
            fix="send a button component for it in every card",
        )
    need = "a non-empty parameter coupon_code" if kind == "COPY_CODE" else "a parameter"
    return refuse(
        131008,
        f"buttons: Button at index {index} of type {spelt(kind)} requires {need}",
        rule="template.button_value",
        why=f"the button at index {index} needs a value",
        fix=f'send {{"type": "button", "sub_type": "{sub_type.lower()}", "index": "{index}", ...}}',
    )


def fill_buttons(
    buttons: tuple[Button, ...],
    shown: tuple[Button, ...],
    needing: tuple[int, ...],
    sent: list[SentButton],
    rules: MatchRules,
    *,
    in_card: bool = False,
    offer: bool = False,
) -> list[Button]:
    """The buttons with their values; raises `Refused` where a value is missing, too much or of another kind."""
    filled = list(shown)
    told: set[int] = set()
    for one in sent:
        if one.index >= len(buttons):
            raise _trouble(rules, f"buttons: Button at index {one.index} does not exist in the template")
        button = buttons[one.index]
        if one.sub_type != _SUB_TYPE.get(button["type"], button["type"]):
            raise _trouble(rules, f"buttons: Button at index {one.index} must be of type {spelt(button['type'])}")
        value = _value(button, one, rules, in_card, offer)
        filled[one.index] = shown[one.index] | value
        told.add(one.index)
    for index in needing:
        if index not in told:
            raise missing_value(buttons[index], index, in_card)
    return filled


def _value(button: Button, sent: SentButton, rules: MatchRules, in_card: bool, offer: bool) -> Button:
    kind, given = button["type"], sent.parameters
    if not needs_value(button):
        if not given:
            return {}
        if kind == "URL":
            raise _trouble(rules, f"buttons: Button at index {sent.index} of type Url does not require parameters")
    elif not given:
        raise missing_value(button, sent.index, in_card)
    if len(given) > 1 and kind != "VOICE_CALL":
        raise refuse(
            132000,
            f"buttons: number of localizable_params ({len(given)}) does not match the expected number of params (1)",
            rule="template.button_count",
            why=f"the button at index {sent.index} got {len(given)} values",
            fix="send one parameter",
        )
    if kind in ("URL", "OTP"):
        return _address(button, given[0], sent, rules)
    if kind == "QUICK_REPLY":
        return _payload(given[0], sent, rules)
    if kind == "COPY_CODE":
        return _coupon(given[0], sent, rules, in_card, offer)
    if kind == "VOICE_CALL":
        return _voice_call(given, sent, rules)
    return _action(button, given[0], sent, rules)


def _address(button: Button, parameter: Parameter, sent: SentButton, rules: MatchRules) -> Button:
    _expect(parameter, "TEXT", sent, rules)
    text = parameter.value.get("text")
    if text is None or text == "":
        raise mandatory("text", "text", button=True)
    if not isinstance(text, str):
        raise wrong_type(f"{parameter.path}['text']", "a string")
    if UNTIDY.search(text):
        raise untidy(text, "buttons", rules)
    if button["type"] == "OTP":
        check_code(text, rules)
        return {"code": text}
    return {"url": ANY_PLACEHOLDER.sub(lambda _: text, button["url"])}


def check_code(text: str, rules: MatchRules) -> None:
    """A one-time password has at most 15 characters."""
    if len(text) > rules.code_limit:
        limit = rules.code_limit
        raise _trouble(
            rules,
            "template parameter at index 0 exceeds the maximum length in the AUTHENTICATION category "
            f"({limit} characters).",
        )


def _payload(parameter: Parameter, sent: SentButton, rules: MatchRules) -> Button:
    _expect(parameter, "PAYLOAD", sent, rules)
    payload, path = parameter.value["payload"], f"{parameter.path}['payload']"
    if not isinstance(payload, str):
        raise wrong_type(path, "a string")
    if len(payload) > rules.payload_limit:
        raise unfit(path, f"must be at most {rules.payload_limit} characters long")
    return {"payload": payload} if payload else {}


def _coupon(parameter: Parameter, sent: SentButton, rules: MatchRules, in_card: bool, offer: bool) -> Button:
    _expect(parameter, "COUPON_CODE", sent, rules)
    code = parameter.value["coupon_code"]
    if not isinstance(code, str):
        raise wrong_type(f"{parameter.path}['coupon_code']", "a string")
    if not code:
        raise missing_value({"type": "COPY_CODE"}, sent.index, in_card)
    limit = min(rules.coupon_limit, 15) if offer else rules.coupon_limit
    if len(code) > limit or not code.isalnum():
        raise _trouble(
            rules, f"buttons: Button at index {sent.index}: coupon_code must be alphanumeric, up to {limit} characters"
        )
    return {"code": code}


def _voice_call(given: list[Parameter], sent: SentButton, rules: MatchRules) -> Button:
    filled: Button = {}
    for parameter in given:
        if parameter.kind == "TTL_MINUTES":
            path = f"{parameter.path}['ttl_minutes']"
            minutes = whole(parameter.value["ttl_minutes"], path)
            if not 1 <= minutes <= 43_200:
                raise unfit(path, "must be between 1 and 43200")
            filled["ttl_minutes"] = minutes
        else:
            _expect(parameter, "PAYLOAD", sent, rules)
            payload = parameter.value["payload"]
            if not isinstance(payload, str):
                raise wrong_type(f"{parameter.path}['payload']", "a string")
            if len(payload) > 512:
                raise unfit(f"{parameter.path}['payload']", "must be at most 512 characters long")
            filled["payload"] = payload
    return filled


def _action(button: Button, parameter: Parameter, sent: SentButton, rules: MatchRules) -> Button:
    _expect(parameter, "ACTION", sent, rules)
    action, path = parameter.value["action"], f"{parameter.path}['action']"
    if not isinstance(action, dict):
        raise wrong_type(path, "an object")
    if button["type"] == "MPM":
        _check_sections(action, path)
    if button["type"] == "FLOW":
        for key, kind, name in (("flow_token", str, "a string"), ("flow_action_data", dict, "an object")):
            if action.get(key) is not None and not isinstance(action[key], kind):
                raise wrong_type(f"{path}['{key}']", name)
    kept = ("flow_token", "flow_action_data")
    return {"action": action} | {key: action[key] for key in kept if action.get(key) is not None}


def _check_sections(action: dict[str, Any], path: str) -> None:
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise unfit(f"{path}['sections']", "must have between 1 and 10 elements")
    count = 0
    for place, section in enumerate(sections):
        where = f"{path}['sections'][{place}]"
        items = section.get("product_items") if isinstance(section, dict) else None
        if not isinstance(items, list) or not items:
            raise unfit(f"{where}['product_items']", "must have at least 1 element")
        if len(str(section.get("title", ""))) > 24:
            raise unfit(f"{where}['title']", "must be at most 24 characters long")
        count += len(items)
    if count > 30:
        raise unfit(f"{path}['sections']", "must have at most 30 products")


def _expect(parameter: Parameter, kind: str, sent: SentButton, rules: MatchRules) -> None:
    if parameter.kind != kind:
        raise _trouble(
            rules,
            f"buttons: Button at index {sent.index} of type {spelt(sent.sub_type)} requires a parameter of type "
            f"{kind.lower()}",
        )


def _trouble(rules: MatchRules, details: str) -> Refused:
    return refuse(
        rules.param_error_code,
        details,
        rule="template.button",
        why=details,
        fix="compare sub_type, index and parameters with the buttons of the template",
    )
