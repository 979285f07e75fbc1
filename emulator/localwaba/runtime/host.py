"""A world with everything around it that does something: its clock, agenda, webhooks, journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import batching, deliveries, fault_routing, faults, statuses
from localwaba.domain.agenda import DispatchMessage, Item, RetryDelivery
from localwaba.domain.applying import apply
from localwaba.domain.clock import Reading
from localwaba.domain.consequences import RULES, follow
from localwaba.domain.errors import Refusal
from localwaba.domain.events import CameDue, DeliveryQueued, Event, LinkWanted
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.fault_state import FaultsCleared
from localwaba.domain.faults import describe
from localwaba.domain.ids import Ids, derive_number
from localwaba.domain.model import Attempt, Delivery
from localwaba.domain.policy import Policy
from localwaba.domain.seeding import adopt, new_world
from localwaba.domain.world import World, image, restore, snapshot
from localwaba.operations.announcing import announce
from localwaba.operations.call import Handshake
from localwaba.operations.faults import show_faults
from localwaba.operations.happening import happen
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.journal import Journal
from localwaba.runtime.network import Network
from localwaba.runtime.system import elapsed, milliseconds
from localwaba.versions.table import traits_of
from localwaba.webhooks.verification import refuse_late
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
        self._reading = reading
        self._network = network
        self._outgoing: list[str] = []
        self._timer: asyncio.Handle | None = None
        self._timer_at: float = 0.0
        self._fetching: set[asyncio.Task[None]] = set()
        self._handshakes = 0
        self.brought: frozenset[str] = frozenset()  # tokens out of a snapshot of another world
        self._lock = asyncio.Lock()
        self._closed = False
        self._unheard: dict[str, str] = {}  # webhooks under way whose answer will count as too late, and why
        self._people: People | None = None
        self.seeded()

    def seeded(self) -> None:
        """Declares the world as it is now to be the one that `reset` goes back to."""
        self._seed = image(self.world)
        self._seed_reading = self._reading
        self._seed_machine = milliseconds()

    # time

    def now(self) -> int:
        """The world's time in milliseconds."""
        return self._reading.at(milliseconds())

    def clock(self) -> dict[str, Any]:
        """The clock as the control API shows it."""
        now = self.now()
        return {"now": now / 1000, "iso": iso(now), "mode": self._reading.mode, "rate": self._reading.rate}

    def set_clock(self, *, now: int | None, mode: str | None, rate: float | None) -> dict[str, Any]:
        """Sets mode, rate or time; time never goes back."""
        current = self.now()
        if now is not None and now < current:
            raise ValueError("time never goes back: reset the world, or make another one")
        rates = {"real": 1.0, "frozen": 0.0, "manual": 0.0}
        new_rate = rate if rate is not None else rates.get(mode or "", self._reading.rate)
        self._reading = Reading(world=now if now is not None else current, machine=milliseconds(), rate=new_rate)
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
                self._fetch(event)
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
            self._outgoing.append(queued.delivery.id)

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
        self._outgoing += [one.id for one in queued if one.state == "pending" and not one.next_at]

    def redeliver(self, delivery_id: str) -> bool:
        """Delivers a webhook once more, whatever became of it."""
        if delivery_id not in self.world.deliveries:
            return False
        self._outgoing.append(delivery_id)
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
        if self._closed:
            return
        if self._outgoing:
            self._send_outgoing()
        due = self.world.next_due()
        if due is None:
            return
        wait = self._wait(due)
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

    def _wait(self, due: int) -> float | None:
        """Real seconds until a moment of the world; None: time stands still."""
        missing = due - self.now()
        if missing <= 0:
            return 0.0
        rate = self._reading.rate
        return missing / 1000 / rate if rate else None

    def _run(self) -> None:
        self._timer = None
        if self._closed:
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
                self._outgoing += deliveries.called_again(world, world.deliveries[item.delivery_id], due)
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

    def _send_outgoing(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if len(outgoing) > 1 and self.world.policy.webhook_batch != "off":
            gathered = batching.gather(self.world, outgoing, self.now())
            self.commit(gathered.events, self.world.ids())
            outgoing = gathered.outgoing
        for delivery_id in outgoing:
            self._send(delivery_id)

    def _send(self, delivery_id: str) -> None:
        world = self.world
        delivery = world.deliveries.get(delivery_id)
        if delivery is None:
            return
        url = fault_routing.target(world, delivery)
        if url is None:
            self._conclude(delivery_id, Attempt(self.now(), "", error="no app is subscribed any more"))
            return
        if world.faults:
            forged = faults.forge(world, delivery, url, self.now())
            self.commit(forged.events, world.ids())
            if not forged.lost:
                for fault in forged.faults:
                    if fault.kind == "late_acknowledgement":
                        self._unheard[delivery.id] = describe(fault)
                self._network.post(self, delivery, url, forged.faults)
            return
        self._network.post(self, delivery, url)

    def answered(self, delivery_id: str, attempt: Attempt) -> None:
        """An app has answered a webhook, or failed to."""
        if not self._closed:
            late = self._unheard.pop(delivery_id, "")
            if late:
                heard = f"answered {attempt.status}" if attempt.status else attempt.error
                text = f"{heard}, which counts as too late on purpose: {late}"
                attempt = replace(attempt, status=None, error=text)
            self._conclude(delivery_id, attempt)
            self.wake()

    def _conclude(self, delivery_id: str, attempt: Attempt) -> None:
        ids = self.world.ids()
        self.commit(deliveries.attempted(self.world, delivery_id, attempt, self.now()), ids)

    async def shake_hands(self, handshake: Handshake) -> Refusal | None:
        """Performs the verification of a callback; the refusal if it failed."""
        if self.world.faults:
            occasion = Occasion(f"handshake with {handshake.url}", handshake.url)
            ruling = faults.rule(self.world, "handshake", occasion, self.now())
            self.commit(ruling.events, self.world.ids())
            ways = {fault.parameters["how"] for fault in ruling.fired}
            if "wrong_token" in ways:  # whatever it is answered
                await self._shake_hands(replace(handshake, verify_token=f"not-{handshake.verify_token}"))
            if "repeated" in ways:
                await self._shake_hands(handshake)
            if "too_late" in ways:
                await self._shake_hands(handshake)
                return refuse_late(handshake.url, self.world.policy.verify_timeout)
        return await self._shake_hands(handshake)

    async def _shake_hands(self, handshake: Handshake) -> Refusal | None:
        self._handshakes += 1
        purpose = f"challenge {self.world.sequence} {self._handshakes}"  # no id is drawn: nothing happens in the world
        challenge = derive_number(self.world.seed, purpose, 10)
        return await self._network.shake_hands(self.world.policy, handshake, challenge)

    def _fetch(self, wanted: LinkWanted) -> None:
        task = asyncio.get_running_loop().create_task(self._fetch_link(wanted))
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch_link(self, wanted: LinkWanted) -> None:
        message = self.world.messages.get(wanted.message_id)
        fault = await self._network.check_link(self.world.policy, wanted.url, message.type if message else "")
        if self._closed:
            return
        ids = self.world.ids()
        now = max(self.now(), wanted.at)
        self.commit(statuses.dispatch(self.world, wanted.message_id, now, fault), ids)
        self.wake()

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
            if self._fetching:
                await asyncio.wait(self._fetching, timeout=left)
            elif self._network.busy(self.world.name):
                settled = await self._network.idle(self.world.name, left)
            elif self._due_now() or self._outgoing:
                await asyncio.sleep(0)
            else:
                break
        in_flight, pending = self._network.busy(self.world.name), len(self.world.agenda)
        return {"settled": settled, "in_flight": in_flight, "pending": pending, "ran": count}

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
                self._jump_to(max(due, self.now()))
                count += self._run_due(min(self.now(), target), ran=fired)
                self.wake()
                if self._fetching or self._network.busy(self.world.name):
                    count += (await self._settle(None, fired))["ran"]
                elif count % 512 == 0:
                    await asyncio.sleep(0)
            self._jump_to(max(target, self.now()))
            count += (await self._settle(None, fired))["ran"]
        return {
            "now": self.now() / 1000,
            "iso": iso(self.now()),
            "count": count,
            "fired": [{"at": at / 1000, **msgspec.to_builtins(item)} for at, item in fired],
        }

    def _jump_to(self, moment: int) -> None:
        self._reading = Reading(world=moment, machine=milliseconds(), rate=self._reading.rate)

    # the whole

    def reset(self) -> None:
        """The world as it was seeded: nothing is pending, nothing is remembered."""
        seeded = restore(self._seed)
        gone = tuple(name for name in self.world.faults if name not in seeded.faults)
        if gone:  # said, so that whoever watches knows
            self.commit([FaultsCleared(at=self.now(), ids=gone)], self.world.ids())
        self._halt()
        self._handshakes = 0
        self.brought = frozenset()
        base_url = self.world.base_url
        self.blobs.close()
        self.world = seeded
        self.world.base_url = base_url
        if self._seed_reading.rate == 0:
            self._reading = self._seed_reading
        else:
            self._reading = Reading(world=milliseconds(), machine=milliseconds(), rate=self._seed_reading.rate)
        self.entries.clear()
        self.wake()

    def _halt(self) -> None:
        """Forgets what is on its way."""
        self._network.drop(self.world.name)
        self._unheard.clear()
        self._outgoing.clear()
        for task in self._fetching:
            task.cancel()
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
                "rate": self._reading.rate,
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
        self._reading = Reading(world=parts.now, machine=milliseconds(), rate=parts.rate)
        self.entries.clear()
        for delivery in world.deliveries.values():
            if delivery.state == "pending" and not delivery.next_at:
                self._outgoing.append(delivery.id)
        leaving = {item.message_id for _, _, item in world.agenda if type(item) is DispatchMessage}
        for message in world.messages.values():
            if message.link and message.status == "accepted" and message.id not in leaving:
                self._fetch(LinkWanted(at=self.now(), message_id=message.id, url=message.link))
        self.wake()

    def journal(self, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Entries of the journal, oldest first."""
        return self.entries.read(after, limit)

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
        world = self.world
        app = world.apps[world.app_id]
        number = world.numbers[world.phone_number_id]
        return {
            "world": world.name,
            "app_id": app.id,
            "app_secret": app.secret,
            "verify_token": app.webhook.verify_token if app.webhook else "localwaba-verify-token",
            "access_token": world.access_token,
            "business_id": world.business_id,
            "waba_id": world.waba_id,
            "phone_number_id": number.id,
            "display_phone_number": number.digits,
            "graph_url": world.base_url,
            "catalog_id": world.catalog_id,
            "verification_code": number.verification_code,
            "seed": world.seed,
            "clock": self.clock(),
            "webhook": {"url": app.webhook.url, "fields": list(app.webhook.fields)} if app.webhook else None,
            "policy": msgspec.to_builtins(world.policy),
            "faults": show_faults(world),
            "counts": {
                "messages": len(world.messages),
                "deliveries": len(world.deliveries),
                "pending": len(world.agenda),
                "journal": self.entries.count,
                "delivered": world.delivered,
                "abandoned": world.abandoned,
                "dropped": {**world.dropped, "journal": self.entries.dropped},
            },
        }

    def close(self) -> None:
        """Ends the world: nothing of it happens any more."""
        self._closed = True
        self._halt()
        self.entries.close()
        self.blobs.close()


class _Snapshot(msgspec.Struct):
    world: msgspec.Raw
    now: int
    rate: float
    blobs: dict[str, str]


def seeded_world(name: str, seed: int, now: int, policy: Policy | None, base_url: str) -> World:
    """A new world that knows by which URL it is reached."""
    world = new_world(name, seed, now, policy)
    world.base_url = base_url
    return world
