"""Media kinds: what upload takes by its name, and what processing finds out about the bytes."""

from __future__ import annotations

import zlib

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.media_bytes import Track, jpeg_components, tracks
from localwaba.domain.media_kinds import (
    KIND_MIMES,
    MAX_BYTES,
    UPLOAD_MIMES,
    check_processing,
    check_upload,
    kind_of,
    sniff,
)
from localwaba.domain.media_samples import sample

# Captured; the list and its order are the platform's.
CSV_REFUSED = (
    "Param file must be a file with one of the following types: audio/aac, audio/mp4, audio/mpeg, audio/amr, "
    "audio/ogg, audio/opus, application/vnd.ms-powerpoint, application/msword, "
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document, "
    "application/vnd.openxmlformats-officedocument.presentationml.presentation, "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/pdf, text/plain, "
    "application/vnd.ms-excel, image/jpeg, image/png, image/webp, video/mp4, video/3gpp. "
    "Received file of type 'text/csv'."
)
IMAGE_INVALID = (
    "Image is invalid. Please check the image properties; supported are JPG/JPEG, RGB/RGBA, 8 bit/channels "
    "and PNG, RGB/RGBA, up to 8 bit/channel."
)
WEBM = b"\x1aE\xdf\xa3" + bytes(100)
MP3 = b"\xff\xfb\x90\x64" + bytes(100)
AAC = b"\xff\xf1\x50\x80" + bytes(100)


