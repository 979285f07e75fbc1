"""What goes over the wire, as data: errors, routes and JSON Schemas, and a judge that speaks as Meta does.

Importing this package reads nothing and imports no validator; `localwaba_contracts.validate` does, when first used.
"""

from localwaba_contracts.registry import (
    ErrorRow,
    RouteRow,
    error,
    errors,
    find_error,
    names,
    routes,
    schema,
)

__all__ = ["ErrorRow", "RouteRow", "error", "errors", "find_error", "names", "routes", "schema"]
