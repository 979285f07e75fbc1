"""A world: one business on WhatsApp, its number, its app, and the time."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from localwaba.client.calls import Call, GraphError, call_of
from localwaba.client.faults import Faults, is_ordered
from localwaba.client.link import ControlError, Link
from localwaba.client.refusals import Refusals
from localwaba.client.templates import Templates
from localwaba.client.user import User
from localwaba.runtime.system import milliseconds
from localwaba.wire.environment import VARIABLES

VERSION = "v26.0"
_VERSIONED = re.compile(r"/?v\d+\.\d+/")


class Waba:
    """A world from the outside.

    Its ids and secrets are attributes: `access_token`, `app_secret`, `app_id`, `verify_token`, `phone_number_id`,
    `waba_id`, `business_id`, `display_phone_number`, `catalog_id`, `seed`, `graph_url`. `patience` is how many real
    seconds what users do waits for the app to answer its webhooks.
    """

    patience = 10.0

    def __init__(
        self, link: Link, described: dict[str, Any], *, is_owned: bool = False, closes_link: bool = False
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
        self._is_owned = is_owned
        self._closes_link = closes_link
        self._met: dict[str, int] = {}
        self._expected: set[str] = set()
        self._since = milliseconds()

    @classmethod
    def default(cls, link: Link) -> Waba:
        """The world of a link's token; without one the default world, which stays when this is closed."""
        described = link.call("GET", "world")
        return cls(link.of(described["access_token"]), described)

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
        """Ends a world that `create` made; any other is left as it is."""
        if self._is_owned:
            self._is_owned = False
            self.link.call("DELETE", f"worlds/{self.name}")
        if self._closes_link:
            self.link.close()

    @property
    def env(self) -> dict[str, str]:
        """Environment variables for an app under test."""
        return {name: str(getattr(self, member)) for name, member in VARIABLES.items()}

    # the app

    def webhook(self, url: str, verify_token: str | None = None, fields: list[str] | None = None) -> Waba:
        """Subscribes the app, as its dashboard would: with the handshake. ControlError if the app fails it."""
        given = {"url": url, "verify_token": verify_token or self.verify_token, "fields": fields}
        self.link.call("PUT", "webhook", {name: value for name, value in given.items() if value is not None})
        self.verify_token = str(given["verify_token"])
        return self

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
        """A Graph call of the test itself, in the newest version unless the path names one; GraphError."""
        full = "/" + path.lstrip("/") if _VERSIONED.match(path) else f"/{VERSION}/{path.lstrip('/')}"
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
        `identity_key_hash`, `phone_visible`.
        """
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

        n = self._met.get(country, 0)
        self._met[country] = n + 1
        return People(self.seed).new_number(country, n)

    # time

    @property
    def now(self) -> datetime:
        """The world's time, in UTC."""
        return datetime.fromtimestamp(self.link.call("GET", "clock")["now"], UTC)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> dict[str, Any]:
        """Lets time pass; returns when everything that was due on the way has happened, and says what that was."""
        span = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        found: dict[str, Any] = self.link.call("POST", "clock/advance", {"seconds": span})
        return found

    def settle(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits, at most so many real seconds, until nothing is due now and no webhook is under way."""
        found: dict[str, Any] = self.link.call("POST", "settle", {} if timeout is None else {"timeout": timeout})
        return found

    # the world

    def reset(self) -> None:
        """The world as it was seeded; users that were made are strangers again."""
        self.link.call("POST", "reset")
        self.users.clear()
        self._met.clear()
        self._expected.clear()

    def policy(self, **knobs: Any) -> dict[str, Any]:
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
        self.link.raw("PUT", "snapshot", snapshot)

    # what happened

    def messages(self, **filters: Any) -> list[dict[str, Any]]:
        """Messages of both directions, oldest first; `user`, `direction`, `type`, `status`, `after`, `limit`."""
        found: list[dict[str, Any]] = self.link.call("GET", "messages", query=filters)["messages"]
        return found

    def deliveries(self, **filters: Any) -> list[dict[str, Any]]:
        """Webhooks with every attempt, oldest first; `field`, `state`, `after`, `limit`."""
        found: list[dict[str, Any]] = self.link.call("GET", "webhooks", query=filters)["webhooks"]
        return found

    @property
    def calls(self) -> list[Call]:
        """The Graph calls that were made with this world's tokens, those of the test included."""
        entries = self.link.call("GET", "journal", query={"kind": "call", "limit": 20_000})["entries"]
        return [call_of(entry) for entry in entries]

    @property
    def refusals(self) -> list[Call]:
        """The Graph calls that were refused."""
        return [call for call in self.calls if call.is_refused]

    def refuses(self, *codes: int, timeout: float = 2.0) -> Refusals:
        """A `with` block in which the app is refused with one of these codes, at once or by a `failed` status.

        AssertionError if it is not, within so many real seconds. What was refused is no mistake of the app any more.
        """
        return Refusals(self, codes, timeout)

    def expect(self, *what: str) -> None:
        """Takes refusals (their trace ids) and failed messages (their ids) as expected."""
        self._expected |= set(what)

    @property
    def unexpected_refusals(self) -> list[Call]:
        """The refused calls of the app that the test did not expect; those that a fault ordered are no mistakes."""
        return [call for call in self.refusals if call.trace not in self._expected and not is_ordered(call.why)]

    @property
    def unexpected_failures(self) -> list[dict[str, Any]]:
        """The messages that failed later and that the test did not expect to, nor a fault ordered."""
        failed = [one for one in self.messages(status="failed") if one["id"] not in self._expected]
        return [one for one in failed if "error" in one and not is_ordered(one.get("why", ""))]

    def strangers(self) -> list[Call]:
        """Calls since this was made with a token that no world of the server knows.

        The default world has them in its journal; if its clock is not the machine's, none are found.
        """
        try:
            entries = self.link.of("").call("GET", "journal", query={"kind": "call", "limit": 20_000})["entries"]
        except ControlError:
            return []
        return [call for call in map(call_of, entries) if call.code == 190 and call.at * 1000 > self._since]
