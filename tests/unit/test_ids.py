"""Ids come from a seed and look like the platform's."""

from __future__ import annotations

import base64
import re

from localwaba.domain.ids import Ids


def test_same_seed_and_counter_give_the_same_ids() -> None:
    """Two sources with the same seed and the same number of draws go on alike."""
    first, second = Ids(7), Ids(7)
    first.number()
    second.trace()
    assert first.wamid("16505551234", outbound=True) == second.wamid("16505551234", outbound=True)
    assert Ids(7, drawn=2).hexadecimal() == first.hexadecimal()


def test_another_seed_gives_other_ids() -> None:
    """A seed decides everything."""
    assert Ids(1).number() != Ids(2).number()


def test_wamid_is_the_blob_of_captured_ids() -> None:
    """An outbound wamid holds the counterparty's digits and 18 upper-case hexadecimal digits."""
    raw = base64.b64decode(Ids(0).wamid("16505551234", outbound=True).removeprefix("wamid."))
    assert re.fullmatch(rb"\x1c\x18\x0b16505551234\x15\x02\x00\x11\x18\x12[0-9A-F]{18}\x00", raw)


def test_inbound_wamid_has_a_key_of_a_phone() -> None:
    """An inbound wamid has marker 12 and a key of 20 digits beginning 3A."""
    raw = base64.b64decode(Ids(0).wamid("16505551234", outbound=False).removeprefix("wamid."))
    assert re.fullmatch(rb"\x1c\x18\x0b16505551234\x15\x02\x00\x12\x18\x143A[0-9A-F]{18}\x00", raw)


def test_wamid_of_a_business_scoped_id_names_no_phone() -> None:
    """Where only a BSUID is known, the id is addressed by a number that is not the phone's."""
    raw = base64.b64decode(Ids(0).wamid("US.13491208655302741918", outbound=True).removeprefix("wamid."))
    assert b"\x15\x12\x00\x11" in raw
    assert b"US." not in raw


def test_numbers_and_traces_have_their_lengths() -> None:
    """Node ids are decimal without a leading zero; trace ids begin with A and have 23 characters."""
    ids = Ids(3)
    assert all(re.fullmatch(r"[1-9]\d{14}", ids.number()) for _ in range(50))
    assert re.fullmatch(r"A[A-Za-z0-9_-]{22}", ids.trace())
    assert all(0 <= ids.chance() < 1 for _ in range(50))
