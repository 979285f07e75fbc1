"""A WhatsApp bot to copy: the order desk of a small coffee roastery.

It uses nothing but Meta's documented API and is configured by environment variables alone, so the same file talks to
graph.facebook.com and to an emulator of it:

    GRAPH_URL  WHATSAPP_TOKEN  PHONE_NUMBER_ID  WABA_ID  APP_SECRET  VERIFY_TOKEN
    and, if wanted, GRAPH_VERSION  HOST  PORT  JOBS_TOKEN  LOG_LEVEL

Run it with `python -m localwaba.samples.bot`; its webhook is `http://127.0.0.1:8000/webhook`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import struct
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

log = logging.getLogger("bot")
WINDOW_CLOSED = 131047
TEMPLATE = "order_update"
REMINDER = "reminder"
TEMPLATE_TEXT = "Hello {{1}}, your order {{2}} has left our roastery and will be with you tomorrow."
COFFEES = {"flat_white": "Flat white", "cortado": "Cortado", "filter": "Filter coffee"}


class GraphError(Exception):
    """Meta's error envelope: `code` is what programs decide by, the text is for people."""

    def __init__(self, error: dict[str, Any]) -> None:
        details = (error.get("error_data") or {}).get("details", "")
        super().__init__(f"{error.get('message', error)} {details}".strip())
        self.code = error.get("code")


class Graph:
    """The few calls of the Cloud API that this bot needs."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.number = environ["PHONE_NUMBER_ID"]
        self.waba = environ["WABA_ID"]
        base = f"{environ.get('GRAPH_URL', 'https://graph.facebook.com')}/{environ.get('GRAPH_VERSION', 'v26.0')}/"
        headers = {"Authorization": f"Bearer {environ['WHATSAPP_TOKEN']}"}
        self.http = httpx.AsyncClient(base_url=base, headers=headers, timeout=30)

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One Graph call; raises GraphError with Meta's code."""
        answer = await self.http.request(method, path, **options)
        try:
            found = answer.json()
        except ValueError:  # a gateway's page instead of Graph's answer
            raise GraphError({"message": f"HTTP {answer.status_code}"}) from None
        if "error" in found:
            raise GraphError(found["error"])
        return found

    async def send(self, to: str, kind: str, content: Any, context: str = "", purpose: str = "") -> str:
        """Sends a message and gives its wamid. That is an acceptance: whether it arrives, a status tells later.

        `purpose` comes back in every status, so that nothing needs to be remembered until then.
        """
        body: dict[str, Any] = {"messaging_product": "whatsapp", "type": kind, kind: content}
        body["to" if to.isdigit() else "recipient"] = to  # users who hide their number only have a user id
        if context:
            body["context"] = {"message_id": context}
        if purpose:
            body["biz_opaque_callback_data"] = purpose
        found = await self.call("POST", f"{self.number}/messages", json=body)
        return str(found["messages"][0]["id"])

    async def mark_read(self, message_id: str) -> None:
        """Blue ticks for the user, and `typing…` until we answer."""
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        await self.call("POST", f"{self.number}/messages", json=body | {"typing_indicator": {"type": "text"}})

    async def upload(self, content: bytes, mime_type: str) -> str:
        """Uploads a file and gives its media id."""
        form = {"messaging_product": "whatsapp", "type": mime_type}
        files = {"file": ("file", content, mime_type)}
        return str((await self.call("POST", f"{self.number}/media", data=form, files=files))["id"])

    async def download(self, media_id: str) -> tuple[bytes, str]:
        """The bytes of a media id and their type: first its short-lived URL, then the file, both with the token."""
        found = await self.call("GET", media_id)
        answer = await self.http.get(found["url"])
        answer.raise_for_status()
        return answer.content, str(found["mime_type"])

    async def ensure_template(self) -> None:
        """Creates the template unless it is there; Meta reviews it before it can be sent."""
        path = f"{self.waba}/message_templates"
        found = await self.call("GET", path, params={"name": TEMPLATE, "fields": "name,status"})
        if any(item["name"] == TEMPLATE for item in found["data"]):
            return
        body = {"type": "BODY", "text": TEMPLATE_TEXT, "example": {"body_text": [["Ada", "1042"]]}}
        created = {"name": TEMPLATE, "language": "en_US", "category": "UTILITY", "components": [body]}
        log.info("template %s", await self.call("POST", path, json=created))


