"""Multipart bodies and raw bodies reach the store of blobs whole, or not at all."""

from __future__ import annotations

import asyncio
import itertools
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.http import uploads
from localwaba.http.bodies import Disconnected, TooLarge
from localwaba.http.uploads import read_multipart, read_stream
from localwaba.runtime.blobs import BlobStore

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\r\n--\r\n--c\r\n-\x00\xff\r\n"
    b'--b\r\nContent-Disposition: form-data; name="flow_json"\r\n\r\n{"a": 1}\r\n'
    b"--b--\r\n"
)
CONTENT = b"\r\n--\r\n--c\r\n-\x00\xff"
KIND = "multipart/form-data; boundary=b"


def receiving(*pieces: bytes, whole: bool = True) -> Any:
    """An ASGI `receive` that gives these pieces, and then that the client has left."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if whole:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    messages.append({"type": "http.disconnect"})
    queue = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(queue)

    return receive


def parse(store: BlobStore, *pieces: bytes, kind: str = KIND, whole: bool = True) -> tuple[dict[str, Any], Any]:
    """What is read out of a body that comes in these pieces."""
    return asyncio.run(read_multipart(receiving(*pieces, whole=whole), kind, store))


def field(disposition: str, content: bytes = b"x", more: str = "") -> bytes:
    """A body of one part."""
    head = f"--b\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode()
    return head + content + b"\r\n--b--\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store keeps its files."""
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[BlobStore]:
    """A store that is removed after the test."""
    made = BlobStore(folder)
    yield made
    made.close()


def kept(folder: Path) -> list[str]:
    """The files on disk."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_fields_and_files(store: BlobStore) -> None:
    """Fields must come as text, files as blobs with their own type, and a file's field must hold its name."""
    params, files = parse(store, FORM)
    assert params == {"messaging_product": "whatsapp", "file": "a.png", "flow_json": '{"a": 1}'}
    assert list(files) == ["file"]
    blob = files["file"]
    assert (blob.mime_type, blob.filename, blob.size, blob.head) == ("image/png", "a.png", len(CONTENT), CONTENT)
    assert store.read(blob.name, 0, 99) == CONTENT


_shared = BlobStore()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(FORM)), max_size=12))
def test_any_split_parses_alike(cuts: list[int]) -> None:
    """However the network cuts a body, the same fields and files must come out."""
    at = sorted({0, len(FORM), *cuts})
    pieces = [FORM[start:stop] for start, stop in itertools.pairwise(at)]
    assert parse(_shared, *pieces) == parse(_shared, FORM)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([b"\r\n", b"--", b"b", b"-", b"\r", b"\n", b"c", b" "]), max_size=12), st.integers(1, 7)
)
def test_files_that_look_like_boundaries(words: list[bytes], step: int) -> None:
    """Content that almost is a boundary must arrive unchanged, whatever the pieces."""
    content = b"".join(words)
    if b"\r\n--b" in b"\r\n" + content:
        return
    body = field('form-data; name="file"; filename="f"', content)
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    assert parse(_shared, *pieces)[1]["file"].head == content


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FORM) - 1), st.integers(0, len(FORM)), st.binary(max_size=6))
def test_damaged_bodies_are_read_or_refused(start: int, length: int, noise: bytes) -> None:
    """Whatever is broken in a body, the answer must be a refusal with code 100, never a crash."""
    body = FORM[:start] + noise + FORM[start + length :]
    code = 100
    try:
        parse(_shared, body)
    except Refused as refused:
        code = refused.refusal.code
    assert code == 100


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        b"--b",
        b"--b\r\n",
        FORM[: -len(b"--b--\r\n")],
        FORM[:80],
        field("form-data"),
        field('attachment; name="file"'),
        b"--b\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nbad header\r\n\r\nx\r\n--b--\r\n",
        field('form-data; name="a"', more="X: " + "y" * 9000 + "\r\n"),
    ],
)
def test_broken_bodies_are_refused(store: BlobStore, folder: Path, body: bytes) -> None:
    """A broken body must be refused with Meta's plain text and our reason, and nothing of it kept."""
    with pytest.raises(Refused) as caught:
        parse(store, body)
    refusal = caught.value.refusal
    assert (refusal.code, refusal.message, refusal.details) == (100, "Invalid parameter", "Parameter Invalid")
    assert refusal.why.startswith("the multipart body is broken: ")
    assert kept(folder) == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", f"{KIND}{'b' * 300}"])
def test_bad_boundaries_are_refused(store: BlobStore, kind: str) -> None:
    """A body whose boundary is missing or absurd must be refused."""
    with pytest.raises(Refused) as caught:
        parse(store, FORM, kind=kind)
    assert caught.value.refusal.code == 100


