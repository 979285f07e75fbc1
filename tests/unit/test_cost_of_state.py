"""What a world costs in memory, by the piece."""

from __future__ import annotations

import sys

import msgspec

from localwaba.domain.traffic import Pair


def weight(value: object) -> int:
    """Bytes of a Struct and of what it alone holds."""
    fields = [getattr(value, name) for name in type(value).__struct_fields__]  # type: ignore[attr-defined]
    own = [field for field in fields if isinstance(field, (str, bytes, tuple))]
    return sys.getsizeof(value) + sum(sys.getsizeof(field) for field in own)


def test_a_pair_of_number_and_user_is_small() -> None:
    """What a number and a user have in common takes less than 1 KB, in memory and in a snapshot."""
    values = {name: 1_767_268_800_000 for name, kind in Pair.__annotations__.items() if kind == "int"} | {
        "inbound_id": "wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTkxMjM0NTY3ODkwQUJDREVGMTIA"
    }
    pair = Pair(**values)
    assert weight(pair) < 1024
    assert len(msgspec.json.encode(pair)) < 1024
