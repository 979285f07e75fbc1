"""`localwaba record`: a live session of a running emulator, written down as a scenario file."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from localwaba.cli.connection import connect
from localwaba.cli.mistake import Mistake
from localwaba.cli.report_files import check_folders
from localwaba.client.following import entries_after, follow
from localwaba.client.keeping import keep
from localwaba.client.link import Link


def record(found: argparse.Namespace) -> int:
    """Writes the scenario once the session ends: with Ctrl-C, with the emulator, or at once with `--so-far`."""
    if found.file.exists() and not found.force:
        raise Mistake(f"record: {found.file} is there already: give another name, or --force")
    check_folders("record", [found.file])  # before the session, which nobody wants to play twice
    with connect("record", found) as link:
        before = _look(link)
        if found.so_far:
            entries, after = list(entries_after(link)), before
        else:
            start = before["world"]["counts"]["journal"]
            entries = _listen(link, found, start)
            after = _look_again(link, before)
        files = _keep(link, entries, found.file)
    text = _tell(found, entries, before, after, files)
    try:
        found.file.write_text(text, "utf-8")
    except OSError as error:
        raise Mistake(f"record: cannot write {found.file}: {error.strerror or error}") from None
    steps = sum(line.startswith("  - ") for line in text.splitlines())
    count = f"{steps} step{'s' * (steps != 1)}"
    print(f"{found.file}: {count}; play it: localwaba run {found.file} --webhook-url URL", file=sys.stderr)
    return 0


def _keep(link: Link, entries: list[dict[str, Any]], file: Path) -> dict[str, str]:
    """Keeps the files that users have sent in a folder named after the scenario, while the emulator is there to ask."""
    with suppress(OSError):
        return keep(link, entries, file.with_suffix(""))
    return {}


def _tell(
    found: argparse.Namespace, entries: list[dict[str, Any]], before: Any, after: Any, files: dict[str, str]
) -> str:
    from localwaba.runtime.recording import record as tell
    from localwaba.runtime.retelling import Known

    clock = after["world"]["clock"]
    known = Known(
        policy=before["world"]["policy"],
        templates=after["templates"],
        began=None if found.so_far else round(before["world"]["clock"]["now"] * 1000),
        ended=round(clock["now"] * 1000) if clock["rate"] == 0 else None,
        is_real=clock["rate"] != 0,
        files=files,
    )
    return tell(entries, found.name or found.file.stem.replace("_", " "), known)


def _look(link: Link) -> dict[str, Any]:
    return {"world": link.call("GET", "world"), "templates": link.call("GET", "templates")["templates"]}


def _look_again(link: Link, before: dict[str, Any]) -> dict[str, Any]:
    try:
        return _look(link)
    except OSError:  # the session ended because the emulator did
        return before


def _listen(link: Link, found: argparse.Namespace, after: int) -> list[dict[str, Any]]:
    """The entries behind `after` until somebody ends the recording, or the emulator ends."""
    entries: list[dict[str, Any]] = []
    with _terminable(), suppress(KeyboardInterrupt):
        print(f"recording what happens at {found.url}; Ctrl-C ends it and writes {found.file}", file=sys.stderr)
        for entry in follow(found.url, found.token, found.control_token, after):
            entries.append(entry)
            after = entry["n"]
    with suppress(OSError):  # what was on its way when it was interrupted
        entries += list(entries_after(link, after))
    return entries


@contextmanager
def _terminable() -> Generator[None, None, None]:
    """SIGTERM ends a recording as Ctrl-C does, so that `kill` loses nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
