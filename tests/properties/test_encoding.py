"""The raw bytes of a webhook body are those of a loop over the characters."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.wire.encoding import encode

OWN_ESCAPES = {"/": "\\/", "<": "\\u003C", "%": "\\u0025", "@": "\\u0040"}


def spell(text: str) -> str:
    """One string, one character after the other: the obvious reference."""
    out = []
    for char in text:
        if char in OWN_ESCAPES:
            out.append(OWN_ESCAPES[char])
        elif char in '"\\':
            out.append("\\" + char)
        elif char in "\b\f\n\r\t":
            out.append({"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}[char])
        elif ord(char) < 0x20:
            out.append(f"\\u{ord(char):04x}")
        elif ord(char) < 0x80:
            out.append(char)
        elif ord(char) < 0x10000:
            out.append(f"\\u{ord(char):04x}")
        else:
            point = ord(char) - 0x10000
            out.append(f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}")
    return '"' + "".join(out) + '"'


def reference(value: Any) -> str:
    """Any JSON value without floats, written the obvious way."""
    match value:
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(value)
        case str():
            return spell(value)
        case list():
            return "[" + ",".join(reference(item) for item in value) + "]"
        case _:
            return "{" + ",".join(f"{spell(key)}:{reference(item)}" for key, item in value.items()) + "}"


texts = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet='/\\<%@"\n\x00\x1f\x7f\x80é\u2028\uffff😮a'),
)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_every_value_is_spelled_as_the_obvious_reference_spells_it(value: Any) -> None:
    """The fast passes must write the same bytes as a loop over the characters."""
    assert encode(value) == reference(value).encode("ascii")


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_was_encoded_reads_back_and_carries_no_raw_special(value: Any) -> None:
    """The escapes must not change the value, and none of the escaped characters may stand raw."""
    body = encode(value)
    assert json.loads(body) == value
    assert body.isascii()
    assert not set(body) & set(b"<%@")
    assert body.count(b"/") == sum(found == b"\\/" for found in split_escapes(body))


def split_escapes(body: bytes) -> list[bytes]:
    """The body cut into escapes of two bytes and single bytes."""
    pieces, at = [], 0
    while at < len(body):
        width = 2 if body[at : at + 1] == b"\\" else 1
        pieces.append(body[at : at + width])
        at += width
    return pieces


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back_exactly(number: float) -> None:
    """A coordinate or a price must keep its value."""
    assert json.loads(encode({"latitude": number})) == {"latitude": number}
