"""The picture of a short link: a QR code of version 3 with error correction M (ISO/IEC 18004), as SVG or PNG.

Short links always have the same length, so one version is enough: 42 bytes fit in, and no mask has to be weighed.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack
from zlib import compress, crc32

SIZE = 29
CAPACITY = 42
_DATA, _CHECK = 44, 26
_QUIET = 4
_FORMAT = 0b101010000010010
"""Level M and mask 0, with their own check bits."""
_EXP = [0] * 512
_LOG = [0] * 256


def _fill_tables() -> None:
    value = 1
    for power in range(255):
        _EXP[power] = _EXP[power + 255] = value
        _LOG[value] = power
        value <<= 1
        value ^= 0x11D if value & 0x100 else 0


_fill_tables()


def matrix(text: str) -> list[list[bool]]:
    """The dark modules, row by row; ValueError for more than 42 bytes."""
    raw = text.encode()
    if len(raw) > CAPACITY:
        raise ValueError(f"{len(raw)} bytes do not fit into a QR code of version 3")
    cells: list[list[bool | None]] = [[None] * SIZE for _ in range(SIZE)]
    _draw_patterns(cells)
    bits = _bits(_codewords(raw))
    for row, column in _places(cells):
        cells[row][column] = next(bits, False) ^ ((row + column) % 2 == 0)
    return [[bool(cell) for cell in line] for line in cells]


def _codewords(raw: bytes) -> bytes:
    """Mode, length, bytes, padding; then the check bytes of Reed and Solomon."""
    bits = "0100" + f"{len(raw):08b}" + "".join(f"{byte:08b}" for byte in raw) + "0000"
    data = [int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8)]
    data += [(0xEC, 0x11)[place % 2] for place in range(_DATA - len(data))]
    data = data[:_DATA]
    return bytes(data + _check(data))


def _check(data: list[int]) -> list[int]:
    generator = [1]
    for power in range(_CHECK):
        shifted = [*generator, 0]
        for place, factor in enumerate(generator):
            shifted[place + 1] ^= _product(factor, _EXP[power])
        generator = shifted
    rest = [0] * _CHECK
    for byte in data:
        factor = byte ^ rest.pop(0)
        rest.append(0)
        for place in range(_CHECK):
            rest[place] ^= _product(generator[place + 1], factor)
    return rest


def _product(one: int, other: int) -> int:
    return _EXP[_LOG[one] + _LOG[other]] if one and other else 0


def _bits(words: bytes) -> Iterator[bool]:
    for word in words:
        for shift in range(7, -1, -1):
            yield bool(word >> shift & 1)


def _draw_patterns(cells: list[list[bool | None]]) -> None:
    """What is the same in each code: the eyes, the clock, the format."""
    for top, left in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        for row in range(top - 1, top + 8):
            for column in range(left - 1, left + 8):
                if 0 <= row < SIZE and 0 <= column < SIZE:
                    ring = max(abs(row - top - 3), abs(column - left - 3))
                    cells[row][column] = ring in (0, 1, 3)
    for place in range(8, SIZE - 8):
        cells[6][place] = cells[place][6] = place % 2 == 0
    for row in range(20, 25):
        for column in range(20, 25):
            cells[row][column] = max(abs(row - 22), abs(column - 22)) != 1
    for place in range(15):
        dark = bool(_FORMAT >> place & 1)
        first = place if place < 6 else place + 1 if place < 8 else SIZE - 15 + place
        cells[first][8] = dark
        second = SIZE - 1 - place if place < 8 else 7 if place == 8 else 14 - place
        cells[8][second] = dark
    cells[SIZE - 8][8] = True


def _places(cells: list[list[bool | None]]) -> Iterator[tuple[int, int]]:
    """The free modules in the order of the bits: two columns at a time, from the right, up and down."""
    upward = True
    for right in (*range(SIZE - 1, 6, -2), *range(5, 0, -2)):
        for step in range(SIZE):
            row = SIZE - 1 - step if upward else step
            for column in (right, right - 1):
                if cells[row][column] is None:
                    yield row, column
        upward = not upward


def svg(text: str) -> bytes:
    """The picture as SVG, with the quiet zone that readers need."""
    side = SIZE + 2 * _QUIET
    dark = "".join(
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row, line in enumerate(matrix(text))
        for column, cell in enumerate(line)
        if cell
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
    return f'{head}<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>\n'.encode()


def png(text: str, scale: int = 8) -> bytes:
    """The picture as PNG in black and white, so many pixels for a module."""
    white = [False] * _QUIET
    blank = [False] * (SIZE + 2 * _QUIET)
    lines = [blank] * _QUIET + [white + line + white for line in matrix(text)] + [blank] * _QUIET
    side = len(lines) * scale
    raw = b"".join((b"\0" + b"".join((b"\0" if cell else b"\xff") * scale for cell in line)) * scale for line in lines)
    head = pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", compress(raw)), (b"IEND", b""))
    found = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        found += pack(">I", len(body)) + name + body + pack(">I", crc32(name + body))
    return found
