"""Checks an app: sends what the checks say, looks on what the app does at the emulator, and has it judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from localwaba.domain.events import MessageReceived
from localwaba.domain.media_samples import sample
from localwaba.domain.traits import Traits
from localwaba.operations import users
from localwaba.operations.checks import catalogue
from localwaba.operations.checks.arrivals import arrive, introduce, sent
from localwaba.operations.checks.judging import judge_taken
from localwaba.operations.checks.model import (
    Answer,
    Check,
    Exchange,
    Json,
    Request,
    Scene,
    Seen,
    Sent,
    Step,
    Verdict,
    unjudged,
)
from localwaba.operations.checks.payloads import greet, person
from localwaba.runtime.host import WorldHost
from localwaba.runtime.server import PortTaken, Running, new_loop, run_server
from localwaba.runtime.settings import Settings
from localwaba.runtime.system import elapsed, entropy
from localwaba.versions.table import NEWEST
from localwaba.webhooks.certificates import load
from localwaba.webhooks.probing import Prober, Unreachable, parts_of
from localwaba.webhooks.targets import TargetPolicy
from localwaba.wire.webhooks import value

PATIENCE = 3.0
"""Seconds that the app has for its first message to a user."""
_POLL = 0.004
_SHORTEST, _LONGEST = 0.3, 4.0
_LONGEST_REST = 20.0
_SECOND_LOOK = 1.5
"""Seconds that an app gets before it is said that it has not done something: the machine may be busy."""
_MEDIA = ("image", "video", "audio", "document", "sticker")
_TIMEOUTS = 3
_READ_AT_ONCE = 2_000
_AT_ONE_PORT = 4080
_ALWAYS = (catalogue.FIRST.name, "answer-in-time")
"""Tried even if the app does not answer: that is what they are about."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is checked and how. `port` is the emulator's; None: 4080 if it is free, else any. Times are in seconds.

    `start` starts the app once the emulator is ready: it gets what `GET /_localwaba/world` tells, and may block.
    """

    url: str
    settings: Settings
    checks: tuple[Check, ...] = catalogue.CHECKS
    port: int | None = None
    text: str = "Hello"
    status_url: str = ""
    patience: float = PATIENCE
    within: float = 20.0
    start: Callable[[Json], None] | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check."""

    check: Check
    verdict: Verdict
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all checks. `usual` is how many messages the app sends for one text, `why_unseen` why none."""

    url: str
    emulator_url: str
    results: tuple[Result, ...]
    requests: int
    seconds: float
    usual: int
    why_unseen: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether no rule was broken that Meta makes."""
        return not self.count("failed")

    def count(self, outcome: str) -> int:
        """How many checks ended so."""
        return sum(one.verdict.outcome == outcome for one in self.results)


class Audience(Protocol):
    """Who looks on."""

    def open(self, url: str, world: Json, count: int) -> None:
        """The emulator is ready and the app listens."""

    def begin(self, check: Check, at: int) -> None:
        """A check is tried."""

    def wait(self) -> None:
        """All was sent; the app may still be at work."""


class Nobody:
    """An audience that looks away."""

    def open(self, url: str, world: Json, count: int) -> None:
        """Looks away."""

    def begin(self, check: Check, at: int) -> None:
        """Looks away."""

    def wait(self) -> None:
        """Looks away."""


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


