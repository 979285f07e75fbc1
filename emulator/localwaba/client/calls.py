"""Graph calls as a test sees them: those of the app, and its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localwaba.client.link import Reply


@dataclass(frozen=True, slots=True)
class Call:
    """A Graph call and what it was answered; `why` is the emulator's reason for a refusal. `at` is in seconds."""

    n: int
    at: float
    method: str
    path: str
    operation: str
    status: int
    request: Any
    answer: Any
    why: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether Graph said no."""
        return self.status >= 400

    @property
    def error(self) -> Mapping[str, Any]:
        """Meta's error; empty for a call that was served."""
        found = self.answer.get("error") if isinstance(self.answer, dict) else None
        return found if isinstance(found, dict) and self.is_refused else {}

    @property
    def code(self) -> int | None:
        """Meta's error code."""
        found = self.error.get("code")
        return found if isinstance(found, int) else None

    @property
    def trace(self) -> str:
        """What tells this refusal from all others of the server."""
        return str(self.error.get("fbtrace_id", ""))

    def __str__(self) -> str:
        head = f"{self.method} {self.path} -> {self.status} {summary(self.error)}".rstrip()
        return "\n".join([head, *because(self.why)])


def call_of(entry: Mapping[str, Any]) -> Call:
    """A call out of an entry of the journal."""
    return Call(
        n=entry["n"],
        at=entry["at"] / 1000,
        method=entry["method"],
        path=entry["path"],
        operation=entry["operation"],
        status=entry["status"],
        request=entry["request"],
        answer=entry["answer"],
        why=entry.get("why", ""),
    )


def summary(error: Mapping[str, Any]) -> str:
    """Meta's text of an error, with its details where there are some."""
    if not error:
        return ""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    text = str(error.get("message", ""))
    code = error.get("code")
    if code is not None and str(code) not in text:
        text = f"(#{code}) {text}"
    return f"{text}: {details}" if details and details not in text else text


def because(why: str) -> list[str]:
    """The emulator's reason of a refusal and what to do about it, as indented lines."""
    reason, _, fix = why.partition(" Fix: ")
    lines = [f"    why: {reason}"] if reason else []
    return [*lines, f"    fix: {fix}"] if fix else lines


class GraphError(Exception):
    """A Graph call of the test itself was refused; `code`, `subcode`, `status`, `error` and `why` say how."""

    __module__ = "localwaba"  # where it is imported from, and what a failed test calls it

    def __init__(self, call: str, reply: Reply) -> None:
        self.status = reply.status
        self.error: Mapping[str, Any] = _error(reply.raw)
        self.code: int | None = self.error.get("code")
        self.subcode: int | None = self.error.get("error_subcode")
        self.trace = str(self.error.get("fbtrace_id", ""))
        self.why = reply.headers.get("x-localwaba-why", "")
        text = f"{call} -> {reply.status} {summary(self.error)}".rstrip()
        super().__init__("\n".join([text, *because(self.why)]))


def _error(raw: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    found = value.get("error") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
