"""Receivers that are wrong in one way each: what real apps got wrong, in a few lines."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl

from .receiver import Config, Json, Receiver, Reply, Text


class Bug(NamedTuple):
    """A wrong receiver: `text` says what is wrong, `finds` names the check that has to find it."""

    text: str
    finds: str
    make: Callable[[Config], Receiver]


BUGS: dict[str, Bug] = {}


def bug(name: str, finds: str) -> Callable[[type[Receiver]], type[Receiver]]:
    """Puts a receiver into the table; its docstring says what is wrong."""

    def note(kind: type[Receiver]) -> type[Receiver]:
        BUGS[name] = Bug((kind.__doc__ or "").strip(), finds, kind)
        return kind

    return note


# the handshake


@bug("challenge-as-json", "handshake-echo")
class _(Receiver):
    """Answers the handshake with JSON around the challenge."""

    def echo(self, challenge: str) -> Reply:
        return Reply(200, json.dumps(challenge))


@bug("challenge-in-html", "handshake-echo")
class _(Receiver):
    """Answers the handshake with a page."""

    def echo(self, challenge: str) -> Reply:
        return Reply(200, f"<html><body>{challenge}</body></html>", (("Content-Type", "text/html"),))


@bug("challenge-as-number", "handshake-big-number")
class _(Receiver):
    """Reads the challenge as a number, as JavaScript would."""

    def echo(self, challenge: str) -> Reply:
        try:
            return Reply(200, str(int(float(challenge))))
        except ValueError:
            return Reply(200, challenge)


@bug("any-verify-token", "handshake-wrong-token")
class _(Receiver):
    """Takes any verify token."""

    def knows(self, token: str) -> bool:
        return True


@bug("empty-verify-token", "handshake-empty-token")
class _(Receiver):
    """Takes a handshake without a token, as if nothing were configured."""

    def knows(self, token: str) -> bool:
        return not token or super().knows(token)


@bug("handshake-by-position", "handshake-other-order")
class _(Receiver):
    """Reads the parameters of the handshake by their order."""

    def verify(self, query: str) -> Reply:
        found = [value for _, value in parse_qsl(query)]
        if len(found) != 3 or not self.knows(found[2]):
            return Reply(403)
        return Reply(200, found[1])


@bug("handshake-crashes", "handshake-no-parameters")
class _(Receiver):
    """Takes for granted that every GET is a handshake."""

    def verify(self, query: str) -> Reply:
        parse_qs(query)["hub.mode"]
        return super().verify(query)


@bug("handshake-wants-signature", "handshake-echo")
class _(Receiver):
    """Demands a signature of the handshake, which has none."""

    def verify(self, query: str) -> Reply:
        return Reply(401, "signature missing")


# signatures


@bug("signature-never-read", "signature-wrong-secret")
class _(Receiver):
    """Checks no signature at all."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        return True


@bug("signature-optional", "signature-missing")
class _(Receiver):
    """Checks a signature only if there is one."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        return "X-Hub-Signature-256" not in headers or super().is_signed(raw, headers)


@bug("signature-missing-crashes", "signature-missing")
class _(Receiver):
    """Takes for granted that there is a signature."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        headers["X-Hub-Signature-256"].lower()  # Message gives None for what is not there
        return super().is_signed(raw, headers)


@bug("signature-sha1", "signature-sha256-only")
class _(Receiver):
    """Compares the old SHA-1 signature."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        expected = "sha1=" + hmac.new(self.config.app_secret.encode(), raw, hashlib.sha1).hexdigest()
        return hmac.compare_digest(expected, headers.get("X-Hub-Signature", ""))


@bug("signature-sha1-will-do", "signature-sha1-only")
class _(Receiver):
    """Is content with the old SHA-1 signature."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        expected = "sha1=" + hmac.new(self.config.app_secret.encode(), raw, hashlib.sha1).hexdigest()
        if "X-Hub-Signature-256" not in headers:
            return hmac.compare_digest(expected, headers.get("X-Hub-Signature", ""))
        return super().is_signed(raw, headers)


@bug("signature-prefix", "signature-truncated")
class _(Receiver):
    """Compares only as many characters as were sent."""

    def is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        given = headers.get("X-Hub-Signature-256", "-")
        return self.signature(raw).startswith(given)


