"""Send-time matching: the values of a send meet the template they are for.

`compile_template` does once what does not depend on a send; `match` does the rest, about 5 µs for a body with three
texts. Order of refusals, as captured: the shape of parameters, the header's format, counts, names, values, buttons,
lengths. Whether the template exists and may be sent (132001, 132015, 132016) is the caller's.
"""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.template_button_values import check_code, fill_buttons
from localwaba.domain.template_compiling import CompiledPart, CompiledTemplate, CompiledText, compile_template
from localwaba.domain.template_parameters import (
    LOCALIZABLE,
    MEDIA,
    UNTIDY,
    Parameter,
    Sent,
    check_location,
    media_of,
    read_sent,
    text_of,
    whole,
)
from localwaba.domain.template_refusals import required, unfit, wrong_type
from localwaba.domain.template_values import Filled, MatchRules

_DEFAULT = MatchRules()


def match(template: CompiledTemplate, components: list[Any] | None, rules: MatchRules = _DEFAULT) -> Filled:
    """The template filled with what a send gives (`template.components`); raises `Refused` as Meta would."""
    if template.light and isinstance(components, list) and len(components) == 1:
        text = _quick_body(template, components[0], rules)
        if text is not None:
            return _shown(template.main, text)
    return _match_fully(template, components, rules)


def _quick_body(template: CompiledTemplate, component: Any, rules: MatchRules) -> str | None:
    """The body of the common send, None where anything is unusual: then the whole rule book decides."""
    body = template.main.body
    if body is None or type(component) is not dict or component.get("type") != "body":
        return None
    parameters = component.get("parameters")
    if type(parameters) is not list or len(parameters) != len(body.names):
        return None
    values: list[str] = []
    for parameter in parameters:
        if type(parameter) is not dict or parameter.get("type") != "text":
            return None
        text = parameter.get("text")
        if type(text) is not str or not text or UNTIDY.search(text):
            return None
        values.append(text)
    filled = body.render(values)
    return filled if len(filled) <= template.main.body_limit else None


def _shown(part: CompiledPart, body: str) -> Filled:
    header = None
    if part.header is not None:
        header = {"type": "TEXT", "text": part.header.render([])}
    return Filled(body=body, header=header, footer=part.footer, buttons=list(part.shown), flows=_flows(part.shown))


