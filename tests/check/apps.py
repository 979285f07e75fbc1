"""Receivers under check, in this process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import receivers
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.model import Check
from localwaba.runtime.check_results import Nobody, Options, Report
from localwaba.runtime.checking import check_app
from localwaba.runtime.settings import Settings

SETTINGS = Settings(app_secret="check-secret", verify_token="check-token")


class Introduction(Nobody):
    """Tells a receiver where the emulator is, as soon as it is ready."""

    def __init__(self, receiver: receivers.Receiver) -> None:
        self._receiver = receiver

    def open(self, url: str, world: dict[str, Any], count: int) -> None:
        self._receiver.config = replace(self._receiver.config, graph_url=url, token=world["access_token"])


def check_receiver(name: str, checks: tuple[Check, ...], *, sends: bool = True, **options: Any) -> Report:
    """The report on a receiver of a name; without `sends` it does not know the emulator."""
    receiver = receivers.make(name, receivers.Config())
    with receivers.serve(receiver) as served:
        found = {"url": served.url, "settings": SETTINGS, "port": 0, "status_url": served.status_url} | options
        if sends:  # on a busy machine the first message may take its time
            found.setdefault("patience", 30.0)
        audience = Introduction(receiver) if sends else None
        return check_app(Options(checks=checks, **found), audience)


def findings(report: Report) -> dict[str, str]:
    """What was found, by the name of the check: expected and happened."""
    return {
        one.check.name: f"{one.verdict.expected} | {one.verdict.happened}"
        for one in report.results
        if one.verdict.outcome in ("failed", "warned")
    }


def outcome(report: Report, name: str) -> str:
    """How a check ended."""
    return next(one.verdict.outcome for one in report.results if one.check.name == name)


def happened(report: Report, name: str) -> str:
    """What happened in a check."""
    return next(one.verdict.happened for one in report.results if one.check.name == name)


_SOME = (
    "shape-text",
    "shape-text-special-characters",
    "shape-text-in-group",
    "shape-image",
    "shape-button",
    "shape-unsupported",
    "shape-user-changed-number",
    "shape-sent",
    "shape-failed",
    "shape-group-read",
    "field-flows",
)
NAMED = {*_SOME, *(bug.finds for bug in receivers.BUGS.values())}
USUAL = tuple(
    check for check in catalogue.CHECKS if check.group not in ("messages", "statuses", "fields") or check.name in NAMED
)
"""All checks, and of the many shapes some, so that fifty receivers are tried in a minute."""
