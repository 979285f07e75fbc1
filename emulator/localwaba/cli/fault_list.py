"""`localwaba faults`: what can go wrong on purpose, and what is armed in a running emulator."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from localwaba.cli.commands import Mistake

_WIDTH = 110


def show(what: str, url: str, token: str) -> int:
    """Prints the kinds, the presets, or the faults of a running emulator's world; the exit status."""
    if what == "kinds":
        from localwaba.operations.faults import show_kinds

        lines = [line for kind in show_kinds() for line in _kind(kind)]
    elif what == "presets":
        from localwaba.operations.faults import show_presets

        lines = [line for preset in show_presets() for line in _preset(preset)]
    else:
        lines = _armed(url, token)
    print("\n".join(lines))
    return 0


def _kind(kind: dict[str, Any]) -> list[str]:
    lines = [kind["kind"], *_wrapped(kind["text"])]
    for one in kind["parameters"]:
        default = "required" if one["required"] else f"default {json.dumps(one.get('default'))}"
        choices = f" ({', '.join(map(str, one['choices']))})" if "choices" in one else ""
        lines += _wrapped(f"{one['name']}: {one['text']}{choices}; {default}", "    ")
    return [*lines, *_wrapped(f"match: {', '.join(kind['match'])}", "    "), ""]


def _preset(preset: dict[str, Any]) -> list[str]:
    reports = f"see {', '.join(preset['reports'])}"
    return [preset["preset"], *_wrapped(preset["text"]), *_wrapped(reports, "    "), ""]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _armed(url: str, token: str) -> list[str]:
    from localwaba.client.link import ControlError, Link

    try:
        link = Link(url, token)
        found = link.call("GET", "faults")
        link.close()
    except (OSError, ValueError, ControlError) as error:
        raise Mistake(f"faults: {url}: {error}") from None
    if not found["faults"]:
        return ["no fault is armed"]
    return [_line(one) for one in found["faults"]]


def _line(fault: dict[str, Any]) -> str:
    counts = f"fired {fault['fired']} of {fault['asked']}"
    left = f", {fault['left']} left" if fault["left"] is not None else ""
    state = "" if fault["armed"] else "  (spent)"
    match = f"  {json.dumps(fault['match'], ensure_ascii=False)}" if fault["match"] else ""
    return f"{fault['id']}  {fault['kind']}  {json.dumps(fault['when'])}{match}  {counts}{left}{state}"
