"""The JSON of a flow: read, judged as Meta's static validation does, each mistake with the place of its cause.

What only a phone would notice is not looked for.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from localwaba.domain.flow_links import judge_links
from localwaba.domain.flow_places import Places, span, spell
from localwaba.domain.flow_shape import Finding, judge_shape

MOST_BYTES = 10 * 1024 * 1024
_BYTE = re.compile(r"\(byte ([0-9]+)\)")


class FlowJson(NamedTuple):
    """What a flow's JSON says of itself, and its mistakes in Meta's shape."""

    version: str
    data_api_version: str
    errors: list[dict[str, Any]]


def judge(raw: bytes) -> FlowJson:
    """Reads and judges the JSON of a flow; what cannot be read is one mistake."""
    try:
        text = raw.decode()
        document = msgspec.json.decode(text)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        return FlowJson("", "", [_unreadable(raw, str(error))])
    try:
        found = _judge(document) if isinstance(document, dict) else None
    except RecursionError:
        found = None
    if found is None:
        return FlowJson("", "", [_unreadable(raw, "")])
    errors: list[dict[str, Any]] = []
    if found:
        places = Places(text)
        errors = [_shown(one, places) for one in found]
    return FlowJson(_text(document.get("version")), _text(document.get("data_api_version")), errors)


def _judge(document: dict[str, Any]) -> list[Finding]:
    """The mistakes of the shape; of what its parts say of each other only if the shape is right."""
    return list(judge_shape(document)) or list(judge_links(document))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unreadable(raw: bytes, why: str) -> dict[str, Any]:
    text, found = raw.decode("utf-8", "replace"), _BYTE.search(why)
    at = len(raw[: int(found[1])].decode("utf-8", "replace")) if found else 0
    lines = [0, *(one.end() for one in re.finditer("\n", text))]
    return {"error": "INVALID_FLOW_JSON", "error_type": "FLOW_JSON_ERROR", "message": "Flow JSON is not valid."} | (
        span(lines, at, at) | {"pointers": []}
    )


def _shown(finding: Finding, places: Places) -> dict[str, Any]:
    spots = [(path, places.of(path, name=finding.name)) for path in finding.paths]
    shown: dict[str, Any] = {"error": finding.error, "error_type": "FLOW_JSON_ERROR", "message": finding.message}
    return shown | spots[0][1] | {"pointers": [where | {"path": spell(path)} for path, where in spots]}