def box(name: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return (8 + len(body)).to_bytes(4, "big") + name + body


def trak(handler: bytes, codec: bytes) -> bytes:
    entry = box(codec, bytes(16))
    stsd = box(b"stsd", bytes(4), (1).to_bytes(4, "big"), entry)
    hdlr = box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", box(b"mdia", hdlr, box(b"minf", box(b"stbl", stsd))))


def mp4(*traks: bytes, brand: bytes = b"isom", extra: bytes = b"") -> bytes:
    return box(b"ftyp", brand, bytes(4)) + box(b"moov", *traks, extra) + box(b"mdat", bytes(32))


def png(depth: int = 8, colour: int = 2) -> bytes:
    header = b"IHDR" + (8).to_bytes(4, "big") * 2 + bytes([depth, colour, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


def jpeg(components: int, *, before: bytes = b"") -> bytes:
    return b"\xff\xd8" + before + b"\xff\xc0\x00\x11\x08\x00\x10\x00\x10" + bytes([components]) + bytes(20)


def webp(width: int, height: int, *, animated: bool = False) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes([2 if animated else 0]) + bytes(3) + size
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def details(kind: str, mime: str, head: bytes, size: int | None = None, **flags: bool) -> str | None:
    refusal = check_processing(kind, mime, head, len(head) if size is None else size, **flags)
    if refusal is None:
        return None
    assert (refusal.code, bool(refusal.why), bool(refusal.fix)) == (131053, True, True)
    return refusal.details


def refusal_of_upload(mime: str, size: int = 1) -> Refusal:
    with pytest.raises(Refused) as caught:
        check_upload(mime, size)
    return caught.value.refusal


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        *(("image/jpeg", "image"), ("image/webp", "sticker"), ("audio/ogg; codecs=opus", "audio")),
        *(("VIDEO/MP4", "video"), ("text/plain", "document"), ("application/zip", "document")),
    ],
)
def test_a_mime_type_belongs_to_a_kind(mime: str, kind: str) -> None:
    """Parameters and case do not matter; what no other kind takes is a document."""
    assert kind == kind_of(mime)


def test_every_uploadable_type_belongs_to_one_kind() -> None:
    """The kinds share out the list of the error text without rest and without overlap."""
    shared_out = [mime for mimes in KIND_MIMES.values() for mime in mimes]
    assert sorted(UPLOAD_MIMES) == sorted(shared_out)


def test_an_unsupported_type_is_refused_verbatim() -> None:
    """The text of the refusal is Meta's, list and order and the received type."""
    refusal = refusal_of_upload("text/csv")
    assert (refusal.code, refusal.message, refusal.details) == (100, CSV_REFUSED, None)
    assert "text/plain" in refusal.fix


@pytest.mark.parametrize("mime", UPLOAD_MIMES)
def test_every_listed_type_is_taken(mime: str) -> None:
    """One byte of each listed type is accepted at upload."""
    check_upload(mime, 1)


def test_parameters_of_a_type_do_not_hinder() -> None:
    """A voice note is declared with its codec."""
    check_upload("audio/ogg; codecs=opus", 1)


@pytest.mark.parametrize(("mime", "named"), [("", "application/octet-stream"), ("image/jpg", "image/jpg")])
def test_the_received_type_is_named(mime: str, named: str) -> None:
    """A missing type is octet-stream, a misspelt one is repeated."""
    assert (refusal_of_upload(mime).message or "").endswith(f"Received file of type '{named}'.")


@pytest.mark.parametrize(("mime", "limit"), [("image/png", 5242880), ("video/mp4", 16777216)])
def test_size_at_upload_is_limited(mime: str, limit: int) -> None:
    """The last allowed byte passes, one more is refused, and so is nothing at all."""
    check_upload(mime, limit)
    assert refusal_of_upload(mime, limit + 1).code == 100
    assert refusal_of_upload(mime, 0).code == 100


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        *((jpeg(3), "image/jpeg"), (png(), "image/png"), (webp(512, 512), "image/webp")),
        *((b"GIF89a" + bytes(9), "image/gif"), (MP3, "audio/mpeg"), (b"ID3\x04" + bytes(9), "audio/mpeg")),
        *((AAC, "audio/aac"), (b"#!AMR\n" + bytes(9), "audio/amr"), (WEBM, "video/webm")),
        *((b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"), (b"OggS" + bytes(25) + b"vorbis", "application/ogg")),
        *((mp4(trak(b"soun", b"mp4a")), "audio/mp4"), (mp4(brand=b"M4A "), "audio/mp4")),
        *((mp4(trak(b"vide", b"avc1"), trak(b"soun", b"mp4a")), "video/mp4"), (mp4(), "video/mp4")),
        *((mp4(brand=b"3gp5"), "video/3gpp"), (mp4(brand=b"qt  "), "video/quicktime")),
        *((b"%PDF-1.7\n", "application/pdf"), (b"PK\x03\x04" + bytes(26) + b"a.txt", "application/zip")),
        (b"PK\x03\x04" + bytes(26) + b"xl/workbook.xml", UPLOAD_MIMES[10]),
        (b"PK\x03\x04" + bytes(26) + b"word/document.xml", UPLOAD_MIMES[8]),
        (b"PK\x03\x04" + bytes(26) + b"ppt/presentation.xml", UPLOAD_MIMES[9]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "application/vnd.ms-excel"),
        *((b"a,b\n1,2\n", "text/plain"), ("naïve".encode()[:3], "text/plain"), (b"BM is no bitmap", "text/plain")),
        *((b"\n<!DOCTYPE html><html>", "text/html"), ("\ufeffhi".encode("utf-16-le"), "application/octet-stream")),
        *((b"", "application/octet-stream"), (b"\x00\x01\x02", "application/octet-stream")),
    ],
)
def test_bytes_show_their_type(head: bytes, mime: str) -> None:
    """The magic of the first bytes decides, not any name."""
    assert mime == sniff(head)


@pytest.mark.parametrize(
    ("kind", "size", "text"),
    [
        ("video", 63787247, "Video file has size 63787247 bytes but must be atmost 16777216 bytes and non-empty"),
        ("image", 6303812, "Image file has size 6303812 bytes but must be atmost 5242880 bytes and non-empty"),
        ("sticker", 973668, "Sticker file has size 973668 bytes but must be atmost 512000 bytes and non-empty"),
        ("audio", 0, "Audio file has size 0 bytes but must be atmost 16777216 bytes and non-empty"),
    ],
)
def test_a_size_fails_with_the_captured_text(kind: str, size: int, text: str) -> None:
    """Too big or empty: the sentence is the one real webhooks carry."""
    assert text == details(kind, KIND_MIMES[kind][0], webp(512, 512, animated=True) if kind == "sticker" else b"", size)


@pytest.mark.parametrize("kind", ["audio", "document", "image", "video"])
def test_the_limit_itself_is_allowed(kind: str) -> None:
    """`atmost` means what it says."""
    assert None is details(kind, KIND_MIMES[kind][0], b"", MAX_BYTES[kind])
    assert details(kind, KIND_MIMES[kind][0], b"", MAX_BYTES[kind] + 1)


def test_a_static_sticker_is_smaller_than_an_animated_one() -> None:
    """100 KB for one frame, 500 KB for several."""
    assert details("sticker", "image/webp", webp(512, 512), 102401)
    assert None is details("sticker", "image/webp", webp(512, 512), 102400)
    assert None is details("sticker", "image/webp", webp(512, 512, animated=True), 102401)


@pytest.mark.parametrize(
    ("mime", "head", "found"),
    [
        ("audio/mp4", b"\x00garbage", "application/octet-stream"),
        ("audio/ogg; codecs=opus", WEBM, "application/octet-stream"),
        ("audio/ogg", MP3, "audio/mpeg"),
        ("audio/mpeg", AAC, "audio/aac"),
    ],
)
def test_audio_that_is_something_else_fails(mime: str, head: bytes, found: str) -> None:
    """The sentence names the declared type with its parameters, and what was found or octet-stream."""
    text = f"Audio file uploaded with mimetype as {mime}, however on processing it is of type {found}."
    assert f"{text} Please choose a different file." == details("audio", mime, head)


def test_fragmented_mp4_audio_fails() -> None:
    """What a browser records as audio/mp4 is not audio for the platform."""
    recorded = mp4(trak(b"soun", b"mp4a"), extra=box(b"mvex", bytes(4)))
    assert "application/octet-stream" in (details("audio", "audio/mp4", recorded) or "")
    assert None is details("audio", "audio/mp4", mp4(trak(b"soun", b"mp4a")))


def test_mp4_audio_with_its_index_at_the_end_passes() -> None:
    """When the beginning does not tell picture from sound, the declaration is believed."""
    assert None is details("audio", "audio/mp4", mp4(brand=b"isom")[:24], 5000)


def test_stereo_opus_fails() -> None:
    """Ogg with Opus has to be mono."""
    voice = sample("audio").content
    stereo = voice.replace(b"OpusHead\x01\x01", b"OpusHead\x01\x02")
    assert None is details("audio", "audio/ogg", voice)
    assert details("audio", "audio/ogg", stereo)


def test_the_voice_flag_needs_opus() -> None:
    """An MP3 is audio, but no voice note."""
    assert None is details("audio", "audio/mpeg", MP3)
    assert details("audio", "audio/mpeg", MP3, voice=True)


def test_the_voice_flag_is_judged_by_the_declared_type_too() -> None:
    """Where the bytes are not at hand, what was declared decides whether it can be a voice note."""
    assert details("audio", "audio/mpeg", b"", 100, voice=True)
    assert details("audio", "audio/ogg; codecs=opus", b"", 100, voice=True) is None


def test_a_webp_image_fails_with_its_own_text() -> None:
    """WebP is for stickers; the captured text says so, whatever was declared."""
    text = "WebP image uploads are not currently supported."
    assert [text, text] == [details("image", mime, webp(512, 512)) for mime in ("image/webp", "image/jpeg")]


@pytest.mark.parametrize(
    "head",
    [
        png(depth=16),
        jpeg(4),
        b"GIF89a" + bytes(20),
        b"<html></html>",
        b"\x00" * 20,
        jpeg(4, before=b"\xff\xe1\x00\x04ab"),
    ],
)
def test_an_unusable_image_is_invalid(head: bytes) -> None:
    """16 bits a channel, CMYK, other formats and error pages are all `Image is invalid`."""
    assert details("image", "image/jpeg", head) == IMAGE_INVALID


@pytest.mark.parametrize("head", [png(), png(colour=6), png(depth=8, colour=3), jpeg(3), jpeg(1)])
def test_usual_images_pass(head: bytes) -> None:
    """RGB, RGBA, palettes and grey pass, also when JPEG and PNG were mixed up."""
    assert None is details("image", "image/png", head)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (png(), "however on processing it is of type image/png"),
        (webp(500, 512), "500x512 but must be exactly 512x512"),
        (webp(512, 512), None),
    ],
)
def test_a_sticker_is_webp_of_512_by_512(head: bytes, text: str | None) -> None:
    """Another format and another size fail."""
    found = details("sticker", "image/webp", head)
    assert text is found is None or (text and found and text in found)


