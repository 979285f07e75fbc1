"""Faults as lines of a log: whoever looks at the terminal sees that something goes wrong on purpose."""

from __future__ import annotations

import json
from typing import Any

from localwaba.runtime.host import WorldHost


def fault_line(host: WorldHost, event: str, data: dict[str, Any]) -> str:
    """What became of faults, and how many are armed now."""
    if event == "FaultArmed":
        text = _armed(data["fault"])
    elif event == "FaultsCleared":
        text = f"cleared {', '.join(data['ids'])}"
    else:
        text = f"{data['fault_id']} ({data['kind']}) has fired for the last time, on {data['hit']}"
    return f"*** FAULTS: {text}; {len(host.world.faults) or 'none'} armed ***"


def _armed(fault: dict[str, Any]) -> str:
    when = fault.get("when") or {}
    rule = f"{when['rule']} {when['number']:g}" if when.get("number") else "always"
    details = dict(fault.get("parameters") or {})
    if fault.get("match"):
        details["match"] = fault["match"]
    shown = f" {json.dumps(details, ensure_ascii=False)}" if details else ""
    return f"armed {fault['id']} ({fault['kind']}, {rule}){shown}"
