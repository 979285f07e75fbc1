"""A world: one business on WhatsApp, its number, its app, and the time."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from localwaba.client.calls import GraphError, because
from localwaba.client.faults import Faults
from localwaba.client.interception import Interception
from localwaba.client.judged import Judged
from localwaba.client.link import ControlError, Link, Mark
from localwaba.client.lodging import Lodging
from localwaba.client.refusals import Refusals
from localwaba.client.templates import VERSION, Templates
from localwaba.client.tracebacks import shorten
from localwaba.client.user import User
from localwaba.runtime.system import elapsed, milliseconds
from localwaba.wire.environment import VARIABLES

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Collection
    from pathlib import Path

    from localwaba.client.resident import Resident

__tracebackhide__ = True  # failures of tests are shown where the test is

_VERSIONED = re.compile(r"/?v\d+\.\d+/")

_NUMBERLESS = frozenset({"AN", "AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
"""Countries without telephone numbers of their own."""


class Waba(Judged):
    """A world from the outside.

    Its ids and secrets are attributes: `access_token`, `app_secret`, `app_id`, `verify_token`, `phone_number_id`,
    `waba_id`, `business_id`, `display_phone_number`, `catalog_id`, `seed`, `graph_url`. `timeout` is how many real
    seconds `receives` and `refuses` wait for the app, `patience` how many what users do waits for it to answer its
    webhooks. `version` is the Graph version of the test's own calls and of the webhooks of apps.
    """

    timeout = 2.0
    patience = 10.0
    version = VERSION

    def __init__(
        self,
        link: Link,
        described: dict[str, Any],
        *,
        is_owned: bool = False,
        closes_link: bool = False,
        lodging: Lodging | None = None,
    ) -> None:
        self.link = link
        self.name: str = described["world"]
        self.seed: int = described["seed"]
        self.url = link.url
        self.graph_url: str = described["graph_url"]
        self.access_token: str = described["access_token"]
        self.app_id: str = described["app_id"]
        self.app_secret: str = described["app_secret"]
        self.verify_token: str = described["verify_token"]
        self.business_id: str = described["business_id"]
        self.waba_id: str = described["waba_id"]
        self.phone_number_id: str = described["phone_number_id"]
        self.display_phone_number: str = described["display_phone_number"]
        self.catalog_id: str = described["catalog_id"]
        self.templates = Templates(link)
        self.faults = Faults(link)
        self.users: list[User] = []
        self.unmet: list[tuple[str | None, str, Any]] = []
        self.before_end: Callable[[Waba], None] | None = None
        self._lodging = lodging or Lodging(link, self.name)
        self._is_owned = is_owned
        self._has_ended = False
        self._closes_link = closes_link
        self._met: dict[str, int] = {}
        self._expected: set[str] = set()
        self._since = milliseconds()
        self._settled: Mark = None
        self._policy: dict[str, Any] = described["policy"]
        self._clock: dict[str, Any] = described["clock"]

    @classmethod
    def default(cls, link: Link, lodging: Lodging | None = None) -> Waba:
        """The world of a link's token; without one the default world, which stays when this is closed.

        `lodging` are the apps of this process that live in it already.
        """
        described = link.call("GET", "world")
        return cls(link.of(described["access_token"]), described, lodging=lodging)

    @classmethod
    def create(cls, url: str | Link, control_token: str = "", **options: Any) -> Waba:
        """A new world with `seed`, `clock`, `policy`, `webhook` or `name`; `close` ends it."""
        link = Link(url, control_token=control_token) if isinstance(url, str) else url
        given = {name: value for name, value in options.items() if value is not None}
        described = link.call("POST", "worlds", given)
        return cls(link.of(described["access_token"]), described, is_owned=True, closes_link=isinstance(url, str))

    def __repr__(self) -> str:
        return f"<Waba {self.name} at {self.url}>"

    def close(self) -> None:
        """Ends the apps of this process, and a world that `create` made; any other is left as it is."""
        try:
            self._lodging.close()
        finally:
            if self._is_owned:
                self._is_owned, self._has_ended = False, True
                self._tell_end()
                self.link.call("DELETE", f"worlds/{self.name}")
            if self._closes_link:
                self.link.close()

    def _tell_end(self) -> None:
        """Whoever wants to know what happened is told before it is forgotten."""
        if self.before_end is not None:
            self.before_end(self)

    @property
    def has_ended(self) -> bool:
        """Whether a world that `create` made has been ended by `close`."""
        return self._has_ended

    @property
    def has_residents(self) -> bool:
        """Whether an app of this process is subscribed."""
        return self._lodging.has_apps

    def resident(self, origin: str) -> Resident | None:
        """The app of this process that is called at an origin."""
        return self._lodging.find(origin)

    def leave(self) -> None:
        """Ends the apps of this process, once they have been told everything; the world stays."""
        try:
            self.settle(self.patience)
        finally:
            self._lodging.close()

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for an app under test."""
        return {name: str(getattr(self, member)) for name, member in VARIABLES.items()}

    # the app

    def webhook(
        self,
        app: Any,
        verify_token: str | None = None,
        fields: list[str] | None = None,
        *,
        path: str = "/webhook",
        version: str | None = None,
        raises: bool = True,
        loop: AbstractEventLoop | None = None,
    ) -> Waba:
        """Subscribes the app, as its dashboard would: with the handshake. ControlError if the app fails it.

        The app is a URL, or an ASGI or WSGI object of this process, which is then called at `path` without sockets, one
        webhook after the other. Its lifespan begins here and ends with the world. Unless told otherwise, what it raises
        comes out of what the test does next. `loop` is the event loop of an ASGI app, by default one of its own. An
        open `TestClient` of Starlette or FastAPI stands for the app that runs in it.
        """
        url = app if isinstance(app, str) else self._lodging.take_in(app, path, raises, loop)
        given = {"url": url, "verify_token": verify_token or self.verify_token, "fields": fields}
        given["version"] = version or (self.version if self.version != VERSION else None)
        try:
            self.link.call("PUT", "webhook", {name: value for name, value in given.items() if value is not None})
        except ControlError as error:
            raised = self._lodging.errors()
            for one in raised[:1]:
                shorten(one)
            reason, _, why = str(error).partition(" [webhooks.verification] ")
            text = "\n".join([reason, *because(why)])
            raise ControlError(error.status, text) from (raised[0] if raised else None)
        self.verify_token = str(given["verify_token"])
        return self

    def intercept(self) -> Interception:
        """A `with` block, or a decorator, in which calls of this process to `graph.facebook.com` come here instead.

        For apps that cannot change their base URL: httpx, requests, aiohttp and urllib3 are turned, nothing else is.
        """
        return Interception(self.graph_url)

    @property
    def callback(self) -> str | None:
        """Where the app takes its webhooks; None if it is not subscribed, or only by overrides."""
        found = self.link.call("GET", "webhook")["url"]
        return None if found is None else str(found)

    def get(self, path: str) -> Any:
        """A Graph call of the test itself, such as `get(waba.phone_number_id)`; GraphError if it is refused."""
        return self.graph("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """A Graph call of the test itself, such as `post(f"{waba.phone_number_id}/messages", {…})`; GraphError."""
        return self.graph("POST", path, {} if body is None else body)

    def delete(self, path: str) -> Any:
        """A Graph call of the test itself; GraphError if it is refused."""
        return self.graph("DELETE", path)

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """A Graph call of the test itself, in `version` unless the path names one; GraphError."""
        full = "/" + path.lstrip("/") if _VERSIONED.match(path) else f"/{self.version}/{path.lstrip('/')}"
        reply = self.link.graph(method, full, body)
        if reply.status >= 400:
            error = GraphError(f"{method} {full}", reply)
            self.expect(error.trace)  # the test has it in hand
            raise error
        self.settle(self.patience)
        return json.loads(reply.raw) if reply.raw else None

    # users

    def user(
        self,
        /,
        name: str | None = None,
        *,
        wa_id: str | None = None,
        country: str = "US",
        username: str | None = None,
        **behaviour: Any,
    ) -> User:
        """A synthetic user: a new one of a country (ISO-2), or the one with a number in any dialled form.

        The same calls give the same numbers. `behaviour`: `delivered_after`, `read_after` (seconds, None: never),
        `on_whatsapp`, `skips_delivered`, `fails_with`, `fails_after_delivery`, `answers`, `answers_after`,
        `identity_key_hash`, `phone_visible`, `has_profile`, `takes_calls_after`, `apps`, `zero_tap`.
        """
        _check_behaviour(behaviour)
        number = wa_id or self._new_number(country)
        given = {"name": name, "username": username, "behaviour": behaviour or None}
        described = self.link.call(
            "PUT", f"users/{number}", {key: value for key, value in given.items() if value is not None}
        )
        found = User(self, described)
        self.users.append(found)
        return found

    def _new_number(self, country: str) -> str:
        from localwaba.runtime.people import People

        _check_country(country)
        n = self._met.get(country, 0)
        self._met[country] = n + 1
        return People(self.seed).new_number(country, n)

    # time

    @property
    def now(self) -> datetime:
        """The world's time, in UTC."""
        return datetime.fromtimestamp(self.link.call("GET", "clock")["now"], UTC)

    def advance(
        self,
        by: timedelta = timedelta(0),
        /,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> dict[str, Any]:
        """Lets time pass; returns when everything that was due on the way has happened, and says what that was."""
        span = by.total_seconds() + ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        if span < 0:
            raise ValueError(f"time goes forward only, not by {span:g} seconds")
        found: dict[str, Any] = self.link.call("POST", "clock/advance", {"seconds": span})
        self._await_apps(self.patience)
        return found

    def settle(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits, at most so many real seconds, until nothing is due now and no webhook is under way.

        An app of this process also gets the time to end what it does after its answers. What it raised is raised here.
        """
        until = elapsed() + (self.patience if timeout is None else timeout)
        mark = self.link.mark(self.name)
        found: dict[str, Any] = self.link.call("POST", "settle", {} if timeout is None else {"timeout": timeout})
        found = self._await_apps(max(0.0, until - elapsed())) or found
        self._settled = mark if found["settled"] else None
        return found

    @property
    def is_still(self) -> bool:
        """Whether nothing has happened since the world was settled, as far as is known without a call."""
        return self._settled is not None and not self.has_residents and self._settled == self.link.mark(self.name)

    def _await_apps(self, timeout: float) -> dict[str, Any] | None:
        """Waits for the apps of this process; what they have sent meanwhile is told to them in turn."""
        until = elapsed() + timeout
        found: dict[str, Any] | None = None
        while self._lodging.is_busy:
            is_quiet = self._lodging.wait(max(0.0, until - elapsed()))
            left = until - elapsed()
            found = self.link.call("POST", "settle", {"timeout": max(0.01, left)})
            if not is_quiet or left <= 0:
                break
        self._lodging.raise_error()
        return found

    # the world

    def reset(self) -> None:
        """The world as it was seeded; users that were made are strangers again."""
        self._tell_end()
        self.link.call("POST", "reset")
        self.users.clear()
        self._met.clear()
        self._expected.clear()
        self._since = milliseconds()

    def policy(self, /, **knobs: Any) -> dict[str, Any]:
        """Turns knobs of the platform, such as `read_after=None` or `window_answer="sync"`; all knobs as they are."""
        if not knobs:
            found: dict[str, Any] = self.link.call("GET", "policy")
            return found
        changed: dict[str, Any] = self.link.call("PATCH", "policy", knobs)
        return changed

    def snapshot(self) -> bytes:
        """The whole world, files included."""
        return self.link.raw("GET", "snapshot")

    def restore(self, snapshot: bytes) -> None:
        """Makes the world what it was at a snapshot of it."""
        self._tell_end()
        self.link.raw("PUT", "snapshot", snapshot)

    # what happened

    def record(self, name: str, about: str = "", *, unexpected: Collection[str] = (), files: Path | None = None) -> str:
        """The text of a scenario file that plays what has happened so far, for `localwaba run`.

        `about` becomes comments above it. `files` is a folder beside that file, in which those that users have sent are
        kept; without it samples stand for them. `unexpected` are the traces of refused calls over which it has to fail
        again.
        """
        from localwaba.client.keeping import keep
        from localwaba.runtime.recording import record
        from localwaba.runtime.retelling import Known

        entries = self.link.call("GET", "journal", query={"limit": 20_000})["entries"]
        known = Known(
            policy=self._policy,
            templates=self.templates(),
            began=round(self._clock["now"] * 1000),
            ended=round(self.link.call("GET", "clock")["now"] * 1000),
            is_real=self._clock["mode"] in ("real", "scaled"),
            unexpected=frozenset(unexpected),
            unmet=tuple(self.unmet),
            files=keep(self.link, entries, files) if files is not None else {},
        )
        return record(entries, name, known, about)

    def refuses(self, *codes: int, timeout: float | None = None) -> Refusals:
        """A `with` block in which the app is refused with one of these codes, at once or by a `failed` status.

        AssertionError if it is not, within so many real seconds. What was refused is no mistake of the app any more.
        """
        return Refusals(self, codes, self.timeout if timeout is None else timeout)


def _check_behaviour(behaviour: Collection[str]) -> None:
    """TypeError for a word that users are not made of."""
    if not behaviour:
        return
    from localwaba.domain.model import Behaviour
    from localwaba.operations.mistakes import nearest

    words = ("name", "wa_id", "country", "username", *Behaviour.__struct_fields__)
    for word in behaviour:
        if word not in words:
            raise TypeError(f"a user has no {word!r}{nearest(word, words)}")


def _check_country(country: str) -> None:
    """ValueError for what is no country: its users would have the numbers of another one."""
    if country.upper() in ("US", "CA", "BR"):
        return
    from phonenumbers import SUPPORTED_REGIONS

    if country.upper() not in SUPPORTED_REGIONS | _NUMBERLESS:
        meant = "; did you mean GB?" if country.upper() == "UK" else ""
        raise ValueError(f"country is a code of two letters such as BR, not {country!r}{meant}")
