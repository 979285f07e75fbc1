"""What a user can tap in a message of the business, and the message that a tap sends back."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.model import Behaviour
from localwaba.domain.traffic import Message
from localwaba.wire import codes

_decode = msgspec.json.Decoder().decode
_ANSWERING = frozenset({"reply", "row", "quick_reply", "flow", "call_permission", "location", "contact", "address"})
_ASKING = {
    "location_request_message": ("location", "Send location"),
    "request_contact_info": ("contact", "Share contact info"),
    "address_message": ("address", "Provide address"),
}
_USUAL = Behaviour()
_OPENING = {"COPY_CODE": "code", "PHONE_NUMBER": "phone_number", "URL": "url"}


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to tap. `kind` is reply, row, quick_reply, flow, call_permission, location, contact, address, or what
    it opens (url, code, …).

    `token` is a flow's token; `opens` what the phone does without telling the business. A code to log in with goes to
    an `app`, or is copied, `until` a time in milliseconds.
    """

    kind: str
    title: str
    id: str = ""
    description: str = ""
    payload: str = ""
    opens: str = ""
    token: str = ""
    app: str = ""
    until: int = 0

    @property
    def answers(self) -> bool:
        """Whether a tap sends the business a message."""
        return self.kind in _ANSWERING


def content(raw: bytes) -> dict[str, Any]:
    """A message's JSON; empty for anything that is none."""
    try:
        found = _decode(raw) if raw else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def choices(message: Message, behaviour: Behaviour = _USUAL) -> list[Choice]:
    """Everything that can be tapped in a message, in the order of the screen of a user who behaves like this."""
    if not message.outbound:
        return []
    if message.type == "template":
        code = offered_code(message, behaviour)
        if code is not None:
            tap = Choice(kind="code", title=code.title, opens=code.code, app=code.app, until=code.until)
            return [tap] if code.title else []
        shown = content(message.shown)
        parts = [shown, *(card for card in _list(shown.get("cards")) if isinstance(card, dict))]
        return [_template_button(button) for part in parts for button in _dicts(part.get("buttons"))]
    if message.type != "interactive":
        return []
    interactive = _dict(content(message.body).get("interactive"))
    return _interactive(str(interactive.get("type", "")), _dict(interactive.get("action")))


def offered_code(message: Message, behaviour: Behaviour = _USUAL) -> codes.Offer | None:
    """The code to log in with that a message brings, and what the phone does with it; None if it brings none."""
    if not message.outbound or message.type != "template" or b'"OTP"' not in message.shown:
        return None
    buttons = _dicts(content(message.shown).get("buttons"))
    button = next((one for one in buttons if one.get("type") == "OTP"), None)
    return None if button is None else codes.offer(button, message.at, behaviour)


def _interactive(kind: str, action: dict[str, Any]) -> list[Choice]:
    if kind == "button":
        return [_reply(_dict(button.get("reply"))) for button in _dicts(action.get("buttons"))]
    if kind == "list":
        return [_row(row) for section in _dicts(action.get("sections")) for row in _dicts(section.get("rows"))]
    if kind == "carousel":
        return [choice for card in _dicts(action.get("cards")) for choice in _card(_dict(card.get("action")))]
    if kind == "flow":
        parameters = _dict(action.get("parameters"))
        title, token = str(parameters.get("flow_cta", "")), str(parameters.get("flow_token", "unused"))
        return [Choice(kind="flow", title=title, id=str(parameters.get("flow_id", "")), token=token)]
    if kind == "call_permission_request":
        return [Choice(kind="call_permission", title=title, id=title) for title in ("accept", "reject")]
    if kind == "cta_url":
        return [_address(_dict(action.get("parameters")))]
    if kind in _ASKING:
        asked, title = _ASKING[kind]
        return [Choice(kind=asked, title=title)]
    return []


def _card(action: dict[str, Any]) -> list[Choice]:
    if action.get("name") == "cta_url":
        return [_address(_dict(action.get("parameters")))]
    return [_reply(_dict(button.get("quick_reply"))) for button in _dicts(action.get("buttons"))]


