"""From a path to an operation: two look-ups, whatever the number of routes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from localwaba_contracts.registry import routes

from localwaba.operations.call import Operation
from localwaba.operations.table import OPERATIONS


class Route(NamedTuple):
    """One row of `routes.json`, with its function if it is imitated."""

    operation: str
    permission: str
    run: Operation | None


RouteTable = dict[tuple[str, str, str], Route]


@lru_cache(maxsize=1)
def route_table() -> RouteTable:
    """All routes by method, kind of node and edge; a deeper path's edge ends in `/*`."""
    found: RouteTable = {}
    for row in routes():
        edge = str(row["edge"])
        node = str(row["node"])
        if node != "root" and "/" in edge and edge.endswith("}"):
            edge = edge.partition("/")[0] + "/*"
        operation = str(row["operation"])
        run = OPERATIONS.get(operation) if row["status"] == "imitated" else None
        found[str(row["method"]), node, edge] = Route(operation, str(row["permission"]), run)
    return found


@lru_cache(maxsize=1)
def known_edges() -> frozenset[tuple[str, str]]:
    """Which edges a kind of node has, whatever the method."""
    return frozenset((kind, edge) for _, kind, edge in route_table())


@lru_cache(maxsize=1)
def root_paths() -> frozenset[str]:
    """Paths that begin with no node's id, such as `debug_token`."""
    return frozenset(edge for _, kind, edge in route_table() if kind == "root")
