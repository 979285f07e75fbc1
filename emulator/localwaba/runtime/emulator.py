"""`Emulator`: a server in a thread and its worlds, for tests and scripts."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from localwaba.client import Link, Waba
from localwaba.runtime.server import Running, ServerThread
from localwaba.runtime.settings import Settings


class Emulator:
    """The WhatsApp Business Platform on a free port of this machine, for as long as a `with` block lasts.

    `settings` are those of `localwaba serve`: `seed`, `clock_mode`, `policy`, `webhook_url`, `port` and so on. Without
    a port, any free one is taken. PortTaken if the port is in use, BadSettings if a setting makes no sense.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = Settings(**({"port": 0} | settings))
        self._thread: ServerThread | None = None
        self._running: Running | None = None
        self._world: Waba | None = None

    def start(self) -> Emulator:
        """Starts the server and returns when it is ready."""
        if self._thread is None:
            self._thread = ServerThread(self._settings)
            self._running = self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the server and everything in it."""
        if self._world is not None:
            self._world.close()
            self._world = None
        if self._thread is not None:
            self._thread.stop()
            self._thread = self._running = None

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """What to use instead of `https://graph.facebook.com`."""
        if self._running is None:
            raise RuntimeError("the emulator is not running: use `with Emulator() as emulator:`, or call start()")
        return self._running.url

    @property
    def world(self) -> Waba:
        """The default world."""
        if self._world is None:
            self._world = Waba.default(Link(self.url, control_token=self._settings.control_token))
        return self._world

    def new_world(self, **options: Any) -> Waba:
        """An isolated world of its own (`seed`, `clock`, `policy`, `name`); end it with its `close`."""
        return Waba.create(self.url, control_token=self._settings.control_token, **options)

    def user(self, name: str | None = None, **options: Any) -> Any:
        """A synthetic user of the default world."""
        return self.world.user(name, **options)

    def webhook(self, url: str, **options: Any) -> Waba:
        """Subscribes the app of the default world to its webhooks."""
        return self.world.webhook(url, **options)

    def advance(self, **span: float) -> dict[str, Any]:
        """Lets time pass in the default world: `days`, `hours`, `minutes`, `seconds`."""
        return self.world.advance(**span)

    def settle(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits until nothing is due now and no webhook is under way in the default world."""
        return self.world.settle(timeout)

    def reset(self) -> None:
        """The default world as it was seeded."""
        self.world.reset()
