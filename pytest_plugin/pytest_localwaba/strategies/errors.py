"""What Meta would answer, as a value that an answer can be held against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba.domain.errors import Refusal
from localwaba.wire.encoding import encode
from localwaba.wire.errors import envelope
from localwaba_contracts import error, errors, find_error
from localwaba_contracts.registry import ErrorRow
from localwaba_contracts.violations import Violation
from pytest_localwaba.strategies.brevity import Brief

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MetaError(Brief):
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
class Broken(Brief):
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


@dataclass(frozen=True, slots=True)
class ErrorAnswer(Brief):
    """A whole answer of Graph with an error: what a client gets instead of what it asked for."""

    status: int
    json: Json

    @property
    def error(self) -> MetaError:
        """What stands in it."""
        return MetaError.of(self.status, self.json)

    @property
    def body(self) -> bytes:
        """Its bytes, escaped as Graph escapes them."""
        return encode(self.json)


def error_answers(codes: Collection[int] | int | None = None) -> SearchStrategy[ErrorAnswer]:
    """An answer with an error that calls can meet, of every code and subcode that is known, or of some codes.

    ValueError for a code that no call is answered with.
    """
    rows = [row for row in errors() if row.channel != "webhook" and not row.retired]
    if codes is not None:
        wanted = {codes} if isinstance(codes, int) else set(codes)
        strange = wanted - {row.code for row in rows}
        if strange or not wanted:
            raise ValueError(f"no call is answered with {', '.join(map(str, sorted(strange))) or 'nothing'}")
        rows = [row for row in rows if row.code in wanted]
    # The commonest first: what an example shrinks to.
    rows.sort(key=lambda row: (row.code != 100, row.subcode is not None, not row.common, row.code))
    return _answers(_Rows(rows))


class _Rows(tuple[ErrorRow, ...]):
    """Rows of the catalogue; shown shortly, because there are a hundred."""

    def __repr__(self) -> str:
        return f"{self[0].key} … {self[-1].key}"


_TRACE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", min_size=22, max_size=22).map(
    "A{}".format
)


@st.composite
def _answers(draw: DrawFn, rows: _Rows) -> ErrorAnswer:
    row = draw(st.sampled_from(rows))
    variant = {} if row.subcode is not None or row.key.isdigit() else {"variant": row.key.partition("/")[2]}
    refusal = Refusal(code=row.code, subcode=row.subcode, values=_VALUES | variant)
    return ErrorAnswer(row.status, envelope(refusal, draw(_TRACE)))


_VALUES = {
    "language": "English (US)",
    "component": "BODY",
    "fields": "text",
    "category": "MARKETING",
    "existing_category": "UTILITY",
    "existing": "UTILITY",
    "wait": "in 4 weeks",
    "limit": "60",
    "field": "footer",
    "format": "IMAGE",
    "given": "1",
    "expected": "2",
    "received": "TEXT",
    "app_id": "670843887433847",
    "errors": "at /screens: is required",
    "expired": "Thursday, 01-Jan-26 12:00:00 PST",
    "now": "Thursday, 01-Jan-26 13:00:00 PST",
    "id": "106540352242922",
    "method": "get",
    "mime_type": "image/gif",
    "name": "surprise",
    "node_type": "WhatsAppBusinessAccount",
    "path": "nowhere",
}
"""What stands in the {placeholders} of texts."""


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
