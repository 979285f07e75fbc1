"""Handshakes with the callbacks of a world's apps, as the armed faults will have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from localwaba.domain import faults
from localwaba.domain.errors import Refusal
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.ids import derive_number
from localwaba.operations.call import Handshake
from localwaba.runtime.network import Network
from localwaba.webhooks.verification import refuse_late

if TYPE_CHECKING:
    from localwaba.runtime.host import WorldHost


class Handshakes:
    """The handshakes of one world, each with a challenge of its own."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._count = 0

    async def perform(self, host: WorldHost, handshake: Handshake) -> Refusal | None:
        """Performs the verification of a callback; the refusal if it failed."""
        world = host.world
        if world.faults:
            occasion = Occasion(f"handshake with {handshake.url}", handshake.url)
            ruling = faults.rule(world, "handshake", occasion, host.now())
            host.commit(ruling.events, world.ids())
            ways = {fault.parameters["how"] for fault in ruling.fired}
            if "wrong_token" in ways:  # whatever it is answered
                await self._ask(host, replace(handshake, verify_token=f"not-{handshake.verify_token}"))
            if "repeated" in ways:
                await self._ask(host, handshake)
            if "too_late" in ways:
                await self._ask(host, handshake)
                return refuse_late(handshake.url, host.world.policy.verify_timeout)
        return await self._ask(host, handshake)

    def forget(self) -> None:
        """Begins to count anew, with the world."""
        self._count = 0

    async def _ask(self, host: WorldHost, handshake: Handshake) -> Refusal | None:
        world = host.world
        self._count += 1
        purpose = f"challenge {world.sequence} {self._count}"  # no id is drawn: nothing happens in the world
        return await self._network.shake_hands(world.policy, handshake, derive_number(world.seed, purpose, 10))
