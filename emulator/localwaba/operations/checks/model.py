"""A check of an app: what is sent, what was seen, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]
Outcome = Literal["passed", "failed", "warned", "skipped"]
Severity = Literal["must", "should"]

ANSWER_WITHIN = 20.0
"""Seconds after which Meta gives up (its calling FAQ)."""
SHAKE_WITHIN = 6.0
"""Seconds that Meta waits in the handshake (chatwoot/chatwoot#14690)."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, byte for byte.

    `user` is whose message it carries, `about` what it is in a few words, `within` the seconds for the whole answer,
    `alone` asks for a connection of its own.
    """

    method: str
    target: str
    host: str
    headers: Headers = ()
    body: bytes = b""
    user: str = ""
    about: str = ""
    within: float = ANSWER_WITHIN
    alone: bool = False

    @property
    def raw(self) -> bytes:
        """What goes over the wire."""
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body or self.method == "POST":
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + self.body


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the app answered; with an `error` (one line) no whole answer came. `latency_ms` runs until its end."""

    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    latency_ms: float = 0.0
    error: str = ""
    fault: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the app has taken the webhook: by any 2xx, so that a wrong one is found by one check, not by all."""
        return self.status is not None and not self.error and 200 <= self.status < 300

    @property
    def text(self) -> str:
        """What came, in a few words."""
        if self.error:
            return self.error
        told = self.body[:60].decode("utf-8", "replace").strip()
        return f"{self.status} {self.reason}".strip() + (f" ({_one_line(told)})" if told else "")


class Exchange(msgspec.Struct, frozen=True):
    """A request and its answer."""

    request: Request
    answer: Answer


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that are sent together, `at_once` of them under way at a time.

    `awaits` names a user: the next step comes after the app has written to them, or had the time to. With
    `after_error` the step is only taken if the last answer was none that counts.
    """

    requests: tuple[Request, ...]
    at_once: int = 1
    awaits: str = ""
    after_error: bool = False


class Sent(msgspec.Struct, frozen=True):
    """A message that the app sent to the emulator, or tried to: then `id` is empty.

    `to` is a wa_id, a user id or a group, `sender` the phone number id it was sent from.
    """

    to: str
    id: str
    status: int
    sender: str = ""


class Person(msgspec.Struct, frozen=True):
    """A user who exists for one check only."""

    wa_id: str
    user_id: str
    name: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What scripts may know: the app, the account, and what has happened so far.

    `run` makes ids that no earlier run has used, `slot` users that no other check has. `media` holds the objects of
    media that can be downloaded, by kind. `own` are messages that the app has sent, `refused` requests that it has
    answered with an error.
    """

    run: str
    slot: int = 0
    host: str
    target: str
    secret: bytes
    verify_token: str
    waba_id: str
    phone_number_id: str
    digits: str
    seed: int
    now: int
    text: str = "Hello"
    media: Mapping[str, Json] = {}
    own: tuple[str, ...] = ()
    refused: tuple[Request, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What judges may know.

    `usual` is how many messages the app sends for one text; 0: it sends none, or not to the emulator, so that nothing
    can be said of what it does. `believed` is what the app says of a message's status.
    """

    scene: Scene
    exchanges: tuple[Exchange, ...]
    sent: tuple[Sent, ...] = ()
    usual: int = 0
    why_unseen: str = ""
    believed: str | None = None

    def to(self, person: Person) -> int:
        """How many messages the app has sent to somebody."""
        return sum(one.to in (person.wa_id, person.user_id) for one in self.sent)

    @property
    def answers(self) -> list[Answer]:
        """The answers, in the order of the requests."""
        return [one.answer for one in self.exchanges]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge says; `culprits` are the exchanges that show it, none: all of them."""

    outcome: Outcome
    happened: str = ""
    expected: str = ""
    culprits: tuple[Exchange, ...] = ()


Script = Callable[[Scene], tuple[Step, ...]]
Judge = Callable[[Seen], Verdict]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, how it is tried and how it is judged.

    `sources` are pages of Meta (`Meta: …`) or public reports (`owner/repository#1`). `needs`: `webhooks`, an app that
    takes the plainest webhook; `sends`, one that also answers a text through the emulator; `status`, one that tells
    what it believes of the message that `watches` names.
    """

    name: str
    group: str
    rule: str
    sources: tuple[str, ...]
    script: Script
    judge: Judge
    severity: Severity = "must"
    needs: Literal["", "webhooks", "sends", "status"] = "webhooks"
    watches: Callable[[Scene], str] | None = None


def passed(happened: str = "") -> Verdict:
    """The rule was kept."""
    return Verdict(outcome="passed", happened=happened)


def broken(expected: str, happened: str, culprits: tuple[Exchange, ...] = ()) -> Verdict:
    """The rule was broken."""
    return Verdict(outcome="failed", expected=expected, happened=happened, culprits=culprits)


def doubtful(expected: str, happened: str, culprits: tuple[Exchange, ...] = ()) -> Verdict:
    """Nothing that Meta forbids, but nothing that one wants."""
    return Verdict(outcome="warned", expected=expected, happened=happened, culprits=culprits)


def unjudged(why: str) -> Verdict:
    """Nothing can be said."""
    return Verdict(outcome="skipped", happened=why)


def _one_line(text: str) -> str:
    return " ".join(text.split())