def _reply(reply: dict[str, Any]) -> Choice:
    return Choice(kind="reply", title=str(reply.get("title", "")), id=str(reply.get("id", "")))


def _row(row: dict[str, Any]) -> Choice:
    description = str(row.get("description") or "")
    return Choice(kind="row", title=str(row.get("title", "")), id=str(row.get("id", "")), description=description)


def _address(parameters: dict[str, Any]) -> Choice:
    return Choice(kind="url", title=str(parameters.get("display_text", "")), opens=str(parameters.get("url", "")))


def _template_button(button: dict[str, Any]) -> Choice:
    kind, title = str(button.get("type", "")), str(button.get("text") or "")
    if kind == "QUICK_REPLY":
        return Choice(kind="quick_reply", title=title, payload=str(button.get("payload") or title))
    if kind == "FLOW":
        action = _dict(button.get("action"))
        token = str(button.get("flow_token") or action.get("flow_token") or "unused")
        return Choice(kind="flow", title=title, id=str(button.get("flow_id", "")), token=token)
    opened = _OPENING.get(kind, "")
    return Choice(kind=opened or kind.lower(), title=title, opens=str(button.get(opened) or button.get("url") or ""))


def answer(choice: Choice, message: Message, now: int, response: dict[str, Any]) -> dict[str, Any]:
    """The message that a tap sends, without `id`, `from` and `timestamp`.

    `response` is what a flow was filled with, the place that is sent, or the values of an address.
    """
    context = {"id": message.id}
    if choice.kind == "location":
        place = response or {"latitude": 52.52, "longitude": 13.405}
        return {"type": "location", "context": context, "location": place}
    if choice.kind == "contact":
        phone = {"phone": f"+{message.wa_id}", "wa_id": message.wa_id, "type": "MOBILE"}
        return {"type": "contacts", "context": context, "contacts": [{"phones": [phone], "origin": "contact_request"}]}
    if choice.kind == "quick_reply":
        button = {"payload": choice.payload, "text": choice.title}
        return {"type": "button", "context": context, "button": button}
    return {"type": "interactive", "context": context, "interactive": _answer(choice, now, response)}


def _answer(choice: Choice, now: int, response: dict[str, Any]) -> dict[str, Any]:
    if choice.kind == "reply":
        return {"type": "button_reply", "button_reply": {"id": choice.id, "title": choice.title}}
    if choice.kind == "row":
        row = {"id": choice.id, "title": choice.title}
        return {"type": "list_reply", "list_reply": row | _given("description", choice.description)}
    if choice.kind == "flow":
        filled = msgspec.json.encode({"flow_token": choice.token, **response}).decode()
        return {"type": "nfm_reply", "nfm_reply": {"response_json": filled, "body": "Sent", "name": "flow"}}
    if choice.kind == "address":
        return {"type": "nfm_reply", "nfm_reply": _address_reply(response)}
    reply: dict[str, Any] = {"response": choice.id}
    if choice.id == "accept":
        reply |= {"is_permanent": False, "expiration_timestamp": (now + 7 * DAY) // SECOND}
    return {"type": "call_permission_reply", "call_permission_reply": reply | {"response_source": "user_action"}}


def _address_reply(response: dict[str, Any]) -> dict[str, str]:
    """An address as it was filled in; `saved_address_id` stands beside the values."""
    values = {name: value for name, value in response.items() if name != "saved_address_id"}
    values = values or {"name": "Ada", "address": "1 Mill Lane", "city": "Mumbai", "in_pin_code": "400063"}
    saved = {"saved_address_id": response["saved_address_id"]} if "saved_address_id" in response else {}
    filled = msgspec.json.encode(saved | {"values": values}).decode()
    named = [str(values[name]) for name in ("name", "address", "city") if name in values]
    return {"response_json": filled, "body": "\n ".join(named) or "Address", "name": "address_message"}


def _given(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
