"""Templates: valid definitions of every kind, and the sends that fill them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.people import phone_numbers
from pytest_localwaba.strategies.sends import envelope
from pytest_localwaba.strategies.words import identifiers, labels, links, texts, words

Json = dict[str, Any]

SAMPLE_HANDLE = "4::aW1hZ2UvanBlZw==:ARZsample"
"""Looks like what an upload gives. Where a running emulator judges the template, give it a handle of its own."""
LANGUAGES = ("en_US", "pt_BR", "es", "de", "ar", "hi", "zh_CN")
KINDS = ("text", "named", "media", "buttons", "code", "offer", "carousel", "location", "call_permission")
"""Kinds of templates: variables by number and by name, a header with media, buttons of all sorts, one-time passwords,
limited-time offers, carousels, a header with a place, a request to be allowed to call."""

_LABEL = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH 0123456789", min_size=1, max_size=20).filter(str.strip)
_NAME = identifiers(30).filter(lambda name: name != "hello_world")
_VARIABLE = identifiers(9)
_SUFFIX = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
_CODE = st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=15)
_APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}
_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")


@cache
def values() -> SearchStrategy[str]:
    """What a variable can be filled with: one line, no tabs, no long gaps."""
    return labels(20).filter(lambda text: bool(text.strip()) and "     " not in text)


@st.composite
def _wording(draw: DrawFn, names: list[str]) -> str:
    """A text with these variables and enough words around them: two after each, one before the first."""
    parts = [draw(words())]
    for name in names:
        parts += [f"{{{{{name}}}}}", draw(words()), draw(words())]
    return " ".join(parts)


@st.composite
def _text_part(draw: DrawFn, kind: str, most: int, *, named: bool, longest: int = 0) -> Json:
    """A header or a body with its variables and their examples."""
    stem = "header_text" if kind == "HEADER" else "body_text"
    if named:
        names = draw(st.lists(_VARIABLE, max_size=most, unique=True))
    else:
        names = [str(n + 1) for n in range(draw(st.integers(0, most)))]
    part: Json = {"type": kind, "text": draw(_wording(names))}
    if longest and not names and draw(st.booleans()):
        part["text"] = "x" * longest
    if names:
        examples = [draw(words()) for _ in names]
        if named:
            pairs = [{"param_name": name, "example": one} for name, one in zip(names, examples, strict=True)]
            part["example"] = {f"{stem}_named_params": pairs}
        else:
            part["example"] = {stem: [examples] if kind == "BODY" else examples}
    return part


@cache
def _footer() -> SearchStrategy[Json]:
    return st.builds(lambda text: {"type": "FOOTER", "text": text}, _LABEL)


@st.composite
def _url_button(draw: DrawFn) -> Json:
    button: Json = {"type": "URL", "text": draw(_LABEL), "url": draw(links())}
    if draw(st.booleans()):
        button |= {"url": button["url"] + "/{{1}}", "example": [f"{button['url']}/{draw(_SUFFIX)}"]}
    return button


@st.composite
def _buttons(draw: DrawFn) -> list[Json]:
    quick = [{"type": "QUICK_REPLY", "text": draw(_LABEL)} for _ in range(draw(st.integers(0, 3)))]
    others = [draw(_url_button()) for _ in range(draw(st.integers(0, 2)))]
    if draw(st.booleans()):
        others.append({"type": "PHONE_NUMBER", "text": draw(_LABEL), "phone_number": "+" + draw(phone_numbers("US"))})
    if draw(st.booleans()):
        others.append({"type": "COPY_CODE", "example": [draw(_CODE)]})
    first = draw(st.booleans())
    found = quick + others if first else others + quick
    return found or [{"type": "QUICK_REPLY", "text": draw(_LABEL)}]


def _media_header(kinds: Collection[str], handles: Mapping[str, str]) -> SearchStrategy[Json]:
    return st.sampled_from(tuple(kinds)).map(
        lambda kind: {
            "type": "HEADER",
            "format": kind,
            "example": {"header_handle": [handles.get(kind, SAMPLE_HANDLE)]},
        }
    )


@st.composite
def _code(draw: DrawFn) -> list[Json]:
    kind = draw(st.sampled_from(["COPY_CODE", "ONE_TAP", "ZERO_TAP"]))
    button: Json = {"type": "OTP", "otp_type": kind}
    if kind != "COPY_CODE":
        button |= {"autofill_text": draw(_LABEL), "supported_apps": [dict(_APP)]}
    if kind == "ZERO_TAP":
        button["zero_tap_terms_accepted"] = True
    found: list[Json] = [{"type": "BODY", "add_security_recommendation": draw(st.booleans())}]
    if draw(st.booleans()):
        found.append({"type": "FOOTER", "code_expiration_minutes": draw(st.integers(1, 90))})
    return [*found, {"type": "BUTTONS", "buttons": [button]}]


@st.composite
def _carousel(draw: DrawFn, handles: Mapping[str, str]) -> list[Json]:
    header = draw(_media_header(("IMAGE", "VIDEO"), handles))
    quick, link = draw(st.booleans()), draw(st.booleans())
    cards: list[Json] = []
    for _ in range(draw(st.integers(2, 4))):
        buttons = [{"type": "QUICK_REPLY", "text": draw(_LABEL)}] if quick or not link else []
        buttons += [draw(_url_button())] if link else []
        body = draw(_text_part("BODY", 2, named=False))
        cards.append({"components": [header, body, {"type": "BUTTONS", "buttons": buttons}]})
    return [draw(_text_part("BODY", 2, named=False)), {"type": "CAROUSEL", "cards": cards}]


@st.composite
def _offer(draw: DrawFn, handles: Mapping[str, str]) -> list[Json]:
    offer: Json = {"text": draw(st.text("abcdefgh !", min_size=1, max_size=16).filter(str.strip))}
    if draw(st.booleans()):
        offer["has_expiration"] = draw(st.booleans())
    found = [draw(_media_header(("IMAGE", "VIDEO"), handles))] if draw(st.booleans()) else []
    found += [{"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer}, draw(_text_part("BODY", 3, named=False))]
    buttons = [{"type": "COPY_CODE", "example": [draw(_CODE)]}, draw(_url_button())]
    return [*found, {"type": "BUTTONS", "buttons": buttons}]


@st.composite
def _plain(draw: DrawFn, kind: str, handles: Mapping[str, str]) -> list[Json]:
    named = kind == "named"
    found: list[Json] = []
    if kind == "media":
        found.append(draw(_media_header(_FORMATS, handles)))
    elif kind == "location":
        found.append({"type": "HEADER", "format": "LOCATION"})
    elif draw(st.booleans()):
        header = draw(_text_part("HEADER", 1, named=named)) | {"format": "TEXT"}
        found += [header] if len(header["text"]) <= 60 else []
    found.append(draw(_text_part("BODY", 4, named=named, longest=1024)))
    if draw(st.booleans()):
        found.append(draw(_footer()))
    if kind == "buttons":
        found.append({"type": "BUTTONS", "buttons": draw(_buttons())})
    if kind == "call_permission":
        found.append({"type": "CALL_PERMISSION_REQUEST"})
    return found


def _components(kind: str, handles: Mapping[str, str]) -> SearchStrategy[list[Json]]:
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        return st.builds(lambda: [{"type": "BODY", "text": "Hello"}])
    if kind == "code":
        return _code()
    if kind == "offer":
        return _offer(handles)
    return _carousel(handles) if kind == "carousel" else _plain(kind, handles)


@st.composite
def templates(draw: DrawFn, kinds: Collection[str] | None = None, *, handles: Mapping[str, str] | None = None) -> Json:
    """A valid definition for `POST /{waba_id}/message_templates`: `{"name", "language", "category", "components"}`.

    `kinds` are some of KINDS. `handles` maps IMAGE, VIDEO, DOCUMENT to handles of uploaded samples; without one a
    SAMPLE_HANDLE stands there. ValueError for a kind that there is not.
    """
    wanted = KINDS if kinds is None else tuple(kinds)
    unknown = set(wanted) - set(KINDS)
    if unknown:
        raise ValueError(f"templates makes no {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    kind = draw(st.sampled_from(("plain", *wanted) if "text" in wanted else wanted))
    given = handles or {}
    components = draw(_components(kind, given))
    category = {"code": "AUTHENTICATION", "offer": "MARKETING", "carousel": "MARKETING"}.get(kind)
    found: Json = {
        "name": draw(_NAME),
        "language": draw(st.sampled_from(LANGUAGES)),
        "category": category or draw(st.sampled_from(["UTILITY", "MARKETING"])),
        "components": components,
    }
    if kind == "named":
        found["parameter_format"] = "NAMED"
    return found


@st.composite
def template_sends(draw: DrawFn, definition: Json, *, to: SearchStrategy[str] | str | None = None) -> Json:
    """A valid send of a template: the request with a value for everything in the definition that takes one."""
    components: list[Json] = []
    named = definition.get("parameter_format") == "NAMED"
    if definition["category"] == "AUTHENTICATION":
        code = {"type": "text", "text": draw(_CODE)}
        components.append({"type": "body", "parameters": [code]})
        components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": [code]})
    else:
        components = draw(_filled(definition["components"], named))
    template: Json = {"name": definition["name"], "language": {"code": definition["language"]}}
    empty = False if components else draw(st.booleans())
    if components or empty:
        template["components"] = components
    return envelope(draw, to) | {"type": "template", "template": template}


@st.composite
def _filled(draw: DrawFn, components: list[Json], named: bool) -> list[Json]:
    found: list[Json] = []
    for part in components:
        kind = part["type"]
        if kind in ("HEADER", "BODY"):
            parameters = draw(_parameters(part, named))
            found += [{"type": kind.lower(), "parameters": parameters}] if parameters else []
        elif kind == "BUTTONS":
            found += draw(_pressed(part["buttons"]))
        elif kind == "CAROUSEL":
            cards = [
                {"card_index": place, "components": draw(_filled(card["components"], named))}
                for place, card in enumerate(part["cards"])
            ]
            found.append({"type": "carousel", "cards": cards})
        elif kind == "LIMITED_TIME_OFFER" and part["limited_time_offer"].get("has_expiration"):
            ends = {"expiration_time_ms": draw(st.integers(1_800_000_000_000, 1_900_000_000_000))}
            found.append(
                {
                    "type": "limited_time_offer",
                    "parameters": [{"type": "limited_time_offer", "limited_time_offer": ends}],
                }
            )
    return found


@st.composite
def _parameters(draw: DrawFn, part: Json, named: bool) -> list[Json]:
    form = part.get("format", "TEXT")
    if form == "LOCATION":
        place = {"latitude": 51.5, "longitude": -0.12, "name": draw(texts(30)), "address": draw(texts(30))}
        return [{"type": "location", "location": place}]
    if form != "TEXT":
        return [{"type": form.lower(), form.lower(): {"link": draw(links())}}]
    example = part.get("example", {})
    if named:
        pairs: list[Json] = next((rows for key, rows in example.items() if key.endswith("_named_params")), [])
        return [{"type": "text", "parameter_name": one["param_name"], "text": draw(values())} for one in pairs]
    rows: list[Any] = next(iter(example.values()), [])
    count = len(rows[0]) if rows and isinstance(rows[0], list) else len(rows)
    return [{"type": "text", "text": draw(values())} for _ in range(count)]


@st.composite
def _pressed(draw: DrawFn, buttons: list[Json]) -> list[Json]:
    """What a send says of the buttons that need a value, and of some that do not."""
    found: list[Json] = []
    for place, button in enumerate(buttons):
        kind, parameter = button["type"], None
        if kind == "URL" and "{{" in button["url"]:
            parameter = {"type": "text", "text": draw(_SUFFIX)}
        elif kind == "COPY_CODE":
            parameter = {"type": "coupon_code", "coupon_code": draw(_CODE)}
        elif kind == "QUICK_REPLY" and draw(st.booleans()):
            parameter = {"type": "payload", "payload": draw(labels(100))}
        if parameter is not None:
            index: Any = draw(st.sampled_from([str(place), place]))
            found.append({"type": "button", "sub_type": kind.lower(), "index": index, "parameters": [parameter]})
    return found


@st.composite
def templates_with_sends(
    draw: DrawFn,
    kinds: Collection[str] | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    handles: Mapping[str, str] | None = None,
) -> tuple[Json, Json]:
    """A definition and a valid send of it: create the one, have it approved, and the other is taken."""
    definition = draw(templates(kinds, handles=handles))
    return definition, draw(template_sends(definition, to=to))
