"""Templates: valid definitions of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pytest_localwaba.strategies.people import phone_numbers
from pytest_localwaba.strategies.words import chosen, identifiers, links, words

Json = dict[str, Any]

SAMPLE_HANDLE = "4::aW1hZ2UvanBlZw==:ARZsample"
"""Looks like what an upload gives. Where a running emulator judges the template, give it a handle of its own."""
LANGUAGES = ("en_US", "pt_BR", "es", "de", "ar", "hi", "zh_CN")
KINDS = (
    "text",
    "named",
    "media",
    "buttons",
    "code",
    "offer",
    "carousel",
    "location",
    "call_permission",
    "catalog",
    "products",
    "product",
    "product_carousel",
    "flow",
    "order",
    "order_status",
    "voice_call",
    "contact_info",
)
"""Kinds of templates: variables by number and by name, a header with media, buttons of all sorts, one-time passwords,
limited-time offers, carousels, a header with a place, a request to be allowed to call; a button for the catalogue, for
some products or for one, a carousel of products, a flow, an order to be paid and its status, a button that calls, a
request for the user's number."""

_LABEL = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH 0123456789", min_size=1, max_size=20).filter(str.strip)
_NAME = identifiers(30).filter(lambda name: name != "hello_world")
_VARIABLE = identifiers(9)
SUFFIXES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
CODES = st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=15)
_APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}
_APPS = st.sampled_from(["app", "app.two"]).map(lambda name: [_APP | {"package_name": f"com.example.{name}"}])
_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")


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
        button |= {"url": button["url"] + "/{{1}}", "example": [f"{button['url']}/{draw(SUFFIXES)}"]}
    return button


@st.composite
def _buttons(draw: DrawFn) -> list[Json]:
    quick = [{"type": "QUICK_REPLY", "text": draw(_LABEL)} for _ in range(draw(st.integers(0, 3)))]
    others = [draw(_url_button()) for _ in range(draw(st.integers(0, 2)))]
    if draw(st.booleans()):
        others.append({"type": "PHONE_NUMBER", "text": draw(_LABEL), "phone_number": "+" + draw(phone_numbers("US"))})
    if draw(st.booleans()):
        others.append({"type": "COPY_CODE", "example": [draw(CODES)]})
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
    button: Json = {"type": "OTP", "otp_type": kind} | draw(st.fixed_dictionaries({}, optional={"text": _LABEL}))
    if kind != "COPY_CODE":
        button |= {"autofill_text": draw(_LABEL), "supported_apps": draw(_APPS)}
    if kind == "ZERO_TAP":
        button["zero_tap_terms_accepted"] = True
    found: list[Json] = [{"type": "BODY", "add_security_recommendation": draw(st.booleans())}]
    if draw(st.booleans()):
        found.append({"type": "FOOTER", "code_expiration_minutes": draw(st.integers(1, 90))})
    return [*found, {"type": "BUTTONS", "buttons": [button]}]


@st.composite
def _carousel(draw: DrawFn, handles: Mapping[str, str]) -> list[Json]:
    header = draw(_media_header(("IMAGE", "VIDEO"), handles))
    quick, link, told = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    cards: list[Json] = []
    for _ in range(draw(st.integers(2, 4))):
        buttons = [{"type": "QUICK_REPLY", "text": draw(_LABEL)}] if quick or not link else []
        buttons += [draw(_url_button())] if link else []
        body = [] if told else [draw(_text_part("BODY", 2, named=False))]
        cards.append({"components": [header, *body, {"type": "BUTTONS", "buttons": buttons}]})
    return [draw(_text_part("BODY", 2, named=False)), {"type": "CAROUSEL", "cards": cards}]


@st.composite
def _product_carousel(draw: DrawFn) -> list[Json]:
    """Two cards: of products, any number up to ten is sent with them."""
    link = draw(st.none() | _url_button())
    buttons = [{"type": "SPM", "text": "View"} if link is None else link]
    card: Json = {"components": [{"type": "HEADER", "format": "PRODUCT"}, {"type": "BUTTONS", "buttons": buttons}]}
    cards = [copy.deepcopy(card) for _ in range(2)]
    return [draw(_text_part("BODY", 2, named=False)), {"type": "CAROUSEL", "cards": cards}]


