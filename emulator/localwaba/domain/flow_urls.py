"""Signed URLs of what belongs to flows: their JSON, which needs no token, and their preview."""

from __future__ import annotations

import hmac
from hashlib import blake2b

from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.model import Flow
from localwaba.domain.world import World

ASSET_PATH = "/m1/v/t0.57323-24/"
ASSET_LIFE = 30 * DAY  # not published; addresses of Meta's content network live for weeks


def asset_url(world: World, flow: Flow, now: int, base_url: str = "") -> str:
    """Where a flow's JSON, as it is now, can be downloaded by whoever has the address."""
    end = (now + ASSET_LIFE) // SECOND
    origin = (base_url or world.base_url).rstrip("/")
    return f"{origin}{ASSET_PATH}{flow.id}?oh={_seal(world, flow, f'{end:X}')}&oe={end:X}"


def is_genuine_asset(world: World, flow: Flow, end: str, seal: str, now: int) -> bool:
    """Whether an address was made for a flow's present JSON by this world, and has not expired."""
    try:
        alive = now < int(end, 16) * SECOND
    except ValueError:
        return False
    return alive and hmac.compare_digest(_seal(world, flow, end).encode(), seal.encode())


def preview_url(flow: Flow) -> str:
    """The page that shows a flow without WhatsApp."""
    return f"https://business.facebook.com/wa/manage/flows/{flow.id}/preview/?token={flow.preview}"


def _seal(world: World, flow: Flow, end: str) -> str:
    secret = world.apps[world.app_id].secret.encode()[:64]
    made = blake2b(key=secret, digest_size=24)
    made.update(f"{flow.id} {end} ".encode())
    made.update(flow.json)
    return f"01_Q5{made.hexdigest()}"
