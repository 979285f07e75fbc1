"""The rules of creating and editing a template, in the order in which the platform applies them.

Graph's parameter checks, then names, then the fields of components, then their format, then the ratio of variables to
words, then variables at the edges. What only the review finds does not refuse: it goes into the draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from localwaba.domain.errors import refuse
from localwaba.domain.template_buttons import check_button_fields, check_button_formats, check_button_grouping
from localwaba.domain.template_components import buttons_of, part, read_components
from localwaba.domain.template_names import category_clash, check_names
from localwaba.domain.template_placeholders import ANY_PLACEHOLDER, adjacent, strange
from localwaba.domain.template_refusals import missing_fields, not_one_of, required, wrong_type
from localwaba.domain.template_special_kinds import (
    OFFER_BODY_LIMIT,
    cards_of,
    check_authentication,
    check_card_fields,
    check_card_formats,
    check_card_wording,
    check_kind,
    check_offer_format,
)
from localwaba.domain.template_texts import LANGUAGES
from localwaba.domain.template_values import CurrentTemplate, ExistingTemplate, TemplateDraft, TemplatePolicy
from localwaba.domain.template_wording import (
    HandleCheck,
    check_body_fields,
    check_body_format,
    check_edges,
    check_footer_fields,
    check_footer_format,
    check_header_fields,
    check_header_format,
    check_ratio,
)

CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
SUB_CATEGORIES = (
    "BOOKING_STATUS",
    "CALL_PERMISSIONS_REQUEST",
    "CUSTOM",
    "FLIGHT_DELAY_AND_GATE_CHANGE_ALERT",
    "FRAUD_ALERT",
    "ORDER_DETAILS",
    "ORDER_STATUS",
    "RICH_ORDER_STATUS",
)
PARAMETER_FORMATS = ("NAMED", "POSITIONAL")
ECHOED = (
    "sub_category",
    "display_format",
    "cta_url_link_tracking_opted_out",
    "is_primary_device_delivery_only",
    "degrees_of_freedom_spec",
    "bid_spec",
    "send_type",
    "creative_sourcing_spec",
    "optimization_spec",
    "product_set_id",
    "library_template_name",
    "library_template_button_inputs",
    "library_template_body_inputs",
)
CHANGEABLE = (*ECHOED, "category", "components", "parameter_format", "message_send_ttl_seconds")
EDITABLE = frozenset(("APPROVED", "REJECTED", "PAUSED"))
TTL_RANGES = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}

ADJACENT_INFO = {
    "reason": (
        "Your template has parameters placed next to each other (like {{1}}{{2}}) without text or punctuation "
        "between them."
    ),
    "recommendation": (
        "Separate parameters with descriptive text and ensure each parameter is clearly contextualized."
    ),
}
STRANGE_INFO = {
    "reason": "Your template has parameters with special characters in them (like {{#1}} or {{$name}}).",
    "recommendation": "Use only digits, or lowercase letters and underscores, between the curly brackets.",
}


def check_creation(
    body: dict[str, Any],
    existing: Iterable[ExistingTemplate],
    now: int,
    policy: TemplatePolicy,
    *,
    handle_ok: HandleCheck | None = None,
    creates_last_hour: int = 0,
) -> TemplateDraft:
    """The template that a creation asks for; raises `Refused` as the platform would refuse it.

    `existing` are the templates of the account, deleted ones included while their names are locked; `now` is in
    milliseconds. `handle_ok(handle, format)` says whether an uploaded sample exists (None: only its form counts). A
    body with `library_template_name` may have no components: the caller fills them in.
    """
    for key in ("name", "language", "category"):
        if body.get(key) in (None, ""):
            raise required(key)
        if not isinstance(body[key], str):
            raise wrong_type(key, "a string")
    category = _category(body["category"])
    draft = _read(body, body["name"], body["language"], category, "POSITIONAL", policy)
    if draft.language not in LANGUAGES:
        raise not_one_of("language", LANGUAGES, draft.language)
    if creates_last_hour >= policy.creates_per_hour:
        raise refuse(
            80008,
            rule="template.creates_per_hour",
            why=f"{creates_last_hour} of {policy.creates_per_hour} creations in an hour used",
            fix="wait until the oldest of them is an hour ago, or advance the world's clock",
        )
    check_names(draft, list(existing), now, policy)
    return _judged(draft, policy, handle_ok)


def check_edit(
    current: CurrentTemplate,
    body: dict[str, Any],
    now: int,
    policy: TemplatePolicy,
    *,
    edits_last_24h: int = 0,
    edits_last_30d: int = 0,
    handle_ok: HandleCheck | None = None,
) -> TemplateDraft:
    """The template as an edit would leave it; raises `Refused`. Counting the edits is the caller's."""
    for key in ("name", "language"):
        if body.get(key) not in (None, getattr(current, key)):
            raise refuse(
                100,
                message=f"Param {key} can't be changed.",
                rule="template.edit_fixed",
                why=f"an edit cannot change the {key}",
                fix=f"leave {key} out, or create another template",
            )
    if not any(body.get(key) is not None for key in CHANGEABLE):
        raise required("components")
    category = _category(body["category"]) if body.get("category") is not None else current.category
    whole = {"components": current.components} | {key: value for key, value in body.items() if value is not None}
    draft = _read(whole, current.name, current.language, category, current.parameter_format, policy)
    _check_status(current, policy, edits_last_24h, edits_last_30d)
    if category != current.category and current.status == "APPROVED":
        raise category_clash(category, current.category)
    draft = _judged(draft, policy, handle_ok if "components" in body else None)
    # A category of its own has its own range of times: a stored one outside of it is forgotten.
    kept = current.ttl_seconds if category == current.category else None
    return _with(draft, ttl_seconds=draft.ttl_seconds or kept, other=current.other | draft.other)


