"""The pictures of short links. They need no token, and no world: the code is all that is in them."""

from __future__ import annotations

import re

from localwaba.domain.qr_picture import png, svg
from localwaba.http.bodies import Scope, Send
from localwaba.http.headers import Header
from localwaba.wire.qr_codes import LINK, PICTURES

_NAME = re.compile(r"([A-Z0-9]{14})\.(svg|png)")


async def download(scope: Scope, send: Send) -> None:
    """Answers the address of a picture with its bytes, any other with 404."""
    found = _NAME.fullmatch(scope["path"].removeprefix(PICTURES))
    status, body, kind = 404, b"", "text/plain"
    if scope["method"] not in ("GET", "HEAD"):
        status = 405
    elif found is not None:
        draw, kind = (svg, "image/svg+xml") if found[2] == "svg" else (png, "image/png")
        status, body = 200, draw(LINK + found[1])
    headers: list[Header] = [(b"content-length", b"%d" % len(body)), (b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
