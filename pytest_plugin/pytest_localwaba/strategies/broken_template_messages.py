"""Sends of templates with exactly one thing wrong, and the answer that Meta would give."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.breaking import breakages
from pytest_localwaba.strategies.broken import one_broken
from pytest_localwaba.strategies.errors import Broken, meta_error
from pytest_localwaba.strategies.slips import Slip, part, slipped
from pytest_localwaba.strategies.template_sends import templates_with_sends

Json = dict[str, Any]


def _count(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """One value too many or too few in the body."""
    expected = _expected(definition)
    components = template.setdefault("components", [])
    body: Json | None = part(components, "BODY")
    if body is None:
        body = {"type": "body", "parameters": []}
        components.append(body)
    parameters: list[Json] = body["parameters"]
    too_few = draw(st.booleans()) if parameters else False
    if too_few:
        parameters.pop()
    elif definition.get("parameter_format") == "NAMED":
        parameters.append({"type": "text", "parameter_name": "another_one", "text": "more"})
    else:
        parameters.append({"type": "text", "text": "more"})
    details = (
        f"body: number of localizable_params ({len(parameters)}) does not match the expected number of params"
        f" ({expected})"
    )
    text = f"the body gets {len(parameters)} values and has {expected} variables"
    return text, meta_error(132000, details, component="body", given=str(len(parameters)), expected=str(expected))


def _expected(definition: Json) -> int:
    if definition["category"] == "AUTHENTICATION":
        return 1
    example = (part(definition["components"], "BODY") or {}).get("example", {})
    if "body_text_named_params" in example:
        return len(example["body_text_named_params"])
    return len(example.get("body_text", [[]])[0])


def _format(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A header of another kind than the template's."""
    header = part(template.get("components", []), "HEADER")
    wanted = (part(definition["components"], "HEADER") or {}).get("format", "TEXT")
    if header is None or wanted == "TEXT":
        return None
    header["parameters"] = [{"type": "text", "text": "a text"}]
    details = f"header: Format mismatch, expected {wanted}, received TEXT"
    return f"the header is a text instead of {wanted}", meta_error(132012, details)


