"""All worlds of one server, and how a call finds its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from localwaba.domain.model import Token
from localwaba.domain.policy import Policy, patch
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.host import WorldHost
from localwaba.runtime.network import Network
from localwaba.runtime.world_clock import read_clock

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
_REMEMBERED = 1_000
"""Tokens of worlds that have ended: whoever calls with one learns that."""


Observer = Callable[[WorldHost, dict[str, Any]], None]


class WorldHosts:
    """Isolated worlds; the access token selects one, without a token the id in the path."""

    def __init__(self, default: WorldHost, blobs: BlobStore, network: Network) -> None:
        self.default = default
        self._blobs = blobs
        self._network = network
        self._worlds: dict[str, WorldHost] = {default.world.name: default}
        self._tokens: dict[str, WorldHost] = {}
        self._ended: dict[str, str] = {}
        self._made = 0
        self._on_refusal: Observer | None = None

    def by_token(self, token: str) -> tuple[WorldHost, Token] | None:
        """The world that knows a token."""
        host = self._tokens.get(token)
        if host is not None:
            record = host.world.tokens.get(token)
            if record is not None:
                return host, record
        known = [host for host in self._worlds.values() if token in host.world.tokens]
        if not known:
            self._tokens.pop(token, None)
            return None
        # a token that came with a snapshot still means the world it was made for, if that is here
        host = self._tokens[token] = next((host for host in known if token not in host.brought), known[0])
        return host, host.world.tokens[token]

    def ended(self, token: str) -> str:
        """The name of the world that had a token, if it has ended; else nothing."""
        return self._ended.get(token, "")

    def by_node(self, node: str) -> WorldHost | None:
        """The world that has a node, the default one first."""
        if node in self.default.world.nodes:
            return self.default
        return next((host for host in self._worlds.values() if node in host.world.nodes), None)

    def get(self, name: str) -> WorldHost | None:
        """The world of a name."""
        return self._worlds.get(name)

    def names(self) -> list[str]:
        """The names of all worlds."""
        return list(self._worlds)

    def create(self, options: dict[str, Any]) -> WorldHost:
        """A new world; ValueError for options that make no sense."""
        name = str(options.get("name") or self._new_name())
        if not _NAME.match(name):
            raise ValueError(f"a world's name is made of letters, digits, `_`, `.` and `-`, not {name!r}")
        if name in self._worlds:
            raise ValueError(f"there is a world {name!r} already")
        seed = options.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ValueError("a seed is a whole number")
        policy = patch(Policy(), options["policy"]) if options.get("policy") else None
        reading = read_clock(options.get("clock") or {})
        base_url = self.default.world.base_url
        world = seeded_world(name, seed, reading.world, policy, base_url)
        host = WorldHost(world, reading, self._blobs.scope(name), self._network)
        self._worlds[name] = host
        for token in world.tokens:
            self._tokens.pop(token, None)
        if self._on_refusal is not None:
            host.entries.on_refusal = partial(self._on_refusal, host)
        return host

    def delete(self, name: str) -> bool:
        """Ends a world; the default one stays."""
        if name == self.default.world.name:
            raise ValueError("the default world cannot be deleted: reset it")
        host = self._worlds.pop(name, None)
        if host is None:
            return False
        self._tokens = {token: other for token, other in self._tokens.items() if other is not host}
        self._ended |= dict.fromkeys(host.world.tokens, name)
        for token in list(self._ended)[: max(0, len(self._ended) - _REMEMBERED)]:
            del self._ended[token]
        host.close()
        return True

    def observe(self, on_refusal: Observer) -> None:
        """Has every refusal of every world told as it happens: the host and the journal's entry."""
        self._on_refusal = on_refusal
        for host in self._worlds.values():
            host.entries.on_refusal = partial(on_refusal, host)

    def close(self) -> None:
        """Ends all worlds."""
        for host in self._worlds.values():
            host.close()
        self._blobs.close()

    def _new_name(self) -> str:
        self._made += 1
        while f"world-{self._made}" in self._worlds:
            self._made += 1
        return f"world-{self._made}"


def default_world(
    blobs: BlobStore,
    network: Network,
    *,
    name: str = "default",
    seed: int = 0,
    clock: dict[str, Any] | None = None,
    policy: dict[str, Any] | None = None,
    app_secret: str = "",
    base_url: str = "http://127.0.0.1:4080",
) -> WorldHost:
    """The world that calls without a token get."""
    reading = read_clock(clock or {})
    knobs = patch(Policy(), policy) if policy else None
    world = seeded_world(name, seed, reading.world, knobs, base_url)
    if app_secret:
        world.apps[world.app_id] = msgspec.structs.replace(world.apps[world.app_id], secret=app_secret)
    return WorldHost(world, reading, blobs.scope(name), network)


def seeded_world(name: str, seed: int, now: int, policy: Policy | None, base_url: str) -> World:
    """A new world that knows by which URL it is reached."""
    world = new_world(name, seed, now, policy)
    world.base_url = base_url
    return world
