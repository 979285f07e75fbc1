"""A WhatsApp bot to copy: the order desk of a small coffee roastery.

It uses nothing but Meta's documented API and is configured by environment variables alone, so the same file talks to
graph.facebook.com and to an emulator of it:

    GRAPH_URL  WHATSAPP_TOKEN  PHONE_NUMBER_ID  WABA_ID  APP_SECRET  VERIFY_TOKEN
    and, if wanted, GRAPH_VERSION  HOST  PORT  JOBS_TOKEN  LOG_LEVEL  MEMORY (a file; without one a restart forgets)

Run it with `python -m localwaba.samples.bot`; its webhook is `http://127.0.0.1:8000/webhook`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
import secrets
import struct
import time
import zlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localwaba.samples.campaign import Campaign
from localwaba.samples.codes import Codes
from localwaba.samples.graph import NO_TEMPLATE, TOKEN_DEAD, WINDOW_CLOSED, Graph, GraphError
from localwaba.samples.library import FLOW, NEWS, ORDER_UPDATE, STOP, TEMPLATES
from localwaba.samples.memory import Memory

log = logging.getLogger("bot")
REMINDER = "reminder"
COFFEES = {"flat_white": "Flat white", "cortado": "Cortado", "filter": "Filter coffee"}
LEAVING = {"stop", "unsubscribe", STOP.lower()}


class Bot:
    """What the roastery answers. Each user's messages are handled one after the other, users side by side."""

    def __init__(self, graph: Graph, memory: Memory, now: Callable[[], float]) -> None:
        self.graph = graph
        self.memory = memory
        self.names: dict[str, str] = {}
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.working: set[asyncio.Task[None]] = set()
        self.unanswered: list[dict[str, Any]] = []
        self.bookings: set[str] = set()
        self.flow_id = ""
        self.codes = Codes(graph, now)
        self.campaign = Campaign(graph, self.names, memory)

    async def set_up(self) -> None:
        """Creates what is missing: everything else works without it."""
        for edge, body in (*(("message_templates", one) for one in TEMPLATES), ("flows", FLOW)):
            try:
                found = await self.graph.ensure(edge, body)
            except (GraphError, httpx.HTTPError) as error:
                log.error("%s %s: %s", edge, body["name"], error)
            else:
                self.flow_id = found if edge == "flows" else ""

    def receive(self, payload: dict[str, Any]) -> None:
        """Starts the work that a webhook asks for, and returns at once. Meta batches, repeats and reorders."""
        for field, value in _changes(payload):
            if field == "messages":
                self._read(value)
            elif field == "user_preferences":
                for one in value["user_preferences"]:
                    self.campaign.prefer(_ids(one, "wa_id", "user_id"), news=one["value"] == "resume")
            else:
                log.info("%s %s", field, value)
                if field == "message_template_status_update":
                    self.graph.judge(value)
                self._start(self.campaign.judge(field, value))

    def _read(self, value: dict[str, Any]) -> None:
        if value.get("metadata", {}).get("phone_number_id", self.graph.number) != self.graph.number:
            return  # written to another number whose webhooks come here, too
        for contact in value.get("contacts", []):
            name = contact.get("profile", {}).get("name")
            self.names |= {contact[key]: name for key in ("wa_id", "user_id") if name and key in contact}
        for message in value.get("messages", []):
            # Groups are not for this bot; `unsupported` may be followed by the real message under the same id.
            is_ours = "group_id" not in message and message["type"] != "unsupported"
            if is_ours and self.memory.add("seen", message["id"]):
                self._start(self.handle(message))
        for status in value.get("statuses", []):
            if self.memory.add("seen", f"{status['id']} {status['status']}"):
                self._start(self.follow(status))

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
            if isinstance(error, GraphError) and (error.code == TOKEN_DEAD or error.is_theirs):  # answered later
                self.unanswered.append(message)

    async def resume(self) -> None:
        """Takes up what was held, such as after the token was renewed: messages first, then the campaign."""
        waiting, self.unanswered = self.unanswered, []
        for message in waiting:
            await self.handle(message)
        await self.campaign.resume()

    async def acknowledge(self, message: dict[str, Any]) -> None:
        """Marks what will be answered as read; if that fails, the answer matters more."""
        if message["type"] in ("text", "interactive", "image", "button"):
            try:
                await self.graph.mark_read(message["id"])
            except GraphError as error:
                log.warning("mark %s as read: %s", message["id"], error)

    async def answer(self, user: str, message: dict[str, Any]) -> None:
        """Decides what to say."""
        kind = message["type"]
        if kind == "interactive" and "nfm_reply" in message["interactive"]:
            await self.book(user, json.loads(message["interactive"]["nfm_reply"]["response_json"]))
        elif kind == "interactive":
            reply = message["interactive"]
            chosen = (reply.get("button_reply") or reply.get("list_reply") or {}).get("id", "")
            await self.choose(user, chosen, message["id"])
        elif kind in ("text", "button"):
            await self.hear(user, message["text"]["body"] if kind == "text" else message["button"]["text"], message)
        elif kind == "image":
            content, mime_type = await self.graph.download(message["image"]["id"])
            media_id = await self.graph.upload(content, mime_type)
            await self.graph.send(user, "image", {"id": media_id, "caption": "Nice! Here it is again."}, message["id"])
        elif kind == "system" and message["system"].get("type") == "user_changed_number":
            self.campaign.move(user, message["system"]["wa_id"])

    async def hear(self, user: str, text: str, message: dict[str, Any]) -> None:
        """A text, or a button of a template, which says what stands on it."""
        said = text.strip().lower()
        if said in LEAVING:
            self.campaign.prefer(_ids(message, "from", "from_user_id"), news=False)
            await self.graph.send(user, "text", {"body": "You will get no more news. Write START to get them again."})
        elif said == "start":
            self.campaign.prefer(_ids(message, "from", "from_user_id"), news=True)
            await self.graph.send(user, "text", {"body": "Welcome back! You will get our news again."})
        elif "tasting" in said and self.flow_id:
            await self.offer_tasting(user)
        elif "order" in said:
            await self.tell_order(user)
        else:
            await self.greet(user, message.get("referral", {}).get("headline", ""))

    async def greet(self, user: str, headline: str = "") -> None:
        """The menu as reply buttons; `headline` is of the ad that the user has come by."""
        choices = {"menu": "See the coffees", "photo": "Show me the place", "order": "Where is my order?"}
        buttons = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in choices.items()]
        seen = f" You have seen “{headline}”." if headline else ""
        text = f"Hello {self.names.get(user, 'there')}!{seen} What can I do for you?"
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
            await self.tell_order(user)

    async def offer_tasting(self, user: str) -> None:
        """A flow to fill in; its token says later which offer is answered."""
        token = secrets.token_hex(8)
        self.bookings.add(token)
        parameters = {
            "flow_message_version": "3",
            "flow_id": self.flow_id,
            "flow_cta": "Book a tasting",
            "flow_token": token,
            "flow_action": "navigate",
            "flow_action_payload": {"screen": "TASTING"},
        }
        action = {"name": "flow", "parameters": parameters}
        content = {"type": "flow", "body": {"text": "Come and taste what we have roasted."}, "action": action}
        await self.graph.send(user, "interactive", content)

    async def book(self, user: str, filled: dict[str, Any]) -> None:
        """What was filled in comes as text within text; an offer is good for one booking."""
        if filled.get("flow_token") in self.bookings:
            self.bookings.remove(filled["flow_token"])
            text = f"See you on {filled['day']}, a table for {filled['guests']}."
            await self.graph.send(user, "text", {"body": text})

    async def remind(self, user: str) -> None:
        """A free-form reminder; where the customer service window has closed, the template instead."""
        try:
            text = "Your order 1042 arrives tomorrow. Will you be at home?"
            await self.graph.send(user, "text", {"body": text}, purpose=REMINDER)
        except GraphError as error:
            if error.code != WINDOW_CLOSED:
                raise
            await self.send_order(user)

    async def follow(self, status: dict[str, Any]) -> None:
        """What became of a message. 200 was only a promise: failures arrive here, seconds or hours later."""
        if status["status"] != "failed":
            log.info("%s is %s", status["id"], status["status"])
            return
        codes = {error["code"] for error in status.get("errors", [])}
        log.warning("%s failed with %s", status["id"], codes)
        user = status.get("recipient_id") or status["recipient_user_id"]
        purpose = status.get("biz_opaque_callback_data")
        if WINDOW_CLOSED in codes and purpose == REMINDER:
            try:
                await self.send_order(user)
            except (GraphError, httpx.HTTPError) as error:
                log.error("template for %s: %s", user, error)
        elif purpose == NEWS:
            for code in codes:
                self.campaign.undelivered(user, code, f"failed with {code}")

    async def tell_order(self, user: str) -> None:
        """Where the order is, for who has just asked: free-form if Meta has stopped the template."""
        try:
            await self.send_order(user)
        except GraphError as error:
            if error.code not in NO_TEMPLATE:
                raise
            log.warning("in our own words: %s", error)
            await self.graph.send(user, "text", {"body": "Your order 1042 has left our roastery."})

    async def send_order(self, user: str) -> None:
        """Where the order is, by a template: it may be sent at any time."""
        await self.graph.send_template(user, ORDER_UPDATE, [self.names.get(user, "there"), "1042"])


