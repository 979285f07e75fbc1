"""Who may drive the emulator: no foreign site's page, no rebound name; and where there is a token, who has it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?\Z")
TOKEN_HEADER = b"x-localwaba-control-token"


class Guard(NamedTuple):
    """What the control API demands of a request.

    `loopback`: only this machine reaches the server, so only its own names are believed. `names` are further host
    names that may be used. With a `control_token` every request has to show it.
    """

    loopback: bool
    control_token: str = ""
    names: tuple[str, ...] = ()

    def objection(self, headers: Mapping[bytes, bytes]) -> str | None:
        """Why a request is refused; None if it may pass. Header names are in lower case."""
        host = headers.get(b"host", b"").decode("latin-1")
        if host and not self._is_believed(host):
            return (
                f"the Host header {host!r} does not name this emulator: a page may have rebound its name; "
                "use http://127.0.0.1 or http://localhost"
            )
        return _foreign(headers, host) or self._unproven(headers)

    def _is_believed(self, host: str) -> bool:
        name = _name_of(host)
        if name is None:
            return False
        if is_local(name) or name in self.names:
            return True
        if self.loopback:
            return False
        # A name of one label (of a container, say) cannot be bought by anybody; with a token, names prove nothing.
        return bool(self.control_token) or "." not in name or _is_address(name)

    def _unproven(self, headers: Mapping[bytes, bytes]) -> str | None:
        if not self.control_token:
            return None
        given = headers.get(TOKEN_HEADER)
        if given is None:
            return "this emulator wants its control token: send the header X-Localwaba-Control-Token"
        if not hmac.compare_digest(given, self.control_token.encode()):
            return "the X-Localwaba-Control-Token is not this emulator's"
        return None


def is_local(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inner or address).is_loopback


def _foreign(headers: Mapping[bytes, bytes], host: str) -> str | None:
    """Whether a browser says that a page of another site makes this request."""
    origin = headers.get(b"origin")
    if origin is not None:
        text = origin.decode("latin-1")
        if not _is_own(text, host):
            return f"requests of pages of {text} are not served: drive the emulator from this machine's own pages"
        return None
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return "requests of pages of other sites are not served (Sec-Fetch-Site: cross-site)"
    return None


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        name = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    return parts.netloc.lower() == host.lower() or is_local(name)


def _name_of(host: str) -> str | None:
    """The name in a Host header, in lower case, without port, brackets and the dot at its end."""
    found = _HOST.match(host)
    return found["name"].strip("[]").lower().removesuffix(".") if found else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
