"""Definitions of templates with exactly one thing wrong, and the answer that Meta would give."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.errors import Broken, meta_error
from pytest_localwaba.strategies.slips import Slip, part, slipped
from pytest_localwaba.strategies.templates import templates

Json = dict[str, Any]


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
    body = part(definition["components"], "BODY")
    if body is None or "body_text" not in body.get("example", {}):
        return None
    return body


def _gap(definition: Json, draw: DrawFn) -> Slip | None:
    """Three line breaks in a row."""
    body = part(definition["components"], "BODY")
    if body is None or "text" not in body or len(body["text"]) > 140:
        return None
    body["text"] = f"before\n\n\n{body['text']}"
    return "the body has a gap of empty lines", meta_error(100, subcode=2388072)


def _unexplained(definition: Json, draw: DrawFn) -> Slip | None:
    """Variables without examples."""
    body = part(definition["components"], "BODY")
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
    footer = part(definition["components"], "FOOTER")
    if footer is None or "text" not in footer:
        return None
    footer["text"] = "x" * 61
    return "the footer has 61 characters", meta_error(100, subcode=2388040, field="footer", limit="60")


def _long_label(definition: Json, draw: DrawFn) -> Slip | None:
    """A button of 26 characters."""
    buttons = (part(definition["components"], "BUTTONS") or {}).get("buttons", [])
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
    buttons = (part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    button = next((one for one in buttons if one["type"] == "URL"), None)
    if button is None:
        return None
    button["url"] = "https://wa.me/15551234567"
    button.pop("example", None)
    return "a button leads to WhatsApp", meta_error(100, subcode=2388081)


def _sample_name(definition: Json, draw: DrawFn) -> Slip | None:
    """The name of Meta's own sample."""
    definition["name"] = "hello_world"
    return "the name is Meta's", meta_error(100, subcode=2388155)


def _tongue(definition: Json, draw: DrawFn) -> Slip | None:
    """A category that there is not."""
    definition["category"] = "ALERT"
    said = 'Param category must be one of {UTILITY, MARKETING, AUTHENTICATION} - got "ALERT".'
    return "the category is 'ALERT'", meta_error(100, message=said)


def _no_sample(definition: Json, draw: DrawFn) -> Slip | None:
    """A header with media and no sample of it."""
    header = part(definition["components"], "HEADER")
    if header is None or "example" not in header or header["format"] == "TEXT":
        return None
    del header["example"]
    kind = header["format"]
    return f"there is no sample of the {kind}", meta_error(100, subcode=2388273, component=kind, format=kind)


def _foreign_sample(definition: Json, draw: DrawFn) -> Slip | None:
    """A sample that was never uploaded."""
    header = part(definition["components"], "HEADER")
    if header is None or "example" not in header or header["format"] == "TEXT":
        return None
    header["example"]["header_handle"] = ["4::aW1hZ2UvanBlZw==:ARnobody"]
    return "the sample was never uploaded", meta_error(131009, subcode=2494102)


def _header_text(definition: Json) -> Json | None:
    header = part(definition["components"], "HEADER")
    return header if header is not None and header["format"] == "TEXT" else None


def _long_heading(definition: Json, draw: DrawFn) -> Slip | None:
    """A header of 61 characters."""
    header = _header_text(definition)
    if header is None or "example" in header:
        return None
    header["text"] = "x" * 61
    return "the header has 61 characters", meta_error(100, subcode=2388040, field="header", limit="60")


def _loud_heading(definition: Json, draw: DrawFn) -> Slip | None:
    """A header with an emoji, or a word in bold."""
    header = _header_text(definition)
    if header is None:
        return None
    header["text"] = f"{draw(st.sampled_from(['*so*', '🎉', '_now_']))} {header['text']}"[:60]
    return f"the header is {header['text']!r}", meta_error(100, subcode=2388047)


def _variable_footer(definition: Json, draw: DrawFn) -> Slip | None:
    """A footer with a variable."""
    footer = part(definition["components"], "FOOTER")
    if footer is None or "text" not in footer:
        return None
    footer["text"] = "Bye {{1}} now"
    return "the footer has a variable", meta_error(100, subcode=2388073)


