"""Sends with exactly one thing wrong, and the answer that Meta would give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba_contracts.validate import findings, message_contract
from localwaba_contracts.violations import choose, spell
from pytest_localwaba.strategies.breaking import KEYWORDS, Breakage, breakages
from pytest_localwaba.strategies.errors import Broken, meta_error, promised
from pytest_localwaba.strategies.sends import sends

Json = dict[str, Any]

_NO_NUMBERS = {
    "0012025550147": "begins with 00",
    "12025": "is too short",
    "1202555014712025550147": "is too long",
    "two": "has no digits",
    "12025550147;": "has a character that no number has",
    "9990000000000": "has a calling code of no country",
}


@st.composite
def broken_sends(
    draw: DrawFn,
    types: Collection[str] | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    interactive: Collection[str] | None = None,
    flow_ids: Sequence[str] = (),
) -> Broken:
    """A send with exactly one violation of its contract, or a `to` that is no number; `Broken` says what comes back.

    The options are those of `sends`. What is wrong is one of: a member missing or unknown, of another type, out of
    its enum, too long, too short, too many, too few, out of range, off its pattern, or a rule over several members
    (ids of buttons, rows over all sections, totals that do not add up).
    """
    request = draw(sends(types, to=to, interactive=interactive, flow_ids=flow_ids))
    contract = message_contract(request)
    if draw(st.integers(0, 19)) == 19:
        return _unreachable(request, draw(st.sampled_from(sorted(_NO_NUMBERS))))
    ways = breakages(contract, request)
    keyword = draw(st.sampled_from(sorted({way.keyword for way in ways}, key=KEYWORDS.index)))
    return broken(request, draw(st.sampled_from([way for way in ways if way.keyword == keyword])))


def broken(request: Json, how: Breakage) -> Broken:
    """A request with one rule broken; not if that breaks a second one, or would be taken for another mistake."""
    made = how.apply(request)
    found = findings(message_contract(made), made)
    assume(len(found) == 1)
    error = choose(found)
    assume(error.path == spell(how.path))
    return Broken(made, promised(error), how.what, error.path)


def _unreachable(request: Json, to: str) -> Broken:
    error = meta_error(100, "Parameter Invalid", message="Invalid parameter")
    return Broken(request | {"to": to}, error, f"to is {to!r}, which {_NO_NUMBERS[to]}", "to")
