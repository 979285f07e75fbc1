"""One run of checks over one app: each is tried, and judged when the app has come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from localwaba.operations.checks import catalogue
from localwaba.operations.checks.arrivals import arrive, introduce
from localwaba.operations.checks.judging import judge_taken
from localwaba.operations.checks.model import Answer, Check, Exchange, Request, Scene, Seen, Step, Verdict, unjudged
from localwaba.operations.checks.payloads import greet, person
from localwaba.runtime.beliefs import ask
from localwaba.runtime.check_media import make_media
from localwaba.runtime.check_results import Audience, Options, Report, Result
from localwaba.runtime.onlooking import Onlooker
from localwaba.runtime.server import Running
from localwaba.runtime.system import elapsed, entropy
from localwaba.versions.table import NEWEST
from localwaba.webhooks.probing import Prober, Unreachable, parts_of
from localwaba.webhooks.targets import TargetPolicy

_SECOND_LOOK = 1.5
"""Seconds that an app gets before it is said that it has not done something: the machine may be busy."""
_TIMEOUTS = 3
_ALWAYS = (catalogue.FIRST.name, "answer-in-time")
"""Tried even if the app does not answer: that is what they are about."""


class _Tried(NamedTuple):
    """A check that was tried in a scene, in so many seconds, or why it was not."""

    check: Check
    scene: Scene
    exchanges: tuple[Exchange, ...]
    seconds: float
    why: str


class Checking:
    """One run over one app."""

    def __init__(self, options: Options, running: Running, prober: Prober, audience: Audience) -> None:
        self._options = options
        self._host = running.hosts.default
        self._url = running.url
        self._prober = prober
        self._audience = audience
        self._onlooker = Onlooker(self._host, running.url)
        self._known = False
        self._takes = False
        self._gone = ""
        self._timeouts = 0
        self._requests = 0

    async def run(self) -> Report:
        """Tries all checks, one after the other, and judges them when the app has come to rest."""
        began = elapsed()
        onlooker, checks = self._onlooker, self._options.checks
        if not any(check.name == catalogue.FIRST.name for check in checks):
            checks = (catalogue.FIRST, *checks)  # everything depends on it
        self._audience.open(self._url, self._host.describe(), len(checks))
        tried = await self._try_all(checks)
        self._audience.wait()
        await onlooker.rest(onlooker.window if onlooker.usual else 0.0)
        results = [await self._judge(one) for one in tried]
        if onlooker.usual and any(_is_effect(one) for one in results):
            await onlooker.rest(max(onlooker.window, _SECOND_LOOK))
            results = [await self._judge(one) for one in tried]
        wanted = {check.name for check in self._options.checks}
        return Report(
            url=self._options.url,
            emulator_url=self._url,
            results=tuple(one for one in results if one.check.name in wanted),
            requests=self._requests,
            seconds=elapsed() - began,
            usual=onlooker.usual,
            why_unseen=onlooker.why_unseen(self._options.text),
        )

    async def _try_all(self, checks: Sequence[Check]) -> list[_Tried]:
        scene = self._scene()
        tried: list[_Tried] = []
        for at, check in enumerate(checks):
            self._audience.begin(check, at)
            since = elapsed()
            own = tuple(one.id for one in self._onlooker.sent if one.id)
            scene = replace(scene, slot=at, now=self._host.now(), own=own)
            exchanges: tuple[Exchange, ...] = ()
            why = self._why_not(check)
            if not why:
                exchanges = await self._try(check, scene)
                scene = replace(scene, refused=(*scene.refused, *_errors(check, exchanges)))
            if check.name == catalogue.FIRST.name and exchanges:
                await self._learn(scene, exchanges[0])
            tried.append(_Tried(check, scene, exchanges, elapsed() - since, why))
        return tried

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
            if step.awaits and self._onlooker.usual:
                await self._onlooker.answer(step.awaits)
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
        await self._onlooker.learn(first, self._options.patience)
        if self._onlooker.usual and self._options.status_url:
            # statuses are told of messages of the app, of two of them
            await self._send(greet(scene, person(scene, 1)))
            await self._onlooker.answer(person(scene, 1).wa_id)

    # what it means

    async def _judge(self, tried: _Tried) -> Result:
        verdict = unjudged(tried.why) if tried.why else await self._verdict(tried.check, tried.scene, tried.exchanges)
        if verdict.outcome == "failed" and tried.check.severity == "should":
            verdict = replace(verdict, outcome="warned")
        return Result(check=tried.check, verdict=verdict, exchanges=tried.exchanges, seconds=tried.seconds)

    async def _verdict(self, check: Check, scene: Scene, exchanges: tuple[Exchange, ...]) -> Verdict:
        if not exchanges:
            return unjudged(self._gone or "nothing was sent")
        seen = Seen(
            scene=scene,
            exchanges=exchanges,
            sent=tuple(self._onlooker.sent),
            usual=self._onlooker.usual,
            why_unseen=self._onlooker.why_unseen(self._options.text),
        )
        if check.needs in ("sends", "status") and not seen.usual:
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
        allow = TargetPolicy(tuple(self._options.settings.allow_targets))
        return await ask(self._options.status_url, check.watches(scene), allow, self._options.within)


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
