"""Texts: whatever people may write, and words that a template can be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_PLAIN = "".join(map(chr, (*range(0x20, 0x7F), *range(0xC0, 0x100))))
# Not all of Unicode: to sort that into categories costs Hypothesis a second in every first run.
_ANY = (
    _PLAIN
    + "¡¿€„“”‘’…–·łŁğİışřœŒαωΩЖжщґѝשלוםمرحبا٣नमस्तेไทยქართული中文字繁體あアｱ한글ﬁ"
    + "😀👍🏽❤️🇧🇷𝕏𐍈\u200d\u200f\u2028"
)
_WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
_SCRIPTS = st.sampled_from(["Olá", "Grüße", "你好", "नमस्ते", "مرحبا", "Привет", "안녕하세요", "👍🏽", "🇧🇷", "e\u0301"])
_EDGES = st.sampled_from(["a/b?c=<d>&e=100%", "me@example.com", '"quoted" \\ back', "one\ntwo", "*bold* _it_"])


def chosen(given: Collection[str] | str | None, known: Iterable[str], what: str) -> tuple[str, ...]:
    """What was asked for, as a tuple: all that is `known` for None, one for a text.

    ValueError for nothing at all, and for a word that is not known, with the nearest one that is.
    """
    there = tuple(known)
    if given is None:
        return there
    wanted = (given,) if isinstance(given, str) else tuple(given)
    if not wanted:
        raise ValueError(f"name a {what} at least, or leave them all in with None")
    lower = {one.lower(): one for one in there}
    for word in wanted:
        if word not in there:
            near = get_close_matches(str(word).lower(), lower, 1, 0.6)
            meant = f": did you mean {lower[near[0]]!r}?" if near else ";"
            raise ValueError(f"there is no {what} {word!r}{meant} There are {', '.join(there)}".replace("; T", "; t"))
    return wanted


def words() -> SearchStrategy[str]:
    """One word of lower-case letters, at most eight of them."""
    return _WORD


@cache
def identifiers(most: int, beside: str = "_", least: int = 1) -> SearchStrategy[str]:
    """A lower-case letter, and letters, digits and the characters of `beside` after it."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    rest = st.text(letters + "0123456789" + beside, min_size=least - 1, max_size=most - 1)
    return st.builds("{}{}".format, st.sampled_from(letters), rest)  # a regex would cost some seconds once


@cache
def texts(most: int, least: int = 1) -> SearchStrategy[str]:
    """What people write, `least` to `most` characters: any script, emoji, what JSON escapes, the longest possible.

    With `least` of 1 or more it says something: it is never only blanks.
    """
    short = st.text(_ANY, min_size=least, max_size=min(most, 30))
    if least:
        short = short.filter(lambda text: bool(text.strip()))
    kinds = [short]
    kinds += [pool.filter(lambda text: least <= len(text) <= most) for pool in (_SCRIPTS, _EDGES) if most >= 20]
    if most > 30:
        kinds.append(st.integers(most - 1, most).map(lambda size: "x" * size))
    return st.one_of(kinds)


@cache
def labels(most: int) -> SearchStrategy[str]:
    """A short text without line breaks, as on a button or in a header."""
    return st.text(_PLAIN, min_size=1, max_size=most)


@cache
def links() -> SearchStrategy[str]:
    """A public https address that resembles a file's; nothing is fetched from it unless you tell the emulator to."""
    return st.builds("https://example.com/{}".format, _WORD)


@cache
def digits(least: int, most: int) -> SearchStrategy[str]:
    """A number as a string of digits that does not begin with 0."""
    return st.integers(10 ** (least - 1), 10**most - 1).map(str)


@cache
def message_ids() -> SearchStrategy[str]:
    """A message id, `wamid.…`, of a message that nobody has sent."""
    return st.binary(min_size=12, max_size=24).map(_wamid)


def _wamid(raw: bytes) -> str:
    from base64 import b64encode

    return "wamid." + b64encode(b"\x1d\x9b" + raw).decode("ascii")