class Bot:
    """What the roastery answers. Each user's messages are handled one after the other, users side by side."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.seen: OrderedDict[str, None] = OrderedDict()
        self.names: dict[str, str] = {}
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.working: set[asyncio.Task[None]] = set()

    def receive(self, payload: dict[str, Any]) -> None:
        """Starts the work that a webhook asks for, and returns at once. Meta batches, repeats and reorders."""
        for value in _values(payload):
            if value.get("metadata", {}).get("phone_number_id", self.graph.number) != self.graph.number:
                continue  # written to another number whose webhooks come here, too
            for contact in value.get("contacts", []):
                name = contact.get("profile", {}).get("name")
                self.names |= {contact[key]: name for key in ("wa_id", "user_id") if name and key in contact}
            for message in value.get("messages", []):
                # Groups are not for this bot; `unsupported` may be followed by the real message under the same id.
                is_ours = "group_id" not in message and message["type"] != "unsupported"
                if is_ours and self._is_new(message["id"]):
                    self._start(self.handle(message))
            for status in value.get("statuses", []):
                if self._is_new(f"{status['id']} {status['status']}"):
                    self._start(self.follow(status))

    def _is_new(self, key: str) -> bool:
        if key in self.seen:
            return False
        self.seen[key] = None
        if len(self.seen) > 10_000:
            self.seen.popitem(last=False)
        return True

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.working.add(task)
        task.add_done_callback(self.working.discard)

    async def handle(self, message: dict[str, Any]) -> None:
        """Answers one message of a user; a failure is logged and stays this message's own."""
        user = message.get("from") or message["from_user_id"]
        try:
            async with self.turns[user]:
                await self.acknowledge(message)
                await self.answer(user, message)
        except (GraphError, httpx.HTTPError, KeyError) as error:
            log.error("message %s: %s", message["id"], error)

    async def acknowledge(self, message: dict[str, Any]) -> None:
        """Marks what will be answered as read; if that fails, the answer matters more."""
        if message["type"] in ("text", "interactive", "image"):
            try:
                await self.graph.mark_read(message["id"])
            except GraphError as error:
                log.warning("mark %s as read: %s", message["id"], error)

    async def answer(self, user: str, message: dict[str, Any]) -> None:
        """Decides what to say."""
        kind = message["type"]
        if kind == "interactive":
            reply = message["interactive"]
            chosen = (reply.get("button_reply") or reply.get("list_reply") or {}).get("id", "")
            await self.choose(user, chosen, message["id"])
        elif kind == "text" and "order" in message["text"]["body"].lower():
            await self.send_template(user)
        elif kind == "text":
            await self.greet(user)
        elif kind == "image":
            content, mime_type = await self.graph.download(message["image"]["id"])
            media_id = await self.graph.upload(content, mime_type)
            await self.graph.send(user, "image", {"id": media_id, "caption": "Nice! Here it is again."}, message["id"])

    async def greet(self, user: str) -> None:
        """The menu as reply buttons."""
        choices = {"menu": "See the coffees", "photo": "Show me the place", "order": "Where is my order?"}
        buttons = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in choices.items()]
        text = f"Hello {self.names.get(user, 'there')}! What can I do for you?"
        content = {"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}
        await self.graph.send(user, "interactive", content)

    async def choose(self, user: str, chosen: str, context: str) -> None:
        """What follows a tap."""
        if chosen == "menu":
            rows = [
                {"id": key, "title": name, "description": "250 g, freshly roasted"} for key, name in COFFEES.items()
            ]
            action = {"button": "Choose", "sections": [{"title": "Coffees", "rows": rows}]}
            content = {"type": "list", "body": {"text": "Which one may it be?"}, "action": action}
            await self.graph.send(user, "interactive", content)
        elif chosen in COFFEES:
            await self.graph.send(user, "text", {"body": f"One {COFFEES[chosen]}, order 1042. Thank you!"}, context)
        elif chosen == "photo":
            media_id = await self.graph.upload(draw(), "image/png")
            await self.graph.send(user, "image", {"id": media_id, "caption": "Our roastery at sunrise"})
        elif chosen == "order":
            await self.send_template(user)

    async def remind(self, user: str) -> None:
        """A free-form reminder; where the customer service window has closed, the template instead."""
        try:
            text = "Your order 1042 arrives tomorrow. Will you be at home?"
            await self.graph.send(user, "text", {"body": text}, purpose=REMINDER)
        except GraphError as error:
            if error.code != WINDOW_CLOSED:
                raise
            await self.send_template(user)

    async def follow(self, status: dict[str, Any]) -> None:
        """What became of a message. 200 was only a promise: failures arrive here, seconds or hours later."""
        if status["status"] != "failed":
            log.info("%s is %s", status["id"], status["status"])
            return
        codes = {error["code"] for error in status.get("errors", [])}
        log.warning("%s failed with %s", status["id"], codes)
        if WINDOW_CLOSED in codes and status.get("biz_opaque_callback_data") == REMINDER:
            user = status.get("recipient_id") or status["recipient_user_id"]
            try:
                await self.send_template(user)
            except (GraphError, httpx.HTTPError) as error:
                log.error("template for %s: %s", user, error)

    async def send_template(self, user: str) -> None:
        """The approved template, which may be sent at any time."""
        values = [{"type": "text", "text": text} for text in (self.names.get(user, "there"), "1042")]
        content = {"name": TEMPLATE, "language": {"code": "en_US"}}
        await self.graph.send(user, "template", content | {"components": [{"type": "body", "parameters": values}]})


def _values(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What changed in the field `messages`; other fields are only logged."""
    for entry in payload.get("entry", []):
        for change in entry.get("changes", []):
            if change.get("field") == "messages":
                yield change["value"]
            else:
                log.info("%s %s", change.get("field"), change.get("value"))


def draw(size: int = 64) -> bytes:
    """A sunrise as PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes((255 - 2 * y, 120 + y, 3 * y)) * size for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_app(environ: dict[str, str]) -> Starlette:
    """The bot as an ASGI app."""
    bot = Bot(Graph(environ))
    secret, verify_token = environ["APP_SECRET"].encode(), environ["VERIFY_TOKEN"]
    jobs_token = environ.get("JOBS_TOKEN")

    async def verify(request: Request) -> Response:
        """The handshake: echo the challenge to whoever knows our verify token."""
        query = request.query_params
        if query.get("hub.mode") == "subscribe" and query.get("hub.verify_token") == verify_token:
            return PlainTextResponse(query["hub.challenge"])
        return PlainTextResponse("wrong verify token", 403)

    async def receive(request: Request) -> Response:
        """A webhook. The signature covers the bytes as they came: check before parsing, never re-serialise."""
        raw = await request.body()
        expected = "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), request.headers.get("x-hub-signature-256", "").encode()):
            return PlainTextResponse("wrong signature", 401)
        bot.receive(json.loads(raw))
        return PlainTextResponse("")

    async def remind(request: Request) -> Response:
        """What a scheduled job calls; closed unless JOBS_TOKEN is set."""
        given = request.headers.get("authorization", "")
        if not jobs_token or not hmac.compare_digest(given.encode(), f"Bearer {jobs_token}".encode()):
            return PlainTextResponse("wrong token", 401)
        await bot.remind(str((await request.json())["to"]))
        return JSONResponse({"success": True})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None, None]:
        try:
            await bot.graph.ensure_template()
        except (GraphError, httpx.HTTPError) as error:
            log.error("template %s: %s", TEMPLATE, error)  # everything else works without it
        yield
        await bot.graph.http.aclose()

    routes = [
        Route("/webhook", verify, methods=["GET"]),
        Route("/webhook", receive, methods=["POST"]),
        Route("/reminders", remind, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Serves until interrupted."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    environ = dict(os.environ)
    host, port = environ.get("HOST", "127.0.0.1"), int(environ.get("PORT", "8000"))
    uvicorn.run(make_app(environ), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main()
