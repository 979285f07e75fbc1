"""The apps of this process that a world calls, from their startup to their shutdown."""

from __future__ import annotations

from contextlib import ExitStack
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from localwaba.client.link import Link
from localwaba.client.tracebacks import shorten
from localwaba.runtime.system import elapsed

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from localwaba.client.resident import Resident

__tracebackhide__ = True  # failures of tests are shown where the test is


class Lodging:
    """Takes apps in: without sockets where the emulator is in this process, else behind a door on loopback."""

    def __init__(self, link: Link, world: str) -> None:
        self._link = link
        self._world = blake2b(world.encode(), digest_size=4).hexdigest()
        self._apps: list[tuple[Resident, bool]] = []
        self._origins: dict[int, str] = {}
        self._ends = ExitStack()

    def take_in(
        self,
        app: Any,
        path: str,
        raises: bool = True,
        loop: AbstractEventLoop | None = None,
        *,
        in_turn: bool = True,
        at: str = "",
    ) -> str:
        """Starts an app, unless it has been, and says under which URL it is called. TypeError for what is no app.

        `at` is the origin that it goes by, if the emulator is in this process; not `in_turn` an ASGI app is called with
        several webhooks at the same time, as a server does it.
        """
        from localwaba.client.resident import house

        if not path.startswith("/"):
            raise ValueError(f"a path begins with a slash: path={'/' + path!r}")
        origin = self._origins.get(id(app))
        if origin is None:
            resident = house(app, loop, in_turn=in_turn)
            try:
                resident.start()
            except Exception as error:
                shorten(error)
                raise
            self._ends.callback(resident.stop)
            self._apps.append((resident, raises))
            origin = self._origins[id(app)] = self._open(resident, at)
        return origin + path

    def _open(self, resident: Resident, at: str) -> str:
        residents = self._link.residents
        if residents is None:
            from localwaba.client.bridge import Bridge

            bridge = Bridge(resident)
            self._ends.callback(bridge.close)
            return bridge.origin
        count = f"{len(self._apps)}-" if len(self._apps) > 1 else ""
        origin = at or f"http://app-{count}{self._world}.localhost"
        residents.admit(origin, resident)
        self._ends.callback(residents.dismiss, origin)
        return origin

    @property
    def has_apps(self) -> bool:
        """Whether there is an app."""
        return bool(self._apps)

    @property
    def is_busy(self) -> bool:
        """Whether an app is at work."""
        return any(app.is_busy for app, _ in self._apps)

    def wait(self, timeout: float) -> bool:
        """Waits until all apps have nothing to do; False if that took longer than so many real seconds."""
        until = elapsed() + timeout
        return all(app.wait(max(0.0, until - elapsed())) for app, _ in self._apps)

    def raise_error(self) -> None:
        """Raises what an app raised, if that is wanted."""
        for app, raises in self._apps:
            if raises:
                app.raise_error()

    def errors(self) -> list[BaseException]:
        """What the apps have raised that nobody has seen yet."""
        return [error for app, _ in self._apps for error in app.take_errors()]

    def find(self, origin: str) -> Resident | None:
        """The app that goes by an origin."""
        for (app, _), known in zip(self._apps, self._origins.values(), strict=True):
            if known == origin:
                return app
        return None

    def close(self) -> None:
        """Ends all apps; raises what their shutdown raised."""
        self._apps.clear()
        self._origins.clear()
        self._ends.close()