@pytest.mark.parametrize(
    ("traks", "codecs"),
    [
        ((trak(b"vide", b"hvc1"), trak(b"soun", b"mp4a")), "videoCodec=hevc, audioCodec=aac"),
        ((trak(b"vide", b"avc1"), trak(b"soun", b"Opus")), "videoCodec=h264, audioCodec=unknown"),
        ((trak(b"vide", b"avc1"), trak(b"soun", b"mp4a"), trak(b"soun", b"mp4a")), "audioCodec=aac"),
    ],
)
def test_other_codecs_in_a_video_fail(traks: tuple[bytes, ...], codecs: str) -> None:
    """The container may be right and the codecs wrong: the captured sentence lists them."""
    found = details("video", "video/mp4", mp4(*traks)) or ""
    assert found.startswith(
        "Video file uploaded with mimetype as video/mp4, however on processing it is of type video/mp4, "
    )
    assert found.endswith(f"{codecs}. Please choose a different file.")


@pytest.mark.parametrize("head", [mp4(trak(b"vide", b"avc1")), mp4()[:24], mp4(trak(b"vide", b"avc1"), brand=b"3gp4")])
def test_usual_videos_pass(head: bytes) -> None:
    """A silent H.264 video passes, and one whose index is not in the bytes at hand."""
    assert None is details("video", "video/mp4", head, 5000)


def test_a_video_declared_as_quicktime_fails() -> None:
    """The declared type must be one of the two, whatever is inside."""
    assert details("video", "video/quicktime", mp4(trak(b"vide", b"avc1")))


def test_documents_are_not_opened() -> None:
    """Any bytes under any type are a document; only the size counts."""
    assert None is details("document", "application/zip", b"\x00\x01")


def test_tracks_are_read_from_the_index() -> None:
    """Handler and codec of each track, in the file's order."""
    index = mp4(trak(b"vide", b"avc1"), trak(b"soun", b"mp4a"))
    assert (Track("vide", "avc1"), Track("soun", "mp4a")) == tracks(index)
    assert tracks(index[:60]) == ()


def test_components_are_found_behind_other_segments() -> None:
    """The frame header of a JPEG stands behind whatever the camera wrote."""
    assert jpeg_components(jpeg(3, before=b"\xff\xe0\x00\x04ab\xff\xe1\x00\x03c")) == 3
