"""The few calls of WhatsApp's Cloud API that the bot needs, and how their errors are told apart."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx

log = logging.getLogger("bot.graph")
WINDOW_CLOSED = 131047
TOKEN_DEAD = 190
TOO_FAST = {4, 80007, 130429, 131056}
PAUSES = (1, 4, 16, 64)
"""Seconds between tries of what came too fast: Meta asks for 4 to the power of the try."""


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
        self.is_locked_out = False  # the token has expired: nothing can be sent until there is another

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One Graph call; raises GraphError with Meta's code. What came too fast is tried again, slower each time."""
        for pause in PAUSES:
            try:
                return await self._try(method, path, **options)
            except GraphError as error:
                if error.code not in TOO_FAST:
                    raise
                log.warning("%s %s: %s; again in %s s", method, path, error, pause)
            await asyncio.sleep(pause)
        return await self._try(method, path, **options)

    async def _try(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.http.request(method, path, **options)
        try:
            found = answer.json()
        except ValueError:  # a gateway's page instead of Graph's answer
            raise GraphError({"message": f"HTTP {answer.status_code}"}) from None
        error = GraphError(found["error"]) if "error" in found else None
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
        """Sends an approved template, which may be sent at any time; `code` is what its button copies."""
        components: list[dict[str, Any]] = [{"type": "body", "parameters": _texts(values)}]
        if code:
            components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": _texts([code])})
        content = {"name": name, "language": {"code": "en_US"}, "components": components}
        return await self.send(to, "template", content, purpose=purpose)

    async def ensure(self, edge: str, body: dict[str, Any]) -> str:
        """The id of a template or a flow of this name, which is created unless it is there; Meta reviews templates."""
        path = f"{self.waba}/{edge}"
        found = await self.call("GET", path, params={"name": body["name"], "fields": "id,name,status"})
        there = [item["id"] for item in found["data"] if item["name"] == body["name"]]
        if there:
            return str(there[0])
        made = await self.call("POST", path, json=body)
        log.info("%s %s: %s", edge, body["name"], made)
        return str(made["id"])

    async def rating(self) -> str:
        """The number's quality as users see it: GREEN, YELLOW, RED or UNKNOWN. No webhook tells it."""
        return str((await self.call("GET", self.number, params={"fields": "quality_rating"}))["quality_rating"])


def _texts(values: list[str]) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in values]
