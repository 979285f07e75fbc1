"""Authentication templates, carousels, limited-time offers and their like at creation."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_values import TemplateDraft, TemplatePolicy

HANDLE = "4::aW1hZ2UvanBlZw==:ARZsample"
IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [HANDLE]}}
VIDEO = IMAGE | {"format": "VIDEO"}
BODY = {"type": "BODY", "text": "See what we have for you."}
URL = {"type": "URL", "text": "Shop", "url": "https://shop.test/sale"}
QUICK = {"type": "QUICK_REPLY", "text": "More"}
CODE = {"type": "COPY_CODE", "example": "250FF"}
APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}
OTP = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}
ONE_TAP = {"type": "OTP", "otp_type": "one_tap", "autofill_text": "Fill", "supported_apps": [APP]}
ZERO_TAP = ONE_TAP | {"otp_type": "ZERO_TAP", "zero_tap_terms_accepted": True}


def create(
    category: str, *components: dict[str, Any], policy: TemplatePolicy | None = None, **more: Any
) -> TemplateDraft:
    top: dict[str, Any] = {"name": "n", "language": "en_US", "category": category, "components": list(components)}
    return check_creation(top | more, [], 0, policy or TemplatePolicy())


def refusal(category: str, *components: dict[str, Any], policy: TemplatePolicy | None = None) -> Refusal:
    with pytest.raises(Refused) as caught:
        create(category, *components, policy=policy)
    return caught.value.refusal


def buttons(*each: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(each)}


# ---- authentication


def authentication(button: dict[str, Any] = OTP, **body: Any) -> list[dict[str, Any]]:
    return [
        {"type": "BODY", "add_security_recommendation": True} | body,
        {"type": "FOOTER", "code_expiration_minutes": 10},
        buttons(button),
    ]


@pytest.mark.parametrize("button", [OTP, {"type": "OTP", "otp_type": "copy_code"}, ONE_TAP, ZERO_TAP])
def test_authentication(button: dict[str, Any]) -> None:
    """An authentication template has fixed texts and one OTP button of one of three kinds."""
    draft = create("AUTHENTICATION", *authentication(button))
    assert draft.components[2]["buttons"][0]["otp_type"] == button["otp_type"].upper()


def test_own_text() -> None:
    """A text of its own in an authentication body is unexpected."""
    found = refusal("AUTHENTICATION", *authentication(text="Your code is {{1}}, keep it."))
    assert (found.code, found.subcode) == (100, 2388042)
    assert found.values == {"component": "BODY", "fields": "text"}


def test_authentication_header() -> None:
    """An authentication template has no header."""
    found = refusal("AUTHENTICATION", {"type": "HEADER", "format": "LOCATION"}, *authentication())
    assert (found.subcode, found.values["component"]) == (2388042, "HEADER")


@pytest.mark.parametrize("given", [[], [buttons(QUICK)], [buttons(OTP, URL)], [buttons(OTP, OTP)]])
def test_not_one_otp_button(given: list[dict[str, Any]]) -> None:
    """No button, another kind, or more than one button is 2388148."""
    assert refusal("AUTHENTICATION", authentication()[0], *given).subcode == 2388148


@pytest.mark.parametrize(
    ("button", "field"),
    [
        ({"type": "OTP"}, "otp_type"),
        ({"type": "OTP", "otp_type": "ONE_TAP"}, "supported_apps"),
        (ONE_TAP | {"otp_type": "ZERO_TAP"}, "zero_tap_terms_accepted"),
    ],
)
def test_otp_needs(button: dict[str, Any], field: str) -> None:
    """One-tap and zero-tap need apps, zero-tap the accepted terms too."""
    found = refusal("AUTHENTICATION", *authentication(button))
    assert (found.subcode, found.values["fields"]) == (2388043, field)


def test_terms_refused() -> None:
    """Zero-tap terms have to be accepted, not only mentioned."""
    assert refusal("AUTHENTICATION", *authentication(ZERO_TAP | {"zero_tap_terms_accepted": False})).code == 100


@pytest.mark.parametrize("minutes", [0, 91, "soon"])
def test_expiration_out_of_range(minutes: Any) -> None:
    """A code expires after 1 to 90 minutes."""
    parts = authentication()
    parts[1] = {"type": "FOOTER", "code_expiration_minutes": minutes}
    found = refusal("AUTHENTICATION", *parts)
    assert found.message is not None
    assert found.message.startswith("Param components[1]['code_expiration_minutes'] must be ")


@pytest.mark.parametrize(
    "app",
    [
        APP | {"package_name": "app"},
        APP | {"package_name": "com." + "a" * 221},
        APP | {"signature_hash": "K8a/AINcGX"},
        APP | {"signature_hash": "K8a%2FAINcG"},
        {"package_name": "com.example.app"},
    ],
)
def test_bad_app(app: dict[str, Any]) -> None:
    """An app has a package name of two parts and a hash of eleven characters."""
    found = refusal("AUTHENTICATION", *authentication(ONE_TAP | {"supported_apps": [app]}))
    assert found.code == 100
    assert found.message is not None
    assert "supported_apps'][0]" in found.message


def test_six_apps() -> None:
    """An OTP button names five apps at most."""
    assert refusal("AUTHENTICATION", *authentication(ONE_TAP | {"supported_apps": [APP] * 6})).code == 100


def test_flat_app() -> None:
    """The flat form of older Graph versions is taken where they are served, and stored as a list."""
    flat = {"type": "OTP", "otp_type": "ONE_TAP"} | APP
    assert refusal("AUTHENTICATION", *authentication(flat)).values["fields"] == "supported_apps"
    draft = create("AUTHENTICATION", *authentication(flat), policy=TemplatePolicy(flat_supported_apps=True))
    assert draft.components[2]["buttons"][0] == {"type": "OTP", "otp_type": "ONE_TAP", "supported_apps": [APP]}


# ---- carousels


def card(*each: dict[str, Any], header: dict[str, Any] = IMAGE) -> dict[str, Any]:
    return {"components": [header, {"type": "BODY", "text": "A fine thing."}, buttons(*(each or (URL,)))]}


def carousel(*cards: dict[str, Any]) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": list(cards)}


@pytest.mark.parametrize("count", [2, 10])
def test_carousel(count: int) -> None:
    """A carousel has two to ten cards."""
    draft = create("MARKETING", BODY, carousel(*[card(QUICK, URL)] * count))
    assert len(draft.components[1]["cards"]) == count


def test_card_without_body() -> None:
    """The bodies of cards are optional, all or none."""
    bare = {"components": [IMAGE, buttons(URL)]}
    assert create("MARKETING", BODY, carousel(bare, bare)).category == "MARKETING"
    assert refusal("MARKETING", BODY, carousel(bare, card())).code == 100


@pytest.mark.parametrize("count", [1, 11])
def test_number_of_cards(count: int) -> None:
    """One card, or eleven, are no carousel."""
    assert refusal("MARKETING", BODY, carousel(*[card()] * count)).code == 100


@pytest.mark.parametrize(
    "cards",
    [
        [card(), card(QUICK)],
        [card(URL, QUICK), card(QUICK, URL)],
        [card(), card(header=VIDEO)],
        [card(header={"type": "HEADER", "format": "TEXT", "text": "x"})] * 2,
        [card(QUICK, QUICK, QUICK)] * 2,
        [card(CODE)] * 2,
    ],
)
def test_unequal_cards(cards: list[dict[str, Any]]) -> None:
    """Cards have the same parts, media and buttons, and only those that cards may have."""
    found = refusal("MARKETING", BODY, carousel(*cards))
    assert found.message is not None
    assert "invalid combination" in found.message


def test_long_card_body() -> None:
    """The body of a card has 160 characters at most."""
    long = {"components": [IMAGE, {"type": "BODY", "text": "x" * 161}, buttons(URL)]}
    assert refusal("MARKETING", BODY, carousel(long, long)).values == {"field": "card body", "limit": "160"}


def test_card_needs_a_sample() -> None:
    """The media of a card needs a sample like any header."""
    bare = card(header={"type": "HEADER", "format": "IMAGE"})
    assert refusal("MARKETING", BODY, carousel(bare, bare)).subcode == 2388273


def test_cards_of_products() -> None:
    """A card of a product has one SPM button."""
    product = card({"type": "SPM", "text": "View"}, header={"type": "HEADER", "format": "PRODUCT"})
    assert create("MARKETING", BODY, carousel(product, product)).rejected_reason is None


def test_carousel_is_marketing() -> None:
    """A carousel in another category is refused."""
    assert refusal("UTILITY", BODY, carousel(card(), card())).code == 100


# ---- offers and others


def offer(text: str = "Expiring offer!") -> dict[str, Any]:
    return {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": text, "has_expiration": True}}


def test_offer() -> None:
    """An offer has an image or none, a code and after it an address."""
    assert create("MARKETING", IMAGE, offer(), BODY, buttons(CODE, URL)).rejected_reason is None
    assert create("MARKETING", offer(), BODY, buttons(CODE, URL)).rejected_reason is None


@pytest.mark.parametrize(
    "components",
    [
        [{"type": "HEADER", "format": "TEXT", "text": "x"}, offer(), BODY, buttons(CODE, URL)],
        [offer(), BODY, {"type": "FOOTER", "text": "x"}, buttons(CODE, URL)],
        [offer(), BODY, buttons(URL, CODE)],
        [offer(), BODY, buttons(URL)],
        [offer(), BODY],
    ],
)
def test_bad_offer(components: list[dict[str, Any]]) -> None:
    """An offer has no text header, no footer, and its buttons in their order."""
    found = refusal("MARKETING", *components)
    assert found.message is not None
    assert "invalid combination" in found.message


@pytest.mark.parametrize(
    ("components", "field", "limit"),
    [
        ([offer("x" * 17), BODY, buttons(CODE, URL)], "limited_time_offer text", "16"),
        ([offer(), BODY | {"text": "x" * 601}, buttons(CODE, URL)], "body", "600"),
        ([offer(), BODY, buttons(CODE | {"example": "A" * 16}, URL)], "coupon code", "15"),
    ],
)
def test_lengths_of_an_offer(components: list[dict[str, Any]], field: str, limit: str) -> None:
    """An offer has tighter limits than other templates."""
    found = refusal("MARKETING", *components)
    assert (found.subcode, found.values) == (2388040, {"field": field, "limit": limit})


def test_offer_is_marketing() -> None:
    """An offer in another category is refused."""
    assert refusal("UTILITY", offer(), BODY, buttons(CODE, URL)).code == 100


def test_offer_without_text() -> None:
    """An offer without its text lacks a field."""
    bare = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {}}
    assert refusal("MARKETING", bare, BODY, buttons(CODE, URL)).subcode == 2388043


def test_multi_product_is_marketing() -> None:
    """A multi-product button is for marketing only."""
    mpm = buttons({"type": "MPM", "text": "View items"})
    assert create("MARKETING", BODY, mpm).category == "MARKETING"
    assert refusal("UTILITY", BODY, mpm).code == 100


def test_call_permission_request() -> None:
    """A request for call permission is a component beside a body."""
    assert create("UTILITY", BODY, {"type": "call_permission_request"}).components[1] == {
        "type": "CALL_PERMISSION_REQUEST"
    }
    assert refusal("UTILITY", {"type": "CALL_PERMISSION_REQUEST"}).subcode == 2388043


def test_product_header() -> None:
    """A product header goes with an SPM button."""
    header = {"type": "HEADER", "format": "PRODUCT"}
    assert create("MARKETING", header, BODY, buttons({"type": "SPM", "text": "View"})).rejected_reason is None
    assert refusal("MARKETING", header, BODY).code == 100


@pytest.mark.parametrize("category", ["UTILITY", "MARKETING"])
def test_location_header(category: str) -> None:
    """A location header needs no sample."""
    assert create(category, {"type": "HEADER", "format": "location"}, BODY).components[0]["format"] == "LOCATION"


def test_order_details() -> None:
    """The display format of order details is kept."""
    draft = create("UTILITY", BODY, display_format="ORDER_DETAILS", sub_category="ORDER_DETAILS")
    assert draft.other == {"sub_category": "ORDER_DETAILS", "display_format": "ORDER_DETAILS"}
