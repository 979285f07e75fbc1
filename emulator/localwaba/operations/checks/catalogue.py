"""All checks, in the order in which they are tried."""

from __future__ import annotations

from localwaba.operations.checks import answering, batches, duplicates, handshake, order, others, shapes, signatures
from localwaba.operations.checks.model import Check

FIRST = answering.FIRST
CHECKS: tuple[Check, ...] = (
    *handshake.CHECKS,
    *answering.CHECKS[:-1],
    *signatures.CHECKS,
    *shapes.CHECKS,
    *duplicates.CHECKS,
    *order.CHECKS,
    *others.CHECKS,
    *batches.CHECKS,
    answering.CHECKS[-1],
    answering.LAST,
)
"""Each tries one rule; the last two look back."""
GROUPS = tuple(dict.fromkeys(check.group for check in CHECKS))


def chosen(only: tuple[str, ...] = (), skip: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """The checks of these names, beginnings of names or groups, without those to skip; ValueError for a word that
    means none."""
    for word in (*only, *skip):
        if not any(_is_meant(check, word) for check in CHECKS):
            raise ValueError(word)
    wanted = [check for check in CHECKS if not only or any(_is_meant(check, word) for word in only)]
    return tuple(check for check in wanted if not any(_is_meant(check, word) for word in skip))


def _is_meant(check: Check, word: str) -> bool:
    return word in (check.name, check.group) or check.name.startswith(f"{word}-")