def _labelled(definition: Json) -> Json | None:
    buttons = (part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    return next((one for one in buttons if "text" in one), None)


def _happy_label(definition: Json, draw: DrawFn) -> Slip | None:
    """A button with an emoji."""
    button = _labelled(definition)
    if button is None:
        return None
    button["text"] = "Yes 🎉"
    return "a button has an emoji", meta_error(100, subcode=2388060)


def _labelless(definition: Json, draw: DrawFn) -> Slip | None:
    """A button that says nothing."""
    button = _labelled(definition)
    if button is None or button["type"] in ("OTP", "REQUEST_CONTACT_INFO", "ORDER_DETAILS"):
        return None
    del button["text"]
    return "a button has no text", meta_error(100, subcode=2388043, component="BUTTONS", fields="text")


def _many_buttons(definition: Json, draw: DrawFn) -> Slip | None:
    """Three buttons with addresses."""
    components = definition["components"]
    found = part(components, "BUTTONS")
    special = definition["category"] == "AUTHENTICATION" or part(components, "LIMITED_TIME_OFFER")
    if found is None or special or (part(components, "HEADER") or {}).get("format") == "PRODUCT":
        return None
    link: Json = {"type": "URL", "text": "Open", "url": "https://example.com"}
    found["buttons"] = [dict(link) for _ in range(3)]
    return "three buttons have addresses", meta_error(100, variant="button_combination")


def _no_phone(definition: Json, draw: DrawFn) -> Slip | None:
    """A button that calls what is no number."""
    buttons = (part(definition["components"], "BUTTONS") or {}).get("buttons", [])
    for place, button in enumerate(buttons):
        if button["type"] == "PHONE_NUMBER":
            button["phone_number"] = "call me"
            where = definition["components"].index(part(definition["components"], "BUTTONS"))
            said = f"Param components[{where}]['buttons'][{place}]['phone_number'] is not a valid phone number."
            return "a button calls 'call me'", meta_error(192, message=said)
    return None


def _utility_offer(definition: Json, draw: DrawFn) -> Slip | None:
    """An offer or a carousel that is to be of use."""
    components = definition["components"]
    kind = next((one for one in ("LIMITED_TIME_OFFER", "CAROUSEL") if part(components, one)), None)
    if kind is None:
        return None
    definition["category"] = "UTILITY"
    said = f"Invalid parameter: invalid combination, {kind} in category UTILITY"
    return f"a {kind} is of category UTILITY", meta_error(100, message=said)


def _lonely_card(definition: Json, draw: DrawFn) -> Slip | None:
    """A carousel of one card."""
    carousel = part(definition["components"], "CAROUSEL")
    if carousel is None:
        return None
    del carousel["cards"][1:]
    said = "Param components must have between 2 and 10 elements."
    return "the carousel has one card", meta_error(100, message=said)


def _secret_terms(definition: Json, draw: DrawFn) -> Slip | None:
    """Zero-tap without its terms."""
    if definition["category"] != "AUTHENTICATION":
        return None
    button = part(definition["components"], "BUTTONS")["buttons"][0]  # type: ignore[index]
    if button["otp_type"] != "ZERO_TAP":
        return None
    button["zero_tap_terms_accepted"] = False
    said = "Param components must accept the zero-tap terms: zero_tap_terms_accepted is false."
    return "the terms of zero-tap are not accepted", meta_error(100, message=said)


def _own_words(definition: Json, draw: DrawFn) -> Slip | None:
    """A one-time password in words of one's own."""
    if definition["category"] != "AUTHENTICATION":
        return None
    definition["components"][0]["text"] = "Your code is {{1}}."
    return "an OTP has words of its own", meta_error(100, subcode=2388042, component="BODY", fields="text")


def _two_bodies(definition: Json, draw: DrawFn) -> Slip | None:
    """The first component twice."""
    definition["components"].append(copy.deepcopy(definition["components"][0]))
    return f"there are two components of type {definition['components'][0]['type']}", meta_error(100)


def _unknown_key(definition: Json, draw: DrawFn) -> Slip | None:
    """A member that no component has."""
    definition["components"][-1]["colour"] = "red"
    where = f"components[{len(definition['components']) - 1}]"
    return "a component has a colour", meta_error(100, message=f'Unexpected key "colour" on param "{where}".')


def _other_example(definition: Json, draw: DrawFn) -> Slip | None:
    """An example too many."""
    body = _positional(definition)
    if body is None:
        return None
    body["example"]["body_text"][0].append("more")
    return "the body has an example too many", meta_error(100, subcode=2388043, component="BODY", fields="example")


def _nameless(definition: Json, draw: DrawFn) -> Slip | None:
    """No name."""
    del definition["name"]
    return "there is no name", meta_error(100, message="The parameter name is required.")


def _short_life(definition: Json, draw: DrawFn) -> Slip | None:
    """A time to live that is too short for the category."""
    least = 43_200 if definition["category"] == "MARKETING" else 30
    definition["message_send_ttl_seconds"] = 10
    said = f"The time to live value must be higher than or equal to {least}"
    return "messages live for ten seconds", meta_error(100, message=said)


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
    _sample_name,
    _tongue,
    _no_sample,
    _foreign_sample,
    _long_heading,
    _loud_heading,
    _variable_footer,
    _happy_label,
    _labelless,
    _many_buttons,
    _no_phone,
    _utility_offer,
    _lonely_card,
    _secret_terms,
    _own_words,
    _two_bodies,
    _unknown_key,
    _other_example,
    _nameless,
    _short_life,
)
_USUAL = (_bad_name, _sample_name, _tongue, _two_bodies, _unknown_key, _nameless, _short_life)


def broken_templates(
    kinds: Collection[str] | str | None = None, *, handles: Mapping[str, str] | None = None
) -> SearchStrategy[Broken]:
    """A definition with exactly one thing wrong: its name, its wording, its examples, its parts, its buttons.

    `Broken.request` is the body of `POST /{waba_id}/message_templates`; the error has Meta's subcode and user texts.
    """
    return _broken(templates(kinds, handles=handles))


@st.composite
def _broken(draw: DrawFn, definitions: SearchStrategy[Json]) -> Broken:
    first = draw(st.integers(0, len(_SLIPS) - 1))
    definition = draw(definitions)
    made = slipped(first, _SLIPS, _USUAL, lambda slip, changed: slip(changed, draw), definition)
    return Broken(made[0], made[2], made[1], "components")
