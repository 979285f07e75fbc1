"""A refusal and the catalogue of errors, made into Graph's error envelope and into a webhook's `errors`."""

from __future__ import annotations

from typing import Any

from localwaba.domain.errors import Refusal
from localwaba_contracts.registry import ErrorRow, error, find_error

_HREFS = {
    "none": None,
    "path": "/documentation/business-messaging/whatsapp/support/error-codes",
    "url": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
}
_UNKNOWN = ErrorRow(
    key="",
    code=0,
    type="OAuthException",
    title="An unknown error occurred",
    prefix=True,
    status=400,
    data="given",
    channel="both",
    meaning="a code that the catalogue does not know",
    source="",
    confidence="U",
)


def _row(refusal: Refusal) -> ErrorRow:
    if "variant" in refusal.values:  # a sentence of Meta whose subcode nobody has captured
        return error(f"{refusal.code}/{refusal.values['variant']}")
    return find_error(refusal.code, refusal.subcode) or _UNKNOWN


def status_of(refusal: Refusal) -> int:
    """The HTTP status that goes with a refusal."""
    return _row(refusal).status


def envelope(refusal: Refusal, trace_id: str) -> dict[str, Any]:
    """Graph's error envelope, members in the order of captured bodies."""
    row = _row(refusal)
    values = refusal.values
    text = refusal.message if refusal.message is not None else _fill(row.title, values)
    message = f"(#{refusal.code}) {text}" if row.prefix else text
    body: dict[str, Any] = {"message": message, "type": row.type, "code": refusal.code}
    data = _error_data(refusal, row)
    if data:
        body["error_data"] = data
    if refusal.subcode is not None:
        body["error_subcode"] = refusal.subcode
    if row.is_transient is not None:
        body["is_transient"] = row.is_transient
    if row.user_title is not None:
        body["error_user_title"] = _fill(row.user_title, values)
    if row.user_msg is not None:
        body["error_user_msg"] = _fill(row.user_msg, values)
    body["fbtrace_id"] = trace_id
    if row.key_order:
        body = {key: body[key] for key in row.key_order if key in body}
    return {"error": body}


def _error_data(refusal: Refusal, row: ErrorRow) -> dict[str, Any] | None:
    if refusal.blame:
        return {"blame_field_specs": [list(refusal.blame)]}
    if row.data == "never":
        return None
    details = refusal.details
    if details is None and row.data == "always" and row.details is not None:
        details = _fill(row.details, refusal.values)
    return None if details is None else {"messaging_product": "whatsapp", "details": details}


def _fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def webhook_error(refusal: Refusal, href: str = "url") -> dict[str, Any]:
    """The asynchronous form: a title, no prefix, no type, no trace id."""
    row = _row(refusal)
    title = refusal.message or row.webhook_title or _fill(row.title, refusal.values)
    details = refusal.details or row.webhook_details or row.details or title
    found = {
        "code": refusal.code,
        "title": title,
        "message": title,
        "error_data": {"details": _fill(details, refusal.values)},
    }
    link = _HREFS[href]
    return found | {"href": link} if link else found


def reason(refusal: Refusal) -> str:
    """Why, for people: one line for the journal, the log and `X-Localwaba-Why`."""
    parts = [f"[{refusal.rule}]" if refusal.rule else "", refusal.why or refusal.details or refusal.message or ""]
    if refusal.fix:
        parts.append(f"Fix: {refusal.fix}")
    return " ".join(part for part in parts if part)
