"""The second hop of media: bytes by a signed URL."""

from __future__ import annotations

from typing import Any

from localwaba.http.ports import Hosts


async def download(hosts: Hosts, scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError
