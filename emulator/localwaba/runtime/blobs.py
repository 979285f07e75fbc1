"""Files on disk, named by their content."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from localwaba.domain.ids import derive
from localwaba.domain.media import JOINT
from localwaba.operations.call import Blob

HEAD = 64 * 1024
_NAME = re.compile(r"[0-9a-f]{64}\Z")


class BlobWriter:
    """Takes the bytes of one file into a temporary one; nothing is kept until `finish`."""

    __slots__ = ("_digest", "_file", "_folder", "_head", "_path", "size")

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(prefix="part-", dir=folder)
        self._file = os.fdopen(descriptor, "wb")
        self._path = Path(path)
        self._folder = folder
        self._digest = sha256()
        self._head = bytearray()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Takes more bytes."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]

    def finish(self, mime_type: str, filename: str) -> Blob:
        """Keeps the file under the name of its content."""
        self._file.close()
        name = self._digest.hexdigest()
        target = self._folder / name
        if target.exists():
            self._path.unlink()
        else:
            self._path.replace(target)
        return Blob(
            name=name,
            sha256=name,
            size=self.size,
            mime_type=mime_type,
            filename=filename,
            head=bytes(self._head),
        )

    def discard(self) -> None:
        """Throws the file away."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class BlobStore:
    """Files named by the SHA-256 of their content, in a folder of their own that is made when first needed.

    A file that came in pieces is named by all of them, with `+` between. Other names are never looked up on disk.
    `directory` is where the folder is made; without it, where the system keeps temporary files.
    """

    def __init__(self, directory: Path | str | None = None) -> None:
        self._directory = directory
        self._above: BlobStore | None = None
        self._own: Path | None = None
        self._ending: Callable[[], object] | None = None

    def scope(self, name: str) -> BlobStore:
        """A store for one world, in a folder inside this one's."""
        inner = BlobStore(derive("blobs", name).hex())
        inner._above = self
        return inner

    def writer(self) -> BlobWriter:
        """Something to write a new file with."""
        return BlobWriter(self._made_folder())

    def put(self, content: bytes, mime_type: str, filename: str = "") -> Blob:
        """Keeps a file that is there as a whole."""
        writer = self.writer()
        writer.write(content)
        return writer.finish(mime_type, filename)

    def append(self, name: str, chunk: bytes) -> str:
        """The name of a file with more bytes at its end; an empty name stands for an empty file."""
        if not chunk:
            return name
        return JOINT.join(filter(None, (name, self.put(chunk, "").name)))

    def size(self, name: str) -> int | None:
        """The number of bytes of a file; None if it is not here."""
        pieces = self._pieces(name)
        return sum(size for _, size in pieces) if pieces is not None else None

    def read(self, name: str, start: int, length: int) -> bytes:
        """Bytes of a file, fewer if it ends; `KeyError` if it is not here."""
        pieces = self._pieces(name)
        if pieces is None:
            raise KeyError(name)
        found: list[bytes] = []
        for path, size in pieces:
            if start < size and length > 0:
                with path.open("rb") as file:
                    file.seek(start)
                    found.append(file.read(length))
                length -= len(found[-1])
            start = max(start - size, 0)
        return b"".join(found)

    def export(self) -> dict[str, str]:
        """All files of this store, but not of the scopes inside, in base64."""
        folder = self._folder()
        if folder is None or not folder.is_dir():
            return {}
        paths = sorted(path for path in folder.iterdir() if _NAME.match(path.name))
        return {path.name: b64encode(path.read_bytes()).decode() for path in paths}

    def load(self, files: Mapping[str, str]) -> None:
        """Takes back what `export` gave, in place of what is here.

        `ValueError` if a name does not fit its content; then nothing changes.
        """
        contents = {name: b64decode(text, validate=True) for name, text in files.items()}
        for name, content in contents.items():
            if sha256(content).hexdigest() != name:
                raise ValueError(f"the file {name} is not what its name says")
        folder = self._folder()
        for path in folder.iterdir() if folder is not None and folder.is_dir() else ():
            if _NAME.match(path.name) and path.name not in contents:
                path.unlink(missing_ok=True)
        for content in contents.values():
            self.put(content, "")

    def close(self) -> None:
        """Removes everything. The store can be used again, and is empty then."""
        if self._above is not None:
            folder = self._folder()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        elif self._ending is not None:
            self._ending()
            self._own = self._ending = None

    def _pieces(self, name: str) -> list[tuple[Path, int]] | None:
        folder = self._folder()
        if folder is None:
            return None
        found: list[tuple[Path, int]] = []
        for piece in name.split(JOINT):
            if not _NAME.match(piece):
                return None
            path = folder / piece
            try:
                found.append((path, path.stat().st_size))
            except OSError:
                return None
        return found

    def _folder(self) -> Path | None:
        """Where the files lie; None if there is no such place yet."""
        if self._above is None:
            return self._own
        above = self._above._folder()
        return above / str(self._directory) if above is not None else None

    def _made_folder(self) -> Path:
        if self._above is not None:
            return self._above._made_folder() / str(self._directory)
        if self._own is None:
            if self._directory is not None:
                Path(self._directory).mkdir(parents=True, exist_ok=True)
            made = tempfile.mkdtemp(prefix="localwaba-", dir=self._directory)
            self._own = Path(made)
            self._ending = weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return self._own
