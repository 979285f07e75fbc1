"""`tail`, `webhooks` and `record`: commands that watch a running emulator."""

from __future__ import annotations

import argparse
from pathlib import Path

from localwaba.cli.mistake import Mistake
from localwaba.cli.words.emulators import add_watched
from localwaba.cli.words.kind import Kind, Parser, as_typed

# tail


def _add_tail(parser: Parser) -> None:
    add_watched(parser)
    parser.add_argument("--user", default="", metavar="NUMBER", help="only what has to do with this user")
    kinds = ("chat", "webhooks", "calls", "platform")
    parser.add_argument("--only", action="append", default=[], choices=kinds, help="only this; may be repeated")
    parser.add_argument("--last", type=int, default=20, metavar="N", help="begin with the last N entries (default: 20)")
    parser.add_argument("--all", action="store_true", help="begin with the first entry that is kept")
    parser.add_argument("--no-follow", dest="follow", action="store_false", help="print what there is and end")
    parser.add_argument("--json", action="store_true", help="each entry of the journal as a line of JSON")


def _tail(found: argparse.Namespace) -> int:
    from localwaba.cli.tailing import tail

    return tail(found)


TAIL = Kind(
    "follow a running emulator: messages as a chat, webhooks, refusals with their reason", _add_tail, as_typed, _tail
)


# webhooks


def _add_webhooks(parser: Parser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="one delivery, in full")
    add_watched(parser)
    parser.add_argument("--curl", action="store_true", help="print the command that sends the same bytes")
    parser.add_argument("--redeliver", action="store_true", help="send it once more, whatever became of it")
    states = ("abandoned", "delivered", "pending", "unroutable")
    parser.add_argument("--state", choices=states, help="list only those in this state")
    parser.add_argument("--field", metavar="FIELD", help="list only those of this field")
    parser.add_argument("--last", type=int, default=50, metavar="N", help="list the last N (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def _read_webhooks(found: argparse.Namespace, _: list[str]) -> argparse.Namespace:
    for flag in ("curl", "redeliver"):
        if getattr(found, flag) and not found.id:
            raise Mistake(f"webhooks: --{flag} needs the id of a webhook: localwaba webhooks lists them")
    return found


def _webhooks(found: argparse.Namespace) -> int:
    from localwaba.cli.webhook_list import show

    return show(found)


WEBHOOKS = Kind(
    "list the webhooks of a running emulator; show one with its bytes, as curl, or send it again",
    _add_webhooks,
    _read_webhooks,
    _webhooks,
)


# record


def _add_record(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the scenario file that is written")
    add_watched(parser)
    parser.add_argument("--name", default="", metavar="TEXT", help="name of the scenario (default: that of the file)")
    parser.add_argument("--so-far", action="store_true", help="write what has happened until now, and end")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def _record(found: argparse.Namespace) -> int:
    from localwaba.cli.taping import record

    return record(found)


RECORD = Kind("write what happens in a running emulator down as a scenario file", _add_record, as_typed, _record)
