"""Whatever bytes are uploaded, sniffing and processing have an answer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.media_bytes import WebP, webp_facts
from localwaba.domain.media_kinds import (
    KIND_MIMES,
    check_processing,
    sniff,
)


@given(st.binary(max_size=200), st.sampled_from([b"", b"RIFF\0\0\0\0WEBP", b"\xff\xd8", b"\0\0\0\x18ftyp", b"OggS"]))
@settings(max_examples=200)
def test_no_bytes_break_the_judges(noise: bytes, start: bytes) -> None:
    """Whatever somebody uploads, sniffing and processing give an answer."""
    head = start + noise
    assert "/" in sniff(head)
    for kind, mimes in KIND_MIMES.items():
        check_processing(kind, mimes[0], head, len(head))


@given(st.integers(1, 16384), st.integers(1, 16384))
@settings(max_examples=50)
def test_lossless_dimensions_are_read(width: int, height: int) -> None:
    """Width and height of a lossless WebP are packed into 14 bits each."""
    bits = (width - 1) | (height - 1) << 14
    head = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + bits.to_bytes(4, "little") + bytes(8)
    assert WebP(width, height) == webp_facts(head)
