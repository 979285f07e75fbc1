"""What all bots are played with: a memory that lasts for an example, two jobs, and every invariant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import bots
from localwaba import Waba
from pytest_localwaba import check_integration, invariants


def play(kind: Any, *, examples: int = 60, **options: Any) -> None:
    """Plays against a bot; its memory lasts for an example."""
    current: dict[str, Any] = {}

    def setup(waba: Waba) -> None:
        current["kept"] = bots.Kept(now=lambda: waba.now.timestamp())
        bots.setup(waba)

    @contextmanager
    def make(env: dict[str, str]) -> Iterator[Any]:
        current["bot"] = kind(env, current["kept"])
        yield current["bot"]
        current["bot"].close()

    keeps = invariants.keeps_status(lambda message_id: current["bot"].statuses.get(message_id))
    options = {"invariants": (*invariants.ALL, keeps), "jobs": bots.JOBS, "setup": setup, "seeded": True} | options
    check_integration(make, examples=examples, **options)


def story(kind: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        play(kind, **options)
    return str(caught.value)
