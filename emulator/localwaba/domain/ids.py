"""Ids and chance, drawn from a seed and a counter, so that a run repeats exactly."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b

_TAIL_OUT = b"\x15\x02\x00\x11\x18\x12"
_TAIL_IN = b"\x15\x02\x00\x12\x18\x14"
_TAIL_OUT_LID = b"\x15\x12\x00\x11\x18\x12"
_TAIL_IN_LID = b"\x15\x12\x00\x12\x18\x14"


@lru_cache(maxsize=1024)
def _begin(seed: int) -> blake2b:
    """The hash that all ids of a seed go on from; it is only ever copied."""
    return blake2b(b"localwaba %d" % seed, digest_size=32)


class Ids:
    """Draws ids in the platform's formats (facts: decoded captures of 2025 and 2026).

    Two `Ids` with the same seed and the same `drawn` give the same ids, whatever was asked before.
    """

    __slots__ = ("_base", "drawn")

    def __init__(self, seed: int, drawn: int = 0) -> None:
        self._base = _begin(seed)
        self.drawn = drawn

    def draw(self) -> bytes:
        """The next 32 bytes."""
        self.drawn = drawn = self.drawn + 1
        block = self._base.copy()
        block.update(b"%d" % drawn)
        return block.digest()

    def number(self, digits: int = 15) -> str:
        """A decimal id as Graph nodes have, without a leading zero."""
        floor = 10 ** (digits - 1)
        return str(floor + int.from_bytes(self.draw()[:12], "big") % (9 * floor))

    def wamid(self, counterparty: str, *, outbound: bool) -> str:
        """A message id: base64 of a blob that holds the counterparty's digits and a key (A-F, 0-9)."""
        digits = counterparty.encode("ascii", "replace")
        key = self.draw()
        if outbound:
            tail, name = _TAIL_OUT, key[:9].hex().upper().encode()
        else:
            tail, name = _TAIL_IN, b"3A" + key[:9].hex().upper().encode()
        if not counterparty.isdigit():
            digits = str(int.from_bytes(blake2b(digits, digest_size=6).digest(), "big")).encode()
            tail = _TAIL_OUT_LID if outbound else _TAIL_IN_LID
        blob = b"\x1c\x18" + bytes((len(digits),)) + digits + tail + name + b"\x00"
        return "wamid." + b64encode(blob).decode()

    def wacid(self, counterparty: str, business: str, *, outbound: bool) -> str:
        """A call's id: as a message's, with the business' digits at its end (decoded capture)."""
        blob = b64decode(self.wamid(counterparty, outbound=outbound).removeprefix("wamid."))
        digits = business.encode("ascii")
        tail = b"\x1c\x18" + bytes((len(digits),)) + digits + b"\x15\x02\x00\x00"
        return "wacid." + b64encode(blob[:-1] + tail).decode()

    def hexadecimal(self, length: int = 32) -> str:
        """Lower-case hexadecimal digits, as a conversation's id."""
        return self.draw().hex()[:length]

    def text(self, length: int) -> str:
        """URL-safe letters and digits, such as hashes and signatures consist of; at most 42."""
        return urlsafe_b64encode(self.draw()).decode()[:length]

    def trace(self) -> str:
        """An `fbtrace_id`: `A` and 22 more characters."""
        return "A" + self.text(22)

    def chance(self) -> float:
        """A number from 0 to 1, 1 excluded."""
        return int.from_bytes(self.draw()[:7], "big") / 2**56


def derive(seed: int | str, purpose: str, size: int = 16) -> bytes:
    """Bytes that depend on nothing but a seed and a purpose."""
    return blake2b(f"{seed}\0{purpose}".encode(), digest_size=size).digest()


def derive_number(seed: int | str, purpose: str, digits: int = 15) -> str:
    """A decimal id that depends on nothing but a seed and a purpose."""
    floor = 10 ** (digits - 1)
    return str(floor + int.from_bytes(derive(seed, purpose), "big") % (9 * floor))
