"""The journal of a world, told as a chat: bubbles with their final ticks, webhooks, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from localwaba.cli.render import Delivered, Stage

Entry = dict[str, Any]


class Sent(NamedTuple):
    """A webhook: its field, and in a word what it told."""

    field: str
    what: str
    about: str


class Chronicle:
    """Tells entries as they come, and remembers what the closing summary is made of."""

    def __init__(self, stage: Stage, business: str) -> None:
        self._stage = stage
        self._business = business
        self._deliveries: dict[str, Sent] = {}
        self.names: dict[str, str] = {}
        self.entries: list[Entry] = []
        self._waiting: list[Entry] = []

    def tell(self, entries: Iterable[Entry], *, to_the_end: bool = True) -> None:
        """Shows what is new. A message is shown once, with all its ticks.

        Unless it is told `to_the_end`, what begins with a message that still expects ticks waits for the next time.
        """
        fresh = list(entries)
        self.entries += fresh
        new = self._waiting + fresh
        cut = len(new) if to_the_end else next((i for i, one in enumerate(new) if self._is_unfinished(one)), len(new))
        new, self._waiting = new[:cut], new[cut:]
        for entry in new:
            if entry.get("event") == "DeliveryQueued":
                delivery = entry["data"]["delivery"]
                self._deliveries[delivery["id"]] = sent_of(delivery)
        told: set[str] = set()
        for entry in new:
            if entry["kind"] == "call":
                self._call(entry)
            elif entry["event"] == "MessageReceived":
                self._received(entry)
            elif entry["event"] == "MessageRead":
                self._stage.call(
                    "POST", "/v26.0/…/messages", "marked as read" + ", typing…" * entry["data"].get("typing", False)
                )
            elif entry["event"] == "MessageAccepted":
                told.add(entry["data"]["message"]["id"])
                self._accepted(entry, new)
            elif entry["event"] == "DeliveryAttempted" and self._about(entry) not in told:
                self._attempts([entry])

    def _is_unfinished(self, entry: Entry) -> bool:
        if entry.get("event") != "MessageAccepted":
            return False
        about = entry["data"]["message"]["id"]
        told = [one["data"] for one in self.entries if one.get("event") == "StatusReached"]
        return not any(one["message_id"] == about and one.get("final") for one in told)

    def _about(self, entry: Entry) -> str:
        """The message that a tried webhook tells of."""
        return self._deliveries[entry["data"]["delivery_id"]].about

    def statuses(self, message_id: str) -> list[str]:
        """What was told of a message so far."""
        found = [entry["data"] for entry in self.entries if entry.get("event") == "StatusReached"]
        return [data["status"] for data in found if data["message_id"] == message_id]

    def accepted(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type that the business has sent so far."""
        found = [entry["data"]["message"] for entry in self.entries if entry.get("event") == "MessageAccepted"]
        return [message for message in found if message["type"] == kind]

    def _received(self, entry: Entry) -> None:
        message = entry["data"]["message"]
        read = any(
            one["event"] == "MessageRead" and one["data"]["message_id"] == message["id"]
            for one in self.entries
            if one["kind"] == "event"
        )
        lines, choices = words(message["body"], {})
        author = self.names.get(message["wa_id"]) or str(message["wa_id"])
        status = "read" if read else "delivered"
        self._stage.bubble(author, lines, entry["at"], choices=choices, status=status, right=False)

    def _accepted(self, entry: Entry, new: list[Entry]) -> None:
        message = entry["data"]["message"]
        about = message["id"]
        lines, choices = words(message["body"], message.get("shown") or {})
        status = ["accepted", *self.statuses(about)][-1]
        self._stage.bubble(self._author(message), lines, entry["at"], choices=choices, status=status, right=True)
        tried = [one for one in new if one.get("event") == "DeliveryAttempted"]
        self._attempts([one for one in tried if self._about(one) == about])
        for one in new:
            data = one["data"] if one.get("event") == "StatusReached" else {}
            if data.get("message_id") == about and data.get("refusal"):
                self._failed(one)

    def _author(self, message: Any) -> str:
        """Who wrote it, and to whom if that is not plain."""
        to = str(message["wa_id"])
        alone = len(self.names) <= 1 and to in self.names
        return self._business if alone or not self.names else f"{self._business} to {self.names.get(to, f'+{to}')}"

    def _failed(self, entry: Entry) -> None:
        refusal = entry["data"]["refusal"]
        text = " ".join([refusal.get("why", ""), *([f"Fix: {refusal['fix']}"] if refusal.get("fix") else [])])
        head = f"failed with {refusal['code']}"
        self._stage.refusal(head, "told by webhook, after the 200", text)

    def _attempts(self, attempts: list[Entry]) -> None:
        found = []
        for entry in attempts:
            data = entry["data"]
            attempt, sent = data["attempt"], self._deliveries[data["delivery_id"]]
            answer = str(attempt.get("status") or attempt.get("error"))
            taken = data["state"] == "delivered"
            found.append(Delivered(sent.field, sent.what, answer, attempt.get("latency_ms", 0.0), taken))
        if found:
            self._stage.webhooks(found)

    def _call(self, entry: Entry) -> None:
        if entry["status"] >= 400:
            error = entry["answer"]["error"]
            text = (error.get("error_data") or {}).get("details") or error["message"]
            self._stage.refusal(f"{entry['status']} {entry['method']} {_path(entry)}", text, entry.get("why", ""))
        elif entry["operation"] in ("upload_media", "get_media"):
            self._stage.call(entry["method"], _path(entry), _media(entry))


