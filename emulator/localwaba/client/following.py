"""The journal of a running emulator as it grows: its server-sent events, read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any

from localwaba.client.link import CONTROL, Link, Unreachable, address_of, credentials, refusal

_PAGE = 5_000
PATIENCE = 60.0
"""Seconds without a sign of life after which the emulator counts as gone; it sends a comment every 15 s."""


def entries_after(link: Link, after: int = 0) -> Iterator[dict[str, Any]]:
    """Entries of the journal behind entry `after` that are there by now, oldest first, page by page."""
    while True:
        page: list[dict[str, Any]] = link.call("GET", "journal", query={"after": after, "limit": _PAGE})["entries"]
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]["n"]


def follow(url: str, token: str = "", control_token: str = "", after: int | None = None) -> Iterator[dict[str, Any]]:
    """Entries of the journal behind entry `after`, or from now on, as they come; ends with the emulator.

    Unreachable if nothing answers, ControlError if it refuses.
    """
    headers = {"Accept": "text/event-stream"} | credentials(token, control_token)
    path = f"{CONTROL}events" + (f"?after={after}" if after is not None else "")
    with closing(HTTPConnection(*address_of(url), timeout=PATIENCE)) as connection:
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Unreachable(url, error) from None
        if answer.status != 200:
            raise refusal(answer.status, answer.read(10_000))
        try:
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        except (OSError, HTTPException):
            return  # the emulator has ended in the middle of a line