@st.composite
def _offer(draw: DrawFn, handles: Mapping[str, str]) -> list[Json]:
    offer: Json = {"text": draw(st.text("abcdefgh !", min_size=1, max_size=16).filter(str.strip))}
    if draw(st.booleans()):
        offer["has_expiration"] = draw(st.booleans())
    found = [draw(_media_header(("IMAGE", "VIDEO"), handles))] if draw(st.booleans()) else []
    found += [{"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer}, draw(_text_part("BODY", 3, named=False))]
    buttons = [{"type": "COPY_CODE", "example": [draw(CODES)]}, draw(_url_button())]
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


@st.composite
def _with_button(draw: DrawFn, kind: str, flow_ids: tuple[str, ...]) -> list[Json]:
    """A body, perhaps with a header and a footer, and the one button of a kind."""
    found: list[Json] = []
    if kind == "product":
        found.append({"type": "HEADER", "format": "PRODUCT"})
    elif draw(st.booleans()):
        found.append({"type": "HEADER", "format": "TEXT", "text": draw(words())})
    found.append(draw(_text_part("BODY", 3, named=False)))
    if draw(st.booleans()):
        found.append(draw(_footer()))
    buttons: dict[str, SearchStrategy[Json]] = {
        "catalog": st.builds(lambda: {"type": "CATALOG", "text": "View catalog"}),
        "products": st.builds(lambda: {"type": "MPM", "text": "View items"}),
        "product": st.builds(lambda: {"type": "SPM", "text": "View"}),
        "flow": _flow_button(flow_ids),
        "order": st.builds(lambda: {"type": "ORDER_DETAILS", "text": "Review and pay"}),
        "voice_call": st.fixed_dictionaries(
            {"type": st.just("VOICE_CALL"), "text": _LABEL}, optional={"ttl_minutes": st.integers(1, 43_200)}
        ),
        "contact_info": st.builds(lambda: {"type": "REQUEST_CONTACT_INFO"}),
    }
    return [*found, {"type": "BUTTONS", "buttons": [draw(buttons[kind])]}]


def _flow_button(flow_ids: tuple[str, ...]) -> SearchStrategy[Json]:
    """A button that opens one of your flows, or one that comes with the template."""
    screen = {"id": "START", "title": "Start", "terminal": True, "layout": {"type": "SingleColumnLayout"}}
    source = "flow_id" if flow_ids else "flow_json"
    flow = st.sampled_from(flow_ids) if flow_ids else st.just(json.dumps({"version": "7.3", "screens": [screen]}))
    first = {"flow_action": st.just("navigate"), "navigate_screen": st.just("START")}
    return st.fixed_dictionaries(
        {"type": st.just("FLOW"), "text": _LABEL, source: flow},
        optional=first | {"icon": st.sampled_from(["DOCUMENT", "PROMOTION", "REVIEW"])},
    )


def _components(kind: str, handles: Mapping[str, str], flow_ids: tuple[str, ...]) -> SearchStrategy[list[Json]]:
    if kind == "plain":  # the shortest of all, so that examples shrink to it
        return st.builds(lambda: [{"type": "BODY", "text": "Hello"}])
    if kind == "code":
        return _code()
    if kind == "offer":
        return _offer(handles)
    if kind == "carousel":
        return _carousel(handles)
    if kind == "product_carousel":
        return _product_carousel()
    if kind in ("catalog", "products", "product", "flow", "order", "voice_call", "contact_info"):
        return _with_button(kind, flow_ids)
    return _plain(kind, handles)


_CATEGORIES = {
    "code": "AUTHENTICATION",
    "offer": "MARKETING",
    "carousel": "MARKETING",
    "product_carousel": "MARKETING",
    "products": "MARKETING",
    "product": "MARKETING",
    "catalog": "MARKETING",
    "order": "UTILITY",
    "order_status": "UTILITY",
}
"""Of the kinds that are of one category only."""
_BESIDE: dict[str, Json] = {
    "named": {"parameter_format": "NAMED"},
    "order": {"display_format": "ORDER_DETAILS"},
    "order_status": {"sub_category": "ORDER_STATUS"},
}


def template_kinds(kinds: Collection[str] | str | None) -> tuple[str, ...]:
    """Some of KINDS, or all; ValueError for others."""
    return chosen(kinds, KINDS, "kind of templates")


def templates(
    kinds: Collection[str] | str | None = None,
    *,
    name: str | None = None,
    language: str | None = None,
    category: str | None = None,
    handles: Mapping[str, str] | None = None,
    flow_ids: Collection[str] = (),
) -> SearchStrategy[Json]:
    """A valid definition for `POST /{waba_id}/message_templates`: `{"name", "language", "category", "components"}`.

    `kinds` are some of KINDS; `name`, `language` and `category` can be pinned (with a category only kinds of it are
    made). `handles` maps IMAGE, VIDEO, DOCUMENT to handles of uploaded samples; without one a SAMPLE_HANDLE stands
    there. Flows come with their JSON, or are one of `flow_ids`. ValueError for a kind or a category that there is not.
    """
    wanted = template_kinds(kinds)
    if category is not None:
        category = chosen(category.upper(), ("UTILITY", "MARKETING", "AUTHENTICATION"), "category of templates")[0]
        wanted = tuple(kind for kind in wanted if _is_of(kind, category))
        if not wanted:
            raise ValueError(f"no template of the kinds {kinds!r} is of category {category}")
    return _templates(wanted, name, language, category, dict(handles or {}), tuple(flow_ids))


def _is_of(kind: str, category: str) -> bool:
    return _CATEGORIES.get(kind, category) == category and (kind == "code") == (category == "AUTHENTICATION")


@st.composite
def _templates(
    draw: DrawFn,
    kinds: tuple[str, ...],
    name: str | None,
    language: str | None,
    category: str | None,
    handles: Mapping[str, str],
    flow_ids: tuple[str, ...],
) -> Json:
    kind = draw(st.sampled_from(("plain", *kinds) if "text" in kinds else kinds))
    components = draw(_components(kind, handles, flow_ids))
    pinned = category or _CATEGORIES.get(kind)
    found: Json = {
        "name": name or draw(_NAME),
        "language": language or draw(st.sampled_from(LANGUAGES)),
        "category": pinned or draw(st.sampled_from(["UTILITY", "MARKETING"])),
        "components": components,
    }
    return found | _BESIDE.get(kind, {})
