"""Signatures agree with the standard library, whatever is signed."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.wire.signature import sign, sign_legacy


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=300))
def test_both_agree_with_the_standard_library(secret: bytes, body: bytes) -> None:
    """Keys of every length, also beyond the hash's block, must sign as HMAC says."""
    assert sign(secret, body) == "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert sign_legacy(secret, body) == "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()
