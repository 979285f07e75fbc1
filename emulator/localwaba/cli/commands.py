"""Words typed into a terminal, read into a command that can be run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from localwaba.cli.mistake import Mistake
from localwaba.cli.words.apps import CHECK, RUN
from localwaba.cli.words.books import CONTRACTS, COST, FAULTS
from localwaba.cli.words.journals import RECORD, TAIL, WEBHOOKS
from localwaba.cli.words.kind import Kind, Parser
from localwaba.cli.words.servers import DEMO, EXEC, SERVE
from localwaba.runtime.settings import nearest
from localwaba.version import __version__

KINDS: dict[str, Kind[Any]] = {
    "serve": SERVE,
    "demo": DEMO,
    "exec": EXEC,
    "run": RUN,
    "check": CHECK,
    "tail": TAIL,
    "webhooks": WEBHOOKS,
    "record": RECORD,
    "contracts": CONTRACTS,
    "cost": COST,
    "faults": FAULTS,
}
"""The commands, in the order of the help."""


class Command(NamedTuple):
    """A command that has been read and only needs to be run."""

    name: str
    run: Callable[[], int]


def read_command(words: Sequence[str]) -> Command:
    """The command that the words ask for; raises `Mistake`. `--help` and `--version` print and raise `SystemExit`."""
    before, program = _split(words)
    parser, parsers = _parsers()
    if not before:
        parser.print_help(sys.stderr)
        raise Mistake("no command given; begin with: localwaba demo")
    asked = before[0]
    if asked.startswith("-"):
        parser.parse_known_args([asked])  # ends here for --help and --version
        raise Mistake(f"unknown option {asked}{nearest(asked, ['--help', '--version'])}")
    if asked not in parsers:
        raise Mistake(f"there is no command {asked}{nearest(asked, parsers)}")
    kind = KINDS[asked]
    kind.add(parsers[asked])  # of all others only the line in the help is needed
    found, unknown = parsers[asked].parse_known_intermixed_args(before[1:])
    if unknown:
        known = _places(parsers[asked])
        if not unknown[0].startswith("-"):
            hint = f"; a command stands after two dashes: localwaba exec -- {_rest(before, unknown)}"
            hint = hint if asked == "exec" else ""
            raise Mistake(f"{asked}: {unknown[0]} is one word too many{hint}")
        raise Mistake(f"{asked}: unknown option {unknown[0]}{nearest(unknown[0].partition('=')[0], known)}")
    return Command(asked, partial(kind.run, kind.read(found, program)))


def _rest(words: Sequence[str], unknown: Sequence[str]) -> str:
    """All words from the first one on that was too many."""
    return shlex.join(words[words.index(unknown[0]) :])


def options(command: str) -> dict[str, str]:
    """The options of a command, each with the name of what it sets."""
    _, parsers = _parsers()
    KINDS[command].add(parsers[command])
    return _places(parsers[command])


def _places(parser: Parser) -> dict[str, str]:
    return {flag: action.dest for action in parser._actions for flag in action.option_strings}


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what comes after `--`."""
    if "--" not in words:
        return list(words), []
    at = list(words).index("--")
    return list(words[:at]), list(words[at + 1 :])


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    top = Parser(prog="localwaba", description="The WhatsApp Business Platform on localhost.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"localwaba {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    parsers: dict[str, Parser] = {}
    for name, kind in KINDS.items():
        options = dict(kind.options)
        parsers[name] = commands.add_parser(name, help=kind.help, description=kind.help, allow_abbrev=False, **options)
    return top, parsers
