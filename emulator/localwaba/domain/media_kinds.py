"""Media: which types and sizes the platform takes, at upload by what is declared and later by what the bytes are.

Upload looks at the declared MIME type and at the size. Whether the bytes keep the promise is found out when the
medium is processed for a message: then the send has been answered with 200 and the status fails with 131053.
"""

from __future__ import annotations

from localwaba.domain.errors import Refusal, refuse
from localwaba.domain.media_bytes import (
    Track,
    fragmented,
    jpeg_components,
    opus_channels,
    png_depth,
    sniff,
    tracks,
    webp_facts,
)

__all__ = [
    "DOCUMENT",
    "KIND_MIMES",
    "MAX_BYTES",
    "MAX_STATIC_STICKER",
    "UPLOAD_MIMES",
    "base_mime",
    "check_processing",
    "check_upload",
    "kind_of",
    "sniff",
]

DOCUMENT = "document"

# In the order of the error text (captured).
UPLOAD_MIMES = (
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/amr",
    "audio/ogg",
    "audio/opus",
    "application/vnd.ms-powerpoint",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/pdf",
    "text/plain",
    "application/vnd.ms-excel",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/3gpp",
)
KIND_MIMES: dict[str, tuple[str, ...]] = {
    "audio": tuple(mime for mime in UPLOAD_MIMES if mime.startswith("audio/")),
    DOCUMENT: tuple(mime for mime in UPLOAD_MIMES if mime.startswith(("application/", "text/"))),
    "image": ("image/jpeg", "image/png"),
    "sticker": ("image/webp",),
    "video": ("video/mp4", "video/3gpp"),
}
# 5242880, 16777216 and 512000 are captured in error texts; 100 MB and 100 KB are Meta's page in the same units.
MAX_BYTES = {
    "audio": 16 * 1024 * 1024,
    DOCUMENT: 100 * 1024 * 1024,
    "image": 5 * 1024 * 1024,
    "sticker": 500 * 1024,  # animated
    "video": 16 * 1024 * 1024,
}
MAX_STATIC_STICKER = 100 * 1024

_KIND_OF = {mime: kind for kind, mimes in KIND_MIMES.items() for mime in mimes}
_MEANT = {
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/webm": "audio/ogg, after converting it",
    "audio/wav": "audio/mpeg, after converting it",
    "audio/x-wav": "audio/mpeg, after converting it",
    "image/jpg": "image/jpeg",
    "image/gif": "video/mp4, after converting it",
    "image/heic": "image/jpeg, after converting it",
    "video/quicktime": "video/mp4, after converting it",
    "video/webm": "video/mp4, after converting it",
    "text/csv": "text/plain, or send the file by link",
    "application/json": "text/plain, or send the file by link",
    "application/octet-stream": "the file's real type: put it on the part, as in -F 'file=@a.jpg;type=image/jpeg'",
}


def base_mime(mime: str) -> str:
    """The type without parameters, in lower case: `audio/ogg; codecs=opus` is `audio/ogg`."""
    return mime.partition(";")[0].strip().lower()


def kind_of(mime: str) -> str:
    """The message type a MIME type is for; `document` for all others, since a document by link may be anything."""
    return _KIND_OF.get(base_mime(mime), DOCUMENT)


