"""Paths of Graph, taken apart, and the answer to those that it does not have."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from localwaba.domain.errors import Refused, refuse
from localwaba.http.routes import root_paths

_VERSION = re.compile(r"v\d+\.\d+\Z")
_NO_VERSION = re.compile(r"v\d+|v?\d+(?:\.\d+)+", re.IGNORECASE)  # `v3` and `3.1` are taken for versions that are not


class Place(NamedTuple):
    """A path, taken apart."""

    version: str
    node: str
    edge: str
    tail: str

    @property
    def rest(self) -> str:
        """The path without its version."""
        return "/" + "/".join(filter(None, self[1:]))

    @property
    def beyond(self) -> str:
        """What follows the node."""
        return "/" + "/".join(filter(None, self[2:]))


@lru_cache(maxsize=512)  # an app sends to the same path over and over
def parse_path(path: str) -> Place:
    """Version, node, edge and the rest; a trailing slash and a missing version are fine."""
    parts = [part for part in path.split("/") if part]
    version = ""
    if parts:
        first = parts[0]
        if (first[:1] == "v" and _VERSION.match(first)) or (not first.isdigit() and _NO_VERSION.fullmatch(first)):
            version = parts.pop(0)
    if not parts:
        return Place(version, "", "", "")
    joined = "/".join(parts[:2])
    if joined in root_paths():
        return Place(version, "", joined, "/".join(parts[2:]))
    if parts[0] in root_paths():
        return Place(version, "", parts[0], "/".join(parts[1:]))
    return Place(version, parts[0], parts[1] if len(parts) > 1 else "", "/".join(parts[2:]))


def unknown_path(path: str, why: str = "there is no such path") -> Refused:
    """The answer to a path or a version that Graph does not have, or that is not imitated yet."""
    return refuse(2500, message=f"Unknown path components: {path}", rule="path", why=why)
