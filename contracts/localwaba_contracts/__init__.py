"""What goes over the wire, as data: errors, routes and JSON Schemas, and a judge that speaks as Meta does.

Importing this package reads nothing and imports no validator; `localwaba_contracts.validate` does, when first used.
"""

from localwaba_contracts.registry import (
    ErrorRow,
    Provocation,
    RouteRow,
    error,
    errors,
    find_error,
    names,
    provocations,
    routes,
    schema,
)

__all__ = [
    "ErrorRow",
    "Provocation",
    "RouteRow",
    "error",
    "errors",
    "find_error",
    "names",
    "provocations",
    "routes",
    "schema",
]