@bug("signature-over-parsed", "signature-escapes")
class _(Receiver):
    """Signs the JSON that it wrote anew instead of the bytes that came."""

    def signature(self, raw: bytes) -> str:
        written = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False)
        return super().signature(written.encode("utf-8", "surrogatepass"))


@bug("signature-over-escaped", "signature-other-spacing")
class _(Receiver):
    """Signs JSON that it wrote anew with Meta's escapes: right today, wrong with the first other spacing."""

    def signature(self, raw: bytes) -> str:
        written = json.dumps(json.loads(raw), separators=(",", ":"))
        for sign, escape in (("/", "\\/"), ("<", "\\u003C"), ("%", "\\u0025"), ("@", "\\u0040")):
            written = written.replace(sign, escape)
        return super().signature(written.encode())


@bug("acknowledges-before-checking", "signature-wrong-secret")
class _(Receiver):
    """Says 200 to everybody and checks the signature afterwards."""

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        if self.is_signed(raw, headers):
            return super().receive(raw, headers)
        return self.acknowledge()


@bug("parses-before-checking", "signature-garbage")
class _(Receiver):
    """Parses what anybody sends before it checks the signature."""

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        json.loads(raw)["entry"]
        return super().receive(raw, headers)


# answers


@bug("answers-201", "answer-200")
class _(Receiver):
    """Answers 201, as an API that has created something."""

    def acknowledge(self) -> Reply:
        return Reply(201)


@bug("answers-302", "answer-200")
class _(Receiver):
    """Answers with a redirect."""

    def acknowledge(self) -> Reply:
        return Reply(302, headers=(("Location", "/"),))


@bug("answers-500-after-work", "retry-after-error")
class _(Receiver):
    """Does the work, then fails, and does it again when Meta tries again."""

    def is_new(self, message_id: str) -> bool:
        return True

    def acknowledge(self) -> Reply:
        return Reply(500)


@bug("loses-retries", "retry-after-error")
class _(Receiver):
    """Fails on a long text after it has noted its id, so that the retry is taken for a duplicate."""

    def message(self, message: Json, value: Json) -> None:
        if len(message.get("text", {}).get("body", "")) > 4000 and self.is_new(message["id"]):
            raise OSError("the database is away")
        super().message(message, value)


@bug("blocks", "answer-fast")
class _(Receiver):
    """Works before it answers."""

    pause = 0.3

    def begin(self, text: Text) -> None:
        time.sleep(self.pause)
        super().begin(text)


