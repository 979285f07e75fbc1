"""Files that come with requests, streamed to the store of blobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from localwaba.domain.errors import Refused, invalid_parameter
from localwaba.domain.media_kinds import DOCUMENT, MAX_BYTES
from localwaba.http.bodies import Receive, drain, too_large
from localwaba.http.ports import Blobs, BlobWriter
from localwaba.operations.call import Blob

TEXT_LIMIT = 1024 * 1024
PART_LIMIT = 100
JSON_LIMIT = 10 * 1024 * 1024
"""Up to this size a part that calls itself JSON is handed on as a whole, because operations read it."""
BODY_LIMIT = MAX_BYTES[DOCUMENT] + TEXT_LIMIT  # a file that is a little too big is refused with a reason, not cut

_STEP = 1024 * 1024
_UNTYPED = "application/octet-stream"
# RFC 8187; forms should not use it, and .NET and older Python clients do. Python-multipart leaves it out.
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*\"?([\w-]*)'[^']*'([^;\"\s]*)", re.IGNORECASE | re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


async def read_multipart(
    receive: Receive, content_type: str, blobs: Blobs
) -> tuple[dict[str, Any], Mapping[str, Blob]]:
    """The fields, as text, and the files of a multipart body; a file's field holds its name.

    Nothing is kept unless the body is whole. Refused (100) if it is broken; `TooLarge` beyond 101 MB in all or 1 MB in
    a field; `Disconnected` if the client leaves.
    """
    form = _Form(blobs)
    try:
        try:
            parser = MultipartParser(_boundary(content_type), form.callbacks())
            await drain(receive, form.feeding(parser), BODY_LIMIT)
        except FormParserError as error:
            raise _broken(str(error)) from None
        return form.finish()
    finally:
        form.discard()


async def read_stream(receive: Receive, blobs: Blobs) -> Blob:
    """A body that is nothing but the bytes of a file; `TooLarge` beyond 101 MB, `Disconnected` if the client leaves."""
    writer = blobs.writer()
    try:
        await drain(receive, writer.write, BODY_LIMIT)
    except BaseException:
        writer.discard()
        raise
    return writer.finish(_UNTYPED, "")


def move(files: Mapping[str, Blob], source: Blobs, target: Blobs) -> Mapping[str, Blob]:
    """Files that turned out to be another world's, in the store of that world."""
    if source is target:
        return files
    for blob in files.values():
        writer = target.writer()
        for start in range(0, blob.size, _STEP):
            writer.write(source.read(blob.name, start, _STEP))
        writer.finish(blob.mime_type, blob.filename)
    return files


class _Part:
    """One part on its way; text is gathered in memory, a file goes to its writer."""

    __slots__ = ("headers", "name", "text", "value", "word", "writer")

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.word = b""
        self.value = b""
        self.name = ""
        self.text = bytearray()
        self.writer: BlobWriter | None = None


class _File:
    """A file whose bytes are being written."""

    __slots__ = ("filename", "mime_type", "writer")

    def __init__(self, writer: BlobWriter, mime_type: str, filename: str) -> None:
        self.writer = writer
        self.mime_type = mime_type
        self.filename = filename


class _Form:
    """A multipart body on its way, as the parser tells of it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._params: dict[str, Any] = {}
        self._files: dict[str, _File] = {}
        self._part = _Part()
        self._parts = 0
        self._begun = False
        self._complete = False

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_word,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._take_data,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def feeding(self, parser: MultipartParser) -> Any:
        """A function that hands pieces to the parser and remembers that there were any."""

        def feed(piece: bytes) -> None:
            self._begun = True
            parser.write(piece)

        return feed

    def finish(self) -> tuple[dict[str, Any], Mapping[str, Blob]]:
        """The fields and the files of a whole body."""
        if self._begun and not self._complete:
            raise _broken("its last boundary is missing")
        found = {name: self._kept(file) for name, file in self._files.items()}
        self._files.clear()
        return self._params, found

    def _kept(self, file: _File) -> Blob:
        blob = file.writer.finish(file.mime_type, file.filename)
        is_json = "json" in file.mime_type.lower() or file.filename.lower().endswith(".json")
        if not is_json or not len(blob.head) < blob.size <= JSON_LIMIT:
            return blob
        return replace(blob, head=self._blobs.read(blob.name, 0, blob.size))

    def discard(self) -> None:
        """Throws away every file that was not finished."""
        for file in self._files.values():
            file.writer.discard()
        self._files.clear()

    def _begin(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > PART_LIMIT:
            raise _broken(f"it has more than {PART_LIMIT} parts")

    def _take_word(self, data: bytes, start: int, end: int) -> None:
        self._part.word += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _end_header(self) -> None:
        part = self._part
        part.headers[part.word.lower()] = part.value
        part.word = part.value = b""

    def _open(self) -> None:
        part = self._part
        disposition = part.headers.get(b"content-disposition", b"")
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise _broken("a part has no name: Content-Disposition must be form-data with a name")
        part.name = _text(options[b"name"])
        filename = _filename(disposition, options)
        if filename is None:
            return
        part.writer = self._blobs.writer()
        mime_type = _CONTROLS.sub("", part.headers.get(b"content-type", b"").decode("latin-1")).strip()
        former = self._files.pop(part.name, None)
        if former is not None:
            former.writer.discard()
        self._files[part.name] = _File(part.writer, mime_type or _UNTYPED, filename)
        self._params[part.name] = filename

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.writer is not None:
            part.writer.write(data[start:end])
            return
        part.text += data[start:end]
        if len(part.text) > TEXT_LIMIT:
            raise too_large(TEXT_LIMIT)

    def _close(self) -> None:
        if self._part.writer is None:
            self._params[self._part.name] = _text(bytes(self._part.text))

    def _end(self) -> None:
        self._complete = True


def _boundary(content_type: str) -> bytes:
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _broken(
            "the Content-Type has no boundary",
            "leave the Content-Type header to your HTTP client: it knows the boundary",
        )
    return boundary


def _filename(disposition: bytes, options: Mapping[bytes, bytes]) -> str | None:
    """A file's name without folders; None for a part that is no file."""
    if b"filename" in options:
        name = _text(options[b"filename"])
    else:
        found = _EXTENDED_NAME.search(disposition.decode("latin-1"))
        if found is None:
            return None
        charset = "latin-1" if found[1].lower() == "iso-8859-1" else "utf-8"
        name = unquote_to_bytes(found[2]).decode(charset, "replace")
    return _CONTROLS.sub("", name.replace("\\", "/").rpartition("/")[2])


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _broken(
    why: str, fix: str = "send parts between boundaries as RFC 7578 says; HTTP clients do it for you"
) -> Refused:
    return invalid_parameter(
        rule="body",
        why=f"the multipart body is broken: {why}",
        fix=fix,
    )
