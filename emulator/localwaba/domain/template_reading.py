"""How a stored template is read back: rendered texts, addresses of samples, the OTP button in disguise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from localwaba.domain.template_texts import (
    CODE_EXAMPLE,
    authentication_body,
    authentication_footer,
    authentication_texts,
)

OTP_ADDRESS = "https://www.whatsapp.com/otp/code/?otp_type="
COPY_CODE_TEXT = "Copy offer code"


def read_back(
    components: list[Any], category: str, language: str, handle_url: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The components as a read shows them; `handle_url` gives the address of an uploaded sample."""
    return [_component(component, category, language, handle_url) for component in components]


def otp_address(button: dict[str, Any], language: str) -> str:
    """The address that an OTP button is read back with, `{{1}}` standing for the code."""
    query = button.get("otp_type", "COPY_CODE")
    if query != "COPY_CODE":
        name = button.get("autofill_text") or authentication_texts(language).autofill
        query += f"&cta_display_name={quote(name)}"
        for app in button.get("supported_apps", [])[:1]:
            query += f"&package_name={app['package_name']}&signature_hash={quote(app['signature_hash'], safe='')}"
    return f"{OTP_ADDRESS}{query}&code=otp{{{{1}}}}"


def _component(
    component: dict[str, Any], category: str, language: str, handle_url: Callable[[str], str]
) -> dict[str, Any]:
    kind, shown = component["type"], dict(component)
    if kind == "HEADER" and component.get("example", {}).get("header_handle"):
        handles = component["example"]["header_handle"]
        shown["example"] = component["example"] | {"header_handle": [handle_url(one) for one in handles]}
    elif kind == "BUTTONS":
        shown["buttons"] = [_button(button, language) for button in component.get("buttons", [])]
    elif kind == "CAROUSEL":
        shown["cards"] = [
            card | {"components": read_back(card["components"], category, language, handle_url)}
            for card in component.get("cards", [])
        ]
    elif category == "AUTHENTICATION":
        shown = _fixed(component, language)
    return shown


def _fixed(component: dict[str, Any], language: str) -> dict[str, Any]:
    if component["type"] == "BODY":
        text = authentication_body(language, bool(component.get("add_security_recommendation")))
        return {"type": "BODY", "text": text} | component | {"example": {"body_text": [[CODE_EXAMPLE]]}}
    minutes = component.get("code_expiration_minutes")
    if component["type"] == "FOOTER" and minutes is not None:
        return {"type": "FOOTER", "text": authentication_footer(language, minutes)} | component
    return dict(component)


def _button(button: dict[str, Any], language: str) -> dict[str, Any]:
    if button["type"] == "OTP":
        url = otp_address(button, language)
        return {
            "type": "URL",
            "text": button.get("text") or authentication_texts(language).copy,
            "url": url,
            "example": [url.replace("{{1}}", CODE_EXAMPLE)],
        }
    if button["type"] == "COPY_CODE":
        return {"type": "COPY_CODE", "text": COPY_CODE_TEXT} | button
    return dict(button)
