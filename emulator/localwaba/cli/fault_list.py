"""`localwaba faults`: what can go wrong on purpose, and what is armed in a running emulator."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from localwaba.cli.mistake import Mistake

WORDS = ("list", "show", "armed", "kinds", "presets")
"""What can be asked of `localwaba faults`."""
_WIDTH = 110
_COLUMN = 34


def show(what: str, name: str, url: str, token: str, *, is_asked: bool = False) -> int:
    """Prints what can be armed, one name of it in full, or the faults of a running emulator's world; the exit status.

    Only the last one needs an emulator. `is_asked`: one was named; then `list` alone means `armed`, as it once did.
    """
    if what == "list" and not name and is_asked:
        what = "armed"
    if what not in WORDS:  # a name alone
        check(what, WORDS)
        what, name = "show", what
    if name and what not in ("list", "show"):
        raise Mistake(f"faults {what} takes no name; `localwaba faults show {name}` says what it is")
    if what == "show" and not name:
        raise Mistake("faults show: say which one, as in `localwaba faults show late-delivery`")
    if what == "armed":
        lines = _armed(url, token)
    elif what == "kinds":
        from localwaba.operations.faults import show_kinds

        lines = [line for kind in show_kinds() for line in _kind(kind)]
    elif what == "presets":
        from localwaba.operations.faults import show_presets

        lines = [line for preset in show_presets() for line in _preset(preset)]
    else:
        lines = list(_explained(name) if name else _listed())
    print("\n".join(lines))
    return 0


def _listed() -> Iterator[str]:
    """Every name with its sentence and the reports behind it."""
    from localwaba.operations.fault_presets import PRESETS

    modes = {name: one for name, one in PRESETS.items() if one.is_mode}
    anomalies = {name: one for name, one in PRESETS.items() if one.anomaly and not one.is_mode}
    others = {name: one for name, one in PRESETS.items() if not one.anomaly and not one.is_mode}
    for title, found in (("Modes", modes), ("Anomalies", anomalies), ("Other bad days", others)):
        yield f"{title}:"
        for name, one in found.items():
            yield from _entry(name, one.text)
            yield from _wrapped(f"seen in {', '.join(one.reports)}", " " * (_COLUMN + 2))
        yield ""
    yield from _wrapped(
        "How to arm one: localwaba faults show NAME. What is armed now: localwaba faults armed. "
        "To make faults of your own: localwaba faults kinds.",
        "",
    )


def _entry(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {name:<{_COLUMN}}",
        subsequent_indent=" " * (_COLUMN + 2),
        break_on_hyphens=False,
    )


def _explained(name: str) -> Iterator[str]:
    """One name in full: what happens, who met it, how it is made, how to arm it."""
    from localwaba.domain.fault_kinds import KINDS
    from localwaba.operations.fault_catalogue import ways
    from localwaba.operations.fault_presets import PRESETS
    from localwaba.operations.faults import show_kinds

    check(name)
    preset = PRESETS.get(name)
    if preset is not None:
        yield name
        yield from _wrapped(preset.text)
        yield from _wrapped(f"seen in   {', '.join(preset.reports)}")
        yield from _wrapped(f"shown by  {preset.shown_by}")
        for fault in preset.faults:
            yield f"  made of   {json.dumps(fault, ensure_ascii=False)}"
    else:
        yield from _kind(next(kind for kind in show_kinds() if kind["kind"] == name))[:-1]
    yield ""
    for way in ways(name):
        yield f"  {way.by:<9} {way.text}"
    if preset is not None and name in KINDS:
        yield ""
        yield from _wrapped(f"There is a kind of this name too, with parameters: {KINDS[name].text}")
    yield ""
    yield from _wrapped('Both `when`, as {"next": 3}, and `match`, as {"recipient": "+1 650 555 1234"}, may be added.')


def check(name: str, words: tuple[str, ...] = ()) -> None:
    """Mistake for a name that nothing has, with what was probably meant."""
    from localwaba.operations import mistakes
    from localwaba.operations.fault_catalogue import check_name

    try:
        check_name(name, words)
    except mistakes.Mistake as mistake:
        raise Mistake(f"faults: {mistake}") from None


def _kind(kind: dict[str, Any]) -> list[str]:
    from localwaba.operations.fault_catalogue import shape_texts

    lines = [kind["kind"], *_wrapped(kind["text"])]
    for one in kind["parameters"]:
        default = "required" if one["required"] else f"default {json.dumps(one.get('default'))}"
        is_shape = kind["kind"] == "reshape"
        choices = f" ({', '.join(map(str, one['choices']))})" if "choices" in one and not is_shape else ""
        lines += _wrapped(f"{one['name']}: {one['text']}{choices}; {default}", "    ")
        if is_shape:
            for name, text in shape_texts().items():
                lines += _wrapped(f"{name}: {text}", "      ")
    match = f"match: {', '.join(kind['match'])}" if kind["match"] else "match: nothing"
    return [*lines, *_wrapped(match, "    "), ""]


def _preset(preset: dict[str, Any]) -> list[str]:
    reports = f"see {', '.join(preset['reports'])}"
    return [preset["preset"], *_wrapped(preset["text"]), *_wrapped(reports, "    "), ""]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _armed(url: str, token: str) -> list[str]:
    from localwaba.client.link import ControlError, Link

    try:
        with closing(Link(url, token)) as link:
            found = link.call("GET", "faults")
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
