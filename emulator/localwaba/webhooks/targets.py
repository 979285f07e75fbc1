"""Where the emulator may connect to: this machine, unless the person who started it allows more.

The emulator fetches URLs that its callers name (webhook targets, media links). Without a guard whoever reaches it could
reach everything that it reaches. Names are judged twice: by `check_target` when a URL is handed in, and by the
transport at every connection, on the addresses that it then really connects to.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import msgspec

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Iterable[str]]

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


class TargetPolicy(msgspec.Struct, frozen=True):
    """Which hosts beyond loopback are allowed.

    Each entry is a name (`app`), a name with everything below it (`*.example.test`), an address (`10.0.0.7`), a network
    (`172.16.0.0/12`) or `*` for every host.
    """

    hosts: tuple[str, ...] = ()


LOOPBACK_ONLY = TargetPolicy()


class Target(msgspec.Struct, frozen=True):
    """The parts of a URL that decide whether it may be connected to; `host` is lowercase, without a last dot."""

    scheme: str
    host: str
    port: int
    address: Address | None


class BadTarget(ValueError):
    """A URL that cannot be a target under any policy; the text says why."""


def check_target(url: str, allow: TargetPolicy = LOOPBACK_ONLY, resolve: Resolve | None = None) -> str | None:
    """Why this URL may not be connected to, or None if it may.

    A name that is neither local nor listed is judged by its addresses. Without `resolve` nobody is asked for them and
    the name passes: the transport judges it when it connects. `look_up` is a `resolve` that asks the machine and may
    block.
    """
    why, name = _check_url(url, allow)
    if resolve is None or name is None:
        return why
    try:
        return check_addresses(name, resolve(name), allow)
    except OSError:
        return f"the host {name} cannot be resolved"


@lru_cache(maxsize=1024)
def _check_url(url: str, allow: TargetPolicy) -> tuple[str | None, str | None]:
    """Why a URL is refused whatever its name means, and the name that is still to be judged by its addresses."""
    try:
        target = read_target(url)
    except BadTarget as bad:
        return str(bad), None
    if target.address is not None:
        return check_addresses(target.host, [str(target.address)], allow), None
    if is_local_name(target.host) or _rules(allow).name(target.host):
        return None, None
    return None, target.host


def check_addresses(host: str, addresses: Iterable[str], allow: TargetPolicy) -> str | None:
    """Why a host with these addresses is refused; every one of them must be loopback or allowed."""
    rules = _rules(allow)
    if rules.name(host):
        return None
    found = [unmap(ip_address(address.partition("%")[0])) for address in addresses]
    if not found:
        return f"the host {host} cannot be resolved"
    for address in found:
        if not address.is_loopback and not rules.address(address):
            where = host if str(address) == host else f"{host} ({address})"
            hint = "; write 127.0.0.1 for this machine" if address.is_unspecified else ""
            return f"the target {where} is neither this machine nor an allowed host{hint}"
    return None


def read_target(url: str) -> Target:
    """The parts of a URL; raises `BadTarget` for everything that two parsers could read in two ways."""
    if _FORBIDDEN.search(url):
        raise BadTarget("the URL holds a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as bad:
        raise BadTarget(f"the URL cannot be read: {bad}") from None
    if parts.scheme not in ("http", "https"):
        raise BadTarget("the URL is neither http nor https")
    if "@" in parts.netloc:
        raise BadTarget("the URL holds a user name or a password")
    if "#" in url:
        raise BadTarget("the URL holds a fragment (#), which is never sent")
    if not parts.hostname:
        raise BadTarget("the URL names no host")
    if port == 0 or parts.netloc.endswith(":"):
        raise BadTarget("the URL holds no usable port after its colon")
    host, address = _read_host(parts.hostname, bracketed="[" in parts.netloc)
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), address)


def is_local_name(host: str) -> bool:
    """Whether a name means this machine by definition (RFC 6761), so that nobody needs to be asked."""
    return host == "localhost" or host.endswith(".localhost")


def look_up(host: str) -> Sequence[str]:
    """The addresses that this machine's resolver gives for a name; blocks, raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return sorted({str(entry[4][0]) for entry in found})


def unmap(address: Address) -> Address:
    """An IPv4 address that hides in an IPv6 one, unveiled; any other as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _read_host(host: str, *, bracketed: bool) -> tuple[str, Address | None]:
    try:
        if bracketed:
            if "%" in host:
                raise BadTarget("the URL's address holds a zone")
            address: Address = unmap(IPv6Address(host))
        else:
            address = IPv4Address(host)
        return str(address), address
    except BadTarget:
        raise
    except ValueError:
        if bracketed:
            raise BadTarget("the URL's address is not an IPv6 address") from None
    if not host.isascii():
        raise BadTarget("the URL's host is not ASCII: write its xn-- form")
    if not _NAME.fullmatch(host) or ".." in host:
        raise BadTarget("the URL's host is not a host name")
    name = host.removesuffix(".")
    # What ends in a number is an address to some parsers (127.1, 0x7f000001, 2130706433) and a name to others.
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise BadTarget(f"the URL's host {host} is a number in disguise: write an address as 127.0.0.1")
    return name, None


class _Rules:
    """A policy's entries, sorted by kind."""

    def __init__(self, policy: TargetPolicy) -> None:
        self.everything = "*" in policy.hosts
        self.names: set[str] = set()
        self.suffixes: list[str] = []
        self.networks: list[IPv4Network | IPv6Network] = []
        for entry in policy.hosts:
            entry = entry.lower().strip("[]").removesuffix(".")
            try:
                self.networks.append(ip_network(entry, strict=False))
            except ValueError:
                if entry.startswith("*."):
                    self.suffixes.append(entry[1:])
                else:
                    self.names.add(entry)

    def name(self, host: str) -> bool:
        return self.everything or host in self.names or any(host.endswith(suffix) for suffix in self.suffixes)

    def address(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


@lru_cache(maxsize=64)
def _rules(policy: TargetPolicy) -> _Rules:
    return _Rules(policy)
