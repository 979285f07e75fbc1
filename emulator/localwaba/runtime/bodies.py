"""What of a person and of a message goes into a scenario."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localwaba.runtime.writing import expected, span

_TIMES = ("delivered_after", "read_after", "answers_after")


def person(described: Mapping[str, Any], wa_id: str) -> dict[str, Any]:
    """A person as scenarios introduce them."""
    found: dict[str, Any] = {"name": described.get("name") or "Somebody", "number": f"+{wa_id}"}
    if described.get("username"):
        found["username"] = described["username"]
    for name, value in (described.get("behaviour") or {}).items():
        if name in _TIMES:
            found[name] = "never" if value is None else (span(round(value * 1000)) or "0 s")
        else:
            found[name] = value
    return found


def text_of(kind: str, content: Mapping[str, Any], shown: Any) -> str:
    """What can be read of a message of the app, as a phone shows it."""
    if kind == "template":
        return str(shown.get("body") or "") if isinstance(shown, dict) else ""
    if kind == "interactive":
        body = content.get("body")
        return str(body.get("text", "")) if isinstance(body, dict) else ""
    name = {"text": "body", "reaction": "emoji", "location": "name"}.get(kind, "caption")
    return str(content.get(name) or "")


def heard_of(kind: str, content: Mapping[str, Any]) -> str:
    """What can be read of a message of a user, as a phone shows it."""
    if kind == "interactive":
        reply = content.get(str(content.get("type", "")))
        return (
            str(reply.get("title") or reply.get("body") or reply.get("response") or "")
            if isinstance(reply, dict)
            else ""
        )
    name = {"text": "body", "button": "text", "location": "name", "order": "text"}.get(kind, "caption")
    return str(content.get(name) or "")


def wanted_of(kind: str, content: Mapping[str, Any], text: str, shown: Any = None) -> Any:
    """What is expected of a message that was like this one; a code to log in with will be another one."""
    code = _code(shown)
    if code and code in text:
        pattern = re.escape(text).replace(re.escape(code), r"\S+")
        return {"template": content.get("name"), "text": f"/^{pattern}$/"}
    if kind == "text":
        return expected(text)
    found: dict[str, Any] = {"template": content.get("name")} if kind == "template" else {"type": kind}
    if text:
        found["text"] = expected(text)
    buttons = _titles(content) if kind == "interactive" else []
    return found | ({"buttons": buttons} if buttons else {})


def _code(shown: Any) -> str:
    buttons = shown.get("buttons") if isinstance(shown, dict) else None
    return next((str(one["code"]) for one in buttons or () if one.get("type") == "OTP" and one.get("code")), "")


def _titles(content: Mapping[str, Any]) -> list[str]:
    action = content.get("action")
    given = action.get("buttons") if isinstance(action, dict) else None
    replies = [one.get("reply") for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return [str(reply.get("title", "")) for reply in replies if isinstance(reply, dict)]


def has_choices(kind: str, content: Mapping[str, Any], shown: Any) -> bool:
    """Whether there is something to tap in a message of the app."""
    if kind == "interactive":
        return content.get("type") in ("button", "list", "carousel", "flow", "call_permission_request", "cta_url")
    return kind == "template" and '"buttons"' in json.dumps(shown)


def without_ids(body: Mapping[str, Any]) -> dict[str, Any]:
    """A message as a scenario sends it: what it quoted has another id there."""
    context = body.get("context")
    kept = {name: value for name, value in body.items() if name != "context"}
    if isinstance(context, dict):
        rest = {name: value for name, value in context.items() if name not in ("id", "from")}
        kept |= {"context": rest} if rest else {}
    return kept


def until_answer(behaviour: Mapping[str, Any]) -> float:
    """Seconds until a user of such behaviour answers by themselves."""
    names = {"delivered_after": 0.0, "read_after": 0.0, "answers_after": 1.0}
    return sum(float(behaviour.get(name) or usual) for name, usual in names.items())
