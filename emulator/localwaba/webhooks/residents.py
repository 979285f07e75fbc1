"""Apps that live in this process are called as they are; everybody else is called over the network."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from localwaba.webhooks.transport import Headers, Reply, Transport

_GONE = "the app of this process has been stopped"


class Residents:
    """A transport that knows some apps by their origins, such as `http://app-1.localhost`, and one for all others.

    Apps may come and go in any thread; they are asked in the event loop of the server.
    """

    def __init__(self, open_outside: Callable[[], Transport]) -> None:
        self._open_outside = open_outside
        self._outside: Transport | None = None
        self._apps: dict[str, Transport] = {}
        self._gone: set[str] = set()

    def admit(self, origin: str, app: Transport) -> None:
        """Has everything for an origin handed to an app of this process."""
        self._apps[origin] = app
        self._gone.discard(origin)

    def dismiss(self, origin: str) -> None:
        """The app is no more; calls for it are refused from now on."""
        if self._apps.pop(origin, None) is not None:
            self._gone.add(origin)

    def _find(self, url: str) -> Transport | None:
        """Who answers for a URL; None: an app that is gone."""
        if self._apps or self._gone:
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
            app = self._apps.get(origin)
            if app is not None or origin in self._gone:
                return app
        if self._outside is None:
            self._outside = self._open_outside()
        return self._outside

    async def post(self, url: str, headers: Headers, body: bytes, timeout: float) -> Reply:
        found = self._find(url)
        return await found.post(url, headers, body, timeout) if found else Reply(None, _GONE, fault="refused")

    async def get(self, url: str, headers: Headers, timeout: float) -> Reply:
        found = self._find(url)
        return await found.get(url, headers, timeout) if found else Reply(None, _GONE, fault="refused")

    async def download(
        self, url: str, headers: Headers, sink: Callable[[bytes], object], max_bytes: int, timeout: float
    ) -> Reply:
        found = self._find(url)
        if found is None:
            return Reply(None, _GONE, fault="refused")
        return await found.download(url, headers, sink, max_bytes, timeout)

    async def close(self) -> None:
        if self._outside is not None:
            outside, self._outside = self._outside, None
            await outside.close()
