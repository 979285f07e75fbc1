"""Refusals as lines of a log: what was refused, by which code, why, and what to do."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from localwaba.cli.fault_lines import fault_line
from localwaba.domain.errors import Refusal
from localwaba.runtime.host import WorldHost
from localwaba.wire.errors import reason

_SHORT = 12


def print_refusal(host: WorldHost, entry: dict[str, Any]) -> None:
    """Prints an entry of a world's journal on stderr."""
    name = host.world.name
    where = f"[{name}] " if name != "default" else ""
    stamp = datetime.fromtimestamp(entry["at"] / 1000, UTC).strftime("%H:%M:%S")
    text = _call(entry) if entry["kind"] == "call" else _event(host, entry)
    print(f"{stamp} {where}{_clean(text)}", file=sys.stderr, flush=True)


def _call(entry: dict[str, Any]) -> str:
    answer = entry["answer"]
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    code = "/".join(str(error[key]) for key in ("code", "error_subcode") if key in error)
    return f"{entry['status'] or 'cut off:'} {entry['method']} {entry['path']}  {code}  {entry['why']}"


def _event(host: WorldHost, entry: dict[str, Any]) -> str:
    data = entry["data"]
    if entry["event"].startswith("Fault"):
        return fault_line(host, entry["event"], data)
    if entry["event"] == "StatusReached":
        refusal = data["refusal"]
        message = host.world.messages.get(data["message_id"])
        to = f" to {message.wa_id}" if message else ""
        known = {key: refusal[key] for key in ("details", "message", "rule", "why", "fix") if refusal.get(key)}
        why = reason(Refusal(code=refusal["code"], **known))
        return f"failed {_short(data['message_id'])}{to}  {refusal['code']}  {why}"
    attempt = data["attempt"]
    delivery = host.world.deliveries.get(data["delivery_id"])
    field = delivery.field if delivery else "webhook"
    answered = attempt.get("error") or f"answered {attempt.get('status')}"
    wait = (data.get("next_at", 0) - entry["at"]) / 1000
    then = f"; again in {wait:g} s" if data.get("next_at") else "; given up"
    return f"webhook {field} {_arrow(attempt)}{answered}{then}"


def _arrow(attempt: dict[str, Any]) -> str:
    return f"to {attempt['url']}: " if attempt.get("url") else ""


def _short(message_id: str) -> str:
    return message_id if len(message_id) <= 2 * _SHORT else f"{message_id[:_SHORT]}…{message_id[-_SHORT:]}"


def _clean(text: str) -> str:
    """One line without control characters: paths and texts come from whoever called."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:1000]
