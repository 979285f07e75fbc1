"""What Meta would answer, as a value that an answer can be held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localwaba_contracts import error, find_error
from localwaba_contracts.violations import Violation

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MetaError:
    """An error of Graph: the HTTP status, and what stands in `error`.

    `message` is the whole of it, `(#131009) …` included; `details` is `error_data.details`, None where there is none.
    """

    status: int
    code: int
    message: str
    details: str | None = None
    subcode: int | None = None
    user_title: str | None = None
    user_msg: str | None = None

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.message}" + (f" [{self.details}]" if self.details else "")

    @classmethod
    def of(cls, status: int, body: Any) -> MetaError:
        """The error of an answer; ValueError if it is none."""
        found = body.get("error") if isinstance(body, dict) else None
        if not isinstance(found, dict):
            raise ValueError(f"HTTP {status} without an error: {body!r}")
        return cls(
            status=status,
            code=found["code"],
            message=found["message"],
            details=(found.get("error_data") or {}).get("details"),
            subcode=found.get("error_subcode"),
            user_title=found.get("error_user_title"),
            user_msg=found.get("error_user_msg"),
        )


@dataclass(frozen=True, slots=True)
class Broken:
    """A request with exactly one thing wrong, and the answer that it gets.

    `request` is the body. `what` says in words what is wrong, `path` where, in Meta's syntax
    (`interactive['action']['buttons'][0]`). `needs` are templates (definitions) that have to exist and be approved
    before: without them the answer would be another one.
    """

    request: Json
    error: MetaError
    what: str
    path: str = ""
    needs: tuple[Json, ...] = field(default=())


def promised(found: Violation) -> MetaError:
    """The answer to a request that breaks its contract in this way."""
    return meta_error(found.code, found.details, message=found.message, subcode=found.subcode)


def meta_error(
    code: int,
    details: str | None = None,
    *,
    message: str | None = None,
    subcode: int | None = None,
    variant: str = "",
    **values: str,
) -> MetaError:
    """The answer with a code of the catalogue; `values` fill the {placeholders} of its texts."""
    row = error(f"{code}/{variant}") if variant else find_error(code, subcode)
    if row is None:
        raise ValueError(f"the catalogue has no error {code}")
    text = _filled(row.title, values) if message is None else message
    if details is None and row.data == "always":
        details = _filled(row.details, values)
    return MetaError(
        status=row.status,
        code=code,
        message=f"(#{code}) {text}" if row.prefix else str(text),
        details=None if row.data == "never" else details,
        subcode=subcode,
        user_title=_filled(row.user_title, values),
        user_msg=_filled(row.user_msg, values),
    )


def _filled(text: str | None, values: dict[str, str]) -> str | None:
    for name, value in values.items():
        text = None if text is None else text.replace("{" + name + "}", value)
    return text
