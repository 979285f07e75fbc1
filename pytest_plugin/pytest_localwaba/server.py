"""The emulator that the tests of one process talk to: their own, the one that workers share, or somebody's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from localwaba import ControlError, Emulator, Waba
from localwaba.client import Link, Unreachable
from localwaba.domain.policy import INSTANT
from pytest_localwaba.sharing import knock
from pytest_localwaba.worlds import NOON, read_clock


class Server:
    """A running emulator; `url` is what apps use instead of `https://graph.facebook.com`.

    `before_end` is told of every new world before its journal is forgotten.
    """

    def __init__(self, url: str, *, control_token: str = "", own: Emulator | None = None) -> None:
        self.url = url.rstrip("/")
        self.link = own.link if own is not None else Link(self.url, control_token=control_token)
        self.before_end: Callable[[Waba], None] | None = None
        self._own = own

    def __repr__(self) -> str:
        return f"<Server {self.url}>"

    @property
    def is_own(self) -> bool:
        """Whether the emulator is of this process and ends with it."""
        return self._own is not None

    @property
    def world(self) -> Waba:
        """The default world, which all tests share: prefer the fixture `waba`."""
        return Waba.default(self.link)

    def new_world(self, **options: Any) -> Waba:
        """A world as the fixture gives it (`seed`, `clock`, `policy`, `webhook`, `name`); end it with its `close`.

        Its clock stands still at noon and everything happens at once, unless told otherwise.
        """
        options["clock"] = read_clock(options.get("clock") or NOON)
        options["policy"] = INSTANT | (options.get("policy") or {})
        waba = Waba.create(self.link, **options)
        waba.before_end = self.before_end
        return waba

    def stop(self) -> None:
        """Ends the connections, and the emulator if it is our own."""
        if self._own is not None:
            self._own.stop()
        else:
            self.link.close()


def open_server(url: str, door: int | None) -> Server:
    """The server that was named, else the one behind the controller's door, else a new one in a thread."""
    if url:
        return _connect(url)
    shared = knock(door) if door else None
    if shared:
        return Server(shared)
    emulator = Emulator().start()
    return Server(emulator.url, own=emulator)


def _connect(url: str) -> Server:
    try:
        server = Server(url, control_token=os.environ.get("LOCALWABA_CONTROL_TOKEN", ""))
        server.link.call("GET", "health")
    except Unreachable as error:
        pytest.exit(f"{error}; start one with `localwaba serve`, or leave out --waba-url and LOCALWABA_URL", 4)
    except (ControlError, ValueError) as error:
        pytest.exit(f"--waba-url {url}: {error}", 4)
    return server
