"""What an app has done in a world, and what of it counts against the app."""

from __future__ import annotations

from typing import Any

from localwaba.client.calls import Call, call_of
from localwaba.client.faults import is_ordered
from localwaba.client.link import ControlError, Link
from localwaba.domain.tokens import ENDED

__tracebackhide__ = True  # failures of tests are shown where the test is

MISTAKES = frozenset({130403, 130429, 131009, 131047, 131051, 131053, 131056})
"""Codes of messages that fail later because of what the app did; a right app never meets them."""


STRANGE = frozenset({104, 190, 200, 2500})
"""Codes of calls whose world nobody knows: with a token that means nothing, or none, which has three of them."""


class Judged:
    """A world whose app is held to what it did; `_since` is when that began, `_expected` what is no mistake."""

    link: Link
    _expected: set[str]
    _since: int

    def messages(self, /, **filters: Any) -> list[dict[str, Any]]:
        """Messages of both directions, oldest first; `user`, `direction`, `type`, `status`, `after`, `limit`."""
        found: list[dict[str, Any]] = self.link.call("GET", "messages", query=filters)["messages"]
        return found

    def deliveries(self, /, **filters: Any) -> list[dict[str, Any]]:
        """Webhooks with every attempt, oldest first; `field`, `state`, `after`, `limit`."""
        found: list[dict[str, Any]] = self.link.call("GET", "webhooks", query=filters)["webhooks"]
        return found

    @property
    def calls(self) -> list[Call]:
        """The Graph calls that were made with this world's tokens, those of the test included."""
        entries = self.link.call("GET", "journal", query={"kind": "call", "limit": 20_000})["entries"]
        return [call_of(entry) for entry in entries]

    def calls_and_since(self, message_id: str | None) -> tuple[list[Call], list[Call]]:
        """All calls, and those since a user's message arrived; without one, none."""
        entries = self.link.call("GET", "journal", query={"limit": 20_000})["entries"]
        calls = [call_of(entry) for entry in entries if entry["kind"] == "call"]
        arrivals = (one for one in entries if one.get("event") == "MessageReceived")
        n = next((one["n"] for one in arrivals if one["data"]["message"]["id"] == message_id), None)
        return calls, [call for call in calls if n is not None and call.n > n]

    @property
    def refusals(self) -> list[Call]:
        """The Graph calls that were refused."""
        return [call for call in self.calls if call.is_refused]

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

    @property
    def unexpected_mistakes(self) -> list[dict[str, Any]]:
        """Those of them that the app brought about itself, such as a text after the window has closed."""
        return [one for one in self.unexpected_failures if one["error"]["code"] in MISTAKES]

    def strangers(self) -> list[Call]:
        """Calls since this was made without a token, or with one that no world of the server knows.

        The default world has them in its journal; if its clock is not the machine's, none are found.
        """
        try:
            query = {"kind": "call", "since": self._since, "limit": 20_000}
            entries = self.link.of("").call("GET", "journal", query=query)["entries"]
        except ControlError:
            return []
        found = [call for call in map(call_of, entries) if call.code in STRANGE and call.why.startswith("[token]")]
        return [call for call in found if call.at * 1000 > self._since]

    @property
    def unexpected_strangers(self) -> list[Call]:
        """Those of them that are the app's mistake: somebody of this process made them, with no or an unheard-of token.

        None where several processes share the server, for nobody knows which of them it was; nor `outdated` ones.
        """
        return [call for call in self._strangers_of_ours() if ENDED not in call.why]

    @property
    def outdated(self) -> list[Call]:
        """Those with the token of a world that has ended: the app was made for it, or outlived it."""
        return [call for call in self._strangers_of_ours() if ENDED in call.why]

    def _strangers_of_ours(self) -> list[Call]:
        if self.link.residents is None:
            return []
        return [call for call in self.strangers() if call.trace not in self._expected]
