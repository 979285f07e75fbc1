"""Which operations of Graph a call may be, told by its method and path."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from localwaba_contracts import registry

_VERSION = re.compile(r"v\d+\.\d+\Z")
_PARAMETER = re.compile(r"\{\w+\}")
_HOSTS = frozenset({"graph.facebook.com", "api.facebook.com", "lookaside.fbsbx.com", "localhost"})
_FILES = "/whatsapp_business/attachments"
_CONTROL = "/_localwaba"


def take_apart(path: str) -> tuple[str, str, str]:
    """Version, node and edge of a path; the node is empty for paths that begin with none."""
    parts = [part for part in urlsplit(path).path.split("/") if part]
    version = parts.pop(0) if parts and _VERSION.match(parts[0]) else ""
    if not parts:
        return version, "", ""
    roots = _roots()
    for length in (2, 1):
        if "/".join(parts[:length]) in roots:
            return version, "", "/".join(parts[:length])
    return version, parts[0], "/".join(parts[1:])


def operations(method: str, path: str) -> list[registry.RouteRow]:
    """The operations that a call may be, whatever the kind of its node; none if nobody knows such a path."""
    _, node, edge = take_apart(path)
    if urlsplit(path).path.startswith(_FILES):
        return [row for row in registry.routes() if row.operation == "download_media" and row.method == method]
    found = [row for row in registry.routes() if row.method == method and (row.node != "root") is bool(node)]
    if not node:
        return [row for row in found if row.path.strip("/") == edge]
    exact = [row for row in found if row.edge == edge]
    return exact or [row for row in found if _PARAMETER.search(row.edge) and _fits(row.edge, edge)]


def is_graph(url: str) -> bool:
    """Whether a URL is one of the platform: at a host of Meta's, on this machine, or with a version in its path.

    The control API of an emulator is not, and what browsers load from themselves (`data:`, `blob:`) neither.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("", "http", "https") or parts.path.startswith(_CONTROL):
        return False
    host = parts.hostname or ""
    return not host or host in _HOSTS or _is_loopback(host) or bool(take_apart(parts.path)[0])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def _roots() -> frozenset[str]:
    return frozenset(row.path.strip("/") for row in registry.routes() if row.node == "root")


def _fits(pattern: str, edge: str) -> bool:
    wanted, given = pattern.split("/"), edge.split("/")
    return len(wanted) == len(given) and all(
        _PARAMETER.fullmatch(one) or one == other for one, other in zip(wanted, given, strict=True)
    )
