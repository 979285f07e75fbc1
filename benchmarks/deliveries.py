"""How fast webhooks leave: HTTP clients against each other, whole deliveries beside them, and what waits in memory.

    python benchmarks/deliveries.py                 # clients and deliveries, the dispatcher, a steady flow, a backlog
    python benchmarks/deliveries.py --rounds 5 --seconds 1.0 --clients aiohttp pyreqwest
    python benchmarks/deliveries.py --only steady

The sink is a bare uvicorn (uvloop, httptools) on one core; each client runs alone in a fresh process on another, in
rounds that take turns, so that what else the machine does hurts everybody alike. Read the ratios, not the rates.

`localwaba` is the transport alone. `deliveries` is all of it: a message of a user happens in a world, its webhook is
built, escaped, signed twice, queued, journalled, sent by the dispatcher, and its answer is journalled with the state
of its tries; one POST more is sent for each that is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

BODY = (b'{"object":"whatsapp_business_account","entry":[' + b'{"id":"102290129340398"},' * 30)[:600]
HEADERS = [
    ("User-Agent", "facebookexternalua"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "deflate, gzip"),
    ("Content-Type", "application/json"),
    ("X-Hub-Signature", "sha1=" + "0" * 40),
    ("X-Hub-Signature-256", "sha256=" + "0" * 64),
]
USERS = [f"1650555{number:04}" for number in range(256)]
SAID = b'{"type":"text","text":{"body":"Hello! Is my order on its way? I would like to know when it arrives."}}'
Post = Callable[[], Awaitable[None]]


def pin(core: int) -> None:
    """Keep this process on one core where the machine has several and allows it."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


# --- the sink ---------------------------------------------------------------------------------------------------


async def sink(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The barest ASGI application: read all, answer 200."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    body = b"OK"
    if scope["method"] == "GET":  # the handshake
        body = parse_qs(scope["query_string"])[b"hub.challenge"][0]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def serve_sink() -> None:
    """Serve the sink on a free port of 127.0.0.1 and print the port; ends with its standard input."""
    import socket
    import threading

    import uvicorn

    pin(0)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(sink, log_level="error", access_log=False, lifespan="off"))

    def watch() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


# --- the clients ------------------------------------------------------------------------------------------------


async def aiohttp_client(url: str) -> Post:
    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    )

    async def post() -> None:
        async with session.post(url, data=BODY, headers=HEADERS, allow_redirects=False) as answer:
            await answer.read()

    return post


async def pyreqwest_client(url: str) -> Post:
    from pyreqwest.client import ClientBuilder

    client = ClientBuilder().follow_redirects(False).no_proxy().gzip(False).deflate(False).build()

    async def post() -> None:
        answer = await client.post(url).headers(HEADERS).body_bytes(BODY).build().send()
        await answer.bytes()

    return post


async def httpx_client(url: str) -> Post:
    import httpx

    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None), trust_env=False)

    async def post() -> None:
        await client.post(url, content=BODY, headers=HEADERS)

    return post


async def transport_client(url: str) -> Post:
    """The emulator's own transport, with everything it does around its client."""
    from localwaba.webhooks.transport import open_transport

    transport = open_transport()

    async def post() -> None:
        await transport.post(url, HEADERS, BODY, 20.0)

    return post


async def deliveries_client(url: str) -> Post:
    """A world whose app is at the URL: each POST is a delivery, from the event to the answer in the journal."""
    from localwaba.domain.events import MessageReceived
    from localwaba.domain.traffic import Message
    from localwaba.operations.callbacks import subscribe_app
    from localwaba.operations.users import meet
    from localwaba.runtime.blobs import BlobStore
    from localwaba.runtime.hosts import default_world
    from localwaba.runtime.network import Network
    from localwaba.webhooks.targets import LOOPBACK_ONLY

    host = default_world(BlobStore(), Network(LOOPBACK_ONLY, per_target=64, total=256))
    world = host.world
    host.commit(subscribe_app(world, host.now(), url, "token", ()), world.ids())
    for user in USERS:
        ids = world.ids()
        host.commit(meet(world, host.now(), user, lambda _: "Ana")[1], ids)
    waiting: dict[str, asyncio.Future[None]] = {}
    answered = host.answered

    def hear(delivery_id: str, attempt: Any) -> None:
        answered(delivery_id, attempt)
        waiting.pop(world.deliveries[delivery_id].message_id).set_result(None)

    host.answered = hear  # type: ignore[method-assign]
    loop = asyncio.get_running_loop()
    turn = 0

    async def post() -> None:
        nonlocal turn
        turn += 1
        ids, user = world.ids(), USERS[turn % len(USERS)]
        message = Message(
            id=ids.wamid(user, outbound=False),
            phone_number_id=world.phone_number_id,
            wa_id=user,
            outbound=False,
            type="text",
            at=host.now(),
            body=SAID,
        )
        waiting[message.id] = done = loop.create_future()
        host.commit([MessageReceived(at=message.at, message=message)], ids)
        host.wake()
        await done

    return post


