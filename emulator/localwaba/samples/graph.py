"""The few calls of WhatsApp's Cloud API that the bot needs, and how their errors are told apart."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx

from localwaba.samples.library import LANGUAGE

log = logging.getLogger("bot.graph")
WINDOW_CLOSED = 131047
TOKEN_DEAD = 190
TOO_FAST = {4, 80007, 130429, 131056}
TEMPLATE_PAUSED = 132015
NO_TEMPLATE = {132001, TEMPLATE_PAUSED, 132016}
"""Codes of a template that does not exist (or not yet, or no longer), is paused, or disabled for good."""
STOPPED = {"PAUSED", "DISABLED", "REJECTED", "ARCHIVED", "DELETED"}
"""What Meta says of a template that is not to be sent any more, or not for now."""
PAUSES = (1, 4, 16, 64)
"""Seconds between tries of what came too fast: Meta asks for 4 to the power of the try."""
HASTE = 20
"""So many times shorter are the pauses where Meta itself has trouble: that is mostly over in a moment."""


class GraphError(Exception):
    """Meta's error envelope: `code` and HTTP status are what programs decide by, the text is for people."""

    def __init__(self, error: dict[str, Any], status: int = 400) -> None:
        details = (error.get("error_data") or {}).get("details", "")
        super().__init__(f"{error.get('message', error)} {details}".strip())
        self.code = error.get("code")
        self.is_theirs = status >= 500  # no fault of the request, nor of what it is about


class Graph:
    """The few calls of the Cloud API that this bot needs."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.number = environ["PHONE_NUMBER_ID"]
        self.waba = environ["WABA_ID"]
        base = f"{environ.get('GRAPH_URL', 'https://graph.facebook.com')}/{environ.get('GRAPH_VERSION', 'v26.0')}/"
        headers = {"Authorization": f"Bearer {environ['WHATSAPP_TOKEN']}"}
        self.http = httpx.AsyncClient(base_url=base, headers=headers, timeout=30)
        self.standing: dict[str, str] = {}  # of each template: what Meta said last
        self.is_locked_out = False  # the token has expired: nothing can be sent until there is another

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One Graph call; raises GraphError with Meta's code.

        What came too fast, or met trouble at Meta, is tried again, slower each time.
        """
        for longest in PAUSES:
            try:
                return await self._try(method, path, **options)
            except GraphError as error:
                if error.code not in TOO_FAST and not error.is_theirs:
                    raise
                pause = longest / HASTE if error.is_theirs else longest
                log.warning("%s %s: %s; again in %s s", method, path, error, pause)
            await asyncio.sleep(pause)
        return await self._try(method, path, **options)

    async def _try(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.http.request(method, path, **options)
        try:
            found = answer.json()
        except ValueError:  # a gateway's page instead of Graph's answer
            raise GraphError({"message": f"HTTP {answer.status_code}"}, answer.status_code) from None
        error = GraphError(found["error"], answer.status_code) if "error" in found else None
        self.is_locked_out = error is not None and error.code == TOKEN_DEAD
        if error:
            raise error
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

    async def send_template(self, to: str, name: str, values: list[str], code: str = "", purpose: str = "") -> str:
        """Sends an approved template, which may be sent at any time; `code` is what its button copies.

        One that Meta has stopped is not tried: those who insist are rated worse, and refused all the same.
        """
        if self.standing.get(name) in STOPPED:
            raise GraphError({"message": f"Meta: {name} is {self.standing[name]}", "code": TEMPLATE_PAUSED})
        components: list[dict[str, Any]] = [{"type": "body", "parameters": _texts(values)}]
        if code:
            components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": _texts([code])})
        content = {"name": name, "language": {"code": LANGUAGE}, "components": components}
        return await self.send(to, "template", content, purpose=purpose)

    def judge(self, value: dict[str, Any]) -> None:
        """Remembers what Meta says of a template, such as PAUSED, and later APPROVED."""
        if str(value.get("message_template_language")).replace("-", "_") == LANGUAGE:
            self.standing[value["message_template_name"]] = value["event"]

    async def ensure(self, edge: str, body: dict[str, Any]) -> str:
        """The id of a template or a flow of this name, which is created unless it is there; Meta reviews templates."""
        path = f"{self.waba}/{edge}"
        own = [key for key in ("name", "language") if key in body]
        found = await self.call("GET", path, params={"name": body["name"], "fields": ",".join(["id", "status", *own])})
        for item in found["data"]:
            if all(item[key] == body[key] for key in own):
                self.standing[body["name"]] = item["status"]
                return str(item["id"])
        made = await self.call("POST", path, json=body)
        log.info("%s %s: %s", edge, body["name"], made)
        return str(made["id"])

    async def rating(self) -> str:
        """The number's quality as users see it: GREEN, YELLOW, RED or UNKNOWN. No webhook tells it."""
        return str((await self.call("GET", self.number, params={"fields": "quality_rating"}))["quality_rating"])


def _texts(values: list[str]) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in values]
