"""Samples: small, valid, and recognised by the code that judges everybody's files."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib

import pytest

from localwaba.domain.media_kinds import base_mime, check_processing, check_upload, sniff
from localwaba.domain.media_samples import sample

ALL = [
    *(("audio", ""), ("document", ""), ("image", ""), ("image", "png")),
    *(("sticker", ""), ("sticker", "animated"), ("video", "")),
]


@pytest.mark.parametrize(("kind", "variant"), ALL)
def test_a_sample_is_what_it_says(kind: str, variant: str) -> None:
    """The bytes show the declared type, in the first 512 already."""
    found = sample(kind, variant)
    assert base_mime(found.mime) == sniff(found.content[:512])
    assert base_mime(found.mime) == sniff(found.content)


@pytest.mark.parametrize(("kind", "variant"), ALL)
def test_a_sample_passes_upload_and_processing(kind: str, variant: str) -> None:
    """A sample can be uploaded and sent as its kind."""
    found = sample(kind, variant)
    check_upload(found.mime, len(found.content))
    assert None is check_processing(kind, found.mime, found.content, len(found.content))


@pytest.mark.parametrize(("kind", "variant"), ALL)
def test_a_sample_is_tiny(kind: str, variant: str) -> None:
    """Nobody waits for a sample."""
    assert 100 < len(sample(kind, variant).content) < 4096


def test_the_voice_note_may_be_a_voice_note() -> None:
    """The audio sample is Ogg with Opus in one channel, which `voice: true` demands."""
    found = sample("audio")
    assert None is check_processing("audio", found.mime, found.content, len(found.content), voice=True)


def test_an_unknown_kind_has_no_sample() -> None:
    """Locations and contacts have no file."""
    with pytest.raises(KeyError):
        sample("location")


def test_the_png_decodes() -> None:
    """Every chunk's checksum holds and the pixels inflate to the announced size."""
    content, at, pixels = sample("image", "png").content, 8, b""
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        body = content[at + 4 : at + 8 + length]
        assert zlib.crc32(body) == int.from_bytes(content[at + 8 + length : at + 12 + length], "big")
        pixels += body[4:] if body[:4] == b"IDAT" else b""
        at += 12 + length
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))
    assert height * (1 + 3 * width) == len(zlib.decompress(pixels))


def test_the_jpeg_is_whole() -> None:
    """The picture begins and ends with its markers."""
    content = sample("image").content
    assert (content[:2], content[-2:]) == (b"\xff\xd8", b"\xff\xd9")


@pytest.mark.parametrize("variant", ["", "animated"])
def test_the_stickers_are_whole(variant: str) -> None:
    """The container's size is the file's."""
    content = sample("sticker", variant).content
    assert len(content) - 8 == int.from_bytes(content[4:8], "little")


def test_the_voice_note_is_whole() -> None:
    """Every page of the stream has its checksum, and the last one ends the stream."""
    content, at, flags = sample("audio").content, 0, 0
    while at < len(content):
        segments = content[at + 26]
        size = 27 + segments + sum(content[at + 27 : at + 27 + segments])
        page = content[at : at + size]
        assert int.from_bytes(page[22:26], "little") == ogg_checksum(page[:22] + bytes(4) + page[26:])
        flags, at = page[5], at + size
    assert flags & 4


def ogg_checksum(page: bytes) -> int:
    """RFC 3533's CRC: polynomial 0x04c11db7, neither reflected nor inverted."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def test_the_video_is_whole() -> None:
    """The boxes of the file fill it exactly."""
    content, at, names = sample("video").content, 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    assert len(content) == at
    assert {b"ftyp", b"moov", b"mdat"} <= set(names)


def test_the_document_can_be_navigated() -> None:
    """The cross-reference table of the PDF points at its objects and is where the end says."""
    content = sample("document").content
    table = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    assert content[table:].startswith(b"xref\n")
    offsets = [int(o) for o in re.findall(rb"(\d{10}) 00000 n", content[table:])]
    assert [b"%d 0 obj" % number for number in range(1, 6)] == [content[o : o + 7] for o in offsets]


def test_judging_media_does_not_load_the_samples() -> None:
    """The samples cost memory only where one is wanted."""
    program = "import sys, localwaba.domain.media_kinds; sys.exit('localwaba.domain.media_samples' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
