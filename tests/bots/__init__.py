"""A bot that does everything right, and bots that are wrong in one way each in what they send."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
RANKS = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}
ORDER, SALE = "order_update", "spring_sale"


def setup(waba: Any) -> None:
    """The templates that all bots here send."""
    for name, category, text in (
        (ORDER, "UTILITY", "Hello {{1}}, your order {{2}} has left our house today."),
        (SALE, "MARKETING", "Hello {{1}}, everything in our shop costs half this week."),
    ):
        count = text.count("{{")
        example = {"body_text": [["one", "two"][:count]]}
        body = {"type": "BODY", "text": text, "example": example}
        definition = {"name": name, "language": "en_US", "category": category, "components": [body]}
        waba.post(f"{waba.waba_id}/message_templates", definition)
        waba.templates.approve(name)


@dataclass
class Kept:
    """What a bot keeps over a restart, and its clock."""

    seen: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    now: Callable[[], float] = float


class Bot:
    """Answers texts and taps, keeps statuses, and writes first when a job wants it to. A WSGI app."""

    def __init__(self, env: dict[str, str], kept: Kept) -> None:
        self.env = env
        self.seen, self.stopped, self.paused, self.statuses = kept.seen, kept.stopped, kept.paused, kept.statuses
        self.now = kept.now
        parts = urlsplit(env["GRAPH_URL"])
        self.graph = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
        self.lock = threading.RLock()

    # WSGI

    def __call__(self, environ: Json, start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            status, content = self.verify(dict(parse_qsl(environ["QUERY_STRING"])))
        else:
            status, content = self.receive(environ["wsgi.input"].read(), environ.get("HTTP_X_HUB_SIGNATURE_256", ""))
        start_response(status, [("Content-Type", "text/plain")])
        return [content.encode()]

    def verify(self, given: dict[str, str]) -> tuple[str, str]:
        """The handshake."""
        if given.get("hub.mode") != "subscribe" or given.get("hub.verify_token") != self.env["VERIFY_TOKEN"]:
            return "403 Forbidden", ""
        return "200 OK", given.get("hub.challenge", "")

    def receive(self, raw: bytes, signature: str) -> tuple[str, str]:
        """A webhook, if Meta has signed it."""
        expected = "sha256=" + hmac.new(self.env["APP_SECRET"].encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return "401 Unauthorized", ""
        with self.lock:
            is_done = self.take(json.loads(raw))
        return ("200 OK" if is_done else "503 Service Unavailable"), ""

    def close(self) -> None:
        self.graph.close()

    # webhooks

    def take(self, payload: Json) -> bool:
        """Everything in a webhook; whether it is done with."""
        is_done = True
        for entry in payload["entry"]:
            for change in entry["changes"]:
                value = change["value"]
                if change["field"] == "messages":
                    for message in value.get("messages", []):
                        is_done = self.message(message) and is_done
                    for status in value.get("statuses", []):
                        self.status(status)
                else:
                    self.news(change["field"], value)
        return is_done

    def message(self, message: Json) -> bool:
        """A message of a user, answered once; if that does not work out, Meta is to bring it again."""
        user = self.author(message)
        if "group_id" in message:
            return True
        if message["type"] == "text":
            said = message["text"]["body"]
        elif message["type"] == "interactive" and "interactive" in message:
            said = message["interactive"]["button_reply"]["title"]
        else:
            return True
        if message["id"] in self.seen:
            return True
        if said.upper() == "STOP":
            self.stopped.add(user)
        is_sent = self.reply(user, said)
        if is_sent:
            self.seen.add(message["id"])
        return is_sent

    def author(self, message: Json) -> str:
        return str(message.get("from") or message["from_user_id"])

    def reply(self, user: str, said: str) -> bool:
        if said.startswith("Where"):
            buttons = [{"type": "reply", "reply": {"id": one, "title": one}} for one in ("Today", "Never mind")]
            content = {"type": "button", "body": {"text": "On its way. More?"}, "action": {"buttons": buttons}}
            return self.send(user, "interactive", content)
        return self.send(user, "text", {"body": f"You said: {said[:1000]}"})

    def status(self, status: Json) -> None:
        known = self.statuses.get(status["id"], "")
        if RANKS.get(status["status"], 0) > RANKS.get(known, 0):
            self.statuses[status["id"]] = status["status"]

    def news(self, name: str, value: Json) -> None:
        if name == "message_template_status_update":
            (self.paused.add if value["event"] == "PAUSED" else self.paused.discard)(value["message_template_name"])
        elif name == "user_preferences":
            for one in value["user_preferences"]:
                if one["value"] == "stop":
                    self.stopped.add(str(one.get("wa_id") or one["user_id"]))

    # what it sends

    tries = 4

    def send(self, user: str, kind: str, content: Any) -> bool:
        """Sends, and tries again where the platform is to blame; False if that was in vain."""
        return any(self.post(user, kind, content) < 500 for _ in range(self.tries))

    def post(self, user: str, kind: str, content: Any) -> int:
        body = {"messaging_product": "whatsapp", "type": kind, kind: content}
        body["to" if user.isdigit() else "recipient"] = user
        headers = {"Authorization": f"Bearer {self.env['WHATSAPP_TOKEN']}", "Content-Type": "application/json"}
        self.graph.request("POST", f"/v26.0/{self.env['PHONE_NUMBER_ID']}/messages", json.dumps(body), headers)
        answer = self.graph.getresponse()
        answer.read()
        return answer.status

    def template(self, user: str, name: str, *values: str) -> None:
        if name not in self.paused:
            parameters = [{"type": "text", "text": value} for value in values]
            components = [{"type": "body", "parameters": parameters}]
            content = {"name": name, "language": {"code": "en_US"}, "components": components}
            self.send(user, "template", content)

    # jobs

    def remind(self, user: str) -> None:
        """Tells of an order."""
        self.template(user, ORDER, "there", "1042")

    def advertise(self, user: str) -> None:
        """Tells of a sale, those who want to hear of it."""
        if user not in self.stopped:
            self.template(user, SALE, "there")


def known_as(user: Any) -> str:
    """How the bot has come to know a user: Cleo hides her number."""
    return str(user.user_id if user.name == "Cleo" else user.wa_id)


JOBS: dict[str, Callable[[Bot, Any], object]] = {
    "reminder": lambda bot, user: bot.remind(known_as(user)),
    "campaign": lambda bot, user: bot.advertise(known_as(user)),
}


class BelievesAnybody(Bot):
    """Reads whatever is posted."""

    def receive(self, raw: bytes, signature: str) -> tuple[str, str]:
        try:
            return ("200 OK" if self.take(json.loads(raw)) else "503 Service Unavailable"), ""
        except (ValueError, KeyError, TypeError):
            return "400 Bad Request", ""


class WritesLate(Bot):
    """Reminds with a free text, whenever the user wrote last."""

    def remind(self, user: str) -> None:
        self.send(user, "text", {"body": "Your order arrives tomorrow."})


class MiscountsParameters(Bot):
    """Gives the template one value too few."""

    def remind(self, user: str) -> None:
        self.template(user, ORDER, "1042")


class IgnoresTrouble(Bot):
    """Takes a 5xx for an answer."""

    tries = 1

    def send(self, user: str, kind: str, content: Any) -> bool:
        self.post(user, kind, content)
        return True


class AnswersTwice(Bot):
    """Answers whatever comes, as often as it comes."""

    def message(self, message: Json) -> bool:
        self.seen.discard(message["id"])
        return super().message(message)


class ForgetsWhenRestarted(Bot):
    """Keeps in memory what it has answered."""

    def __init__(self, env: dict[str, str], kept: Kept) -> None:
        super().__init__(env, replace(kept, seen=set()))


class BelievesTheLastStatus(Bot):
    """Lets a late `sent` undo a `read`."""

    def status(self, status: Json) -> None:
        self.statuses[status["id"]] = status["status"]


class IgnoresOptOut(Bot):
    """Sends its campaign to everybody."""

    def advertise(self, user: str) -> None:
        self.template(user, SALE, "there")


class InsistsOnPausedTemplate(Bot):
    """Sends a template although it was told of its pause."""

    def news(self, name: str, value: Json) -> None:
        if name != "message_template_status_update":
            super().news(name, value)


class AnswersStatuses(Bot):
    """Thanks for every delivery."""

    def status(self, status: Json) -> None:
        super().status(status)
        if status["status"] == "delivered" and "recipient_id" in status:
            self.send(status["recipient_id"], "text", {"body": "Did you get it?"})


class AnswersEchoes(Bot):
    """Takes a colleague's words for the user's."""

    def news(self, name: str, value: Json) -> None:
        super().news(name, value)
        for one in value.get("message_echoes", []):
            self.send(one["to"], "text", {"body": "You said something?"})


class NeedsNumbers(Bot):
    """Takes for granted that users show their number."""

    def author(self, message: Json) -> str:
        return str(message["from"])


class MakesLongButtons(Bot):
    """Puts what users say on a button, however long it is."""

    def reply(self, user: str, said: str) -> bool:
        buttons = [{"type": "reply", "reply": {"id": "1", "title": said}}]
        content = {"type": "button", "body": {"text": "This?"}, "action": {"buttons": buttons}}
        return self.send(user, "interactive", content)


class GivesUpSilently(Bot):
    """Answers its users, but nobody whose message is long."""

    def reply(self, user: str, said: str) -> bool:
        return True if len(said) > 1000 else super().reply(user, said)
