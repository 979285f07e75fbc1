"""The server: worlds, network and uvicorn put together; in this thread's loop or in a thread of its own."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import uvicorn

from localwaba.domain.world import World
from localwaba.http.app import App
from localwaba.http.guards import Guard
from localwaba.operations.call import Handshake
from localwaba.operations.callbacks import subscribe_app
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.faults import arm_faults
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.connections import Connection
from localwaba.runtime.host import WorldHost
from localwaba.runtime.hosts import WorldHosts, default_world
from localwaba.runtime.network import Network
from localwaba.runtime.settings import Settings
from localwaba.version import __version__
from localwaba.webhooks.targets import TargetPolicy
from localwaba.wire.errors import envelope

if TYPE_CHECKING:
    from localwaba.runtime.inside import Inside

Result = TypeVar("Result")
_ONE_AT_A_TIME = threading.Lock()
_DOORS = 1 if sys.platform == "win32" else 16
"""uvloop takes one new connection per listening socket in each turn of the loop. By one door the last of 64 clients
that come at once would wait for 64 turns, in each of which those before it are served: a quarter of a second."""


class PortTaken(OSError):
    """The port is in use, or may not be bound."""


class HandshakeFailed(RuntimeError):
    """The webhook given at the start did not pass its verification."""


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers and without the pauses in its main loop and shutdown."""

    def __init__(self, config: uvicorn.Config, ended: asyncio.Event) -> None:
        super().__init__(config)
        self._ended = ended

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves signals to whoever owns the loop."""
        yield

    async def listening(self, serving: asyncio.Task[None]) -> None:
        """Waits until connections are taken; uvicorn has a flag for that, and no event."""
        while not self.started and not serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def main_loop(self) -> None:
        ticking = asyncio.get_running_loop().create_task(self._tick())
        try:
            await self._ended.wait()
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        count = 0
        while True:
            await self.on_tick(count)
            count += 10
            await asyncio.sleep(1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.sleep(0)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()


class Running:
    """A server that is ready: its worlds and its address."""

    def __init__(
        self, app: App, hosts: WorldHosts, network: Network, host: str, port: int, ended: asyncio.Event
    ) -> None:
        self._app = app
        self.hosts = hosts
        self.network = network
        self.host = host
        self.port = port
        self._ended = ended
        self._loop = asyncio.get_running_loop()

    @property
    def url(self) -> str:
        """The origin by which apps reach the emulator."""
        return self.hosts.default.world.base_url

    def inside(self, timeout: float = 60.0) -> Inside:
        """What carries calls of this process to the control API."""
        from localwaba.runtime.inside import Inside  # of no use to a server that nobody of its process calls

        return Inside(self._app, self._loop, self.url, timeout, self._mark)

    def _mark(self, world: str) -> tuple[tuple[int, int], ...]:
        found = self.hosts.get(world)
        return tuple(host.entries.mark for host in (self.hosts.default, found) if host is not None)

    def stop(self) -> None:
        """Ends the server; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._ended.set)

    def call(self, coroutine: Coroutine[Any, Any, Result], timeout: float | None = 60.0) -> Result:
        """Runs a coroutine in the server's loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; PortTaken with one clear line if that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(2048)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        reason = error.strerror or str(error)
        raise PortTaken(f"cannot listen on {host}:{port}: {reason}; choose another with --port") from None
    return sock


async def run_server(settings: Settings, on_ready: Callable[[Running], None], *, is_guest: bool = False) -> None:
    """Serves until `stop`; calls `on_ready` once the world is seeded, the handshake done and the port open.

    A guest in somebody else's process, such as that of their tests, leaves its garbage collector alone.
    """
    if is_guest:
        _meet_types()
    sock = bind(settings.host, settings.port)
    port: int = sock.getsockname()[1]
    network = _network(settings)
    hosts = _hosts(settings, _origin(settings.host, port), network)
    ended = asyncio.Event()
    guard = Guard(settings.is_loopback, settings.control_token, (settings.host,))
    app = App(hosts, guard, __version__)
    server = _Uvicorn(_config(app), ended)
    running = Running(app, hosts, network, settings.host, port, ended)
    doors = [sock, *(sock.dup() for _ in range(1, _DOORS))]
    serving = asyncio.get_running_loop().create_task(server.serve(sockets=doors))
    try:
        await server.listening(serving)
        for name in settings.faults:
            arm(hosts.default, name)
        if settings.webhook_url:
            await subscribe(hosts.default, settings)
        if not is_guest:
            gc.freeze()  # without a collection: it would take a tenth of the start, to find a thousand dead objects
            gc.set_threshold(50_000, 20, 100)
        on_ready(running)
        await serving
    finally:
        ended.set()
        await asyncio.gather(serving, return_exceptions=True)
        hosts.close()
        await network.close()


def _origin(host: str, port: int) -> str:
    """By which URL apps of this machine reach a server that listens there."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _network(settings: Settings) -> Network:
    return Network(
        TargetPolicy(hosts=tuple(settings.allow_targets)),
        tls=settings.tls,
        per_target=settings.webhook_concurrency,
        total=settings.webhook_concurrency * 8,
    )


def _hosts(settings: Settings, base_url: str, network: Network) -> WorldHosts:
    """The worlds of a server: the default one."""
    blobs = BlobStore()
    default = default_world(
        blobs,
        network,
        name=settings.world,
        seed=settings.seed,
        clock=settings.clock,
        policy=settings.policy,
        app_secret=settings.app_secret,
        base_url=base_url,
    )
    return WorldHosts(default, blobs, network)


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        log_level="critical",
        lifespan="off",
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
        ws="none",
        h11_max_incomplete_event_size=64 * 1024,
    )


def _meet_types() -> None:
    """Has msgspec look through the types of a world, which it does when it first reads one.

    It does not survive two threads that do so at once, as two emulators in one process would.
    """
    with _ONE_AT_A_TIME:
        msgspec.json.Decoder(World)


def arm(host: WorldHost, name: str) -> None:
    """Arms a fault of the settings as part of the seed: a reset leaves it armed."""
    named = {"preset": name} if name in PRESETS else {"kind": name}
    host.commit(arm_faults(host.world, host.now(), named), host.world.ids())
    host.seeded()


async def subscribe(host: WorldHost, settings: Settings) -> None:
    """Subscribes the default app to the webhook of the settings, with the handshake, as part of the seed."""
    handshake = Handshake(settings.webhook_url, settings.verify_token)
    refusal = await host.shake_hands(handshake)
    if refusal is not None:
        raise HandshakeFailed(envelope(refusal, "")["error"]["message"])
    ids = host.world.ids()
    events = subscribe_app(host.world, host.now(), settings.webhook_url, settings.verify_token, settings.fields)
    host.commit(events, ids)
    host.seeded()


class ServerThread:
    """A server in a thread of its own, ready when the constructor's `start` returns."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._running: Running | None = None

    def start(self) -> Running:
        """Starts and waits until the server is ready; raises what stopped it."""
        self._thread = threading.Thread(target=self._run, name="localwaba", daemon=True)
        self._thread.start()
        self._ready.wait(30)
        if self._failure is not None:
            raise self._failure
        if self._running is None:
            raise RuntimeError("the server was not ready within 30 s")
        return self._running

    def stop(self) -> None:
        """Stops and waits for the end."""
        if self._running is not None:
            self._running.stop()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def _run(self) -> None:
        def ready(running: Running) -> None:
            self._running = running
            self._ready.set()

        try:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(run_server(self._settings, ready, is_guest=True))
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()


def new_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop that the platform has."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
