"""Buttons of templates: what each kind needs, how many there may be, and in which order."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from localwaba.domain.errors import refuse
from localwaba.domain.template_placeholders import ANY_PLACEHOLDER, emojis
from localwaba.domain.template_refusals import (
    BUTTON_FORMAT,
    buttons_not_combined,
    missing_fields,
    too_long,
    unexpected_fields,
    unfit,
    wrong_format,
)
from localwaba.domain.template_values import TemplatePolicy
from localwaba.domain.template_wording import FORMATTING

MOST_BUTTONS = 10
MOST_OF_A_KIND = {"QUICK_REPLY": 10, "URL": 2}  # of every other kind there may be one
_NEED_TEXT = frozenset(("QUICK_REPLY", "URL", "PHONE_NUMBER", "FLOW", "VOICE_CALL", "CATALOG", "MPM", "SPM"))
_FLOW_SOURCES = ("flow_id", "flow_name", "flow_json")
_WHATSAPP_HOSTS = re.compile(r"(.*\.)?(wa\.me|whatsapp\.com)")


def check_button_fields(buttons: list[dict[str, Any]]) -> None:
    """Every button has the fields of its kind, a variable address its example (100/2388043)."""
    if not buttons:
        raise missing_fields("BUTTONS", "buttons")
    for button in buttons:
        kind = button["type"]
        if kind in _NEED_TEXT and not button.get("text"):
            raise missing_fields("BUTTONS", "text")
        if kind == "URL":
            _check_url_fields(button)
        elif kind == "PHONE_NUMBER" and not button.get("phone_number"):
            raise missing_fields("BUTTONS", "phone_number")
        elif kind == "COPY_CODE" and not _examples(button):
            raise missing_fields("BUTTONS", "example")
        elif kind == "FLOW":
            given = [key for key in _FLOW_SOURCES if button.get(key)]
            if not given:
                raise missing_fields("BUTTONS", "flow_id")
            if len(given) > 1:
                raise unexpected_fields("BUTTONS", *given[1:], why="a flow is named in more than one way")


def check_button_formats(buttons: list[dict[str, Any]], policy: TemplatePolicy) -> None:
    """Labels are short and plain, addresses lead to the web and not to WhatsApp, codes are short."""
    for button in buttons:
        for key in ("text", "autofill_text"):
            if button.get(key):
                check_label(button[key], policy)
        if button["type"] == "URL":
            _check_url_format(button)
        elif button["type"] == "COPY_CODE":
            code = str(_examples(button)[0])
            if len(code) > policy.copy_code_limit:
                raise too_long("coupon code", policy.copy_code_limit, len(code))


def check_label(text: str, policy: TemplatePolicy) -> None:
    """A button's text is short (100/2388040) and plain (100/2388060)."""
    if len(text) > policy.button_text_limit:
        raise too_long("button text", policy.button_text_limit, len(text))
    if "\n" in text or "\r" in text or "{{" in text or FORMATTING.search(text) or emojis(text):
        raise wrong_format(
            BUTTON_FORMAT,
            "template.button_format",
            f"the button {text!r} has variables, new lines, emojis or formatting characters",
        )


def check_button_grouping(buttons: list[dict[str, Any]], path: str) -> None:
    """At most ten buttons, so many of each kind, quick replies all together."""
    if len(buttons) > MOST_BUTTONS:
        raise unfit(path, f"must have at most {MOST_BUTTONS} elements", rule="template.button_count")
    for kind, count in Counter(button["type"] for button in buttons).items():
        most = MOST_OF_A_KIND.get(kind, 1)
        if count > most:
            raise buttons_not_combined(f"{count} buttons of type {kind}", f"use at most {most} buttons of type {kind}")
    quick = [button["type"] == "QUICK_REPLY" for button in buttons]
    groups = sum(now and not before for before, now in zip([False, *quick], quick, strict=False))
    if groups > 1:
        raise buttons_not_combined("quick replies are not grouped", "put all quick replies beside each other")


def has_variable(button: dict[str, Any]) -> bool:
    """Whether an address takes a value when the template is sent."""
    return ANY_PLACEHOLDER.search(button.get("url", "")) is not None


def _examples(button: dict[str, Any]) -> list[Any]:
    example = button.get("example")
    return [one for one in example if one not in (None, "")] if isinstance(example, list) else []


def _check_url_fields(button: dict[str, Any]) -> None:
    if not button.get("url"):
        raise missing_fields("BUTTONS", "url")
    if has_variable(button) and not _examples(button):
        raise missing_fields("BUTTONS", "example", fix='give the button "example": ["..."]')


def _check_url_format(button: dict[str, Any]) -> None:
    url = button["url"]
    if len(url) > 2000:
        raise too_long("button URL", 2000, len(url))
    found = list(ANY_PLACEHOLDER.finditer(url))
    if len(found) > 1 or (found and found[0].end() != len(url)) or len(found) != url.count("{{"):
        raise wrong_format(
            BUTTON_FORMAT, "template.button_url", "an address may have one variable, and only at its end"
        )
    if _WHATSAPP_HOSTS.fullmatch(urlsplit(url).hostname or ""):
        raise refuse(
            100,
            subcode=2388081,
            rule="template.whatsapp_link",
            why=f"{url} leads to WhatsApp",
            fix="link to your own site",
        )