class Checking:
    """One run over one app."""

    def __init__(self, options: Options, running: Running, prober: Prober, audience: Audience) -> None:
        self._options = options
        self._host = running.hosts.default
        self._url = running.url
        self._prober = prober
        self._audience = audience
        self._sent: list[Sent] = []
        self._calls = 0
        self._refusal = ""
        self._read = 0
        self._last_call = elapsed()
        self._usual = 0
        self._known = False
        self._takes = False
        self._window = _SHORTEST
        self._gone = ""
        self._timeouts = 0
        self._requests = 0

    async def run(self) -> Report:
        """Tries all checks, one after the other, and judges them when the app has come to rest."""
        began = elapsed()
        scene = self._scene()
        checks = self._options.checks
        if not any(check.name == catalogue.FIRST.name for check in checks):
            checks = (catalogue.FIRST, *checks)  # everything depends on it
        self._audience.open(self._url, self._host.describe(), len(checks))
        tried: list[tuple[Check, Scene, tuple[Exchange, ...], float, str]] = []
        for at, check in enumerate(checks):
            self._audience.begin(check, at)
            since = elapsed()
            scene = replace(scene, slot=at, now=self._host.now(), own=tuple(one.id for one in self._sent if one.id))
            exchanges: tuple[Exchange, ...] = ()
            why = self._why_not(check)
            if not why:
                exchanges = await self._try(check, scene)
                scene = replace(scene, refused=(*scene.refused, *_errors(check, exchanges)))
            if check.name == catalogue.FIRST.name and exchanges:
                await self._learn(scene, exchanges[0])
            tried.append((check, scene, exchanges, elapsed() - since, why))
        self._audience.wait()
        await self._rest(self._window if self._usual else 0.0)
        results = [await self._judge(*one) for one in tried]
        if self._usual and any(_is_effect(one) for one in results):
            await self._rest(max(self._window, _SECOND_LOOK))
            results = [await self._judge(*one) for one in tried]
        wanted = {check.name for check in self._options.checks}
        return Report(
            url=self._options.url,
            emulator_url=self._url,
            results=tuple(one for one in results if one.check.name in wanted),
            requests=self._requests,
            seconds=elapsed() - began,
            usual=self._usual,
            why_unseen=self._why_unseen(),
        )

    def _why_not(self, check: Check) -> str:
        """Why a check need not be tried."""
        if check.name in _ALWAYS:
            return ""
        if check.needs and self._known and not self._takes:
            return f"the app does not take the plainest webhook: see {catalogue.FIRST.name}"
        return self._gone

    # the stage

    def _scene(self) -> Scene:
        world = self._host.world
        number = world.numbers[world.phone_number_id]
        host, target = parts_of(self._options.url)
        settings = self._options.settings
        return Scene(
            run=entropy(),
            host=host,
            target=target,
            secret=world.apps[world.app_id].secret.encode(),
            verify_token=settings.verify_token,
            waba_id=world.waba_id,
            phone_number_id=number.id,
            digits=number.digits,
            seed=world.seed,
            now=self._host.now(),
            text=self._options.text,
            media=make_media(self._host, NEWEST),
        )

    # what is sent

    async def _try(self, check: Check, scene: Scene) -> tuple[Exchange, ...]:
        self._commit(introduce(self._host.world, scene.now, person(scene)))
        exchanges: list[Exchange] = []
        for step in check.script(scene):
            if step.after_error and exchanges and exchanges[-1].answer.is_taken:
                continue
            if self._gone and check.name not in _ALWAYS:
                break
            exchanges += await self._take(step)
            if step.awaits and self._usual:
                await self._await(step.awaits)
        return tuple(exchanges)

    async def _take(self, step: Step) -> list[Exchange]:
        """Sends the requests of a step, so many at a time."""
        turns = asyncio.Semaphore(step.at_once)

        async def one(request: Request) -> Exchange:
            async with turns:
                return Exchange(request, await self._send(request))

        if step.at_once == 1:
            return [Exchange(request, await self._send(request)) for request in step.requests]
        return list(await asyncio.gather(*map(one, step.requests)))

    async def _send(self, request: Request) -> Answer:
        self._requests += 1
        if request.method == "POST":
            self._commit(arrive(self._host.world, self._host.now(), request.body))
        within = min(request.within, self._options.within)
        answer = await self._prober.send(request.raw, within, alone=request.alone)
        if answer.fault == "timeout":
            self._timeouts += 1
            if self._timeouts >= _TIMEOUTS:
                self._gone = f"the app did not answer {_TIMEOUTS} times before"
        elif answer.fault == "closed" and not await self._is_there():
            self._gone = f"the app has gone: nobody listens any more since {request.about}"
        return answer

    async def _is_there(self) -> bool:
        """Whether somebody listens, if need be after a restart."""
        until = elapsed() + 2.0
        while True:
            try:
                await self._prober.find()
                return True
            except Unreachable:
                if elapsed() >= until:
                    return False
                await asyncio.sleep(0.1)

    def _commit(self, events: Sequence[Any]) -> None:
        if events:
            self._host.commit(events, self._host.world.ids())

    # what the app does

    async def _learn(self, scene: Scene, first: Exchange) -> None:
        """Whether the app takes webhooks at all, and what it sends for one text."""
        self._known, self._takes = True, first.answer.is_taken
        if first.answer.error:
            self._gone = f"the app does not answer the plainest webhook: see {catalogue.FIRST.name}"
            return
        if 400 <= (first.answer.status or 0) < 500:
            return  # it was refused, so nothing will come of it
        since = elapsed()
        await self._until(lambda: self._count(first.request.user) > 0, self._options.patience)
        if self._count(first.request.user):
            took = elapsed() - since + first.answer.latency_ms / 1000
            self._window = min(max(_SHORTEST, 2 * took + 0.25), _LONGEST)
            await self._rest(self._window)
            self._usual = self._count(first.request.user)
        if self._usual and self._options.status_url:  # statuses are told of messages of the app, of two of them
            await self._send(greet(scene, person(scene, 1)))
            await self._await(person(scene, 1).wa_id)

    async def _await(self, wa_id: str) -> None:
        await self._until(lambda: self._count(wa_id) >= self._usual, self._window)

    async def _rest(self, window: float) -> None:
        """Waits until the app has been quiet for a while."""
        until = elapsed() + _LONGEST_REST
        self._last_call = elapsed()
        while elapsed() < until:
            self._look()
            if elapsed() - self._last_call >= window:
                return
            await asyncio.sleep(_POLL)

    async def _until(self, happened: Callable[[], bool], within: float) -> None:
        until = elapsed() + within
        while True:
            self._look()
            if happened() or elapsed() >= until:
                return
            await asyncio.sleep(_POLL)

    def _count(self, wa_id: str) -> int:
        return sum(one.to == wa_id for one in self._sent)

    def _look(self) -> None:
        """Reads what the app has called since the last time."""
        while entries := self._host.journal(self._read, _READ_AT_ONCE):
            self._read = entries[-1]["n"]
            for entry in entries:
                if entry["kind"] != "call":
                    continue
                self._calls += 1
                self._last_call = elapsed()
                if entry["status"] >= 400 and not self._refusal:
                    self._refusal = _refusal(entry)
                found = sent(entry)
                if found is not None:
                    self._sent.append(found)

    # what it means

    async def _judge(
        self, check: Check, scene: Scene, exchanges: tuple[Exchange, ...], seconds: float, why: str
    ) -> Result:
        verdict = unjudged(why) if why else await self._verdict(check, scene, exchanges)
        if verdict.outcome == "failed" and check.severity == "should":
            verdict = replace(verdict, outcome="warned")
        return Result(check=check, verdict=verdict, exchanges=exchanges, seconds=seconds)

    async def _verdict(self, check: Check, scene: Scene, exchanges: tuple[Exchange, ...]) -> Verdict:
        if not exchanges:
            return unjudged(self._gone or "nothing was sent")
        seen = Seen(
            scene=scene,
            exchanges=exchanges,
            sent=tuple(self._sent),
            usual=self._usual,
            why_unseen=self._why_unseen(),
        )
        if check.needs in ("sends", "status") and not self._usual:
            verdict = judge_taken(exchanges)
            return verdict if verdict.outcome == "failed" else unjudged(seen.why_unseen)
        if check.needs == "status":
            if not self._options.status_url:
                why = "what the app believes cannot be seen: tell its URL with --status-url"
                verdict = judge_taken(exchanges)
                return verdict if verdict.outcome == "failed" else unjudged(why)
            seen = replace(seen, believed=await self._ask(check, scene))
        return check.judge(seen)

    async def _ask(self, check: Check, scene: Scene) -> str | None:
        """What the app believes of the message that a check watches."""
        if check.watches is None:
            return None
        url = self._options.status_url.replace("{wamid}", _quote(check.watches(scene)))
        prober = Prober(url, TargetPolicy(tuple(self._options.settings.allow_targets)))
        try:
            await prober.find()
            host, target = parts_of(url)
            answer = await prober.send(Request(method="GET", target=target, host=host).raw, self._options.within)
        except Unreachable:
            return None
        finally:
            await prober.close()
        return status_in(answer.body.decode("utf-8", "replace")) if answer.is_taken else None

    def _why_unseen(self) -> str:
        if self._usual:
            return ""
        if not self._calls:
            return f"the app made no call to {self._url}"
        if self._refusal:
            return f"the app's calls to {self._url} were refused: {self._refusal}"
        return f"the app called {self._url}, but did not answer the text {self._options.text!r}"


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


