"""Carries webhooks out: in order within a lane, side by side otherwise, and never more at once than is good."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from localwaba.webhooks.transport import Reply, Transport


class Attempt(msgspec.Struct, frozen=True):
    """One POST that is due: to whom, with which bytes, and in which `lane` of its `world` it waits its turn.

    Attempts of one lane go one after the other in the order of their submission; `timeout` is in seconds.
    """

    world: str
    delivery_id: str
    url: str
    lane: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    timeout: float = 20.0


class _Lane:
    """Attempts that must wait for each other. It stands in a target's row, or is at work, or is gone."""

    __slots__ = ("key", "queue")

    def __init__(self, key: tuple[str, str]) -> None:
        self.key = key
        self.queue: deque[Attempt] = deque()


class _Target:
    """One URL: the lanes whose next attempt goes there, and how many attempts are on their way."""

    __slots__ = ("in_flight", "row", "standing", "url")

    def __init__(self, url: str) -> None:
        self.url = url
        self.row: deque[_Lane] = deque()
        self.in_flight = 0
        self.standing = False  # in the dispatcher's row of targets that have work and a free slot


class _Worker:
    """A task and what it carries; `sending` while it waits for the transport, `dropped` if the attempt is forgotten."""

    __slots__ = ("attempt", "dropped", "lane", "sending", "target", "task")
    task: asyncio.Task[None]

    def __init__(self, target: _Target, lane: _Lane) -> None:
        self.take(target, lane)

    def take(self, target: _Target, lane: _Lane) -> None:
        self.target = target
        self.lane = lane
        self.attempt = lane.queue.popleft()
        self.sending = False
        self.dropped = False


