"""What happened in one example: what users did, what the app was told, what it sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import field as _made
from typing import Any

from localwaba.client.faults import is_ordered

Json = dict[str, Any]
_SHOWN = 60


@dataclass(slots=True)
class Written:
    """A message of a user, or of theirs in a `group`.

    `told` counts how often the app was told of it, `taken` how often it acknowledged that.
    """

    id: str
    user: str
    type: str
    text: str
    at: int
    step: int
    told: int = 0
    taken: int = 0
    told_in: int = -1
    """The step in which the app was told first."""
    group: str = ""
    taken_as: set[str] = field(default_factory=set)
    """The types as which the app has acknowledged it: a message may come as a placeholder first."""


@dataclass(slots=True)
class Told:
    """A webhook that reached the app; `status` is its answer. `again`: it brings what was acknowledged before."""

    field: str
    messages: tuple[str, ...]
    statuses: tuple[tuple[str, str], ...]
    step: int
    value: Json
    status: int | None = None
    reason: str = ""
    again: bool = False
    latency_ms: float = 0.0
    types: Mapping[str, str] = _made(default_factory=dict)
    """What the messages are told as, by id: a text may come as a placeholder first."""
    groups: Mapping[str, str] = _made(default_factory=dict)
    """The groups in which messages were written, by id of the message."""
    words: Mapping[str, str] = _made(default_factory=dict)
    """What the texts say, by id of the message: not always what was written."""
    numbered: frozenset[str] = frozenset()
    """The business-scoped ids that stand beside a number: the app can know that they are one person."""

    @property
    def is_taken(self) -> bool:
        """Whether the app acknowledged it."""
        return self.status == 200


@dataclass(slots=True)
class Sent:
    """A call of the app that sends a message.

    `status` is HTTP's, `code` Meta's if it was refused, `ordered` whether a fault of the machine refused it.
    `failed` is the code with which it failed later.
    """

    user: str
    type: str
    text: str
    body: Json
    at: int
    step: int
    status: int
    id: str = ""
    code: int | None = None
    why: str = ""
    ordered: bool = False
    template: str | None = None
    category: str | None = None
    failed: int | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the platform took it."""
        return self.status == 200

    @property
    def content(self) -> str:
        """What makes it the same message as another one."""
        return json.dumps([self.user, self.type, self.body.get(self.type)], sort_keys=True)


@dataclass(slots=True)
class Knock:
    """A request that was made at the app's webhook beside what the platform delivers, and what it answered.

    `expected` is empty if the answer was right. `is_demanded`: Meta demands what was expected, or it is a hole.
    """

    about: str
    rule: str
    answer: str
    expected: str = ""
    happened: str = ""
    is_demanded: bool = False


@dataclass(slots=True)
class Step:
    """One thing that happened, in words, and what came of it.

    `fresh` counts by user, or group, what asks for an answer. `owed` counts by user what the platform refused on
    purpose in earlier steps and has not come since; who is in `waiting` has asked in earlier steps and got nothing.
    """

    n: int
    said: str
    at: int = 0
    told: list[Told] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    knocks: list[Knock] = field(default_factory=list)
    fresh: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()

    def reasons(self, user: str) -> int:
        """How many messages to a user have a cause: what they asked now, and what did not reach them before."""
        return self.fresh.get(user, 0) + self.owed.get(user, 0)