CLIENTS: dict[str, Callable[[str], Awaitable[Post]]] = {
    "httpx": httpx_client,
    "aiohttp": aiohttp_client,
    "pyreqwest": pyreqwest_client,
    "localwaba": transport_client,
    "deliveries": deliveries_client,
}


async def drive(name: str, url: str, in_flight: int, seconds: float) -> dict[str, float]:
    """Post for so many seconds; the rate, the processor's time per POST, the import's time and the memory."""
    started = time.perf_counter()
    post = await CLIENTS[name](url)
    import_ms = (time.perf_counter() - started) * 1000
    for _ in range(200):
        await post()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as the server has it; everybody gets the same
    count = 0
    processor, begun = time.process_time(), time.perf_counter()
    until = begun + seconds

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < until:
            await post()
            count += 1

    await asyncio.gather(*(work() for _ in range(in_flight)))
    elapsed, burnt = time.perf_counter() - begun, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": count / elapsed, "cpu_us": burnt / count * 1e6, "import_ms": import_ms, "rss_mb": memory}


def run_client(name: str, port: int, in_flight: int, seconds: float) -> None:
    import uvloop

    pin(1)
    figures = uvloop.run(drive(name, f"http://127.0.0.1:{port}/webhook", in_flight, seconds))
    print(json.dumps(figures), flush=True)
    os._exit(0)


def compare_clients(names: list[str], rounds: int, seconds: float) -> list[dict[str, Any]]:
    """The figures of each client, taken in turns, and their ratios within a round to aiohttp and httpx."""
    found: list[dict[str, Any]] = []
    me = [sys.executable, __file__]
    server = subprocess.Popen([*me, "--sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        print(
            f"{'client':10} {'in flight':>9} {'POST/s':>8} {'x aiohttp':>9} {'x httpx':>8} {'CPU us':>7} "
            f"{'start ms':>8} {'MB':>4}"
        )
        for in_flight in (1, 16, 64):
            table: dict[str, list[dict[str, float]]] = {name: [] for name in names}
            for _ in range(rounds):
                for name in names:
                    command = [*me, "--drive", name, str(port), str(in_flight), str(seconds)]
                    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
                    table[name].append(json.loads(answer.stdout))
            for name in names:
                middle = {key: statistics.median(row[key] for row in table[name]) for key in table[name][0]}
                ratios = {
                    base: [mine["rate"] / other["rate"] for mine, other in zip(table[name], table[base], strict=True)]
                    if base in table
                    else [float("nan")]
                    for base in ("aiohttp", "httpx")
                }
                middles = {base: statistics.median(column) for base, column in ratios.items()}
                found.append({"name": name, "in_flight": in_flight, "ratios": ratios, **middle, **middles})
                print(
                    f"{name:10} {in_flight:9} {middle['rate']:8.0f} {middles['aiohttp']:9.2f} {middles['httpx']:8.2f} "
                    f"{middle['cpu_us']:7.0f} {middle['import_ms']:8.0f} {middle['rss_mb']:4.0f}"
                )
        return found
    finally:
        server.communicate()


# --- the dispatcher ---------------------------------------------------------------------------------------------


async def carry(count: int, shape: str) -> tuple[float, float]:
    """Microseconds a delivery through a transport that answers at once: all submitted together, and one by one."""
    from localwaba.webhooks.dispatcher import Attempt, Dispatcher
    from localwaba.webhooks.transport import Reply

    ok = Reply(200)

    class Instant:
        async def post(self, *_: object) -> Reply:
            return ok

    class Yielding:
        async def post(self, *_: object) -> Reply:
            await asyncio.sleep(0)  # as a real transport, it lets others go first
            return ok

    def lane(number: int) -> str:
        return str(number if shape == "own lane each" else number % 50)

    attempts = [
        Attempt("world", str(number), "http://127.0.0.1/webhook", lane(number), (), BODY) for number in range(count)
    ]
    figures = []
    for transport, burst in ((Yielding(), True), (Instant(), False)):
        dispatcher = Dispatcher(transport, lambda attempt, reply: None)  # type: ignore[arg-type]
        begun = time.perf_counter()
        for attempt in attempts:
            dispatcher.submit(attempt)
            if not burst:
                await dispatcher.idle()
        await dispatcher.idle()
        figures.append((time.perf_counter() - begun) / count * 1e6)
    return figures[0], figures[1]


def measure_dispatcher(rounds: int) -> None:
    import uvloop

    pin(1)
    print(f"\n{'dispatcher alone':18} {'us in a burst of 5000':>22} {'us one by one':>14}")
    for shape in ("own lane each", "50 lanes"):
        figures = [uvloop.run(carry(5000, shape)) for _ in range(rounds)]
        burst, single = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"{shape:18} {burst:22.1f} {single:14.1f}")


