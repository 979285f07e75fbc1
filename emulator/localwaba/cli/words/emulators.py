"""Options that say which running emulator is meant."""

from __future__ import annotations

import os

from localwaba.cli.words.kind import Parser

DEFAULT_URL = "http://127.0.0.1:4080"
"""Where an emulator is looked for, if nothing else is said."""


def add_emulator(parser: Parser) -> None:
    """Which running emulator is meant."""
    parser.add_argument("--url", default=DEFAULT_URL, help="the emulator (default: %(default)s)")
    parser.add_argument("--token", default="", help="access token of the world that is meant, if not the default one")


def add_watched(parser: Parser) -> None:
    """Which running emulator is watched, which may be one that others reach."""
    add_emulator(parser)
    add_control_token(parser)


def add_control_token(parser: Parser) -> None:
    """What opens the control API of an emulator that others reach, too."""
    parser.add_argument(
        "--control-token",
        default=os.environ.get("LOCALWABA_CONTROL_TOKEN", ""),
        metavar="TOKEN",
        help="what a server that listens beyond loopback wants (default: LOCALWABA_CONTROL_TOKEN)",
    )
