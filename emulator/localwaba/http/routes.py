"""From a path to an operation: two look-ups, whatever the number of routes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from localwaba.operations.call import Operation
from localwaba.operations.table import OPERATIONS
from localwaba_contracts.registry import RouteRow, routes


class Route(NamedTuple):
    """One row of the routes, with its function if it is imitated and the name of its request contract."""

    operation: str
    permission: str
    run: Operation | None
    contract: str


RouteTable = dict[tuple[str, str, str], Route]
_OPEN = frozenset({"issue_access_token"})


@lru_cache(maxsize=1)
def route_table() -> RouteTable:
    """All routes by method, kind of node and edge; an edge with any id behind it ends in `/*`."""
    found: RouteTable = {}
    for row in routes():
        run = OPERATIONS.get(row.operation) if row.status == "imitated" else None
        permission = "open" if row.operation in _OPEN else row.permission
        found[row.method, row.node, _edge(row)] = Route(row.operation, permission, run, row.request or "")
    return found


def _edge(row: RouteRow) -> str:
    if row.node == "root":
        return row.path.strip("/")
    first, _, rest = row.edge.partition("/")
    return f"{first}/*" if rest.startswith("{") else row.edge


@lru_cache(maxsize=1)
def known_edges() -> frozenset[tuple[str, str]]:
    """Which edges a kind of node has, whatever the method."""
    return frozenset((kind, edge) for _, kind, edge in route_table())


@lru_cache(maxsize=1)
def root_paths() -> frozenset[str]:
    """Paths that begin with no node's id, such as `debug_token`."""
    return frozenset(edge for _, kind, edge in route_table() if kind == "root")
