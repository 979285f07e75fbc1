"""An app that runs already, in the `TestClient` of Starlette and FastAPI."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

__tracebackhide__ = True  # failures of tests are shown where the test is


class Opened(NamedTuple):
    """An app, the event loop in which it runs, and what its startup has left in the state of its requests."""

    app: Any
    loop: asyncio.AbstractEventLoop
    state: Mapping[str, Any]


def opened(client: Any) -> Opened | None:
    """What runs in a `TestClient`; None for anything else, TypeError for one in which nothing runs yet.

    Nothing is imported: whoever has a client has imported it.
    """
    module = sys.modules.get("starlette.testclient")
    if module is None or not isinstance(client, module.TestClient):
        return None
    if client.portal is None:
        raise TypeError("this TestClient is not open; with TestClient(app) as client: waba.webhook(client)")
    return Opened(client.app, client.portal.call(asyncio.get_running_loop), client.app_state)
