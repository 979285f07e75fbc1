"""A world with everything around it that does something: its clock, agenda, webhooks, journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from localwaba.domain import batching, deliveries, fault_routing, faults
from localwaba.domain.agenda import Item, RetryDelivery
from localwaba.domain.applying import apply
from localwaba.domain.clock import Reading
from localwaba.domain.consequences import RULES, follow
from localwaba.domain.errors import Refusal
from localwaba.domain.events import CameDue, DeliveryQueued, Event, LinkWanted
from localwaba.domain.fault_state import FaultsCleared
from localwaba.domain.ids import Ids
from localwaba.domain.seeding import adopt
from localwaba.domain.traffic import Attempt, Delivery
from localwaba.domain.world import World, image, restore, snapshot
from localwaba.operations.announcing import announce
from localwaba.operations.call import Handshake
from localwaba.operations.happening import happen
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.handshakes import Handshakes
from localwaba.runtime.journal import Journal
from localwaba.runtime.media_links import MediaLinks
from localwaba.runtime.network import Network
from localwaba.runtime.outbox import Outbox
from localwaba.runtime.system import elapsed
from localwaba.runtime.world_clock import WorldClock
from localwaba.runtime.world_description import describe
from localwaba.versions.table import traits_of
from localwaba.wire.moments import iso
from localwaba.wire.reshaping import reshape
from localwaba.wire.webhooks import ANNOUNCED

if TYPE_CHECKING:
    from localwaba.runtime.people import People

_MANY, _VERY_MANY = 20_000, 100_000
_SLICE, _LONG_SLICE, _LONGEST_SLICE = 0.0005, 0.002, 0.006  # answers come first; the more is pending, the longer
_CROWDED = 5_000
_PAUSE = 0.005
_GRAIN = 0.001  # seconds; an alarm that is so near is not moved: under load each call would move it, for 10 µs
_FIRED_SHOWN = 1_000


class WorldHost:
    """One world, run on one event loop. Nothing here decides; it carries out what the rules returned."""

    def __init__(self, world: World, reading: Reading, blobs: BlobStore, network: Network) -> None:
        self.world = world
        self.blobs = blobs
        self.entries = Journal(world.policy.retained_journal)
        self.brought: frozenset[str] = frozenset()  # tokens out of a snapshot of another world
        self.is_closed = False
        self._clock = WorldClock(reading)
        self._network = network
        self._outbox = Outbox(network)
        self._links = MediaLinks(network)
        self._handshakes = Handshakes(network)
        self._timer: asyncio.Handle | None = None
        self._timer_at: float = 0.0
        self._lock = asyncio.Lock()
        self._people: People | None = None
        self.seeded()

    def seeded(self) -> None:
        """Declares the world as it is now to be the one that `reset` goes back to."""
        self._seed = image(self.world)
        self._clock.mark()

    # time

    def now(self) -> int:
        """The world's time in milliseconds."""
        return self._clock.now()

    def clock(self) -> dict[str, Any]:
        """The clock as the control API shows it."""
        return self._clock.show()

    def set_clock(self, *, now: int | None, mode: str | None, rate: float | None) -> dict[str, Any]:
        """Sets mode, rate or time; time never goes back."""
        self._clock.set(now=now, mode=mode, rate=rate)
        self.wake()
        return self.clock()

    # what rules returned

    def commit(self, events: Sequence[Event], ids: Ids) -> None:
        """Makes events happen, what follows from them too, and queues the webhooks that tell of them."""
        world, entries = self.world, self.entries
        if not events:
            return  # ids drawn for nothing are drawn anew: no entry of the journal could tell of them
        for event in events if not world.faults else faults.disturb(world, events):
            apply(world, event)
            entries.add_event(event, ids.drawn)
            kind = type(event)
            if kind in ANNOUNCED:  # of most events nobody is told, and nothing follows: asked by a look-up
                self._announce(event, ids)
            if type(event) is LinkWanted:
                self._links.fetch(self, event)
            if kind in RULES:
                following = follow(world, event, ids)
                if following:
                    self.commit(following, ids)
        world.drawn = ids.drawn

    def _announce(self, event: Event, ids: Ids) -> None:
        """Queues the webhooks that tell of an event."""
        world = self.world
        queue = announce(world, ids, event, traits_of)
        if queue and (world.faults or world.policy.webhook_batch == "always"):
            self._reroute(event, queue, ids)
            return
        for queued in queue:
            apply(world, queued)
            self.entries.add_event(queued, ids.drawn)
            self._outbox.waiting.append(queued.delivery.id)

    def _reroute(self, event: Event, queue: Sequence[DeliveryQueued], ids: Ids) -> None:
        """Queues webhooks as the armed faults will have it, and has them wait for each other if all go in batches."""
        queued: list[Delivery] = []
        rerouted = fault_routing.reroute(self.world, event, queue, reshape)
        if self.world.policy.webhook_batch == "always":
            rerouted = batching.collect(self.world, rerouted)
        for told in rerouted:
            apply(self.world, told)
            self.entries.add_event(told, ids.drawn)
            if type(told) is DeliveryQueued:
                queued.append(told.delivery)
        self._outbox.waiting += [one.id for one in queued if one.state == "pending" and not one.next_at]

    def redeliver(self, delivery_id: str) -> bool:
        """Delivers a webhook once more, whatever became of it."""
        if delivery_id not in self.world.deliveries:
            return False
        self._outbox.waiting.append(delivery_id)
        self.wake()
        return True

    def note_call(
        self, method: str, path: str, status: int, request: bytes, answer: bytes, why: str, operation: str
    ) -> None:
        """Keeps a call of the app in the journal."""
        self.entries.add_call(self.now(), method, path, status, request, answer, why, operation)

    # what is due

    def wake(self) -> None:
        """Sends what is to be sent and sets the alarm for what is due next."""
        if self.is_closed:
            return
        if self._outbox.waiting:
            self._outbox.send(self)
        due = self.world.next_due()
        if due is None:
            return
        wait = self._clock.real_seconds_until(due)
        if wait is None:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + wait
        if self._timer is not None:
            if self._timer_at <= at + _GRAIN:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = loop.call_soon(self._run) if wait == 0 else loop.call_later(wait, self._run)

    def _run(self) -> None:
        self._timer = None
        if self.is_closed:
            return
        if self._network.busy(self.world.name) > _CROWDED:
            # the app takes webhooks more slowly than they arise: what is due waits, so that memory stays bounded
            self._timer_at = asyncio.get_running_loop().time() + _PAUSE
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._run)
            return
        pending = len(self.world.agenda)
        turn = _SLICE if pending < _MANY else _LONG_SLICE if pending < _VERY_MANY else _LONGEST_SLICE
        self._run_due(self.now(), turn)
        self.wake()

    def _run_due(self, now: int, seconds: float | None = None, ran: list[tuple[int, Item]] | None = None) -> int:
        """Runs what is due, at most for some real seconds, and says how many items; the first ones go into `ran`."""
        count = 0
        until = elapsed() + seconds if seconds is not None else None
        world, ids = self.world, self.world.ids()
        while world.agenda and (due := world.agenda[0][0]) <= now:
            item = world.agenda[0][2]
            wanted = type(item) is not RetryDelivery or self._is_awaited(item, due)
            came = CameDue(at=due)  # of this nobody is told, and what follows is decided below
            apply(world, came)
            self.entries.add_event(came, ids.drawn)
            if type(item) is not RetryDelivery:
                self.commit(happen(world, item, due, ids), ids)
            elif wanted:
                self._outbox.waiting += deliveries.called_again(world, world.deliveries[item.delivery_id], due)
            count += 1
            if ran is not None and len(ran) < _FIRED_SHOWN:
                ran.append((due, item))
            if until is not None and elapsed() >= until:
                break
        return count

    def _is_awaited(self, item: RetryDelivery, due: int) -> bool:
        """Whether a delivery still waits for this try, and not for a later one, or for none."""
        delivery = self.world.deliveries.get(item.delivery_id)
        return delivery is not None and delivery.state == "pending" and delivery.next_at == due

    # webhooks

    def answered(self, delivery_id: str, attempt: Attempt) -> None:
        """An app has answered a webhook, or failed to."""
        if not self.is_closed:
            self._outbox.answered(self, delivery_id, attempt)
            self.wake()

    async def shake_hands(self, handshake: Handshake) -> Refusal | None:
        """Performs the verification of a callback; the refusal if it failed."""
        return await self._handshakes.perform(self, handshake)

    # moving and waiting

    async def settle(self, timeout: float | None = None) -> dict[str, Any]:
        """Runs until nothing is due now and no delivery is in flight."""
        async with self._lock:
            return await self._settle(timeout, [])

    async def _settle(self, timeout: float | None, ran: list[tuple[int, Item]]) -> dict[str, Any]:
        until = elapsed() + (timeout if timeout is not None else 30.0)
        settled = True
        count = 0
        while True:
            count += self._run_due(self.now(), ran=ran)
            self.wake()
            left = until - elapsed()
            if left <= 0:
                settled = False
                break
            if self._links.fetching:
                await asyncio.wait(self._links.fetching, timeout=left)
            elif self._network.busy(self.world.name):
                settled = await self._network.idle(self.world.name, left)
            elif self._due_now() or self._outbox.waiting:
                await asyncio.sleep(0)
            else:
                break
        in_flight, pending = self._network.busy(self.world.name), len(self.world.agenda)
        counts = {"in_flight": in_flight, "pending": pending, "ran": count, "refusals": self.refusals}
        return {"settled": settled} | counts

    @property
    def refusals(self) -> int:
        """The calls that were refused and the messages that failed since the world began."""
        return self.entries.refusals

    def _due_now(self) -> bool:
        due = self.world.next_due()
        return due is not None and due <= self.now()

    async def advance(self, milliseconds_forward: int) -> dict[str, Any]:
        """Lets time pass: everything that is due on the way happens, in order, before this returns."""
        if milliseconds_forward < 0:
            raise ValueError("time never goes back: advance by zero or more")
        async with self._lock:
            fired: list[tuple[int, Item]] = []
            count = (await self._settle(None, fired))["ran"]
            target = self.now() + milliseconds_forward
            while (due := self.world.next_due()) is not None and due <= target:
                self._clock.jump_to(max(due, self.now()))
                count += self._run_due(min(self.now(), target), ran=fired)
                self.wake()
                if self._links.fetching or self._network.busy(self.world.name):
                    count += (await self._settle(None, fired))["ran"]
                elif count % 512 == 0:
                    await asyncio.sleep(0)
            self._clock.jump_to(max(target, self.now()))
            count += (await self._settle(None, fired))["ran"]
        return {
            "now": self.now() / 1000,
            "iso": iso(self.now()),
            "count": count,
            "fired": [{"at": at / 1000, **msgspec.to_builtins(item)} for at, item in fired],
        }

    # the whole

    def reset(self) -> None:
        """The world as it was seeded: nothing is pending, nothing is remembered."""
        seeded = restore(self._seed)
        gone = tuple(name for name in self.world.faults if name not in seeded.faults)
        if gone:  # said, so that whoever watches knows
            self.commit([FaultsCleared(at=self.now(), ids=gone)], self.world.ids())
        self._halt()
        self._handshakes.forget()
        self.brought = frozenset()
        base_url = self.world.base_url
        self.blobs.close()
        self.world = seeded
        self.world.base_url = base_url
        self._clock.rewind()
        self.entries.clear()
        self.wake()

    def _halt(self) -> None:
        """Forgets what is on its way."""
        self._outbox.clear(self.world)
        self._links.cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def snapshot(self) -> bytes:
        """The whole world as JSON, files included."""
        return msgspec.json.encode(
            {
                "format": 1,
                "world": msgspec.Raw(snapshot(self.world)),
                "now": self.now(),
                "rate": self._clock.rate,
                "blobs": self.blobs.export(),
            }
        )

    def restore(self, raw: bytes) -> None:
        """A world out of its snapshot; ValueError or `msgspec.ValidationError` for anything else."""
        parts = msgspec.json.decode(raw, type=_Snapshot)
        world = restore(bytes(parts.world))
        self.blobs.load(parts.blobs)
        self._halt()
        # the server knows this world by its own name, tokens and address, whatever world the snapshot was taken of
        self.brought = adopt(world, self.world)
        self.world = world
        self._clock.jump_to(parts.now, parts.rate)
        self.entries.clear()
        self.entries.refusals = sum(one.status == "failed" for one in world.messages.values())
        self._outbox.resume(world)
        self._links.resume(self)
        self.wake()

    def journal(self, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Entries of the journal, oldest first."""
        return self.entries.read(after, limit)

    def last_before(self, time: int) -> int:
        """The number of the journal's last entry before a time; 0 if there is none."""
        return self.entries.last_before(time)

    def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Entries of the journal as they come."""
        return self.entries.follow(self.entries.count)

    def name_for(self, wa_id: str) -> str:
        """The name of a synthetic person; the same for a seed and a number, whoever was met before."""
        if self._people is None:
            # Faker takes a third of a second to load: only who meets a nameless user pays for it
            from localwaba.runtime.people import People

            self._people = People(self.world.seed)
        return self._people.name_for(wa_id)

    def describe(self) -> dict[str, Any]:
        """Everything that an app or a test needs to know of a world."""
        return describe(self)

    def close(self) -> None:
        """Ends the world: nothing of it happens any more."""
        self.is_closed = True
        self._halt()
        self.entries.close()
        self.blobs.close()


class _Snapshot(msgspec.Struct):
    world: msgspec.Raw
    now: int
    rate: float
    blobs: dict[str, str]
