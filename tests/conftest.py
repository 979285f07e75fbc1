"""What all tests have in common."""

import faulthandler
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from localwaba.wire import webhooks
from localwaba_contracts.validate import violation

pytest_plugins = ["pytester"]

# How long an example takes says more of what else the machine does than of the code; speed is measured elsewhere.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Programs that tests start are compiled once, also where nothing may be written beside the sources."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # half a second at each of a hundred starts
        os.environ["PYTHONPYCACHEPREFIX"] = folder = tempfile.mkdtemp(prefix="localwaba-bytecode-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    config.pluginmanager.register(Watch(), "watch")


class Watch:
    """Ends this process, with the stacks of all threads, if a test hangs where no signal of the timeout reaches it.

    pytest's own `faulthandler_timeout` does so for each test, and spends more on it than most tests here need.
    """

    PATIENCE, OFTEN = 240.0, 20.0

    def __init__(self) -> None:
        self._stderr = os.dup(2)  # pytest captures only later
        self._since = 0.0

    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        own = item.get_closest_marker("timeout")
        longer = float(own.args[0]) + 60 if own else 0.0
        if longer > self.PATIENCE or time.monotonic() - self._since > self.OFTEN:
            self._since = time.monotonic()
            faulthandler.dump_traceback_later(max(self.PATIENCE, longer), exit=True, file=self._stderr)

    def pytest_unconfigure(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        os.close(self._stderr)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Clients of httpx share the authorities that they trust; each would read all 140 anew, which takes it 30 ms."""
    transports: Any = sys.modules.get("httpx._transports.default")
    if transports is not None and hasattr(transports, "create_ssl_context"):
        transports.create_ssl_context = cache(transports.create_ssl_context)


def _make_importable(name: str) -> None:
    """Registers a package beside this file, without putting the folder, which holds an `http`, on the path."""
    folder = Path(__file__).parent / name
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


for _name in ("bots", "neighbours", "receivers"):
    _make_importable(_name)


@pytest.fixture(scope="session", autouse=True)
def _broken_webhooks() -> Iterator[list[str]]:
    """Holds every webhook but `messages` that is made of what happens in this process against its field's contract."""
    make, broken = webhooks.value, []

    def value(world: Any, event: Any, traits: Any) -> dict[str, Any]:
        found = make(world, event, traits)
        where = None if getattr(event, "exact", False) else webhooks.notice(world, event)
        if where is not None and where.field != "messages":  # faults make statuses that no contract allows
            breach = violation(f"webhooks/{where.field}", found)
            if breach is not None:
                broken.append(f"{where.field}: {breach.message or breach.path} ({breach.rule}) in {found}")
        return found

    webhooks.value = value
    yield broken
    webhooks.value = make


@pytest.fixture(autouse=True)
def _webhooks_keep_their_contracts(_broken_webhooks: list[str]) -> Iterator[None]:
    """A test fails if a webhook of it that nobody worded by hand breaks its contract."""
    _broken_webhooks.clear()
    yield
    assert _broken_webhooks == []
