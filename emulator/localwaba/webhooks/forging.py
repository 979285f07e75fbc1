"""Webhooks that are wrong on purpose: signatures that do not match, or bytes that Meta would not send."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localwaba.domain.fault_state import Fault
from localwaba.wire.encoding import encode_plain
from localwaba.wire.signature import sign, sign_legacy

Headers = tuple[tuple[str, str], ...]
_NEW, _OLD = "X-Hub-Signature-256", "X-Hub-Signature"


def forge(faults: Sequence[Fault], secret: bytes, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Headers and body of a webhook as these faults will have them, one after the other."""
    for fault in faults:
        if fault.kind == "plain_bytes":
            body = _plain(body)
            headers = _signed(headers, secret, body)
        elif fault.kind == "missing_signature":
            headers = tuple(header for header in headers if header[0] not in (_NEW, _OLD))
        elif fault.kind == "old_signature_only":
            kept = tuple(header for header in headers if header[0] not in (_NEW, _OLD))
            headers = (*kept, (_OLD, sign_legacy(secret, body)))
        elif fault.kind == "wrong_signature":
            headers, body = _wrong(str(fault.parameters["how"]), secret, headers, body)
    return headers, body


def _wrong(how: str, secret: bytes, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    if how == "plain":
        signed = _signed(headers, secret, _plain(body))
        if signed != headers:
            return signed, body
        how = "tampered"  # nothing was escaped: a signature over the same bytes would match
    if how == "tampered":
        return headers, body + b" "
    if how == "uppercase":
        return tuple(
            (name, value.partition("=")[0] + "=" + value.partition("=")[2].upper() if name in (_NEW, _OLD) else value)
            for name, value in headers
        ), body
    return _signed(headers, b"not " + secret, body), body


def _plain(body: bytes) -> bytes:
    return encode_plain(msgspec.json.decode(body))


def _signed(headers: Headers, secret: bytes, body: bytes) -> Headers:
    """The headers with the signatures that they have made anew."""
    made = {_NEW: sign(secret, body), _OLD: sign_legacy(secret, body)}
    return tuple((name, made.get(name, value)) for name, value in headers)
