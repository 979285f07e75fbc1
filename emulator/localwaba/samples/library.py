"""The templates and the flow that the bot needs; it creates them when it starts."""

from __future__ import annotations

import json
from typing import Any

ORDER_UPDATE = "order_update"
NEWS = "roastery_news"
LOGIN_CODE = "login_code"
STOP = "Stop these news"
CODE_MINUTES = 10
APPS = [{"package_name": "com.example.roastery", "signature_hash": "K8a/AINcGX7"}]
LANGUAGE = "en_US"


def _template(name: str, category: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "language": LANGUAGE, "category": category, "components": list(components)}


def _body(text: str, *example: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(example)]}}


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


TEMPLATES = (
    _template(
        ORDER_UPDATE,
        "UTILITY",
        _body("Hello {{1}}, your order {{2}} has left our roastery and will be with you tomorrow.", "Ada", "1042"),
    ),
    _template(
        NEWS,
        "MARKETING",
        _body("Hello {{1}}, the new harvest is here, and this week its roast is yours for half the price.", "Ada"),
        _buttons({"type": "QUICK_REPLY", "text": STOP}),
    ),
    _template(
        LOGIN_CODE,
        "AUTHENTICATION",
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": CODE_MINUTES},
        _buttons({"type": "OTP", "otp_type": "ZERO_TAP", "zero_tap_terms_accepted": True, "supported_apps": APPS}),
    ),
)

_FORM = {
    "type": "Form",
    "name": "tasting",
    "children": [
        {"type": "DatePicker", "name": "day", "label": "Day", "required": True},
        {"type": "TextInput", "name": "guests", "label": "Guests", "input-type": "number", "required": True},
        {
            "type": "Footer",
            "label": "Book",
            "on-click-action": {
                "name": "complete",
                "payload": {"day": "${form.day}", "guests": "${form.guests}"},
            },
        },
    ],
}
_SCREEN = {
    "id": "TASTING",
    "title": "A tasting",
    "terminal": True,
    "layout": {"type": "SingleColumnLayout", "children": [_FORM]},
}
FLOW = {
    "name": "tasting",
    "categories": ["APPOINTMENT_BOOKING"],
    "flow_json": json.dumps({"version": "7.3", "screens": [_SCREEN]}),
    "publish": True,
}