@bug("hangs", "answer-in-time")
class _(Receiver):
    """Never answers a webhook."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.ended = threading.Event()

    def acknowledge(self) -> Reply:
        self.ended.wait(60)
        return Reply(200)

    def close(self) -> None:
        self.ended.set()
        super().close()


# shapes


@bug("needs-profile", "shape-text-without-profile")
class _(Receiver):
    """Takes for granted that each contact has a profile."""

    def take(self, value: Json) -> None:
        for contact in value.get("contacts", []):
            contact["profile"]["name"]
        super().take(value)


@bug("needs-profile-later", "shape-text-without-profile")
class _(Receiver):
    """Says 200, then fails on a contact without a profile: the user waits for ever."""

    def name(self, message: Json, value: Json) -> str:
        return ""

    def message(self, message: Json, value: Json) -> None:
        if all("profile" in contact for contact in value.get("contacts", [])):
            super().message(message, value)


@bug("needs-contacts", "shape-text-without-contacts")
class _(Receiver):
    """Takes for granted that there are contacts."""

    def take(self, value: Json) -> None:
        if "messages" in value:
            value["contacts"][0]
        super().take(value)


@bug("needs-context", "shape-button-without-context")
class _(Receiver):
    """Takes for granted that a tap says to which message it belongs."""

    def message(self, message: Json, value: Json) -> None:
        if message.get("type") in ("button", "interactive"):
            message["context"]["id"]
        super().message(message, value)


@bug("needs-known-type", "shape-unknown-type")
class _(Receiver):
    """Reads an object named after the type, whatever the type."""

    def message(self, message: Json, value: Json) -> None:
        message[message["type"]]
        super().message(message, value)


@bug("needs-known-status", "shape-status-unknown")
class _(Receiver):
    """Has a list of statuses and nothing else."""

    def status(self, status: Json) -> None:
        {"sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}[status["status"]]
        super().status(status)


@bug("needs-pricing", "shape-read-without-pricing")
class _(Receiver):
    """Takes for granted that a status has a price and a conversation."""

    def status(self, status: Json) -> None:
        if status.get("status") != "failed":
            status["conversation"]["id"], status["pricing"]["category"]
        super().status(status)


@bug("needs-metadata", "field-account_update")
class _(Receiver):
    """Takes for granted that every change is about a phone number."""

    def values(self, payload: Json) -> Iterator[Json]:
        for entry in payload.get("entry", []):
            for change in entry.get("changes", []):
                change["value"]["metadata"]["phone_number_id"]
        yield from super().values(payload)


@bug("needs-phone-number", "shape-text-hidden-number")
class _(Receiver):
    """Takes for granted that users have a phone number."""

    def message(self, message: Json, value: Json) -> None:
        message["from"]
        super().message(message, value)


@bug("needs-media-url", "shape-image-without-url")
class _(Receiver):
    """Takes for granted that media come with a URL."""

    def message(self, message: Json, value: Json) -> None:
        if message.get("type") == "image":
            message["image"]["url"]
        super().message(message, value)


@bug("needs-emoji-in-reaction", "shape-reaction-removed")
class _(Receiver):
    """Takes for granted that a reaction has an emoji."""

    def message(self, message: Json, value: Json) -> None:
        if message.get("type") == "reaction":
            message["reaction"]["emoji"][0]
        super().message(message, value)


@bug("needs-items", "shape-empty-entries")
class _(Receiver):
    """Takes for granted that no array is empty."""

    def values(self, payload: Json) -> Iterator[Json]:
        payload["entry"][0]["changes"][0]
        yield from super().values(payload)


@bug("refuses-unknown-members", "shape-unknown-members")
class _(Receiver):
    """Refuses what it does not know."""

    KNOWN = frozenset({"messaging_product", "metadata", "contacts", "messages", "statuses", "errors", "user_actions"})

    def take(self, value: Json) -> None:
        if value.keys() - self.KNOWN - {"conversation_context"}:
            raise ValueError("unknown member")
        super().take(value)


@bug("breaks-on-emoji", "shape-text-with-emoji")
class _(Receiver):
    """Keeps texts in a column that has no room for emoji."""

    def read(self, message: Json, value: Json) -> Text:
        message["text"]["body"].encode("latin-1")
        return super().read(message, value)


# what users notice


@bug("duplicates-handled", "duplicate-message")
class _(Receiver):
    """Handles whatever comes, as often as it comes."""

    def is_new(self, message_id: str) -> bool:
        return True


@bug("duplicates-race", "duplicate-at-once")
class _(Receiver):
    """Looks first and notes later: two at the same time are both new."""

    def is_new(self, message_id: str) -> bool:
        if message_id in self.seen:
            return False
        time.sleep(0.05)
        self.seen.add(message_id)
        return True


@bug("remembers-the-last", "duplicate-later")
class _(Receiver):
    """Remembers the last few messages only."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.last: OrderedDict[str, None] = OrderedDict()

    def is_new(self, message_id: str) -> bool:
        with self.lock:
            if message_id in self.last:
                return False
            self.last[message_id] = None
            if len(self.last) > 2:
                self.last.popitem(last=False)
            return True


@bug("first-message-only", "batch-messages")
class _(Receiver):
    """Reads the first message of a change."""

    def take(self, value: Json) -> None:
        super().take({**value, "messages": value.get("messages", [])[:1]})


@bug("first-change-only", "batch-changes")
class _(Receiver):
    """Reads the first change of an entry."""

    def values(self, payload: Json) -> Iterator[Json]:
        entries = [{**entry, "changes": entry.get("changes", [])[:1]} for entry in payload.get("entry", [])]
        yield from super().values({**payload, "entry": entries})


@bug("first-entry-only", "batch-entries")
class _(Receiver):
    """Reads the first entry of a webhook."""

    def values(self, payload: Json) -> Iterator[Json]:
        yield from super().values({**payload, "entry": payload.get("entry", [])[:1]})


@bug("batch-stops-at-unknown", "batch-with-unknown")
class _(Receiver):
    """Gives up a batch at the first message that it does not know."""

    def take(self, value: Json) -> None:
        for message in value.get("messages", []):
            if message.get("type") != "text":
                return
            self.message(message, value)
        for status in value.get("statuses", []):
            self.status(status)


