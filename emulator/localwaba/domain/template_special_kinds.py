"""Templates of special kinds: authentication, carousels, limited-time offers, call permission, products."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import refuse
from localwaba.domain.template_buttons import (
    check_button_fields,
    check_button_formats,
    check_button_grouping,
    check_label,
)
from localwaba.domain.template_components import buttons_of, part
from localwaba.domain.template_refusals import (
    missing_fields,
    not_combined,
    too_long,
    unexpected_fields,
    unfit,
)
from localwaba.domain.template_values import TemplatePolicy
from localwaba.domain.template_wording import (
    HandleCheck,
    check_body_fields,
    check_body_format,
    check_edges,
    check_header_fields,
    check_ratio,
)

Components = list[dict[str, Any]]

CARD_BODY_LIMIT = 160
OFFER_BODY_LIMIT = 600
OFFER_TEXT_LIMIT = 16
OFFER_CODE_LIMIT = 15
_CARD_BUTTONS = frozenset(("QUICK_REPLY", "URL", "PHONE_NUMBER", "SPM"))


def check_authentication(components: Components, policy: TemplatePolicy) -> None:
    """An authentication template: fixed texts, no header, exactly one OTP button with what its kind needs."""
    for component in components:
        kind = component["type"]
        if kind not in ("BODY", "FOOTER", "BUTTONS"):
            fields = [key for key in component if key != "type"] or ["type"]
            raise unexpected_fields(kind, *fields, why="an authentication template has no such component")
        own = [key for key in ("text", "format", "example") if key in component]
        if kind != "BUTTONS" and own:
            raise unexpected_fields(kind, *own, why="the texts of authentication templates are fixed")
    footer = part(components, "FOOTER")
    if footer is not None and "code_expiration_minutes" not in footer:
        raise missing_fields("FOOTER", "code_expiration_minutes")
    if part(components, "BODY") is None:
        raise missing_fields("BODY", "add_security_recommendation")
    buttons = buttons_of(components)
    if len(buttons) != 1 or buttons[0]["type"] != "OTP":
        raise refuse(
            100,
            subcode=2388148,
            rule="template.otp_button",
            why="an authentication template has exactly one button, of type OTP",
            fix='send one button {"type": "OTP", "otp_type": ...}',
        )
    _check_otp(buttons[0], policy)


def _check_otp(button: dict[str, Any], policy: TemplatePolicy) -> None:
    kind = button.get("otp_type")
    if kind is None:
        raise missing_fields("BUTTONS", "otp_type")
    if kind != "COPY_CODE" and "supported_apps" not in button:
        raise missing_fields("BUTTONS", "supported_apps")
    if kind == "ZERO_TAP":
        if "zero_tap_terms_accepted" not in button:
            raise missing_fields("BUTTONS", "zero_tap_terms_accepted")
        if not button["zero_tap_terms_accepted"]:
            raise unfit("components", "must accept the zero-tap terms: zero_tap_terms_accepted is false")
    for key in ("text", "autofill_text"):
        if button.get(key):
            check_label(button[key], policy)


def check_kind(components: Components, category: str) -> None:
    """What goes together: offers and carousels are marketing, OTP buttons authentication, and so on."""
    if any(button["type"] == "OTP" for button in buttons_of(components)):
        raise not_combined("OTP button in another category", "use category AUTHENTICATION")
    if part(components, "LIMITED_TIME_OFFER") is not None:
        _check_offer(components, category)
    for kind in ("CAROUSEL", "MPM"):
        there = part(components, kind) or any(button["type"] == kind for button in buttons_of(components))
        if there and category != "MARKETING":
            raise not_combined(f"{kind} in category {category}", "use category MARKETING")
    header = part(components, "HEADER")
    product = header is not None and header.get("format") == "PRODUCT"
    if product and not any(button["type"] == "SPM" for button in buttons_of(components)):
        raise not_combined("PRODUCT header without SPM button", "add an SPM button")
    if part(components, "CAROUSEL") is not None:
        extra = [kind for kind in ("HEADER", "FOOTER", "BUTTONS") if part(components, kind) is not None]
        if extra:
            raise not_combined(f"CAROUSEL with {extra[0]}", "put it into the cards")


def _check_offer(components: Components, category: str) -> None:
    component = part(components, "LIMITED_TIME_OFFER") or {}
    offer = component.get("limited_time_offer")
    if not offer:
        raise missing_fields("LIMITED_TIME_OFFER", "limited_time_offer")
    if not offer.get("text"):
        raise missing_fields("LIMITED_TIME_OFFER", "text")
    if category != "MARKETING":
        raise not_combined(f"LIMITED_TIME_OFFER in category {category}", "use category MARKETING")
    if part(components, "FOOTER") is not None:
        raise not_combined("LIMITED_TIME_OFFER with FOOTER", "leave the footer out")
    header = part(components, "HEADER")
    if header is not None and header.get("format") not in ("IMAGE", "VIDEO"):
        raise not_combined("LIMITED_TIME_OFFER with another header", "use an image, a video or no header")
    kinds = [button["type"] for button in buttons_of(components)]
    if kinds != ["COPY_CODE", "URL"]:
        raise not_combined("LIMITED_TIME_OFFER with other buttons", "use a COPY_CODE button and after it a URL button")


def check_offer_format(components: Components) -> None:
    """The text of an offer has 16 characters at most, its code 15."""
    component = part(components, "LIMITED_TIME_OFFER")
    if component is None:
        return
    text = component["limited_time_offer"]["text"]
    if len(text) > OFFER_TEXT_LIMIT:
        raise too_long("limited_time_offer text", OFFER_TEXT_LIMIT, len(text))
    code = str(buttons_of(components)[0]["example"][0])
    if len(code) > OFFER_CODE_LIMIT:
        raise too_long("coupon code", OFFER_CODE_LIMIT, len(code))


def cards_of(components: Components) -> list[Components]:
    """The components of every card, none where there is no carousel."""
    carousel = part(components, "CAROUSEL")
    return [] if carousel is None else [card["components"] for card in carousel.get("cards", [])]


def check_card_fields(components: Components, parameter_format: str, handle_ok: HandleCheck | None, path: str) -> None:
    """Two to ten cards, each with media, all made of the same parts and buttons."""
    if part(components, "CAROUSEL") is None:
        return
    cards = cards_of(components)
    if not cards:
        raise missing_fields("CAROUSEL", "cards")
    if not 2 <= len(cards) <= 10:
        raise unfit(path, "must have between 2 and 10 elements", rule="template.cards")
    for card in cards:
        header, body = part(card, "HEADER"), part(card, "BODY")
        if header is None:
            raise missing_fields("CAROUSEL", "header")
        check_header_fields(header, parameter_format, handle_ok)
        if body is not None:
            check_body_fields(body, parameter_format)
        if part(card, "BUTTONS") is not None:
            check_button_fields(buttons_of(card))
        _check_card_parts(card)
    if len({_shape(card) for card in cards}) > 1:
        raise not_combined("cards of different parts", "give every card the same components, header format and buttons")


def _check_card_parts(card: Components) -> None:
    header = part(card, "HEADER") or {}
    if header.get("format") not in ("IMAGE", "VIDEO", "PRODUCT"):
        raise not_combined("a card without image, video or product", "use an IMAGE, VIDEO or PRODUCT header")
    extra = next((one["type"] for one in card if one["type"] not in ("HEADER", "BODY", "BUTTONS")), None)
    if extra is not None:
        raise not_combined(f"a card with {extra}", "cards have header, body and buttons only")
    kinds = [button["type"] for button in buttons_of(card)]
    most = 1 if header.get("format") == "PRODUCT" else 2
    if len(kinds) > most or not _CARD_BUTTONS.issuperset(kinds):
        raise not_combined("buttons of a card", f"use up to {most} of quick reply, URL, phone number")


def _shape(card: Components) -> tuple[Any, ...]:
    header = part(card, "HEADER") or {}
    return (
        tuple(sorted(one["type"] for one in card)),
        header.get("format"),
        tuple(button["type"] for button in buttons_of(card)),
    )


def check_card_formats(components: Components, parameter_format: str, policy: TemplatePolicy) -> None:
    """The bodies and buttons of cards read as they may."""
    for card in cards_of(components):
        body = part(card, "BODY")
        if body is not None:
            check_body_format(body, parameter_format, CARD_BODY_LIMIT, policy, "card body")
        check_button_formats(buttons_of(card), policy)
        check_button_grouping(buttons_of(card), "components")


def check_card_wording(components: Components, policy: TemplatePolicy) -> None:
    """The ratio and the edges of variables in the bodies of cards."""
    texts = [body["text"] for card in cards_of(components) if (body := part(card, "BODY")) is not None]
    for text in texts:
        check_ratio(text, policy)
    for text in texts:
        check_edges(text, policy)
