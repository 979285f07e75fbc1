"""Templates, and sends of templates, with exactly one thing wrong, and the answer that Meta would give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.breaking import KEYWORDS, breakages
from pytest_localwaba.strategies.broken import broken
from pytest_localwaba.strategies.errors import Broken, MetaError, meta_error
from pytest_localwaba.strategies.templates import KINDS, template_sends, templates

Json = dict[str, Any]
Slip = tuple[str, MetaError]
"""What was done to a value, and the answer to it."""


def _part(components: list[Json], kind: str) -> Json | None:
    return next((one for one in components if one["type"].upper() == kind), None)


# sends


def _count(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """One value too many or too few in the body."""
    expected = _expected(definition)
    components = template.setdefault("components", [])
    body: Json | None = _part(components, "BODY")
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
    example = (_part(definition["components"], "BODY") or {}).get("example", {})
    if "body_text_named_params" in example:
        return len(example["body_text_named_params"])
    return len(example.get("body_text", [[]])[0])


def _format(definition: Json, template: Json, draw: DrawFn) -> Slip | None:
    """A header of another kind than the template's."""
    header = _part(template.get("components", []), "HEADER")
    wanted = (_part(definition["components"], "HEADER") or {}).get("format", "TEXT")
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
    body = _part(template.get("components", []), "BODY")
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


_SEND_SLIPS: tuple[Callable[[Json, Json, DrawFn], Slip | None], ...] = (
    _count,
    _absent,
    _other_language,
    _format,
    _misnamed,
    _pressless,
)


@st.composite
def broken_template_sends(
    draw: DrawFn,
    kinds: Collection[str] | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    handles: Mapping[str, str] | None = None,
) -> Broken:
    """A send of a template (in `needs`, to be created and approved first) with exactly one thing wrong.

    A wrong number of values (132000), a header of another kind (132012), a name or a language that is not there
    (132001), a value with a wrong name (100), a button without its value (131008), or any break of the contract.
    """
    definition = draw(templates(kinds, handles=handles))
    request = draw(template_sends(definition, to=to))
    if draw(st.integers(0, 2)) == 2:
        ways = [way for way in breakages("requests/messages/template", request) if _is_plain(way.path, way.keyword)]
        keyword = draw(st.sampled_from(sorted({way.keyword for way in ways}, key=KEYWORDS.index)))
        made = broken(request, draw(st.sampled_from([way for way in ways if way.keyword == keyword])))
        return Broken(made.request, made.error, made.what, made.path, (definition,))
    first = draw(st.integers(0, len(_SEND_SLIPS) - 1))
    for slip in (*_SEND_SLIPS[first:], *_SEND_SLIPS[:first]):
        changed = copy.deepcopy(request)
        found = slip(definition, changed["template"], draw)
        if found is not None:
            return Broken(changed, found[1], found[0], "template", (definition,))
    raise AssertionError("a name can always be broken")


def _is_plain(path: tuple[str | int, ...], keyword: str) -> bool:
    """Whether the contract has the first word: where it only adds to the rules of templates, they do."""
    return keyword != "minLength"


# definitions


def _bad_name(definition: Json, draw: DrawFn) -> Slip | None:
    """A name with capitals."""
    definition["name"] = definition["name"].upper()
    return f"the name is {definition['name']!r}", meta_error(100, subcode=2388046)


def _edge(definition: Json, draw: DrawFn) -> Slip | None:
    """A body that ends with a variable."""
    body = _positional(definition)
    if body is None:
        return None
    count = len(body["example"]["body_text"][0]) + 1
    body["text"] = f"{body['text']} well then {{{{{count}}}}}"
    body["example"]["body_text"][0].append("more")
    return "the body ends with a variable", meta_error(100, subcode=2388299)


