"""An event loop for an app of this process that has none."""

from __future__ import annotations

import asyncio
import threading

_PATIENCE = 10.0


class LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="localwaba app", daemon=True)
        self._ended: asyncio.Event

    def start(self) -> None:
        """Begins; returns when the loop runs."""
        self._thread.start()
        self._ready.wait(_PATIENCE)

    def stop(self) -> None:
        """Ends the loop, and what is still at work in it."""
        self.loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        with asyncio.Runner() as runner:  # ends what the app has left running
            runner.run(self._wait())

    async def _wait(self) -> None:
        self.loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._ended.wait()