class Dispatcher:
    """Takes attempts and hands each one's reply to `deliver_result`; lives in one event loop and one thread.

    Each URL has slots of its own (`per_target`), lanes take turns for them, and URLs take turns for the slots of all
    (`total`). A URL with nothing on its way gets a slot even beyond `total`: targets that hang can never keep another
    one waiting. Results of attempts that were dropped are not handed over.
    """

    def __init__(
        self,
        transport: Transport,
        deliver_result: Callable[[Attempt, Reply], None],
        *,
        per_target: int = 32,
        total: int = 256,
    ) -> None:
        self._transport = transport
        self._deliver_result = deliver_result
        self._per_target = per_target
        self._total = total
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._targets: dict[str, _Target] = {}
        self._row: deque[_Target] = deque()
        self._workers: dict[_Worker, None] = {}  # in the order of their start
        self._in_flight = 0
        self._pending = 0
        self._open: dict[str, int] = {}
        self._waiters: list[tuple[str | None, asyncio.Future[None]]] = []
        self._closed = False

    @property
    def pending(self) -> int:
        """How many attempts wait for a slot or for their lane."""
        return self._pending

    @property
    def in_flight(self) -> int:
        """How many attempts are on their way."""
        return self._in_flight

    def open(self, world: str) -> int:
        """How many attempts of a world wait or are on their way."""
        return self._open.get(world, 0)

    def submit(self, attempt: Attempt) -> None:
        """Queue an attempt; returns at once. Must be called in the dispatcher's event loop."""
        if self._closed:
            raise RuntimeError("the dispatcher is closed")
        key = (attempt.world, attempt.lane)
        self._pending += 1
        self._open[attempt.world] = self._open.get(attempt.world, 0) + 1
        lane = self._lanes.get(key)
        if lane is not None:
            lane.queue.append(attempt)
            return
        self._lanes[key] = lane = _Lane(key)
        lane.queue.append(attempt)
        self._stand(lane)
        self._start()

    def drop(self, world: str) -> int:
        """Forget everything of a world, cutting off what is on its way, and say how many attempts that were."""
        dropped = 0
        for key in [key for key in self._lanes if key[0] == world]:
            queue = self._lanes.pop(key).queue
            dropped += len(queue)
            queue.clear()  # the lane may still stand in a row, where an empty one is passed over
        self._pending -= dropped
        for worker in self._workers:
            if worker.attempt.world == world and not worker.dropped:
                worker.dropped = True
                dropped += 1
                # A task cancelled before its first step would never give its slot back: it looks at `dropped`.
                if worker.sending:
                    worker.task.cancel()
        self._settle(world, dropped)
        return dropped

    async def idle(self, world: str | None = None, timeout: float | None = None) -> bool:
        """Wait until nothing is queued or on its way (for that world).

        False if that took longer than `timeout` seconds.
        """
        if self._is_idle(world):
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (world, waiter)
        self._waiters.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters = [other for other in self._waiters if other is not entry]
        return True

    async def close(self) -> None:
        """Forget what waits, cut off what is on its way; the transport stays open."""
        self._closed = True
        for world in list(self._open):
            self.drop(world)
        await asyncio.gather(*(worker.task for worker in self._workers), return_exceptions=True)

    # --- who is next ----------------------------------------------------------------------------------------

    def _stand(self, lane: _Lane) -> None:
        """Put a lane with work at the end of its next target's row."""
        url = lane.queue[0].url
        target = self._targets.get(url)
        if target is None:
            self._targets[url] = target = _Target(url)
        target.row.append(lane)
        if not target.standing and target.in_flight < self._per_target:
            target.standing = True
            self._row.append(target)

    def _start(self) -> None:
        """Give every free slot a worker."""
        while (work := self._take()) is not None:
            worker = _Worker(*work)
            worker.task = asyncio.get_running_loop().create_task(self._work(worker))
            self._workers[worker] = None

    def _take(self) -> tuple[_Target, _Lane] | None:
        """The next lane that may send, with its target's slot taken; None if no slot or no work is left."""
        full = self._in_flight >= self._total
        for _ in range(len(self._row)):
            target = self._row[0]
            while target.row and not target.row[0].queue:
                target.row.popleft()  # dropped while it stood here
            if not target.row:
                self._row.popleft()
                self._leave(target)
                continue
            if full and target.in_flight:
                self._row.rotate(-1)
                continue
            lane = target.row.popleft()
            self._row.popleft()
            target.in_flight += 1
            self._in_flight += 1
            self._pending -= 1
            if target.row and target.in_flight < self._per_target:
                self._row.append(target)
            else:
                target.standing = False
            return target, lane
        return None

    def _leave(self, target: _Target) -> None:
        target.standing = False
        if not target.in_flight:
            self._targets.pop(target.url, None)

    # --- sending --------------------------------------------------------------------------------------------

    async def _work(self, worker: _Worker) -> None:
        """Send one attempt after the other for as long as there is one to take."""
        post = self._transport.post
        try:
            while True:
                attempt = worker.attempt
                if not worker.dropped:
                    worker.sending = True
                    try:
                        reply = await post(attempt.url, attempt.headers, attempt.body, attempt.timeout)
                    except Exception as problem:  # a transport must not raise; if one does, the lane must not hang
                        reply = Reply(None, f"{type(problem).__name__}: {problem}", fault="garbled")
                    worker.sending = False
                    if not worker.dropped:
                        self._report(attempt, reply)
                self._release(worker)
                work = self._take()
                if work is None:
                    return
                worker.take(*work)
        except asyncio.CancelledError:
            self._release(worker)
            raise
        finally:
            del self._workers[worker]
            if not self._closed:
                self._start()

    def _report(self, attempt: Attempt, reply: Reply) -> None:
        try:
            self._deliver_result(attempt, reply)
        except Exception as problem:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"the result of delivery {attempt.delivery_id} was not taken", "exception": problem}
            )

    def _release(self, worker: _Worker) -> None:
        """Give a slot back; the lane queues again if it has more work, and ends if it has none."""
        target, lane = worker.target, worker.lane
        target.in_flight -= 1
        self._in_flight -= 1
        if lane.queue:
            self._stand(lane)
        elif self._lanes.get(lane.key) is lane:
            del self._lanes[lane.key]
        if target.row:
            if not target.standing:
                target.standing = True
                self._row.append(target)
        elif not target.standing:
            self._leave(target)
        if not worker.dropped:
            self._settle(worker.attempt.world, 1)

    # --- who waits ------------------------------------------------------------------------------------------

    def _settle(self, world: str, count: int) -> None:
        """Take attempts off a world's account and wake whoever waits for it to be empty."""
        left = self._open.get(world, 0) - count
        if left > 0:
            self._open[world] = left
            return
        self._open.pop(world, None)
        if self._waiters:
            for waited, waiter in self._waiters:
                if not waiter.done() and self._is_idle(waited):
                    waiter.set_result(None)

    def _is_idle(self, world: str | None) -> bool:
        return not self._open if world is None else world not in self._open
