"""The pictures of short links: a code that a reader has read, and what is the same in all of them."""

from __future__ import annotations

import zlib

import pytest

from localwaba.domain.qr_picture import CAPACITY, SIZE, matrix, png, svg

LINK = "https://wa.me/message/4O4YGZEG3RIVE1"
WAS_READ = 0x778671B1
"""The check sum of the modules, row by row."""


def rows(text: str) -> list[str]:
    return ["".join("#" if cell else "." for cell in line) for line in matrix(text)]


def test_a_code_that_was_read() -> None:
    """This link's code, as a reader of another make (zxing-cpp 2.3) has read it."""
    packed = hex(int("".join(rows(LINK)).replace("#", "1").replace(".", "0"), 2))
    assert zlib.crc32(packed.encode()) == WAS_READ


def test_eyes() -> None:
    """Three corners have an eye, the fourth has none."""
    found = rows(LINK)
    eye = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
    assert [line[:7] for line in found[:7]] == eye
    assert [line[-7:] for line in found[:7]] == eye
    assert [line[:7] for line in found[-7:]] == eye
    assert [line[-7:] for line in found[-7:]] != eye


def test_each_text_has_its_own() -> None:
    """Another text is another picture; the same text the same."""
    assert matrix(LINK) == matrix(LINK)
    assert matrix(LINK) != matrix(LINK[:-1] + "2")


def test_capacity() -> None:
    """42 bytes fit in, one more does not."""
    assert len(matrix("x" * CAPACITY)) == SIZE
    with pytest.raises(ValueError, match="43 bytes"):
        matrix("x" * (CAPACITY + 1))


def test_png_and_svg_agree() -> None:
    """Both formats show as many dark modules as there are, with white around them."""
    dark = sum(line.count("#") for line in rows(LINK))
    assert svg(LINK).count(b"h1v1h-1z") == dark
    raw = png(LINK, scale=1)
    at = raw.index(b"IDAT")
    size = int.from_bytes(raw[at - 4 : at], "big")
    pixels = zlib.decompress(raw[at + 4 : at + 4 + size])
    side = SIZE + 8
    assert len(pixels) == side * (side + 1)
    assert pixels.count(0) - side == dark
