"""What an operation is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.events import Event
from localwaba.domain.ids import Ids
from localwaba.domain.model import App, Token
from localwaba.domain.traits import Traits
from localwaba.domain.world import World


class Blob(msgspec.Struct, frozen=True):
    """A file that came with a request and lies in the store of blobs.

    `head` is its first 64 KB at most; of a part of a form that calls itself JSON it is all, up to 10 MB.
    """

    name: str
    sha256: str
    size: int
    mime_type: str
    filename: str
    head: bytes


class Handshake(msgspec.Struct, frozen=True):
    """An effect: the callback has to echo a challenge before the answer's events happen."""

    url: str
    verify_token: str


class Call:
    """One Graph call, judged so far: the token is valid, the node exists, the contract holds.

    `params` are the members of the body, the form and the query string alike, JSON values decoded; `raw` is the body
    as it came when it was JSON. `tail` is what follows the edge in the path.
    """

    __slots__ = (
        "base_url",
        "edge",
        "files",
        "headers",
        "ids",
        "method",
        "node",
        "now",
        "params",
        "path",
        "raw",
        "tail",
        "token",
        "traits",
        "world",
    )

    def __init__(
        self,
        *,
        world: World,
        now: int,
        ids: Ids,
        traits: Traits,
        token: Token | None,
        method: str,
        path: str,
        node: str,
        edge: str,
        tail: str,
        params: dict[str, Any],
        raw: bytes,
        files: Mapping[str, Blob],
        base_url: str,
    ) -> None:
        self.world = world
        self.now = now
        self.ids = ids
        self.traits = traits
        self.token = token
        self.method = method
        self.path = path
        self.node = node
        self.edge = edge
        self.tail = tail
        self.params = params
        self.raw = raw
        self.files = files
        self.base_url = base_url
        self.headers: Mapping[bytes, bytes] = {}

    @property
    def app(self) -> App:
        """The app that calls."""
        return self.world.apps[self.token.app_id if self.token else self.world.app_id]

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter as text; refused if it is missing and there is no default."""
        value = self.params.get(name, default)
        if value is None:
            raise missing(name)
        return value if isinstance(value, str) else str(value)


class Answer(msgspec.Struct, kw_only=True):
    """What Graph answers; `body` is JSON-like or already encoded. Events happen once it is sure to be sent."""

    body: Any
    events: list[Event] = []
    status: int = 200
    handshake: Handshake | None = None
    warning: str = ""


Operation = Callable[[Call], Answer]

SUCCESS: dict[str, bool] = {"success": True}


def missing(name: str) -> Exception:
    """The refusal of a call without a required parameter."""
    return refuse(100, message=f"The parameter {name} is required.", rule="required", fix=f"add `{name}`")


def unknown_object(method: str, node: str) -> Refused:
    """The answer to an id that is not there, or not the caller's."""
    verb = method.lower()
    return refuse(
        100,
        subcode=33,
        message=f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        rule="object",
        why=f"this token's world has no object {node} that supports {method}",
        fix="take the ids from GET /_localwaba/world with the same token",
    )
