"""The pytest plugin `localwaba`: fixtures `waba` and `waba_server`, marker `waba`.

Every pytest run of everybody who has localwaba installed imports this module: it imports pytest and the standard
library only, and the emulator when the first test asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localwaba.client import Waba
    from pytest_localwaba.server import Server
    from pytest_localwaba.sharing import Door
    from pytest_localwaba.worlds import Held

# The plugin's own module is rewritten by itself, its siblings are not when the install is an editable one.
pytest.register_assert_rewrite("pytest_localwaba.asserts", "pytest_localwaba.strategies")

MARKER = (
    "waba(seed=…, policy={…}, clock=…, strict=True, strict_statuses=False): the world that the fixture `waba` gives "
    "this test. clock is a time at which it stands still, 'real', or {'mode', 'now', 'rate'}. strict: a refused call "
    "of the app fails the test; strict_statuses: a message that fails later does too."
)
DOOR = "localwaba_door"
_door: pytest.StashKey[Door] = pytest.StashKey()
_held: pytest.StashKey[Held] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and the settings of the plugin."""
    group = parser.getgroup("localwaba", "WhatsApp Business Platform on localhost")
    group.addoption(
        "--waba-url",
        metavar="URL",
        help="use this running emulator instead of starting one (also: LOCALWABA_URL)",
    )
    parser.addini("waba_seed", "seed of the worlds of tests that do not name one", default="0")
    parser.addini("waba_strict", "a refused call of the app fails its test", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line("markers", MARKER)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Says which emulator is used, if it is not our own."""
    url = given_url(config)
    return f"localwaba: {url}" if url else None


def given_url(config: pytest.Config) -> str:
    """The running emulator that somebody named; empty if nobody did."""
    return config.getoption("--waba-url") or os.environ.get("LOCALWABA_URL", "")


@pytest.fixture(scope="session")
def waba_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The emulator of this run: `.url`, `.new_world(**options)`; one for all workers of pytest-xdist."""
    from pytest_localwaba.server import open_server

    workerinput: dict[str, Any] = getattr(request.config, "workerinput", {})
    server = open_server(given_url(request.config), workerinput.get(DOOR))
    yield server
    server.stop()


@pytest.fixture
def waba(request: pytest.FixtureRequest, waba_server: Server) -> Iterator[Waba]:
    """An isolated world for this test: users, time, and everything that the app did (a `localwaba.Waba`)."""
    from pytest_localwaba.worlds import make_world, read_marks

    held = make_world(waba_server, request.node.nodeid, read_marks(request.node))
    request.node.stash[_held] = held
    yield held.waba
    held.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that passed fails if the app was refused something that the test did not expect."""
    result = yield
    held = item.stash.get(_held, None)
    if held is not None and held.is_open:
        from pytest_localwaba.asserts import assert_nothing_refused

        assert_nothing_refused(held.waba, held.strict, held.strict_statuses)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a failure what happened in its world."""
    report = yield
    held = item.stash.get(_held, None)
    if held is not None and held.is_open and report.failed:
        report.sections.append(("localwaba", held.story(report.longreprtext)))
    return report


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
    node.workerinput[DOOR] = door.port


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the shared server."""
    door = config.stash.get(_door, None)
    if door is not None:
        door.close()