def make_media(host: WorldHost, traits: Traits) -> dict[str, Json]:
    """A medium of each kind that can be downloaded: its object as in a webhook."""
    made: dict[str, Json] = {}
    for kind in _MEDIA:
        world, now, ids = host.world, host.now(), host.world.ids()
        user, events = users.meet(world, now, "12025550199", lambda _: "Media")
        found = sample(kind)
        writer = host.blobs.writer()
        writer.write(found.content)
        content: Json = {"type": kind, kind: {}}
        media = users.attach(world, ids, now, content, writer.finish(found.mime, found.filename))
        written = users.write(world, ids, now, user, content, media)
        host.commit([*events, *written.events], ids)
        received = next(event for event in written.events if isinstance(event, MessageReceived))
        made[kind] = value(host.world, received, traits)["messages"][0][kind]
    return made


_STATUSES = ("played", "read", "delivered", "sent", "failed")


def status_in(text: str) -> str | None:
    """The status that an answer tells: its member `status` if it is JSON, else the one status named in it."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("status"), str):
        return str(found["status"]).lower()
    named = [name for name in _STATUSES if name in text.lower()]
    return named[0] if len(named) == 1 else None


def _is_effect(one: Result) -> bool:
    """Whether something was found although every webhook was answered well."""
    if one.verdict.outcome not in ("failed", "warned") or one.check.group == "handshake":
        return False
    return all(exchange.answer.is_taken for exchange in one.exchanges)


def _errors(check: Check, exchanges: tuple[Exchange, ...]) -> tuple[Request, ...]:
    """Webhooks as Meta sends them that the app failed on."""
    if check.group in ("handshake", "signatures", "load"):
        return ()
    return tuple(
        one.request
        for one in exchanges
        if one.request.user and one.answer.status is not None and one.answer.status >= 500
    )


def _refusal(entry: Json) -> str:
    answer = entry.get("answer")
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    return f"{error.get('code', entry['status'])} {error.get('message', '')}".strip()


def _quote(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
