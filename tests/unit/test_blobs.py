"""The store of blobs names files by their content, keeps whole files only, and leaves nothing behind."""

from __future__ import annotations

import base64
import gc
import hashlib
from pathlib import Path

import pytest

from localwaba.runtime.blobs import HEAD, BlobStore


def names(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_is_named_by_its_content(tmp_path: Path) -> None:
    """A blob must carry the SHA-256, the size, the type and the beginning of what was written."""
    store = BlobStore(tmp_path)
    content = bytes(range(256)) * 400
    blob = store.put(content, "image/png", "a.png")
    digest = hashlib.sha256(content).hexdigest()
    assert (blob.name, blob.sha256, blob.size) == (digest, digest, len(content))
    assert (blob.mime_type, blob.filename) == ("image/png", "a.png")
    assert blob.head == content[:HEAD]


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    """Two uploads of the same bytes must be one file on disk."""
    store = BlobStore(tmp_path)
    first, second = store.put(b"same", "text/plain"), store.put(b"same", "image/png")
    assert first.name == second.name
    assert names(tmp_path) == [first.name]


def test_discarded_writer_leaves_nothing(tmp_path: Path) -> None:
    """What is discarded must not stay on disk."""
    writer = BlobStore(tmp_path).writer()
    writer.write(b"half of it")
    writer.discard()
    assert names(tmp_path) == []


def test_an_unused_store_makes_no_folder(tmp_path: Path) -> None:
    """Asking an empty store must not touch the disk."""
    store = BlobStore(tmp_path).scope("w")
    assert (store.size("a" * 64), store.export()) == (None, {})
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["", "../secret", "/etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", f"{'a' * 64}+.."]
)
def test_only_names_of_blobs_are_looked_up(tmp_path: Path, name: str) -> None:
    """A name out of a forged snapshot must never become a path."""
    (tmp_path / "secret").write_bytes(b"secret")
    store = BlobStore(tmp_path)
    store.put(b"x", "text/plain")
    assert store.size(name) is None
    with pytest.raises(KeyError):
        store.read(name, 0, 1)


def test_scopes_do_not_see_each_other(tmp_path: Path) -> None:
    """A world must not find another world's files, and must take its own along when it goes."""
    store = BlobStore(tmp_path)
    one, other = store.scope("one"), store.scope("../other")
    blob = one.put(b"mine", "text/plain")
    kept = other.put(b"theirs", "text/plain")
    assert other.size(blob.name) is None
    one.close()
    assert one.size(blob.name) is None
    assert names(tmp_path) == [kept.name]


def test_close_removes_everything_and_the_store_goes_on(tmp_path: Path) -> None:
    """A closed store must leave no file, and must work when it is used again."""
    store = BlobStore(tmp_path)
    store.scope("w").put(b"gone", "text/plain")
    store.close()
    assert list(tmp_path.iterdir()) == []
    blob = store.put(b"again", "text/plain")
    assert store.read(blob.name, 0, 9) == b"again"


def test_a_forgotten_store_cleans_up(tmp_path: Path) -> None:
    """A store that nobody closed must not leave its folder behind."""
    BlobStore(tmp_path).put(b"x", "text/plain")
    gc.collect(0)  # of what was made just now; all else in this process is much
    assert list(tmp_path.iterdir()) == []


def test_export_and_load_are_inverse(tmp_path: Path) -> None:
    """What one store exports another must be able to read."""
    first, second = BlobStore(tmp_path / "a"), BlobStore(tmp_path / "b")
    blob = first.put(b"\x00content", "text/plain")
    second.load(first.export())
    assert second.read(blob.name, 0, 99) == b"\x00content"
    assert second.export() == first.export() == {blob.name: base64.b64encode(b"\x00content").decode()}


@pytest.mark.parametrize("files", [{"a" * 64: "eA=="}, {"../x": "eA=="}, {hashlib.sha256(b"x").hexdigest(): "%"}])
def test_load_refuses_forgeries_whole(tmp_path: Path, files: dict[str, str]) -> None:
    """Of files with a wrong name nothing must be kept, the right ones among them neither."""
    store = BlobStore(tmp_path)
    right = {hashlib.sha256(b"right").hexdigest(): base64.b64encode(b"right").decode()}
    with pytest.raises(ValueError, match=r"."):
        store.load(right | files)
    assert names(tmp_path) == []
