"""The headers that Meta puts on its requests; names, order and spelling as captured."""

from __future__ import annotations

from localwaba.wire.signature import sign, sign_legacy

DELIVERY_AGENT = "facebookexternalua"
VERIFICATION_AGENT = "facebookplatform/1.0 (+http://developers.facebook.com)"

_BEFORE_SIGNATURES = (
    ("User-Agent", DELIVERY_AGENT),
    ("Accept", "*/*"),
    ("Accept-Encoding", "deflate, gzip"),
    ("Content-Type", "application/json"),
)
VERIFICATION_HEADERS = (
    ("User-Agent", VERIFICATION_AGENT),
    ("Accept", "*/*"),
    ("Accept-Encoding", "deflate, gzip"),
)


def delivery_headers(secret: bytes, body: bytes, *, legacy: bool = True) -> tuple[tuple[str, str], ...]:
    """The headers of a webhook POST, signed over these bytes; without `legacy` the SHA-1 header stays away."""
    signature = ("X-Hub-Signature-256", sign(secret, body))
    if legacy:
        return (*_BEFORE_SIGNATURES, ("X-Hub-Signature", sign_legacy(secret, body)), signature)
    return (*_BEFORE_SIGNATURES, signature)
