"""Templates made ready for sends: what does not depend on a send is worked out once."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.template_button_values import needs_value, shown_button
from localwaba.domain.template_placeholders import pieces, placeholders
from localwaba.domain.template_special_kinds import CARD_BODY_LIMIT, OFFER_BODY_LIMIT
from localwaba.domain.template_texts import authentication_body, authentication_footer, authentication_texts

BODY_LIMIT = 1024
CALL_PERMISSION_BODY_LIMIT = 4096


class CompiledText(msgspec.Struct, frozen=True):
    """A text cut at its variables: `form` takes the values by `%`, in the order of `order` (None: as they come)."""

    names: tuple[str, ...]
    form: str
    order: tuple[int, ...] | None

    def render(self, values: list[str]) -> str:
        """The text with its values, which are in the order of `names`."""
        if self.order is None:
            return self.form % tuple(values)
        return self.form % tuple([values[place] for place in self.order])


class CompiledPart(msgspec.Struct, frozen=True):
    """A template, or one of its cards, as far as a send has to meet it."""

    named: bool
    header_format: str | None
    header: CompiledText | None
    body: CompiledText | None
    body_limit: int
    footer: str | None
    buttons: tuple[dict[str, Any], ...]
    shown: tuple[dict[str, Any], ...]
    needing: tuple[int, ...]


class CompiledTemplate(msgspec.Struct, frozen=True):
    """What a send is matched against; the caller keeps it beside the template."""

    main: CompiledPart
    cards: tuple[CompiledPart, ...]
    product_cards: bool
    offer: dict[str, Any] | None
    authentication: bool
    body_only: bool
    light: bool  # only the body takes values, by position


def compile_text(text: str, parameter_format: str) -> CompiledText:
    """A text made ready to be filled again and again."""
    names = tuple(placeholders(text, parameter_format))
    fixed, order = pieces(text, names)
    form = "%s".join(one.replace("%", "%%") for one in fixed)
    return CompiledText(names, form, None if order == tuple(range(len(names))) else order)


def compile_template(
    components: list[Any], category: str, parameter_format: str, language: str = "en_US"
) -> CompiledTemplate:
    """A stored template made ready for `match`; the language only matters to authentication templates."""
    found = {component["type"]: component for component in components}
    offer = found.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer")
    limit = OFFER_BODY_LIMIT if offer is not None else BODY_LIMIT
    if "CALL_PERMISSION_REQUEST" in found:
        limit = CALL_PERMISSION_BODY_LIMIT
    authentication = category == "AUTHENTICATION"
    main = _compile_part(found, parameter_format, limit, language, authentication)
    cards = tuple(
        _compile_part(
            {component["type"]: component for component in card["components"]},
            parameter_format,
            CARD_BODY_LIMIT,
            language,
            False,
        )
        for card in found.get("CAROUSEL", {}).get("cards", [])
    )
    plain_header = main.header_format is None or (main.header is not None and not main.header.names)
    return CompiledTemplate(
        main=main,
        cards=cards,
        product_cards=bool(cards) and cards[0].header_format == "PRODUCT",
        offer=offer,
        authentication=authentication,
        body_only=set(found) == {"BODY"},
        light=not (main.named or main.needing or cards or offer is not None or authentication) and plain_header,
    )


def _compile_part(
    found: dict[str, dict[str, Any]], parameter_format: str, limit: int, language: str, authentication: bool
) -> CompiledPart:
    header, body, footer = found.get("HEADER"), found.get("BODY"), found.get("FOOTER")
    kind = None if header is None else header.get("format", "TEXT")
    body_text = None if body is None else body.get("text", "")
    footer_text = None if footer is None else footer.get("text")
    if authentication and body is not None:
        body_text = authentication_body(language, bool(body.get("add_security_recommendation")))
    minutes = footer.get("code_expiration_minutes") if authentication and footer is not None else None
    if minutes is not None:
        footer_text = authentication_footer(language, minutes)
    buttons = tuple(found.get("BUTTONS", {}).get("buttons", []))
    texts = authentication_texts(language)
    body_format = "POSITIONAL" if authentication else parameter_format
    return CompiledPart(
        named=parameter_format == "NAMED" and not authentication,
        header_format=kind,
        header=compile_text(header["text"], parameter_format) if header is not None and kind == "TEXT" else None,
        body=None if body_text is None else compile_text(body_text, body_format),
        body_limit=limit,
        footer=footer_text,
        buttons=buttons,
        shown=tuple(shown_button(button, index, texts, minutes) for index, button in enumerate(buttons)),
        needing=tuple(index for index, button in enumerate(buttons) if needs_value(button)),
    )
