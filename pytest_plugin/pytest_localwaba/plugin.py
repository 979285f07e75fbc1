"""The pytest plugin `localwaba`: fixtures `waba`, `awaba` and `waba_server`, marker `waba`.

Every pytest run of everybody who has localwaba installed imports this module: it imports pytest and the standard
library only, and the emulator when the first test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_localwaba import coverage
from pytest_localwaba.choosing import is_scenario
from pytest_localwaba.options import Options, add_options, given_url, read_options

if TYPE_CHECKING:
    from pathlib import Path

    from localwaba.client import AsyncWaba, Waba
    from pytest_localwaba.server import Server
    from pytest_localwaba.sharing import Door
    from pytest_localwaba.worlds import Held

# The plugin's own module is rewritten by itself, its siblings are not when the install is an editable one.
pytest.register_assert_rewrite("pytest_localwaba.asserts", "pytest_localwaba.strategies")

MARKER = (
    "waba(seed=…, policy={…}, profile=…, clock=…, version=…, timeout=…, intercept=False, strict=True, "
    "strict_statuses=False): the world that the fixtures `waba` and `awaba` give this test. clock is a time at which "
    "it stands still, 'real', or {'mode', 'now', 'rate'}. version: the Graph version of webhooks. timeout: how long "
    "tests wait for the app, in seconds. intercept: calls to graph.facebook.com come here. strict: a call of the app "
    "that is refused, at once or later by its mistake, fails the test; strict_statuses: so does any message that fails."
)
DOOR = "localwaba_door"
__tracebackhide__ = True  # failures of tests are shown where the test is
_coverage: pytest.StashKey[coverage.ContractCoverage | None] = pytest.StashKey()
_door: pytest.StashKey[Door] = pytest.StashKey()
_held: pytest.StashKey[Held] = pytest.StashKey()
_options: pytest.StashKey[Options] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and the settings of the plugin."""
    add_options(parser)
    coverage.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, and holds the options against what they can be."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_options] = read_options(config)
    config.stash[_coverage] = coverage.start(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Says which emulator is used, if it is not our own."""
    url = given_url(config)
    return f"localwaba: {url}" if url else None


@pytest.fixture(scope="session")
def waba_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The emulator of this run: `.url`, `.new_world(**options)`; one for all workers of pytest-xdist."""
    from pytest_localwaba.server import open_server

    workerinput: dict[str, Any] = getattr(request.config, "workerinput", {})
    server = open_server(request.config.stash[_options].url, workerinput.get(DOOR))
    covered = request.config.stash[_coverage]
    if covered is not None:
        covered.watch(server)
    yield server
    if covered is not None:
        covered.leave(server)
    server.stop()


@pytest.fixture
def waba(request: pytest.FixtureRequest, waba_server: Server) -> Iterator[Waba]:
    """An isolated world for this test: users, time, and everything that the app did (a `localwaba.Waba`)."""
    from pytest_localwaba.reports import end
    from pytest_localwaba.worlds import make_world, read_marks

    marks = read_marks(request.node, request.config.stash[_options])
    held = make_world(waba_server, request.node.nodeid, marks)
    request.node.stash[_held] = held
    yield held.waba
    end(held, request.node.nodeid, request.config.stash[_options].save)


@pytest.fixture
def awaba(request: pytest.FixtureRequest, waba: Waba) -> AsyncWaba:
    """The world of this test for `async def`: what is a call in `waba` is awaited (a `localwaba.AsyncWaba`)."""
    from pytest_localwaba.asynchrony import make_async

    found = make_async(waba, request.function)
    request.node.stash[_held].aio = found
    return found


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that passed fails if the app was refused something that the test did not expect."""
    held = item.stash.get(_held, None)
    if held is not None and held.aio is not None and isinstance(item, pytest.Function):
        from pytest_localwaba.asynchrony import enclose

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(item, "obj", enclose(item.obj, held.aio))
            result = yield
    else:
        result = yield
    if held is not None and held.is_open:
        from pytest_localwaba.asserts import hold

        hold(held)
        held.is_passed = True
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a failure what happened in its world."""
    found = yield
    held = item.stash.get(_held, None)
    if held is not None and found.failed and (held.is_open or held.told is not None):
        from pytest_localwaba.reports import report

        told, held.told = held.told, None
        if told is None:
            told = report(held, item.nodeid, found.longreprtext, item.config.stash[_options].save)
        found.sections += told.sections
        found.user_properties += told.properties
        item.user_properties += told.properties  # JUnit XML takes those of the last report, the teardown's
    return found


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Scenario files are tests, where somebody has said which YAML files are some."""
    if file_path.suffix not in (".yaml", ".yml") or not is_scenario(file_path, parent):
        return None
    from pytest_localwaba.collecting import collect_file

    return collect_file(file_path, parent)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist where to ask for the server that all of them share."""
    config: pytest.Config = node.config
    if given_url(config):
        return
    door = config.stash.get(_door, None)
    if door is None:
        from pytest_localwaba.sharing import Door

        door = config.stash[_door] = Door()
        covered = config.stash[_coverage]
        if covered is not None:
            covered.door = door
    node.workerinput[DOOR] = door.port


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the shared server."""
    door = config.stash.get(_door, None)
    if door is not None:
        door.close()