def check_upload(mime: str, size: int) -> None:
    """Judges an uploaded part by its declared type and its size in bytes.

    Raises `Refused` (100): the type's text is captured; that a part above its kind's size is refused at once is
    reported by clients, its text is not known.
    """
    base = base_mime(mime) or "application/octet-stream"
    if base not in UPLOAD_MIMES:
        meant = _MEANT.get(base)
        raise refuse(
            100,
            message=(
                f"Param file must be a file with one of the following types: {', '.join(UPLOAD_MIMES)}. "
                f"Received file of type '{mime.strip() or base}'."
            ),
            rule="media.upload_type",
            why=f"the part is declared as {base}; the declared type is what upload looks at",
            fix=f"declare {meant}" if meant else "convert the file to one of the listed types, or send it by link",
        )
    kind = kind_of(base)
    # Upload cannot know that a WebP will be a sticker: its own limits are met in processing (captured there).
    limit = MAX_BYTES["image"] if kind == "sticker" else MAX_BYTES[kind]
    if not 0 < size <= limit:
        raise refuse(
            100,
            _size_text(kind, size, limit),
            message="Invalid parameter",
            rule="media.upload_size",
            why=f"{size} bytes of {base}; 1 to {limit} are allowed",
            fix="make the file smaller" if size else "the part is empty: send the file's bytes",
        )


def check_processing(kind: str, mime_declared: str, head: bytes, size: int, *, voice: bool = False) -> Refusal | None:
    """What processing a medium for a message of this kind finds wrong: 131053, or None.

    `head` is the content or its beginning (the more the better: codecs and dimensions stand in the first few KB of
    most files, a video's index may stand at its end); empty when the bytes are not known, then only the size and the
    declared type count. `size` is in bytes. `voice` is the flag of an audio message.
    """
    limit = MAX_BYTES.get(kind, MAX_BYTES[DOCUMENT])
    if kind == "sticker" and not webp_facts(head).animated and head:
        limit = MAX_STATIC_STICKER
    if not 0 < size <= limit:
        return _failed(
            _size_text(kind, size, limit),
            rule="media.size",
            why=f"{size} bytes, the limit of this kind of {kind} is {limit}",
            fix="make the file smaller" if size else "the file is empty",
        )
    check = {"audio": _audio, "image": _image, "sticker": _sticker, "video": _video}.get(kind)
    if check is None:
        return None  # documents are passed on unopened
    real = sniff(head) if head else base_mime(mime_declared)
    if kind == "audio" and voice and real not in ("audio/ogg", "audio/opus"):
        # Captured: the flag on an m4a fails as if the file were not audio at all.
        return _unlike(
            kind, mime_declared, "application/octet-stream", "voice: true needs Ogg with Opus, mono", "convert it"
        )
    return check(mime_declared, head)


def _size_text(kind: str, size: int, limit: int) -> str:
    return f"{kind.capitalize()} file has size {size} bytes but must be atmost {limit} bytes and non-empty"


def _failed(details: str, *, rule: str, why: str, fix: str) -> Refusal:
    return Refusal(code=131053, details=details, rule=rule, why=why, fix=fix)


def _unlike(kind: str, declared: str, found: str, why: str, fix: str) -> Refusal:
    """The captured sentence; its last part is missing in some captures, which seem cut."""
    details = (
        f"{kind.capitalize()} file uploaded with mimetype as {declared}, however on processing it is of type "
        f"{found}. Please choose a different file."
    )
    return _failed(details, rule="media.content", why=why, fix=fix)


def _as_named(real: str) -> str:
    """Content of no supported type is called application/octet-stream (captured: WebM declared as Ogg)."""
    return real if real in UPLOAD_MIMES else "application/octet-stream"


def _audio(declared: str, head: bytes) -> Refusal | None:
    base = base_mime(declared)
    real = sniff(head) if head else base
    if base == "audio/opus":
        real = "audio/opus" if real == "audio/ogg" else real
    if base == "audio/mp4" and real == "video/mp4" and not tracks(head):
        real = base  # the index, which would tell, is not in the bytes at hand
    if base not in KIND_MIMES["audio"] or real != base:
        why = f"declared as {declared}, and the bytes are {real}"
        fix = f"send one of {', '.join(KIND_MIMES['audio'])} and declare what it is"
        return _unlike("audio", declared, _as_named(real), why, fix)
    if base == "audio/mp4" and fragmented(head):
        # Captured with what browsers' MediaRecorder writes.
        why = "the MP4 is fragmented, as browsers record it"
        return _unlike("audio", declared, "application/octet-stream", why, "convert it to Ogg with Opus, mono")
    if real in ("audio/ogg", "audio/opus") and opus_channels(head) not in (0, 1):
        why = f"{opus_channels(head)} channels; Ogg with Opus has to be mono"
        return _unlike("audio", declared, "application/octet-stream", why, "convert it with one channel")
    return None