def words(body: Any, shown: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What a message looks like: its lines, and what can be tapped."""
    kind = body.get("type", "text")
    content = body.get(kind) or {}
    if kind == "text":
        return [content.get("body", "")], []
    if kind == "template":
        body_text = shown.get("body") or shown.get("text") or ""
        return [f"[template {content['name']}]", str(body_text)], []
    if kind in ("image", "video", "document", "sticker", "audio"):
        found = f"[{kind} {content['id']}]" if content.get("id") else f"[{kind}]"
        return [found, *([content["caption"]] if content.get("caption") else [])], []
    if kind == "interactive":
        return _interactive(content)
    return [f"[{kind}]"], []


def _interactive(content: dict[str, Any]) -> tuple[list[str], list[str]]:
    for reply in ("button_reply", "list_reply"):
        if reply in content:
            return [content[reply]["title"]], []
    action = content.get("action", {})
    buttons = [button["reply"]["title"] for button in action.get("buttons", [])]
    rows = [row["title"] for section in action.get("sections", []) for row in section["rows"]]
    head = [f"{action['button']}: {', '.join(rows)}"] if rows else buttons
    return [content.get("body", {}).get("text", "")], head


def sent_of(delivery: dict[str, Any]) -> Sent:
    """What a delivery tells, in a word."""
    field = str(delivery["field"])
    try:
        value = delivery["body"]["entry"][0]["changes"][0]["value"]
    except (KeyError, IndexError, TypeError):  # somebody made it up
        return Sent(field, "", "")
    for status in value.get("statuses", []):
        return Sent(field, status["status"], status["id"])
    for message in value.get("messages", []):
        return Sent(field, message["type"], message["id"])
    for name in ("event", "new_quality_score", "new_category"):
        if isinstance(value.get(name), str):
            return Sent(field, value[name], "")
    return Sent(field, "", "")


def _path(entry: Entry) -> str:
    """A path without the ids, which only fill the screen."""
    return "/".join("…" if len(part) > 12 else part for part in entry["path"].split("/"))


def _media(entry: Entry) -> str:
    answer = entry["answer"] if isinstance(entry["answer"], dict) else {}
    if "url" in answer:
        return f"a URL for {answer.get('file_size', '?')} bytes of {answer.get('mime_type', '?')}"
    return f"media id {answer['id']}" if "id" in answer else ""