def _with(draft: TemplateDraft, **changes: Any) -> TemplateDraft:
    values: dict[str, Any] = {name: getattr(draft, name) for name in draft.__struct_fields__}
    return TemplateDraft(**(values | changes))


def _read(
    body: dict[str, Any], name: str, language: str, category: str, parameter_format: str, policy: TemplatePolicy
) -> TemplateDraft:
    given = body.get("parameter_format")
    if given is not None:
        if not isinstance(given, str) or given.upper() not in PARAMETER_FORMATS:
            raise not_one_of("parameter_format", PARAMETER_FORMATS, given)
        parameter_format = given.upper()
    sub_category = body.get("sub_category")
    if sub_category is not None and str(sub_category).upper() not in SUB_CATEGORIES:
        raise not_one_of("sub_category", SUB_CATEGORIES, sub_category)
    if body.get("display_format") not in (None, "ORDER_DETAILS"):
        raise not_one_of("display_format", ("ORDER_DETAILS",), body["display_format"])
    if body.get("components") is None and body.get("library_template_name") is None:
        raise required("components")
    return TemplateDraft(
        name=name,
        language=language,
        category=category,
        parameter_format=parameter_format,
        components=read_components(body.get("components") or [], policy),
        ttl_seconds=_ttl(body.get("message_send_ttl_seconds"), category),
        other={key: body[key] for key in ECHOED if body.get(key) is not None},
    )


def _category(value: object) -> str:
    if not isinstance(value, str) or value.upper() not in CATEGORIES:
        raise not_one_of("category", CATEGORIES, value)
    return value.upper()


def _ttl(value: object, category: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type("message_send_ttl_seconds", "an integer")
    low, high = TTL_RANGES[category]
    if low <= value <= high or (value == -1 and category != "MARKETING"):
        return value
    bound = f"lower than or equal to {high}" if value > high else f"higher than or equal to {low}"
    raise refuse(
        100,
        message=f"The time to live value must be {bound}",
        rule="template.ttl",
        why=f"{value} s is out of range for {category}",
        fix=f"use {low} to {high} seconds",
    )


def _check_status(current: CurrentTemplate, policy: TemplatePolicy, last_day: int, last_month: int) -> None:
    why = ""
    if current.status not in EDITABLE and not (policy.edit_disabled and current.status == "DISABLED"):
        why = f"a template that is {current.status} cannot be edited"
    elif current.status == "APPROVED":
        if policy.edits_per_day is not None and last_day >= policy.edits_per_day:
            why = f"it was edited {last_day} times within 24 hours"
        elif policy.edits_per_month is not None and last_month >= policy.edits_per_month:
            why = f"it was edited {last_month} times within 30 days"
    if why:
        raise refuse(100, subcode=2388039, rule="template.edit", why=why, fix="wait, or make a new template")


def _judged(draft: TemplateDraft, policy: TemplatePolicy, handle_ok: HandleCheck | None) -> TemplateDraft:
    components = draft.components
    if not components and "library_template_name" in draft.other:
        return draft
    if draft.category == "AUTHENTICATION":
        check_authentication(components, policy)
        return draft
    _check_fields(draft, handle_ok)
    _check_formats(draft, policy)
    _check_wording(components, policy)
    info = _review(components)
    if info is None:
        return draft
    return _with(draft, rejected_reason="INVALID_FORMAT", rejection_info=info)


def _check_fields(draft: TemplateDraft, handle_ok: HandleCheck | None) -> None:
    components = draft.components
    for component in components:
        if component["type"] == "HEADER":
            check_header_fields(component, draft.parameter_format, handle_ok)
        elif component["type"] == "BODY":
            check_body_fields(component, draft.parameter_format)
        elif component["type"] == "FOOTER":
            check_footer_fields(component)
        elif component["type"] == "BUTTONS":
            check_button_fields(component.get("buttons", []))
    if part(components, "BODY") is None:
        raise missing_fields("BODY", "text", fix="a template needs a BODY component")
    check_card_fields(components, draft.parameter_format, handle_ok, "components")
    check_kind(components, draft.category)


def _check_formats(draft: TemplateDraft, policy: TemplatePolicy) -> None:
    components, form = draft.components, draft.parameter_format
    header, footer = part(components, "HEADER"), part(components, "FOOTER")
    if header is not None:
        check_header_format(header, form, policy)
    offer = part(components, "LIMITED_TIME_OFFER") is not None
    limit = min(policy.body_limit, OFFER_BODY_LIMIT) if offer else policy.body_limit
    check_body_format(part(components, "BODY") or {}, form, limit, policy)
    if footer is not None:
        check_footer_format(footer)
    buttons = buttons_of(components)
    check_button_grouping(buttons, "components")
    check_button_formats(buttons, policy)
    check_offer_format(components)
    check_card_formats(components, form, policy)


def _check_wording(components: list[dict[str, Any]], policy: TemplatePolicy) -> None:
    header, body = part(components, "HEADER") or {}, part(components, "BODY") or {}
    check_ratio(body["text"], policy)
    check_edges(body["text"], policy)
    check_card_wording(components, policy)
    if policy.header_variable_edges and header.get("format") == "TEXT":
        check_edges(header["text"], policy)


def _review(components: list[dict[str, Any]]) -> dict[str, str] | None:
    texts: list[str] = []
    for held in (components, *cards_of(components)):
        texts += [one["text"] for one in held if one["type"] in ("HEADER", "BODY") and "text" in one]
    if any(strange(name) for text in texts for name in ANY_PLACEHOLDER.findall(text)):
        return dict(STRANGE_INFO)
    return dict(ADJACENT_INFO) if any(adjacent(text) for text in texts) else None
