"""What both definitions and sends of templates need to be given one mistake."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from typing import Any

from pytest_localwaba.strategies.errors import MetaError

Json = dict[str, Any]
Slip = tuple[str, MetaError]
"""What was done to a value, and the answer to it."""


def part(components: list[Json], kind: str) -> Json | None:
    """The component of a kind; None if there is none."""
    return next((one for one in components if one["type"].upper() == kind), None)


def slipped(
    first: int, slips: Sequence[Any], usual: Collection[Any], make: Callable[[Any, Json], Slip | None], whole: Json
) -> tuple[Json, str, MetaError]:
    """A copy of a value with the slip that was drawn, what was done, and the answer.

    Where the value cannot have that one, it has the next that it can have; the `usual` ones, which everything can
    have, are the last to be tried. What is drawn late is mostly the plainest, so `first` is drawn before the value.
    """
    others = [*slips[first + 1 :], *slips[:first]]
    rare = [one for one in others if one not in usual]
    for slip in (slips[first], *rare, *usual):
        changed = copy.deepcopy(whole)
        found = make(slip, changed)
        if found is not None:
            return changed, *found
    raise AssertionError("a name can always be broken")
