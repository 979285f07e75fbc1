"""Files that users have sent, kept beside the scenario that a session becomes."""

from __future__ import annotations

import hashlib
import mimetypes
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from localwaba.client.link import ControlError, Link
from localwaba.domain.media_samples import sample

KINDS = ("image", "video", "audio", "document", "sticker")


def keep(link: Link, entries: Iterable[Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """Writes the files of users into a folder, made if there are any; their paths beside it, by media id.

    Samples are not kept, for they are sent again without a file; nor is what the platform has not any more.
    """
    found: dict[str, str] = {}
    paths: dict[str, str] = {}  # by hash: a file that was sent twice is kept once
    for kind, content in _sent(entries):
        digest = str(content.get("sha256", ""))
        if digest == b64encode(hashlib.sha256(sample(kind).content).digest()).decode():
            continue
        if digest not in paths:
            raw = _fetch(link, str(content["id"]))
            if raw is None:
                continue
            mime_type = str(content.get("mime_type", "")).partition(";")[0]
            name = f"{kind}_{len(paths) + 1}{mimetypes.guess_extension(mime_type) or ''}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(raw)
            paths[digest] = f"{folder.name}/{name}"
        found[str(content["id"])] = paths[digest]
    return found


def _sent(entries: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The media of users: its kind, and the object of its type in the message."""
    for entry in entries:
        message = entry["data"]["message"] if entry.get("event") == "MessageReceived" else {}
        content = message["body"].get(message["type"]) if message and message["type"] in KINDS else None
        if isinstance(content, dict) and content.get("id"):
            yield message["type"], content


def _fetch(link: Link, media_id: str) -> bytes | None:
    """The bytes of a media id; None if they are gone."""
    try:
        return link.raw("GET", f"media/{media_id}")
    except ControlError:
        return None
