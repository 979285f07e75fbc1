"""`localwaba webhooks`: the deliveries of a running emulator; one of them in full, as curl, or once more."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from localwaba.cli.chronicle import sent_of
from localwaba.cli.connection import connect
from localwaba.cli.render import clock

_STYLES = {"delivered": "green", "pending": "yellow", "abandoned": "red", "unroutable": "red"}


def show(found: argparse.Namespace) -> int:
    """Prints the list, or does with one delivery what was asked; the exit status."""
    with connect("webhooks", found) as link:
        if not found.id:
            query = {"state": found.state, "field": found.field, "limit": found.last}
            _list(link.call("GET", "webhooks", query=query)["webhooks"], as_json=found.json)
        elif found.redeliver:
            link.call("POST", f"webhooks/{found.id}/redeliver")
            link.call("POST", "settle")
            _one(link.call("GET", f"webhooks/{found.id}"), found)
        else:
            _one(link.call("GET", f"webhooks/{found.id}"), found)
    return 0


def _list(deliveries: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(deliveries, ensure_ascii=False, indent=2))
        return
    if not deliveries:
        print("no webhook yet")
        return
    table = Table(box=SIMPLE, header_style="bold", pad_edge=False)
    for name in ("id", "time", "field", "what", "state", "tries", "answer", "ms"):
        table.add_column(name, justify="right" if name in ("tries", "ms") else "left", no_wrap=name in ("id", "time"))
    for one in deliveries:
        last = one["attempts"][-1] if one["attempts"] else {}
        answer = str(last.get("status") or last.get("error") or "")
        took = f"{last['latency_ms']:.0f}" if last.get("latency_ms") is not None else ""
        state = Text(one["state"], _STYLES.get(one["state"], ""))
        told, moment = sent_of(one), clock(round(one["at"] * 1000))
        table.add_row(one["id"], moment, one["field"], told.what, state, str(len(one["attempts"])), answer, took)
    Console(highlight=False, emoji=False).print(table)
    print("one of them in full: localwaba webhooks ID; its command: --curl; once more: --redeliver")


def _one(one: dict[str, Any], found: argparse.Namespace) -> None:
    if found.curl:
        print(one["as_curl"])
        return
    if found.json:
        print(json.dumps(one, ensure_ascii=False, indent=2))
        return
    print(f"{one['id']}  {one['field']}  {one['state']}  POST {one['url'] or '(no app is subscribed)'}")
    for name, value in one["headers"].items():
        print(f"  {name}: {value}")
    print(f"\n{one['raw']}\n")
    for number, attempt in enumerate(one["attempts"], 1):
        told = attempt.get("error") or attempt.get("status")
        print(f"try {number}  {clock(round(attempt['at'] * 1000))}  {told}  {attempt['latency_ms']:.0f} ms")
        if attempt.get("answer"):
            print(f"  {attempt['answer']}")
    if one["next_at"]:
        print(f"next try at {clock(round(one['next_at'] * 1000))}")
