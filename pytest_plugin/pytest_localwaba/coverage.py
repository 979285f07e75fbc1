"""Contract coverage of a run: what the app's tests exercised, of all workers, as a table, JSON and HTML.

Every run imports this module: what does the work is imported when coverage is asked for.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import pytest

from pytest_localwaba.options import boolean, graph_version, nearest

if TYPE_CHECKING:
    from localwaba import Waba
    from localwaba.client import Link
    from localwaba_contracts.coverage import Coverage
    from pytest_localwaba.server import Server
    from pytest_localwaba.sharing import Door

KEY = "localwaba_coverage"
_TERMINAL = ("term", "term-missing")
_FILES = ("json", "html")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be told: `terminal` is a table ("term"), also what is missing ("term-missing"), or nothing."""

    terminal: str
    files: tuple[tuple[str, Path], ...]
    fail_under: float
    parts: tuple[str, ...]
    ignore: tuple[str, ...]
    version: str


def add_options(parser: pytest.Parser) -> None:
    """Declares them."""
    group = parser.getgroup("localwaba", "WhatsApp Business Platform on localhost")
    group.addoption("--waba-cov", action="store_true", help="tell what of the contracts the tests exercised")
    group.addoption(
        "--waba-cov-report",
        action="append",
        metavar="TYPE",
        help="how: term, term-missing, json:FILE, html:FILE; may be repeated",
    )
    group.addoption("--waba-cov-fail-under", metavar="PERCENT", help="fail if less of the contracts was exercised")
    group.addoption(
        "--waba-cov-of",
        metavar="PARTS",
        help="what counts: messages,webhooks,statuses,errors (the default), operations, all-webhooks, "
        "all-statuses, all-errors, all",
    )
    parser.addini("waba_cov", "tell what of the contracts the tests exercised", default="false")
    parser.addini("waba_cov_report", "how: term, term-missing, json:FILE, html:FILE", type="linelist")
    parser.addini("waba_cov_fail_under", "fail if less of the contracts was exercised, in percent", default="")
    parser.addini("waba_cov_of", "which parts of the contracts count", default="")
    parser.addini("waba_cov_ignore", "patterns of what does not count, such as errors:1320*", type="linelist")


def start(config: pytest.Config) -> ContractCoverage | None:
    """Begins to count if that is asked for; UsageError for what makes no sense."""
    wanted = read_wanted(config)
    if wanted is None:
        return None
    coverage = ContractCoverage(config, wanted)
    config.pluginmanager.register(coverage, KEY)
    return coverage


def read_wanted(config: pytest.Config) -> Wanted | None:
    """What was asked for, if anything: any of the options is enough, of the settings only `waba_cov`."""
    option, ini = config.getoption, config.getini
    given = [option(f"--waba-cov{name}") for name in ("", "-report", "-fail-under", "-of")]
    if not any(one not in (None, False) for one in given) and not boolean("waba_cov", ini("waba_cov")):
        return None
    where = "--waba-cov-report" if given[1] is not None else "waba_cov_report"
    reports = [_report(where, text) for text in (given[1] or ini("waba_cov_report"))]
    base = config.invocation_params.dir
    terminal = max((name for name, _ in reports if name in _TERMINAL), default="")
    if not terminal and (given[0] or not reports):
        terminal = "term"
    return Wanted(
        terminal=terminal,
        files=tuple((name, base / file) for name, file in reports if file),
        fail_under=_percentage(*_said(config, "fail-under")),
        parts=(parts := _parts(*_said(config, "of"))),
        ignore=_patterns(tuple(ini("waba_cov_ignore")), parts),
        version=graph_version(str(ini("waba_version"))),
    )


def _said(config: pytest.Config, name: str) -> tuple[str, str]:
    option = config.getoption(f"--waba-cov-{name}")
    if option is not None:
        return f"--waba-cov-{name}", str(option)
    setting = f"waba_cov_{name.replace('-', '_')}"
    return setting, str(config.getini(setting))


def _report(where: str, text: str) -> tuple[str, str]:
    name, _, file = text.partition(":")
    if (name in _TERMINAL and ":" not in text) or (name in _FILES and file):
        return name, file
    raise pytest.UsageError(f"{where} is term, term-missing, json:FILE or html:FILE, not {text!r}")


def _percentage(where: str, text: str) -> float:
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise pytest.UsageError(f"{where} is a percentage from 0 to 100, not {text!r}")
    return found


def _parts(where: str, text: str) -> tuple[str, ...]:
    from localwaba_contracts.coverage import DEFAULT, words

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in words():
            raise pytest.UsageError(f"{where}: there is no part {name!r}{nearest(name, words())}")
    return names or DEFAULT


