"""The door of an app: the handshake, and what comes to its webhook unsigned, signed by others, or odd."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from localwaba import Waba
from localwaba.operations.checks.catalogue import chosen
from localwaba.operations.checks.model import Answer, Check, Exchange, Request, Scene, Seen, Verdict
from localwaba.webhooks.probing import Prober, Unreachable, parts_of
from pytest_localwaba.machine.history import Knock

_HARMLESS = frozenset({"handshake-other-mode"})
"""Meta has no other mode, nothing breaks, and widely used libraries answer any."""
KNOCKS = [check for check in chosen(("handshake", "signatures", "shape-empty")) if check.name not in _HARMLESS]
"""The checks that are tried at the door; none of them needs to know what the app does with a message."""
_NOW = 1_767_268_800_000
_Tried = list[tuple[Check, Scene, tuple[Exchange, ...]]]


def knock(waba: Waba, within: float) -> Iterator[Knock]:
    """Tries every check at the app's callback, and says what came of each; an app that hangs is tried once."""
    url = waba.callback
    if url is None:
        return
    with ThreadPoolExecutor(1) as thread:  # the test may have an event loop of its own
        tried = thread.submit(asyncio.run, _try_all(waba, url, within)).result()
    for check, scene, exchanges in tried:
        yield _judged(check, check.judge(Seen(scene=scene, exchanges=exchanges)), exchanges)


def _judged(check: Check, verdict: Verdict, exchanges: tuple[Exchange, ...]) -> Knock:
    shown = (verdict.culprits or exchanges)[0]
    return Knock(
        about=shown.request.about,
        rule=check.rule,
        answer=shown.answer.text,
        expected=verdict.expected if verdict.outcome in ("failed", "warned") else "",
        happened=verdict.happened.removeprefix(f"{shown.request.about}: "),
        is_demanded=verdict.outcome == "failed" and check.severity == "must",
    )


async def _try_all(waba: Waba, url: str, within: float) -> _Tried:
    caller = _Caller(waba, url, within)
    tried: _Tried = []
    try:
        await caller.open()
        host, target = parts_of(url)
        for slot, check in enumerate(KNOCKS, 1):
            scene = Scene(
                run="door",
                slot=slot,
                host=host,
                target=target,
                secret=waba.app_secret.encode(),
                verify_token=waba.verify_token,
                waba_id=waba.waba_id,
                phone_number_id=waba.phone_number_id,
                digits="".join(sign for sign in waba.display_phone_number if sign.isdigit()),
                seed=0,
                now=_NOW,
            )
            requests = [request for step in check.script(scene) for request in step.requests]
            exchanges = tuple([Exchange(request, await caller.ask(request)) for request in requests])
            tried.append((check, scene, exchanges))
            if any(one.answer.fault == "timeout" for one in exchanges):
                break
    except Unreachable:
        pass  # whether the app is there, its first webhook says
    finally:
        await caller.close()
    return tried


class _Caller:
    """Whoever stands at the door: calls an app of this process as it is, any other over the network."""

    def __init__(self, waba: Waba, url: str, within: float) -> None:
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._resident = waba.resident(self._origin)
        self._prober = Prober(url) if self._resident is None else None
        self._within = within

    async def open(self) -> None:
        if self._prober is not None:
            await self._prober.find()

    async def ask(self, request: Request) -> Answer:
        within = min(self._within, request.within)
        if self._prober is not None:
            return await self._prober.send(request.raw, within)
        assert self._resident is not None
        url = self._origin + request.target
        if request.method == "GET":
            reply = await self._resident.get(url, request.headers, within)
        else:
            reply = await self._resident.post(url, request.headers, request.body, within)
        return Answer(
            status=reply.status,
            reason=reply.reason,
            headers=reply.headers,
            body=reply.body.encode(),
            latency_ms=reply.latency_ms,
            error=reply.error or "",
            fault=reply.fault or "",
        )

    async def close(self) -> None:
        if self._prober is not None:
            await self._prober.close()
