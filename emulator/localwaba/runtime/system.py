"""The machine's clock and entropy; nothing else reads them."""

from __future__ import annotations

import secrets
import time


def milliseconds() -> int:
    """The machine's time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def elapsed() -> float:
    """Seconds that only ever grow; for measuring how long something took."""
    return time.perf_counter()


def entropy() -> str:
    """A secret that nobody can guess."""
    return secrets.token_urlsafe(24)
