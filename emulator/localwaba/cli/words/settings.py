"""Options of a command that starts an emulator: one for each setting."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localwaba.cli.mistake import Mistake
from localwaba.cli.words.kind import Parser
from localwaba.runtime.settings import PLACES, BadSettings, Settings, flag_of, read_settings


def add_settings(parser: Parser) -> None:
    """A flag for each setting, and `--config`."""
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


def settings_of(flags: Mapping[str, Any], file: Path | None = None) -> Settings:
    """The settings by what was typed, the environment and a file; a bad one is a `Mistake`."""
    try:
        return read_settings(flags, os.environ, file)
    except BadSettings as bad:
        raise Mistake(str(bad)) from None


def typed_settings(found: argparse.Namespace, **instead: Any) -> Settings:
    """The settings by the options that `add_settings` adds."""
    return settings_of({name: getattr(found, name) for name in PLACES} | instead, found.config)
