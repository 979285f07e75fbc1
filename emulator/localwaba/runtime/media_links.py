"""Media links of a world's messages, fetched as Meta would before a message goes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from localwaba.domain import statuses
from localwaba.domain.agenda import DispatchMessage
from localwaba.domain.events import LinkWanted
from localwaba.runtime.network import Network

if TYPE_CHECKING:
    from localwaba.runtime.host import WorldHost


class MediaLinks:
    """The links of one world that are being fetched."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.fetching: set[asyncio.Task[None]] = set()

    def fetch(self, host: WorldHost, wanted: LinkWanted) -> None:
        """Begins to fetch a link; the message goes out, or fails, once that is done."""
        task = asyncio.get_running_loop().create_task(self._fetch(host, wanted))
        self.fetching.add(task)
        task.add_done_callback(self.fetching.discard)

    def resume(self, host: WorldHost) -> None:
        """Fetches what the messages of a restored world still wait for."""
        world = host.world
        leaving = {item.message_id for _, _, item in world.agenda if type(item) is DispatchMessage}
        for message in world.messages.values():
            if message.link and message.status == "accepted" and message.id not in leaving:
                self.fetch(host, LinkWanted(at=host.now(), message_id=message.id, url=message.link))

    def cancel(self) -> None:
        """Forgets what is being fetched."""
        for task in self.fetching:
            task.cancel()

    async def _fetch(self, host: WorldHost, wanted: LinkWanted) -> None:
        message = host.world.messages.get(wanted.message_id)
        fault = await self._network.check_link(host.world.policy, wanted.url, message.type if message else "")
        if host.is_closed:
            return
        ids = host.world.ids()
        now = max(host.now(), wanted.at)
        host.commit(statuses.dispatch(host.world, wanted.message_id, now, fault), ids)
        host.wake()