def _ratio(definition: Json, draw: DrawFn) -> Slip | None:
    """A body with too few words for its variables."""
    body = _positional(definition)
    if body is None:
        return None
    body["text"] = "a {{1}} {{2}} {{3}}, b"
    body["example"] = {"body_text": [["one", "two", "three"]]}
    return "the body has too few words for its variables", meta_error(100, subcode=2388293)


def _positional(definition: Json) -> Json | None:
    body = _part(definition["components"], "BODY")
    if body is None or "body_text" not in body.get("example", {}):
        return None
    return body


def _gap(definition: Json, draw: DrawFn) -> Slip | None:
    """Three line breaks in a row."""
    body = _part(definition["components"], "BODY")
    if body is None or "text" not in body or len(body["text"]) > 140:
        return None
    body["text"] = f"before\n\n\n{body['text']}"
    return "the body has a gap of empty lines", meta_error(100, subcode=2388072)


def _unexplained(definition: Json, draw: DrawFn) -> Slip | None:
    """Variables without examples."""
    body = _part(definition["components"], "BODY")
    if body is None or "example" not in body:
        return None
    del body["example"]
    return "the body has no example", meta_error(100, subcode=2388043, component="BODY", fields="example")


def _bodiless(definition: Json, draw: DrawFn) -> Slip | None:
    """No body."""
    if definition["category"] == "AUTHENTICATION":
        return None
    definition["components"] = [one for one in definition["components"] if one["type"] != "BODY"]
    return "there is no body", meta_error(100, subcode=2388043, component="BODY", fields="text")


def _long_footer(definition: Json, draw: DrawFn) -> Slip | None:
    """A footer of 61 characters."""
    footer = _part(definition["components"], "FOOTER")
    if footer is None or "text" not in footer:
        return None
    footer["text"] = "x" * 61
    return "the footer has 61 characters", meta_error(100, subcode=2388040, field="footer", limit="60")


def _long_label(definition: Json, draw: DrawFn) -> Slip | None:
    """A button of 26 characters."""
    buttons = (_part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    labelled = [one for one in buttons if "text" in one]
    if not labelled:
        return None
    labelled[-1]["text"] = "x" * 26
    return "a button has 26 characters", meta_error(100, subcode=2388040, field="button text", limit="25")


def _no_code(definition: Json, draw: DrawFn) -> Slip | None:
    """A template for one-time passwords without its button."""
    if definition["category"] != "AUTHENTICATION":
        return None
    definition["components"] = [one for one in definition["components"] if one["type"] != "BUTTONS"]
    return "there is no OTP button", meta_error(100, subcode=2388148)


def _whatsapp_link(definition: Json, draw: DrawFn) -> Slip | None:
    """A button that leads to WhatsApp."""
    buttons = (_part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    button = next((one for one in buttons if one["type"] == "URL"), None)
    if button is None:
        return None
    button["url"] = "https://wa.me/15551234567"
    button.pop("example", None)
    return "a button leads to WhatsApp", meta_error(100, subcode=2388081)


_SLIPS: tuple[Callable[[Json, DrawFn], Slip | None], ...] = (
    _bad_name,
    _bodiless,
    _unexplained,
    _edge,
    _ratio,
    _gap,
    _long_footer,
    _long_label,
    _no_code,
    _whatsapp_link,
)


@st.composite
def broken_templates(
    draw: DrawFn, kinds: Collection[str] | None = None, *, handles: Mapping[str, str] | None = None
) -> Broken:
    """A definition with exactly one thing wrong: its name, its wording, its examples, its buttons.

    `Broken.request` is the body of `POST /{waba_id}/message_templates`; the error has Meta's subcode and user texts.
    """
    definition = draw(templates(KINDS if kinds is None else kinds, handles=handles))
    first = draw(st.integers(0, len(_SLIPS) - 1))
    for slip in (*_SLIPS[first:], *_SLIPS[:first]):
        changed = copy.deepcopy(definition)
        found = slip(changed, draw)
        if found is not None:
            return Broken(changed, found[1], found[0], "components")
    raise AssertionError("a name can always be broken")
