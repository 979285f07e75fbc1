"""How fast webhooks leave: HTTP clients against each other, and what the dispatcher adds.

    python benchmarks/deliveries.py                 # clients, then the dispatcher
    python benchmarks/deliveries.py --rounds 5 --seconds 1.0 --clients aiohttp pyreqwest

The sink is a bare uvicorn (uvloop, httptools) on one core; each client runs alone in a fresh process on another, in
rounds that take turns, so that what else the machine does hurts everybody alike. Read the ratios, not the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

BODY = (b'{"object":"whatsapp_business_account","entry":[' + b'{"id":"102290129340398"},' * 30)[:600]
HEADERS = [
    ("User-Agent", "facebookexternalua"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "deflate, gzip"),
    ("Content-Type", "application/json"),
    ("X-Hub-Signature", "sha1=" + "0" * 40),
    ("X-Hub-Signature-256", "sha256=" + "0" * 64),
]
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
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"OK"})


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


CLIENTS: dict[str, Callable[[str], Awaitable[Post]]] = {
    "httpx": httpx_client,
    "aiohttp": aiohttp_client,
    "pyreqwest": pyreqwest_client,
    "localwaba": transport_client,
}


async def drive(name: str, url: str, in_flight: int, seconds: float) -> dict[str, float]:
    """Post for so many seconds; the rate, the processor's time per POST, the import's time and the memory."""
    started = time.perf_counter()
    post = await CLIENTS[name](url)
    import_ms = (time.perf_counter() - started) * 1000
    for _ in range(20):
        await post()
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


def compare_clients(names: list[str], rounds: int, seconds: float) -> None:
    me = [sys.executable, __file__]
    server = subprocess.Popen([*me, "--sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        print(f"{'client':10} {'in flight':>9} {'POST/s':>8} {'x aiohttp':>9} {'CPU us':>7} {'start ms':>8} {'MB':>4}")
        for in_flight in (1, 16, 64):
            table: dict[str, list[dict[str, float]]] = {name: [] for name in names}
            for _ in range(rounds):
                for name in names:
                    command = [*me, "--drive", name, str(port), str(in_flight), str(seconds)]
                    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
                    table[name].append(json.loads(answer.stdout))
            for name in names:
                middle = {key: statistics.median(row[key] for row in table[name]) for key in table[name][0]}
                ratio = (
                    statistics.median(
                        mine["rate"] / base["rate"] for mine, base in zip(table[name], table["aiohttp"], strict=True)
                    )
                    if "aiohttp" in table
                    else float("nan")
                )
                print(
                    f"{name:10} {in_flight:9} {middle['rate']:8.0f} {ratio:9.2f} {middle['cpu_us']:7.0f} "
                    f"{middle['import_ms']:8.0f} {middle['rss_mb']:4.0f}"
                )
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--clients", nargs="+", default=["httpx", "aiohttp", "localwaba"], choices=sorted(CLIENTS))
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--drive", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sink:
        serve_sink()
    elif arguments.drive:
        name, port, in_flight, seconds = arguments.drive
        run_client(name, int(port), int(in_flight), float(seconds))
    else:
        compare_clients(arguments.clients, arguments.rounds, arguments.seconds)
        measure_dispatcher(arguments.rounds)


if __name__ == "__main__":
    main()