@bug("drops-older-messages", "reorder-messages")
class _(Receiver):
    """Drops a message that is older than one it has seen of the same user."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.newest: dict[str, int] = {}

    def message(self, message: Json, value: Json) -> None:
        user, stamp = message.get("from", ""), int(message.get("timestamp", 0))
        if stamp >= self.newest.get(user, 0):
            self.newest[user] = stamp
            super().message(message, value)


@bug("notes-unsupported", "unsupported-then-real")
class _(Receiver):
    """Takes the real message for a duplicate of the placeholder that came before it."""

    def message(self, message: Json, value: Json) -> None:
        if message.get("type") == "unsupported":
            self.is_new(message["id"])
        super().message(message, value)


@bug("answers-statuses", "status-is-no-message")
class _(Receiver):
    """Takes a status for a message."""

    def status(self, status: Json) -> None:
        if "recipient_id" in status and "recipient_type" not in status:
            with self.lock:
                number_id = self.number_id
            self.begin(Text({"to": status["recipient_id"]}, number_id, "a status", status["id"], ""))
        super().status(status)

    def take(self, value: Json) -> None:
        with self.lock:
            self.number_id = value.get("metadata", {}).get("phone_number_id", "")
        super().take(value)


@bug("answers-echoes", "echo-is-no-message")
class _(Receiver):
    """Takes what a colleague wrote in the WhatsApp Business app for a message of the user."""

    def values(self, payload: Json) -> Iterator[Json]:
        yield from super().values(payload)
        for entry in payload.get("entry", []):
            for change in entry.get("changes", []):
                value = change.get("value", {})
                echoes = [{**one, "from": one["to"]} for one in value.get("message_echoes", []) if "to" in one]
                if echoes:
                    yield {**value, "messages": echoes}


@bug("answers-history", "history-is-no-message")
class _(Receiver):
    """Answers messages of half a year when a number is connected."""

    def values(self, payload: Json) -> Iterator[Json]:
        yield from super().values(payload)
        for entry in payload.get("entry", []):
            for change in entry.get("changes", []):
                value = change.get("value", {})
                for chunk in value.get("history", []):
                    for thread in chunk.get("threads", []):
                        yield {**value, "messages": thread.get("messages", [])}


@bug("answers-standby", "standby-is-not-ours")
class _(Receiver):
    """Answers in a conversation that another app leads."""

    def values(self, payload: Json) -> Iterator[Json]:
        yield from super().values(payload)
        for entry in payload.get("entry", []):
            for change in entry.get("changes", []):
                value = change.get("value", {})
                if "standby" in value:
                    yield {**value, **value["standby"]}


@bug("answers-groups-privately", "group-message")
class _(Receiver):
    """Answers who wrote in a group, privately."""

    def message(self, message: Json, value: Json) -> None:
        super().message({key: one for key, one in message.items() if key != "group_id"}, value)


@bug("downgrades-status", "status-order")
class _(Receiver):
    """Believes the last status that came."""

    def status(self, status: Json) -> None:
        with self.lock:
            self.statuses[status["id"]] = status["status"]


@bug("loses-failures", "status-failed")
class _(Receiver):
    """Knows nothing of `failed`."""

    def status(self, status: Json) -> None:
        if status.get("status") != "failed":
            super().status(status)


# load


@bug("loses-concurrent", "burst")
class _(Receiver):
    """Keeps one message at a time: who comes meanwhile is acknowledged and lost."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.turn = threading.Lock()

    def message(self, message: Json, value: Json) -> None:
        if not self.turn.acquire(blocking=False):
            return
        try:
            time.sleep(0.01)
            super().message(message, value)
        finally:
            self.turn.release()


@bug("busy", "burst")
class _(Receiver):
    """Answers 503 to more than two at a time."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.places = threading.Semaphore(2)

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        if not self.places.acquire(blocking=False):
            return Reply(503)
        try:
            time.sleep(0.005)
            return super().receive(raw, headers)
        finally:
            self.places.release()


@bug("small-bodies", "big-bodies")
class _(Receiver):
    """Takes no body beyond 100 kB, as many a framework."""

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        if len(raw) > 100 * 1024:
            return Reply(413)
        return super().receive(raw, headers)


@bug("dies-of-big-bodies", "health-after-all")
class _(Receiver):
    """Takes a big webhook, and then nothing more: its worker has died of it, and nobody has noticed."""

    died = False

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Reply:
        self.died = self.died or len(raw) > 1_000_000
        return super().receive(raw, headers)

    def begin(self, text: Text) -> None:
        if not self.died:
            super().begin(text)
