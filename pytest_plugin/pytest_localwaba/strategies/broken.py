"""Sends with exactly one thing wrong, and the answer that Meta would give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from localwaba_contracts.validate import findings, message_contract
from localwaba_contracts.violations import choose, spell
from pytest_localwaba.strategies.breaking import KEYWORDS, Breakage, breakages
from pytest_localwaba.strategies.errors import Broken, meta_error, promised
from pytest_localwaba.strategies.sends import MEDIA, Wanted, read_receipts, send_of

Json = dict[str, Any]

_NO_NUMBERS = {
    "0012025550147": "begins with 00",
    "12025": "is too short",
    "1202555014712025550147": "is too long",
    "two": "has no digits",
    "12025550147;": "has a character that no number has",
    "9990000000000": "has a calling code of no country",
}


def broken_sends(
    types: Collection[str] | str | None = None,
    *,
    to: SearchStrategy[str] | str | None = None,
    interactive: Collection[str] | str | None = None,
    flow_ids: Sequence[str] = (),
    codes: Collection[int] | int | None = None,
) -> SearchStrategy[Broken]:
    """A send with exactly one violation; `Broken` says what comes back.

    The options are those of `sends`; `codes` are those of the errors that you want. What is wrong is one of: a member
    missing or unknown, of another type, out of its enum, too long, too short, too many, too few, out of range, off its
    pattern, or a rule over several members (ids of buttons, rows over all sections, totals that do not add up); a `to`
    that is no number; a type that nobody can send; a file or a message that there is not. ValueError for a code that
    no such request meets.
    """
    asked = None if codes is None else {codes} if isinstance(codes, int) else set(codes)
    if asked is not None and not asked <= set(CODES):
        strange = ", ".join(str(code) for code in sorted(asked - set(CODES)))
        raise ValueError(f"no broken send is answered with {strange}; there are {', '.join(map(str, CODES))}")
    wanted = Wanted.of(types, to, (), (), flow_ids, interactive)
    able = tuple(kind for kind in wanted.types if asked is None or asked & codes_of(kind))
    if not able:
        raise ValueError(f"no {' or '.join(wanted.types)} is answered with {', '.join(map(str, sorted(asked or ())))}")
    return _broken_sends(wanted._replace(types=able), frozenset(asked or CODES))


def codes_of(kind: str) -> set[int]:
    """The codes that a broken message of a type can be answered with."""
    beside = {131009} if kind not in ("text", "reaction") else set[int]()
    return {100, 131041, 131051} | beside | ({131008} if kind == "interactive" else set())


CODES = (100, 131008, 131009, 131041, 131051)
"""What broken sends are answered with."""
_RARE: dict[str, int] = {"to": 100, "recipient": 131009, "media": 100, "group": 131041, "type": 131051}
"""What no contract says, and the code of the answer: what is named is not there, or cannot be sent by anybody."""


@st.composite
def _broken_sends(draw: DrawFn, wanted: Wanted, codes: frozenset[int]) -> Broken:
    odd = draw(st.integers(0, 9)) == 9  # before the request: what is drawn late is mostly the plainest
    request = draw(send_of(wanted))
    rare = [name for name, code in _RARE.items() if code in codes and (name != "media" or _file_of(request))]
    ways = [way for way in breakages(message_contract(request), request) if way.code in codes]
    if rare and (odd or not ways):
        return draw(_strange(request, draw(st.sampled_from(rare))))
    return draw(one_broken(request, ways, codes))


@st.composite
def one_broken(draw: DrawFn, request: Json, ways: Sequence[Breakage], codes: Collection[int] | None = None) -> Broken:
    """A request with one rule broken, in one of these ways; not in those that break a second rule with it."""
    keyword = draw(st.sampled_from(sorted({way.keyword for way in ways}, key=KEYWORDS.index)))
    alike = [way for way in ways if way.keyword == keyword]
    first = draw(st.integers(0, len(alike) - 1))
    others = (way for way in ways if way.keyword != keyword)
    for way in (*alike[first:], *alike[:first], *others):
        found = broken(request, way)
        if found is not None and (codes is None or found.error.code in codes):
            return found
    reject()


def broken(request: Json, how: Breakage) -> Broken | None:
    """A request with one rule broken; None if that breaks a second one, or would be taken for another mistake."""
    made = how.apply(request)
    found = findings(message_contract(made), made)
    if len(found) != 1:
        return None
    error = choose(found)
    return Broken(made, promised(error), how.what, error.path) if error.path == spell(how.path) else None


def _file_of(request: Json) -> str:
    kind = request.get("type", "text")
    return kind if kind in MEDIA else ""


@st.composite
def _strange(draw: DrawFn, request: Json, name: str) -> Broken:
    """A request that names what is not there."""
    rest = {key: value for key, value in request.items() if key != "to"}
    if name == "to":
        return _unreachable(request, draw(st.sampled_from(sorted(_NO_NUMBERS))))
    if name == "recipient":
        error = meta_error(131009, "Parameter Invalid")
        return Broken(rest | {"recipient": "nobody"}, error, "recipient is 'nobody', which is no user id", "recipient")
    if name == "group":
        group = {"recipient_type": "group", "to": "Y2FwaV9ncm91cDox"}
        return Broken(rest | group, meta_error(131041, "Group unknown"), "there is no such group", "to")
    if name == "media":
        kind = _file_of(request)
        said = f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID"
        changed = {key: value for key, value in request[kind].items() if key != "link"} | {"id": "1"}
        what = f"{kind}.id is '1', which no upload has given"
        return Broken(request | {kind: changed}, meta_error(100, message=said), what, f"{kind}['id']")
    error = meta_error(131051, "Message type is currently not supported.")
    kept = {key: value for key, value in request.items() if key != request.get("type", "text")}
    return Broken(kept | {"type": "gif", "gif": {}}, error, "nobody can send a message of type gif", "type")


def broken_read_receipts(ids: Sequence[str]) -> SearchStrategy[Broken]:
    """A read receipt for one of the user's messages `ids` with one thing wrong, or for a message that there is not."""
    return _broken_receipts(tuple(ids))


@st.composite
def _broken_receipts(draw: DrawFn, ids: tuple[str, ...]) -> Broken:
    request = draw(read_receipts(ids))
    if draw(st.integers(0, 3)) == 3:
        error = meta_error(100, "Parameter Invalid", message="Invalid parameter")
        return Broken(request | {"message_id": "wamid.QUFBQUFB"}, error, "there is no such message", "message_id")
    return draw(one_broken(request, breakages("requests/messages/read", request)))


def _unreachable(request: Json, to: str) -> Broken:
    error = meta_error(100, "Parameter Invalid", message="Invalid parameter")
    return Broken(request | {"to": to}, error, f"to is {to!r}, which {_NO_NUMBERS[to]}", "to")
