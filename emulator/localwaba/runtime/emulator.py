"""`Emulator`: a server in a thread and its worlds, for tests and scripts."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

from localwaba.client import Link, User, Waba
from localwaba.runtime.server import Running, ServerThread
from localwaba.runtime.settings import PLACES, nearest, read_settings

_NO_FILE = Path(os.devnull)


class Emulator:
    """The WhatsApp Business Platform on a free port of this machine, for as long as a `with` block lasts.

    `settings` are those of `localwaba serve`: `seed`, `clock_mode`, `policy`, `webhook_url`, `port` and so on, but no
    variable and no `localwaba.toml` is read. Without a port, any free one is taken. TypeError for a setting that there
    is not, BadSettings for one that makes no sense, PortTaken if the port is in use, HandshakeFailed for the webhook.
    """

    def __init__(self, **settings: Any) -> None:
        for name in settings:
            if name not in PLACES:
                raise TypeError(f"an emulator has no setting {name!r}{nearest(name, PLACES)}")
        self._settings = read_settings({"port": 0} | settings, {}, _NO_FILE)
        self._thread: ServerThread | None = None
        self._running: Running | None = None
        self._link: Link | None = None
        self._world: Waba | None = None

    def start(self) -> Emulator:
        """Starts the server and returns when it is ready."""
        if self._thread is None:
            thread = ServerThread(self._settings)
            self._running = thread.start()
            self._thread = thread
            self._link = Link(
                self._running.url,
                control_token=self._settings.control_token,
                residents=self._running.network.residents,
                inside=self._running.inside(),
            )
        return self

    def stop(self) -> None:
        """Ends the server and everything in it."""
        try:
            if self._world is not None:
                self._world.close()
        finally:
            self._stop()

    def _stop(self) -> None:
        if self._link is not None:
            self._link.close()
        if self._thread is not None:
            self._thread.stop()
        self._thread = self._running = self._link = self._world = None

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """What to use instead of `https://graph.facebook.com`."""
        return self.link.url

    @property
    def link(self) -> Link:
        """The control API of the default world."""
        if self._link is None:
            raise RuntimeError("the emulator is not running: use `with Emulator() as emulator:`, or call start()")
        return self._link

    @property
    def world(self) -> Waba:
        """The default world."""
        if self._world is None:
            self._world = Waba.default(self.link)
        return self._world

    def new_world(self, **options: Any) -> Waba:
        """An isolated world of its own (`seed`, `clock`, `policy`, `webhook`, `name`); end it with its `close`."""
        return Waba.create(self.link, **options)

    def user(self, name: str | None = None, **options: Any) -> User:
        """A synthetic user of the default world."""
        return self.world.user(name, **options)

    def webhook(self, app: Any, **options: Any) -> Waba:
        """Subscribes the app of the default world, a URL or an object of this process, to its webhooks."""
        return self.world.webhook(app, **options)

    def advance(self, **span: float) -> dict[str, Any]:
        """Lets time pass in the default world: `days`, `hours`, `minutes`, `seconds`."""
        return self.world.advance(**span)

    def settle(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits until nothing is due now and no webhook is under way in the default world."""
        return self.world.settle(timeout)

    def reset(self) -> None:
        """The default world as it was seeded."""
        self.world.reset()
