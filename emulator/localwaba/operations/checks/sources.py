"""Where the source of a rule can be read."""

from __future__ import annotations

import re

_REPORT = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#(\d+)")
_PAGE = re.compile(r"Meta: ([a-z0-9_/#-]+)")
_RFC = re.compile(r"RFC (\d+)")
_META = "https://developers.facebook.com/documentation/business-messaging/whatsapp/"


def link_of(source: str) -> str:
    """The address of a page of Meta, a public report or an RFC; empty where the source is told in words only."""
    if found := _REPORT.fullmatch(source):
        return f"https://github.com/{found[1]}/issues/{found[2]}"
    if found := _PAGE.fullmatch(source):
        return f"{_META}{found[1]}/" if "#" not in found[1] else _META + found[1].replace("#", "/#")
    if found := _RFC.fullmatch(source):
        return f"https://www.rfc-editor.org/rfc/rfc{found[1]}"
    return ""