@pytest.mark.parametrize("boundary", ["a", "----WebKitFormBoundary7MA4", "'()+_,-./:=?", "-" * 70])
def test_odd_boundaries_are_fine(store: BlobStore, boundary: str) -> None:
    """Every boundary that RFC 2046 allows must work, quoted or not."""
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--{boundary}--'.encode()
    assert parse(store, body, kind=f'multipart/form-data; charset=utf-8; boundary="{boundary}"') == ({"a": "x"}, {})


def test_no_body_is_no_parts(store: BlobStore) -> None:
    """A request that only announces a form must count as one without fields."""
    assert parse(store) == ({}, {})
    assert parse(store, b"--b--\r\n") == ({}, {})


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ('form-data; name="f"; filename="../../etc/passwd"', "passwd"),
        ('form-data; name="f"; filename="C:\\\\dir\\\\a b.png"', "a b.png"),
        ('form-data; name="f"; filename="日本.png"', "日本.png"),
        ('form-data; name="f"; filename=""', ""),
        ("form-data; name=\"f\"; filename*=utf-8''%E6%97%A5.png", "日.png"),
        ("form-data; name=\"f\"; filename*=iso-8859-1''%E9.png", "é.png"),
        ('form-data; name="f"; filename="plain.png"; filename*=utf-8\'\'x.png', "plain.png"),
        ("form-data; name=\"f\"; filename*=utf-8''%ff%00..%2F..%2Fx", "x"),
    ],
)
def test_file_names_are_only_names(store: BlobStore, disposition: str, expected: str) -> None:
    """A file's name must come without folders, in either of its spellings."""
    assert parse(store, field(disposition))[1]["f"].filename == expected


def test_a_file_without_a_type(store: BlobStore) -> None:
    """A part that does not say what it is must count as bytes."""
    assert parse(store, field('form-data; name="f"; filename="x"'))[1]["f"].mime_type == "application/octet-stream"


def test_a_type_cannot_smuggle_lines(store: BlobStore) -> None:
    """A type with a bare line feed must not be able to become a header of the download."""
    more = "Content-Type: image/png; x\nSet-Cookie: a=b\r\n"
    blob = parse(store, field('form-data; name="f"; filename="x"', more=more))[1]["f"]
    assert "\n" not in blob.mime_type


def test_the_last_of_two_wins(store: BlobStore, folder: Path) -> None:
    """Of two parts with one name the later must count, and the earlier file must not stay."""
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%b"\r\n\r\n%b\r\n'
    params, files = parse(store, part % (b"1", b"one") + part % (b"2", b"two") + b"--b--")
    assert (params, files["f"].head) == ({"f": "2"}, b"two")
    assert kept(folder) == [files["f"].name]


def test_client_that_leaves(store: BlobStore, folder: Path) -> None:
    """A client that leaves in the middle of a file must leave nothing behind."""
    with pytest.raises(Disconnected):
        parse(store, FORM[:200], whole=False)
    with pytest.raises(Disconnected):
        asyncio.run(read_stream(receiving(b"half", whole=False), store))
    assert kept(folder) == []


def test_too_large(store: BlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body, or a field, beyond its limit must be cut off without a trace."""
    with pytest.raises(TooLarge):
        parse(store, field('form-data; name="text"', b"x" * (uploads.TEXT_LIMIT + 1)))
    monkeypatch.setattr(uploads, "BODY_LIMIT", 200)
    with pytest.raises(TooLarge):
        parse(store, FORM[:150], FORM[150:])
    with pytest.raises(TooLarge):
        asyncio.run(read_stream(receiving(b"x" * 150, b"x" * 51), store))
    assert kept(folder) == []


def test_too_many_parts(store: BlobStore) -> None:
    """A body of very many parts must be refused."""
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    assert parse(store, part * uploads.PART_LIMIT + b"--b--")[0] == {"a": "x"}
    with pytest.raises(Refused):
        parse(store, part * (uploads.PART_LIMIT + 1) + b"--b--")


def test_a_raw_body(store: BlobStore) -> None:
    """The bytes of a resumable upload must be kept as they are."""
    blob = asyncio.run(read_stream(receiving(b"ab", b"", b"c"), store))
    assert (blob.size, blob.head, store.read(blob.name, 0, 9)) == (3, b"abc", b"abc")


def test_large_files_do_not_stay_in_memory(store: BlobStore) -> None:
    """A file of 32 MB must cost a small part of that in memory."""
    head, _, tail = field('form-data; name="file"; filename="f"', b"@").partition(b"@")
    piece = bytes(64 * 1024)

    class Flood:
        """A client that sends 512 pieces."""

        left = 514

        async def __call__(self) -> dict[str, Any]:
            self.left -= 1
            body = head if self.left == 513 else tail if self.left == 0 else piece
            return {"type": "http.request", "body": body, "more_body": self.left > 0}

    tracemalloc.start()
    try:
        _, files = asyncio.run(read_multipart(Flood(), KIND, store))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert files["file"].size == 512 * len(piece)
    assert peak < 2 * 1024 * 1024
