"""Webhooks of a world on their way out, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from localwaba.domain import batching, deliveries, fault_routing, faults
from localwaba.domain.faults import describe
from localwaba.domain.traffic import Attempt
from localwaba.domain.world import World
from localwaba.runtime.network import Network

if TYPE_CHECKING:
    from localwaba.runtime.host import WorldHost


class Outbox:
    """The webhooks of one world that are to be sent; `waiting` has their ids, in order."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.waiting: list[str] = []
        self._unheard: dict[str, str] = {}  # webhooks under way whose answer will count as too late, and why

    def send(self, host: WorldHost) -> None:
        """Sends all that waits, in batches if the policy has it so."""
        outgoing, self.waiting = self.waiting, []
        if len(outgoing) > 1 and host.world.policy.webhook_batch != "off":
            gathered = batching.gather(host.world, outgoing, host.now())
            host.commit(gathered.events, host.world.ids())
            outgoing = gathered.outgoing
        for delivery_id in outgoing:
            self._send(host, delivery_id)

    def answered(self, host: WorldHost, delivery_id: str, attempt: Attempt) -> None:
        """An app has answered a webhook, or failed to."""
        late = self._unheard.pop(delivery_id, "")
        if late:
            heard = f"answered {attempt.status}" if attempt.status else attempt.error
            text = f"{heard}, which counts as too late on purpose: {late}"
            attempt = replace(attempt, status=None, error=text)
        self._conclude(host, delivery_id, attempt)

    def resume(self, world: World) -> None:
        """Sends what a restored world had on its way."""
        for delivery in world.deliveries.values():
            if delivery.state == "pending" and not delivery.next_at:
                self.waiting.append(delivery.id)

    def clear(self, world: World) -> None:
        """Forgets what is on its way."""
        self._network.drop(world.name)
        self._unheard.clear()
        self.waiting.clear()

    def _send(self, host: WorldHost, delivery_id: str) -> None:
        world = host.world
        delivery = world.deliveries.get(delivery_id)
        if delivery is None:
            return
        url = fault_routing.target(world, delivery)
        if url is None:
            self._conclude(host, delivery_id, Attempt(host.now(), "", error="no app is subscribed any more"))
            return
        if world.faults:
            forged = faults.forge(world, delivery, url, host.now())
            host.commit(forged.events, world.ids())
            if not forged.lost:
                for fault in forged.faults:
                    if fault.kind == "late_acknowledgement":
                        self._unheard[delivery.id] = describe(fault)
                self._network.post(host, delivery, url, forged.faults)
            return
        self._network.post(host, delivery, url)

    def _conclude(self, host: WorldHost, delivery_id: str, attempt: Attempt) -> None:
        ids = host.world.ids()
        host.commit(deliveries.attempted(host.world, delivery_id, attempt, host.now()), ids)
