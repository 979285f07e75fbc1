"""`contracts`, `cost` and `faults`: commands that look something up."""

from __future__ import annotations

import argparse
from pathlib import Path

from localwaba.cli.words.emulators import DEFAULT_URL, add_control_token, add_emulator
from localwaba.cli.words.kind import Kind, Parser, as_typed

# contracts


def _add_contracts(parser: Parser) -> None:
    acts = (
        "list [TEXT…]: their names; show NAME: one as JSON Schema; validate [FILE…]: hold HAR files, journals or "
        "webhooks against them; openapi: all as OpenAPI 3.1; diff OLDER NEWER: what a Graph version changes; "
        "coverage [FILE…]: what of them an app exercised: reports of pytest, journals and HAR files, together"
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
    add_control_token(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="openapi, coverage: write the JSON there")
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


def _contracts(found: argparse.Namespace) -> int:
    from localwaba.cli.contract_book import contracts

    return contracts(found)


CONTRACTS = Kind(
    "list, show and compare the contracts of the wire; hold recorded traffic against them",
    _add_contracts,
    as_typed,
    _contracts,
)


# cost


def _add_cost(parser: Parser) -> None:
    columns = "country or market (* for all others), category, rate, currency and, for tiers, from and to"
    parser.add_argument("--rates", required=True, type=Path, metavar="FILE", help=f"CSV file: {columns}")
    add_emulator(parser)
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="count a snapshot instead of an emulator")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def _cost(found: argparse.Namespace) -> int:
    from localwaba.cli.cost import cost

    return cost(found.rates, found.url, found.snapshot, found.token, as_json=found.json)


COST = Kind("estimate what the traffic of an emulator would cost, by a rate card of yours", _add_cost, as_typed, _cost)


# faults


def _add_faults(parser: Parser) -> None:
    what = (
        "list: everything by name, or one NAME (the default); show NAME: what it is and how to arm it; "
        "armed: what is armed in a running emulator; kinds, presets: all of them in full"
    )
    parser.add_argument("what", nargs="?", default="list", metavar="WORD", help=what)
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="a mode, preset or kind of fault")
    add_emulator(parser)


def _faults(found: argparse.Namespace) -> int:
    from localwaba.cli.fault_list import show

    is_asked = found.url is not DEFAULT_URL or bool(found.token)  # of this very object: it was not typed
    return show(found.what, found.name, found.url, found.token, is_asked=is_asked)


FAULTS = Kind(
    "show what can go wrong on purpose, and what is armed in a running emulator", _add_faults, as_typed, _faults
)