def _image(declared: str, head: bytes) -> Refusal | None:
    real = sniff(head) if head else base_mime(declared)
    if real == "image/webp":
        return _failed(
            "WebP image uploads are not currently supported.",
            rule="media.content",
            why="the bytes are WebP, which only stickers may be",
            fix="convert the image to JPEG or PNG, or send it as a sticker",
        )
    wrong = ""
    if real not in KIND_MIMES["image"]:
        wrong = f"declared as {declared}, and the bytes are {real}"
    elif png_depth(head) > 8:
        wrong = f"the PNG has {png_depth(head)} bits per channel"
    elif jpeg_components(head) == 4:
        wrong = "the JPEG is CMYK"
    if not wrong:
        return None
    return _failed(
        "Image is invalid. Please check the image properties; supported are JPG/JPEG, RGB/RGBA, 8 bit/channels "
        "and PNG, RGB/RGBA, up to 8 bit/channel.",
        rule="media.content",
        why=wrong,
        fix="save the image as JPEG or PNG, RGB or RGBA, 8 bits per channel",
    )


def _sticker(declared: str, head: bytes) -> Refusal | None:
    real = sniff(head) if head else base_mime(declared)
    if real != "image/webp":
        why = f"declared as {declared}, and the bytes are {real}"
        return _unlike("sticker", declared, _as_named(real), why, "convert it to WebP, 512x512")
    facts = webp_facts(head)
    if facts.width and (facts.width, facts.height) != (512, 512):
        # The text is a guess after the captured ones.
        return _failed(
            f"Sticker file has dimensions {facts.width}x{facts.height} but must be exactly 512x512",
            rule="media.sticker_dimensions",
            why=f"the WebP is {facts.width}x{facts.height}",
            fix="put the sticker on a canvas of 512x512",
        )
    return None


def _video(declared: str, head: bytes) -> Refusal | None:
    base = base_mime(declared)
    real = sniff(head) if head else base
    if base not in KIND_MIMES["video"] or real not in KIND_MIMES["video"]:
        why = f"declared as {declared}, and the bytes are {real}"
        return _unlike("video", declared, _as_named(real), why, "send MP4 or 3GP with H.264 and AAC")
    found = tracks(head)
    pictures = [_VIDEO_CODEC.get(track.codec, "unknown") for track in found if track.handler == "vide"]
    sounds = [_AUDIO_CODEC.get(track.codec, "unknown") for track in found if track.handler == "soun"]
    if not pictures and not sounds:
        return None  # the index is not in the bytes at hand
    if pictures == ["h264"] and sounds in ([], ["aac"]):
        return None
    codecs = f"videoCodec={_first(pictures)}, audioCodec={_first(sounds)}"
    why = f"the file has {_listing(found)}; it must have one H.264 picture and at most one AAC sound track"
    return _unlike("video", declared, f"{real}, {codecs}", why, "convert it with H.264 and AAC, one track each")


def _first(codecs: list[str]) -> str:
    return codecs[0] if codecs else "unknown"


def _listing(found: tuple[Track, ...]) -> str:
    return ", ".join(f"{track.codec} ({track.handler})" for track in found)


_VIDEO_CODEC = {
    "avc1": "h264",
    "avc3": "h264",
    "hvc1": "hevc",
    "hev1": "hevc",
    "vp08": "vp8",
    "vp09": "vp9",
    "av01": "av1",
    "mp4v": "mpeg4",
    "s263": "h263",
}
_AUDIO_CODEC = {"mp4a": "aac"}
