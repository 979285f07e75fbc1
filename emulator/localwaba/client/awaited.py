"""The same world for tests that are `async def`: what is a call there is awaited here, what is a value stays one.

Everything blocking happens in a thread, so that an app in the event loop of the test can answer meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial, wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from localwaba.client.calls import Call
from localwaba.client.chat import Bubble
from localwaba.client.faults import Faults
from localwaba.client.interception import Interception
from localwaba.client.refusals import Refusals
from localwaba.client.templates import Templates
from localwaba.client.tracebacks import shorten
from localwaba.client.user import User
from localwaba.client.waba import Waba

__tracebackhide__ = True  # failures of tests are shown where the test is

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


async def in_thread(call: Callable[[], R]) -> R:
    """Does something that blocks, without holding up the event loop; works on asyncio and trio."""
    from anyio import to_thread

    return await to_thread.run_sync(call)


def awaited(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """The method of an object, to be awaited."""

    @wraps(method)
    async def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await in_thread(partial(method, self._sync, *args, **kwargs))
        except Exception as error:  # threads and loops lie between the test and what it misses
            _narrow(error)
            raise

    return call


def _narrow(error: Exception) -> None:
    """Leaves of a traceback what is of the test or of the app; of what is said on purpose, nothing of ours."""
    shorten(error)
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    if found is not None and found.tb_frame.f_globals.get("__tracebackhide__"):
        error.__traceback__ = None


class AsyncUser:
    """A `User` whose deeds are awaited."""

    def __init__(self, user: User) -> None:
        self._sync = user

    def __repr__(self) -> str:
        return repr(self._sync)

    sends = awaited(User.sends)
    sends_image = awaited(User.sends_image)
    sends_video = awaited(User.sends_video)
    sends_audio = awaited(User.sends_audio)
    sends_document = awaited(User.sends_document)
    sends_sticker = awaited(User.sends_sticker)
    sends_location = awaited(User.sends_location)
    sends_message = awaited(User.sends_message)
    reacts = awaited(User.reacts)
    unreacts = awaited(User.unreacts)
    taps = awaited(User.taps)
    sends_contact = awaited(User.sends_contact)
    sends_order = awaited(User.sends_order)
    asks_about = awaited(User.asks_about)
    comes_from_ad = awaited(User.comes_from_ad)
    forwards = awaited(User.forwards)
    sends_unsupported = awaited(User.sends_unsupported)
    edits = awaited(User.edits)
    deletes = awaited(User.deletes)
    plays = awaited(User.plays)
    pays = awaited(User.pays)
    changes_number = awaited(User.changes_number)
    changes_identity = awaited(User.changes_identity)
    reads = awaited(User.reads)
    blocks = awaited(User.blocks)
    unblocks = awaited(User.unblocks)
    reports = awaited(User.reports)
    stops_marketing = awaited(User.stops_marketing)
    resumes_marketing = awaited(User.resumes_marketing)
    does = awaited(User.does)
    receives = awaited(User.receives)
    receives_nothing = awaited(User.receives_nothing)

    @property
    def wa_id(self) -> str:
        """The number, as the platform writes it."""
        return self._sync.wa_id

    @property
    def user_id(self) -> str:
        """The business-scoped id."""
        return self._sync.user_id

    @property
    def name(self) -> str:
        """The name of the profile."""
        return self._sync.name

    @property
    def country(self) -> str:
        """The country, in two letters."""
        return self._sync.country

    @property
    def inbox(self) -> list[Bubble]:
        """What the phone shows, both sides, oldest first."""
        return self._sync.inbox

    @property
    def chat(self) -> list[Bubble]:
        """Everything that was written, with what has not arrived and what failed."""
        return self._sync.chat

    @property
    def code(self) -> str | None:
        """The code to log in with that the phone shows, the latest one."""
        return self._sync.code

    @property
    def sees_typing(self) -> bool:
        """Whether the phone shows that the business is typing."""
        return self._sync.sees_typing


class AsyncTemplates:
    """`Templates`, awaited."""

    def __init__(self, templates: Templates) -> None:
        self._sync = templates

    __call__ = awaited(Templates.__call__)
    create = awaited(Templates.create)
    create_code = awaited(Templates.create_code)
    approve = awaited(Templates.approve)
    reject = awaited(Templates.reject)
    pause = awaited(Templates.pause)
    disable = awaited(Templates.disable)
    change = awaited(Templates.change)


class AsyncFaults:
    """`Faults`, awaited."""

    def __init__(self, faults: Faults) -> None:
        self._sync = faults

    add = awaited(Faults.add)
    preset = awaited(Faults.preset)
    clear = awaited(Faults.clear)
    kinds = awaited(Faults.kinds)
    presets = awaited(Faults.presets)
    list = awaited(Faults.list)


class AsyncRefusals:
    """`Refusals`, in an `async with` block; `calls` and `messages` are what was found, after the block."""

    def __init__(self, refusals: Refusals) -> None:
        self._sync = refusals

    async def __aenter__(self) -> AsyncRefusals:
        await in_thread(self._sync.__enter__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return await in_thread(partial(self._sync.__exit__, kind, error, trace))
        except Exception as missed:
            _narrow(missed)
            raise

    @property
    def calls(self) -> list[Call]:
        """The refused calls."""
        return self._sync.calls

    @property
    def messages(self) -> list[Bubble]:
        """The messages that failed later."""
        return self._sync.messages


class AsyncWaba:
    """A `Waba` for `async def` tests: the same names, calls are awaited. `sync` is the world itself.

    An ASGI app that `webhook` is given runs in the event loop of the test, and ends with `close`.
    """

    def __init__(self, waba: Waba) -> None:
        self.sync = self._sync = waba
        self.templates = AsyncTemplates(waba.templates)
        self.faults = AsyncFaults(waba.faults)

    def __repr__(self) -> str:
        return repr(self.sync).replace("<Waba", "<AsyncWaba")

    def __getattr__(self, name: str) -> Any:
        """Ids, secrets and settings of the world."""
        if name in _VALUES:
            return getattr(self.sync, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    async def webhook(
        self,
        app: Any,
        verify_token: str | None = None,
        fields: list[str] | None = None,
        *,
        path: str = "/webhook",
        version: str | None = None,
        raises: bool = True,
    ) -> AsyncWaba:
        """Subscribes the app, with the handshake: a URL, an ASGI app for this event loop, or a WSGI app."""
        loop = None if isinstance(app, str) else _running_loop()
        options: dict[str, Any] = {"path": path, "version": version, "raises": raises, "loop": loop}
        await in_thread(partial(self.sync.webhook, app, verify_token, fields, **options))
        return self

    async def user(
        self,
        name: str | None = None,
        *,
        wa_id: str | None = None,
        country: str = "US",
        username: str | None = None,
        **behaviour: Any,
    ) -> AsyncUser:
        """A synthetic user; see `Waba.user`."""
        make = partial(self.sync.user, name, wa_id=wa_id, country=country, username=username, **behaviour)
        return AsyncUser(await in_thread(make))

    def refuses(self, *codes: int, timeout: float | None = None) -> AsyncRefusals:
        """An `async with` block in which the app is refused with one of these codes; see `Waba.refuses`."""
        return AsyncRefusals(self.sync.refuses(*codes, timeout=timeout))

    def intercept(self) -> Interception:
        """A `with` block, or a decorator, in which calls to `graph.facebook.com` come here; see `Waba.intercept`."""
        return self.sync.intercept()

    get = awaited(Waba.get)
    post = awaited(Waba.post)
    delete = awaited(Waba.delete)
    graph = awaited(Waba.graph)
    advance = awaited(Waba.advance)
    settle = awaited(Waba.settle)
    reset = awaited(Waba.reset)
    policy = awaited(Waba.policy)
    snapshot = awaited(Waba.snapshot)
    restore = awaited(Waba.restore)
    record = awaited(Waba.record)
    messages = awaited(Waba.messages)
    deliveries = awaited(Waba.deliveries)
    strangers = awaited(Waba.strangers)
    leave = awaited(Waba.leave)
    close = awaited(Waba.close)

    def expect(self, *what: str) -> None:
        """Takes refusals (their trace ids) and failed messages (their ids) as expected."""
        self.sync.expect(*what)

    @property
    def env(self) -> Mapping[str, str]:
        """Environment variables for an app under test."""
        return self.sync.env

    @property
    def now(self) -> datetime:
        """The world's time, in UTC."""
        return self.sync.now

    @property
    def calls(self) -> list[Call]:
        """The Graph calls that were made with this world's tokens."""
        return self.sync.calls

    @property
    def refusals(self) -> list[Call]:
        """The Graph calls that were refused."""
        return self.sync.refusals


_VALUES = frozenset({
    "name", "seed", "url", "graph_url", "access_token", "app_id", "app_secret", "verify_token", "business_id",
    "waba_id", "phone_number_id", "display_phone_number", "catalog_id", "users", "callback", "timeout", "patience",
    "version", "unexpected_refusals", "unexpected_failures", "unexpected_mistakes", "unexpected_strangers", "outdated",
    "has_ended", "is_still",
})  # fmt: skip


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("an app of this process needs asyncio here: give trio tests the URL of a server") from None