def _patterns(patterns: tuple[str, ...], parts: Sequence[str]) -> tuple[str, ...]:
    from localwaba_contracts.coverage import is_meant, measure, units

    for pattern in patterns:
        if not any(is_meant(pattern, unit) for unit in units()):
            known = [unit.name for unit in units()] + [unit.key for unit in units()]
            near = nearest(pattern, known) if "*" not in pattern else ""
            hint = near if near.endswith("?") else ""
            raise pytest.UsageError(f"waba_cov_ignore: {pattern!r} stands for nothing{hint}")
    if not measure({}, parts, patterns).total:
        raise pytest.UsageError("waba_cov_ignore leaves nothing that counts")
    return patterns


class ContractCoverage:
    """A plugin of its own: counts what happened in worlds before they end, and tells it when the run ends."""

    def __init__(self, config: pytest.Config, wanted: Wanted) -> None:
        self.config = config
        self.wanted = wanted
        self.counts: Counter[str] = Counter()
        self.door: Door | None = None
        self._shared: Link | None = None
        self._seen = 0
        self._lines: list[str] = []
        self._failure = ""

    @property
    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    # what happened

    def watch(self, server: Server) -> None:
        """Has the worlds of a server counted before they end."""
        server.before_end = self.count_world

    def leave(self, server: Server) -> None:
        """Counts the default world of a server that ends; one that is shared is counted by the controller."""
        if server.is_own:
            self.count(server.link)

    def count_world(self, waba: Waba) -> None:
        """Counts what happened in a world that will forget it."""
        self.count(waba.link)

    def count(self, link: Link, after: int = 0) -> None:
        """Counts what happened in a world behind entry `after`; a server that is gone has nothing to tell."""
        from localwaba.client import ControlError
        from localwaba.client.following import entries_after
        from localwaba_contracts.coverage import count

        entries: list[Mapping[str, Any]] = []
        with suppress(OSError, ControlError):
            entries.extend(entries_after(link, after))
        self.counts += count(entries, after)

    # hooks

    def pytest_sessionstart(self) -> None:
        """Notes what the default world of a running emulator has in its journal: it is not of this run."""
        from pytest_localwaba.options import given_url

        url = given_url(self.config)
        if url and not self._is_worker:
            from localwaba.client import ControlError, Link

            with suppress(OSError, ControlError, ValueError):
                link = Link(url, control_token=os.environ.get("LOCALWABA_CONTROL_TOKEN", ""))
                self._seen = link.call("GET", "world")["counts"]["journal"]
                self._shared = link

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Takes the counts of a worker of pytest-xdist."""
        self.counts += Counter(getattr(node, "workeroutput", {}).get(KEY, {}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hands the counts over, in a worker; else writes the files, and fails the run that has too little."""
        if self._is_worker:
            self.config.workeroutput[KEY] = dict(self.counts)  # type: ignore[attr-defined]
            return
        if self._shared is not None:
            self.count(self._shared, self._seen)
            self._shared.close()
        elif self.door is not None and self.door.link is not None:
            self.count(self.door.link)
        if self.config.getoption("collectonly"):
            return
        self._tell()
        if self._failure and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Shows the table, the files that were written, and what is not enough."""
        if self.config.getoption("collectonly") or self._is_worker:
            return
        if self.wanted.terminal:
            terminalreporter.section("contract coverage", "-")
        for line in self._lines:
            terminalreporter.write_line(line)
        if self._failure:
            terminalreporter.write_line(f"localwaba: {self._failure}", red=True, bold=True)

    def _tell(self) -> None:
        from localwaba.runtime.coverage import shortfall, table
        from localwaba_contracts.coverage import measure

        wanted = self.wanted
        coverage = measure(self.counts, wanted.parts, wanted.ignore, wanted.version)
        if wanted.terminal:
            width = get_terminal_size().columns
            self._lines += table(coverage, with_missing=wanted.terminal == "term-missing", width=width)
        self._failure = shortfall(coverage, wanted.fail_under)
        for kind, path in wanted.files:
            self._write(coverage, kind, path)

    def _write(self, coverage: Coverage, kind: str, path: Path) -> None:
        from localwaba.runtime.coverage import as_json, html

        text = as_json(coverage) if kind == "json" else html(coverage, self.wanted.fail_under)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self._failure = f"the contract coverage cannot be written to {path}: {error.strerror or error}"
        else:
            self._lines.append(f"contract coverage as {kind.upper()} in {path}")