def _absent(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A name that no template has."""
    name, language = definition["name"][:500] + "_x", template["language"]["code"]
    template["name"] = name
    return f"there is no template {name}", meta_error(132001, f"template name ({name}) does not exist in {language}")


def _other_language(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A language that this template does not have."""
    template["language"] = {"code": "fil"}
    details = f"template name ({definition['name']}) does not exist in fil"
    return "the template is not there in fil", meta_error(132001, details)


def _misnamed(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A named variable that gets no value, because the value has another name."""
    body = part(template.get("components", []), "BODY")
    if definition.get("parameter_format") != "NAMED" or body is None:
        return None
    name = body["parameters"][-1]["parameter_name"]
    body["parameters"][-1]["parameter_name"] = "another_one"
    details = f"Parameter name is missing for the parameter '{{{{{name}}}}}'"
    return f"no value is named {name}", meta_error(100, details, message="Invalid parameter")


def _pressless(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A button that needs a value and gets none."""
    spelt = {"URL": "Url", "COPY_CODE": "copy_code"}
    for component in template.get("components", []):
        kind = component.get("sub_type", "").upper()
        if component["type"] != "button" or kind not in spelt:
            continue
        template["components"] = [one for one in template["components"] if one is not component]
        index = component["index"]
        need = "a non-empty parameter coupon_code" if kind == "COPY_CODE" else "a parameter"
        details = f"buttons: Button at index {index} of type {spelt[kind]} requires {need}"
        return f"button {index} gets no value", meta_error(131008, details)
    return None


def _pressed(template: Json, *kinds: str) -> Json | None:
    """The first button of some kinds that a send says something of."""
    buttons = [one for one in template.get("components", []) if one["type"] == "button"]
    return next((one for one in buttons if one["sub_type"] in kinds), None)


def _line_break(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A value of two lines."""
    body = part(template.get("components", []), "BODY")
    texts = [one for one in body["parameters"] if one["type"] == "text"] if body else []
    if not texts or definition["category"] == "AUTHENTICATION":
        return None
    texts[-1]["text"] = draw(st.sampled_from(["two\nlines", "a\ttab", "long     gap"]))
    details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
    return f"a value of the body is {texts[-1]['text']!r}", meta_error(132018, details)


def _long_header(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A value that makes the header longer than 60 characters."""
    header = part(template.get("components", []), "HEADER")
    if header is None or header["parameters"][0]["type"] != "text":
        return None
    header["parameters"][0]["text"] = "x" * 61
    return "the header has more than 60 characters", meta_error(132005, "Translated text is too long")


def _picture_in_body(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A picture among the values of the body."""
    body = part(template.get("components", []), "BODY")
    if body is None:
        return None
    body["parameters"].append({"type": "image", "image": {"link": "https://example.com/a"}})
    return "the body gets a picture", meta_error(132012, "body: Format mismatch, expected TEXT, received IMAGE")


def _nameless(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A value without a name where variables have names."""
    body = part(template.get("components", []), "BODY")
    if definition.get("parameter_format") != "NAMED" or body is None:
        return None
    del body["parameters"][0]["parameter_name"]
    error = meta_error(100, "Parameter name is missing or empty", message="Invalid parameter")
    return "a value has no parameter_name", error


def _addressless(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A place without an address."""
    header = part(template.get("components", []), "HEADER")
    if header is None or header["parameters"][0]["type"] != "location":
        return None
    del header["parameters"][0]["location"]["address"]
    details = "Parameter 'address' is mandatory for component parameter type 'location'"
    return "the location has no address", meta_error(100, details, message="Invalid parameter")


def _endless_offer(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """An offer that expires, nobody says when."""
    components = template.get("components", [])
    offer = part(components, "LIMITED_TIME_OFFER")
    if offer is None:
        return None
    components.remove(offer)
    details = "limited_time_offer: expiration_time_ms is required"
    return "nobody says when the offer expires", meta_error(131008, details)


def _other_sub_type(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A value for a button of another kind."""
    button = _pressed(template, "quick_reply", "copy_code", "mpm", "catalog", "voice_call", "flow")
    if button is None or definition["category"] == "AUTHENTICATION":
        return None
    kinds = {"copy_code": "copy_code", "mpm": "Mpm", "quick_reply": "QuickReply", "voice_call": "VoiceCall"}
    kind = button["sub_type"]
    button["sub_type"] = "url"
    details = f"buttons: Button at index {button['index']} must be of type {kinds.get(kind, kind.capitalize())}"
    return f"button {button['index']} is taken for one with an address", meta_error(132018, details)


def _no_such_button(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A value for a button that the template does not have."""
    button = {"type": "button", "sub_type": "quick_reply", "index": 9}
    buttons = (part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    if len(buttons) > 9 or definition["category"] == "AUTHENTICATION" or part(definition["components"], "CAROUSEL"):
        return None
    template.setdefault("components", []).append(button | {"parameters": [{"type": "payload", "payload": "x"}]})
    return "there is no button 9", meta_error(132018, "buttons: Button at index 9 does not exist in the template")


def _long_code(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A code that is not made of letters and digits."""
    button = _pressed(template, "copy_code")
    if button is None:
        return None
    button["parameters"][0]["coupon_code"] = "10 % off"
    limit = 15 if part(definition["components"], "LIMITED_TIME_OFFER") else 20
    details = f"buttons: Button at index {button['index']}: coupon_code must be alphanumeric, up to {limit} characters"
    return "the coupon code is '10 % off'", meta_error(132018, details)


def _card_lost(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A card too few."""
    carousel = part(template.get("components", []), "CAROUSEL")
    cards = (part(definition["components"], "CAROUSEL") or {"cards": []})["cards"]
    if carousel is None or cards[0]["components"][0]["format"] == "PRODUCT":
        return None
    carousel["cards"].pop()
    given = len(carousel["cards"])
    details = f"carousel: number of cards ({given}) does not match the expected number of cards ({given + 1})"
    return "a card is missing", meta_error(132018, details)


def _cardless_header(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A card without its header."""
    carousel = part(template.get("components", []), "CAROUSEL")
    if carousel is None:
        return None
    card = carousel["cards"][0]
    header = card["components"].pop(0)
    kind = header["parameters"][0]["type"].upper()
    details = f"Parameter value for {kind} was expected but was not found"
    return "a card has no header", meta_error(100, details, message="Invalid parameter")


def _two_values(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """Two values for a button that takes one."""
    button = _pressed(template, "copy_code", "quick_reply", "catalog", "mpm")
    if button is None:
        return None
    button["parameters"].append(dict(button["parameters"][0]))
    details = "buttons: number of localizable_params (2) does not match the expected number of params (1)"
    error = meta_error(132000, details, component="buttons", given="2", expected="1")
    return f"button {button['index']} gets two values", error


_SEND_SLIPS: tuple[Callable[[Json, Json, DrawFn], Slip | None], ...] = (
    _count,
    _absent,
    _other_language,
    _format,
    _misnamed,
    _pressless,
    _line_break,
    _long_header,
    _picture_in_body,
    _nameless,
    _addressless,
    _endless_offer,
    _other_sub_type,
    _no_such_button,
    _long_code,
    _card_lost,
    _cardless_header,
    _two_values,
)
_USUAL = (_count, _absent, _other_language)


def broken_template_sends(
    kinds: Collection[str] | str | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    handles: Mapping[str, str] | None = None,
) -> SearchStrategy[Broken]:
    """A send of a template (in `needs`, to be created and approved first) with exactly one thing wrong.

    A wrong number of values (132000) or of cards (132018), a header of another kind (132012), a name or a language
    that is not there (132001), a value with a wrong name or none (100), with a line break or for another button
    (132018), too long for the header (132005), a button or an offer without its value (131008), or any break of the
    contract. `kinds` are some of TEMPLATE_KINDS.
    """
    return _broken_sends(templates_with_sends(kinds, to=to, handles=handles))


@st.composite
def _broken_sends(draw: DrawFn, pairs: SearchStrategy[tuple[Json, Json]]) -> Broken:
    first = draw(st.integers(0, len(_SEND_SLIPS) + _PLAIN - 1))
    definition, request = draw(pairs)
    if first >= len(_SEND_SLIPS):
        # Where the contract only adds to the rules of templates, these have the first word.
        ways = [way for way in breakages("requests/messages/template", request) if way.keyword != "minLength"]
        return replace(draw(one_broken(request, ways)), needs=(definition,))
    made = slipped(
        first, _SEND_SLIPS, _USUAL, lambda slip, changed: slip(definition, changed["template"], draw), request
    )
    return Broken(made[0], made[2], made[1], "template", (definition,))


_PLAIN = 9
"""How often a send breaks the contract instead, in comparison with the slips."""
