"""Signed, short-lived URLs of media."""

from __future__ import annotations

import hmac
from hashlib import blake2b

from localwaba.domain.clock import SECOND
from localwaba.domain.world import World

MEDIA_PATH = "/whatsapp_business/attachments/"


def media_url(world: World, media_id: str, now: int, *, source: str = "", base_url: str = "") -> str:
    """Where a media file can be downloaded for five minutes, with the token of its owner."""
    expiry = (now + int(world.policy.url_seconds * SECOND)) // SECOND
    origin = (base_url or world.base_url).rstrip("/")
    middle = f"&source={source}" if source else ""
    return f"{origin}{MEDIA_PATH}?mid={media_id}{middle}&ext={expiry}&hash={_seal(world, media_id, expiry)}"


def is_genuine(world: World, media_id: str, expiry: str, seal: str) -> bool:
    """Whether a URL's hash was made by this world."""
    return (
        expiry.isascii()
        and expiry.isdigit()
        and hmac.compare_digest(_seal(world, media_id, int(expiry)).encode(), seal.encode())
    )


def _seal(world: World, media_id: str, expiry: int) -> str:
    secret = world.apps[world.app_id].secret.encode()[:64]
    digest = blake2b(f"{media_id} {expiry}".encode(), key=secret, digest_size=24).hexdigest()
    return f"ATt{digest}"
