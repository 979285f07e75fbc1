"""The raw bytes of a webhook body are Meta's, character by character."""

from __future__ import annotations

import json

import msgspec
import pytest

from localwaba.wire.encoding import encode, encode_plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image/jpeg", rb"image\/jpeg"),
        ("Hola quiero un café", rb"Hola quiero un caf\u00e9"),
        ("😮", rb"\ud83d\ude2e"),
        ("<tag>", rb"\u003Ctag>"),
        ("a@b.c", rb"a\u0040b.c"),
        ("50%", rb"50\u0025"),
        ("&=+;:?-_>'", b"&=+;:?-_>'"),
        ('"\n', rb"\"\n"),
        ("\\/", rb"\\\/"),
    ],
)
def test_characters_of_the_captures(text: str, expected: bytes) -> None:
    """Each character that a capture shows must be written as captured."""
    assert encode(text) == b'"' + expected + b'"'


def test_a_json_text_inside_a_string_keeps_both_layers() -> None:
    """A flow's `response_json` must come out with escaped quotes and with `\\\\\\/` for its escaped slashes."""
    assert encode({"response_json": '{"a":"b\\/c"}'}) == rb'{"response_json":"{\"a\":\"b\\\/c\"}"}'


def test_keys_keep_their_order_and_are_escaped_too() -> None:
    """Fields must appear in the order in which they were put in."""
    assert encode({"b/": 1, "a@": [True, None]}) == rb'{"b\/":1,"a\u0040":[true,null]}'


def test_raw_json_that_is_escaped_already_is_not_escaped_twice() -> None:
    """A stored body that carries `\\/` must come out with one backslash."""
    assert encode({"a": msgspec.Raw(rb'"x\/y"'), "b": "/"}) == rb'{"a":"x\/y","b":"\/"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\ud83d", rb"\ud83d"), ("a/\udc00<é😮", rb"a\/\udc00\u003C\u00e9\ud83d\ude2e")],
)
def test_a_lone_surrogate_is_escaped_and_does_not_crash(text: str, expected: bytes) -> None:
    """Half a surrogate pair must leave as its escape, wherever it stands."""
    assert encode({text: [text]}) == b'{"' + expected + b'":["' + expected + b'"]}'


def test_plain_json_leaves_everything_readable() -> None:
    """With the escapes switched off the body must be compact UTF-8."""
    assert encode_plain({"a": "é / < % @"}) == '{"a":"é / < % @"}'.encode()


def test_plain_json_survives_a_lone_surrogate() -> None:
    """The plain form must not crash either."""
    assert json.loads(encode_plain({"a": "\ud800é"})) == {"a": "\ud800é"}