@dataclass(slots=True)
class History:
    """Everything that happened so far. Invariants read it; `people` are names by number, user id and group id."""

    people: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    written: dict[str, Written] = field(default_factory=dict)
    statuses: dict[str, list[str]] = field(default_factory=dict)
    """What the app was told of its messages and acknowledged, by id, in the order of telling."""
    stopped: dict[str, int] = field(default_factory=dict)
    """Users who want no marketing, and the step in which the app was told, and acknowledged it."""
    numbered: set[str] = field(default_factory=set)
    """Users whose number the app was told."""
    paused: dict[str, int] = field(default_factory=dict)
    """Templates of whose pause the app was told, and the step."""
    blocked: set[str] = field(default_factory=set)
    is_over: bool = False
    """Whether the example has come to its end: faults are gone, and time has passed."""
    _deliveries: dict[str, Told] = field(default_factory=dict)
    _sent: dict[str, Sent] = field(default_factory=dict)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    # what invariants ask

    @property
    def step(self) -> Step:
        """The last step."""
        return self.steps[-1]

    @property
    def sent(self) -> Iterator[Sent]:
        """All calls of the app that send, in order."""
        return (one for step in self.steps for one in step.sent)

    @property
    def told(self) -> Iterator[Told]:
        """All webhooks that reached the app, in order."""
        return (one for step in self.steps for one in step.told)

    def last_word(self, user: str, before: int) -> Written | None:
        """What a user wrote last before a time in milliseconds."""
        found = [one for one in self.written.values() if one.user == user and one.at <= before and not one.group]
        return found[-1] if found else None

    # how it grows

    def begin(self, said: str, at: int = 0) -> Step:
        """A new step, in words."""
        step = Step(len(self.steps) + 1, said, at)
        if self.steps:
            step.owed, step.waiting = _left_over(self.steps[-1])
        self.steps.append(step)
        return step

    def ask(self, user: str) -> None:
        """Something other than a message gives the app a reason to write to a user."""
        fresh = self.step.fresh
        fresh[user] = fresh.get(user, 0) + 1

    def take(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Reads on in the world's journal."""
        for entry in entries:
            if entry["kind"] == "call":
                self._call(entry)
            else:
                self._event(entry["event"], entry["data"])

    def _event(self, kind: str, data: Mapping[str, Any]) -> None:
        match kind:
            case "MessageReceived":
                self._received(data)
            case "MessageAccepted":
                self._accepted(data)
            case "StatusReached":
                self._status(data)
            case "DeliveryQueued":
                self._queued(data)
            case "DeliveriesMerged":
                self._merged(data)
            case "DeliveryAttempted":
                self._attempted(data)
            case _:
                pass

    def _call(self, entry: Mapping[str, Any]) -> None:
        request = entry.get("request")
        if entry.get("operation") != "send_message" or not isinstance(request, dict) or "status" in request:
            return
        answer, why = entry.get("answer"), entry.get("why", "")
        error = answer.get("error", {}) if isinstance(answer, dict) else {}
        items = answer.get("messages", []) if isinstance(answer, dict) else []
        kind = str(request.get("type", "text")).lower()
        one = Sent(
            user=self._named(str(request.get("to") or request.get("recipient") or "nobody")),
            type=kind,
            text=summary(kind, request),
            body=request,
            at=entry["at"],
            step=self.step.n,
            status=entry["status"],
            id=str(items[0]["id"]) if items else "",
            code=error.get("code") if isinstance(error, dict) else None,
            why=why,
            ordered=is_ordered(why),
            template=_template_in(request) if kind == "template" else None,
        )
        if one.id:
            known = self._sent.get(one.id)
            one.category, one.failed = (known.category, known.failed) if known else (None, None)
            self._sent[one.id] = one
        self.step.sent.append(one)

    def _named(self, address: str) -> str:
        digits = "".join(character for character in address if character.isalnum() or character == ".")
        return self.people.get(digits, address)

    def _accepted(self, data: Mapping[str, Any]) -> None:
        """Comes before the call that it answers."""
        message = data["message"]
        blank = Sent("", message["type"], "", {}, message["at"], self.step.n, 200, message["id"])
        blank.category = message.get("category")
        self._sent.setdefault(message["id"], blank)

    def _received(self, data: Mapping[str, Any]) -> None:
        message = data["message"]
        body, wa_id = message.get("body", {}), str(message["wa_id"])
        user = self.people.get(wa_id, wa_id)
        kind = message["type"]
        group = str(message.get("group_id") or "")
        self.written[message["id"]] = Written(
            message["id"], user, kind, summary(kind, body), message["at"], self.step.n, group=self._named(group)
        )

    def _status(self, data: Mapping[str, Any]) -> None:
        one = self._sent.get(data["message_id"])
        if (
            one is not None
            and data["status"] == "failed"
            and not is_ordered((data.get("refusal") or {}).get("why", ""))
        ):
            one.failed = (data.get("refusal") or {}).get("code")

    def _queued(self, data: Mapping[str, Any]) -> None:
        delivery = data["delivery"]
        self._deliveries[delivery["id"]] = self._told(delivery["field"], delivery["body"])

    def _merged(self, data: Mapping[str, Any]) -> None:
        """Several webhooks become one POST."""
        known = self._deliveries.get(data["carrier"])
        if known is not None:
            self._deliveries[data["carrier"]] = self._told(known.field, data["body"])

    def _told(self, field: str, body: Json) -> Told:
        values = [change["value"] for entry in body.get("entry", ()) for change in entry.get("changes", ())]
        messages = [one for value in values for one in value.get("messages", ())]
        return Told(
            field=field,
            messages=tuple(one["id"] for one in messages),
            statuses=tuple((one["id"], one["status"]) for value in values for one in value.get("statuses", ())),
            step=self.step.n,
            value=values[0] if values else {},
            types={one["id"]: str(one.get("type")) for one in messages},
            words={one["id"]: one["text"]["body"] for one in messages if "body" in (one.get("text") or {})},
            numbered=frozenset(str(one["from_user_id"]) for one in messages if one.keys() >= {"from", "from_user_id"}),
            groups={one["id"]: str(one["group_id"]) for one in messages if "group_id" in one},
        )

    def _attempted(self, data: Mapping[str, Any]) -> None:
        known, attempt = self._deliveries.get(data["delivery_id"]), data["attempt"]
        if known is None or is_ordered(attempt.get("error", "")):
            return
        marks: set[tuple[str, ...]] = {(one, known.field, known.types[one]) for one in known.messages}
        marks |= set(known.statuses)
        again = bool(marks) and marks <= self._seen
        told = replace(
            known,
            step=self.step.n,
            status=attempt.get("status"),
            reason=shorten(str(attempt.get("error") or attempt.get("answer") or "")),
            again=again,
            latency_ms=attempt.get("latency_ms", 0.0),
        )
        self.step.told.append(told)
        for message_id in known.messages:
            self._tell(message_id, told)
        if told.is_taken:
            self.numbered |= {self._named(one) for one in known.numbered}
            self._seen |= marks
            for message_id, status in known.statuses:
                self.statuses.setdefault(message_id, []).append(status)
            if known.field == "message_template_status_update":
                self._template(known.value)
            elif known.field == "user_preferences":
                self._preferences(known.value)

    def _tell(self, message_id: str, told: Told) -> None:
        one = self.written.get(message_id)
        if one is None or told.field != "messages":
            return
        kind = told.types[message_id]
        if kind not in one.taken_as:  # who has not acknowledged it, or only a placeholder of it, is right to answer it
            self.ask(one.group or one.user)
        if told.is_taken:
            one.taken_as.add(kind)
            if told.words.get(message_id, "").strip().upper() == "STOP" and not one.group:
                self.stopped.setdefault(one.user, self.step.n)
        if kind != one.type and one.type == "text":
            return
        one.told += 1
        one.taken += told.is_taken
        if one.told_in < 0:
            one.told_in = self.step.n

    def _preferences(self, value: Json) -> None:
        for one in value.get("user_preferences", ()):
            if one.get("value") == "stop":
                user = self._named(str(one.get("user_id")))
                self.stopped.setdefault(user, self.step.n)
                if "wa_id" in one:
                    self.numbered.add(user)

    def _template(self, value: Json) -> None:
        name = str(value.get("message_template_name"))
        if value.get("event") == "PAUSED":
            self.paused.setdefault(name, self.step.n)
        elif value.get("event") == "APPROVED":
            self.paused.pop(name, None)


def _left_over(step: Step) -> tuple[dict[str, int], frozenset[str]]:
    """What a step leaves for later ones: an app may come back to what was refused, or work longer than a step."""
    owed, got = dict(step.owed), {sent.user for sent in step.sent if sent.is_accepted}
    for sent in step.sent:
        if sent.ordered and sent.status >= 500:
            owed[sent.user] = owed.get(sent.user, 0) + 1
        elif sent.is_accepted and owed.get(sent.user):
            owed[sent.user] -= 1
    return owed, frozenset({*step.waiting, *step.fresh} - got)


def _template_in(request: Json) -> str | None:
    """Apps send anything: the name of a template only where there is one."""
    template = request.get("template")
    return str(template.get("name")) if isinstance(template, dict) else None


def summary(kind: str, body: Mapping[str, Any]) -> str:
    """A message in a few words."""
    content = body.get(kind)
    text = ""
    if isinstance(content, dict):
        inner = content.get("body")
        text = inner.get("text", "") if isinstance(inner, dict) else inner or content.get("caption", "")
        text = text or content.get("emoji") or content.get("text") or ""
        if kind == "template":
            text = str(content.get("name", ""))
    return shorten(str(text))


def shorten(text: str, most: int = _SHOWN) -> str:
    """So much of a text as fits into a line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
