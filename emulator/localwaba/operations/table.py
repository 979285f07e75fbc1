"""Operation ids of `routes.json` and the functions that imitate them."""

from __future__ import annotations

from localwaba.operations.call import Operation

OPERATIONS: dict[str, Operation] = {}
