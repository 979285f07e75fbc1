"""`async def` tests: the apps of a test's own event loop end before that loop does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

import pytest

from localwaba import AsyncWaba, Waba

Test = Callable[..., Coroutine[Any, Any, Any]]


def make_async(waba: Waba, function: Any) -> AsyncWaba:
    """The world for an `async def` test; fails any other."""
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    if not iscoroutinefunction(inner):
        pytest.fail("awaba is for tests that are `async def`; this one is not: take waba", pytrace=False)
    return AsyncWaba(waba)


def enclose(function: Test, awaba: AsyncWaba) -> Test:
    """The test, and behind it, in the same event loop, the end of the apps that it has been given."""

    @wraps(function)
    async def enclosed(*args: Any, **kwargs: Any) -> Any:
        try:
            found = await function(*args, **kwargs)
        except BaseException:
            with suppress(Exception):  # the test has failed already, by something else
                await awaba.leave()
            raise
        await awaba.leave()
        return found

    return enclosed