# --- a steady flow ----------------------------------------------------------------------------------------------


def measure_steady(seconds: float, every_ms: float = 1.0) -> dict[str, float]:
    """A send every so many milliseconds, three statuses each, on one core: what is kept up with, and what lags.

    The sends come at their times, whether the ones before were answered or not (an open loop over 16 connections).
    """
    me = [sys.executable, __file__]
    server = subprocess.Popen([*me, "--sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    command = [*me, "--serve", f"http://127.0.0.1:{port}/webhook"]
    emulator = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert emulator.stdout is not None
    try:
        world = json.loads(emulator.stdout.readline())
        pin(0)  # with the sink: the emulator has the other core for itself
        figures = asyncio.run(flow(world, seconds, every_ms / 1000))
    finally:
        emulator.communicate()
        server.communicate()
    print(
        f"\na send every {every_ms:g} ms for {seconds:g} s: {figures['sent']:.0f} sends and {figures['delivered']:.0f} "
        f"webhooks, {figures['rate']:.0f} sends/s answered, p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms, "
        f"all told {figures['lag']:.2f} s after the last answer"
    )
    return figures


def serve_emulator(url: str) -> None:
    """An emulator on a core of its own, its app at the URL; prints its world, ends with its standard input."""
    from localwaba.runtime.server import ServerThread
    from localwaba.runtime.settings import Settings

    pin(1)
    unlimited = dict.fromkeys(("throughput_standard", "pair_burst", "account_calls"), 10**9)
    policy = unlimited | {"delivered_after": 0.1, "read_after": 0.1}
    thread = ServerThread(Settings(port=0, quiet=True, webhook_url=url, policy=policy))
    running = thread.start()
    print(json.dumps(running.hosts.default.describe()), flush=True)
    sys.stdin.read()
    os._exit(0)


async def flow(world: dict[str, Any], seconds: float, every: float) -> dict[str, float]:
    """Sends at their times and waits until all statuses are told."""
    import httpx

    address, token = world["graph_url"].removeprefix("http://"), world["access_token"]
    host, port = address.split(":")
    headers = {"authorization": f"Bearer {token}"}
    took: list[float] = []
    due: asyncio.Queue[tuple[float, str] | None] = asyncio.Queue()

    async def work() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while (one := await due.get()) is not None:
            at, user = one
            message = {"messaging_product": "whatsapp", "to": user, "type": "text", "text": {"body": "Hello!"}}
            body = json.dumps(message).encode()
            head = f"POST /v26.0/{world['phone_number_id']}/messages HTTP/1.1\r\nHost: {address}\r\n"
            head += f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            took.append(time.perf_counter() - at)
        writer.close()

    async with httpx.AsyncClient(base_url=f"http://{address}/_localwaba", headers=headers, timeout=60) as client:
        for user in USERS:
            hello = {"type": "text", "text": {"body": "hi"}}
            (await client.post(f"/users/{user}/messages", json=hello)).raise_for_status()
        await client.post("/settle", json={})
        before = (await client.get("/world")).json()["counts"]["delivered"]
        workers = [asyncio.create_task(work()) for _ in range(16)]
        begun = time.perf_counter()
        count = round(seconds / every)
        for number in range(count):
            at = begun + number * every
            if (pause := at - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            due.put_nowait((at, USERS[number % len(USERS)]))
        for _ in workers:
            due.put_nowait(None)
        await asyncio.gather(*workers)
        ended = time.perf_counter()
        while (delivered := (await client.get("/world")).json()["counts"]["delivered"] - before) < 3 * count:
            if time.perf_counter() > ended + 60:
                break
            await asyncio.sleep(0.02)
    took.sort()
    return {
        "sent": count,
        "delivered": delivered,
        "rate": count / (ended - begun),
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "lag": time.perf_counter() - ended,
    }


# --- a backlog --------------------------------------------------------------------------------------------------


def measure_backlog(count: int) -> dict[str, float]:
    """What so many webhooks cost in memory that an app does not take, those on their way included."""
    answer = subprocess.run(
        [sys.executable, __file__, "--backlog", str(count)], capture_output=True, text=True, timeout=600, check=True
    )
    figures: dict[str, float] = json.loads(answer.stdout)
    print(
        f"\n{count:,} webhooks that wait: {figures['mb']:.0f} MB more, {figures['kb']:.2f} KB each; "
        f"{figures['drained']:.0f} of them taken once the app was well, in {figures['seconds']:.1f} s"
    )
    return figures


async def pile_up(count: int) -> dict[str, float]:
    """Webhooks pile up in front of an app that does not answer; then it does."""
    from localwaba.domain.events import MessageReceived
    from localwaba.domain.traffic import Message
    from localwaba.operations.callbacks import subscribe_app
    from localwaba.operations.users import meet
    from localwaba.runtime.blobs import BlobStore
    from localwaba.runtime.hosts import default_world
    from localwaba.runtime.network import Network
    from localwaba.webhooks.dispatcher import Dispatcher
    from localwaba.webhooks.targets import LOOPBACK_ONLY
    from localwaba.webhooks.transport import Reply

    well = asyncio.Event()

    class Hanging:
        async def post(self, *_: object) -> Reply:
            await well.wait()
            await asyncio.sleep(0)
            return Reply(200)

    class Line(Network):
        def __init__(self) -> None:
            super().__init__(LOOPBACK_ONLY)
            self._transport = Hanging()  # type: ignore[assignment]
            self._dispatcher = Dispatcher(self._transport, self._answered)  # type: ignore[arg-type]

    line = Line()
    host = default_world(BlobStore(), line)
    world = host.world
    host.commit(subscribe_app(world, host.now(), "http://127.0.0.1:9/webhook", "token", ()), world.ids())
    for user in USERS:
        host.commit(meet(world, host.now(), user, lambda _: "Ana")[1], world.ids())
    before = resident()
    for number in range(count):
        ids, user = world.ids(), USERS[number % len(USERS)]
        message = Message(
            id=ids.wamid(user, outbound=False),
            phone_number_id=world.phone_number_id,
            wa_id=user,
            outbound=False,
            type="text",
            at=host.now(),
            body=SAID,
        )
        host.commit([MessageReceived(at=message.at, message=message)], ids)
        host.wake()
    grown = resident() - before
    pending = sum(one.state == "pending" for one in world.deliveries.values())
    begun = time.perf_counter()
    well.set()
    await line.idle(world.name, 600)
    taken = pending - sum(one.state == "pending" for one in world.deliveries.values())
    host.close()
    await line.close()
    return {"mb": grown, "kb": grown * 1024 / pending, "drained": taken, "seconds": time.perf_counter() - begun}


def resident() -> float:
    """Megabytes that this process holds now."""
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument(
        "--clients", nargs="+", default=["httpx", "aiohttp", "localwaba", "deliveries"], choices=sorted(CLIENTS)
    )
    parser.add_argument("--only", choices=("clients", "dispatcher", "steady", "backlog"))
    parser.add_argument("--pending", type=int, default=100_000)
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--drive", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--backlog", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sink:
        serve_sink()
    elif arguments.drive:
        name, port, in_flight, seconds = arguments.drive
        run_client(name, int(port), int(in_flight), float(seconds))
    elif arguments.serve:
        serve_emulator(arguments.serve)
    elif arguments.backlog:
        print(json.dumps(asyncio.run(pile_up(arguments.backlog))), flush=True)
        os._exit(0)
    else:
        if arguments.only in (None, "clients"):
            compare_clients(arguments.clients, arguments.rounds, arguments.seconds)
        if arguments.only in (None, "dispatcher"):
            measure_dispatcher(arguments.rounds)
        if arguments.only in (None, "steady"):
            measure_steady(max(2.0, arguments.seconds))
        if arguments.only in (None, "backlog"):
            measure_backlog(arguments.pending)


if __name__ == "__main__":
    main()
