"""Checks an app: with an emulator beside it that the app can send to, or by sending bytes again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from localwaba.operations.checks.model import Answer
from localwaba.runtime.check_results import Audience, Nobody, Options, Report
from localwaba.runtime.check_run import Checking
from localwaba.runtime.server import PortTaken, Running, new_loop, run_server
from localwaba.webhooks.certificates import load
from localwaba.webhooks.probing import Prober
from localwaba.webhooks.targets import TargetPolicy

_AT_ONE_PORT = 4080


def check_app(options: Options, audience: Audience | None = None) -> Report:
    """Checks an app and gives the report; raises `Unreachable` if it is not there, `PortTaken` for the emulator."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_check_app(options, audience or Nobody()))


async def _check_app(options: Options, audience: Audience) -> Report:
    settings = options.settings
    allow = TargetPolicy(tuple(settings.allow_targets))
    prober = Prober(options.url, allow, load(settings.tls) if settings.tls else None)
    ports = (options.port,) if options.port is not None else (_AT_ONE_PORT, 0)
    try:
        if options.start is None:
            await prober.find()
        for port in ports:
            try:
                return await _with_emulator(options, port, prober, audience)
            except PortTaken:
                if port == ports[-1]:
                    raise
        raise AssertionError("the last port has been tried")
    finally:
        await prober.close()


async def _with_emulator(options: Options, port: int, prober: Prober, audience: Audience) -> Report:
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    policy = {"profile": "relaxed"} | options.settings.policy
    settings = replace(options.settings, port=port, webhook_url="", policy=policy, faults=())
    serving = asyncio.create_task(run_server(settings, ready.set_result, is_guest=True))

    def ended(task: asyncio.Task[None]) -> None:
        if not ready.done() and not task.cancelled():
            ready.set_exception(task.exception() or RuntimeError("the emulator ended before it was ready"))

    serving.add_done_callback(ended)
    try:
        running = await ready
        if options.start is not None:
            told = running.hosts.default.describe() | {"verify_token": settings.verify_token}
            await asyncio.to_thread(options.start, told)
            await prober.find()
        return await Checking(options, running, prober, audience).run()
    finally:
        if ready.done() and ready.exception() is None:
            ready.result().stop()
        with suppress(PortTaken):
            await serving


def replay(url: str, requests: Sequence[bytes], allow: TargetPolicy, within: float = 20.0) -> list[Answer]:
    """Sends requests again, byte for byte, one after the other; raises `Unreachable`."""

    async def send() -> list[Answer]:
        prober = Prober(url, allow)
        try:
            await prober.find()
            return [await prober.send(raw, within) for raw in requests]
        finally:
            await prober.close()

    return asyncio.run(send())
