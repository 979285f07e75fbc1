"""Everything that leaves the emulator: webhooks, handshakes, media links. Opened on first use."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from localwaba.domain import traffic
from localwaba.domain.errors import Refusal
from localwaba.domain.fault_state import Fault
from localwaba.domain.media_kinds import check_processing
from localwaba.domain.policy import Policy
from localwaba.domain.traffic import Delivery
from localwaba.domain.world import World
from localwaba.operations.call import Handshake
from localwaba.webhooks.dispatcher import Attempt, Dispatcher
from localwaba.webhooks.forging import forge
from localwaba.webhooks.residents import Residents
from localwaba.webhooks.targets import BadTarget, TargetPolicy, is_local_name, read_target, unmap
from localwaba.webhooks.transport import Reply, TlsOptions, Transport
from localwaba.wire.deliveries import delivery_headers

if TYPE_CHECKING:
    from localwaba.runtime.host import WorldHost
    from localwaba.webhooks.fetching import Fetched

_DOCUMENT_LIMIT = 100 * 1024 * 1024
_LINK_TIMEOUT = 20.0
_SHOWN_OF_200 = 200  # characters; of any other answer an excerpt of the transport is kept
_HEAD = 64 * 1024
_KIND_LIMITS = {
    "image": 5 * 1024 * 1024,
    "sticker": 500 * 1024,
    "audio": 16 * 1024 * 1024,
    "video": 16 * 1024 * 1024,
    "document": _DOCUMENT_LIMIT,
}


class Network:
    """One dispatcher and one transport for all worlds of a server."""

    def __init__(
        self, allow: TargetPolicy, *, tls: TlsOptions | None = None, per_target: int = 32, total: int = 256
    ) -> None:
        self._allow = allow
        self._tls = tls
        self._per_target = per_target
        self._total = total
        self.residents = Residents(self._open_outside)
        self._dispatcher: Dispatcher | None = None
        self._hosts: dict[str, WorldHost] = {}

    def _open(self) -> Dispatcher:
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(
                self.residents, self._answered, per_target=self._per_target, total=self._total
            )
        return self._dispatcher

    def _open_outside(self) -> Transport:
        # aiohttp costs 100 ms and 10 MB: only who has a webhook elsewhere pays for it
        from localwaba.webhooks.connections import AiohttpTransport

        return AiohttpTransport(self._allow, self._tls)

    def post(self, host: WorldHost, delivery: Delivery, url: str, faults: Sequence[Fault] = ()) -> None:
        """Delivers a webhook, with whatever faults forge of it; the host hears of the answer."""
        dispatcher = self._open()
        world = host.world
        self._hosts[world.name] = host
        policy = world.policy
        secret = world.apps[delivery.app_id].secret.encode()
        headers, body = delivery_headers(secret, delivery.body, legacy=policy.legacy_signature), delivery.body
        if faults:
            headers, body = forge(faults, secret, headers, body)
        dispatcher.submit(
            Attempt(
                world=world.name,
                delivery_id=delivery.id,
                url=url,
                lane=_lane(world, delivery),
                headers=headers,
                body=body,
                timeout=policy.webhook_timeout,
            )
        )

    def _answered(self, attempt: Attempt, reply: Reply) -> None:
        host = self._hosts.get(attempt.world)
        if host is not None:
            seen = traffic.Attempt(
                at=host.now(),
                url=attempt.url,
                status=reply.status if reply.error is None else None,
                error=reply.error or "",
                latency_ms=round(reply.latency_ms, 2),
                answer=reply.body if reply.status != 200 else reply.body[:_SHOWN_OF_200],
            )
            host.answered(attempt.delivery_id, seen)

    async def shake_hands(self, policy: Policy, handshake: Handshake, challenge: str) -> Refusal | None:
        """Verifies a callback; the refusal if it did not echo the challenge."""
        from localwaba.webhooks.verification import verify

        return await verify(
            self.residents, handshake.url, handshake.verify_token, challenge, timeout=policy.verify_timeout
        )

    async def check_link(self, policy: Policy, url: str, kind: str) -> Refusal | None:
        """Fetches a media link as Meta would; the refusal (131053) if that fails.

        A link beyond loopback is taken on trust unless the policy says that all links are fetched.
        """
        if policy.fetch_links == "never":
            return None
        if policy.fetch_links == "loopback" and not _is_local(url):
            return None
        from localwaba.webhooks.fetching import fetch

        fetched = await fetch(self.residents, url, _KIND_LIMITS.get(kind, _DOCUMENT_LIMIT), _LINK_TIMEOUT)
        if fetched.file is None:
            return _link_fault(fetched, kind)
        with fetched.file:
            head = fetched.file.read(_HEAD)
        return check_processing(kind, fetched.mime_type, head, fetched.size) if kind in _KIND_LIMITS else None

    def busy(self, world: str) -> int:
        """How many webhooks of a world are queued or in flight."""
        return self._dispatcher.open(world) if self._dispatcher else 0

    async def idle(self, world: str, timeout: float) -> bool:
        """Waits until no webhook of a world is queued or in flight."""
        return await self._dispatcher.idle(world, timeout) if self._dispatcher else True

    def drop(self, world: str) -> None:
        """Forgets what a world still wanted to deliver."""
        self._hosts.pop(world, None)
        if self._dispatcher:
            self._dispatcher.drop(world)

    async def close(self) -> None:
        """Ends all connections."""
        if self._dispatcher:
            await self._dispatcher.close()
        await self.residents.close()


def _lane(world: World, delivery: Delivery) -> str:
    """In which lane a webhook waits: one of its app's own, unless the apps of an account wait for each other."""
    if delivery.app_id == world.app_id or (delivery.dispatch and world.policy.webhook_turns == "answered"):
        return delivery.lane
    return f"{delivery.app_id} {delivery.lane}"


def _is_local(url: str) -> bool:
    """Whether a URL names this machine, as far as can be told without asking for addresses."""
    try:
        target = read_target(url)
    except BadTarget:
        return False
    if target.address is not None:
        return unmap(target.address).is_loopback
    return is_local_name(target.host)


def _link_fault(fetched: Fetched, kind: str) -> Refusal:
    """Why a media link could not be used, in the words of captured webhooks."""
    if fetched.status is not None and fetched.status != 200:
        phrase = HTTPStatus(fetched.status).phrase if fetched.status in _STATUSES else ""
        details = f"Downloading media from weblink failed with http code {fetched.status}, status message {phrase}"
    elif fetched.fault == "oversized":
        details = (
            f"{kind.capitalize()} file has size {fetched.size} bytes but must be atmost {_KIND_LIMITS[kind]} bytes"
        )
        details += " and non-empty"
    else:
        details = "Downloading media from weblink failed"
    return Refusal(
        code=131053,
        details=details,
        rule="media link",
        why=f"{fetched.url}: {fetched.error}",
        fix="serve the file with HTTP 200 and its right Content-Type, or upload it",
    )


_STATUSES = frozenset(int(status) for status in HTTPStatus)
