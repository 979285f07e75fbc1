"""Words typed into a terminal, read into a command that can be run."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import BooleanOptionalAction
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from localwaba.runtime.settings import PLACES, BadSettings, Settings, flag_of, nearest, read_settings
from localwaba.version import __version__

_EPILOG = (
    "Every option can also be set as an environment variable (--webhook-url as LOCALWABA_WEBHOOK_URL) or in "
    "localwaba.toml. Options win over variables, variables over the file."
)


_RUN_EPILOG = (
    "Without --webhook-url, --app gets the variable PORT and is called at http://127.0.0.1:$PORT/webhook. Exit "
    "status: 0 if all scenarios passed, 1 if one failed, 2 for mistakes in files or options. The format: "
    "docs/scenarios.md."
)


_CHECK_EPILOG = (
    "While it runs, the emulator answers on --port, so that an app that is pointed at it can send: only then can be "
    "judged what the app does. Exit status: 0 if every rule was kept, 1 if one was broken, 2 for mistakes and an app "
    "that is not there. All about it: docs/check.md."
)

DEFAULT_URL = "http://127.0.0.1:4080"
"""Where an emulator is looked for, if nothing else is said."""


class Mistake(Exception):
    """Something that the person who typed can put right; the text is one line."""


class Command(NamedTuple):
    """A command that has been read and only needs to be run."""

    name: str
    run: Callable[[], int]


class Kind(NamedTuple):
    """A command that can be typed: its line in the help, its options, and what reads them into what is run.

    `read` gets the options and the words after `--`.
    """

    help: str
    add: Callable[[_Parser], None]
    read: Callable[[argparse.Namespace, list[str]], Callable[[], int]]
    options: Mapping[str, Any] = {}


class _Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        raise Mistake(f"{message} (see {self.prog} --help)")


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
    found, unknown = parsers[asked].parse_known_args(before[1:])
    if unknown:
        flags = [flag for action in parsers[asked]._actions for flag in action.option_strings]
        raise Mistake(f"{asked}: unknown option {unknown[0]}{nearest(unknown[0].partition('=')[0], flags)}")
    return Command(asked, KINDS[asked].read(found, program))


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what comes after `--`."""
    if "--" not in words:
        return list(words), []
    at = list(words).index("--")
    return list(words[:at]), list(words[at + 1 :])


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    top = _Parser(prog="localwaba", description="The WhatsApp Business Platform on localhost.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"localwaba {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    parsers: dict[str, _Parser] = {}
    for name, kind in KINDS.items():
        options = dict(kind.options)
        parsers[name] = commands.add_parser(name, help=kind.help, description=kind.help, allow_abbrev=False, **options)
        kind.add(parsers[name])
    return top, parsers


def _add_demo(parser: _Parser) -> None:
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides the user's name and every id")
    parser.add_argument("--no-pause", action="store_true", help="show everything at once")


def _add_emulator(parser: _Parser) -> None:
    """Which running emulator is meant."""
    parser.add_argument("--url", default=DEFAULT_URL, help="the emulator (default: %(default)s)")
    parser.add_argument("--token", default="", help="access token of the world that is meant, if not the default one")


def _add_watched(parser: _Parser) -> None:
    """Which running emulator is watched, which may be one that others reach."""
    _add_emulator(parser)
    _add_control_token(parser)


def _add_control_token(parser: _Parser) -> None:
    parser.add_argument(
        "--control-token",
        default=os.environ.get("LOCALWABA_CONTROL_TOKEN", ""),
        metavar="TOKEN",
        help="what a server that listens beyond loopback wants (default: LOCALWABA_CONTROL_TOKEN)",
    )


def _add_tail(parser: _Parser) -> None:
    _add_watched(parser)
    parser.add_argument("--user", default="", metavar="NUMBER", help="only what has to do with this user")
    kinds = ("chat", "webhooks", "calls", "platform")
    parser.add_argument("--only", action="append", default=[], choices=kinds, help="only this; may be repeated")
    parser.add_argument("--last", type=int, default=20, metavar="N", help="begin with the last N entries (default: 20)")
    parser.add_argument("--all", action="store_true", help="begin with the first entry that is kept")
    parser.add_argument("--no-follow", dest="follow", action="store_false", help="print what there is and end")
    parser.add_argument("--json", action="store_true", help="each entry of the journal as a line of JSON")


def _add_webhooks(parser: _Parser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="one delivery, in full")
    _add_watched(parser)
    parser.add_argument("--curl", action="store_true", help="print the command that sends the same bytes")
    parser.add_argument("--redeliver", action="store_true", help="send it once more, whatever became of it")
    states = ("abandoned", "delivered", "pending", "unroutable")
    parser.add_argument("--state", choices=states, help="list only those in this state")
    parser.add_argument("--field", metavar="FIELD", help="list only those of this field")
    parser.add_argument("--last", type=int, default=50, metavar="N", help="list the last N (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def _add_record(parser: _Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the scenario file that is written")
    _add_watched(parser)
    parser.add_argument("--name", default="", metavar="TEXT", help="name of the scenario (default: that of the file)")
    parser.add_argument("--so-far", action="store_true", help="write what has happened until now, and end")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def _add_contracts(parser: _Parser) -> None:
    acts = (
        "list [TEXT…]: their names; show NAME: one as JSON Schema; validate [FILE…]: hold HAR files, journals or "
        "webhooks against them; openapi: all as OpenAPI 3.1; diff OLDER NEWER: what a Graph version changes; "
        "coverage [FILE…]: what of them journals exercised"
    )
    parser.add_argument("act", metavar="WORD", nargs="?", default="list", help=acts)
    parser.add_argument("words", nargs="*", metavar="ARGUMENT", help="names, files (- is stdin) or versions")
    parser.add_argument(
        "--graph-version", default="", metavar="V", help="pin the contracts to a version, such as v23.0"
    )
    parser.add_argument(
        "--as", dest="contract", default="", metavar="NAME", help="validate: the contract that is meant"
    )
    parser.add_argument("--url", default="", help="validate, coverage: the journal of this running emulator too")
    parser.add_argument("--token", default="", help="access token of the world that is meant, if not the default one")
    _add_control_token(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="openapi: write it there")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    parser.add_argument(
        "--of",
        default="",
        metavar="PARTS",
        help=(
            "coverage: messages,webhooks,statuses,errors (the default), operations, all-webhooks, all-statuses, "
            "all-errors, all"
        ),
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="PATTERN", help="coverage: what does not count; repeatable"
    )
    parser.add_argument("--missing", action="store_true", help="coverage: name what was not exercised")
    parser.add_argument("--html", type=Path, metavar="FILE", help="coverage: write it as one HTML page")
    parser.add_argument("--fail-under", default="", metavar="PERCENT", help="coverage: end with 1 if it is less")


def _add_faults(parser: _Parser) -> None:
    what = (
        "list: everything by name, or one NAME (the default); show NAME: what it is and how to arm it; "
        "armed: what is armed in a running emulator; kinds, presets: all of them in full"
    )
    parser.add_argument("what", nargs="?", default="list", metavar="WORD", help=what)
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="a mode, preset or kind of fault")
    _add_emulator(parser)


def _add_run(parser: _Parser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="scenario files, or folders of them")
    parser.add_argument("--webhook-url", metavar="URL", help="where the app takes its webhooks")
    parser.add_argument("--app", metavar="COMMAND", help="start the app with this command, its environment set")
    parser.add_argument("--only", default="", metavar="TEXT", help="play only scenarios with this text in their name")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="set a variable; may be repeated"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the results as one HTML page, with the chats")
    parser.add_argument("--chat", action=BooleanOptionalAction, help="show every message (default: on a terminal)")
    parser.add_argument("--wait", type=float, default=60.0, metavar="S", help="seconds until the app has to listen")
    parser.add_argument("--port", metavar="N", help="port of the emulator (default: 4080, with --app any free one)")
    parser.add_argument("--verify-token", metavar="TOKEN", help=PLACES["verify_token"].text)
    parser.add_argument("--app-secret", metavar="SECRET", help=PLACES["app_secret"].text)
    parser.add_argument(
        "--schema", action=_Schema, nargs=0, help="print the JSON Schema of scenario files, for editors"
    )


class _Schema(argparse.Action):
    """Prints the schema and ends, as `--version` does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from localwaba_scenarios.reading import raw_schema

        print(raw_schema(), end="")
        parser.exit()


def _add_check(parser: _Parser) -> None:
    parser.add_argument("target", nargs="?", metavar="URL", help="where the app takes its webhooks")
    app = "start the app with this command, its environment set; without URL it is called at :$PORT/webhook"
    parser.add_argument("--app", default="", metavar="COMMAND", help=app)
    parser.add_argument("--wait", type=float, default=60.0, metavar="S", help="seconds until the app has to listen")
    parser.add_argument("--app-secret", metavar="SECRET", help=PLACES["app_secret"].text)
    parser.add_argument("--verify-token", metavar="TOKEN", help=PLACES["verify_token"].text)
    parser.add_argument("--port", metavar="N", help="port of the emulator (default: 4080, or any if it is taken)")
    only = "only these checks, by name, beginning of a name, or group; may be repeated"
    parser.add_argument("--only", action="append", default=[], metavar="NAME,…", help=only)
    parser.add_argument("--skip", action="append", default=[], metavar="NAME,…", help="all checks but these")
    parser.add_argument("--list", action="store_true", help="show the checks with their rules and sources")
    parser.add_argument("--all", action="store_true", help="name each check in the result, not only what was found")
    parser.add_argument("--text", default="Hello", help="a text that the app answers (default: %(default)s)")
    status = "where the app tells the status of a message that it sent, with {wamid} in it"
    parser.add_argument("--status-url", default="", metavar="URL", help=status)
    patience = "seconds that the app has for its first message (default: %(default)s)"
    parser.add_argument("--patience", type=float, default=3.0, metavar="S", help=patience)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the results as one HTML page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument(
        "--replay", default="", metavar="NAME", help="send the bytes of a finding again: its name or file"
    )
    keep = "folder for the bytes of findings (default: %(default)s)"
    parser.add_argument("--keep", type=Path, default=Path(".localwaba/check"), metavar="FOLDER", help=keep)
    allow = f"{PLACES['allow_targets'].text}; may be repeated"
    parser.add_argument("--allow-target", "--allow-targets", action="append", metavar="HOST,…", help=allow)
    parser.add_argument("--webhook-ca", metavar="FILE", help=PLACES["webhook_ca"].text)
    parser.add_argument("--config", type=Path, metavar="FILE", help="file of settings instead of ./localwaba.toml")


def _add_cost(parser: _Parser) -> None:
    columns = "country or market (* for all others), category, rate, currency and, for tiers, from and to"
    parser.add_argument("--rates", required=True, type=Path, metavar="FILE", help=f"CSV file: {columns}")
    _add_emulator(parser)
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="count a snapshot instead of an emulator")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def _add_settings(parser: _Parser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="file of settings instead of ./localwaba.toml")
    for name, place in PLACES.items():
        if name == "quiet":
            parser.add_argument(flag_of(name), action="store_true", default=None, help=place.text)
        elif name in ("policy", "fields", "faults", "allow_targets"):
            text = f"{place.text}; may be repeated"
            parser.add_argument(flag_of(name), action="append", dest=name, metavar=place.metavar, help=text)
        else:
            default = getattr(Settings, name, None)
            default = Settings().__getattribute__(name) if default is not None else ""
            shown = f" (default: {default})" if default not in ("", None) else ""
            parser.add_argument(flag_of(name), dest=name, metavar=place.metavar, help=place.text + shown)


def _settings(found: argparse.Namespace, **instead: Any) -> Settings:
    flags = {name: getattr(found, name) for name in PLACES} | instead
    try:
        return read_settings(flags, os.environ, found.config)
    except BadSettings as bad:
        raise Mistake(str(bad)) from None


def _serve(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    settings = _settings(found)

    def run() -> int:
        from localwaba.cli.serving import serve

        return serve(settings)

    return run


def _exec(found: argparse.Namespace, program: list[str]) -> Callable[[], int]:
    if not program:
        raise Mistake("exec: write the command after two dashes: localwaba exec -- python -m pytest")
    settings = _settings(found, port=found.port or 0)

    def run() -> int:
        from localwaba.cli.execution import execute

        return execute(settings, program)

    return run


def _run(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.running import run as play

        return play(found)

    return run


def _check(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.checking import check

        return check(found)

    return run


def _cost(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.cost import cost

        return cost(found.rates, found.url, found.snapshot, found.token, as_json=found.json)

    return run


def _demo(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.demonstration import demonstrate

        return demonstrate(seed=found.seed, pause=not found.no_pause)

    return run


def _faults(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.fault_list import show

        is_asked = found.url is not DEFAULT_URL or bool(found.token)  # of this very object: it was not typed
        return show(found.what, found.name, found.url, found.token, is_asked=is_asked)

    return run


def _tail(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.tailing import tail

        return tail(found)

    return run


def _webhooks(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    for flag in ("curl", "redeliver"):
        if getattr(found, flag) and not found.id:
            raise Mistake(f"webhooks: --{flag} needs the id of a webhook: localwaba webhooks lists them")

    def run() -> int:
        from localwaba.cli.webhook_list import show

        return show(found)

    return run


def _record(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.taping import record

        return record(found)

    return run


def _contracts(found: argparse.Namespace, _: list[str]) -> Callable[[], int]:
    def run() -> int:
        from localwaba.cli.contract_book import contracts

        return contracts(found)

    return run


KINDS: dict[str, Kind] = {
    "serve": Kind("start the emulator and keep it running", _add_settings, _serve, {"epilog": _EPILOG}),
    "demo": Kind("watch a sample bot chat with a synthetic user, with webhooks, ticks and refusals", _add_demo, _demo),
    "exec": Kind(
        "start the emulator on a free port, run a command against it, end with its exit status",
        _add_settings,
        _exec,
        {"epilog": _EPILOG, "usage": "localwaba exec [OPTION…] -- COMMAND [ARGUMENT…]"},
    ),
    "run": Kind(
        "play scenario files against your app: users write, time passes, the app is held to what it should do",
        _add_run,
        _run,
        {"epilog": _RUN_EPILOG},
    ),
    "check": Kind(
        "check an app: does it receive webhooks as Meta requires?", _add_check, _check, {"epilog": _CHECK_EPILOG}
    ),
    "tail": Kind(
        "follow a running emulator: messages as a chat, webhooks, refusals with their reason", _add_tail, _tail
    ),
    "webhooks": Kind(
        "list the webhooks of a running emulator; show one with its bytes, as curl, or send it again",
        _add_webhooks,
        _webhooks,
    ),
    "record": Kind("write what happens in a running emulator down as a scenario file", _add_record, _record),
    "contracts": Kind(
        "list, show and compare the contracts of the wire; hold recorded traffic against them",
        _add_contracts,
        _contracts,
    ),
    "cost": Kind("estimate what the traffic of an emulator would cost, by a rate card of yours", _add_cost, _cost),
    "faults": Kind("show what can go wrong on purpose, and what is armed in a running emulator", _add_faults, _faults),
}
"""The commands, in the order of the help. What a command needs is imported when it runs."""
