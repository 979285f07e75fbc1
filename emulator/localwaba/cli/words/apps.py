"""`run` and `check`: commands that hold an app to what it should do."""

from __future__ import annotations

import argparse
from argparse import BooleanOptionalAction
from pathlib import Path
from typing import Any, NoReturn

from localwaba.cli.words.kind import Kind, Parser, as_typed
from localwaba.runtime.settings import PLACES

# run

_RUN_EPILOG = (
    "Without --webhook-url, --app gets the variable PORT and is called at http://127.0.0.1:$PORT/webhook. Exit "
    "status: 0 if all scenarios passed, 1 if one failed, 2 for mistakes in files or options. The format: "
    "docs/scenarios.md."
)


def _add_run(parser: Parser) -> None:
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
    parser.add_argument("-x", "--exitfirst", action="store_true", help="play nothing more once one has failed")
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


def _run(found: argparse.Namespace) -> int:
    from localwaba.cli.running import run

    return run(found)


RUN = Kind(
    "play scenario files against your app: users write, time passes, the app is held to what it should do",
    _add_run,
    as_typed,
    _run,
    {"epilog": _RUN_EPILOG},
)


# check

_CHECK_EPILOG = (
    "While it runs, the emulator answers on --port, so that an app that is pointed at it can send: only then can be "
    "judged what the app does. Exit status: 0 if every rule was kept, 1 if one was broken, 2 for mistakes and an app "
    "that is not there. All about it: docs/check.md."
)


def _add_check(parser: Parser) -> None:
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


def _check(found: argparse.Namespace) -> int:
    from localwaba.cli.checking import check

    return check(found)


CHECK = Kind(
    "check an app: does it receive webhooks as Meta requires?",
    _add_check,
    as_typed,
    _check,
    {"epilog": _CHECK_EPILOG},
)
