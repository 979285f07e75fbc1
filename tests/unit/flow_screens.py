"""Parts of a flow's document, as small as they may be."""

from __future__ import annotations

from typing import Any


def footer(action: str = "complete", **members: Any) -> dict[str, Any]:
    """The end of a screen, which does something."""
    return {"type": "Footer", "label": "Go", "on-click-action": {"name": action, "payload": {}, **members}}


def screen(name: str = "START", *children: Any, **members: Any) -> dict[str, Any]:
    """A screen with some children, or with a footer alone."""
    layout = {"type": "SingleColumnLayout", "children": list(children) or [footer()]}
    return {"id": name, "title": "Title", "terminal": True, "layout": layout} | members


def document(*screens: Any, **members: Any) -> dict[str, Any]:
    """A whole flow of some screens, or of one."""
    return {"version": "7.3", "screens": list(screens) or [screen()]} | members
