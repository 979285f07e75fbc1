"""Everything that can go wrong on purpose, by name: what it is, who met it, and how to order it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from localwaba.domain.fault_kinds import KINDS
from localwaba.domain.fault_shapes import SHAPES
from localwaba.operations.fault_preset import Preset
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.mistakes import Mistake, nearest

_URL = "http://127.0.0.1:4080/_localwaba/faults"


class Way(NamedTuple):
    """One way to arm a fault."""

    by: str
    text: str


def names() -> tuple[str, ...]:
    """All names that can be asked for."""
    return (*PRESETS, *KINDS)


def check_name(name: str, words: tuple[str, ...] = ()) -> None:
    """Mistake for a name that nothing has, with what was probably meant; `words` might have been meant too."""
    if name not in PRESETS and name not in KINDS:
        meant = nearest(name, (*PRESETS, *KINDS, *words))
        raise Mistake(f"there is no fault {name!r}{meant}; `localwaba faults list` has all")


def anomalies() -> list[tuple[int, str, Preset]]:
    """The presets that make an anomaly happen, by its number."""
    found = [(one.anomaly, name, one) for name, one in PRESETS.items() if one.anomaly]
    return sorted(found, key=lambda row: row[0])


def example(name: str) -> dict[str, Any]:
    """A body of `POST /faults` for a name: a preset, or a kind with what it needs."""
    if name in PRESETS:
        return {"preset": name}
    needed = {"code": 131056, "how": "no_profile"}
    given = {one.name: needed[one.name] for one in KINDS[name].parameters if one.default is ...}
    return {"kind": name} | given


def ways(name: str) -> list[Way]:
    """How to arm it: by HTTP, in Python, in a scenario, from the start."""
    body = example(name)
    given = "".join(f", {key}={value!r}" for key, value in body.items() if key not in ("kind", "preset"))
    call = (
        f'waba.faults.preset("{name}")' if "preset" in body and name in KINDS else f'waba.faults.add("{name}"{given})'
    )
    found = [
        Way("curl", f"curl {_URL} -H 'Content-Type: application/json' -d '{json.dumps(body)}'"),
        Way("Python", call),
        Way("scenario", f"- fault: {name}" if "preset" in body else f"- fault: {_flow(body)}"),
    ]
    if len(body) == 1:
        found.append(Way("start", f"localwaba serve --fault {name}"))
    return found


def _flow(body: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in body.items()) + "}"


def shape_texts() -> dict[str, str]:
    """What each shape of `reshape` is, in a sentence."""
    return {shape.name: f"{shape.of}: {shape.text}" for shape in SHAPES.values()}
