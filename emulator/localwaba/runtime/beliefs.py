"""What an app believes of a message that it has sent, as its status URL tells it."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from localwaba.operations.checks.model import Request
from localwaba.webhooks.probing import Prober, Unreachable, parts_of
from localwaba.webhooks.targets import TargetPolicy

_STATUSES = ("played", "read", "delivered", "sent", "failed")


async def ask(status_url: str, message_id: str, allow: TargetPolicy, within: float) -> str | None:
    """The status that the app tells of a message, within so many seconds; None: it tells none.

    `{wamid}` in the URL stands for the message's id.
    """
    url = status_url.replace("{wamid}", quote(message_id, safe=""))
    prober = Prober(url, allow)
    try:
        await prober.find()
        host, target = parts_of(url)
        answer = await prober.send(Request(method="GET", target=target, host=host).raw, within)
    except Unreachable:
        return None
    finally:
        await prober.close()
    return status_in(answer.body.decode("utf-8", "replace")) if answer.is_taken else None


def status_in(text: str) -> str | None:
    """The status that an answer tells: its member `status` if it is JSON, else the one status named in it."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("status"), str):
        return str(found["status"]).lower()
    named = [name for name in _STATUSES if name in text.lower()]
    return named[0] if len(named) == 1 else None
