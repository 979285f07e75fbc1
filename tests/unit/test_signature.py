"""Signatures are made over the raw bytes and agree with the known vectors and with the standard library."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from localwaba.wire.encoding import encode
from localwaba.wire.signature import matches, sign, sign_legacy

SECRET = b"test_app_secret"
EMPTY = {"object": "whatsapp_business_account", "entry": []}
SPACED = b'{"object": "whatsapp_business_account", "entry": []}'
SPECIAL = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "0",
            "changes": [
                {
                    "value": {"messages": [{"text": {"body": "äöå / 50% a@b.c <tag> & 😮"}}]},
                    "field": "messages",
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (encode(EMPTY), "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"),
        (SPACED, "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a"),
        (encode(SPECIAL), "3abd5b2471f05bad93777d5c976870df835253c75292bcbd7230e7b4527e1ecb"),
    ],
)
def test_sha256_vectors(body: bytes, expected: str) -> None:
    """The published vectors must come out, escapes included."""
    assert sign(SECRET, body) == "sha256=" + expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (encode(EMPTY), "fc5983fdf1a4e15c8949b8af05322fede4063d27"),
        (SPACED, "b2a0090fa330bd386be1db2985a13519ea392b0f"),
    ],
)
def test_sha1_vectors(body: bytes, expected: str) -> None:
    """The older header's vectors must come out."""
    assert sign_legacy(SECRET, body) == "sha1=" + expected


@pytest.mark.parametrize("length", [63, 64, 65])
def test_keys_around_the_block_size(length: int) -> None:
    """A key of exactly one block is used as it is, a longer one by its hash."""
    secret = b"k" * length
    assert sign(secret, b"body") == "sha256=" + hmac.new(secret, b"body", hashlib.sha256).hexdigest()
    assert sign_legacy(secret, b"body") == "sha1=" + hmac.new(secret, b"body", hashlib.sha1).hexdigest()


def test_signing_twice_gives_the_same_answer() -> None:
    """The kept key states must not be changed by their use."""
    first = sign(SECRET, b"one")
    assert sign(SECRET, b"two") != first
    assert sign(SECRET, b"one") == first


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        (sign(SECRET, b"body"), True),
        (sign_legacy(SECRET, b"body"), True),
        (sign(b"another secret", b"body"), False),
        (sign(SECRET, b"other body"), False),
        ("sha256=é", False),
        ("", False),
    ],
)
def test_matches_tells_right_from_wrong(signature: str, expected: bool) -> None:
    """A receiver's check must accept both kinds of header and nothing else."""
    assert matches(signature, SECRET, b"body") is expected
