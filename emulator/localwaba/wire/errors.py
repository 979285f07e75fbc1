"""A refusal and the catalogue of errors, made into Graph's error envelope and into a webhook's `errors`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from localwaba_contracts.registry import error

from localwaba.domain.errors import Refusal

_HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
_PATH = "/documentation/business-messaging/whatsapp/support/error-codes"
_HREFS = {"none": None, "path": _PATH, "url": _HREF}


@lru_cache(maxsize=512)
def _row(code: int, subcode: int | None) -> dict[str, Any]:
    """The catalogue's row of a code; a code that it does not know is a plain Graph error."""
    found = (error(f"{code}/{subcode}") if subcode is not None else None) or error(str(code))
    return dict(found) if found else {"title": "", "type": "OAuthException", "prefix": True, "status": 400}


def status_of(refusal: Refusal) -> int:
    """The HTTP status that goes with a refusal."""
    return int(_row(refusal.code, refusal.subcode).get("status", 400))


def envelope(refusal: Refusal, trace_id: str) -> dict[str, Any]:
    """Graph's error envelope in Meta's key order."""
    row = _row(refusal.code, refusal.subcode)
    text = refusal.message if refusal.message is not None else str(row.get("title", ""))
    message = f"(#{refusal.code}) {text}" if row.get("prefix", True) else text
    body: dict[str, Any] = {"message": message, "type": row.get("type", "OAuthException"), "code": refusal.code}
    if row.get("key_order") == "message, code, type":
        body = {"message": message, "code": refusal.code, "type": body["type"]}
    data = _error_data(refusal, row)
    if data:
        body["error_data"] = data
    if refusal.subcode is not None:
        body["error_subcode"] = refusal.subcode
    for member, key in (
        ("is_transient", "is_transient"),
        ("error_user_title", "user_title"),
        ("error_user_msg", "user_msg"),
    ):
        if row.get(key) is not None:
            value = row[key]
            body[member] = _fill(value, refusal.values) if isinstance(value, str) else value
    body["fbtrace_id"] = trace_id
    return {"error": body}


def _error_data(refusal: Refusal, row: dict[str, Any]) -> dict[str, Any] | None:
    if refusal.blame:
        return {"blame_field_specs": [list(refusal.blame)]}
    mode = row.get("data", "given")
    details = refusal.details if refusal.details is not None else row.get("details") if mode == "always" else None
    if details is None or mode == "never":
        return None
    return {"messaging_product": "whatsapp", "details": details}


def _fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def webhook_error(refusal: Refusal, href: str = "url") -> dict[str, Any]:
    """The asynchronous form: title, no prefix, no type, no trace id."""
    row = _row(refusal.code, refusal.subcode)
    title = refusal.message or row.get("webhook_title") or row.get("title") or ""
    details = refusal.details or row.get("webhook_details") or row.get("details") or title
    found = {"code": refusal.code, "title": title, "message": title, "error_data": {"details": details}}
    link = _HREFS[href]
    return found | {"href": link} if link else found


def reason(refusal: Refusal) -> str:
    """Why, for people: one line for the journal, the log and `X-Localwaba-Why`."""
    parts = [refusal.rule and f"[{refusal.rule}]", refusal.why or refusal.details or refusal.message or ""]
    if refusal.fix:
        parts.append(f"Fix: {refusal.fix}")
    return " ".join(part for part in parts if part)
