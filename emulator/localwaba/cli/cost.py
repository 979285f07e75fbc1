"""`localwaba cost`: what the traffic of a world would have cost by the rates of a file."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from localwaba.cli.mistake import Mistake
from localwaba.cli.rates import Card, Line, estimate, read_card
from localwaba.client.link import CONTROL, ControlError, Link

_PATIENCE = 30.0


def cost(rates: Path, url: str, snapshot: Path | None, token: str, *, as_json: bool) -> int:
    """Prints the estimate for a running emulator or for a snapshot; status 0."""
    card = read_card(rates)
    lines = estimate(card, from_snapshot(snapshot) if snapshot else from_emulator(url, token))
    print(json.dumps(_document(card, lines), indent=2) if as_json else "\n".join(_table(card, lines)))
    missing = sorted({f"{line.place} {line.category}" for line in lines if line.cost is None})
    if missing:
        print(f"localwaba: cost: {rates} has no rate for {', '.join(missing)}: left out of the total", file=sys.stderr)
    return 0


def from_emulator(url: str, token: str) -> list[dict[str, Any]]:
    """The volumes of a world of a running emulator: the one of the access token, else the default one."""
    control_token = os.environ.get("LOCALWABA_CONTROL_TOKEN", "")
    try:
        with closing(Link(url, token, control_token=control_token, timeout=_PATIENCE)) as link:
            found = link.call("GET", "charges")
    except (OSError, ValueError) as error:
        raise Mistake(
            f"cost: no emulator answers at {url} ({type(error).__name__}); start one, or give --url"
        ) from None
    except ControlError as error:
        raise Mistake(f"cost: {url.rstrip('/')}{CONTROL}charges: {error}") from None
    if not isinstance(found, dict) or "charges" not in found:
        raise Mistake(f"cost: {url} is no emulator: it tells no charges")
    return list(found["charges"])


def from_snapshot(path: Path) -> list[dict[str, Any]]:
    """The volumes of a world in a file, as GET /_localwaba/snapshot gives it."""
    import msgspec

    from localwaba.domain.world import restore
    from localwaba.wire.charges import charges

    try:
        whole = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        return charges(restore(bytes(whole["world"])))
    except OSError as error:
        raise Mistake(f"cost: {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeError, KeyError, ValueError) as error:
        raise Mistake(f"cost: {path} is no snapshot of a world: {' '.join(str(error).split())}") from None


def _document(card: Card, lines: list[Line]) -> dict[str, Any]:
    return {
        "currency": card.currency,
        "total": str(_total(lines)),
        "lines": [line._asdict() | {"cost": None if line.cost is None else str(line.cost)} for line in lines],
    }


def _total(lines: list[Line]) -> Decimal:
    return sum((line.cost for line in lines if line.cost is not None), Decimal(0))


def _table(card: Card, lines: list[Line]) -> list[str]:
    if not lines:
        return ["Nothing was delivered yet, nothing was charged."]
    head = ("month", "to", "category", "unit", "charged", "free", card.currency)
    rows = [
        (line.month, line.place, line.category, line.unit, f"{line.charged:,}", f"{line.free:,}", _amount(line.cost))
        for line in lines
    ]
    charged, free = sum(line.charged for line in lines), sum(line.free for line in lines)
    rows.append(("total", "", "", "", f"{charged:,}", f"{free:,}", _amount(_total(lines))))
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [_row(row, widths) for row in (head, *rows)]


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    shown = [
        cell.ljust(width) if at < 4 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(shown).rstrip()


def _amount(value: Decimal | None) -> str:
    return "no rate" if value is None else f"{value:,.4f}"
