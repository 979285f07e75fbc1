"""What bytes really are: types by their magic, and the few facts inside a file that decide whether it is taken."""

from __future__ import annotations

import msgspec

UNKNOWN = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_PREFIXES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\x1f\x8b", "application/gzip"),
    (b"{\\rtf", "application/rtf"),
)
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
}
_OLE = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}


class WebP(msgspec.Struct, frozen=True):
    """Canvas in pixels (0: not readable) and whether there is more than one frame."""

    width: int = 0
    height: int = 0
    animated: bool = False


class Track(msgspec.Struct, frozen=True):
    """One track of an MP4 or 3GP: its handler (`vide`, `soun`, …) and the four letters of its codec."""

    handler: str
    codec: str


def sniff(head: bytes) -> str:
    """The MIME type that the first bytes of a file show; application/octet-stream when they show none.

    Ogg counts as audio/ogg only with Opus inside; MP4 counts as audio/mp4 by its brand or when its index, as far
    as it is in `head`, has sound and no picture.
    """
    for prefix, mime in _PREFIXES:
        if head.startswith(prefix):
            return mime
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "image/bmp"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], UNKNOWN)
    if head[:4] == b"OggS":
        return "audio/ogg" if b"OpusHead" in head[:512] else "application/ogg"
    if head[4:8] == b"ftyp":
        return _mp4(head)
    if head[:4] == b"PK\x03\x04":
        return _zip(head)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return next((mime for name, mime in _OLE.items() if name.encode("utf-16-le") in head), "application/x-ole")
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return _mpeg(head)
    return _text(head)


def _mp4(head: bytes) -> str:
    brand = head[8:12]
    if brand[:3] in (b"3gp", b"3g2"):
        return "video/3gpp"
    if brand in _BRANDS:
        return _BRANDS[brand]
    handlers = {track.handler for track in tracks(head)}
    return "audio/mp4" if "soun" in handlers and "vide" not in handlers else "video/mp4"


def _zip(head: bytes) -> str:
    for folder, suffix in (
        (b"word/", "wordprocessingml.document"),
        (b"xl/", "spreadsheetml.sheet"),
        (b"ppt/", "presentationml.presentation"),
    ):
        if folder in head:
            return _OFFICE + suffix
    return "application/zip"


def _mpeg(head: bytes) -> str:
    """An MPEG frame: layer bits of zero are AAC in ADTS, layers 2 and 3 are audio/mpeg (1 looks like UTF-16)."""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    valid = head[1] & 0x06 in (2, 4) and head[1] & 0x18 != 0x08 and head[2] & 0xF0 != 0xF0
    return "audio/mpeg" if valid else UNKNOWN


def _text(head: bytes) -> str:
    if not head or b"\x00" in head:
        return UNKNOWN
    for cut in range(4):  # the beginning of a file may end inside a character
        try:
            text = head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        break
    else:
        return UNKNOWN
    if any(c < " " and c not in "\t\n\r\f\x1b" for c in text):
        return UNKNOWN
    start = text.lstrip("\ufeff \t\r\n")[:16].lower()
    return "text/html" if start.startswith(("<!doctype html", "<html")) else "text/plain"


def webp_facts(head: bytes) -> WebP:
    """Canvas and animation of a WebP, from its first chunk (RFC 9649)."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return WebP()
    chunk = head[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(head[24:27], "little") + 1
        height = int.from_bytes(head[27:30], "little") + 1
        return WebP(width, height, bool(head[20] & 0x02))
    if chunk == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return WebP((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 ":
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return WebP(width, height)
    return WebP()


def png_depth(head: bytes) -> int:
    """Bits per channel of a PNG; 0 for anything else."""
    return head[24] if head[:4] == b"\x89PNG" and len(head) > 24 else 0


def jpeg_components(head: bytes) -> int:
    """Colour components of a JPEG (1 grey, 3 colour, 4 CMYK); 0 when its frame header is not in `head`."""
    at = _jpeg_frame(head)
    return head[at + 9] if at else 0


def jpeg_size(head: bytes) -> tuple[int, int]:
    """Width and height of a JPEG in pixels; 0 when its frame header is not in `head`."""
    at = _jpeg_frame(head)
    return (
        (int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")) if at else (0, 0)
    )


def _jpeg_frame(head: bytes) -> int:
    """Where the frame header of a JPEG begins; 0 when it is not in `head`."""
    at = 2
    while head[:2] == b"\xff\xd8" and at + 9 < len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return at
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return 0


def opus_channels(head: bytes) -> int:
    """Channels of Opus in Ogg; 0 when there is no Opus header."""
    at = head.find(b"OpusHead", 0, 512)
    return head[at + 9] if 0 <= at < len(head) - 9 else 0


def tracks(head: bytes) -> tuple[Track, ...]:
    """The tracks of an MP4 or 3GP whose index lies within `head`; none otherwise."""
    found: list[Track] = []
    for movie in _boxes(head, b"moov"):
        for trak in _boxes(movie, b"trak"):
            for media in _boxes(trak, b"mdia"):
                handler = next((box[8:12].decode("latin-1") for box in _boxes(media, b"hdlr")), "")
                codecs = [
                    stsd[12:16].decode("latin-1")
                    for info in _boxes(media, b"minf")
                    for table in _boxes(info, b"stbl")
                    for stsd in _boxes(table, b"stsd")
                ]
                found.append(Track(handler, codecs[0] if codecs else ""))
    return tuple(found)


def fragmented(head: bytes) -> bool:
    """Whether an MP4 comes in fragments, as browsers record it."""
    return bool(_boxes(head, b"moof")) or any(_boxes(movie, b"mvex") for movie in _boxes(head, b"moov"))


def _boxes(content: bytes, name: bytes) -> list[bytes]:
    """The bodies of the boxes of that name directly inside `content`; a box that is cut off is left out."""
    found: list[bytes] = []
    at = 0
    while at + 8 <= len(content):
        size, header = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(content) - at
        if size < header or at + size > len(content):
            break
        if content[at + 4 : at + 8] == name:
            found.append(content[at + header : at + size])
        at += size
    return found