def _flows(buttons: tuple[dict[str, Any], ...] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [button for button in buttons if button["type"] == "FLOW"]


def _match_fully(template: CompiledTemplate, components: list[Any] | None, rules: MatchRules) -> Filled:
    sent, main = read_sent(components), template.main
    media: list[dict[str, str]] = []
    header = _fill_header(main, sent.header, media, rules)
    values = _fill_body(main, sent.body, rules)
    if sent.footer:
        raise _miscounted("footer", len(sent.footer), 0)
    if template.authentication and values:
        check_code(values[0], rules)
    offer = _fill_offer(template, sent, rules)
    cards = _fill_cards(template, sent, media, rules)
    buttons = fill_buttons(
        main.buttons, main.shown, main.needing, sent.buttons, rules, offer=template.offer is not None
    )
    body = "" if main.body is None else main.body.render(values)
    _check_lengths(template, header, body, values, rules)
    code = next((button["code"] for button in buttons if button["type"] == "OTP"), None)
    return Filled(
        body=body,
        header=header,
        footer=main.footer,
        buttons=buttons,
        media=media,
        flows=_flows(buttons),
        cards=cards,
        otp_code=code,
        offer=offer,
        order_status=_lone(sent.order_status),
        tap_target=_lone(sent.tap_target),
    )


def _fill_header(
    part: CompiledPart, given: list[Parameter], media: list[dict[str, str]], rules: MatchRules, in_card: bool = False
) -> dict[str, Any] | None:
    kind = part.header_format
    if kind is None or kind == "TEXT":
        return _fill_text_header(part, given, rules)
    if not given and in_card:
        raise refuse(
            100,
            f"Parameter value for {kind} was expected but was not found",
            rule="template.card_value",
            why="a card has no header component",
            fix="send the header of every card",
        )
    received = given[0].kind if given else "UNKNOWN"
    shown = reference = None
    if received in MEDIA:
        shown, reference = media_of(given[0], rules)
    if received != kind:
        raise _mismatched("header", kind, received)
    if len(given) > 1:
        raise _miscounted("header", len(given), 1)
    if reference is not None:
        media.append(reference)
        return {"type": kind, kind.lower(): shown}
    if kind == "LOCATION":
        return {"type": kind, "location": check_location(given[0], rules)}
    return {"type": kind, kind.lower(): given[0].value[kind.lower()]}


def _fill_text_header(part: CompiledPart, given: list[Parameter], rules: MatchRules) -> dict[str, Any] | None:
    other = next((one for one in given if one.kind not in LOCALIZABLE), None)
    if other is not None:
        if part.header is not None:
            raise _mismatched("header", "TEXT", other.kind)
        raise _mismatched("header", "UNKNOWN", other.kind, rules.param_error_code)
    values = _localizable("header", part.header, part.named, given, rules)
    return None if part.header is None else {"type": "TEXT", "text": part.header.render(values)}


def _fill_body(part: CompiledPart, given: list[Parameter], rules: MatchRules) -> list[str]:
    return _localizable("body", part.body, part.named, given, rules)


def _localizable(
    prefix: str, text: CompiledText | None, named: bool, given: list[Parameter], rules: MatchRules
) -> list[str]:
    names = () if text is None else text.names
    filling = [one for one in given if one.kind in LOCALIZABLE]
    if len(filling) != len(names):
        raise _miscounted(prefix, len(filling), len(names))
    if len(filling) != len(given):
        other = next(one for one in given if one.kind not in LOCALIZABLE)
        raise _mismatched(prefix, "TEXT", other.kind)
    if not named or not names:
        return [text_of(one, prefix, rules) for one in filling]
    return _by_name(prefix, names, filling, rules)


def _by_name(prefix: str, names: tuple[str, ...], given: list[Parameter], rules: MatchRules) -> list[str]:
    if any(not one.value.get("parameter_name") for one in given):
        raise refuse(
            100,
            "Parameter name is missing or empty",
            rule="template.parameter_name",
            why="the template has named variables, and a value has no parameter_name",
            fix=f"give every value its parameter_name: {', '.join(names)}",
        )
    found = {str(one.value["parameter_name"]): one for one in given}
    for name in names:
        if name not in found:
            raise refuse(
                100,
                f"Parameter name is missing for the parameter '{{{{{name}}}}}'",
                rule="template.parameter_name",
                why=f"no value is named {name}; there are {', '.join(found)}",
                fix=f'send {{"type": "text", "parameter_name": "{name}", "text": ...}}',
            )
    return [text_of(found[name], prefix, rules) for name in names]


def _fill_offer(template: CompiledTemplate, sent: Sent, rules: MatchRules) -> dict[str, Any] | None:
    offer = template.offer
    if offer is None:
        if sent.offer:
            raise _trouble(rules, "limited_time_offer: the template has no limited-time offer")
        return None
    if not sent.offer:
        if offer.get("has_expiration"):
            raise refuse(
                131008,
                "limited_time_offer: expiration_time_ms is required",
                rule="template.offer",
                why="the offer expires, and the send does not say when",
                fix="send a limited_time_offer component with expiration_time_ms",
            )
        return dict(offer)
    one = sent.offer[0]
    path = f"{one.path}['limited_time_offer']"
    value = one.value.get("limited_time_offer")
    if not isinstance(value, dict):
        raise wrong_type(path, "an object")
    return offer | {"expiration_time_ms": whole(value.get("expiration_time_ms"), f"{path}['expiration_time_ms']")}


def _fill_cards(
    template: CompiledTemplate, sent: Sent, media: list[dict[str, str]], rules: MatchRules
) -> list[dict[str, Any]]:
    if not template.cards:
        if sent.cards is not None:
            raise _trouble(rules, "carousel: the template has no carousel")
        return []
    given = sent.cards or []
    expected = len(template.cards)
    if len(given) != expected and not (template.product_cards and 2 <= len(given) <= 10):
        raise _trouble(
            rules, f"carousel: number of cards ({len(given)}) does not match the expected number of cards ({expected})"
        )
    cards: dict[int, dict[str, Any]] = {}
    for place, card in enumerate(given):
        path = f"{sent.cards_path}[{place}]"
        if not isinstance(card, dict):
            raise wrong_type(path, "an object")
        index = whole(card.get("card_index"), f"{path}['card_index']")
        if index >= len(given) or index in cards:
            raise unfit(f"{path}['card_index']", f"must be each of 0 to {len(given) - 1} once")
        if card.get("components") is None:
            raise required(f"{path}['components']")
        part = template.cards[min(index, expected - 1)]
        cards[index] = _fill_card(part, read_sent(card["components"], f"{path}['components']"), media, rules)
    return [cards[index] for index in sorted(cards)]


def _fill_card(part: CompiledPart, sent: Sent, media: list[dict[str, str]], rules: MatchRules) -> dict[str, Any]:
    header = _fill_header(part, sent.header, media, rules, in_card=True)
    values = _fill_body(part, sent.body, rules)
    buttons = fill_buttons(part.buttons, part.shown, part.needing, sent.buttons, rules, in_card=True)
    body = None if part.body is None else part.body.render(values)
    if body is not None and len(body) > part.body_limit:
        raise _overlong("card body", len(body), part.body_limit)
    return {"header": header, "body": body, "buttons": buttons}


def _check_lengths(
    template: CompiledTemplate, header: dict[str, Any] | None, body: str, values: list[str], rules: MatchRules
) -> None:
    if header is not None and len(header.get("text", "")) > rules.header_limit:
        raise _overlong("header", len(header["text"]), rules.header_limit)
    if template.body_only:
        total = sum(map(len, values))
        if total > rules.body_only_limit:
            raise _overlong("values of the body", total, rules.body_only_limit)
    elif len(body) > template.main.body_limit:
        raise _overlong("body", len(body), template.main.body_limit)


def _lone(given: list[Parameter]) -> dict[str, Any] | None:
    if not given:
        return None
    value = given[0].value.get(given[0].kind.lower())
    if isinstance(value, list):
        value = value[0] if value else {}
    if not isinstance(value, dict):
        raise wrong_type(f"{given[0].path}['{given[0].kind.lower()}']", "an object")
    return value


def _miscounted(prefix: str, given: int, expected: int) -> Refused:
    return refuse(
        132000,
        f"{prefix}: number of localizable_params ({given}) does not match the expected number of params ({expected})",
        values={"component": prefix, "given": str(given), "expected": str(expected)},
        rule="template.parameter_count",
        why=f"the {prefix} has {expected} variables and got {given} values",
        fix=f"send {expected} parameters in the {prefix} component",
    )


def _mismatched(prefix: str, expected: str, received: str, code: int = 132012) -> Refused:
    return refuse(
        code,
        f"{prefix}: Format mismatch, expected {expected}, received {received}",
        rule="template.parameter_format",
        why=f"the {prefix} of the template is {expected}, the value {received}",
        fix=f"send a parameter of type {expected.lower()} in the {prefix} component",
    )


def _overlong(what: str, length: int, limit: int) -> Refused:
    return refuse(
        132005,
        "Translated text is too long",
        rule="template.hydrated_length",
        why=f"{what}: {length} characters with the values",
        fix=f"keep it within {limit} characters",
    )


def _trouble(rules: MatchRules, details: str) -> Refused:
    return refuse(rules.param_error_code, details, rule="template.parameters", why=details, fix="")


__all__ = ["CompiledTemplate", "compile_template", "match"]