def _changes(payload: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What changed, and in which field."""
    for entry in payload.get("entry", []):
        for change in entry.get("changes", []):
            yield str(change.get("field")), change.get("value") or {}


def _ids(found: dict[str, Any], *names: str) -> list[str]:
    """All that somebody is known by: who hides their number tomorrow is still the one who said stop today."""
    return [found[name] for name in names if found.get(name)]


def draw(size: int = 64) -> bytes:
    """A sunrise as PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes((255 - 2 * y, 120 + y, 3 * y)) * size for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_app(environ: dict[str, str], now: Callable[[], float] = time.time) -> Starlette:
    """The bot as an ASGI app; `now` gives seconds, and is of the tests where time is."""
    bot = Bot(Graph(environ), Memory(environ.get("MEMORY", ":memory:")), now)
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

    async def health(_: Request) -> Response:
        """For whoever watches the bot: 503 while it can send nothing, with what waits."""
        waiting = {"messages": len(bot.unanswered), "news": len(bot.campaign.waiting), "held": bot.campaign.held}
        return JSONResponse(waiting, 503 if bot.graph.is_locked_out else 200)

    async def job(request: Request) -> Response:
        """What a scheduled job or our own pages call; closed unless JOBS_TOKEN is set."""
        given = request.headers.get("authorization", "")
        if not jobs_token or not hmac.compare_digest(given.encode(), f"Bearer {jobs_token}".encode()):
            return PlainTextResponse("wrong token", 401)
        asked = json.loads(await request.body() or b"{}")
        try:
            done = await work(bot, request.path_params["job"], asked)
        except GraphError as error:
            return JSONResponse({"error": str(error), "code": error.code}, 502)
        return JSONResponse({"success": done}, 200 if done else 403)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None, None]:
        await bot.set_up()
        yield
        await bot.graph.http.aclose()
        bot.memory.rows.close()

    routes = [
        Route("/webhook", verify, methods=["GET"]),
        Route("/webhook", receive, methods=["POST"]),
        Route("/health", health, methods=["GET"]),
        Route("/{job:path}", job, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def work(bot: Bot, job: str, asked: dict[str, Any]) -> bool:
    """Does a job; False where the answer is no."""
    match job:
        case "reminders":
            await bot.remind(str(asked["to"]))
        case "codes":
            await bot.codes.send(str(asked["to"]))
        case "codes/check":
            return bot.codes.check(str(asked["to"]), str(asked["code"]))
        case "campaigns":
            await bot.campaign.start(map(str, asked["to"]))
        case "resume":
            await bot.resume()
        case _:
            return False
    return True


def main() -> None:
    """Serves until interrupted."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    environ = dict(os.environ)
    host, port = environ.get("HOST", "127.0.0.1"), int(environ.get("PORT", "8000"))
    uvicorn.run(make_app(environ), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main()
