"""Why a rule said no: a value without HTTP status and without English of the envelope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from localwaba.domain.events import Event


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What Meta would answer, and beside it why, in our own words.

    `code` and `subcode` name a row of the error catalogue, which gives title, type and HTTP status. `message`
    replaces the catalogue's title (without the `(#code) ` prefix). `details` becomes `error_data.details`; without it
    the catalogue decides whether there are any. `values` fill placeholders of the catalogue's user texts.
    `rule`, `why` and `fix` never go into Meta's body: they go to the journal and to `X-Localwaba-Why`.
    """

    code: int
    subcode: int | None = None
    message: str | None = None
    details: str | None = None
    values: dict[str, str] = {}
    blame: tuple[str, ...] = ()
    rule: str = ""
    why: str = ""
    fix: str = ""


class Refused(Exception):
    """A call that a rule refused; carries the refusal, and what happens all the same (a wrong guess counts).

    `beside` are members of the answer that stand before its `error`, where some of what was asked for was done.
    """

    def __init__(self, refusal: Refusal, events: Sequence[Event] = ()) -> None:
        super().__init__(refusal.why or refusal.details or refusal.message or str(refusal.code))
        self.refusal = refusal
        self.events = events
        self.beside: dict[str, Any] = {}


def refuse(
    code: int,
    details: str | None = None,
    *,
    subcode: int | None = None,
    message: str | None = None,
    values: dict[str, str] | None = None,
    blame: tuple[str, ...] = (),
    rule: str = "",
    why: str = "",
    fix: str = "",
) -> Refused:
    """The exception to raise where a rule says no."""
    return Refused(
        Refusal(
            code=code,
            subcode=subcode,
            message=message,
            details=details,
            values=values or {},
            blame=blame,
            rule=rule,
            why=why,
            fix=fix,
        )
    )


def invalid_parameter(*, rule: str = "", why: str, fix: str = "") -> Refused:
    """The exception for a parameter that cannot be used, in the words that Meta has for any of them (code 100)."""
    return refuse(100, "Parameter Invalid", message="Invalid parameter", rule=rule, why=why, fix=fix)
