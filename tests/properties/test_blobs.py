"""Pieces of a file, read one after the other, are the file."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.runtime.blobs import BlobStore


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=8), max_size=5), st.integers(0, 45), st.integers(0, 45))
def test_reading_pieces_is_reading_their_sum(chunks: list[bytes], start: int, length: int) -> None:
    """However a file was appended, reading a span of it must give that span of the whole."""
    store = BlobStore()
    name = ""
    for chunk in chunks:
        name = store.append(name, chunk)
    whole = b"".join(chunks)
    if name:
        assert store.read(name, start, length) == whole[start : start + length]
        assert store.size(name) == len(whole)
    else:
        assert whole == b""
    store.close()
