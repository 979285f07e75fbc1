"""A world as it is seeded, and calls to it that need no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from localwaba.domain.applying import apply
from localwaba.domain.errors import Refused
from localwaba.domain.events import Event
from localwaba.domain.model import Token
from localwaba.domain.seeding import app_token, new_world
from localwaba.domain.world import World
from localwaba.operations.call import Answer, Blob, Call, Handshake
from localwaba.operations.table import OPERATIONS
from localwaba.versions.table import traits_of
from localwaba.wire.errors import envelope
from localwaba_contracts.registry import routes
from neighbours import load

NOW = 1_790_000_000_000
BASE_URL = "http://127.0.0.1:4080"


@cache
def operation_ids() -> dict[tuple[str, str, str], str]:
    """Operation ids by method, kind of node and edge (root: the path), also of what the routes call a gap."""
    return {
        (row.method, row.node, row.path.strip("/") if row.node == "root" else row.edge): row.operation
        for row in routes()
    }


class Caller:
    """Calls operations on one world; the events of an answer happen at once, as after a handshake that went well.

    `call("GET", node, edge, {...})`; `node` is an id, or empty for fixed paths, of which `edge` is all. `events`
    has everything that happened, `handshake` the last one wanted, `now` is the time and may be set.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = NOW
        self.events: list[Event] = []
        self.handshake: Handshake | None = None

    @property
    def app_token(self) -> Token:
        """The token that an app makes of its id and secret."""
        return app_token(self.world.apps[self.world.app_id])

    def __call__(
        self,
        method: str,
        node: str,
        edge: str = "",
        params: dict[str, Any] | None = None,
        *,
        version: str = "v26.0",
        token: Token | str | None = "default",
        tail: str = "",
        raw: bytes = b"",
        files: Mapping[str, Blob] | None = None,
    ) -> Answer:
        """The answer of the operation that the routes have there; raises what it raises."""
        world = self.world
        kind = world.nodes[node] if node else "root"
        run = OPERATIONS[operation_ids()[method, kind, edge]]
        if isinstance(token, str):
            token = world.tokens[world.access_token if token == "default" else token]
        ids = world.ids()
        call = Call(
            world=world,
            now=self.now,
            ids=ids,
            traits=traits_of(version),
            token=token,
            method=method,
            path="/" + "/".join(part for part in (version, node, edge, tail) if part),
            node=node,
            edge=edge,
            tail=tail,
            params=dict(params or {}),
            raw=raw,
            files=files or {},
            base_url=BASE_URL,
        )
        try:
            answer = run(call)
        except Refused as refused:
            self.happen(list(refused.events))
            raise
        self.handshake = answer.handshake
        self.happen(answer.events)
        world.drawn = ids.drawn
        return answer

    def happen(self, events: list[Event]) -> None:
        """Lets events happen."""
        for event in events:
            apply(self.world, event)
            self.events.append(event)

    def error(self, method: str, node: str, edge: str = "", params: dict[str, Any] | None = None, **kw: Any) -> Any:
        """The `error` that Graph would answer with, without its trace id; fails the test if the call is answered."""
        with pytest.raises(Refused) as caught:
            self(method, node, edge, params, **kw)
        found = envelope(caught.value.refusal, "")["error"]
        del found["fbtrace_id"]
        return found


@pytest.fixture
def world() -> World:
    """A world as it is seeded."""
    return new_world("test", 7, NOW)


@pytest.fixture
def call(world: World) -> Caller:
    """Calls operations on the world."""
    return Caller(world)


@pytest.fixture
def make_stage() -> Callable[..., Any]:
    """Makes worlds in which time passes and users act; takes a seed and knobs."""
    found: Callable[..., Any] = load("unit/stage").Stage
    return found


@pytest.fixture
def make_bill() -> Callable[..., Any]:
    """Makes worlds whose books are looked at; takes knobs, and how the user behaves."""
    found: Callable[..., Any] = load("unit/bill").Bill
    return found
