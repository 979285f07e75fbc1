"""`serve`, `exec` and `demo`: commands that start an emulator."""

from __future__ import annotations

import argparse

from localwaba.cli.mistake import Mistake
from localwaba.cli.words.kind import Kind, Parser, as_typed
from localwaba.cli.words.settings import add_settings, typed_settings
from localwaba.runtime.settings import Settings

_EPILOG = (
    "Every option can also be set as an environment variable (--webhook-url as LOCALWABA_WEBHOOK_URL) or in "
    "localwaba.toml. Options win over variables, variables over the file."
)


# serve


def _read_serve(found: argparse.Namespace, _: list[str]) -> Settings:
    return typed_settings(found)


def _serve(settings: Settings) -> int:
    from localwaba.cli.serving import serve

    return serve(settings)


SERVE = Kind("start the emulator and keep it running", add_settings, _read_serve, _serve, {"epilog": _EPILOG})


# exec


def _read_exec(found: argparse.Namespace, program: list[str]) -> tuple[Settings, list[str]]:
    if not program:
        raise Mistake("exec: write the command after two dashes: localwaba exec -- python -m pytest")
    return typed_settings(found, port=found.port or 0), program


def _exec(asked: tuple[Settings, list[str]]) -> int:
    from localwaba.cli.execution import execute

    return execute(*asked)


EXEC = Kind(
    "start the emulator on a free port, run a command against it, end with its exit status",
    add_settings,
    _read_exec,
    _exec,
    {"epilog": _EPILOG, "usage": "localwaba exec [OPTION…] -- COMMAND [ARGUMENT…]"},
)


# demo


def _add_demo(parser: Parser) -> None:
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides the user's name and every id")
    parser.add_argument("--no-pause", action="store_true", help="show everything at once")


def _demo(found: argparse.Namespace) -> int:
    from localwaba.cli.demonstration import demonstrate

    return demonstrate(seed=found.seed, pause=not found.no_pause)


DEMO = Kind(
    "watch a sample bot chat with a synthetic user, with webhooks, ticks and refusals", _add_demo, as_typed, _demo
)
