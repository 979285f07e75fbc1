"""Where examples are played: a world that is made anew for each, and the app in it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from localwaba import ControlError, Emulator, Waba
from localwaba.client.user import User
from localwaba.runtime.people import People
from localwaba.runtime.system import elapsed

CLOCK = {"mode": "frozen", "now": "2026-01-01T12:00:00Z"}
POLICY: dict[str, Any] = {
    "sent_after": 1.0,
    "delivered_after": 1.0,
    "read_after": None,
    "review_after": 0.0,
    "pair_seconds": None,
    "throughput_standard": None,
    "webhook_timeout": 5.0,
}
"""Statuses come when time passes; nobody is refused for being fast on a clock that stands still. An app that gives no
answer in five seconds of the machine would give none in twenty."""

GROUP = "Neighbours"
_LONGEST = 10.0
_DOUBT, _QUIET = 0.5, 0.1
"""Real seconds: how long it is doubted that an app has done its work, and the silence that tells of one that has."""
_DOUBTS, _MANY = 3, 1_000_000
"""How often it is doubted: of an app that has always done its work so far, and of one that has not."""


class HandshakeFailed(Exception):
    """The app cannot be subscribed; the text says why."""


class Stage:
    """A world, and the app under test in it: `url` is where the app is called, if it has one."""

    def __init__(
        self,
        app: Any,
        waba: Waba | None = None,
        *,
        policy: Mapping[str, Any] | None = None,
        setup: Callable[[Waba], object] | None = None,
        path: str = "/webhook",
        idle: float | Callable[[], object] = 0.0,
    ) -> None:
        self._app, self._path, self._idle, self._setup = app, path, idle, setup
        self._ends = ExitStack()
        self._played = ExitStack()
        self._policy = POLICY | dict(policy or {})
        self._is_own = waba is None
        if waba is None:
            emulator = Emulator()
            emulator.start()
            self._ends.callback(emulator.stop)
            waba = emulator.new_world(seed=0, clock=CLOCK, policy=self._policy)
            self._ends.callback(waba.close)
        self.waba = waba
        self.current: Any = None
        self._given = 0
        self._doubts = 0 if idle else _DOUBTS

    @property
    def can_restart(self) -> bool:
        """Whether the app can be made anew: it was given as a function of its environment."""
        return _is_factory(self._app)

    def open(self) -> None:
        """The world as it was in the beginning, and the app in it."""
        self.waba.reset()
        if not self._is_own:
            self.waba.policy(**self._policy)
        if self._setup is not None:
            self._setup(self.waba)
        self._start()

    def restart(self) -> None:
        """Ends the app and makes a new one."""
        self.end_app()
        self._start()

    def _start(self) -> None:
        app: Any = self._app(self.waba.env) if self.can_restart else self._app
        if isinstance(app, AbstractContextManager):
            app = self._played.enter_context(app)
        self.current = app
        try:
            self.waba.webhook(app, path=self._path, raises=False)
        except ControlError as error:
            raise HandshakeFailed(str(error)) from None

    @property
    def patience(self) -> float:
        """How many real seconds the app has for an answer."""
        return float(self._policy["webhook_timeout"])

    def end_app(self) -> None:
        """Ends the app of the example."""
        self.waba.leave()
        self._played.close()

    def close(self) -> None:
        """Ends everything."""
        self._ends.close()

    def user(self, name: str, *, hidden: bool = False) -> User:
        """A user with a number that no example before had: an app that remembers ids is not misled."""
        number = People(0).new_number("US", self._given)
        self._given += 1
        more: dict[str, Any] = {"username": f"{name.lower()}.hides", "phone_visible": False} if hidden else {}
        return self.waba.user(name, wa_id=number, **more)

    def group(self) -> str:
        """The id of the group that the business has, made when it is first wanted."""
        path = f"{self.waba.phone_number_id}/groups"
        found = self.waba.get(path)["data"]["groups"]
        if not found:
            self.waba.post(path, {"messaging_product": "whatsapp", "subject": GROUP})
            self.settle()
            found = self.waba.get(path)["data"]["groups"]
        return str(found[0]["id"])

    def settle(self, *, settled: bool = False) -> None:
        """Waits until the app has nothing to do; `settled`: the world has been waited for."""
        if not settled:
            self.waba.settle(_LONGEST)
        if callable(self._idle):
            self._idle()
            self.waba.settle(_LONGEST)
        elif self._idle:
            self._wait(self._idle)

    def was_hasty(self) -> bool:
        """Whether the app was judged before its work was done. If it ever was, it is given time from then on."""
        if self._doubts <= 0:
            return False
        self._doubts -= 1
        seen = self._count()
        self._wait(_DOUBT)
        if self._count() == seen:
            return False
        self._idle, self._doubts = _QUIET, _MANY
        return True

    def _wait(self, quiet: float) -> None:
        """Waits until the app has made no call for so many real seconds, some seconds at most."""
        from time import sleep

        until, seen = elapsed() + _LONGEST, self._count()
        while elapsed() < until:
            sleep(quiet)
            now = self._count()
            if now == seen:
                return
            seen = now
            self.waba.settle(_LONGEST)

    def _count(self) -> int:
        entries = self.waba.link.call("GET", "journal", query={"limit": 20_000, "kind": "call"})["entries"]
        return len(entries)


def _is_factory(app: Any) -> bool:
    """Whether an object makes apps: it takes one thing, the environment. ASGI apps take three, WSGI apps two."""
    if isinstance(app, str) or not callable(app):
        return False
    try:
        inspect.signature(app).bind(None)
    except (TypeError, ValueError):
        return False
    return True
